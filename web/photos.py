"""Take photos and options out of a request, in memory, and classify them."""

import io
from dataclasses import dataclass
from typing import IO, Any

from emoji_edge import Classifier, ImageError, PhotoResult
from emoji_edge.classify import FACE_MODES
from emoji_edge.contract import Contract
from emoji_edge.image import open_photo
from flask import Request
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

BODY_LIMIT = 10_000_000  # bytes
PHOTO_LIMIT = 32  # in one request
FORM = "multipart/form-data"
FIELD = "photo"
OPTIONS = ("top", "face")
UNDECLARED = ("", "application/octet-stream")


class PhotoRequest(Request):
    """A request whose uploads stay in memory: Flask's own writes large ones to disk."""

    def _get_file_stream(self, *sizes: Any, **names: Any) -> IO[bytes]:
        return io.BytesIO()


@dataclass(frozen=True)
class Upload:
    """One photo of a request, as its client named and declared it."""

    name: str
    media_type: str
    content: bytes


def read_uploads(request: Request) -> list[Upload]:
    """The request's photos, at least one.

    Raises:
        BadRequest: there is none, or too many.
        UnsupportedMediaType: the body is neither a form nor an image.
    """
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
    """A form's file."""
    return Upload(file.filename or "", file.mimetype, file.read())


def read_options(request: Request, contract: Contract) -> dict[str, Any]:
    """`top` and `face` as Classifier takes them, the query's before the form's; BadRequest."""
    options: dict[str, Any] = {}
    forms = (request.form,) if request.mimetype == FORM else ()
    for values in (request.args, *forms):
        for name, text in values.items(multi=True):
            if name not in OPTIONS:
                raise BadRequest(f"No option is called `{name}`; there are {', '.join(OPTIONS)}")
            options.setdefault(name, read_option(name, text, contract))
    return options


def read_option(name: str, text: str, contract: Contract) -> Any:
    """An option's value; BadRequest."""
    if name == "face":
        if text not in FACE_MODES:
            raise BadRequest(f"`face` is {text!r}, not one of {', '.join(FACE_MODES)}")
        return text
    counts = [str(count) for count in range(1, len(contract.labels) + 1)]
    if text not in counts:
        raise BadRequest(f"`top` is {text!r}, not a whole number from 1 to {counts[-1]}")
    return int(text)


def classify_upload(classifier: Classifier, upload: Upload) -> tuple[Image.Image, PhotoResult]:
    """The upright picture and its result.

    Raises:
        UnsupportedMediaType: it was declared as something else than an image.
        UnprocessableEntity: it cannot be used; the description is the command's own message.
    """
    _check_type(upload.media_type)
    try:
        image = open_photo(upload.content, classifier.contract.max_pixels)
        return image, classifier.classify_image(image, upload.name)
    except ImageError as error:
        raise UnprocessableEntity(str(error)) from None
    except MemoryError:
        raise UnprocessableEntity("too large for this device's memory") from None


def _check_type(media_type: str) -> None:
    if not media_type.startswith("image/") and media_type not in UNDECLARED:
        raise UnsupportedMediaType(f"{media_type} is not an image type")
