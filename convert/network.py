"""Load a Keras network from .h5, check it against the contract, and ask it."""

from pathlib import Path

import h5py
import keras
import numpy as np
from emoji_edge.contract import Contract

from convert.prediction import Prediction

SOFTMAX_TOLERANCE = 1e-4  # between `scores` and the softmax of the evidence's mean


class NetworkError(Exception):
    """The network cannot be converted; the message says what is wrong with it, in one line."""


def open_network(path: Path, contract: Contract) -> keras.Model:
    """Load a Keras network for conversion; NetworkError says what does not fit the contract."""
    if not path.exists():
        raise NetworkError(f"{path}: no such file")
    if not h5py.is_hdf5(path):
        raise NetworkError(f"{path}: not an HDF5 file, so not a Keras .h5")
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise NetworkError(f"{path}: holds weights only; save the whole model (model.save)")
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds, according to what it stumbles on
        raise NetworkError(f"{path}: Keras cannot load it: {_first_line(error)}") from error
    try:
        check_interface(model, contract)
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from None
    return model


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def check_interface(model: keras.Model, contract: Contract) -> None:
    """Raise NetworkError unless inputs, outputs and their relation are the contract's."""
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    size = contract.input_size
    if len(shapes) != 1 or shapes[0][1:] not in ((size, size, 1), (None, None, 1)):
        found = ", ".join(str(list(shape[1:])) for shape in shapes)
        raise NetworkError(f"takes input {found}, the contract says [{size}, {size}, 1]")
    name = model.inputs[0].name
    if name != contract.input_name:
        raise NetworkError(
            f"its input is named {name!r}, the contract says {contract.input_name!r}"
        )
    outputs = dict(zip(model.output_names, model.outputs, strict=True))
    ranks = {contract.scores_name: 2, contract.label_scores_name: 2, contract.evidence_name: 4}
    for name, rank in ranks.items():
        _check_output(name, rank, outputs, contract.labels)
    _check_scores(model, contract)


def _check_output(name: str, rank: int, outputs: dict, labels: tuple[str, ...]) -> None:
    if name not in outputs:
        raise NetworkError(f"has no output named {name!r}, only {', '.join(sorted(outputs))}")
    shape = outputs[name].shape
    if len(shape) != rank:
        raise NetworkError(f"its output {name!r} has {len(shape)} dimensions, expected {rank}")
    if shape[-1] != len(labels):
        raise NetworkError(
            f"its output {name!r} has {shape[-1]} values, but the contract names "
            f"{len(labels)} labels ({', '.join(labels)})"
        )


def _check_scores(model: keras.Model, contract: Contract) -> None:
    size = contract.input_size
    pixels = np.random.default_rng(0).integers(0, 256, (4, size, size), np.uint8)
    found = predict_network(model, pixels, contract)
    for name, scores in (
        (contract.scores_name, found.scores),
        (contract.label_scores_name, found.label_scores),
    ):
        if not np.isfinite(scores).all():
            raise NetworkError(f"its {name!r} are not finite numbers")
        if np.abs(scores.sum(axis=1) - 1).max() > SOFTMAX_TOLERANCE or scores.min() < 0:
            raise NetworkError(f"its {name!r} are no shares that add up to 1")
    if np.abs(softmax(found.logits) - found.scores).max() > SOFTMAX_TOLERANCE:
        raise NetworkError(
            f"its {contract.scores_name!r} are not the softmax of the mean of its "
            f"{contract.evidence_name!r} over height and width"
        )


def predict_network(model: keras.Model, pixels: np.ndarray, contract: Contract) -> Prediction:
    """Ask the network in Keras about faces, uint8 [n, 48, 48]."""
    image = pixels[..., None].astype(np.float32)
    outputs = model.predict(image, batch_size=64, verbose=0)
    return Prediction(
        outputs[contract.scores_name],
        outputs[contract.label_scores_name],
        find_logits(outputs[contract.evidence_name]),
    )


def find_logits(evidence: np.ndarray) -> np.ndarray:
    """Average the evidence [n, h, w, 7] over height and width: the logits [n, 7]."""
    return evidence.mean(axis=(1, 2), dtype=np.float64).astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits [n, 7] into scores [n, 7] that add up to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
