"""What the documents say of the artifacts, from a section of known numbers."""

import copy

import pytest

from models.render.artifacts import BLOCKS


def make_head(accuracy: float, largest: float, **others: float) -> dict:
    head = {"largest": largest, "mean": largest / 10, "p99": largest / 2, "top1": 0.9989}
    return head | {"top3": 1.0, "accuracy": accuracy, "ece": 0.012, "worst": "fer:7"} | others


def make_run(title: str, **options) -> dict:
    golden = {"scores": {"largest": 2e-6}, "label_scores": {"largest": 3e-6}}
    evaluation = {
        "pictures": 3589,
        "scores": make_head(0.8765, 1e-6),
        "label_scores": make_head(0.6954, 1e-7, macro_f1=0.655, top1=0.995),
        "latency_ratio": 0.5,
    }
    return {
        "title": title,
        "version": "LiteRT 1",
        "golden": golden,
        "evaluation": evaluation,
    } | options


FILE = {
    "kind": "tflite", "for": "small devices", "sha256": "ab",
    "bytes": 1410352, "gzip_bytes": 1252840,
    "runs": [
        make_run("litert, 1 thread", runtime="litert", threads=1),
        make_run("litert, 2 threads", runtime="litert", threads=2),
    ],
}  # fmt: skip
ROW = {"score_difference": 1.0, "agreement": 0.985, "accuracy_change": 0.003}
REPORT = {
    "artifacts": {
        "evaluation": {
            "pictures": 3589,
            "split": "PublicTest",
            "keras": {"scores": {"accuracy": 0.877}, "label_scores": {"accuracy": 0.696}},
        },
        "gate": {"rows": {"int8": ROW, "uint8": ROW}, "webgl": 0.001},
        "files": {"tflite/emoji-int8.tflite": FILE},
    }
}


@pytest.mark.parametrize(
    ("block", "line"),
    [
        (
            "artifact-files",
            "| `tflite/emoji-int8.tflite` | small devices | 1,410,352 | 1,252,840 | `ab` |",
        ),
        ("artifact-parity", "| `emoji.h5` in Keras | 87.70 % | 69.60 % |  |  |  |"),
        # The lowest agreement of both heads, and the largest difference, which a golden has.
        (
            "artifact-parity",
            "| `tflite/emoji-int8.tflite` | 87.65 % | 69.54 % | 99.50 % | 3.0e-06 | 0.50 |",
        ),
        (
            "artifact-runs",
            "| `tflite/emoji-int8.tflite`: litert, 2 threads, `label_scores` | 3,589 | ",
        ),
        ("artifact-runs", " | 69.54 % | 0.655 | 0.012 | fer:7 | 0.50 |"),
        ("artifact-runs", " | 87.65 % |  | 0.012 | fer:7 | 0.50 |"),
        ("artifact-gate", "| int8, uint8 | reported | 98.5 % | 0.3 points |"),
        ("artifact-gate", "any artifact may differ by 0.001."),
    ],
)
def test_a_block_says_both_heads(block, line):
    assert line in BLOCKS[block](REPORT)


def test_a_run_without_evaluation_has_no_row():
    report = copy.deepcopy(REPORT)
    del report["artifacts"]["files"]["tflite/emoji-int8.tflite"]["runs"][1]["evaluation"]
    assert "2 threads" not in BLOCKS["artifact-runs"](report)
    assert "1 thread" in BLOCKS["artifact-runs"](report)
