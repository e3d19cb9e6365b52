"""Small networks that keep the contract, or break it on purpose."""

from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers


def build_network(
    *,
    size: int = 48,
    channels: int = 1,
    labels: int = 7,
    name: str = "image",
    sharpness: float = 1.0,
    middle: Callable | None = None,
) -> keras.Model:
    """Three convolutions; sharpness scales the logits behind the evidence's back."""
    keras.utils.set_random_seed(7)
    image = keras.Input((size, size, channels), name=name)
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    for width in (8, 12):
        x = layers.Conv2D(width, 3, 2, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    if middle:
        x = middle(x)
    evidence = layers.Conv2D(labels, 1, name="evidence")(x)
    logits = layers.GlobalAveragePooling2D()(evidence)
    scores = layers.Softmax(name="scores")(layers.Rescaling(sharpness)(logits))
    return keras.Model(image, {"scores": scores, "evidence": evidence})


def save_network(path: Path, model: keras.Model) -> Path:
    """As .h5."""
    model.save(path)
    return path
