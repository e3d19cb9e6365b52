"""Open any photo as upright RGB.

The pixel rules, which every runtime repeats bit for bit:

- **File**: what a decoder is given, and which orientation is applied to what it gives, stands in
  file.py.
- **Decode**: the first frame; alpha is dropped, never blended; the high byte of 16-bit samples.
- **TIFF** of wider samples (the runner alone): see `_scale_samples`.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from .file import TAILS, FileError, Inspected, inspect_file
from .source import ImageError, Source, take_source

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels of the upright photo

# The formats of photos, and Pillow's names of them. It reads more, some by other programs.
FORMATS = {
    "JPEG": "JPEG", "PNG": "PNG", "GIF": "GIF", "BMP": "BMP", "WEBP": "WEBP", "TIFF": "TIFF",
    "PPM": "PPM", "AVIF": "AVIF", "HEIC": "HEIF",
}  # fmt: skip
OWN_TURN = ("TIFF", "AVIF")  # Pillow tells their orientation: a tag, or the container's
HEIC_HINT = "HEIC needs pillow-heif (pip install 'emoji-edge[heic]'); or save the photo as JPEG"
SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".gif", ".bmp", ".dib", ".webp",
    ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm", ".avif",
})  # fmt: skip
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


def open_photo(source: Source, max_pixels: int) -> Image.Image:
    """Decode a photo into an upright picture of mode RGB.

    Args:
        source: a path, the bytes of a file, an open binary file or stream, a Pillow image, or an
            array of uint8, [h, w] gray, [h, w, 3] RGB or [h, w, 4] RGBA; see take_source.
        max_pixels: refuse more pixels than this before decoding them.

    Raises:
        ImageError: not a picture, damaged, too large, or unreadable.
        TypeError: the source is nothing that a picture can come from.
    """
    taken = take_source(source)
    try:
        picture = _read_source(taken)
        if isinstance(picture, bytes):
            return _open_content(picture, max_pixels)
        _check_size(picture, max_pixels)
        picture.load()
        return _turn_upright(_convert_rgb(picture), _read_orientation(picture))
    except ImageError:
        raise
    except FileError as error:
        raise ImageError(str(error)) from None
    except MemoryError:
        raise ImageError("too large for this device's memory") from None
    except Image.DecompressionBombError:
        raise ImageError(f"more than {max_pixels / 1e6:g} megapixels") from None
    except OSError as error:
        raise ImageError(_describe_failure(error)) from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files.
        raise ImageError(f"damaged picture ({_one_line(error)})") from None


def _read_source(source: str | bytes | Image.Image | np.ndarray) -> Image.Image | bytes:
    """Give the bytes of a file, or the picture that was handed over."""
    if isinstance(source, np.ndarray):
        return _wrap_array(source)
    return Path(source).read_bytes() if isinstance(source, str) else source


def _open_content(content: bytes, max_pixels: int) -> Image.Image:
    """Decode a file's bytes into an upright picture of mode RGB."""
    if not content:
        raise ImageError("empty file")
    file = inspect_file(content)
    if file.format == "HEIC":
        _enable_heic()
    if file.format not in FORMATS:
        raise ImageError("not a picture")
    if file.open_end:
        image = _decode_open_end(file, max_pixels)
    else:
        image = _decode(file.content, file.format, max_pixels)
    if file.canvas:
        image = _place_frame(image, file.canvas, max_pixels)
    orientation = _read_orientation(image) if file.format in OWN_TURN else file.orientation
    return _turn_upright(_convert_rgb(image), orientation)


def _decode(content: bytes, kind: str, max_pixels: int) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content), formats=[FORMATS[kind]])
    except KeyError:  # a Pillow without this format
        raise ImageError(f"{kind} is not supported by this Pillow") from None
    except Image.UnidentifiedImageError:
        raise ImageError(f"damaged picture (not a whole {kind} file)") from None
    _check_size(image, max_pixels)
    image.load()
    return image


def _decode_open_end(file: Inspected, max_pixels: int) -> Image.Image:
    """Decode a JPEG without an end; refuse it where what follows its data changes a pixel."""
    image, other = (_decode(file.content + tail, file.format, max_pixels) for tail in TAILS)
    if image.tobytes() != other.tobytes():
        raise ImageError("damaged picture (the file is cut short)")
    return image


def _place_frame(
    image: Image.Image, canvas: tuple[int, int, int, int], max_pixels: int
) -> Image.Image:
    """Put a GIF's frame where it stands on its black canvas."""
    width, height, left, top = canvas
    if (width, height) == image.size:
        return image
    _check_pixels(width, height, max_pixels)
    placed = Image.new("RGB", (width, height))
    placed.paste(image.convert("RGB"), (left, top))
    return placed


def _enable_heic() -> None:
    """Let Pillow read HEIC by pillow-heif; ImageError says how to install it."""
    try:
        import pillow_heif
    except ImportError:
        raise ImageError(HEIC_HINT) from None
    pillow_heif.register_heif_opener()


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
    _check_pixels(width, height, max_pixels)


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageError(f"{width}x{height} is more than {max_pixels / 1e6:g} megapixels")


def _convert_rgb(image: Image.Image) -> Image.Image:
    """To mode RGB without blending: a palette or an alpha channel gives its plain colours."""
    if image.mode == "RGB":
        return image
    if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
        return _wrap_array(_scale_samples(np.asarray(image))).convert("RGB")
    if image.mode.startswith("I"):
        return _wrap_array(_take_high_byte(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBa", "La"):  # premultiplied: undo that first
        image = image.convert("RGBA" if image.mode == "RGBa" else "LA")
    return image.convert("RGB")


def _take_high_byte(values: np.ndarray) -> np.ndarray:
    """16-bit samples to 8 bits, as libpng and browsers do."""
    return np.clip(values.astype(np.int64) >> 8, 0, 255).astype(np.uint8)


def _scale_samples(values: np.ndarray) -> np.ndarray:
    """Bring wide samples to 8 bits, as a viewer would show them.

    What their largest finite value fits into decides: up to 1 (floats), 255, 65,535, else it. NaN
    is black, and what lies beyond the range is black or white.
    """
    finite = values[np.isfinite(values)]
    largest = float(finite.max()) if finite.size else 0.0
    ranges = [limit for limit in (1, 255, 65535) if largest <= limit]
    if np.issubdtype(values.dtype, np.integer):
        ranges = [limit for limit in ranges if limit > 1]
    top = ranges[0] if ranges else largest
    scaled = np.nan_to_num(values.astype(np.float64), nan=0, posinf=top, neginf=0) * (255 / top)
    return np.clip(scaled + 0.5, 0, 255).astype(np.uint8)


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
