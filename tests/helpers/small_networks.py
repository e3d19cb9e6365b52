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
    label_sum: float = 1.0,
    middle: Callable | None = None,
    leave_out: tuple[str, ...] = (),
) -> keras.Model:
    """Build four convolutions with two heads that differ.

    sharpness scales the logits of `scores` behind the evidence's back, label_sum is what
    `label_scores` add up to; leave_out names outputs that it lacks.
    """
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
    label_evidence = layers.Conv2D(labels, 1, name="label_evidence")(x)
    label_logits = layers.GlobalAveragePooling2D()(label_evidence)
    if label_sum == 1:
        label_scores = layers.Softmax(name="label_scores")(label_logits)
    else:
        shares = layers.Softmax()(label_logits)
        label_scores = layers.Rescaling(label_sum, name="label_scores")(shares)
    outputs = {"scores": scores, "label_scores": label_scores, "evidence": evidence}
    return keras.Model(image, {key: x for key, x in outputs.items() if key not in leave_out})


def save_network(path: Path, model: keras.Model) -> Path:
    """Save the network as .h5 and return its path."""
    model.save(path)
    return path
