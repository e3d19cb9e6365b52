"""How people disagree about a face, beside how unsure the network is of it. Aggregates only."""

import numpy as np
from scipy.stats import entropy

from training.data import LABELS, Faces, find_majority, share_votes
from training.shares import measure_fraction

# Bits: 0 where all say the same, log2(7) = 2.81 where the seven expressions have equal shares.
ENTROPY_BOUNDS = tuple(step / 4 for step in range(13))


def count_entropies(distributions: np.ndarray) -> dict:
    """Count the entropies, in bits, at each step of ENTROPY_BOUNDS, and take their mean."""
    values = np.maximum(entropy(distributions, base=2, axis=1), 0)
    counts, _ = np.histogram(values, ENTROPY_BOUNDS)
    return {"counts": counts.tolist(), "mean": float(values.mean())}


def average_by_label(distributions: np.ndarray, labels: np.ndarray) -> dict:
    """Average the distributions of the pictures with each label: seven shares, in order."""
    return {
        name: distributions[labels == i].mean(axis=0, dtype=float).tolist()
        for i, name in enumerate(LABELS)
        if (labels == i).any()
    }


def compare_people(scores: np.ndarray, faces: Faces) -> dict | None:
    """Compare votes and scores [n, 7] on the pictures that have votes; None where none has."""
    shares, known = share_votes(faces.votes)
    if not known.any():
        return None
    shares, scores, labels = shares[known].astype(float), scores[known], faces.labels[known]
    majority = find_majority(faces.votes[known])
    clear = majority >= 0
    return {
        "pictures": int(known.sum()),
        "unanimous": measure_fraction(shares.max(axis=1) > 0.999),
        "no_majority": measure_fraction(~clear),
        "label_is_majority": measure_fraction((majority == labels)[clear]) if clear.any() else None,
        "entropy": {
            "bounds": list(ENTROPY_BOUNDS),
            "votes": count_entropies(shares),
            "scores": count_entropies(scores),
        },
        "mean_votes": average_by_label(shares, labels),
        "mean_scores": average_by_label(scores, labels),
    }
