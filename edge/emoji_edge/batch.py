"""Many photos: list them, and classify each or say why not."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .classify import Classifier
from .crop import BoxError
from .image import Box, ImageError, Source, open_photo
from .listing import STANDARD_INPUT, Photo
from .result import PhotoResult

NO_MEMORY = "too large for this device's memory"


@dataclass(frozen=True)
class Failure:
    """A photo without a result, and why; photo_sha256 is of its bytes, where they were read."""

    photo: str
    error: str
    photo_sha256: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The failure in the result shape that every front end shares."""
        return {"photo": self.photo, "error": self.error}


Outcome = PhotoResult | Failure


def classify_photo(classifier: Classifier, photo: Photo, annotate: str = "") -> Outcome:
    """Classify a photo; annotated pictures go to the folder `annotate` if one is given.

    A picture without a file is not annotated, and has no sha256.
    """
    if photo.error:
        return Failure(photo.name, photo.error)
    if photo.image is not None:
        return classify_source(classifier, photo.image, photo.name, boxes=photo.boxes)
    try:
        data = read_photo(photo)
    except ImageError as error:
        return Failure(photo.name, str(error))
    outcome = classify_source(classifier, data, photo.name, annotate, photo.path, boxes=photo.boxes)
    return replace(outcome, photo_sha256=hashlib.sha256(data).hexdigest())


def read_photo(photo: Photo) -> bytes:
    """The bytes of a photo, which it has or which are read; ImageError where that is impossible."""
    if photo.data is not None:
        return photo.data
    try:
        return read_input() if photo.path == STANDARD_INPUT else Path(photo.path).read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror})") from None
    except (MemoryError, OverflowError):  # the latter of a file whose length Python cannot hold
        raise ImageError(NO_MEMORY) from None


def read_input() -> bytes:
    """The bytes of standard input; ImageError where it is closed, or a stream of text alone."""
    if sys.stdin is None or sys.stdin.closed:
        raise ImageError("standard input is closed")
    data = getattr(sys.stdin, "buffer", sys.stdin).read()
    if not isinstance(data, bytes):
        raise ImageError("standard input has no bytes")
    return data


def classify_source(
    classifier: Classifier,
    source: Source,
    name: str,
    annotate: str = "",
    path: str = "",
    *,
    boxes: Sequence[Box] | None = None,
) -> Outcome:
    """Classify a picture from anywhere.

    Args:
        classifier: classifies it.
        source: the picture, as open_photo takes it.
        name: stands in the result.
        annotate: the folder of annotated copies, none where empty.
        path: by which the copies are named; the name where empty.
        boxes: where the faces are, where that is known.

    Returns:
        The result, or a failure that says why the picture or its copy is impossible.
    """
    try:
        image = open_photo(source, classifier.contract.max_pixels)
        result = classifier.classify_image(image, name, boxes)
    except (ImageError, BoxError) as error:
        return Failure(name, str(error))
    except MemoryError:
        return Failure(name, NO_MEMORY)
    if annotate:
        from .annotate import write_annotated

        try:
            labels = classifier.contract.labels
            write_annotated(image, result, labels, Path(annotate), path or name)
        except (OSError, ValueError, MemoryError) as error:
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:120]
            return Failure(name, f"its annotated copy cannot be written ({reason})")
    return result
