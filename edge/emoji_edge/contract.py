"""Read the contract: labels, emoji, input size, crop, thresholds, artifact names.

Every runtime reads `models/contract.json`, so that none of it stands anywhere else.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 1  # of the contracts that this program reads


class ContractError(Exception):
    """The contract cannot be used; the message names the file, the key and what is wrong."""


@dataclass(frozen=True)
class Detector:
    """A BlazeFace model: file under models/, input size in pixels, (grid, anchors a cell) pairs."""

    file: str
    size: int
    grids: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Gate:
    """What an artifact must hold against Keras, in parts of one.

    A score difference of 1.0 is no limit; there, agreement on the goldens counts the pictures on
    which Keras's best leads by `decided`.
    """

    score_difference: float
    agreement: float
    accuracy_change: float


@dataclass(frozen=True)
class SameAnswer:
    """How far two runtimes may be apart on a photo: box in pixels, score, decoded gray level."""

    box: float
    score: float
    lossy_pixel: int


@dataclass(frozen=True)
class Contract:
    """What models/contract.json says, checked. Field names follow the file."""

    labels: tuple[str, ...]
    emoji: dict[str, str]
    display_names: dict[str, str]
    input_name: str
    input_size: int
    scores_name: str
    evidence_name: str
    top: int
    gray_weights: tuple[int, int, int]
    gray_shift: int
    crop_scale: float
    crop_shift_up: float
    crop_outside: int
    small_picture: int
    max_pixels: int
    detector_threshold: float
    detector_iou: float
    cascade_below: float
    reduce_to: int
    detector_range: tuple[float, float]
    detector_boxes_name: str
    detector_scores_name: str
    detectors: dict[str, Detector]
    not_sure_below: float
    same_answer: SameAnswer
    temperature: float
    artifacts: dict[str, Any]
    gates: dict[str, Gate]  # one for each variant of artifact, TFLite or TF.js
    webgl: float  # score difference allowed on a graphics processor, whose arithmetic is its own
    decided: float


def find_models() -> Path:
    """The folder of contract and artifacts: inside the installed package, else the repository's."""
    packaged = Path(__file__).parent / "models"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "models"


def load_contract(path: Path | None = None) -> Contract:
    """Read and check the contract; ContractError says in one line what is wrong with it."""
    path = path or find_models() / "contract.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContractError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ContractError(f"{path}: not JSON ({error})") from None
    try:
        return _build_contract(_Reader(values))
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from None


