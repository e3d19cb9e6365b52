"""Rebuild a BlazeFace .tflite as a TensorFlow graph, for TF.js.

The published detectors exist as TFLite only. Their tensors and the options of their operations are
read with TFLite's own schema; every operation becomes the TensorFlow operation of the same meaning.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

PADDING = {schema.Padding.SAME: "SAME", schema.Padding.VALID: "VALID"}
OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}


class RebuildError(Exception):
    """The file holds an operation or an option that this reader does not know."""


def read_graph(path: Path) -> tuple[Any, Any]:
    """Read the schema's model and its only subgraph."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    (graph,) = model.subgraphs
    return model, graph


def read_constant(model: Any, tensor: Any) -> np.ndarray | None:
    """Read a tensor's stored values, float16 as float32; None for what is computed."""
    data = model.buffers[tensor.buffer].data
    if data is None or len(data) == 0:
        return None
    kinds = {
        schema.TensorType.FLOAT32: np.float32,
        schema.TensorType.FLOAT16: np.float16,
        schema.TensorType.INT32: np.int32,
    }
    values = np.frombuffer(bytes(data), kinds[tensor.type]).reshape(tensor.shape)
    return values.astype(np.float32) if values.dtype == np.float16 else values


def name_operation(code: Any) -> str:
    """Name an operation; files older than TFLite's 128th operation keep its code elsewhere."""
    return OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def activate(x: tf.Tensor, options: Any) -> tf.Tensor:
    """Apply the activation that is fused into an operation."""
    kind = options.fusedActivationFunction
    if kind == schema.ActivationFunctionType.NONE:
        return x
    if kind == schema.ActivationFunctionType.RELU:
        return tf.nn.relu(x)
    raise RebuildError(f"activation {kind} is not known")


def apply_convolution(inputs: list, options: Any) -> tf.Tensor:
    """Convolve; TFLite keeps filters as [out, h, w, in], TensorFlow as [h, w, in, out]."""
    x, filters, bias = inputs
    strides = (options.strideH, options.strideW)
    y = tf.nn.conv2d(x, np.transpose(filters, (1, 2, 3, 0)), strides, PADDING[options.padding])
    return activate(tf.nn.bias_add(y, bias), options)


def apply_depthwise(inputs: list, options: Any) -> tf.Tensor:
    """Convolve each channel by itself; TFLite keeps filters as [1, h, w, channels]."""
    x, filters, bias = inputs
    kernel = np.transpose(filters, (1, 2, 3, 0))
    strides = (1, options.strideH, options.strideW, 1)
    y = tf.nn.depthwise_conv2d(x, kernel, strides, PADDING[options.padding])
    return activate(tf.nn.bias_add(y, bias), options)


def apply_pool(inputs: list, options: Any) -> tf.Tensor:
    """Take the largest value of each window."""
    size = (options.filterHeight, options.filterWidth)
    strides = (options.strideH, options.strideW)
    y = tf.nn.max_pool2d(inputs[0], size, strides, PADDING[options.padding])
    return activate(y, options)


BUILDERS: dict[str, Callable[[list, Any], Any]] = {
    "DEQUANTIZE": lambda inputs, options: inputs[0],
    "CONV_2D": apply_convolution,
    "DEPTHWISE_CONV_2D": apply_depthwise,
    "MAX_POOL_2D": apply_pool,
    "RELU": lambda inputs, options: tf.nn.relu(inputs[0]),
    "ADD": lambda inputs, options: activate(tf.add(inputs[0], inputs[1]), options),
    "PAD": lambda inputs, options: tf.pad(inputs[0], inputs[1]),
    "RESHAPE": lambda inputs, options: tf.reshape(inputs[0], options.newShape),
    "CONCATENATION": lambda inputs, options: activate(tf.concat(inputs, options.axis), options),
}


def run_graph(model: Any, graph: Any, image: tf.Tensor) -> dict[str, tf.Tensor]:
    """Trace every operation in its order; returns the outputs by name."""
    values = {i: read_constant(model, tensor) for i, tensor in enumerate(graph.tensors)}
    values[graph.inputs[0]] = image
    for operator in graph.operators:
        name = name_operation(model.operatorCodes[operator.opcodeIndex])
        if name not in BUILDERS:
            raise RebuildError(f"operation {name} is not known")
        inputs = [values[index] for index in operator.inputs]
        (output,) = operator.outputs
        values[output] = BUILDERS[name](inputs, operator.builtinOptions)
    return {graph.tensors[i].name.decode(): tf.identity(values[i]) for i in graph.outputs}


def save_detector(path: Path, folder: Path) -> None:
    """Write the .tflite's graph as a SavedModel.

    Input [1, size, size, 3] in -1..1; outputs `regressors` [1, 896, 16] and `classificators`
    [1, 896, 1], named as in the file. RebuildError names what cannot be rebuilt.
    """
    model, graph = read_graph(path)
    tensor = graph.tensors[graph.inputs[0]]
    spec = tf.TensorSpec(tuple(tensor.shape), tf.float32, name=tensor.name.decode())
    module = tf.Module()
    module.detect = tf.function(
        lambda image: run_graph(model, graph, image), input_signature=[spec], autograph=False
    )
    tf.saved_model.save(module, str(folder), signatures=module.detect)
