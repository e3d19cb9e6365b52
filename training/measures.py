"""Measure scores against both truths: what the voters say, and what FER-2013's label is.

`scores` are held against FER+'s votes (Barsoum et al. 2016), `label_scores` against the labels.
Pictures without votes have their label for both.
"""

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from training.data import (
    LABELS,
    Faces,
    find_majority,
    find_truths,
    share_raw_votes,
    share_votes,
)
from training.shares import measure_fraction

BINS = 15  # of the expected calibration error, equal in width
NOT_SURE = np.arange(0, 1, 0.02)  # scores below which the answer could be "not sure"


# ---- one head and its truth ------------------------------------------------------------------


def measure_labels(label_scores: np.ndarray, labels: np.ndarray) -> dict:
    """Measure label_scores [n, 7] on labels [n]: accuracy, macro-F1, top-3, classes, confusion.

    Macro-F1 is over the classes present. Rows of the confusion matrix are labels, columns answers.
    """
    top = label_scores.argmax(axis=1)
    classes = range(len(LABELS))
    values = precision_recall_fscore_support(labels, top, labels=classes, zero_division=0)
    present = values[3] > 0
    best = np.argsort(-label_scores, axis=1, kind="stable")[:, :3]
    return {
        "accuracy": measure_fraction(top == labels),
        "macro_f1": float(values[2][present].mean()),
        "top3": float((best == labels[:, None]).any(axis=1).mean()),
        "classes": {
            name: {
                "precision": float(values[0][i]),
                "recall": float(values[1][i]),
                "f1": float(values[2][i]),
                "support": int(values[3][i]),
            }
            for i, name in enumerate(LABELS)
        },
        "confusion": confusion_matrix(labels, top, labels=classes).tolist(),
    }


def measure_votes(scores: np.ndarray, votes: np.ndarray) -> dict | None:
    """Measure scores [n, 7] on votes [n, 10]: agreement with the majority, divergence; or None.

    The divergence is Jensen-Shannon's in bits, 0 (the same distribution) to 1. The mean distance of
    a score from the share of voters counts single votes too, `raw`, or not, as the scores learned.
    None where no picture has a majority.
    """
    majority = find_majority(votes)
    clear = majority >= 0
    if not clear.any():
        return None
    shares, known = share_votes(votes)
    raw, voted = share_raw_votes(votes)
    distance = jensenshannon(scores[known], shares[known], base=2, axis=1)
    top = scores.argmax(axis=1)
    return {
        "agreement": measure_fraction((top == majority)[clear]),
        "divergence": float(np.square(distance).mean()),
        "divergence_pictures": int(known.sum()),
        "raw_ece": measure_ece(scores[voted], raw[voted]),
        "recall": {
            name: measure_fraction((top == i)[majority == i])
            for i, name in enumerate(LABELS)
            if (majority == i).any()
        },
    }


def count_answers(scores: np.ndarray) -> dict[str, float]:
    """Return how often each expression is the first answer of scores [n, 7], as shares."""
    counts = np.bincount(scores.argmax(axis=1), minlength=len(LABELS))
    return dict(zip(LABELS, (counts / len(scores)).tolist(), strict=True))


# ---- calibration -----------------------------------------------------------------------------


