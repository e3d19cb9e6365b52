"""Read the contract: labels, emoji, input size, crop, thresholds, artifact names.

Every runtime reads `models/contract.json`, so that none of it stands anywhere else. What its keys
mean and may be stands in `models/contract.schema.json`, which JavaScript checks it against too.
"""

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastjsonschema

from .errors import EmojiError

VERSION = 1  # of the contracts that this program reads


class ContractError(EmojiError):
    """The contract cannot be used; the message names the file, the key and what is wrong."""


@dataclass(frozen=True)
class Detector:
    """A BlazeFace model: its files below models/, input size in pixels, and its anchors.

    Attributes:
        file: for TFLite.
        tfjs: for TensorFlow.js.
        size: pixels of a side of the input.
        grids: pairs of grid and anchors a cell.
    """

    file: str
    tfjs: str
    size: int
    grids: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Look:
    """How a detector looks closer at a face.

    Attributes:
        scale: how many times the box's side is cut out.
        samples: how many samples a side each pixel of the cut is the mean of.
        reduce_to: the photo is first reduced by whole factors to so many times what is sampled.
        reach: how far from the middle the face may be, in parts of the cut.
        sure: the score from which nothing else is tried.
        sure_roll: degrees up to which a sure face is taken without a closer look.
        level_roll: degrees up to which the eyes are level.
        times: how often a face is turned until its eyes are level.
    """

    scale: float
    samples: int
    reduce_to: int
    reach: float
    sure: float
    sure_roll: float
    level_roll: float
    times: int


@dataclass(frozen=True)
class Form:
    """Where a face's keypoints are, with the eyes level and one apart, from their middle.

    Attributes:
        eyes: the least distance of the eyes, in parts of the box.
        nose: how far the nose may be aside, and how far below it is at least and at most.
        mouth: the same of the mouth.
    """

    eyes: float
    nose: tuple[float, float, float]
    mouth: tuple[float, float, float]


@dataclass(frozen=True)
class Tiles:
    """How a large photo is searched.

    Attributes:
        face: pixels in a tile of the smallest face that matters.
        smallest: pixels in the photo of that face, at least.
        part: the same, in parts of the photo's longer side.
        overlap: pixels that neighbours share, at least.
    """

    face: float
    smallest: float
    part: float
    overlap: int


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
    """How far runtimes may be apart: box in pixels, roll in degrees, score, decoded gray level."""

    box: float
    roll: float
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
    label_scores_name: str
    evidence_name: str
    top: int
    gray_weights: tuple[int, int, int]
    gray_shift: int
    crop_scale: float
    crop_shift_up: float
    crop_samples: int  # a side, that each pixel of the crop is the mean of
    longest_box: int  # a caller's, in times of the photo's longer side
    small_picture: int
    max_pixels: int
    detector_threshold: float
    detector_iou: float
    candidate: float  # score from which a detection is worth a closer look
    cascade_below: float
    reduce_to: int
    detector_range: tuple[float, float]
    detector_boxes_name: str
    detector_scores_name: str
    detectors: dict[str, Detector]
    look: Look
    form: Form
    tiles: Tiles
    track_overlap: float
    track_gap: float  # seconds
    not_sure_below: float
    same_answer: SameAnswer
    temperature: dict[str, float]  # of each head
    artifacts: dict[str, Any]
    gates: dict[str, Gate]  # one for each variant of artifact, TFLite or TF.js
    webgl: float  # score difference allowed on a graphics processor, whose arithmetic is its own
    decided: float

    @property
    def output_names(self) -> tuple[str, str, str]:
        """The names of scores, label_scores and evidence, in this order."""
        return self.scores_name, self.label_scores_name, self.evidence_name


def find_models() -> Path:
    """The folder of contract and artifacts: inside the installed package, else the repository's."""
    packaged = Path(__file__).parent / "models"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "models"


def load_contract(path: Path | None = None) -> Contract:
    """Read and check the contract; ContractError says in one line what is wrong with it."""
    path = path or find_models() / "contract.json"
    values = read_json(path)
    try:
        check_schema(values)
        check_labels(values)
        check_artifacts(values["artifacts"], values["gates"]["artifacts"])
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from None
    return build_contract(values)


