"""Classify the expression on every face of a photo.

from emoji_edge import Classifier
result = Classifier().classify("photo.jpg")
for face in result.faces:
    print(face.expressions[0].label, face.expressions[0].score)
"""

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from .contract import Contract, find_models, load_contract
from .crop import check_box, check_inside, crop_face, resize_face
from .face import FaceFinder, FinderOptions
from .image import Box, Source, open_photo
from .network import FaceRunner, Network, find_artifact
from .result import FACE_MODES, GIVEN, HEADS, Expression, FaceResult, PhotoResult
from .runtime import MAX_THREADS, silence_runtime


@dataclass(frozen=True)
class ClassifierOptions:
    """How to classify: Classifier's arguments, for whoever builds one later or elsewhere."""

    model: str | Path | None = None
    threads: int = 1
    top: int | None = None
    face: str = "auto"
    rank_by: str = HEADS[0]
    finder: FinderOptions = field(default_factory=FinderOptions)

    def build(self) -> "Classifier":
        """Build the classifier, without what the runtime says; ModelError, ContractError."""
        with silence_runtime():
            return Classifier(
                self.model,
                self.threads,
                self.top,
                self.face,
                rank_by=self.rank_by,
                finder=self.finder,
            )

    def choose_top(self, contract: Contract) -> int:
        """How many expressions a face gets: these options' number, else the contract's."""
        return contract.top if self.top is None else self.top


class CutFace(NamedTuple):
    """A face as the network will see it.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the upright photo.
        roll: how far the head is tilted clockwise, in degrees; None where nothing was detected.
        detection: the detector's score, 0 to 1; None likewise.
        pixels: gray levels, uint8 [48, 48].
    """

    box: Box
    roll: float | None
    detection: float | None
    pixels: np.ndarray


