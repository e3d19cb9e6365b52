"""Find faces with MediaPipe's BlazeFace: the short-range model, then the back model if needed.

A model sees the photo fitted into its square input, centred on black, as values of the contract's
range. It answers for 896 anchors, each at the centre of a grid cell: a box relative to the anchor
and a score before the sigmoid. Overlapping boxes become their mean weighted by score.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .contract import Contract, Detector, find_models
from .image import Box, resize
from .runtime import load_interpreter


@dataclass(frozen=True)
class Face:
    """Box of a face in pixels of the upright photo, and the detector's score, 0 to 1."""

    box: Box
    score: float

    @property
    def area(self) -> float:
        """In square pixels."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


class FaceDetector:
    """One BlazeFace model."""

    def __init__(self, detector: Detector, contract: Contract, models: Path, threads: int) -> None:
        self._contract = contract
        self._size = detector.size
        self._anchors = make_anchors(detector)
        low, high = contract.detector_range
        self._scale, self._low = np.float32((high - low) / 255), np.float32(low)
        self._interpreter = load_interpreter(models / detector.file, threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # The names come from MediaPipe's file, which has no signatures.
        self._outputs = {d["name"]: d["index"] for d in self._interpreter.get_output_details()}

    def detect(self, image: Image.Image) -> list[Face]:
        """Faces in an RGB picture, most certain first."""
        square, frame = fit_square(image, self._size, self._contract.reduce_to)
        self._fill_input(square)
        self._interpreter.invoke()
        found = merge_boxes(*self._decode(), self._contract.detector_iou)
        return [Face(_unfit(box, frame, image), score) for box, score in found]

    def _fill_input(self, square: Image.Image) -> None:
        """In the runtime's own memory: a third of the time of an array that it copies."""
        values = self._interpreter.tensor(self._input)()[0]
        values[...] = np.asarray(square)
        values *= self._scale
        values += self._low

    def _decode(self) -> tuple[np.ndarray, np.ndarray]:
        """Boxes [n, 4] in pixels of the square input and scores [n] of the anchors with a face."""
        logits = self._read(self._contract.detector_scores_name)[:, 0].astype(np.float64)
        scores = 1 / (1 + np.exp(-np.clip(logits, -100, 100)))
        (kept,) = np.nonzero(scores >= self._contract.detector_threshold)
        raw = self._read(self._contract.detector_boxes_name)[kept, :4].astype(np.float64)
        centres = raw[:, :2] + self._anchors[kept] * self._size
        boxes = np.concatenate([centres - raw[:, 2:] / 2, centres + raw[:, 2:] / 2], axis=1)
        usable = np.isfinite(boxes).all(axis=1) & (raw[:, 2:] > 0).all(axis=1)
        return boxes[usable], scores[kept][usable]

    def _read(self, name: str) -> np.ndarray:
        return self._interpreter.get_tensor(self._outputs[name])[0]


class FaceFinder:
    """The two models in turn; the second is loaded when the first photo needs it."""

    def __init__(self, contract: Contract, models: Path | None = None, threads: int = 1) -> None:
        self._contract = contract
        self._models = models or find_models()
        self._threads = threads
        self._loaded: dict[str, FaceDetector] = {}

    def find_faces(self, image: Image.Image) -> list[Face]:
        """Faces in an RGB picture, largest first.

        The back model runs where the short one finds nothing, or where its most certain box is
        under the contract's part of the photo's longer side; if it finds any, its boxes replace
        the first's.
        """
        faces = self.load_detector("short").detect(image)
        if not faces or self._is_small(faces[0], image):
            faces = self.load_detector("back").detect(image) or faces
        return sorted(faces, key=lambda face: (-face.area, -face.score, face.box))

    def load_detector(self, name: str) -> FaceDetector:
        """The detector of that name in the contract, loaded once."""
        if name not in self._loaded:
            detector = self._contract.detectors[name]
            self._loaded[name] = FaceDetector(detector, self._contract, self._models, self._threads)
        return self._loaded[name]

    def _is_small(self, face: Face, image: Image.Image) -> bool:
        longer = max(face.box[2] - face.box[0], face.box[3] - face.box[1])
        return longer < self._contract.cascade_below * max(image.size)


def make_anchors(detector: Detector) -> np.ndarray:
    """Centres of all anchors as x, y in parts of the input, float64 [n, 2]: by row, then column."""
    centres = []
    for grid, per_cell in detector.grids:
        steps = (np.arange(grid) + 0.5) / grid
        x, y = np.meshgrid(steps, steps)
        centres.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), per_cell, axis=0))
    return np.concatenate(centres)


def fit_square(
    image: Image.Image, size: int, reduce_to: int
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Resize a picture so that its longer side is size and centre it on a black square.

    Each side becomes max(1, floor(side * size / longer + 0.5)); the margins left and above are
    (size - side) // 2. A picture whose longer side is f * reduce_to * size or more, f the largest
    whole number for which it is, is reduced by f before.

    Returns the square and (left, top, width, height) of the picture in it.
    """
    longer = max(image.size)
    width = max(1, math.floor(image.width * size / longer + 0.5))
    height = max(1, math.floor(image.height * size / longer + 0.5))
    left, top = (size - width) // 2, (size - height) // 2
    square = Image.new("RGB", (size, size))
    factor = max(1, longer // (reduce_to * size))
    square.paste(resize(image, width, height, factor), (left, top))
    return square, (left, top, width, height)


def merge_boxes(boxes: np.ndarray, scores: np.ndarray, iou: float) -> list[tuple[Any, float]]:
    """Weighted non-maximum suppression, as MediaPipe's.

    The best box takes all that overlap it by more than iou into their mean weighted by score and
    keeps its own score; then the best of the rest. Equal scores go by index.

    Args:
        boxes: [n, 4]. scores: [n].

    Returns:
        Pairs of box [4] and score, best first.
    """
    merged = []
    order = np.argsort(-scores, kind="stable")
    while len(order):
        best = order[0]
        near = _measure_overlap(boxes[best], boxes[order]) > iou
        near[0] = True
        group = order[near]
        weights = scores[group]
        merged.append((weights @ boxes[group] / weights.sum(), float(scores[best])))
        order = order[~near]
    return merged


def _measure_overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with each of boxes [n, 4]."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return common / (np.prod(box[2:] - box[:2]) + areas - common)


def _unfit(box: np.ndarray, frame: tuple[int, int, int, int], image: Image.Image) -> Box:
    left, top, width, height = frame
    across, down = image.width / width, image.height / height
    x0, y0, x1, y1 = (float(v) for v in box)
    return (x0 - left) * across, (y0 - top) * down, (x1 - left) * across, (y1 - top) * down
