"""The front of dlib's face recognition network: three of its stages, on our input and outputs.

Davis King's `dlib_face_recognition_resnet_model_v1` (2017), a residual network of He et al. 2016
with fewer layers and half the channels. `training.transfer` puts in what it knows of faces.
"""

import keras
from emoji_edge.contract import load_contract
from keras import layers

CONTRACT = load_contract()

STEM = 32  # channels of the first convolution
STAGES = (
    (32, 3),
    (64, 4),
    (128, 3),
)  # channels and residual blocks; the later two begin by halving
DROPOUT = 0.1  # of whole channels, before the evidence


def build_trunk(size: int | None = CONTRACT.input_size, dtype: str = "float32") -> keras.Model:
    """The network, with the input and outputs of `training.model.build_model`.

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
            x = add_block(x, width, strides=2 if stage and not block else 1, dtype=dtype)
    x = layers.SpatialDropout2D(DROPOUT, dtype=dtype)(x)
    evidence = layers.Conv2D(len(CONTRACT.labels), 1, dtype="float32", name=CONTRACT.evidence_name)(
        x
    )
    logits = layers.GlobalAveragePooling2D(dtype="float32", name="logits")(evidence)
    scores = layers.Softmax(dtype="float32", name=CONTRACT.scores_name)(logits)
    outputs = {CONTRACT.scores_name: scores, CONTRACT.evidence_name: evidence}
    return keras.Model(image, outputs, name="emoji")


def convolve(x, width: int, *, strides: int = 1, dtype: str):
    """3x3 convolution and BatchNorm."""
    x = layers.Conv2D(width, 3, strides, "same", use_bias=False, dtype=dtype)(x)
    return layers.BatchNormalization(dtype=dtype)(x)


def add_block(x, width: int, *, strides: int, dtype: str):
    """Two convolutions beside a shortcut, averaged and projected where the shape changes."""
    branch = layers.ReLU(dtype=dtype)(convolve(x, width, strides=strides, dtype=dtype))
    branch = convolve(branch, width, dtype=dtype)
    if strides > 1:
        x = layers.AveragePooling2D(2, padding="same", dtype=dtype)(x)
        x = layers.Conv2D(width, 1, use_bias=False, dtype=dtype)(x)
    return layers.ReLU(dtype=dtype)(layers.Add(dtype=dtype)([x, branch]))
