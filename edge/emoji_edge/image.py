"""Open any photo as upright RGB, and cut 48x48 gray faces from it.

The pixel rules, which every runtime repeats bit for bit:

- **Decode**: the first frame; alpha is dropped, never blended; the high byte of 16-bit samples.
- **Upright**: the orientation (1 to 8) of the file's Exif block, and of nothing else.
- **Gray**: (wR*R + wG*G + wB*B + half) >> shift, with the contract's weights and half = 1 <<
  (shift - 1). This is Pillow's own conversion to mode "L".
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

import contextlib
import io
import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from .contract import Contract

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels of the upright photo
Source = str | Path | bytes | BinaryIO | Image.Image | np.ndarray

# The formats of photos. Pillow reads many more, some through other programs (EPS).
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".gif", ".bmp", ".dib", ".webp",
    ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm", ".avif",
})  # fmt: skip
HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1")
ORIENTATION_TAG = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(Exception):
    """The picture cannot be used; the message says why in one line."""


def open_photo(source: Source, max_pixels: int) -> Image.Image:
    """Decode a photo into an upright picture of mode RGB.

    Args:
        source: a path, the bytes of a file, an open binary file, a Pillow image, or an array of
            uint8, [h, w] gray, [h, w, 3] RGB or [h, w, 4] RGBA.
        max_pixels: refuse more pixels than this before decoding them.

    Raises:
        ImageError: not a picture, damaged, too large, or unreadable.
    """
    try:
        with contextlib.ExitStack() as stack:
            image = _open_source(source, stack)
            _check_size(image, max_pixels)
            image.load()
            return _turn_upright(_convert_rgb(image), _read_orientation(image))
    except ImageError:
        raise
    except MemoryError:
        raise ImageError("too large for this device's memory") from None
    except Image.DecompressionBombError:
        raise ImageError(f"more than {max_pixels / 1e6:g} megapixels") from None
    except OSError as error:
        raise ImageError(_describe_failure(error)) from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files.
        raise ImageError(f"damaged picture ({_one_line(error)})") from None


def crop_face(image: Image.Image, box: Box, contract: Contract) -> np.ndarray:
    """Cut a detector's box out of an RGB picture the way FER-2013 frames faces.

    With w, h the box's sides and round(v) = floor(v + 0.5):
    side = max(1, round(max(w, h) * scale)), left = round(centre_x - side / 2),
    top = round(centre_y - shift_up * h - side / 2); black outside the photo; then gray, then
    resize. Returns uint8 [size, size].
    """
    left, top, side = place_crop(box, contract)
    square = image.crop((left, top, left + side, top + side))  # zeros outside
    return resize_face(square, contract)


def place_crop(box: Box, contract: Contract) -> tuple[int, int, int]:
    """Left, top and side of the square that crop_face cuts, in whole pixels of the photo."""
    width, height = box[2] - box[0], box[3] - box[1]
    side = max(1, _round(max(width, height) * contract.crop_scale))
    left = _round((box[0] + box[2]) / 2 - side / 2)
    top = _round((box[1] + box[3]) / 2 - contract.crop_shift_up * height - side / 2)
    return left, top, side


def resize_face(image: Image.Image, contract: Contract) -> np.ndarray:
    """The whole RGB picture as one face: gray, then resized. Returns uint8 [size, size]."""
    return np.asarray(resize(image.convert("L"), contract.input_size, contract.input_size))


def resize(image: Image.Image, width: int, height: int, factor: int = 1) -> Image.Image:
    """Resize by the rule above: the width first, whatever order this Pillow would choose.

    A factor above 1 reduces by it before, which is several times as fast for a large picture.
    """
    across, down = image.width / factor, image.height / factor
    small = image.reduce(factor) if factor > 1 else image
    bilinear = Image.Resampling.BILINEAR
    rows = small.resize((width, small.height), bilinear, (0, 0, across, small.height))
    return rows.resize((width, height), bilinear, (0, 0, width, down))


def _round(value: float) -> int:
    return math.floor(value + 0.5)


def _open_source(source: Source, stack: contextlib.ExitStack) -> Image.Image:
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return _wrap_array(source)
    file: BinaryIO
    if isinstance(source, str | Path):
        file = stack.enter_context(Path(source).open("rb"))  # noqa: SIM115
    else:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
    if not file.seekable():  # a pipe
        file = io.BytesIO(file.read())
    return _open_file(file)


def _open_file(file: BinaryIO) -> Image.Image:
    start = file.read(12)
    file.seek(0)
    if not start:
        raise ImageError("empty file")
    if start[4:] in HEIC:
        raise ImageError("HEIC is not supported; save the photo as JPEG")
    try:
        return Image.open(file, formats=FORMATS)
    except KeyError:  # a Pillow without the last of the formats
        raise ImageError("not a picture") from None


def _wrap_array(array: np.ndarray) -> Image.Image:
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or array.shape[2:] not in ((), (3,), (4,))
    ):
        raise ImageError(f"an array of {array.dtype} {list(array.shape)}, not uint8 [h, w, 3]")
    return Image.fromarray(np.ascontiguousarray(array))


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise ImageError("a picture without pixels")
    if width * height > max_pixels:
        raise ImageError(f"{width}x{height} is more than {max_pixels / 1e6:g} megapixels")


def _convert_rgb(image: Image.Image) -> Image.Image:
    """To mode RGB without blending: a palette or an alpha channel gives its plain colours."""
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):
        return _wrap_array(_take_high_byte(np.asarray(image))).convert("RGB")
    if image.mode == "F":
        return _wrap_array(_scale_float(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBa", "La"):  # premultiplied: undo that first
        image = image.convert("RGBA" if image.mode == "RGBa" else "LA")
    return image.convert("RGB")


def _take_high_byte(values: np.ndarray) -> np.ndarray:
    """16-bit samples to 8 bits, as libpng and browsers do."""
    return np.clip(values.astype(np.int64) >> 8, 0, 255).astype(np.uint8)


def _scale_float(values: np.ndarray) -> np.ndarray:
    """Floating-point samples, of 0..1 or 0..255, to 8 bits."""
    values = np.nan_to_num(values, posinf=255, neginf=0)
    scale = 255 if values.max() <= 1 else 1
    return np.clip(values * scale + 0.5, 0, 255).astype(np.uint8)


def _read_orientation(image: Image.Image) -> int:
    """The Exif orientation, 1 where there is none or it is damaged. Only after image.load().

    Pillow's own reader would also take it from XMP, which browsers do not.
    """
    try:
        if image.format == "TIFF":  # its own tag; newer Pillows have applied and removed it
            return int(image.getexif().get(ORIENTATION_TAG, 1))
        exif = Image.Exif()
        exif.load(image.info.get("exif", b""))
        return int(exif.get(ORIENTATION_TAG, 1))
    except Exception:  # Pillow raises nearly anything here too, and warns
        return 1


def _turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _describe_failure(error: OSError) -> str:
    if error.strerror:  # the file system's own words
        return f"cannot be read ({error.strerror})"
    if isinstance(error, Image.UnidentifiedImageError):
        return "not a picture"
    return f"damaged picture ({_one_line(error)})"


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:120] or type(error).__name__
