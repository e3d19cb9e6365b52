"""The gate: what each artifact must hold against Keras, and one plain line for each that does not.

These are the numbers that decide whether an artifact may ship; the ledger prints them.
"""

from dataclasses import asdict, dataclass
from math import floor
from typing import Any


@dataclass(frozen=True)
class Row:
    """Limits of one kind of artifact."""

    largest: float | None  # score difference; None: reported, not limited
    top1: float  # share of pictures with Keras's best label
    accuracy: float  # change against Keras, in percentage points


FLOAT32 = Row(1e-5, 1.0, 0.0)
QUANTIZED = Row(None, 0.985, 0.3)
ROWS = {
    "float32": FLOAT32,
    "uint16": Row(1e-3, 0.999, 0.05),
    "float16": Row(1e-2, 0.995, 0.1),
    "dynamic": QUANTIZED,
    "int8": QUANTIZED,
    "uint8": QUANTIZED,
}
WEBGL_LARGEST = 1e-3  # float32 on a graphics processor, whose arithmetic is its own

# The face detectors against the published .tflite on LiteRT.
BOX_PIXELS = 0.5  # of the upright photo: the contract's same answer
DETECTION = 1e-3
RAW = 1e-3  # raw outputs, as a share of the largest value


def describe_gate() -> dict[str, Any]:
    """The limits, for the report."""
    detectors = {"box": BOX_PIXELS, "detection": DETECTION, "raw": RAW}
    rows = {name: asdict(row) for name, row in ROWS.items()}
    return {"rows": rows, "webgl_largest": WEBGL_LARGEST, "detectors": detectors}


def count_allowed(share: float, pictures: int) -> int:
    """How many of the pictures may fall outside a share; one wherever the row allows any."""
    allowed = (1 - share) * pictures
    return 0 if share >= 1 else max(1, floor(allowed + 1e-9))


def find_limit(variant: str, backend: str) -> float | None:
    """The largest score difference allowed."""
    limit = ROWS[variant].largest
    return max(limit, WEBGL_LARGEST) if limit is not None and backend == "webgl" else limit


def check_scores(variant: str, backend: str, measures: dict[str, Any]) -> list[str]:
    """What of a comparison with Keras misses the row; measures as compare_answers returns them.

    Of the goldens, many of which are no faces, quantized artifacts answer for those on which Keras
    itself is decided.
    """
    row, pictures, problems = ROWS[variant], measures["pictures"], []
    is_evaluation = "accuracy_change" in measures
    top1 = measures["top1" if is_evaluation or row.largest else "top1_decided"]
    largest, limit = measures["scores"]["largest"], find_limit(variant, backend)
    if limit is not None and not largest <= limit:
        problems.append(
            f"largest score difference {largest:g} at {measures['worst']}, allowed {limit:g}"
        )
    missed = round((1 - top1) * pictures)
    if missed > count_allowed(row.top1, pictures):
        problems.append(
            f"top-1 agreement {top1:.2%} on {pictures} pictures, "
            f"needed {row.top1:.1%}; furthest off at {measures['worst']}"
        )
    if is_evaluation:
        moved = round(abs(measures["accuracy_change"]) * pictures)
        if moved > count_allowed(1 - row.accuracy / 100, pictures):
            problems.append(
                f"accuracy changes by {100 * measures['accuracy_change']:+.2f} points, "
                f"allowed {row.accuracy:g}"
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
