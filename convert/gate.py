"""The gate: one plain line for each artifact that misses what the contract asks of it."""

from dataclasses import asdict
from math import floor
from typing import Any

from emoji_edge.contract import load_contract

CONTRACT = load_contract()

# The face detectors against the published .tflite on LiteRT.
BOX_PIXELS = 0.5  # of the upright photo: the contract's same answer
DETECTION = 1e-3
RAW = 1e-3  # raw outputs, as a share of the largest value


def describe_gate() -> dict[str, Any]:
    """The limits, for the report."""
    detectors = {"box": BOX_PIXELS, "detection": DETECTION, "raw": RAW}
    rows = {name: asdict(row) for name, row in CONTRACT.gates.items()}
    return {"rows": rows, "webgl": CONTRACT.webgl, "detectors": detectors}


def count_allowed(share: float, pictures: int) -> int:
    """How many of the pictures may fall outside a share; one wherever the row allows any."""
    allowed = (1 - share) * pictures
    return 0 if share >= 1 else max(1, floor(allowed + 1e-9))


def find_limit(variant: str, backend: str) -> float:
    """The largest score difference allowed; 1.0 is no limit."""
    limit = CONTRACT.gates[variant].score_difference
    return max(limit, CONTRACT.webgl) if backend == "webgl" else limit


def check_scores(variant: str, backend: str, measures: dict[str, Any]) -> list[str]:
    """What of a comparison with Keras misses the row; measures as compare_answers returns them.

    Of the goldens, many of which are no faces, quantized artifacts answer for those on which Keras
    itself is decided.
    """
    row, pictures, problems = CONTRACT.gates[variant], measures["pictures"], []
    is_evaluation = "accuracy_change" in measures
    is_exact = row.score_difference < 1
    top1 = measures["top1" if is_evaluation or is_exact else "top1_decided"]
    largest, limit = measures["scores"]["largest"], find_limit(variant, backend)
    if not largest <= limit:
        problems.append(
            f"largest score difference {largest:g} at {measures['worst']}, allowed {limit:g}"
        )
    missed = round((1 - top1) * pictures)
    if missed > count_allowed(row.agreement, pictures):
        problems.append(
            f"top-1 agreement {top1:.2%} on {pictures} pictures, "
            f"needed {row.agreement:.1%}; furthest off at {measures['worst']}"
        )
    if is_evaluation:
        moved = round(abs(measures["accuracy_change"]) * pictures)
        if moved > count_allowed(1 - row.accuracy_change, pictures):
            problems.append(
                f"accuracy changes by {100 * measures['accuracy_change']:+.2f} points, "
                f"allowed {100 * row.accuracy_change:g}"
            )
    return problems


def check_boxes(measures: dict[str, Any]) -> list[str]:
    """What of a face detector's comparison misses its limits."""
    problems = []
    if measures["lost"]:
        problems.append(f"finds other faces in {', '.join(measures['lost'])}")
    for key, limit, what in (
        ("raw", RAW, "raw output"),
        ("box", BOX_PIXELS, "box"),
        ("detection", DETECTION, "detection score"),
    ):
        if not measures[key] <= limit:
            problems.append(f"largest {what} difference {measures[key]:g}, allowed {limit:g}")
    return problems
