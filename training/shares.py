"""Which part of the pictures something holds for, with the interval that their number allows."""

from typing import Any

import numpy as np
from scipy.stats import binomtest


def measure_fraction(right: np.ndarray) -> dict[str, Any]:
    """Measure the share of pictures that a mask [n] marks; n is above 0.

    Its 95 % interval is Wilson's (1927).
    """
    test = binomtest(int(right.sum()), len(right))
    interval = test.proportion_ci(0.95, method="wilson")
    return {
        "pictures": len(right),
        "share": float(right.mean()),
        "interval": [float(interval.low), float(interval.high)],
    }
