"""Run MediaPipe's BlazeFace: one square picture in, boxes with the eyes' places out.

A model answers for 896 anchors, each at the centre of a grid cell: a box relative to the anchor,
six keypoints (right eye, left eye, nose, mouth, right ear, left ear) and a score before the
sigmoid. Overlapping boxes become their mean weighted by score.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .contract import Contract, Detector, Form
from .runtime import load_interpreter


@dataclass(frozen=True)
class Detection:
    """What a detector sees in its square input, in pixels of that.

    Attributes:
        points: float64 [6, 2], x and y of the box's corners (left top, right bottom), of the right
            eye, the left eye, the nose and the mouth.
        score: 0 to 1.
    """

    points: np.ndarray
    score: float

    @property
    def roll(self) -> float:
        """How far the line of the eyes is tilted, in degrees clockwise, -180 to 180."""
        x, y = self.points[3] - self.points[2]
        return math.degrees(math.atan2(y, x))

    @property
    def side(self) -> float:
        """The box's longer side, in pixels of the square."""
        return float((self.points[1] - self.points[0]).max())

    def forms_face(self, form: Form) -> bool:
        """Whether nose and mouth lie below the eyes as far as they do in a face."""
        _, _, right, left, nose, mouth = self.points
        eyes = left - right
        apart = float(np.hypot(*eyes))
        if not apart >= form.eyes * self.side > 0:
            return False
        axes = np.array([eyes, (-eyes[1], eyes[0])]) / apart**2  # across and down, eyes 1 apart
        across, down = axes @ np.stack([nose, mouth], axis=1) - (axes @ (left + right) / 2)[:, None]
        return all(
            abs(across[i]) <= aside and least <= down[i] <= most
            for i, (aside, least, most) in enumerate((form.nose, form.mouth))
        )


class FaceDetector:
    """One BlazeFace model in the TFLite runtime."""

    def __init__(self, detector: Detector, contract: Contract, models: Path, threads: int) -> None:
        """Load the model; ModelError where its file is missing or damaged."""
        self._contract = contract
        self.size = detector.size
        self._anchors = make_anchors(detector)
        low, high = contract.detector_range
        self._scale, self._low = np.float32((high - low) / 255), np.float32(low)
        self._interpreter = load_interpreter(models / detector.file, threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # The names come from MediaPipe's file, which has no signatures.
        self._outputs = {d["name"]: d["index"] for d in self._interpreter.get_output_details()}

    def detect(self, square: Image.Image, threshold: float) -> list[Detection]:
        """Faces of at least that score in an RGB picture [size, size], most certain first."""
        self._fill_input(square)
        self._interpreter.invoke()
        return self._decode(threshold)

    def _fill_input(self, square: Image.Image) -> None:
        """In the runtime's own memory: a third of the time of an array that it copies."""
        values = self._interpreter.tensor(self._input)()[0]
        values[...] = np.asarray(square)
        values *= self._scale
        values += self._low

    def _decode(self, threshold: float) -> list[Detection]:
        """What is in the outputs, overlapping detections merged."""
        logits = self._read(self._contract.detector_scores_name)[:, 0].astype(np.float64)
        (likely,) = np.nonzero(logits >= math.log(threshold / (1 - threshold)) - 1e-6)
        if not len(likely):
            return []
        scores = 1 / (1 + np.exp(-np.clip(logits[likely], -100, 100)))
        kept, scores = likely[scores >= threshold], scores[scores >= threshold]
        raw = self._read(self._contract.detector_boxes_name)[kept, :12].astype(np.float64)
        origin = self._anchors[kept] * self.size
        centres, half = raw[:, :2] + origin, raw[:, 2:4] / 2
        marks = raw[:, 4:] + np.tile(origin, 4)
        values = np.concatenate([centres - half, centres + half, marks], axis=1)
        usable = np.isfinite(values).all(axis=1) & (half > 0).all(axis=1)
        return [
            Detection(points.reshape(-1, 2), score)
            for points, score in merge_boxes(
                values[usable], scores[usable], self._contract.detector_iou
            )
        ]

    def _read(self, name: str) -> np.ndarray:
        return self._interpreter.get_tensor(self._outputs[name])[0]


def make_anchors(detector: Detector) -> np.ndarray:
    """Centres of all anchors as x, y in parts of the input, float64 [n, 2]: by row, then column."""
    centres = []
    for grid, per_cell in detector.grids:
        steps = (np.arange(grid) + 0.5) / grid
        x, y = np.meshgrid(steps, steps)
        centres.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), per_cell, axis=0))
    return np.concatenate(centres)


def merge_boxes(
    values: np.ndarray, scores: np.ndarray, iou: float
) -> list[tuple[np.ndarray, float]]:
    """Merge overlapping boxes by weighted non-maximum suppression, as MediaPipe does.

    The best box takes all that overlap it by more than iou into their mean weighted by score and
    keeps its own score; then the best of the rest. Equal scores go by index.

    Args:
        values: float [n, 4 or more], the box and what else is averaged with it.
        scores: float [n].
        iou: intersection over union, 0 to 1.

    Returns:
        Pairs of values and score, best first.
    """
    merged = []
    order = np.argsort(-scores, kind="stable")
    while len(order):
        best = order[0]
        near = measure_overlaps(values[best], values[order]) > iou
        near[0] = True
        group = order[near]
        weights = scores[group]
        merged.append((weights @ values[group] / weights.sum(), float(scores[best])))
        order = order[~near]
    return merged


def measure_overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box [4 or more] with each of boxes [n, 4 or more]."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:4], boxes[:, 2:4])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    return common / (np.prod(box[2:4] - box[:2]) + areas - common)
