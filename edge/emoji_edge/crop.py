"""Cut gray faces out of a photo, upright, bit for bit as web/pipeline/crop.js does.

- **Gray**: (wR*R + wG*G + wB*B + half) >> shift, with the contract's weights and half = 1 <<
  (shift - 1). This is Pillow's own conversion to mode "L".
- **Cut** a square of centre x, y, side s, turned clockwise by roll, to n x n pixels, each the mean
  of k x k samples, in four steps:

  1. Reduce by f = max(1, floor(s / (reduce_to * n * k))). With e = s / 2 * (|cos| + |sin|) of
     roll: the b = ceil(2e / f) + 3 blocks a side from column floor((x - e) / f) - 1 and row
     floor((y - e) / f) - 1 on, those beyond the photo black; blocks begin at multiples of f.
  2. Resize these blocks to m x m pixels, m = max(1, round(b * f * n * k / s)).
  3. Sample nk x nk of these pixels in fixed point of 16 bits: with z = m / (b * f), p = z * s /
     (nk), a = round(cos * p * 2^16), c = round(sin * p * 2^16), the sample of column i and row j
     is the pixel of column (X + i*a - j*c) >> 16 and row (Y + i*c + j*a) >> 16, where X =
     round((x - column * f) * z * 2^16) - ((a - c) * (nk - 1) >> 1) and Y = round((y - row * f) *
     z * 2^16) - ((a + c) * (nk - 1) >> 1), with the first block's column and row.
  4. Reduce by k.

round(v) is floor(v + 0.5) everywhere.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .contract import Contract
from .errors import EmojiError
from .image import Box
from .resize import resize

ONE = 1 << 16  # of the fixed-point positions
Kept = dict[tuple[int, int, int, int, int], Image.Image]  # blocks by their place, see cut_square


class BoxError(EmojiError, ValueError):
    """A caller's box cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Square:
    """A square in a picture: centre and side in pixels, roll in degrees clockwise."""

    x: float
    y: float
    side: float
    roll: float = 0.0

    def snap(self) -> "Square":
        """The same in whole eighths of a pixel and of a degree, the side at least a pixel.

        So runtimes whose detectors differ in the last digits cut the same pixels.
        """
        x, y, side, roll = (
            math.floor(value * 8 + 0.5) / 8 for value in (self.x, self.y, self.side, self.roll)
        )
        return Square(x, y, max(1.0, side), roll)

    @property
    def box(self) -> Box:
        """The square of this centre and side that is not turned."""
        half = self.side / 2
        return self.x - half, self.y - half, self.x + half, self.y + half


def crop_face(image: Image.Image, box: Box, contract: Contract, roll: float = 0.0) -> np.ndarray:
    """Cut a face out of an RGB picture, upright and the way FER-2013 frames faces.

    Args:
        image: the photo.
        box: where the detector sees the face.
        contract: how much around the box to take.
        roll: how far the head is tilted, in degrees clockwise.

    Returns:
        Gray levels, uint8 [size, size] of the contract's input.
    """
    square = place_crop(box, contract, roll)
    size, samples = contract.input_size, contract.crop_samples
    return np.asarray(cut_square(image, square, size, samples, contract.reduce_to, gray=True))


def place_crop(box: Box, contract: Contract, roll: float = 0.0) -> Square:
    """Place the square that crop_face cuts.

    Its side is the box's longer side times `crop.scale`; its centre is the box's, moved towards
    the forehead by `crop.shift_up` times the longer side; then all is snapped.
    """
    longer = max(box[2] - box[0], box[3] - box[1])
    up = contract.crop_shift_up * longer
    turn = math.radians(roll)
    x = (box[0] + box[2]) / 2 + up * math.sin(turn)
    y = (box[1] + box[3]) / 2 - up * math.cos(turn)
    return Square(x, y, longer * contract.crop_scale, roll).snap()


def resize_face(image: Image.Image, contract: Contract, box: Box | None = None) -> np.ndarray:
    """Take an RGB picture, or a box of it, as one face: gray, then resized.

    A box is taken in whole pixels, each corner rounded, and made square around its middle by its
    longer side; it is black outside the picture.

    Returns:
        Gray levels, uint8 [size, size] of the contract's input.
    """
    size = contract.input_size
    if box is not None:
        return np.asarray(_resize_square(image, square_box(box), size))
    return np.asarray(resize(image.convert("L"), size, size))


def _resize_square(image: Image.Image, square: tuple[int, int, int, int], size: int) -> Image.Image:
    """Resize a square in gray, black outside the picture, without making the square itself.

    It may be many times as large as the picture. So only the picture's own rows get the new width;
    the black ones above and below them join these where they are short.
    """
    left, top, right, bottom = square
    first, last = max(0, top), min(image.height, bottom)
    begin, end = max(0, left), min(image.width, right)
    columns = Image.new("L", (size, bottom - top))
    if first < last and begin < end:
        rows = Image.new("L", (right - left, last - first))
        rows.paste(image.crop((begin, first, end, last)).convert("L"), (begin - left, 0))
        columns.paste(resize(rows, size, rows.height), (0, first - top))
    return resize(columns, size, size)


