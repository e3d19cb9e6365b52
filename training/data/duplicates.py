"""Find pictures that stand in the data more than once, exactly or nearly."""

import numpy as np

from training.data.table import SIZE

NEAR_SIZE = 16  # thumbnails compared for near duplicates
NEAR_CORRELATION = 0.95  # at least this alike is a near duplicate


def make_thumbnails(images: np.ndarray) -> np.ndarray:
    """Make 16x16 area means, float32 [n, 256], of zero mean and unit length: dot = correlation."""
    step = SIZE // NEAR_SIZE
    small = images.reshape(-1, NEAR_SIZE, step, NEAR_SIZE, step).mean(axis=(2, 4), dtype=np.float32)
    flat = small.reshape(len(images), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def find_duplicates(images: np.ndarray) -> np.ndarray:
    """Find pairs of alike pictures, int64 [m, 2] with first < second, exact copies included.

    The rule: the 16x16 thumbnails, as they are or one mirrored, correlate at least 0.95.
    """
    thumbs = make_thumbnails(images)
    mirrored = make_thumbnails(images[:, :, ::-1])
    pairs = [np.empty((0, 2), np.int64)]
    for start in range(0, len(images), 2048):
        block = thumbs[start : start + 2048]
        alike = np.maximum(block @ thumbs[start:].T, block @ mirrored[start:].T)
        first, second = np.nonzero(np.triu(alike >= NEAR_CORRELATION, k=1))
        pairs.append(np.stack([first + start, second + start], axis=1))
    return np.concatenate(pairs)


def is_exact(images: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Tell for each pair [m] whether the two pictures are the same in every pixel."""
    return (images[pairs[:, 0]] == images[pairs[:, 1]]).all(axis=(1, 2))
