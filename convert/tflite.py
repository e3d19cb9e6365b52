"""Convert a Keras network to TFLite: float32, float16, dynamic range, full int8."""

import io
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from convert.network import NetworkError

VARIANTS = ("float32", "float16", "dynamic", "int8")
PER_LABEL = 60  # calibration pictures of each label, 420 in all
SEED = 2013
CONVOLUTIONS = (schema.Conv2DOptionsT, schema.DepthwiseConv2DOptionsT)


def convert_tflite(
    model: keras.Model, variant: str, source: str, calibration: np.ndarray | None = None
) -> bytes:
    """The network as a .tflite of batch 1, float input and output, outputs named by signature.

    source, the .h5's sha256, is kept in the file's description; calibration, uint8 [n, 48, 48],
    is what int8's ranges are measured on; other variants take none. Raises NetworkError where
    TFLite has no operation for a layer.
    """
    if (variant == "int8") != (calibration is not None):
        raise ValueError(f"{variant}: calibration pictures are for int8 and only for it")
    converter = tf.lite.TFLiteConverter.from_keras_model(fix_batch(model))
    if calibration is not None:
        ends = find_ends(run_converter(converter.convert))
        return describe_source(quantize(fix_batch(model), calibration, ends), source)
    if variant != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return describe_source(run_converter(converter.convert), source)


def quantize(fixed: keras.Model, calibration: np.ndarray, floats: list[str]) -> bytes:
    """Full int8, per channel, but for the operations that give the tensors named in `floats`."""
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: feed_pictures(calibration)
    # Without the second set an operation could not stay float; unknown ones still fail.
    sets = tf.lite.OpsSet
    converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8, sets.TFLITE_BUILTINS]
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=floats)

    def convert() -> bytes:
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=converter.representative_dataset,
            debug_options=options,
        )  # fmt: skip
        return debugger.get_nondebug_quantized_model()

    return run_converter(convert)


def find_ends(data: bytes) -> list[str]:
    """Tensors of the operations that int8 keeps float: to the first convolution, from the last on.

    They are where 8 bits lose most: the rescaled picture is exact only at the network's own step,
    and a step of the logits is as large as the difference between two labels. The layers between
    hold nearly all weights and arithmetic.
    """
    (graph,) = flatbuffer_utils.convert_bytearray_to_object(bytearray(data)).subgraphs
    outputs = [graph.tensors[op.outputs[0]] for op in graph.operators]
    convolutions = [
        i for i, op in enumerate(graph.operators) if isinstance(op.builtinOptions, CONVOLUTIONS)
    ]
    if len(convolutions) < 3:
        return []  # nothing would be left to quantize
    ends = outputs[: convolutions[0] + 1] + outputs[convolutions[-1] :]
    return [tensor.name.decode() for tensor in ends]


def fix_batch(model: keras.Model) -> keras.Model:
    """The same network for one picture at a time."""
    (image,) = model.inputs
    fixed = keras.Input(batch_shape=(1, *image.shape[1:]), name=image.name)
    return keras.Model(fixed, model(fixed), name=model.name)


def feed_pictures(pixels: np.ndarray) -> Iterator[list[np.ndarray]]:
    """uint8 [n, 48, 48] one by one, as the network takes them."""
    for picture in pixels:
        yield [picture[None, ..., None].astype(np.float32)]


def run_converter(convert: Callable[[], bytes]) -> bytes:
    """What a converter gives; NetworkError names the operations that TFLite lacks."""
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        # Keras prints every variable's shape on the way.
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            # Both speak of what is not used: quantized inputs, and TensorFlow's own interpreter.
            warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
            warnings.filterwarnings(
                "ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated"
            )
            return convert()
    except Exception as error:  # the converter raises kinds that it does not export
        layers = sorted(
            set(re.findall(r'/(\w+)/\w+@[^"]*".*?\'tf\.(\w+)\' op is neither', str(error)))
        )
        named = ", ".join(f"{layer} (operation {operation})" for layer, operation in layers)
        reason = named or str(error).strip().splitlines()[0]
        raise NetworkError(f"a layer cannot be converted to TFLite: {reason}") from error


def describe_source(data: bytes, source: str) -> bytes:
    """The same .tflite, described by what it was made from."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    model.description = source
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def pick_calibration(
    labels: np.ndarray, per_label: int = PER_LABEL, seed: int = SEED
) -> np.ndarray:
    """Sorted rows of a class-balanced choice from labels, int [n]; ValueError if there are few."""
    rng = np.random.default_rng(seed)
    rows = []
    for label in np.unique(labels):
        here = np.nonzero(labels == label)[0]
        if len(here) < per_label:
            raise ValueError(f"{len(here)} pictures of label {label}, int8 needs {per_label}")
        rows.append(rng.choice(here, per_label, replace=False))
    return np.sort(np.concatenate(rows))


def write_artifact(path: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    os.replace(partial, path)
