"""What a network says of faces, in Keras or in any runtime."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """What a network says of n faces, float32 [n, 7] each.

    scores are what people would say, label_scores what FER-2013's label would be, logits the mean
    evidence, whose softmax is scores.
    """

    scores: np.ndarray
    label_scores: np.ndarray
    logits: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def select(self, rows: np.ndarray | slice) -> "Prediction":
        """Take some faces' rows, as a mask, indices or a slice."""
        return Prediction(self.scores[rows], self.label_scores[rows], self.logits[rows])