def measure_nll(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean cross-entropy of the scores under the truth [n, 7], in nats."""
    return float(-(truth * np.log(np.maximum(scores, 1e-12))).sum(axis=1).mean())


def bin_shares(scores: np.ndarray, shares: np.ndarray) -> list[dict]:
    """Bin scores [n]: for each of 15 equal bins their number, mean, and the mean share [n] there.

    Empty bins are left out.
    """
    index = np.minimum((scores * BINS).astype(int), BINS - 1)
    return [
        {
            "low": b / BINS,
            "high": (b + 1) / BINS,
            "count": int((index == b).sum()),
            "score": float(scores[index == b].mean()),
            "share": float(shares[index == b].mean()),
        }
        for b in range(BINS)
        if (index == b).any()
    ]


def sum_gaps(bins: list[dict]) -> float:
    """Return the mean distance of score and share over the bins, weighted by their numbers."""
    total = sum(b["count"] for b in bins)
    return sum(b["count"] * abs(b["score"] - b["share"]) for b in bins) / total


def bin_best(scores: np.ndarray, truth: np.ndarray) -> list[dict]:
    """Bin the best score [n] of each picture with the share of the truth [n, 7] that it has."""
    best = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    return bin_shares(scores[rows, best], truth[rows, best])


def measure_ece(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the expected calibration error of the best score (Guo et al. 2017), 15 bins.

    truth [n, 7] is a distribution: a picture on which people are divided counts as partly right.
    """
    return sum_gaps(bin_best(scores, truth))


def measure_calibration(scores: np.ndarray, truth: np.ndarray) -> dict:
    """Measure what scores [n, 7] promise, against the truth [n, 7].

    `reliability` and `ece` are of the best score, `all_reliability` and `all_ece` of all seven.
    """
    all_bins = bin_shares(scores.ravel(), truth.ravel())
    return {
        "ece": measure_ece(scores, truth),
        "nll": measure_nll(scores, truth),
        "reliability": bin_best(scores, truth),
        "all_reliability": all_bins,
        "all_ece": sum_gaps(all_bins),
    }


# ---- "not sure" ------------------------------------------------------------------------------


def find_right(scores: np.ndarray, faces: Faces) -> np.ndarray:
    """Tell [n] whether most voters name what the network names; where none voted, the label.

    A picture on which the voters have no clear majority is never right: "not sure" is the answer.
    """
    voted = faces.votes.min(axis=1) >= 0
    truth = np.where(voted, find_majority(faces.votes), faces.labels)
    return scores.argmax(axis=1) == truth


def find_divided(faces: Faces) -> np.ndarray:
    """Tell [n] on which pictures the voters are divided: no expression has over half of them."""
    return (faces.votes.min(axis=1) >= 0) & (find_majority(faces.votes) < 0)


def trace_coverage(scores: np.ndarray, faces: Faces) -> list[dict]:
    """Trace what each "not sure" rule would say: coverage, how often right, how often divided.

    `right` and `divided` are shares of the pictures answered, `divided_below` is the share of the
    others on which the voters are divided (None where all are answered).
    """
    best, right, divided = scores.max(axis=1), find_right(scores, faces), find_divided(faces)
    curve = []
    for threshold in NOT_SURE:
        kept = best >= threshold
        if kept.any():
            curve.append(
                {
                    "score_below": round(float(threshold), 2),
                    "coverage": float(kept.mean()),
                    "right": float(right[kept].mean()),
                    "divided": float(divided[kept].mean()),
                    "divided_below": None if kept.all() else float(divided[~kept].mean()),
                }
            )
    return curve


def measure_not_sure(scores: np.ndarray, faces: Faces, below: float) -> dict:
    """Measure the rule itself: how many faces get "not sure", and how often voters are divided."""
    not_sure, divided = scores.max(axis=1) < below, find_divided(faces)
    sure = ~not_sure
    voted = faces.votes.min(axis=1) >= 0
    return {
        "score_below": below,
        "not_sure": measure_fraction(not_sure),
        "divided": measure_rows(divided, voted),
        "divided_when_not_sure": measure_rows(divided, voted & not_sure),
        "divided_when_sure": measure_rows(divided, voted & sure),
        "right_when_sure": measure_rows(find_right(scores, faces), sure),
        "chosen_when_not_sure": average_chosen(scores[not_sure], faces.select(not_sure)),
        "chosen_when_sure": average_chosen(scores[sure], faces.select(sure)),
        "separation": measure_separation(scores[voted], divided[voted]),
    }


def average_chosen(scores: np.ndarray, faces: Faces) -> float | None:
    """Average which share of the voters chose the expression named first; None without votes."""
    shares, known = share_votes(faces.votes)
    if not known.any():
        return None
    return float(shares[known, scores[known].argmax(axis=1)].mean())


def measure_separation(scores: np.ndarray, divided: np.ndarray) -> dict[str, float] | None:
    """Measure how well three rules tell divided pictures from others: areas under the ROC curve.

    The rules: the best score is low, its lead over the second is small, the entropy is high. None
    where the pictures are all divided, or none is.
    """
    if divided.all() or not divided.any():
        return None
    ordered = np.sort(scores, axis=1)
    doubts = {
        "best": -ordered[:, -1],
        "lead": ordered[:, -2] - ordered[:, -1],
        "entropy": entropy(scores, axis=1),
    }
    return {name: float(roc_auc_score(divided, doubt)) for name, doubt in doubts.items()}


def measure_rows(mask: np.ndarray, rows: np.ndarray) -> dict | None:
    """Measure the share of a mask [n] among the rows (mask); None where there is no row."""
    return measure_fraction(mask[rows]) if rows.any() else None


# ---- both heads ------------------------------------------------------------------------------


def find_known(faces: Faces) -> np.ndarray:
    """Choose the pictures [n] that `scores` are held against: those with votes, else all."""
    known = share_votes(faces.votes)[1]
    return known if known.any() else np.ones(len(faces), bool)


def measure_heads(scores: np.ndarray, faces: Faces) -> dict:
    """Measure both heads' scores [n, 2, 7], each by its own truth.

    At the top stand the measures of `scores`: ece, nll, reliability and `votes`; in `labels` those
    of `label_scores`.
    """
    known, truths = find_known(faces), find_truths(faces)
    labels = measure_labels(scores[:, 1], faces.labels)
    return {
        "pictures": len(faces),
        "named": {
            name: count_answers(scores[:, head])
            for head, name in enumerate(("scores", "label_scores"))
        },
        "votes": measure_votes(scores[:, 0], faces.votes),
        "labels": labels | measure_calibration(scores[:, 1], truths[:, 1]),
        **measure_calibration(scores[known, 0], truths[known, 0]),
    }
