"""Look for why one group's smiles are found less often: the crop, the light, or the smiles."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge import Classifier, load_contract
from emoji_edge.crop import crop_face
from emoji_edge.image import open_photo

CONTRACT = load_contract()
HAPPY = CONTRACT.labels.index("happy")
AS_IT_IS = "as it is"
CROPS: dict[str, dict[str, Any]] = {
    AS_IT_IS: {},
    "closer": {"crop_scale": 1.0},
    "wider": {"crop_scale": 1.3},
    "lower": {"crop_shift_up": 0.0},
    "higher": {"crop_shift_up": 0.2},
}
LIGHTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "lighter": lambda gray: 255 * (gray / 255) ** 0.7,
    "darker": lambda gray: 255 * (gray / 255) ** 1.4,
    "more contrast": lambda gray: gray.mean() + 1.4 * (gray - gray.mean()),
    "less contrast": lambda gray: gray.mean() + 0.7 * (gray - gray.mean()),
}
Found = dict[str, Any]


def pick_column(groups: dict[str, dict[str, Found]]) -> str | None:
    """Pick the column of two groups of people of which one is clearly answered worse."""
    for column, kinds in groups.items():
        differences = [one["difference"] for one in kinds.values()]
        if len(kinds) == 2 and any(one and one["clear"] for one in differences):
            return column
    return None


def pair_people(results: list[Found], column: str) -> list[tuple[str, str, str]]:
    """Pair each person's neutral and smiling photo: group, neutral, smile."""
    people: dict[str, dict[str, Found]] = defaultdict(dict)
    for one in results:
        if one["scores"] and "person" in one["groups"]:
            people[one["groups"]["person"]][one["label"]] = one
    return [
        (both["happy"]["groups"][column], both["neutral"]["photo"], both["happy"]["photo"])
        for both in people.values()
        if {"happy", "neutral"} <= set(both)
    ]


def cut_variants(classifier: Classifier, path: Path) -> dict[str, np.ndarray]:
    """Cut a photo's largest face as it is, framed otherwise, and in another light."""
    photo = open_photo(path, CONTRACT.max_pixels)
    face = classifier.classify(path).faces[0]
    cuts = {
        name: crop_face(photo, face.box, dataclasses.replace(CONTRACT, **change), face.roll or 0)
        for name, change in CROPS.items()
    }
    gray = cuts[AS_IT_IS].astype(float)
    lit = {name: np.clip(light(gray), 0, 255).round() for name, light in LIGHTS.items()}
    return cuts | {name: cut.astype(np.uint8) for name, cut in lit.items()}


def measure_change(neutral: np.ndarray, smile: np.ndarray) -> float:
    """Measure by how many gray levels a smile changes the lower half of a face, in the mean."""
    half = len(neutral) // 2
    return float(np.abs(smile[half:].astype(float) - neutral[half:]).mean())


def measure_causes(folder: Path, results: list[Found], groups: Found) -> Found | None:
    """Measure by group how far smiles go, and how many are found in each crop and light.

    None where no group of two is clearly worse, or the photos are not of persons in pairs.
    """
    column = pick_column(groups)
    pairs = pair_people(results, column) if column else []
    if not pairs:
        return None
    classifier = Classifier()
    kinds = np.array([kind for kind, _, _ in pairs])
    smiles = [cut_variants(classifier, folder / Path(smile).name) for _, _, smile in pairs]
    neutral = [cut_variants(classifier, folder / Path(name).name)[AS_IT_IS] for _, name, _ in pairs]
    found = {
        name: np.array([
            classifier.network.run_faces(cuts[name][None]).scores[0].argmax() == HAPPY
            for cuts in smiles
        ])
        for name in smiles[0]
    }  # fmt: skip
    changes = np.array([
        measure_change(one, cuts[AS_IT_IS]) for one, cuts in zip(neutral, smiles, strict=True)
    ])  # fmt: skip
    return {"column": column} | summarize_causes(kinds, found, changes)


def summarize_causes(kinds: np.ndarray, found: dict[str, np.ndarray], changes: np.ndarray) -> Found:
    """Summarize by group: the share found in each variant, and the mean change of found and missed.

    Args:
        kinds: each person's group, [n].
        found: bool [n] of each variant, `as it is` among them.
        changes: by how many gray levels each smile changes the face, [n].
    """
    right = found[AS_IT_IS]
    groups = sorted(set(kinds))
    return {
        "found": {
            name: {kind: float(hits[kinds == kind].mean()) for kind in groups}
            for name, hits in found.items()
        },
        "change": {kind: float(changes[kinds == kind].mean()) for kind in groups},
        "change_found": float(changes[right].mean()) if right.any() else None,
        "change_missed": float(changes[~right].mean()) if (~right).any() else None,
    }
