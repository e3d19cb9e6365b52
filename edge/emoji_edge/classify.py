"""Classify the expression on every face of a photo.

from emoji_edge import Classifier
result = Classifier().classify("photo.jpg")
for face in result.faces:
    print(face.expressions[0].label, face.expressions[0].score)
"""

import copy
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from .contract import Contract, find_models, load_contract
from .face import FaceFinder
from .image import Box, Source, crop_face, open_photo, resize_face
from .runtime import ModelError, build_interpreter, find_runtime

FACE_MODES = ("auto", "whole", "largest")


@dataclass(frozen=True)
class Expression:
    """One of the contract's expressions with its emoji and its score, 0 to 1."""

    label: str
    emoji: str
    score: float

    @property
    def emo_score(self) -> int:
        """The score as it is shown, in percent."""
        return int(100 * self.score + 0.5)


@dataclass(frozen=True)
class FaceResult:
    """What one face shows.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the upright photo, before the crop margin.
        detection: the detector's score, 0 to 1; None where the picture was taken as the face.
        not_sure: the best score is below the contract's threshold.
        expressions: the best first.
        scores: all of them, float32 [labels], in the contract's order.
        evidence: what speaks for each expression where, float32 [h, w, labels]; its mean over
            h and w are the logits.
        pixels: the gray face that the network saw, uint8 [48, 48].
    """

    box: Box
    detection: float | None
    not_sure: bool
    expressions: tuple[Expression, ...]
    scores: np.ndarray = field(compare=False, repr=False)
    evidence: np.ndarray = field(compare=False, repr=False)
    pixels: np.ndarray = field(compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The face in the result shape that every front end shares."""
        return {
            "box": [round(value, 2) for value in self.box],
            "detection": None if self.detection is None else round(self.detection, 6),
            "not_sure": self.not_sure,
            "expressions": [
                {"label": e.label, "emoji": e.emoji, "score": round(e.score, 6)}
                for e in self.expressions
            ],
        }


@dataclass(frozen=True)
class PhotoResult:
    """The faces of one photo, largest first; size is the upright photo's width and height."""

    photo: str
    size: tuple[int, int]
    faces: tuple[FaceResult, ...]
    model: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The photo in the result shape that every front end shares."""
        return {
            "photo": self.photo,
            "size": list(self.size),
            "faces": [face.to_dict() for face in self.faces],
            "model": self.model,
        }


class FaceRunner(Protocol):
    """What a Classifier needs of a network: `Network` here, Keras's in the server."""

    name: str
    sha256: str

    def run_faces(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores [n, labels] and evidence [n, h, w, labels] of gray faces [n, 48, 48], 0 to 255."""


class Network:
    """One TFLite artifact of the expression network."""

    def __init__(self, path: Path, contract: Contract, name: str = "", threads: int = 1) -> None:
        """Load and check it; ModelError where it is damaged or is some other network."""
        self.name = name or path.stem
        runtime, _ = find_runtime()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._contract = contract
        self._interpreter = build_interpreter(runtime.Interpreter, content, str(path), threads)
        self._run = self._find_signature(path)
        self._check(path)

    def run_faces(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run gray faces, one at a time as on a device.

        Args:
            pixels: [n, 48, 48], 0 to 255.

        Returns:
            Scores, float32 [n, labels], and evidence, float32 [n, h, w, labels].
        """
        outputs = [self._run_face(face) for face in pixels]
        return np.stack([o[0] for o in outputs]), np.stack([o[1] for o in outputs])

    def _run_face(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        image = np.asarray(pixels, dtype=np.float32)[None, :, :, None]
        answer = self._run(**{self._contract.input_name: image})
        return answer[self._contract.scores_name][0], answer[self._contract.evidence_name][0]

    def _find_signature(self, path: Path) -> Any:
        names = {self._contract.scores_name, self._contract.evidence_name}
        for key, signature in self._interpreter.get_signature_list().items():
            if signature["inputs"] == [self._contract.input_name] and names <= set(
                signature["outputs"]
            ):
                return self._interpreter.get_signature_runner(key)
        raise ModelError(f"{path}: not an expression network (no signature with its names)")

    def _check(self, path: Path) -> None:
        """One run on gray must give a score for each label; it also warms the network up."""
        size, labels = self._contract.input_size, len(self._contract.labels)
        try:
            scores, evidence = self._run_face(np.full((size, size), 128, np.uint8))
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: does not run ({' '.join(str(error).split())})") from None
        if scores.shape != (labels,) or evidence.shape[2:] != (labels,):
            raise ModelError(f"{path}: its outputs are not {labels} scores and their evidence")
        if not np.isfinite(scores).all() or abs(float(scores.sum()) - 1) > 0.05:
            raise ModelError(f"{path}: damaged, its scores do not add up to one")


class Classifier:
    """Photo to expressions: decode, find faces, cut them out, run the network."""

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int = 1,
        top: int | None = None,
        face: str = "auto",
        models: Path | None = None,
        *,
        network: FaceRunner | None = None,
    ) -> None:
        """Load the network; the face detectors follow when a photo needs them.

        Args:
            model: an artifact's name in the contract, or the path of a TFLite file; the
                contract's default where None.
            threads: of the runtime. One is fastest for so small a network on most devices.
            top: how many expressions a face gets; the contract's number where None.
            face: "auto" finds faces and takes a picture of at most `small_picture` pixels as a
                face; "largest" keeps the largest face; "whole" takes every picture as a face.
            models: another folder of contract and artifacts.
            network: a loaded network that runs instead of `model`.

        Raises:
            ContractError, ModelError: the contract or the network cannot be used.
            ValueError: an argument out of range.
        """
        self.contract = load_contract(models / "contract.json" if models else None)
        self._set_options(top, face)
        if threads < 1:
            raise ValueError(f"threads is {threads}, not at least 1")
        folder = models or find_models()
        if network is None:
            name, path = find_artifact(model, self.contract, folder)
            network = Network(path, self.contract, name, threads)
        self.network: FaceRunner = network
        self.finder = FaceFinder(self.contract, folder, threads)

    def change_options(self, top: int | None = None, face: str = "auto") -> "Classifier":
        """Another with these options on the same networks, so for the same thread; ValueError."""
        other = copy.copy(self)
        other._set_options(top, face)
        return other

    def _set_options(self, top: int | None, face: str) -> None:
        self._top = self.contract.top if top is None else top
        if face not in FACE_MODES:
            raise ValueError(f"face is {face!r}, not one of {', '.join(FACE_MODES)}")
        if not 1 <= self._top <= len(self.contract.labels):
            raise ValueError(f"top is {top}, not 1 to {len(self.contract.labels)}")
        self._mode = face

    def classify(self, source: Source, name: str = "") -> PhotoResult:
        """Classify every face of a photo.

        Args:
            source: path, bytes, open binary file, Pillow image, or uint8 array [h, w, 3].
            name: stands in the result; the path's text where empty.

        Raises:
            ImageError: the picture cannot be used.
        """
        image = open_photo(source, self.contract.max_pixels)
        name = name or (str(source) if isinstance(source, str | Path) else "")
        return self.classify_image(image, name)

    def classify_image(self, image: Image.Image, name: str = "") -> PhotoResult:
        """The same for an upright RGB picture, as open_photo returns it."""
        faces = tuple(
            self._classify_face(box, detection, pixels)
            for box, detection, pixels in self.cut_faces(image)
        )
        model = {"artifact": self.network.name, "sha256": self.network.sha256}
        return PhotoResult(name, image.size, faces, model)

    def cut_faces(self, image: Image.Image) -> list[tuple[Box, float | None, np.ndarray]]:
        """Box, detector's score and gray pixels [48, 48] of each face, largest first."""
        small = max(image.size) <= self.contract.small_picture
        if self._mode == "whole" or small:
            box = (0.0, 0.0, float(image.width), float(image.height))
            return [(box, None, resize_face(image, self.contract))]
        found = self.finder.find_faces(image)
        kept = found[:1] if self._mode == "largest" else found
        return [(face.box, face.score, crop_face(image, face.box, self.contract)) for face in kept]

    def _classify_face(self, box: Box, detection: float | None, pixels: np.ndarray) -> FaceResult:
        scores, evidence = self.network.run_faces(pixels[None])
        expressions = rank_scores(scores[0], self.contract)[: self._top]
        not_sure = float(scores[0].max()) < self.contract.not_sure_below
        return FaceResult(box, detection, not_sure, expressions, scores[0], evidence[0], pixels)


def rank_scores(scores: np.ndarray, contract: Contract) -> tuple[Expression, ...]:
    """All expressions, best first; equal scores in the order of the labels. scores: [labels]."""
    order = np.argsort(-scores, kind="stable")
    labels = [contract.labels[index] for index in order]
    return tuple(
        Expression(label, contract.emoji[label], float(score))
        for label, score in zip(labels, scores[order], strict=True)
    )


def find_artifact(model: str | Path | None, contract: Contract, models: Path) -> tuple[str, Path]:
    """Name and path of a TFLite artifact: by its name in the contract, else by its path."""
    artifacts = contract.artifacts["tflite"]
    name = str(model or contract.artifacts["default"]["tflite"])
    if name in artifacts:
        return name, models / artifacts[name]
    path = Path(name)
    if not path.is_file():
        raise ModelError(f"{name}: no such file, and no artifact ({', '.join(artifacts)})")
    return path.name, path
