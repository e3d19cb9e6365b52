"""What a picture may come from: a path, bytes, a stream, a Pillow image, an array."""

import os
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageFile

from .errors import EmojiError

Source = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | np.ndarray
)
ACCEPTED = (
    "a path, the bytes of a file (bytes, bytearray, memoryview), a binary file or stream, a Pillow "
    "image, or a uint8 array"
)


class ImageError(EmojiError):
    """The picture cannot be used; the message says why in one line."""


def take_source(source: Any) -> str | bytes | Image.Image | np.ndarray:
    """Bring what a picture comes from to one of few kinds; a stream is read from its start.

    A Pillow image as Image.open gives it is a file, which is turned as its Exif says. Any other is
    taken as it is seen: whoever made it may have turned it already, and boxes belong to it.

    Raises:
        TypeError: it is nothing of the kind; the message says what is.
        ImageError: a stream cannot be read.
    """
    if isinstance(source, Image.Image):
        return source if isinstance(source, ImageFile.ImageFile) else drop_exif(source)
    if isinstance(source, str | bytes | np.ndarray):
        return source
    if isinstance(source, bytearray | memoryview):
        return bytes(source)
    if isinstance(source, os.PathLike):
        return os.fsdecode(source)
    if not callable(getattr(source, "read", None)):
        raise TypeError(f"a picture cannot be a {type(source).__name__}; it can be {ACCEPTED}")
    try:
        if hasattr(source, "seekable") and source.seekable():
            source.seek(0)
        data = source.read()
    except (OSError, ValueError) as error:  # ValueError: it is closed
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ImageError(f"cannot be read ({reason})") from None
    if not isinstance(data, bytes):
        raise TypeError(f"a picture cannot be a stream of text; it can be {ACCEPTED}")
    return data


def drop_exif(image: Image.Image) -> Image.Image:
    """The image without its Exif block, itself where it has none."""
    if "exif" not in image.info:
        return image
    plain = image.copy()
    plain.info.pop("exif")
    return plain
