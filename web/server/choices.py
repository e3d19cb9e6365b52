"""Take the options of a classification out of a request."""

import json
from dataclasses import dataclass, field
from typing import Any

from emoji_edge import Classifier
from emoji_edge.contract import Contract
from emoji_edge.crop import BoxError, check_box
from emoji_edge.face import FinderOptions
from emoji_edge.image import Box
from emoji_edge.result import FACE_MODES, HEADS
from flask import Request
from werkzeug.exceptions import BadRequest

from .forms import FORM

CHOICES = {"face": FACE_MODES, "rank_by": HEADS}
NUMBERS = ("threshold", "smallest_face")
TRUTHS = {"true": True, "false": False}
BOX_LIMIT = 100  # of one photo
OPTIONS = ("top", *CHOICES, *NUMBERS, "tiles", "boxes")
Boxes = tuple[Box, ...]


@dataclass(frozen=True)
class Choices:
    """What a request asks for.

    Attributes:
        options: arguments of Classifier.change_options.
        boxes: where the faces are, photo by photo, as far as the request says so.
    """

    options: dict[str, Any] = field(default_factory=dict)
    boxes: tuple[Boxes | None, ...] = ()

    def change(self, classifier: Classifier) -> Classifier:
        """The classifier with these options."""
        return classifier.change_options(**self.options)


def read_choices(request: Request, contract: Contract, photos: int) -> Choices:
    """Take the options of a request with so many photos, the query's before the form's; BadRequest.

    Each is checked, also one that another hides.
    """
    found: dict[str, Any] = {}
    forms = (request.form,) if request.mimetype == FORM else ()
    for values in (request.args, *forms):
        for name, text in values.items(multi=True):
            if name not in OPTIONS:
                raise BadRequest(f"No option is called `{name}`; there are {', '.join(OPTIONS)}")
            value = read_option(name, text, contract, photos)
            found.setdefault(name, value)
    boxes = found.pop("boxes", ())
    finder = {name: found.pop(name) for name in (*NUMBERS, "tiles") if name in found}
    if boxes and (finder or found.get("face", FACE_MODES[0]) != FACE_MODES[0]):
        raise BadRequest("`boxes` says where the faces are; leave out how to find them")
    return Choices(found | ({"finder": FinderOptions(**finder)} if finder else {}), boxes)


def read_option(name: str, text: str, contract: Contract, photos: int) -> Any:
    """Read an option's value; BadRequest where it is none."""
    if name in CHOICES:
        if text not in CHOICES[name]:
            raise BadRequest(f"`{name}` is {text!r}, not one of {', '.join(CHOICES[name])}")
        return text
    if name in NUMBERS:
        return read_number(name, text)
    if name == "tiles":
        if text not in TRUTHS:
            raise BadRequest(f"`tiles` is {text!r}, not true or false")
        return TRUTHS[text]
    if name == "boxes":
        return read_boxes(text, photos)
    counts = [str(count) for count in range(1, len(contract.labels) + 1)]
    if text not in counts:
        raise BadRequest(f"`top` is {text!r}, not a whole number from 1 to {counts[-1]}")
    return int(text)


def read_number(name: str, text: str) -> float:
    """Read one of the finder's numbers; BadRequest where it is none, or out of range."""
    value = read_json(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(f"`{name}` is {text[:40]!r}, not a number")
    try:
        FinderOptions(**{name: float(value)})  # type: ignore[arg-type]
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"`{name}`{str(error).removeprefix(name)}") from None
    return value


def read_boxes(text: str, photos: int) -> tuple[Boxes | None, ...]:
    """Read the boxes of one photo, or a list of them for several; BadRequest where they are none.

    null stands for a photo whose faces are to be found.
    """
    value = read_json(text)
    lists = [value] if photos == 1 else value
    if not isinstance(lists, list) or len(lists) != photos:
        raise BadRequest(f"`boxes` of {photos} photos is a JSON list of as many lists of boxes")
    return tuple(None if photos > 1 and one is None else check_boxes(one) for one in lists)


def check_boxes(value: Any) -> Boxes:
    """Check one photo's boxes; BadRequest."""
    if not isinstance(value, list) or len(value) > BOX_LIMIT:
        raise BadRequest(
            f"`boxes` is a JSON list of at most {BOX_LIMIT} boxes, [[x0, y0, x1, y1], ...]"
        )
    try:
        return tuple(check_box(box) for box in value)
    except BoxError as error:
        raise BadRequest(f"`boxes`: {error}") from None


def read_json(text: str) -> Any:
    """Read a value of JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
