"""The measures, on cases small enough to work out by hand."""

import numpy as np
import pytest
from scipy.special import softmax

from training import calibrate, evaluate
from training.data import LABELS, DataError, Faces


def make_scores(tops, score):
    """Scores [n, 7] with the given class at the given score, the rest shared evenly."""
    scores = np.full((len(tops), 7), (1 - score) / 6)
    scores[np.arange(len(tops)), tops] = score
    return scores


def test_wilson_interval_is_the_textbooks():
    # Newcombe 1998, table I: 81 of 263.
    assert evaluate.wilson_interval(81, 263) == pytest.approx([0.2553, 0.3662], abs=5e-5)


def test_label_measures_by_hand():
    labels = np.array([0, 0, 3, 3])
    measures = evaluate.measure_labels(make_scores([0, 3, 3, 3], 0.7), labels)
    assert measures["accuracy"]["share"] == 0.75
    assert measures["classes"]["happy"]["precision"] == pytest.approx(2 / 3)
    assert measures["classes"]["happy"]["recall"] == 1.0
    assert measures["classes"]["angry"]["f1"] == pytest.approx(2 / 3)
    assert measures["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert measures["confusion"][0][3] == 1
    assert measures["top3"] == 1.0  # ties follow the label order: 0 is among the first three


def test_calibration_error_by_hand():
    truth = np.eye(7)[[0, 0, 0, 1]]
    scores = make_scores([0, 0, 0, 0], 0.9)
    assert evaluate.expected_calibration_error(scores, truth) == pytest.approx(0.9 - 0.75)
    divided = np.full((4, 7), 0.1)
    divided[:, 0] = 0.4  # people are divided: the answer is right 0.4 of the time
    assert evaluate.expected_calibration_error(scores, divided) == pytest.approx(0.5)
    assert evaluate.negative_log_likelihood(scores, np.eye(7)[[0] * 4]) == pytest.approx(
        -np.log(0.9)
    )


def test_vote_measures_by_hand():
    votes = np.zeros((3, 10), int)
    votes[0, 1] = 10  # all happy
    votes[1, 0] = 10  # all neutral
    votes[2, :2] = 5  # divided: no majority
    scores = np.eye(7)[[LABELS.index("happy")] * 3]
    measures = evaluate.measure_votes(scores, votes)
    assert measures["agreement"]["share"] == 0.5
    assert measures["agreement"]["pictures"] == 2
    # Jensen-Shannon in bits: 0 if the same, 1 if disjoint, 0.3113 of (1) and (1/2, 1/2).
    assert measures["divergence"] == pytest.approx((0 + 1 + 0.31128) / 3, abs=1e-5)
    assert evaluate.measure_votes(scores, np.full((3, 10), -1)) is None


def test_right_means_as_most_voters_say():
    votes = np.full((3, 10), -1)
    votes[1] = [0, 10, 0, 0, 0, 0, 0, 0, 0, 0]
    votes[2] = [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]
    happy = LABELS.index("happy")
    faces = Faces(
        np.zeros((3, 48, 48), np.uint8), np.array([happy, 0, happy]), votes,
        np.array(["PublicTest"] * 3), np.array(["a", "b", "c"]),
    )  # fmt: skip
    assert evaluate.is_right(make_scores([happy] * 3, 0.9), faces).tolist() == [True, True, False]


def test_temperature_is_found_again():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20000, 7))
    drawn = (softmax(logits, axis=1).cumsum(axis=1) > rng.random((20000, 1))).argmax(axis=1)
    assert calibrate.fit_temperature(logits * 2.5, np.eye(7)[drawn]) == pytest.approx(2.5, rel=0.03)


def test_threshold_is_the_smallest_that_is_right_often_enough():
    scores = np.concatenate([make_scores([0] * 10, 0.4), make_scores([0] * 10, 0.605)])
    right = np.array([False] * 10 + [True] * 9 + [False])
    assert calibrate.choose_threshold(scores, right, 0.9) == 0.41
    assert calibrate.choose_threshold(scores, right, 0.4) == 0.0
    with pytest.raises(DataError, match="right on 95%"):
        calibrate.choose_threshold(scores, right, 0.95)


def test_contract_keeps_all_but_the_two_numbers(tmp_path):
    path = tmp_path / "contract.json"
    text = '{ "temperature": 1.0,\n "odd": [1,2], "not_sure": {"score_below": 0.5} }\n'
    path.write_text(text)
    calibrate.update_contract(path, 1.234, 0.61)
    assert path.read_text() == text.replace("1.0", "1.234").replace("0.5", "0.61")
    path.write_text("{}")
    with pytest.raises(DataError, match="`temperature` stands there 0 times"):
        calibrate.update_contract(path, 1.0, 0.5)
