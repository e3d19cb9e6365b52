"""Run the goldens on this very device and hold what comes out against Keras's."""

import base64
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .classify import Classifier
from .contract import Contract, Gate, find_models
from .errors import EmojiError
from .image import ImageError, open_photo
from .result import HEADS
from .runtime import ModelError, silence_runtime

LOSSY = (".jpg", ".jpeg", ".webp")  # whose decoders may differ by a level
Say = Callable[[str], None]


class GoldenError(EmojiError):
    """The goldens cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Goldens:
    """models/golden/golden.json: faces and photos with what Keras says of them."""

    folder: Path
    labels: tuple[str, ...]
    faces: list[dict[str, Any]]
    photos: list[dict[str, Any]]
    model_sha256: str  # of the .h5 whose answers they hold

    @property
    def all_faces(self) -> list[dict[str, Any]]:
        """The faces, then those of the photos."""
        return self.faces + [face for photo in self.photos for face in photo["faces"]]


@dataclass(frozen=True)
class Score:
    """An artifact against Keras, on the worse of the two heads.

    Attributes:
        difference: the largest of a score.
        logit_difference: the largest of a logit of `scores`.
        agreed: how many faces have the same best.
        count: how many faces there are.
    """

    difference: float
    logit_difference: float
    agreed: int
    count: int

    def passes(self, gate: Gate) -> bool:
        """Whether it holds its row; a share below one always allows one face."""
        allowed = 0 if gate.agreement == 1 else max(1, int((1 - gate.agreement) * self.count))
        return self.difference <= gate.score_difference and self.count - self.agreed <= allowed


@dataclass(frozen=True)
class Place:
    """The photos on this device: what is wrong with any, largest box and pixel differences."""

    problems: list[str]
    box: float
    lossy_pixel: int
    exact_pixel: int


def read_goldens(models: Path | None = None) -> Goldens:
    """The goldens that ship with the artifacts; GoldenError."""
    folder = (models or find_models()) / "golden"
    try:
        values = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
        labels, network = tuple(values["labels"]), values["model_sha256"]
        return Goldens(folder, labels, values["faces"], values["photos"], network)
    except OSError as error:
        raise GoldenError(f"{folder / 'golden.json'}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise GoldenError(f"{folder / 'golden.json'}: damaged ({error})") from None


def decode_pixels(face: dict[str, Any], size: int) -> np.ndarray:
    """The face's uint8 [size, size]; GoldenError where it is none."""
    data = np.frombuffer(base64.b64decode(face["pixels"]), np.uint8)
    if data.size != size * size:
        raise GoldenError(f"a golden face has {data.size} pixels, not {size * size}")
    return data.reshape(size, size)


def measure_scores(classifier: Classifier, goldens: Goldens, gate: Gate) -> Score:
    """Run every golden face through the network and hold both heads against Keras's."""
    size = classifier.contract.input_size
    faces = goldens.all_faces
    pixels = np.stack([decode_pixels(face, size) for face in faces])
    outputs = classifier.network.run_faces(pixels)
    logits = np.array([face["logits"] for face in faces])
    contract = classifier.contract
    near = contract.same_answer.score if gate.score_difference < 1 else contract.decided
    differences, agreed = [], []
    for head, scores in zip(HEADS, outputs, strict=False):
        expected = np.array([face[head] for face in faces])
        differences.append(float(np.abs(scores - expected).max()))
        agreed.append(sum(map(partial(agree_on_best, near=near), scores, expected)))
    return Score(
        max(differences),
        float(np.abs(outputs.evidence.mean(axis=(1, 2)) - logits).max()),
        min(agreed),
        len(faces),
    )


def agree_on_best(scores: np.ndarray, expected: np.ndarray, near: float) -> bool:
    """Whether both have the same best, or Keras's own two scores are nearer than near."""
    return bool(expected.max() - expected[scores.argmax()] < near)


