"""Put what dlib's face recognition network knows of faces into a network to start from.

    npm pack @vladmandic/face-api@1.7.15
    tar xf vladmandic-face-api-1.7.15.tgz package/model
    python -m training.transfer DATA --weights package/model --run dlib
    python -m training.train DATA --architecture dlib --start dlib ...

The weights are dlib's, in the public domain (CC0), as face-api quantized them. The network begins
as the original does on a gray picture enlarged by two, at which a face has the size it knows.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from training.data import DataError, Faces, add_data_arguments, load_faces, split_training
from training.dlib import LAST, STAGES, build_dlib
from training.folder import open_run, save_arrays
from training.model import EVIDENCES
from training.settings import RunError, Settings

MANIFEST = "face_recognition_model-weights_manifest.json"
MEAN = np.array([122.782, 117.001, 104.298])  # of red, green and blue, which the original subtracts
RANGE = 256.0  # by which it divides
PICTURES = 1024  # of the training part, whose statistics each BatchNorm begins with


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Read face-api's weights by name, dequantized; RunError where they cannot be read."""
    try:
        groups = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        entries = [entry for group in groups for entry in group["weights"]]
        data = (folder / groups[0]["paths"][0]).read_bytes()
        weights, start = {}, 0
        for entry in entries:
            weights[entry["name"]], start = take_values(data, start, entry)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise RunError(f"{folder} does not hold face-api's weights ({error})") from None
    return weights


def take_values(data: bytes, start: int, entry: dict[str, Any]) -> tuple[np.ndarray, int]:
    """Take one array out of the data; return it, and where the next begins."""
    quantized = entry.get("quantization")
    kind = np.dtype(quantized["dtype"] if quantized else entry["dtype"])
    count = int(np.prod(entry["shape"]))
    values = np.frombuffer(data, kind, count, start).astype(np.float32)
    if quantized:
        values = values * np.float32(quantized["scale"]) + np.float32(quantized["min"])
    return values.reshape(entry["shape"]), start + count * kind.itemsize


def name_convolutions() -> list[str]:
    """Return the original's names of our 3x3 and 7x7 convolutions, in the order of our layers."""
    names = ["conv32_down"]
    for stage, (width, depth) in enumerate(STAGES):
        blocks = [f"conv{width}_{i}" for i in range(1, depth + (stage == 0))]
        if stage:
            blocks.insert(0, f"conv{width}_down")
        names += [f"{block}/conv{i}" for block in blocks for i in (1, 2)]
    return [*names, *(f"conv{LAST}_down/conv{i}" for i in (1, 2))]


def merge_enlargement(kernel: np.ndarray) -> np.ndarray:
    """Make a kernel [7, 7, 1, n] for a gray picture of one [7, 7, 3, n] for an enlarged one.

    It does what that one does, with a stride of 2, on the picture enlarged by two, bilinear.
    """
    taps = np.zeros((7, 7))  # from the picture's pixels to the enlarged one's
    for tap in range(7):
        place = (tap - 3 + 0.5) / 2 - 0.5
        low = int(np.floor(place))
        taps[low + 3, tap] += 1 - (place - low)
        taps[low + 4, tap] += place - low
    return np.einsum("at,bs,tsc->abc", taps, taps, kernel.sum(axis=2))[:, :, None, :]


def list_convolutions(model: keras.Model) -> list[layers.Conv2D]:
    """List the convolutions but the heads', in the order in which they were made."""
    return [
        layer
        for layer in model.layers
        if isinstance(layer, layers.Conv2D) and layer.name not in EVIDENCES
    ]


def fill_network(model: keras.Model, weights: dict[str, np.ndarray], images: np.ndarray) -> None:
    """Give the network the original's weights; images are uint8 [n, 48, 48].

    The original has a scale and a shift after each convolution, and no statistics. Each BatchNorm
    takes those of the pictures, and the scale and shift that undo them.
    """
    convolutions = list_convolutions(model)
    for layer in convolutions:
        if layer.kernel.shape[0] == 1:  # the original's shortcut pads with empty channels
            layer.kernel.assign(np.eye(*layer.kernel.shape[2:])[None, None])
    wide = [layer for layer in convolutions if layer.kernel.shape[0] > 1]
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    x = images[..., None].astype(np.float32)
    for name, convolution, norm in zip(name_convolutions(), wide, norms, strict=True):
        kernel = weights[f"{name}/conv/filters"]
        scale, shift = weights[f"{name}/scale/weights"], weights[f"{name}/scale/biases"]
        shift = shift + scale * weights[f"{name}/conv/bias"]
        if convolution is wide[0]:
            # Ours is (p - 127.5) / 127.5 where the original has (p - MEAN) / RANGE.
            shift = shift + scale * (((127.5 - MEAN) / RANGE) @ kernel.sum(axis=(0, 1)))
            # The largest value before a scale below zero would be the smallest after it.
            sign = np.where(scale < 0, -1, 1)
            kernel, scale = merge_enlargement(kernel) * (127.5 / RANGE) * sign, scale * sign
        convolution.kernel.assign(kernel)
        before = keras.Model(model.input, norm.input).predict(x, batch_size=256, verbose=0)
        mean, variance = before.mean(axis=(0, 1, 2)), before.var(axis=(0, 1, 2))
        norm.moving_mean.assign(mean)
        norm.moving_variance.assign(variance)
        norm.gamma.assign(scale * np.sqrt(variance + norm.epsilon))
        norm.beta.assign(shift + scale * mean)


def write_run(faces: Faces, weights: Path, folder: Path) -> None:
    """Write a run folder of no epoch, which other runs start from."""
    settings = Settings(architecture="dlib")
    known = read_weights(weights)
    training, _ = split_training(faces, settings.validation)
    model = build_dlib()
    fill_network(model, known, training.images[:PICTURES])
    open_run(folder, settings)
    save_arrays(folder / "best.npz", **{f"v{i}": v for i, v in enumerate(model.get_weights())})


def main(arguments: list[str] | None = None) -> int:
    """Write the run folder; return 2 when the data or the weights cannot be used."""
    parser = argparse.ArgumentParser(prog="training.transfer", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--weights", type=Path, required=True, help="face-api's folder `model`")
    parser.add_argument("--run", default="dlib", help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    options = parser.parse_args(arguments)
    try:
        faces = load_faces(options.data, options.votes, options.skip_bad)
        write_run(faces, options.weights, options.runs / options.run)
    except (DataError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {options.runs / options.run}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
