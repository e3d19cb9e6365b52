"""Measure how well scores agree with what somebody saw: shares, intervals, reliability."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Z = 1.959963984540054  # of a 95 % interval
ECE_BINS = 15  # equal widths on the best score, as everywhere in this project
TOP = 3


@dataclass(frozen=True)
class Marks:
    """What somebody saw on n photos, beside what the network says of them.

    Attributes:
        truth: the label's number, int [n].
        scores: float [n, labels]; NaN where no face was found.
        not_sure: bool [n]; True where no face was found.
    """

    truth: np.ndarray
    scores: np.ndarray
    not_sure: np.ndarray

    def pick(self, rows: np.ndarray) -> "Marks":
        """Keep the photos of a mask, bool [n]."""
        return Marks(self.truth[rows], self.scores[rows], self.not_sure[rows])

    @property
    def found(self) -> np.ndarray:
        """Tell on which photos a face was found, bool [n]."""
        return ~np.isnan(self.scores[:, 0])

    @property
    def ranks(self) -> np.ndarray:
        """Give the seen expression's place in the answer, from 0; int [n], huge without a face."""
        order = np.argsort(-np.nan_to_num(self.scores), axis=1, kind="stable")
        places = np.argmax(order == self.truth[:, None], axis=1)
        return np.where(self.found, places, np.iinfo(np.int64).max)

    @property
    def best(self) -> np.ndarray:
        """Give the best score of each photo, float [n]; 0 without a face."""
        return np.nan_to_num(self.scores).max(axis=1, initial=0)


def find_interval(right: int, total: int) -> tuple[float, float]:
    """Give the 95 % interval of a share in closed form (Wilson 1927); 0 to 1 for no photos."""
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, Z * Z / total
    centre = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * math.sqrt(share * (1 - share) / total + square / (4 * total))
    low = 0.0 if right == 0 else max(0.0, centre - half)
    return low, 1.0 if right == total else min(1.0, centre + half)


def find_difference(one: np.ndarray, other: np.ndarray) -> dict[str, Any] | None:
    """Compare two independent shares, with the difference's 95 % interval (Newcombe 1998, 10).

    Args:
        one, other: masks of what is right. None comes back where either is empty.
    """
    if not len(one) or not len(other):
        return None
    p, q = float(one.mean()), float(other.mean())
    (l1, u1), (l2, u2) = (find_interval(int(m.sum()), len(m)) for m in (one, other))
    low = p - q - math.hypot(p - l1, u2 - q)
    high = p - q + math.hypot(u1 - p, q - l2)
    return {"difference": p - q, "interval": [low, high], "clear": low > 0 or high < 0}


def measure_share(right: np.ndarray) -> dict[str, Any]:
    """Give a mask's share with its interval and its counts; share None of no photos."""
    total, count = len(right), int(right.sum())
    share = count / total if total else None
    return {
        "photos": total,
        "right": count,
        "share": share,
        "interval": list(find_interval(count, total)),
    }


def measure_agreement(marks: Marks, labels: tuple[str, ...]) -> dict[str, Any]:
    """Measure what is told of a set and of each of its groups.

    A photo without a face is not right. `sure` is the share of right ones among the sure answers;
    `expressions` says of each expression that was seen how often it was found.
    """
    ranks, found = marks.ranks, marks.found
    expressions = {
        label: measure_share(ranks[marks.truth == number] == 0)
        for number, label in enumerate(labels)
        if (marks.truth == number).any()
    }
    shares = [one["share"] for one in expressions.values()]
    return {
        "photos": len(ranks),
        "first": measure_share(ranks == 0),
        "top3": measure_share(ranks < TOP),
        "balanced_accuracy": sum(shares) / len(shares) if shares else None,
        "sure": measure_share(ranks[~marks.not_sure] == 0),
        "no_face": int((~found).sum()),
        "expressions": expressions,
        "certainty": measure_certainty(marks),
    }


def measure_certainty(marks: Marks) -> dict[str, Any] | None:
    """Compare the mean of the best scores with the share that is right, on photos with a face.

    `too_sure` is what the scores promise beyond what is held, with the share's interval.
    """
    with_face = marks.pick(marks.found)
    if not len(with_face.truth):
        return None
    right = measure_share(with_face.ranks == 0)
    mean = float(with_face.best.mean())
    low, high = right["interval"]
    return {
        "mean_score": mean,
        "right": right,
        "too_sure": mean - right["share"],
        "interval": [mean - high, mean - low],
        "ece": _measure_ece(with_face),
    }


def _measure_ece(marks: Marks) -> float:
    best, right = marks.best, marks.ranks == 0
    bins = np.minimum((best * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [abs(float(best[bins == b].sum() - right[bins == b].sum())) for b in range(ECE_BINS)]
    return sum(gaps) / len(best)


def measure_reliability(marks: Marks) -> list[dict[str, Any]]:
    """Say of the answers that say about 10, 20 ... 100 % how many are right; empty ones left out.

    About 80 % are the scores from 0.75 up to below 0.85.
    """
    with_face = marks.pick(marks.found)
    tens = np.floor(10 * with_face.best + 0.5).astype(int)
    bins = []
    for ten in range(11):
        rows = tens == ten
        if rows.any():
            mean = float(with_face.best[rows].mean())
            says = {"says": ten / 10, "mean_score": mean}
            bins.append(says | measure_share(with_face.ranks[rows] == 0))
    return bins


def count_confusion(marks: Marks, labels: tuple[str, ...]) -> dict[str, list[int]]:
    """Count by seen expression how often each label was answered, and last no face found."""
    said = np.where(marks.found, np.nan_to_num(marks.scores).argmax(axis=1), len(labels))
    return {
        label: np.bincount(said[marks.truth == number], minlength=len(labels) + 1).tolist()
        for number, label in enumerate(labels)
        if (marks.truth == number).any()
    }


def measure_all(marks: Marks, labels: tuple[str, ...]) -> dict[str, Any]:
    """Measure everything that is told of a whole set."""
    return measure_agreement(marks, labels) | {
        "confusion": count_confusion(marks, labels),
        "reliability": measure_reliability(marks),
    }
