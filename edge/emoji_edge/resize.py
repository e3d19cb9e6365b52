"""Scale pictures, bit for bit as web/pipeline/resize.js does.

- **Resize**: Pillow's antialiased bilinear in fixed point, one pass over the rows (width), rounded
  to 8 bits, then one over the columns (height); an axis whose size stays is left alone. For output
  index i of an axis from n to m: s = n / m; centre = (i + 0.5) * s; r = max(s, 1); the taps run
  from max(0, trunc(centre - r + 0.5)) to before min(n, trunc(centre + r + 0.5)); tap x weighs
  max(0, 1 - |(x - centre + 0.5) * (1 / r)|), divided by the sum of the weights, then
  trunc(0.5 + weight * 2^22). The value is (2^21 + sum of weight * pixel) >> 22, clipped to 0..255.
- **Reduce** by a factor f: Pillow's mean over blocks of f x f pixels, those at the right and bottom
  edge over what is there: ((sum + (count >> 1)) * trunc(2^24 / count)) >> 24, with the quotient
  rounded to float32 first. What is resized after it has the size n / f, rounded to float32, with
  no tap beyond the last block.
"""

import math
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Frame:
    """Where a picture lies in a square: left, top, width and height in pixels of the square."""

    left: int
    top: int
    width: int
    height: int


def resize(image: Image.Image, width: int, height: int, factor: int = 1) -> Image.Image:
    """Resize by the rule above: the width first, whatever order this Pillow would choose.

    A factor above 1 reduces by it before, which is several times as fast for a large picture.
    """
    across, down = image.width / factor, image.height / factor
    small = image.reduce(factor) if factor > 1 else image
    bilinear = Image.Resampling.BILINEAR
    rows = small.resize((width, small.height), bilinear, (0, 0, across, small.height))
    return rows.resize((width, height), bilinear, (0, 0, width, down))


def shrink(image: Image.Image, longer: int, reduce_to: int) -> Image.Image:
    """Resize a picture so that its longer side is `longer` pixels, larger or smaller.

    Each side becomes max(1, floor(side * longer / its longer side + 0.5)). A picture whose longer
    side is f * reduce_to * longer or more, f the largest whole number for which it is, is reduced
    by f before.
    """
    before = max(image.size)
    width = max(1, math.floor(image.width * longer / before + 0.5))
    height = max(1, math.floor(image.height * longer / before + 0.5))
    return resize(image, width, height, max(1, before // (reduce_to * longer)))


def fit_square(image: Image.Image, size: int, reduce_to: int) -> tuple[Image.Image, Frame]:
    """Shrink a picture to a longer side of size pixels and centre it on a black square.

    The margins left and above are (size - side) // 2. Returns the square, and where the picture
    lies in it.
    """
    small = shrink(image, size, reduce_to)
    frame = Frame((size - small.width) // 2, (size - small.height) // 2, *small.size)
    square = Image.new("RGB", (size, size))
    square.paste(small, (frame.left, frame.top))
    return square, frame