class _Reader:
    """Takes checked values out of the parsed JSON by dotted key."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def take(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The value at the key, of one of the kinds."""
        value = self.values
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                raise ContractError(f"`{key}` is missing")
            value = value[part]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ContractError(f"`{key}` is {value!r}, which has the wrong type")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """A number between low and high, both included."""
        value = self.take(key, (int, float))
        if not low <= value <= high:
            raise ContractError(f"`{key}` is {value}, not within {low:g} to {high:g}")
        return value

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number between low and high, both included."""
        self.take(key, int)
        return int(self.number(key, low, high))

    def numbers(self, key: str, length: int, kind: type | tuple[type, ...]) -> tuple:
        """A list of so many numbers."""
        values = self.take(key, list)
        if len(values) != length or not all(isinstance(v, kind) for v in values):
            raise ContractError(f"`{key}` is {values!r}, not {length} numbers")
        return tuple(values)

    def texts(self, key: str, labels: tuple[str, ...]) -> dict[str, str]:
        """One text for each label, no more and no less."""
        texts = self.take(key, dict)
        if set(texts) != set(labels):
            odd = sorted(set(texts) ^ set(labels))
            raise ContractError(f"`{key}` and `labels` differ in {', '.join(odd)}")
        if not all(isinstance(text, str) and text for text in texts.values()):
            raise ContractError(f"`{key}` has an entry that is not a text")
        return texts


def _read_labels(reader: _Reader) -> tuple[str, ...]:
    labels = reader.take("labels", list)
    if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):
        raise ContractError("`labels` is not a list of at least two names")
    if len(set(labels)) != len(labels):
        raise ContractError("`labels` names one expression twice")
    return tuple(labels)


def _read_detectors(reader: _Reader) -> dict[str, Detector]:
    detectors = {}
    for name in reader.take("detector.models", dict):
        key = f"detector.models.{name}"
        grids = reader.take(f"{key}.grids", list)
        if not all(isinstance(grid, list) and len(grid) == 2 for grid in grids):
            raise ContractError(f"`{key}.grids` is not a list of [grid, anchors]")
        detectors[name] = Detector(
            reader.take(f"{key}.file", str),
            reader.whole(f"{key}.size", 32, 1024),
            tuple((int(g), int(a)) for g, a in grids),
        )
    return detectors


def _read_artifacts(reader: _Reader) -> dict[str, Any]:
    for kind in ("tflite", "tfjs"):
        default = reader.take(f"artifacts.default.{kind}", str)
        reader.take(f"artifacts.{kind}.{default}", str)
    reader.take("artifacts.keras", str)
    return reader.take("artifacts", dict)


def _read_same_answer(reader: _Reader) -> SameAnswer:
    return SameAnswer(
        reader.number("same_answer.box", 0, 100),
        reader.number("same_answer.score", 0, 1),
        reader.whole("same_answer.lossy_pixel", 0, 255),
    )


def _read_gates(reader: _Reader) -> dict[str, Gate]:
    artifacts = reader.take("artifacts", dict)
    return {
        name: Gate(
            reader.number(f"gates.artifacts.{name}.score_difference", 0, 1),
            reader.number(f"gates.artifacts.{name}.agreement", 0, 1),
            reader.number(f"gates.artifacts.{name}.accuracy_change", 0, 1),
        )
        for name in artifacts["tflite"] | artifacts["tfjs"]
    }


def _build_contract(reader: _Reader) -> Contract:
    version = reader.take("version", int)
    if version != VERSION:
        raise ContractError(f"`version` is {version}, this program reads {VERSION}")
    labels = _read_labels(reader)
    weights = reader.numbers("gray.weights", 3, int)
    shift = reader.whole("gray.shift", 1, 24)
    if sum(weights) != 1 << shift:
        raise ContractError(f"`gray.weights` add up to {sum(weights)}, not 2^{shift}")
    return Contract(
        labels=labels,
        emoji=reader.texts("emoji", labels),
        display_names=reader.texts("display_names", labels),
        input_name=reader.take("input.name", str),
        input_size=reader.whole("input.size", 8, 512),
        scores_name=reader.take("outputs.scores", str),
        evidence_name=reader.take("outputs.evidence", str),
        top=reader.whole("top", 1, len(labels)),
        gray_weights=weights,
        gray_shift=shift,
        crop_scale=reader.number("crop.scale", 0.5, 3),
        crop_shift_up=reader.number("crop.shift_up", -1, 1),
        crop_outside=reader.whole("crop.outside", 0, 255),
        small_picture=reader.whole("small_picture", 0, 4096),
        max_pixels=reader.whole("max_pixels", 1, 10**9),
        detector_threshold=reader.number("detector.threshold", 0, 1),
        detector_iou=reader.number("detector.iou", 0, 1),
        cascade_below=reader.number("detector.cascade_below", 0, 1),
        reduce_to=reader.whole("detector.reduce_to", 1, 64),
        detector_range=reader.numbers("detector.range", 2, (int, float)),
        detector_boxes_name=reader.take("detector.outputs.boxes", str),
        detector_scores_name=reader.take("detector.outputs.scores", str),
        detectors=_read_detectors(reader),
        not_sure_below=reader.number("not_sure.score_below", 0, 1),
        same_answer=_read_same_answer(reader),
        temperature=reader.number("temperature", 0.05, 20),
        artifacts=_read_artifacts(reader),
        gates=_read_gates(reader),
        webgl=reader.number("gates.webgl", 0, 1),
        decided=reader.number("gates.decided", 0, 1),
    )