def read_json(path: Path) -> Any:
    """The values of a JSON file; ContractError where it cannot be read or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContractError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ContractError(f"{path}: not JSON ({error})") from None


def check_schema(values: Any) -> None:
    """Hold the values against the schema that ships with this program; ContractError."""
    version = values.get("version") if isinstance(values, dict) else None
    if version not in (None, VERSION):
        raise ContractError(f"`version` is {version}, this program reads {VERSION}")
    schema = read_json(find_models() / "contract.schema.json")
    quick: dict[str, Any] = {"use_default": False, "detailed_exceptions": False}
    if "detailed_exceptions" not in inspect.signature(fastjsonschema.compile).parameters:
        del quick["detailed_exceptions"]  # Debian 12's fastjsonschema, 2.16, has no such choice
    try:
        try:  # which takes a third of the time on every start, but does not name what is missing
            fastjsonschema.compile(schema, **quick)(values)
        except fastjsonschema.JsonSchemaValueException:
            fastjsonschema.compile(schema, use_default=False)(values)
    except fastjsonschema.JsonSchemaValueException as error:
        name, _, reason = " ".join(error.message.split()).partition(" ")
        key = name.partition(".")[2]
        raise ContractError(f"`{key}` {reason}" if key else f"it {reason}") from None


def check_labels(values: dict[str, Any]) -> None:
    """Check what concerns every label, and the weights of gray; ContractError."""
    for key in ("emoji", "display_names"):
        if odd := sorted(set(values[key]) ^ set(values["labels"])):
            raise ContractError(f"`{key}` and `labels` differ in {', '.join(odd)}")
    if values["top"] > len(values["labels"]):
        raise ContractError(f"`top` is {values['top']}, there are {len(values['labels'])} labels")
    weights, shift = values["gray"]["weights"], values["gray"]["shift"]
    if sum(weights) != 1 << shift:
        raise ContractError(f"`gray.weights` add up to {sum(weights)}, not 2^{shift}")


def check_artifacts(artifacts: dict[str, Any], gates: dict[str, Any]) -> None:
    """Check that defaults are artifacts and that every artifact has a gate; ContractError."""
    for kind, default in artifacts["default"].items():
        if default not in artifacts[kind]:
            raise ContractError(f"`artifacts.{kind}.{default}` is missing")
    for name in artifacts["tflite"] | artifacts["tfjs"]:
        if name not in gates:
            raise ContractError(f"`gates.artifacts.{name}` is missing")


def build_contract(values: dict[str, Any]) -> Contract:
    """The contract of values that have been checked."""
    outputs, crop, detector = values["outputs"], values["crop"], values["detector"]
    return Contract(
        labels=tuple(values["labels"]),
        emoji=values["emoji"],
        display_names=values["display_names"],
        input_name=values["input"]["name"],
        input_size=values["input"]["size"],
        scores_name=outputs["scores"],
        label_scores_name=outputs["label_scores"],
        evidence_name=outputs["evidence"],
        top=values["top"],
        gray_weights=tuple(values["gray"]["weights"]),
        gray_shift=values["gray"]["shift"],
        crop_scale=crop["scale"],
        crop_shift_up=crop["shift_up"],
        crop_samples=crop["samples"],
        longest_box=crop["longest_box"],
        small_picture=values["small_picture"],
        max_pixels=values["max_pixels"],
        detector_threshold=detector["threshold"],
        detector_iou=detector["iou"],
        candidate=detector["candidate"],
        cascade_below=detector["cascade_below"],
        reduce_to=detector["reduce_to"],
        detector_range=tuple(detector["range"]),
        detector_boxes_name=detector["outputs"]["boxes"],
        detector_scores_name=detector["outputs"]["scores"],
        detectors={name: build_detector(model) for name, model in detector["models"].items()},
        look=Look(**detector["look"]),
        form=build_form(detector["form"]),
        tiles=Tiles(**detector["tiles"]),
        track_overlap=values["track"]["overlap"],
        track_gap=values["track"]["gap"],
        not_sure_below=values["not_sure"]["score_below"],
        same_answer=SameAnswer(**values["same_answer"]),
        temperature=values["temperature"],
        artifacts=values["artifacts"],
        gates={name: Gate(**gate) for name, gate in values["gates"]["artifacts"].items()},
        webgl=values["gates"]["webgl"],
        decided=values["gates"]["decided"],
    )


def build_detector(model: dict[str, Any]) -> Detector:
    """A detector of values that have been checked."""
    grids = tuple((grid, anchors) for grid, anchors in model["grids"])
    return Detector(model["file"], model["tfjs"], model["size"], grids)


def build_form(form: dict[str, Any]) -> Form:
    """A face's form of values that have been checked."""
    return Form(form["eyes"], tuple(form["nose"]), tuple(form["mouth"]))
