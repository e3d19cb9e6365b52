"""Write the goldens, inputs with Keras's answers that ship with the artifacts: models/golden.

Both self-tests, the command's and the page's, and `convert.verify` run them. A new network changes
logits, scores and label_scores only.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract
from emoji_edge.crop import crop_face, resize_face
from emoji_edge.face import FaceFinder
from emoji_edge.image import Box, open_photo
from emoji_edge.selftest import GoldenError, decode_pixels, read_goldens

from convert.prediction import Prediction

FILE = "golden/golden.json"  # under models/
ANSWERS = ("logits", "scores", "label_scores")  # of Keras, in a face's entry
Predict = Callable[[np.ndarray], Prediction]  # of uint8 pixels [n, 48, 48]


@dataclass
class GoldenFace:
    """One face: uint8 [48, 48], what Keras says of it [7]; box and detection in a photo."""

    id: str
    pixels: np.ndarray
    logits: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    label_scores: list[float] = field(default_factory=list)
    box: Box | None = None
    roll: float | None = None
    detection: float | None = None


@dataclass
class GoldenPhoto:
    """A whole photo: file relative to models/golden, upright size, faces largest first."""

    file: str
    size: tuple[int, int] = (0, 0)
    faces: list[GoldenFace] = field(default_factory=list)


@dataclass
class GoldenSet:
    """All that the file holds: label names, the network's sha256, faces and photos."""

    labels: tuple[str, ...]
    model_sha256: str
    faces: list[GoldenFace]
    photos: list[GoldenPhoto]

    @property
    def all_faces(self) -> list[GoldenFace]:
        """List the faces, then those of the photos."""
        return self.faces + [face for photo in self.photos for face in photo.faces]

    def predict(self) -> Prediction:
        """Return what Keras says of all faces, as the file has it."""
        return Prediction(
            *(
                np.array([getattr(face, name) for face in self.all_faces], np.float32)
                for name in ("scores", "label_scores", "logits")
            )
        )


def cut_photo(path: Path, name: str, contract: Contract, finder: FaceFinder) -> GoldenPhoto:
    """Find and cut the photo's faces as inference does, without scores."""
    image = open_photo(path, contract.max_pixels)
    photo = GoldenPhoto(name, image.size)
    if max(image.size) <= contract.small_picture:
        box = (0.0, 0.0, float(image.width), float(image.height))
        photo.faces.append(GoldenFace(f"{name}#0", resize_face(image, contract), box=box))
        return photo
    for i, found in enumerate(finder.find_faces(image)):
        pixels = crop_face(image, found.box, contract, found.roll)
        face = GoldenFace(f"{name}#{i}", pixels, box=found.box)
        face.roll, face.detection = found.roll, found.score
        photo.faces.append(face)
    return photo


def read_golden_set(models: Path, contract: Contract) -> GoldenSet:
    """Read the goldens of a models folder; GoldenError says what is wrong with the file."""
    values, size = read_goldens(models), contract.input_size
    try:
        return GoldenSet(
            values.labels,
            values.model_sha256,
            [_read_face(entry, entry["id"], size) for entry in values.faces],
            [_read_photo(entry, size) for entry in values.photos],
        )
    except (KeyError, TypeError) as error:
        raise GoldenError(f"{models / FILE}: damaged ({error})") from None


def _read_photo(entry: dict[str, Any], size: int) -> GoldenPhoto:
    file = entry["file"]
    faces = [_read_face(face, f"{file}#{i}", size) for i, face in enumerate(entry["faces"])]
    return GoldenPhoto(file, tuple(entry["size"]), faces)


def _read_face(entry: dict[str, Any], name: str, size: int) -> GoldenFace:
    return GoldenFace(
        name,
        decode_pixels(entry, size),
        **{answer: entry[answer] for answer in ANSWERS},
        box=tuple(entry["box"]) if "box" in entry else None,
        roll=entry.get("roll"),
        detection=entry.get("detection"),
    )


def answer_faces(golden: GoldenSet, predict: Predict) -> None:
    """Write what a network says of every face into it."""
    faces = golden.all_faces
    found = predict(np.stack([face.pixels for face in faces]))
    for i, face in enumerate(faces):
        for name in ANSWERS:
            setattr(face, name, shorten_floats(getattr(found, name)[i]))


def shorten_floats(values: np.ndarray) -> list[float]:
    """Round float32 values to the nine digits that tell them apart."""
    return [float(f"{value:.9g}") for value in values]


def write_golden_set(path: Path, golden: GoldenSet) -> None:
    """Write the file, one value a line, so that differences can be read."""
    values = {
        "labels": list(golden.labels),
        "model_sha256": golden.model_sha256,
        "faces": [_write_face(face) for face in golden.faces],
        "photos": [
            {"file": p.file, "size": list(p.size), "faces": [_write_face(f) for f in p.faces]}
            for p in golden.photos
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _write_face(face: GoldenFace) -> dict[str, Any]:
    place: dict[str, Any] = {"id": face.id}
    if face.box is not None:
        place = {"box": list(face.box), "roll": face.roll, "detection": face.detection}
    pixels = base64.b64encode(face.pixels.tobytes()).decode("ascii")
    return {**place, "pixels": pixels, **{name: getattr(face, name) for name in ANSWERS}}
