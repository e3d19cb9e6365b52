"""The gate: one plain line for each thing in which an artifact misses what its contract asks."""

from dataclasses import asdict
from math import floor, sqrt
from typing import Any

from emoji_edge.contract import Contract, Gate
from emoji_edge.result import HEADS

# The face detectors against the published .tflite on LiteRT, beside the contract's `same_answer`.
DETECTION = 1e-3
RAW = 1e-3  # raw outputs, as a share of the largest value
# What a row allows of all evaluation pictures, a part of them may miss by chance: by so many
# standard deviations of the number of pictures that are answered otherwise.
CHANCE = 3


def describe_gate(contract: Contract) -> dict[str, Any]:
    """Describe the limits for the report: a row for each variant, and those of the detectors."""
    rows = {name: asdict(row) for name, row in contract.gates.items()}
    return {"rows": rows, "webgl": contract.webgl, "detectors": find_box_limits(contract)}


def find_box_limits(contract: Contract) -> dict[str, float]:
    """Find how far a face detector may be from the published one."""
    return {"raw": RAW, "box": contract.same_answer.box, "detection": DETECTION}


def count_allowed(share: float, pictures: int, chance: float = 0.0) -> int:
    """Count the pictures that may fall outside a share; one wherever the row allows any.

    chance is how many more they may be on a part of the pictures.
    """
    allowed = (1 - share) * pictures + chance
    return 0 if share >= 1 else max(1, floor(allowed + 1e-9))


def find_limit(variant: str, backend: str, contract: Contract) -> float:
    """Find the largest score difference allowed; 1.0 is no limit."""
    limit = contract.gates[variant].score_difference
    return max(limit, contract.webgl) if backend == "webgl" else limit


def check_measures(
    variant: str, backend: str, measures: dict[str, Any], contract: Contract, whole: int
) -> list[str]:
    """List what of a comparison misses the row, of both heads; measures of compare_predictions.

    whole is how many evaluation pictures there are: a run may have had a part of them.
    """
    pictures, row = measures["pictures"], contract.gates[variant]
    is_part = "latency_ms" in measures and pictures < whole
    chance = CHANCE * sqrt((1 - row.agreement) * pictures) if is_part else 0.0
    limit = find_limit(variant, backend, contract)
    return [
        f"{head}: {line}"
        for head in HEADS
        for line in check_head(row, limit, measures[head], pictures, chance)
    ]


def check_head(
    row: Gate, limit: float, head: dict[str, Any], pictures: int, chance: float = 0.0
) -> list[str]:
    """List what of one head misses the row, or the limit of its largest difference.

    Of the goldens, many of which are no faces, quantized artifacts answer for those on which Keras
    itself is decided.
    """
    problems = []
    is_evaluation = "accuracy_change" in head
    is_exact = row.score_difference < 1
    top1 = head["top1" if is_evaluation or is_exact else "top1_decided"]
    if not head["largest"] <= limit:
        problems.append(
            f"largest difference {head['largest']:g} at {head['worst']}, allowed {limit:g}"
        )
    missed = round((1 - top1) * pictures)
    if missed > count_allowed(row.agreement, pictures, chance):
        problems.append(
            f"top-1 agreement {top1:.2%} on {pictures} pictures, "
            f"needed {row.agreement:.1%}; furthest off at {head['worst']}"
        )
    if is_evaluation:
        moved = round(abs(head["accuracy_change"]) * head["judged"])
        if moved > count_allowed(1 - row.accuracy_change, head["judged"], chance):
            problems.append(
                f"accuracy changes by {100 * head['accuracy_change']:+.2f} points, "
                f"allowed {100 * row.accuracy_change:g}"
            )
    return problems


def check_boxes(measures: dict[str, Any], contract: Contract) -> list[str]:
    """List what of a face detector's comparison misses its limits."""
    problems = []
    if measures["lost"]:
        problems.append(f"finds other faces in {', '.join(measures['lost'])}")
    names = {"raw": "raw output", "box": "box", "detection": "detection score"}
    for key, limit in find_box_limits(contract).items():
        if not measures[key] <= limit:
            problems.append(f"largest {names[key]} difference {measures[key]:g}, allowed {limit:g}")
    return problems
