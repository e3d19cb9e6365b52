"""A teacher that begins with what dlib's face recognition network knows of faces.

Davis King's `dlib_face_recognition_resnet_model_v1` (2017) is a residual network of He et al. 2016
with fewer layers and half the channels. Here are the first three of its stages, and of the fourth
one block, on our input and outputs; `training.transfer` puts in its weights.
"""

import keras
from keras import layers

from training.model import CONTRACT, name_outputs

STEM = 32  # channels of the first convolution
STAGES = (
    (32, 3),
    (64, 4),
    (128, 3),
)  # channels and residual blocks; the later two begin by halving
LAST = 256  # channels of the last block, which halves in the original
DROPOUT = 0.1  # of whole channels, before the evidence


def build_dlib(size: int | None = CONTRACT.input_size, dtype: str = "float32") -> keras.Model:
    """Build the network, with the input and outputs of `training.model.build_model`.

    The pooling stands before the first BatchNorm, which gives the same for scales above zero and
    normalizes a quarter of the values.
    """
    image = keras.Input((size, size, 1), name=CONTRACT.input_name)
    x = layers.Rescaling(1 / 127.5, offset=-1, dtype=dtype)(image)
    x = layers.Conv2D(STEM, 7, padding="same", use_bias=False, dtype=dtype)(x)
    x = layers.MaxPooling2D(3, 2, "same", dtype=dtype)(x)
    x = layers.ReLU(dtype=dtype)(layers.BatchNormalization(dtype=dtype)(x))
    for stage, (width, depth) in enumerate(STAGES):
        for block in range(depth):
            x = add_stage_block(x, width, strides=2 if stage and not block else 1, dtype=dtype)
    x = add_last_block(x, LAST, dtype=dtype)
    x = layers.SpatialDropout2D(DROPOUT, dtype=dtype)(x)
    return keras.Model(image, name_outputs(x), name="dlib")


def normalize(x, width: int, *, strides: int = 1, dilation: int = 1, dtype: str):
    """Add a 3x3 convolution and BatchNorm."""
    x = layers.Conv2D(
        width, 3, strides, "same", dilation_rate=dilation, use_bias=False, dtype=dtype
    )(x)
    return layers.BatchNormalization(dtype=dtype)(x)


def add_stage_block(x, width: int, *, strides: int, dtype: str):
    """Add two convolutions beside a shortcut, averaged and projected where the shape changes."""
    branch = layers.ReLU(dtype=dtype)(normalize(x, width, strides=strides, dtype=dtype))
    branch = normalize(branch, width, dtype=dtype)
    if strides > 1:
        x = layers.AveragePooling2D(2, padding="same", dtype=dtype)(x)
        x = layers.Conv2D(width, 1, use_bias=False, dtype=dtype)(x)
    return layers.ReLU(dtype=dtype)(layers.Add(dtype=dtype)([x, branch]))


def add_last_block(x, width: int, *, dtype: str):
    """Add the fourth stage's first block at every place, where the original takes every second.

    So its second convolution is dilated by two (Yu and Koltun 2016).
    """
    branch = layers.ReLU(dtype=dtype)(normalize(x, width, dtype=dtype))
    branch = normalize(branch, width, dilation=2, dtype=dtype)
    x = layers.AveragePooling2D(2, 1, padding="same", dtype=dtype)(x)
    x = layers.Conv2D(width, 1, use_bias=False, dtype=dtype)(x)
    return layers.ReLU(dtype=dtype)(layers.Add(dtype=dtype)([x, branch]))
