"""The measures of a comparison, on numbers that can be checked by hand."""

import numpy as np
import pytest
from emoji_edge.contract import load_contract

from convert.prediction import Prediction
from convert.verify import gate
from convert.verify.compare import compare_predictions, compare_scores

CONTRACT = load_contract()


def test_compare_scores_measures_what_it_says():
    expected = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8]], np.float32)
    found = expected.copy()
    found[1] = [0.35, 0.4, 0.25]
    found[2] = [0.1, 0.2, 0.7]
    values = compare_scores(expected, found, ["a", "b", "c"], decided=0.2)
    assert [values[key] for key in ("largest", "mean", "p99")] == [0.1, 0.05, 0.099]
    assert values["top1"] == pytest.approx(2 / 3, abs=1e-6)
    assert values["top1_decided"] == 1.0  # Keras scores both labels of "b" within 0.2
    assert values["top3"] == 1.0
    assert values["worst"] == "c"


def test_each_head_is_compared_with_its_own():
    scores = np.array([[0.7, 0.2, 0.1]], np.float32)
    label_scores = scores[:, ::-1].copy()
    expected = Prediction(scores, label_scores, np.log(scores))
    found = Prediction(scores, label_scores + 0.25, np.log(scores) + 0.5)
    values = compare_predictions(expected, found, ["a"], decided=0.2)
    assert values["pictures"] == 1
    assert values["scores"]["largest"] == 0
    assert values["label_scores"]["largest"] == 0.25
    assert values["logits"]["largest"] == pytest.approx(0.5)
    swapped = compare_predictions(
        expected, Prediction(label_scores, scores, np.log(scores)), ["a"], decided=0.2
    )
    assert [swapped[head]["top1"] for head in ("scores", "label_scores")] == [0, 0]


def test_answers_that_are_no_numbers_fail():
    expected = np.full((4, 7), 1 / 7, np.float32)
    found = expected.copy()
    found[2] = np.nan
    values = compare_predictions(
        Prediction(expected, expected, expected),
        Prediction(found, expected, found),
        list("abcd"),
        decided=0.2,
    )
    assert values["scores"]["largest"] == 1.0
    assert values["logits"]["largest"] is None
    assert values["scores"]["worst"] == "c"
    assert gate.check_measures("float32", "wasm", values, CONTRACT, 4) == [
        "scores: largest difference 1 at c, allowed 1e-05"
    ]
