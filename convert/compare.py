"""Measure how far an artifact's answers are from Keras's on the same pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Answers:
    """What a network says: scores and logits, float32 [n, 7]."""

    scores: np.ndarray
    logits: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def select(self, rows: np.ndarray | slice) -> "Answers":
        """Those of some pictures."""
        return Answers(self.scores[rows], self.logits[rows])


def compare_answers(
    expected: Answers, found: Answers, ids: list[str], decided: float
) -> dict[str, Any]:
    """Differences of scores and logits, agreement of the best and of the best three, worst picture.

    A number that is not finite is a largest difference of 1 in scores, the most there is.
    `top1_decided` also counts as agreement where Keras itself scores the other label less than
    `decided` below its own best.
    """
    scores = np.nan_to_num(np.abs(found.scores - expected.scores), nan=1.0, posinf=1.0)
    worst = scores.max(axis=1)
    best, best_found = (rank_labels(answers.scores) for answers in (expected, found))
    same = best[:, 0] == best_found[:, 0]
    rows = np.arange(len(found))
    lead = expected.scores[rows, best[:, 0]] - expected.scores[rows, best_found[:, 0]]
    return {
        "pictures": len(found),
        "scores": summarize(worst),
        "logits": summarize(np.abs(found.logits - expected.logits).max(axis=1)),
        "top1": share(same),
        "top3": share((np.sort(best[:, :3]) == np.sort(best_found[:, :3])).all(axis=1)),
        "top1_decided": share(same | (lead < decided)),
        "worst": ids[int(worst.argmax())],
    }


def rank_labels(scores: np.ndarray) -> np.ndarray:
    """Labels [n, 7], best first; equal scores in the labels' order."""
    return np.argsort(-scores, axis=1, kind="stable")


def share(right: np.ndarray) -> float:
    """Of a mask, 0 to 1."""
    return round(float(right.mean()), 6)


def summarize(differences: np.ndarray) -> dict[str, float | None]:
    """Largest, mean and 99th percentile; None where a number is not finite."""
    values = {
        "largest": differences.max(),
        "mean": differences.mean(),
        "p99": np.quantile(differences, 0.99),
    }
    return {k: float(f"{v:.3g}") if np.isfinite(v) else None for k, v in values.items()}
