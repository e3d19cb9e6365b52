"""Sharpness-aware minimization (Foret et al. 2021): learn where the loss is flat, not only low.

Each step takes the gradient not at the weights but at the worst point within a radius of them, as
far as one gradient tells; that costs a second pass. TensorFlow's backend only.
"""

import keras
import tensorflow as tf


class SharpnessAwareModel(keras.Model):
    """A model whose training step looks a radius (of all trainable weights together) uphill."""

    def __init__(self, inputs, outputs, radius: float):
        super().__init__(inputs, outputs)
        self.radius = radius

    def train_step(self, data):
        """One step on (pictures [n, size, size, 1], targets [n, 7]); the metrics before it."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        loss, scores, slopes = self.measure_slopes(x, y)
        # The statistics of BatchNorm are those of the weights themselves.
        statistics = [tf.identity(variable) for variable in self.non_trainable_variables]
        length = self.radius / (tf.linalg.global_norm(slopes) + 1e-12)
        for variable, slope in zip(variables, slopes, strict=True):
            variable.assign_add(slope * length)
        _, _, uphill = self.measure_slopes(x, y)
        for variable, slope in zip(variables, slopes, strict=True):
            variable.assign_sub(slope * length)
        for variable, value in zip(self.non_trainable_variables, statistics, strict=True):
            variable.assign(value)
        self.optimizer.apply_gradients(zip(uphill, variables, strict=True))
        tracker = next(metric for metric in self.metrics if metric.name == "loss")
        tracker.update_state(loss)
        return self.compute_metrics(x, y, scores)

    def measure_slopes(self, x, y):
        """Loss, scores [n, 7] and the loss's gradient by each trainable weight."""
        with tf.GradientTape() as tape:
            scores = self(x, training=True)
            loss = self.compute_loss(x, y, scores)
        return loss, scores, tape.gradient(loss, self.trainable_variables)
