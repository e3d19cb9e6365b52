"""Choose the pictures that int8's ranges are measured on, and keep the record of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract
from emoji_edge.crop import resize_face
from emoji_edge.image import open_photo

from training.data import TRAINING, DataError, Faces

RECORD = "tflite/calibration.json"  # under models/: what int8 was calibrated on
TRAINED = "FER-2013's Training split"
SUBSTITUTE = "the golden faces, for want of training pictures"
NOT_FACES = ("noise", "constant", "checker", "left", "top", "ramp", "one")
PER_LABEL = 20  # pictures of each label, 140 in all; more of them make wider, coarser ranges
SEED = 2013


def choose_calibration(
    faces: Faces | None, golden: dict[str, np.ndarray], contract: Contract
) -> tuple[np.ndarray, dict[str, Any]]:
    """Choose int8's pictures, uint8 [n, 48, 48], and write down which they are.

    140 of the Training split, or, where there is no data, the golden faces, by id, that show one.
    All pass through the function that prepares a face for inference.
    """
    record: dict[str, Any]
    if faces is None:
        shown = {name: face for name, face in golden.items() if not name.startswith(NOT_FACES)}
        record = {"source": SUBSTITUTE, "ids": list(shown)}
        pictures = list(shown.values())
    else:
        training = faces.select(faces.splits == TRAINING)
        rows = pick_balanced(training.labels)
        record = {"source": TRAINED, "seed": SEED, "ids": training.ids[rows].tolist()}
        pictures = list(training.images[rows])
    images = [open_photo(pixels, contract.max_pixels) for pixels in pictures]
    return np.stack([resize_face(image, contract) for image in images]), record


def pick_balanced(labels: np.ndarray, per_label: int = PER_LABEL, seed: int = SEED) -> np.ndarray:
    """Pick sorted rows, as many of each label, from labels, int [n]; DataError if there are few."""
    rng = np.random.default_rng(seed)
    rows = []
    for label in np.unique(labels):
        here = np.nonzero(labels == label)[0]
        if len(here) < per_label:
            raise DataError(f"{len(here)} pictures of label {label}, int8 needs {per_label}")
        rows.append(rng.choice(here, per_label, replace=False))
    if not rows:
        raise DataError("no picture of the Training split, on which int8 could be calibrated")
    return np.sort(np.concatenate(rows))


def read_record(models: Path) -> dict[str, Any]:
    """Read what int8 was calibrated on; empty where there is no record."""
    file = models / RECORD
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def is_calibrated(models: Path, int8: str, source: str) -> bool:
    """Tell whether the int8 there was calibrated on training pictures for this very network."""
    record = read_record(models)
    wanted = {"model_sha256": source, "source": TRAINED}
    return wanted.items() <= record.items() and (models / int8).exists()
