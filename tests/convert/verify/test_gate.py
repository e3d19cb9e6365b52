"""The gate lets through what is within its row, and nothing beyond, for each head."""

import pytest
from emoji_edge.contract import load_contract

from convert.verify import gate

CONTRACT = load_contract()
GOOD = {"largest": 0.0, "top1": 1.0, "accuracy_change": 0.0, "judged": 3589, "worst": "fer:1"}


@pytest.mark.parametrize(
    ("artifact", "largest", "missed", "changed", "faults"),
    [
        (("float32", "wasm"), 1e-5, 0, 0, []),
        (("float32", "wasm"), 1.1e-5, 0, 0, ["largest"]),
        (("float32", "webgl"), 9e-4, 0, 0, []),
        (("float32", "wasm"), 0, 1, 0, ["top-1"]),
        (("float32", "wasm"), 0, 0, 1, ["accuracy"]),
        (("uint16", "wasm"), 1e-3, 3, 1, []),
        (("uint16", "wasm"), 2e-3, 4, 2, ["largest", "top-1", "accuracy"]),
        (("float16", "wasm"), 1e-2, 17, 3, []),
        (("float16", "wasm"), 2e-2, 18, 4, ["largest", "top-1", "accuracy"]),
        (("int8", ""), 0.9, 53, -10, []),
        (("int8", ""), 0.9, 54, -11, ["top-1", "accuracy"]),
    ],
)
def test_gate_on_the_whole_evaluation(artifact, largest, missed, changed, faults):
    values = {"largest": largest, "top1": 1 - missed / 3589, "accuracy_change": changed / 3589}
    for head in ("scores", "label_scores"):
        measures = {"pictures": 3589, "scores": GOOD, "label_scores": GOOD} | {head: GOOD | values}
        found = gate.check_measures(*artifact, measures, CONTRACT, 3589)
        assert [line.split(" ")[:2] for line in found] == [[f"{head}:", fault] for fault in faults]


def test_votes_are_counted_on_the_pictures_that_have_a_majority():
    changed = GOOD | {"judged": 1000, "accuracy_change": 0.002}
    assert gate.check_head(CONTRACT.gates["float16"], 1e-2, changed, 3589) == [
        "accuracy changes by +0.20 points, allowed 0.1"
    ]


def test_gate_on_a_few_pictures_allows_one_where_the_row_allows_any():
    assert [gate.count_allowed(share, 50) for share in (1.0, 0.999, 0.985)] == [0, 1, 1]
    assert gate.count_allowed(0.985, 3589) == 53


@pytest.mark.parametrize(
    ("variant", "missed", "changed", "faults"),
    [
        ("uint8", 24, 13, []),  # 13.5 and 2.7 on average, and three times 3.7 by chance
        ("uint8", 25, 14, ["top-1", "accuracy"]),
        ("float32", 1, 1, ["top-1", "accuracy"]),  # nothing may change, by no chance
    ],
)
def test_a_part_of_the_pictures_may_miss_a_row_by_chance(variant, missed, changed, faults):
    head = GOOD | {"top1": 1 - missed / 898, "accuracy_change": changed / 898, "judged": 898}
    measures = {"pictures": 898, "latency_ms": 1.0, "scores": head, "label_scores": GOOD}
    found = gate.check_measures(variant, "wasm", measures, CONTRACT, 3589)
    assert [line.split(" ")[1] for line in found] == faults
    strict = gate.check_measures(variant, "wasm", measures, CONTRACT, 898)
    assert [line.split(" ")[1] for line in strict] == ["top-1", "accuracy"]


def test_gate_of_the_detectors():
    good = {"lost": [], "raw": 1e-4, "box": 0.01, "detection": 1e-5}
    assert gate.check_boxes(good, CONTRACT) == []
    bad = {"lost": ["far.webp"], "raw": 1.0, "box": 0.6, "detection": 0.1}
    faults = gate.check_boxes(bad, CONTRACT)
    assert [line.split()[0] for line in faults] == ["finds", *["largest"] * 3]
