"""Describe the data for the report: pictures, duplicates, votes."""

import numpy as np

from training.data.duplicates import NEAR_CORRELATION, NEAR_SIZE, find_duplicates, is_exact
from training.data.table import LABELS, Faces
from training.data.votes import find_majority, share_votes


def describe_faces(faces: Faces) -> dict:
    """Return the report's section `data`: counts, duplicates and votes of every split."""
    counts = {
        str(split): {
            label: int(((faces.splits == split) & (faces.labels == i)).sum())
            for i, label in enumerate(LABELS)
        }
        for split in np.unique(faces.splits)
    }
    return {
        "counts": counts,
        "skipped": len(faces.skipped),
        "duplicates": describe_duplicates(faces),
        "votes": describe_votes(faces),
    }


def describe_duplicates(faces: Faces) -> dict:
    """Count exact and near pairs within and across splits, and those whose labels differ."""
    pairs = find_duplicates(faces.images)
    exact = is_exact(faces.images, pairs)
    conflict = faces.labels[pairs[:, 0]] != faces.labels[pairs[:, 1]]
    splits = np.sort(faces.splits[pairs], axis=1)
    result: dict = {
        "rule": {"thumbnail": NEAR_SIZE, "correlation": NEAR_CORRELATION, "mirrored": True},
        "pairs": [],
    }
    for first, second in sorted({tuple(map(str, pair)) for pair in splits}):
        here = (splits[:, 0] == first) & (splits[:, 1] == second)
        result["pairs"].append(
            {
                "splits": [first, second],
                "exact": int((here & exact).sum()),
                "near": int((here & ~exact).sum()),
                "conflicting_labels": int((here & conflict).sum()),
            }
        )
    return result


def describe_votes(faces: Faces) -> dict:
    """Measure for each split how often the label is the majority, and the mean shares by label."""
    result = {}
    for split in np.unique(faces.splits):
        here = (faces.splits == split) & (faces.votes.min(axis=1) >= 0)
        if not here.any():
            continue
        majority = find_majority(faces.votes[here])
        shares, known = share_votes(faces.votes[here])
        labels = faces.labels[here]
        clear = majority >= 0
        result[str(split)] = {
            "pictures": int(here.sum()),
            "clear_majority": int(clear.sum()),
            "label_is_majority": float((majority == labels)[clear].mean()) if clear.any() else None,
            "mean_votes": {
                name: shares[known & (labels == i)].mean(axis=0).round(4).tolist()
                for i, name in enumerate(LABELS)
                if (known & (labels == i)).any()
            },
        }
    return result


def print_description(section: dict) -> None:
    """Print the section `data` for a person to read."""
    for split, counts in section["counts"].items():
        print(f"{split}: {sum(counts.values())} pictures")
        print("  " + "  ".join(f"{label} {count}" for label, count in counts.items()))
    for pair in section["duplicates"]["pairs"]:
        print(
            f"alike, {' and '.join(pair['splits'])}: {pair['exact']} exact, {pair['near']} near, "
            f"{pair['conflicting_labels']} with different labels"
        )
    for split, votes in section["votes"].items():
        agreement = votes["label_is_majority"]
        shown = "no clear majority" if agreement is None else f"{agreement:.1%} of the majorities"
        print(f"{split}: the label agrees with {shown} ({votes['clear_majority']} pictures)")
