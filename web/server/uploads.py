"""Take photos out of a request, in memory, and classify them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emoji_edge import Classifier, ImageError, PhotoResult
from emoji_edge.crop import BoxError
from emoji_edge.image import Box, open_photo
from flask import Request
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from .forms import FORM

BODY_LIMIT = 10_000_000  # bytes
PHOTO_LIMIT = 32  # in one request
FIELD = "photo"
UNDECLARED = ("", "application/octet-stream")
AS_IT_IS = ("", "identity", "binary", "8bit", "7bit")  # what an encoding's header may say
HINT = (
    f"send the photo as the body with the header `Content-Type: image/jpeg`, or a form with the "
    f"file in its field `{FIELD}`"
)


class UnsupportedEncodingError(UnsupportedMediaType):
    """The photo is compressed, or text; only the photo itself is read."""

    def get_headers(self, *args: Any, **options: Any) -> list[tuple[str, str]]:
        """Add Accept-Encoding, as RFC 9110 asks for."""
        return [*super().get_headers(*args, **options), ("Accept-Encoding", "identity")]


@dataclass(frozen=True)
class Upload:
    """One photo of a request, as its client named and declared it."""

    name: str
    media_type: str
    content: bytes


def read_uploads(request: Request) -> list[Upload]:
    """Take the request's photos, which are at least one.

    Raises:
        BadRequest: there is none, or too many.
        UnsupportedMediaType: the body is neither a form nor an image, or compressed.
    """
    _check_encoding("Content-Encoding", request.headers.get("Content-Encoding", ""))
    if request.mimetype == FORM:
        return _read_form(request)
    _check_type(request.mimetype)
    content = request.get_data(cache=False)
    if not content:
        raise BadRequest(f"No photo: send an image, or a form with the field `{FIELD}`")
    return [Upload("", request.mimetype, content)]


def _read_form(request: Request) -> list[Upload]:
    if FIELD in request.form:
        raise BadRequest(f"The field `{FIELD}` is text; send it as a file, with a filename")
    strange = sorted(set(request.files) - {FIELD})
    if strange:
        raise BadRequest(f"The photo's field is `{FIELD}`, not `{strange[0]}`")
    uploads = [read_file(file) for file in request.files.getlist(FIELD)]
    uploads = [upload for upload in uploads if upload.name or upload.content]  # an empty form's
    if not uploads:
        raise BadRequest(f"No photo: the form has no file in its field `{FIELD}`")
    if len(uploads) > PHOTO_LIMIT:
        raise BadRequest(f"{len(uploads)} photos; a request takes {PHOTO_LIMIT}")
    return uploads


def read_file(file: FileStorage) -> Upload:
    """Read a form's file; UnsupportedMediaType where it is compressed or base64."""
    for header in ("Content-Encoding", "Content-Transfer-Encoding"):
        _check_encoding(header, file.headers.get(header, ""))
    return Upload(file.filename or "", file.mimetype, file.read())


def classify_upload(
    classifier: Classifier, upload: Upload, boxes: Sequence[Box] | None = None
) -> tuple[Image.Image, PhotoResult]:
    """Open and classify a photo; the upright picture and its result.

    Raises:
        UnsupportedMediaType: it was declared as something else than an image.
        UnprocessableEntity: it cannot be used, or a box does not fit it; the description is the
            command's own message.
    """
    _check_type(upload.media_type)
    try:
        image = open_photo(upload.content, classifier.contract.max_pixels)
        return image, classifier.classify_image(image, upload.name, boxes)
    except (ImageError, BoxError) as error:
        raise UnprocessableEntity(str(error)) from None
    except MemoryError:
        raise UnprocessableEntity("too large for this device's memory") from None


def _check_type(media_type: str) -> None:
    if not media_type.startswith("image/") and media_type not in UNDECLARED:
        raise UnsupportedMediaType(f"{media_type} is not an image type; {HINT}")


def _check_encoding(header: str, value: str) -> None:
    if value.strip().lower() not in AS_IT_IS:
        raise UnsupportedEncodingError(
            f"{header} `{value}` is not read here; send the photo as it is"
        )
