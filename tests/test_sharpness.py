"""Sharpness-aware steps: the gradient of the worst point near by, and nothing else changed."""

import keras
import numpy as np
import pytest

from training import train
from training.sharpness import SharpnessAwareModel

RADIUS, RATE = 0.5, 0.1


def make_model(radius):
    """One BatchNorm and one weight per class, so that a step can be worked out by hand."""
    keras.utils.set_random_seed(3)
    image = keras.Input((4,))
    x = keras.layers.BatchNormalization(momentum=0.5)(image)
    scores = keras.layers.Dense(3, activation="softmax", use_bias=False)(x)
    model = SharpnessAwareModel(image, scores, radius) if radius else keras.Model(image, scores)
    model.compile(keras.optimizers.SGD(RATE), "categorical_crossentropy")
    return model


def make_batch():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 4)).astype(np.float32)
    return x, np.eye(3, dtype=np.float32)[rng.integers(3, size=8)]


def work_out_slopes(x, y, gamma, beta, kernel):
    """Gradients of the mean cross-entropy by gamma, beta and kernel, in NumPy."""
    normal = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)
    hidden = normal * gamma + beta
    logits = hidden @ kernel
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    error = (scores - y) / len(x)
    back = error @ kernel.T
    return [(back * normal).sum(axis=0), back.sum(axis=0), hidden.T @ error]


def test_a_step_takes_the_gradient_of_the_worst_point_near_by():
    model, (x, y) = make_model(RADIUS), make_batch()
    weights = [variable.numpy() for variable in model.trainable_variables]
    model.train_on_batch(x, y)

    slopes = work_out_slopes(x, y, *weights)
    length = RADIUS / np.sqrt(sum((slope**2).sum() for slope in slopes))
    worst = [weight + slope * length for weight, slope in zip(weights, slopes, strict=True)]
    uphill = work_out_slopes(x, y, *worst)
    assert not np.allclose(slopes[2], uphill[2], atol=1e-3)
    for variable, weight, slope in zip(model.trainable_variables, weights, uphill, strict=True):
        np.testing.assert_allclose(variable.numpy(), weight - RATE * slope, atol=1e-5)


def test_statistics_and_loss_are_those_of_the_weights_themselves():
    aware, plain, (x, y) = make_model(RADIUS), make_model(0), make_batch()
    losses = [float(model.train_on_batch(x, y)) for model in (aware, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    statistics = [model.layers[1].moving_mean.numpy() for model in (aware, plain)]
    np.testing.assert_allclose(statistics[0], x.mean(axis=0) / 2, atol=1e-6)
    np.testing.assert_array_equal(*statistics)


def test_sharpness_is_refused_on_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(train.RunError, match="needs Keras's TensorFlow backend"):
        train.connect_model(keras.Input((4,)), None, 0.1)


@pytest.mark.parametrize("sharpness", [0.0, 0.1])
def test_the_setting_chooses_the_step(sharpness):
    model = train.compile_model(train.Settings(sharpness=sharpness), steps=10, epochs=3)
    assert isinstance(model, SharpnessAwareModel) == (sharpness > 0)
    assert getattr(model, "radius", 0.0) == sharpness
