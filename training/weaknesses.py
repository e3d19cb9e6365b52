"""Where the network fails: by light, by how much people agree, by hidden pixels, by the crop.

Aggregates only. What is drawn at random is seeded, so that two networks meet the same pictures.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image

from training.data import Faces, find_majority, share_votes
from training.shares import measure_fraction

SEED = 2013
SLICES = {  # bounds: gray levels, gray levels, share of the votes that the most named class has
    "brightness": (0, 64, 96, 128, 160, 256),
    "contrast": (0, 32, 48, 64, 128),
    "voters_agreeing": (0, 0.6, 0.8, 0.999, 1.001),
}
HIDDEN = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)  # shares of the pixels
DRAWS = 8  # crops of each face
SHIFT, SCALE = 0.08, 0.15  # how far they vary either way, as shares of the side
SHIFT_BOUNDS = (0, 0.02, 0.04, 0.06, 0.08)
SCALE_BOUNDS = (-0.15, -0.09, -0.03, 0.03, 0.09, 0.15)

Predict = Callable[[np.ndarray], np.ndarray]  # uint8 [n, 48, 48] to both heads' scores [n, 2, 7]


def measure_truths(scores: np.ndarray, faces: Faces) -> dict:
    """Hold each head of scores [n, 2, 7] against its truth: `labels`, and `votes` or None."""
    majority = find_majority(faces.votes)
    clear = majority >= 0
    top = scores.argmax(axis=2)
    return {
        "labels": measure_fraction(top[:, 1] == faces.labels),
        "votes": measure_fraction((top[:, 0] == majority)[clear]) if clear.any() else None,
    }


# ---- what the pictures are like --------------------------------------------------------------


def slice_faces(scores: np.ndarray, faces: Faces) -> dict:
    """Measure agreement with the voters by light, contrast, and how much the voters agree.

    Each part also holds label_scores' accuracy on its labels and the mean best of the scores.
    Nothing without votes.
    """
    pictures = faces.images.reshape(len(faces), -1).astype(np.float32)
    clear = find_majority(faces.votes) >= 0
    if not clear.any():
        return {}
    values = {
        "brightness": pictures.mean(axis=1),
        "contrast": pictures.std(axis=1),
        "voters_agreeing": share_votes(faces.votes)[0].max(axis=1),
    }
    return {
        name: [
            {"low": low, "high": high} | measure_part(scores[here], faces.select(here))
            for low, high in pairwise(bounds)
            if (here := clear & (values[name] >= low) & (values[name] < high)).any()
        ]
        for name, bounds in SLICES.items()
    }


def measure_part(scores: np.ndarray, faces: Faces) -> dict:
    """Measure one slice, all of whose pictures have a majority, against both truths."""
    truths = measure_truths(scores, faces)
    best = scores[:, 0].max(axis=1)
    return truths["votes"] | {"labels": truths["labels"], "score": float(best.mean())}


# ---- hidden pixels ---------------------------------------------------------------------------


def hide_pixels(images: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Copy pictures with one black rectangle a picture, of this share of its area (at most 0.5).

    The rectangle lies anywhere inside and is up to twice as high as wide, or as wide as high.
    """
    hidden = images.copy()
    height, width = images.shape[1:]
    for image in hidden:
        aspect = np.exp(rng.uniform(-np.log(2), np.log(2)))
        rows = min(height, round(height * np.sqrt(share * aspect)))
        columns = min(width, round(share * height * width / max(rows, 1)))
        top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
        image[top : top + rows, left : left + columns] = 0
    return hidden


def measure_occlusion(predict: Predict, faces: Faces) -> list[dict]:
    """Measure both heads for each share of the pixels hidden."""
    return [
        {"hidden": share}
        | measure_truths(
            predict(hide_pixels(faces.images, share, np.random.default_rng(SEED))), faces
        )
        for share in HIDDEN
    ]


# ---- the detector's crop ---------------------------------------------------------------------


def move_crop(image: np.ndarray, dx: float, dy: float, scale: float) -> np.ndarray:
    """See the picture as a crop shifted by (dx, dy) sides, 1 + scale as wide, would.

    uint8 [s, s] to the same, bilinear, black outside.
    """
    side = len(image)
    grown = 1 + scale
    left, top = (side * (0.5 + d - grown / 2) for d in (dx, dy))
    moved = Image.fromarray(image).transform(
        (side, side),
        Image.Transform.AFFINE,
        (grown, 0, left, 0, grown, top),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(moved)


def draw_crops(count: int) -> np.ndarray:
    """Draw every crop's shift right, shift down and growth: float64 [draws, count, 3], uniform."""
    return np.random.default_rng(SEED).uniform(-1, 1, (DRAWS, count, 3)) * (SHIFT, SHIFT, SCALE)


def move_crops(images: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Move each picture of [n, s, s] by its own crop of [n, 3]."""
    moves = zip(images, crops, strict=True)
    return np.stack([move_crop(image, *crop) for image, crop in moves])


def measure_crop(predict: Predict, faces: Faces) -> dict:
    """Measure how often the first answer changes when the crop moves as the face detector's does.

    Of `scores`; `labels` holds how often label_scores' first answer changes.
    """
    crops = draw_crops(len(faces))
    before = predict(faces.images).argmax(axis=2)
    after = [predict(move_crops(faces.images, draw)).argmax(axis=2) for draw in crops]
    changed = np.stack(after) != before
    labels = changed[..., 1]
    return summarize_changes(changed[..., 0], crops) | {
        "labels": {
            "changed": float(labels.mean()),
            "ever_changed": measure_fraction(labels.any(axis=0)),
        }
    }


def summarize_changes(changed: np.ndarray, crops: np.ndarray) -> dict:
    """Summarize answers changed [draws, n]: in all, by draw, by face, by how far the crop moved."""
    moves = {
        "shift": (np.abs(crops[..., :2]).max(axis=-1), SHIFT_BOUNDS),
        "scale": (crops[..., 2], SCALE_BOUNDS),
    }
    return {
        "changed": float(changed.mean()),
        "draws": [measure_fraction(row) for row in changed],
        "ever_changed": measure_fraction(np.any(changed, axis=0)),
    } | {
        name: [
            {"low": low, "high": high, "crops": len(part), "changed": float(part.mean())}
            for low, high in pairwise(bounds)
            if len(part := changed[(values >= low) & (values < high)])
        ]
        for name, (values, bounds) in moves.items()
    }


def measure_weaknesses(predict: Predict, faces: Faces) -> dict:
    """Measure what needs the network itself: hidden pixels and the crop."""
    return {
        "occlusion": measure_occlusion(predict, faces),
        "crop": {"shift_within": SHIFT, "scale_within": SCALE} | measure_crop(predict, faces),
    }
