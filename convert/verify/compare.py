"""Compare what an artifact says with what Keras says of the same faces."""

from typing import Any

import numpy as np
from emoji_edge.result import HEADS

from convert.prediction import Prediction


def compare_predictions(
    expected: Prediction, found: Prediction, ids: list[str], decided: float
) -> dict[str, Any]:
    """Measure each head's differences from Keras, and those of the logits behind `scores`."""
    heads = {
        head: compare_scores(getattr(expected, head), getattr(found, head), ids, decided)
        for head in HEADS
    }
    logits = summarize(np.abs(found.logits - expected.logits).max(axis=1))
    return {"pictures": len(found), **heads, "logits": logits}


def compare_scores(
    expected: np.ndarray, found: np.ndarray, ids: list[str], decided: float
) -> dict[str, Any]:
    """Measure one head: differences, agreement of the best and of the best three, worst picture.

    expected and found are scores [n, 7]. A number that is not finite is a difference of 1, the most
    there is. `top1_decided` also counts as agreement where Keras itself scores the other label less
    than `decided` below its own best.
    """
    worst = np.nan_to_num(np.abs(found - expected), nan=1.0, posinf=1.0).max(axis=1)
    best, best_found = rank_labels(expected), rank_labels(found)
    same = best[:, 0] == best_found[:, 0]
    rows = np.arange(len(found))
    lead = expected[rows, best[:, 0]] - expected[rows, best_found[:, 0]]
    return summarize(worst) | {
        "top1": find_share(same),
        "top3": find_share((np.sort(best[:, :3]) == np.sort(best_found[:, :3])).all(axis=1)),
        "top1_decided": find_share(same | (lead < decided)),
        "worst": ids[int(worst.argmax())],
    }


def rank_labels(scores: np.ndarray) -> np.ndarray:
    """Rank labels [n, 7], best first; equal scores stay in the labels' order."""
    return np.argsort(-scores, axis=1, kind="stable")


def find_share(right: np.ndarray) -> float:
    """Find the share of a mask that is true, 0 to 1."""
    return round(float(right.mean()), 6)


def summarize(differences: np.ndarray) -> dict[str, float | None]:
    """Summarize differences [n]: largest, mean, 99th percentile; None where one is not finite."""
    values = {
        "largest": differences.max(),
        "mean": differences.mean(),
        "p99": np.quantile(differences, 0.99),
    }
    return {k: float(f"{v:.3g}") if np.isfinite(v) else None for k, v in values.items()}
