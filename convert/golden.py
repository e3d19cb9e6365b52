"""Golden inputs with Keras's answers, which ship with the artifacts: models/golden/golden.json.

Both self-tests, the command's and the page's, and `convert.verify` run them. A new network changes
logits and scores only.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract, find_models
from emoji_edge.face import FaceFinder
from emoji_edge.image import Box, crop_face, open_photo, resize_face

GOLDEN = find_models() / "golden" / "golden.json"
Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # pixels to scores and logits


class GoldenError(Exception):
    """The goldens cannot be used; the message says why."""


@dataclass
class Face:
    """One face: uint8 [48, 48], Keras's logits and scores [7]; box and detection in a photo."""

    id: str
    pixels: np.ndarray
    logits: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    box: Box | None = None
    detection: float | None = None


@dataclass
class Photo:
    """A whole photo: file relative to models/golden, upright size, faces largest first."""

    file: str
    size: tuple[int, int] = (0, 0)
    faces: list[Face] = field(default_factory=list)


@dataclass
class Golden:
    """The file: label names, the network's sha256, faces and photos."""

    labels: tuple[str, ...]
    model_sha256: str
    faces: list[Face]
    photos: list[Photo]

    @property
    def all_faces(self) -> list[Face]:
        """The faces, then those of the photos."""
        return self.faces + [face for photo in self.photos for face in photo.faces]


def encode_pixels(pixels: np.ndarray) -> str:
    """uint8 [48, 48] as base64, row by row."""
    return base64.b64encode(pixels.tobytes()).decode("ascii")


def decode_pixels(text: str, size: int) -> np.ndarray:
    """The reverse; GoldenError where it is no such picture."""
    data = base64.b64decode(text)
    if len(data) != size * size:
        raise GoldenError(f"a golden face has {len(data)} pixels, expected {size * size}")
    return np.frombuffer(data, np.uint8).reshape(size, size)


def cut_photo(path: Path, name: str, contract: Contract, finder: FaceFinder) -> Photo:
    """The photo's faces as inference finds and cuts them, without scores."""
    image = open_photo(path, contract.max_pixels)
    photo = Photo(name, image.size)
    if max(image.size) <= contract.small_picture:
        box = (0.0, 0.0, float(image.width), float(image.height))
        photo.faces.append(Face(f"{name}#0", resize_face(image, contract), box=box))
        return photo
    for i, found in enumerate(finder.find_faces(image)):
        pixels = crop_face(image, found.box, contract)
        photo.faces.append(Face(f"{name}#{i}", pixels, box=found.box, detection=found.score))
    return photo


def read_golden(path: Path, contract: Contract) -> Golden:
    """The goldens at the path; GoldenError says what is wrong with the file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GoldenError(f"{path}: cannot be read ({error})") from None
    size = contract.input_size
    return Golden(
        labels=tuple(values["labels"]),
        model_sha256=values["model_sha256"],
        faces=[_read_face(entry, entry["id"], size) for entry in values["faces"]],
        photos=[
            Photo(
                photo["file"],
                tuple(photo["size"]),
                [_read_face(f, f"{photo['file']}#{i}", size) for i, f in enumerate(photo["faces"])],
            )
            for photo in values["photos"]
        ],
    )


def _read_face(entry: dict[str, Any], name: str, size: int) -> Face:
    return Face(
        name,
        decode_pixels(entry["pixels"], size),
        entry["logits"],
        entry["scores"],
        tuple(entry["box"]) if "box" in entry else None,
        entry.get("detection"),
    )


def answer_faces(golden: Golden, predict: Predict) -> None:
    """Write a network's logits and scores into every face."""
    faces = golden.all_faces
    scores, logits = predict(np.stack([face.pixels for face in faces]))
    for face, face_scores, face_logits in zip(faces, scores, logits, strict=True):
        face.scores, face.logits = round_numbers(face_scores), round_numbers(face_logits)


def round_numbers(values: np.ndarray) -> list[float]:
    """float32 values with the nine digits that tell them apart."""
    return [float(f"{value:.9g}") for value in values]


def write_golden(path: Path, golden: Golden) -> None:
    """Write the file; one face a line, so that differences can be read."""
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


def _write_face(face: Face) -> dict[str, Any]:
    place: dict[str, Any] = {"id": face.id}
    if face.box is not None:
        place = {"box": list(face.box), "detection": face.detection}
    answers = {"logits": face.logits, "scores": face.scores}
    return {**place, "pixels": encode_pixels(face.pixels), **answers}


def find_sha256(path: Path) -> str:
    """Of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
