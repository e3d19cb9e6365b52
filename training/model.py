"""The network: a small residual network whose last map says where it saw what.

Plain 3x3 convolutions, BatchNorm and ReLU only: squeeze-excite and swish collapse under int8 and
float16, and BatchNorm after a depthwise convolution is not folded by the TF.js converter.
"""

import math

import keras
import numpy as np
from emoji_edge.contract import load_contract
from keras import layers

CONTRACT = load_contract()

STEM = 16  # channels at full size, where a picture is large and a channel dear
WIDTHS = (48, 96, 176)  # channels at a half, a quarter, an eighth of the size
DEPTHS = (1, 2, 2)  # residual blocks of each
LABEL_EVIDENCE = "label_evidence"  # the layer whose mean over h and w is label_scores' logits
HEADS = (CONTRACT.scores_name, CONTRACT.label_scores_name)  # in the order of find_truths
EVIDENCES = (CONTRACT.evidence_name, LABEL_EVIDENCE)  # the layer of each head


def build_model(
    size: int | None = CONTRACT.input_size,
    dtype: str = "float32",
    *,
    stem: int = STEM,
    widths: tuple[int, ...] = WIDTHS,
    depths: tuple[int, ...] = DEPTHS,
) -> keras.Model:
    """Build the network: float32 pictures [n, size, size, 1] in 0..255 to three named outputs.

    `scores` [n, 7] say what people would choose, `label_scores` [n, 7] what FER-2013's label would
    be; each adds up to 1. `evidence` [n, h, w, 7] is the class activation map (Zhou et al. 2016)
    whose mean over h and w is the logits of `scores`. The rescaling is inside, so that no runtime
    can get it wrong. size None takes pictures of any size, for training; dtype is a Keras policy.
    Other channels and blocks than the shipped network's make a teacher.
    """
    image = keras.Input((size, size, 1), name=CONTRACT.input_name)
    x = layers.Rescaling(1 / 127.5, offset=-1, dtype=dtype)(image)
    x = convolve(x, stem, dtype=dtype)
    x = convolve(x, widths[0], strides=2, dtype=dtype)
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for block in range(depth):
            x = add_block(x, width, strides=2 if stage and not block else 1, dtype=dtype)
    return keras.Model(image, name_outputs(x), name="emoji")


def name_outputs(x) -> dict:
    """Add both heads to the last map; return the outputs by their names in the contract."""
    evidence, scores = add_head(x, EVIDENCES[0], HEADS[0])
    _, label_scores = add_head(x, EVIDENCES[1], HEADS[1])
    outputs = dict(zip(HEADS, (scores, label_scores), strict=True))
    return outputs | {CONTRACT.evidence_name: evidence}


def add_head(x, evidence_name: str, scores_name: str):
    """Add one reading of the last map; returns its evidence [n, h, w, 7] and scores [n, 7]."""
    count = len(CONTRACT.labels)
    evidence = layers.Conv2D(count, 1, dtype="float32", name=evidence_name)(x)
    logits = layers.GlobalAveragePooling2D(dtype="float32", name=f"{scores_name}_logits")(evidence)
    return evidence, layers.Softmax(dtype="float32", name=scores_name)(logits)


def convolve(x, width: int, *, strides: int = 1, relu: bool = True, dtype: str):
    """Add a 3x3 convolution, BatchNorm and, unless it ends a residual branch, ReLU."""
    x = layers.Conv2D(
        width, 3, strides, "same", use_bias=False, kernel_initializer="he_normal", dtype=dtype
    )(x)
    # Branches that start at zero make the network start as the identity (Goyal et al. 2017).
    x = layers.BatchNormalization(gamma_initializer="ones" if relu else "zeros", dtype=dtype)(x)
    return layers.ReLU(dtype=dtype)(x) if relu else x


def add_block(x, width: int, *, strides: int, dtype: str):
    """Add two convolutions beside a shortcut, averaged and projected where the shape changes."""
    branch = convolve(x, width, strides=strides, dtype=dtype)
    branch = convolve(branch, width, relu=False, dtype=dtype)
    if strides > 1:
        x = layers.AveragePooling2D(strides, padding="same", dtype=dtype)(x)
        x = layers.Conv2D(width, 1, use_bias=False, dtype=dtype)(x)
        x = layers.BatchNormalization(dtype=dtype)(x)
    return layers.ReLU(dtype=dtype)(layers.Add(dtype=dtype)([x, branch]))


def count_multiply_adds(model: keras.Model) -> int:
    """Count the convolutions' multiply-adds for one picture; the rest is small beside them."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += math.prod(layer.kernel.shape) * height * width
    return total


def predict_scores(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Predict both heads' scores, float32 [n, 2, 7], of uint8 or float32 pictures [n, h, w]."""
    x = images[..., None].astype(np.float32)
    answer = model.predict(x, batch_size=256, verbose=0)
    return np.stack([answer[name] for name in HEADS], axis=1)