def square_box(box: Box) -> tuple[int, int, int, int]:
    """Make a box square by the rule of resize_face: x0, y0, x1, y1 in whole pixels."""
    x0, y0, x1, y1 = (math.floor(value + 0.5) for value in box)
    side = max(1, x1 - x0, y1 - y0)
    left, top = (x0 + x1 - side) // 2, (y0 + y1 - side) // 2
    return left, top, left + side, top + side


def check_box(box: object) -> Box:
    """Take a caller's box; BoxError where it is not x0 < x1, y0 < y1 of at most a million."""
    shown = repr(box)[:80]
    try:
        x0, y0, x1, y1 = (float(value) for value in box)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        raise BoxError(f"the box {shown} is not x0, y0, x1, y1") from None
    usable = all(abs(value) <= 1e6 for value in (x0, y0, x1, y1))
    if not (usable and x0 < x1 and y0 < y1):
        raise BoxError(f"the box {shown} is not x0 < x1, y0 < y1 of at most a million pixels")
    return x0, y0, x1, y1


def check_inside(box: Box, size: tuple[int, int], longest: int) -> None:
    """Raise BoxError where a box does not fit a picture of that width and height.

    It has to have a pixel of the picture, and its longer side, in whole pixels, is at most
    `longest` times the picture's longer side.
    """
    x0, y0, x1, y1 = box
    picture = f"the picture of {size[0]}x{size[1]}"
    if x1 <= 0 or y1 <= 0 or x0 >= size[0] or y0 >= size[1]:
        raise BoxError(f"the box {list(box)} lies outside {picture}")
    left, _, right, _ = square_box(box)
    if right - left > longest * max(size):
        raise BoxError(f"the box {list(box)} is over {longest} times as long as {picture}")


def cut_square(
    image: Image.Image,
    square: Square,
    size: int,
    samples: int,
    reduce_to: int,
    *,
    gray: bool,
    kept: Kept | None = None,
) -> Image.Image:
    """Cut a turned square out of an RGB picture by the rule above, black outside the picture.

    Args:
        image: the picture.
        square: what to cut; its side is at least one pixel.
        size: n of the rule. samples: k. reduce_to: the same.
        gray: whether to convert to gray before anything else.
        kept: holds the last blocks of this picture, for the next square that needs the same ones,
            as that of another quarter turn does.

    Returns:
        A picture [size, size] of mode L or RGB.
    """
    fine = size * samples
    factor = max(1, math.floor(square.side / (reduce_to * fine)))
    turn = math.radians(square.roll)
    reach = square.side / 2 * (abs(math.cos(turn)) + abs(math.sin(turn)))
    column = math.floor((square.x - reach) / factor) - 1
    row = math.floor((square.y - reach) / factor) - 1
    blocks = math.ceil(2 * reach / factor) + 3
    length = blocks * factor
    side = max(1, math.floor(length * fine / square.side + 0.5))
    place = (column, row, blocks, factor, side)
    patch = _take_patch(image, place, {} if kept is None else kept, gray=gray)
    zoom = side / length
    across = _fix(math.cos(turn) * zoom * square.side / fine)
    down = _fix(math.sin(turn) * zoom * square.side / fine)
    left = _fix((square.x - column * factor) * zoom) - ((across - down) * (fine - 1) >> 1)
    top = _fix((square.y - row * factor) * zoom) - ((across + down) * (fine - 1) >> 1)
    turned = _sample(patch, fine, (left, top), (across, down))
    return turned.reduce(samples) if samples > 1 else turned


def _take_patch(
    image: Image.Image, place: tuple[int, int, int, int, int], kept: Kept, *, gray: bool
) -> Image.Image:
    """Steps 1 and 2, or what is kept of them."""
    if place not in kept:
        *blocks, side = place
        patch = _cut_blocks(image, *blocks, gray=gray)
        kept.clear()
        kept[place] = resize(patch, side, side)
    return kept[place]


def _fix(value: float) -> int:
    return math.floor(value * ONE + 0.5)


def _cut_blocks(
    image: Image.Image, column: int, row: int, blocks: int, factor: int, *, gray: bool
) -> Image.Image:
    """Blocks [blocks, blocks] of factor x factor pixels, black where the picture has none."""
    patch = Image.new("L" if gray else "RGB", (blocks, blocks))
    left, top = max(0, column * factor), max(0, row * factor)
    right = min(image.width, (column + blocks) * factor)
    bottom = min(image.height, (row + blocks) * factor)
    if left < right and top < bottom:
        box = (left, top, right, bottom)
        if gray or factor == 1:
            part = image.crop(box)
            part = part.convert("L") if gray else part
            part = part.reduce(factor) if factor > 1 else part
        else:
            part = image.reduce(factor, box)  # the same without a copy
        patch.paste(part, (left // factor - column, top // factor - row))
    return patch


def _sample(
    image: Image.Image, size: int, start: tuple[int, int], step: tuple[int, int]
) -> Image.Image:
    """Step 3: Pillow's nearest affine transform, which adds half a step to the start."""
    (left, top), (across, down) = start, step
    rows = (
        (across, -down, left - (across - down) / 2),
        (down, across, top - (across + down) / 2),
    )
    matrix = tuple(value / ONE for row in rows for value in row)
    return image.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)
