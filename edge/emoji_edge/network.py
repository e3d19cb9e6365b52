"""The expression network: find an artifact of it, load it, run it."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from .contract import Contract
from .runtime import ModelError, build_interpreter, find_runtime


class FaceOutputs(NamedTuple):
    """What the network says of n gray faces, under the names of its outputs.

    Attributes:
        scores: the share of people who would choose each expression, float32 [n, labels].
        label_scores: what FER-2013's own label would be, float32 [n, labels].
        evidence: what speaks for each of `scores` where, float32 [n, h, w, labels]; its mean over
            h and w are their logits.
    """

    scores: np.ndarray
    label_scores: np.ndarray
    evidence: np.ndarray


class FaceRunner(Protocol):
    """What a Classifier needs of a network: `Network` here, Keras's in the server."""

    name: str
    sha256: str

    def run_faces(self, pixels: np.ndarray) -> FaceOutputs:
        """Run gray faces [n, 48, 48] of values 0 to 255."""


class Network:
    """One TFLite artifact of the expression network."""

    def __init__(self, path: Path, contract: Contract, name: str = "", threads: int = 1) -> None:
        """Load and check it; ModelError where it is damaged or is some other network."""
        self.name = name or path.stem
        runtime, _ = find_runtime()
        content = read_network(path)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._input_name = contract.input_name
        self._names = contract.output_names
        self._interpreter = build_interpreter(runtime.Interpreter, content, str(path), threads)
        self._run = self._find_signature(path)
        self._check(path, contract.input_size, len(contract.labels))

    def run_faces(self, pixels: np.ndarray) -> FaceOutputs:
        """Run gray faces [n, 48, 48] of values 0 to 255, one at a time as on a device."""
        outputs = [self._run_face(face) for face in pixels]
        return FaceOutputs(*(np.stack(parts) for parts in zip(*outputs, strict=True)))

    def _run_face(self, pixels: np.ndarray) -> list[np.ndarray]:
        image = np.asarray(pixels, dtype=np.float32)[None, :, :, None]
        found = self._run(**{self._input_name: image})
        return [found[name][0] for name in self._names]

    def _find_signature(self, path: Path) -> Any:
        for key, signature in self._interpreter.get_signature_list().items():
            if signature["inputs"] == [self._input_name] and set(self._names) <= set(
                signature["outputs"]
            ):
                return self._interpreter.get_signature_runner(key)
        raise ModelError(f"{path}: not an expression network (no signature with its names)")

    def _check(self, path: Path, size: int, labels: int) -> None:
        """One run on gray must give a score for each label; it also warms the network up."""
        try:
            outputs = self.run_faces(np.full((1, size, size), 128, np.uint8))
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: does not run ({' '.join(str(error).split())})") from None
        for scores in (outputs.scores, outputs.label_scores):
            if scores.shape != (1, labels) or outputs.evidence.shape[3:] != (labels,):
                raise ModelError(f"{path}: its outputs are not {labels} scores and their evidence")
            if not np.isfinite(scores).all() or abs(float(scores.sum()) - 1) > 0.05:
                raise ModelError(f"{path}: damaged, its scores do not add up to one")


def find_artifact(model: str | Path | None, contract: Contract, models: Path) -> tuple[str, Path]:
    """Name and path of a TFLite artifact: by its name in the contract, else by its path.

    Raises:
        ModelError: there is neither.
    """
    artifacts = contract.artifacts["tflite"]
    name = str(model or contract.artifacts["default"]["tflite"])
    if name in artifacts:
        return name, models / artifacts[name]
    path = Path(name)
    if not path.is_file():
        raise ModelError(f"{name}: no such file, and no artifact ({', '.join(artifacts)})")
    return path.name, path


def hash_file(path: Path) -> str:
    """The sha256 of a network's file; ModelError where it cannot be read."""
    return hashlib.sha256(read_network(path)).hexdigest()


def read_network(path: Path) -> bytes:
    """The bytes of a network's file; ModelError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
