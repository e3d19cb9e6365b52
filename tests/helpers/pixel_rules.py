"""The pixel rules of emoji_edge.resize and emoji_edge.crop, written out in plain arithmetic."""

import math

import numpy as np


def resize_axis(values: np.ndarray, size: int, extent: float | None = None) -> np.ndarray:
    """The rule of one axis: values uint8 [n, ...], of which extent is meant, to [size, ...]."""
    n = len(values)
    extent = n if extent is None else float(np.float32(extent))
    if extent == size:
        return values
    step = extent / size
    radius = max(step, 1.0)
    out = np.empty((size, *values.shape[1:]), np.uint8)
    for i in range(size):
        centre = (i + 0.5) * step
        first, last = max(0, int(centre - radius + 0.5)), min(n, int(centre + radius + 0.5))
        taps = [max(0.0, 1 - abs((x - centre + 0.5) * (1 / radius))) for x in range(first, last)]
        total = 0.0
        for tap in taps:
            total += tap
        weights = [int(0.5 + tap * (1 / total) * (1 << 22)) for tap in taps]
        sums = np.tensordot(weights, values[first:last].astype(np.int64), axes=1)
        out[i] = np.clip((sums + (1 << 21)) >> 22, 0, 255)
    return out


def reduce_axes(values: np.ndarray, factor: int) -> np.ndarray:
    """The rule of blocks: values uint8 [h, w, ...]."""
    height, width = (-(-side // factor) for side in values.shape[:2])
    out = np.empty((height, width, *values.shape[2:]), np.uint8)
    for y, x in np.ndindex(height, width):
        block = values[y * factor :, x * factor :][:factor, :factor]
        block = block.reshape(-1, *values.shape[2:])
        inverse = int(np.float32(2**24 / len(block)))
        out[y, x] = (block.astype(np.int64).sum(axis=0) + len(block) // 2) * inverse >> 24
    return out


def resize_both(values: np.ndarray, side: int) -> np.ndarray:
    """The rule of resize: rows first, to [side, side, ...]."""
    rows = resize_axis(values.swapaxes(0, 1), side).swapaxes(0, 1)
    return resize_axis(rows, side)


def cut_turned(  # noqa: PLR0917
    values: np.ndarray, x: float, y: float, side: float, roll: float, size: int, samples: int
) -> np.ndarray:
    """The rule of cut_square for uint8 [h, w, ...] with reduce_to 2, step by step."""
    fine = size * samples
    factor = max(1, math.floor(side / (2 * fine)))
    cos, sin = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    reach = side / 2 * (abs(cos) + abs(sin))
    column = math.floor((x - reach) / factor) - 1
    row = math.floor((y - reach) / factor) - 1
    blocks = math.ceil(2 * reach / factor) + 3
    small = reduce_axes(values, factor) if factor > 1 else values
    patch = np.zeros((blocks, blocks, *values.shape[2:]), np.uint8)
    for j, i in np.ndindex(blocks, blocks):
        if 0 <= row + j < small.shape[0] and 0 <= column + i < small.shape[1]:
            patch[j, i] = small[row + j, column + i]
    wide = max(1, math.floor(blocks * factor * fine / side + 0.5))
    zoom = wide / (blocks * factor)
    pixels = resize_both(patch, wide)
    a = math.floor(cos * zoom * side / fine * 65536 + 0.5)
    c = math.floor(sin * zoom * side / fine * 65536 + 0.5)
    left = math.floor((x - column * factor) * zoom * 65536 + 0.5) - ((a - c) * (fine - 1) >> 1)
    top = math.floor((y - row * factor) * zoom * 65536 + 0.5) - ((a + c) * (fine - 1) >> 1)
    j, i = np.mgrid[:fine, :fine]
    turned = pixels[(top + i * c + j * a) >> 16, (left + i * a - j * c) >> 16]
    return reduce_axes(turned, samples) if samples > 1 else turned