def measure_photos(classifier: Classifier, goldens: Goldens) -> Place:
    """Decode the golden photos, find and cut their faces, as for any photo."""
    problems: list[str] = []
    boxes, lossy, exact = [0.0], [0], [0]
    for photo in goldens.photos:
        name = photo["file"]
        try:
            image = open_photo(goldens.folder / name, classifier.contract.max_pixels)
        except ImageError as error:
            problems.append(f"{name}: {error}")
            continue
        found = classifier.cut_faces(image)
        if list(image.size) != photo["size"] or len(found) != len(photo["faces"]):
            problems.append(
                f"{name}: {len(found)} faces in {image.size}, expected {len(photo['faces'])}"
                f" in {tuple(photo['size'])}"
            )
            continue
        for (box, _, _, pixels), face in zip(found, photo["faces"], strict=True):
            boxes.append(float(np.abs(np.subtract(box, face["box"])).max()))
            golden = decode_pixels(face, len(pixels)).astype(int)
            (lossy if name.endswith(LOSSY) else exact).append(int(np.abs(pixels - golden).max()))
    return Place(problems, max(boxes), max(lossy), max(exact))


def run_self_test(models: Sequence[str], threads: Sequence[int], say: Say) -> bool:
    """Run the goldens through each artifact on each number of threads; True where all hold."""
    goldens = read_goldens()
    first = build_any(models)
    contract = first.contract
    ok = report_labels(goldens, contract, say)
    ok &= report_place(measure_photos(first, goldens), len(goldens.photos), contract, say)
    for model in models:
        for count in threads:
            ok &= report_artifact(model, count, goldens, contract, say)
    say("self-test passed" if ok else "self-test FAILED")
    return ok


def build_any(models: Sequence[str]) -> Classifier:
    """A classifier of the first artifact that loads; the photos' part is the same with each."""
    for model in models[:-1]:
        with contextlib.suppress(ModelError), silence_runtime():
            return Classifier(model)
    with silence_runtime():
        return Classifier(models[-1])


def report_labels(goldens: Goldens, contract: Contract, say: Say) -> bool:
    """Say whether goldens and contract name the same labels in the same order."""
    same = goldens.labels == contract.labels
    say(f"{_mark(same)} labels: {', '.join(contract.labels)}")
    return same


def report_place(place: Place, photos: int, contract: Contract, say: Say) -> bool:
    """Say how faces of the photos were found and cut."""
    limits = contract.same_answer
    ok = not place.problems and place.box <= limits.box
    ok = ok and place.exact_pixel == 0 and place.lossy_pixel <= limits.lossy_pixel
    for problem in place.problems:
        say(f"     {problem}")
    say(
        f"{_mark(ok)} {photos} photos: boxes within {place.box:.4f} px (limit {limits.box:g}), "
        f"face pixels within {place.lossy_pixel} levels in JPEG and WebP (limit "
        f"{limits.lossy_pixel}), {place.exact_pixel} in the others (limit 0)"
    )
    return ok


def report_artifact(
    model: str, threads: int, goldens: Goldens, contract: Contract, say: Say
) -> bool:
    """Say how one artifact does on one number of threads."""
    default = contract.artifacts["default"]["tflite"]
    gate = contract.gates.get(model, contract.gates[default])  # a file of one's own: the default's
    title = f"{model}, {threads} thread{'s' * (threads > 1)}"
    try:
        score = measure_scores(Classifier(model, threads), goldens, gate)
    except ModelError as error:
        say(f"{_mark(False)} {title}: {error}")
        return False
    ok = score.passes(gate)
    limit = f" (limit {gate.score_difference:g})" if gate.score_difference < 1 else ""
    say(
        f"{_mark(ok)} {title}: {score.count} faces, largest score difference "
        f"{score.difference:.1e}{limit}, same best {score.agreed}/{score.count} "
        f"(at least {100 * gate.agreement:g} %), logits within {score.logit_difference:.1e}"
    )
    return ok


def _mark(ok: bool) -> str:
    return "ok  " if ok else "FAIL"
