"""Two results of one photo held against each other by the contract's `same_answer`."""

import copy

import pytest
from emoji_edge import load_contract
from emoji_edge.same_answer import compare_results

CONTRACT = load_contract()
LIMITS = CONTRACT.same_answer
BEST, SECOND, THIRD = CONTRACT.not_sure_below - 0.05, 0.3, 0.1


def make_result():
    expressions = [
        {"label": label, "score": score}
        for label, score in zip(CONTRACT.labels, (BEST, SECOND, THIRD), strict=False)
    ]
    face = {"box": [1.0, 2.0, 11.0, 12.0], "roll": 179.9, "detection": 0.9, "not_sure": True}
    return {"size": [40, 30], "faces": [face | {"expressions": expressions}]}


def change(**values):
    """The result with other values in its face; a number at `score` is added to the best."""
    result = make_result()
    face = result["faces"][0]
    face["expressions"][0]["score"] += values.pop("score", 0)
    face |= values
    return result


def swap_first(result, lead):
    """The result with its two best in the other order, the new best so much before the other."""
    expressions = result["faces"][0]["expressions"]
    expressions[:2] = expressions[1], expressions[0]
    expressions[0]["score"], expressions[1]["score"] = BEST + lead, BEST
    return result


def compare(found, expected=None):
    return compare_results(found, expected or make_result(), CONTRACT)


def test_within_the_limits_it_is_the_same_answer_and_measured():
    found = change(box=[1.0, 2.25, 11.0, 12.0], score=LIMITS.score / 2)
    difference = compare(found)
    assert difference.reason == ""
    assert (difference.faces, difference.box) == (1, 0.25)
    assert difference.score == pytest.approx(LIMITS.score / 2)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (change(box=[1, 2, 11, 12 + 2 * LIMITS.box]), "a box is 1.00 px off"),
        (change(roll=178.9), "a head's tilt is 1.00 degrees off"),
        (change(roll=None), "a head's tilt is 180.00 degrees off"),
        (change(score=2 * LIMITS.score), "a score is 0.0200 off"),
        (change(detection=None), "one face was found and the other is the whole picture"),
        (make_result() | {"size": [30, 40]}, "1 faces in [30, 40], expected 1 in [40, 30]"),
        (make_result() | {"faces": []}, "0 faces in [40, 30], expected 1 in [40, 30]"),
        ({"error": "damaged"}, "damaged, expected an answer"),
    ],
)
def test_another_answer_says_what_is_other(found, reason):
    assert compare(found).reason == reason


def test_a_tilt_goes_round():
    assert compare(change(roll=-179.9)).reason == ""


def test_neighbours_may_change_places_only_where_they_are_near():
    near = swap_first(make_result(), 0.001)
    expected = copy.deepcopy(near)
    expected["faces"][0]["expressions"][:2] = expected["faces"][0]["expressions"][1::-1]
    assert compare(near, expected).reason == ""
    far = make_result()
    far["faces"][0]["expressions"][:2] = far["faces"][0]["expressions"][1::-1]
    assert compare(far).reason == "the expressions have another order"


def test_not_sure_may_differ_only_at_the_threshold():
    assert compare(change(not_sure=False)).reason == "one is sure and the other is not"
    edge = change(score=CONTRACT.not_sure_below - BEST)
    other = copy.deepcopy(edge)
    other["faces"][0]["not_sure"] = False
    assert compare(other, edge).reason == ""


def test_two_failures_are_the_same_answer():
    assert compare({"error": "a"}, {"error": "b"}).reason == ""
