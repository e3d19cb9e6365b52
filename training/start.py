"""Begin a run with the weights of another network."""

from pathlib import Path

import keras

from training.folder import find_run, load_run
from training.model import EVIDENCES
from training.settings import RunError


def start_from(model: keras.Model, runs: Path, source: str) -> None:
    """Give the model the weights of a network of the same shape: a finished run's, or an .h5.

    The .h5 is found from the runs' folder, or from where the command runs. A network with one head
    begins both.
    """
    try:
        copy_network(load_start(runs, source), model)
    except ValueError:
        raise RunError(f"{source} has a network of another shape") from None


def copy_network(source: keras.Model, target: keras.Model) -> None:
    """Copy weights, the heads' by name; one head is copied to both; ValueError where shapes differ.

    Two models of the same layers may list their heads in another order.
    """
    layers = {layer.name for layer in source.layers}
    found = [name if name in layers else EVIDENCES[0] for name in EVIDENCES]
    set_weights(list_trunk(target), list_trunk(source))
    for name, start in zip(EVIDENCES, found, strict=True):
        set_weights(target.get_layer(name).weights, source.get_layer(start).weights)


def load_start(runs: Path, source: str) -> keras.Model:
    """Load the network of a finished run's folder or of an .h5 file."""
    if not source.endswith(".h5"):
        return load_run(find_run(runs, source))
    file = runs / source if (runs / source).exists() else Path(source)
    try:
        return keras.models.load_model(file, compile=False)
    except Exception as error:  # h5py and Keras raise nearly anything on a damaged file
        reason = " ".join(str(error).split())[:160]
        raise RunError(f"{source} is no network ({reason})") from None


def list_trunk(model: keras.Model) -> list[keras.Variable]:
    """List the weights of all layers but the heads', in the order in which the layers were made."""
    trunk = (layer for layer in model.layers if layer.name not in EVIDENCES)
    return [weight for layer in trunk for weight in layer.weights]


def set_weights(targets: list[keras.Variable], sources: list[keras.Variable]) -> None:
    """Copy weights one by one; ValueError where number or shape differ."""
    for target, source in zip(targets, sources, strict=True):
        target.assign(source)
