"""Read where faces are, from a file that the caller has: JSON, JSON lines or CSV.

The names are those of a result, so that what a run wrote may be given again: in CSV the columns
`photo, x0, y0, x1, y1`, a row a face; in JSON `{"photo": ..., "faces": [{"box": [x0, y0, x1,
y1]}]}`, one of them, a list, `{"results": [...]}`, or a line each. `{"a.jpg": [[x0, y0, x1, y1],
...]}` is understood too.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..crop import BoxError, check_box
from ..errors import EmojiError
from ..image import Box
from ..listing import Photo

CORNERS = ("x0", "y0", "x1", "y1")
Found = Iterator[tuple[str, list[Box]]]


class BoxesError(EmojiError):
    """The file of boxes cannot be used; the message says why in one line."""


class BoxTable:
    """Boxes of photos by name: as a result has it, or the file's name alone."""

    def __init__(self, path: str) -> None:
        """Read the file; BoxesError."""
        self.path = path
        self._boxes: dict[str, list[Box]] = {}
        for name, boxes in read_boxes(path):
            self._boxes.setdefault(name, []).extend(boxes)

    def find(self, name: str) -> list[Box] | None:
        """The boxes of the photo of that name; None where the file does not tell of it."""
        return self._boxes.get(name, self._boxes.get(Path(name).name))

    def attach(self, photo: Photo) -> Photo:
        """The photo with its boxes, or with the error that there are none for it."""
        boxes = self.find(photo.name)
        if photo.error or boxes is not None:
            return replace(photo, boxes=None if boxes is None else tuple(boxes))
        return replace(photo, error=f"{self.path} has no boxes for it")


def read_boxes(path: str) -> Found:
    """Yield each photo's name and boxes as the file has them; BoxesError."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BoxesError(f"--boxes {path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BoxesError(f"--boxes {path}: is not text in UTF-8") from None
    try:
        read = read_json if text.lstrip()[:1] in ("{", "[") else read_table
        yield from read(text)
    except BoxError as error:
        raise BoxesError(f"--boxes {path}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error):
        raise BoxesError(
            f"--boxes {path}: is neither CSV with photo, {', '.join(CORNERS)} nor JSON as "
            '{"photo": "a.jpg", "faces": [{"box": [x0, y0, x1, y1]}]}'
        ) from None


def read_json(text: str) -> Found:
    """Yield names and boxes of JSON or JSON lines; ValueError, KeyError, TypeError."""
    try:
        found = [json.loads(text)]
    except ValueError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    for value in found:
        for entry in list_entries(value):
            yield from read_entry(entry)


def list_entries(value: Any) -> list[Any]:
    """The entries of one of the forms of JSON: those of a list, of results, or the value alone."""
    if isinstance(value, dict):
        value = value.get("results", [value])
    return list(value)


def read_entry(entry: Any) -> Found:
    """Yield what one entry tells: of a photo, of none where it failed, or of photos by name."""
    if "faces" in entry:
        yield entry["photo"], [check_box(face["box"]) for face in entry["faces"]]
    elif "error" not in entry:
        for name, boxes in entry.items():
            yield name, [check_box(box) for box in boxes]


def read_table(text: str) -> Found:
    """Yield names and boxes of CSV, a row a face; one without corners is of a photo without any."""
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if not {"photo", *CORNERS} <= set(rows.fieldnames or ()):
        raise ValueError("other columns")
    for row in rows:
        corners = [row[corner] for corner in CORNERS]
        if any(corners):
            yield row["photo"], [check_box(corners)]
        elif not row.get("error"):
            yield row["photo"], []