class Classifier:
    """Classifies photos: decodes them, finds the faces, cuts them out and runs the network."""

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int = 1,
        top: int | None = None,
        face: str = "auto",
        models: Path | None = None,
        *,
        network: FaceRunner | None = None,
        rank_by: str = HEADS[0],
        finder: FinderOptions = FinderOptions(),  # noqa: B008 (frozen)
    ) -> None:
        """Load the network; the face detectors follow when a photo needs them.

        Args:
            model: an artifact's name in the contract, or the path of a TFLite file; the
                contract's default where None.
            threads: how many the runtime uses; one is fastest for so small a network mostly.
            top: how many expressions a face gets; the contract's number where None.
            face: "auto" finds faces and takes a picture of at most `small_picture` pixels as a
                face; "largest" keeps the largest face; "whole" takes every picture as a face.
            models: another folder of contract and artifacts.
            network: a loaded network that runs instead of `model`.
            rank_by: "scores" ranks expressions by what people would say, "label_scores" by what
                FER-2013's own label would be, for comparison; the result then says so.
            finder: how to look for faces.

        Raises:
            ContractError, ModelError: the contract or the network cannot be used.
            ValueError: an argument out of range.
        """
        self.contract = load_contract(models / "contract.json" if models else None)
        self._set_options(top, face, rank_by, finder)
        if not 1 <= threads <= MAX_THREADS:
            raise ValueError(f"threads is {threads}, not 1 to {MAX_THREADS}")
        folder = models or find_models()
        if network is None:
            name, path = find_artifact(model, self.contract, folder)
            network = Network(path, self.contract, name, threads)
        self.network: FaceRunner = network
        self.finder = FaceFinder(self.contract, folder, threads)

    def change_options(
        self,
        top: int | None = None,
        face: str = "auto",
        rank_by: str = HEADS[0],
        finder: FinderOptions = FinderOptions(),  # noqa: B008 (frozen)
    ) -> "Classifier":
        """Make another with these options on the same networks, for the same thread; ValueError."""
        other = copy.copy(self)
        other._set_options(top, face, rank_by, finder)
        return other

    def use_tiles(self, tiles: bool) -> "Classifier":
        """Another that differs in whether large pictures are also searched in tiles."""
        other = copy.copy(self)
        other._finder_options = replace(self._finder_options, tiles=tiles)
        return other

    def _set_options(self, top: int | None, face: str, rank_by: str, finder: FinderOptions) -> None:
        self._top = self.contract.top if top is None else top
        if face not in FACE_MODES:
            raise ValueError(f"face is {face!r}, not one of {', '.join(FACE_MODES)}")
        if rank_by not in HEADS:
            raise ValueError(f"rank_by is {rank_by!r}, not one of {', '.join(HEADS)}")
        if not 1 <= self._top <= len(self.contract.labels):
            raise ValueError(f"top is {top}, not 1 to {len(self.contract.labels)}")
        self._mode = face
        self._rank_by = rank_by
        self._finder_options = finder

    def classify(
        self, source: Source, name: str = "", boxes: Sequence[Box] | None = None
    ) -> PhotoResult:
        """Classify every face of a photo.

        Args:
            source: a path, bytes, an open binary file or stream, which is read from its start, a
                Pillow image, or an array of uint8 [h, w, 3].
            name: stands in the result; the path's text where empty.
            boxes: where the faces are, if the caller knows. Then nothing is detected, and each box
                is cut out as it is, without a margin.

        Raises:
            ImageError: the picture cannot be used.
            TypeError: the source is nothing that a picture can come from.
            BoxError: a box is none, lies outside the picture, or is over four times as long as
                its longer side; it is a ValueError.
        """
        image = open_photo(source, self.contract.max_pixels)
        name = name or (os.fsdecode(source) if isinstance(source, str | os.PathLike) else "")
        return self.classify_image(image, name, boxes)

    def classify_image(
        self, image: Image.Image, name: str = "", boxes: Sequence[Box] | None = None
    ) -> PhotoResult:
        """Classify every face of an upright RGB picture, as open_photo returns it."""
        cut = self.cut_faces(image) if boxes is None else self.cut_boxes(image, boxes)
        faces = tuple(self._classify_face(face) for face in cut)
        model = {"artifact": self.network.name, "sha256": self.network.sha256}
        mode = self._mode if boxes is None else GIVEN
        finder = self._finder_options.list_chosen() if boxes is None else {}
        return PhotoResult(name, image.size, faces, model, self._rank_by, mode, finder)

    def cut_faces(self, image: Image.Image) -> list[CutFace]:
        """Find the faces of an upright RGB picture and cut them out, largest first."""
        small = max(image.size) <= self.contract.small_picture
        if self._mode == "whole" or small:
            box = (0.0, 0.0, float(image.width), float(image.height))
            return [CutFace(box, None, None, resize_face(image, self.contract))]
        found = self.finder.find_faces(image, self._finder_options)
        return [
            CutFace(
                face.box,
                face.roll,
                face.score,
                crop_face(image, face.box, self.contract, face.roll),
            )
            for face in (found[:1] if self._mode == "largest" else found)
        ]

    def cut_boxes(self, image: Image.Image, boxes: Sequence[Box]) -> list[CutFace]:
        """Cut the caller's boxes out of an upright RGB picture, in their order; BoxError."""
        checked = [check_box(box) for box in boxes]
        for box in checked:
            check_inside(box, image.size, self.contract.longest_box)
        return [CutFace(b, None, None, resize_face(image, self.contract, b)) for b in checked]

    def _classify_face(self, face: CutFace) -> FaceResult:
        outputs = self.network.run_faces(face.pixels[None])
        scores, label_scores, evidence = (output[0] for output in outputs)
        shown = scores if self._rank_by == HEADS[0] else label_scores
        expressions = rank_scores(shown, self.contract)[: self._top]
        not_sure = float(scores.max()) < self.contract.not_sure_below
        return FaceResult(
            face.box,
            face.roll,
            face.detection,
            not_sure,
            expressions,
            scores,
            label_scores,
            evidence,
            face.pixels,
        )


def rank_scores(scores: np.ndarray, contract: Contract) -> tuple[Expression, ...]:
    """All expressions, best first; equal scores in the order of the labels. scores: [labels]."""
    order = np.argsort(-scores, kind="stable")
    labels = [contract.labels[index] for index in order]
    return tuple(
        Expression(label, contract.emoji[label], float(score))
        for label, score in zip(labels, scores[order], strict=True)
    )
