"""Convert a Keras network to TFLite: float32, float16, dynamic range, full int8."""

import io
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from convert.network import NetworkError

VARIANTS = ("float32", "float16", "dynamic", "int8")
CONVOLUTIONS = (schema.Conv2DOptionsT, schema.DepthwiseConv2DOptionsT)


def convert_tflite(
    model: keras.Model, variant: str, source: str, calibration: np.ndarray | None = None
) -> bytes:
    """Convert to a .tflite of batch 1, float input and output, outputs named by its signature.

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
    """Quantize to int8, per channel, but for the operations that give the tensors in `floats`."""
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
    """List the tensors of the operations that int8 keeps float: the first and each head's last.

    They reach to the first convolution, and from the last one before each output on. There 8 bits
    lose most: the rescaled picture is exact only at the network's own step, and a step of the
    logits is as large as the difference between two labels. The layers between hold nearly all
    weights and arithmetic.
    """
    (graph,) = flatbuffer_utils.convert_bytearray_to_object(bytearray(data)).subgraphs
    operators = graph.operators
    convolutions = {
        i for i, op in enumerate(operators) if isinstance(op.builtinOptions, CONVOLUTIONS)
    }
    heads = find_heads(operators, graph.outputs, convolutions)
    if len(convolutions - heads) < 2:
        return []  # nothing would be left to quantize
    ends = sorted({*range(min(convolutions) + 1), *heads})
    return [graph.tensors[operators[i].outputs[0]].name.decode() for i in ends]


def find_heads(operators: list, outputs: Sequence[int], convolutions: set[int]) -> set[int]:
    """Find the operations from the last convolution before each output to that output."""
    makers = {tensor: i for i, op in enumerate(operators) for tensor in op.outputs}
    heads: set[int] = set()
    waiting = [makers[tensor] for tensor in outputs]
    while waiting:
        i = waiting.pop()
        heads.add(i)
        if i not in convolutions:
            waiting += [makers[t] for t in operators[i].inputs if t in makers]
    return heads


def fix_batch(model: keras.Model) -> keras.Model:
    """Build the same network for one picture at a time."""
    (image,) = model.inputs
    fixed = keras.Input(batch_shape=(1, *image.shape[1:]), name=image.name)
    return keras.Model(fixed, model(fixed), name=model.name)


def feed_pictures(pixels: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield pictures, uint8 [n, 48, 48], one by one as the network takes them."""
    for picture in pixels:
        yield [picture[None, ..., None].astype(np.float32)]


def run_converter(convert: Callable[[], bytes]) -> bytes:
    """Run a converter and return its bytes; NetworkError names what TFLite lacks."""
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
    """Return the same .tflite, described by the sha256 of what it was made from."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    model.description = source
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
