"""The same photo gets the same answer from every front end."""

import copy

import pytest
from emoji_edge import load_contract

from tests import consistency
from tests.consistency import FRONT_ENDS, compare_all, compare_front_end, describe_all

CONTRACT = load_contract()
FACE = {
    "box": [10.0, 10.0, 50.0, 50.0],
    "detection": 0.9,
    "roll": 0.0,
    "not_sure": False,
    "expressions": [
        {"label": "happy", "emoji": "😄", "score": 0.7},
        {"label": "sad", "emoji": "😢", "score": 0.15},
        {"label": "fear", "emoji": "😨", "score": 0.145},
    ],
}
PHOTO = ("a.jpg", "label_scores")
ANSWERS = {PHOTO: {"photo": "a.jpg", "size": [90, 60], "faces": [FACE]}}


@pytest.fixture(scope="module")
def answers(tmp_path_factory, built_site):
    return consistency.ask_all(tmp_path_factory.mktemp("photos"))


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_every_front_end_gives_the_same_answers(answers, front_end):
    compared = compare_all(answers, CONTRACT)[front_end]
    assert compared.differing == {}
    assert compared.faces > 35
    assert compared.heads == ({"scores"} if front_end == "page" else {"scores", "label_scores"})


def test_the_photos_ask_for_every_kind_of_answer(answers):
    section = describe_all(answers, compare_all(answers, CONTRACT))
    reference = answers["library"]
    assert max(len(answer.get("faces", [])) for answer in reference.values()) >= 3
    assert section["no_face"] >= 1
    assert section["refused"] >= 8
    assert section["front_ends"]["page"]["same"] == section["photos"] - 1  # no TIFF in a browser


def change(**values):
    """The answer with values of its face changed."""
    changed = copy.deepcopy(ANSWERS)
    changed[PHOTO]["faces"][0] |= values
    return changed


def rank(*pairs):
    return [{"label": label, "emoji": "", "score": score} for label, score in pairs]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (change(box=[10.0, 10.0, 50.0, 50.6]), "a box is 0.60 px"),
        (change(expressions=rank(("happy", 0.72), ("sad", 0.15), ("fear", 0.145))), "is 0.02"),
        (change(expressions=rank(("sad", 0.7), ("happy", 0.15), ("fear", 0.145))), "off"),
        (change(roll=0.6), "tilt is 0.60 degrees off"),
        (change(not_sure=True), "one is sure"),
        ({PHOTO: ANSWERS[PHOTO] | {"faces": []}}, "0 faces"),
        ({PHOTO: {"photo": "a.jpg", "error": "damaged"}}, "damaged, expected an answer"),
    ],
)  # fmt: skip
def test_a_differing_answer_is_noticed(found, message):
    compared = compare_front_end(found, ANSWERS, CONTRACT)
    assert list(compared.differing) == ["a.jpg"]
    assert compared.differing["a.jpg"].startswith("by label_scores: ")
    assert message in compared.differing["a.jpg"]


def test_near_neighbours_may_swap():
    swapped = change(expressions=rank(("happy", 0.7), ("fear", 0.15), ("sad", 0.145)))
    comparison = compare_front_end(swapped, ANSWERS, CONTRACT)
    assert comparison.differing == {}
    assert comparison.score == pytest.approx(0.005)
