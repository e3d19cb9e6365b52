"""The network of dlib's weights begins as the original does, and a run starts from it."""

import json

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.helpers.fer_tables import make_faces, write_parquet
from training import average, dlib, train, transfer
from training.dlib import build_dlib
from training.folder import load_run, read_history

TINY = ["--phases", "16x1", "--batch", "16", "--validation", "0.2", "--warmup", "0"]


def write_weights(folder, seed=3):
    """Weights of the original's names and shapes in face-api's format, the kernels quantized."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    convolutions = [
        layer for layer in transfer.list_convolutions(build_dlib()) if layer.kernel.shape[0] > 1
    ]
    entries, data = [], b""
    for name, layer in zip(transfer.name_convolutions(), convolutions, strict=True):
        height, width, before, after = layer.kernel.shape
        shape = [height, width, 3 if before == 1 else before, after]
        step = 0.01 / width / before**0.5  # so that the values do not grow from layer to layer
        quantized = {"dtype": "uint8", "scale": step, "min": -120 * step}
        kernel = {"name": f"{name}/conv/filters", "shape": shape, "dtype": "float32"}
        entries.append(kernel | {"quantization": quantized})
        data += rng.integers(0, 256, shape, np.uint8).tobytes()
        for part, low, high in (
            ("conv/bias", -1, 1),
            ("scale/weights", -2, 2),
            ("scale/biases", -1, 1),
        ):
            entries.append({"name": f"{name}/{part}", "shape": [after], "dtype": "float32"})
            data += rng.uniform(low, high, after).astype(np.float32).tobytes()
    manifest = [{"weights": entries, "paths": ["weights.bin"]}]
    (folder / transfer.MANIFEST).write_text(json.dumps(manifest))
    (folder / "weights.bin").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def faces_path(tmp_path_factory):
    return write_parquet(make_faces({"Training": 10}), tmp_path_factory.mktemp("fer"))


def run_original(weights, images):
    """The original's first convolution and pooling, as published, on pictures enlarged by two."""
    large = ops.image.resize(images[..., None].astype(np.float32), (96, 96), "bilinear")
    color = (ops.repeat(large, 3, axis=-1) - transfer.MEAN.astype(np.float32)) / transfer.RANGE
    color = ops.pad(color, ((0, 0), (3, 3), (3, 3), (0, 0)))
    x = ops.conv(color, weights["conv32_down/conv/filters"], strides=2, padding="valid")
    x = x + weights["conv32_down/conv/bias"]
    x = x * weights["conv32_down/scale/weights"] + weights["conv32_down/scale/biases"]
    return np.asarray(ops.max_pool(ops.relu(x), 3, 2, padding="same"))


def test_the_network_begins_as_the_original(tmp_path):
    weights = transfer.read_weights(write_weights(tmp_path / "model"))
    images = np.random.default_rng(1).integers(0, 256, (6, 48, 48), np.uint8)
    model = build_dlib()
    transfer.fill_network(model, weights, images)
    first = next(layer for layer in model.layers if isinstance(layer, layers.ReLU))
    x = images[..., None].astype(np.float32)
    found = keras.Model(model.input, first.output).predict(x, verbose=0)
    expected = run_original(weights, images)
    assert expected.max() > 1
    inside = (slice(None), slice(2, -2), slice(2, -2))  # the edges are padded otherwise
    assert found[inside] == pytest.approx(expected[inside], abs=2e-3)
    # A block, from its own input: the later layers' scales and shifts are the original's as well.
    block = [layer for layer in model.layers if isinstance(layer, layers.ReLU)][1]
    found_block = keras.Model(first.output, block.output)(expected)
    name = "conv32_1/conv1"
    y = ops.conv(expected, weights[f"{name}/conv/filters"], padding="same")
    y = y + weights[f"{name}/conv/bias"]
    y = ops.relu(y * weights[f"{name}/scale/weights"] + weights[f"{name}/scale/biases"])
    assert np.asarray(found_block) == pytest.approx(np.asarray(y), rel=1e-3, abs=1e-2)


def test_the_last_block_sees_at_every_place_what_the_original_sees_at_every_second():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2, 10, 10, 4)).astype(np.float32)
    picture = keras.Input((10, 10, 4))
    block = keras.Model(picture, dlib.add_last_block(picture, 4, dtype="float32"))
    first, second, shortcut = (
        layer.kernel for layer in block.layers if isinstance(layer, layers.Conv2D)
    )
    for kernel in (first, second):
        kernel.assign(rng.normal(size=kernel.shape) / 5)
    shortcut.assign(np.zeros(shortcut.shape))  # the branch alone
    found = np.asarray(block(x))
    keep = 1 / np.sqrt(1 + 1e-3)  # what a new BatchNorm does
    half = ops.relu(ops.conv(x, first, strides=2, padding="valid") * keep)
    expected = np.asarray(ops.relu(ops.conv(half, second, padding="same") * keep))
    assert expected.max() > 0.5
    inside = (slice(None), slice(1, -1), slice(1, -1))
    assert found[:, 1:-1:2, 1:-1:2][inside] == pytest.approx(expected[inside], abs=1e-4)


def test_a_run_starts_from_it(faces_path, tmp_path):
    weights, runs = write_weights(tmp_path / "model"), tmp_path / "runs"
    command = [str(faces_path), "--weights", str(weights), "--runs", str(runs), "--run", "dlib"]
    assert transfer.main(command) == 0
    started = load_run(runs / "dlib").get_weights()
    options = ["--runs", str(runs), "--run", "on", "--start", "dlib", "--architecture", "dlib"]
    assert train.main([str(faces_path), *options, *TINY, "--learning-rate", "0"]) == 0
    run = json.loads((runs / "on" / "settings.json").read_text())
    assert run["network"]["parameters"] == build_dlib().count_params()
    trained = load_run(runs / "on").get_weights()
    assert trained[0] == pytest.approx(started[0])  # nothing is learned at a rate of zero
    mean = ["--runs", str(runs), "--run", "mean", "--of", "on", "on"]
    assert average.main(mean) == 0
    assert len(read_history(runs / "mean")) == 1  # the run it began with has none


def test_what_cannot_be_used_is_said_in_one_line(faces_path, tmp_path, capsys):
    runs = ["--runs", str(tmp_path / "runs")]
    weights = write_weights(tmp_path / "model")
    command = [str(faces_path), *runs, "--weights"]
    assert transfer.main([*command, str(tmp_path)]) == 2
    (weights / "weights.bin").write_bytes((weights / "weights.bin").read_bytes()[:1000])
    assert transfer.main([*command, str(weights)]) == 2
    assert train.main([str(faces_path), *runs, "--run", "odd", "--architecture", "large"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "does not hold face-api's weights" in lines[0]
    assert "does not hold face-api's weights" in lines[1]
    assert lines[2] == "error: architecture 'large' is neither emoji nor dlib"
    assert not (tmp_path / "runs" / "dlib").exists()
