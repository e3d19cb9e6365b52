"""Shares of pictures, with the interval that their number allows."""

import numpy as np
from scipy.stats import binomtest


def wilson_interval(right: int, total: int) -> list[float]:
    """The 95 % interval of a share (Wilson 1927)."""
    interval = binomtest(right, total).proportion_ci(0.95, method="wilson")
    return [float(interval.low), float(interval.high)]


def measure_share(right: np.ndarray) -> dict:
    """Share of a mask with its interval and the number of pictures."""
    return {
        "pictures": len(right),
        "share": float(right.mean()),
        "interval": wilson_interval(int(right.sum()), len(right)),
    }
