"""Read a table of labels: a CSV file as people save them, from any program."""

import csv
import io
import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import EmojiError
from ..image import SUFFIXES
from .names import find_expression, fold_name

DELIMITERS = (",", ";", "\t", "|")
# The headers that are looked for, the surest first.
PHOTO_HEADERS = (
    "image", "photo", "file", "filename", "file name", "image name", "photo name", "image file",
    "image path", "photo path", "path", "filepath", "file path", "picture", "img", "name", "id",
)  # fmt: skip
EXPRESSION_HEADERS = (
    "expression", "emotion", "label", "facial expression", "feeling", "class", "category", "target",
)  # fmt: skip


class ExamError(EmojiError):
    """The exam cannot be held; the message says why in one line."""


@dataclass(frozen=True)
class Row:
    """A row of the table: the photo's name as it stands there, the expression's, the groups'."""

    photo: str
    expression: str
    groups: dict[str, str]


def read_table(path: str | Path, labels: Sequence[str]) -> list[Row]:
    """Read the rows of a CSV file, whatever its delimiter, encoding and order of columns.

    A table without a header is understood where its first row holds a picture and an expression.

    Args:
        path: of the file.
        labels: the contract's.

    Raises:
        ExamError: the file cannot be read, or lacks a column of photos or of expressions.
    """
    lines = _split_cells(_read_text(path), path)
    if not lines:
        raise ExamError(f"{path}: is empty")
    headers = _read_headers(lines[0], labels)
    rows = lines[1:] if headers else lines
    headers = headers or _invent_headers(lines[0], labels)
    if not rows:
        raise ExamError(f"{path}: has a header but no rows")
    photo = _find_column(headers, rows, PHOTO_HEADERS, _names_picture)
    if photo is None:
        raise ExamError(f"{path}: has no column of file names ({', '.join(PHOTO_HEADERS[:4])})")
    expression = _find_column(
        headers, rows, EXPRESSION_HEADERS, lambda text: bool(find_expression(text, labels)), photo
    )
    if expression is None:
        raise ExamError(f"{path}: has no column of expressions (expression, emotion, label)")
    return [_build_row(headers, cells, photo, expression) for cells in rows]


def _read_text(path: str | Path) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ExamError(f"{path}: cannot be read ({error.strerror})") from None
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ExamError(f"{path}: is a spreadsheet; save it as CSV")
    text = _decode_text(content)
    if "\0" in text:
        raise ExamError(f"{path}: is not a text file")
    return text


def _decode_text(content: bytes) -> str:
    """Decode by the byte order mark, as UTF-8, or as Windows and old Macs write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    half = len(content) // 2
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if half and content[start::2].count(0) > half / 2:
            return content.decode(encoding, "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _split_cells(text: str, path: str | Path) -> list[list[str]]:
    """Split into rows of stripped cells; blank rows are left out."""
    first, _, rest = text.lstrip("\r\n").partition("\n")
    delimiter = ""
    if first.strip().lower().startswith("sep="):  # Excel's own hint
        delimiter, text = first.strip()[4:5], rest
    try:
        found = delimiter or _find_delimiter(text)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=found, skipinitialspace=True)
        return [cells for row in rows if any(cells := [cell.strip() for cell in row])]
    except csv.Error as error:
        raise ExamError(f"{path}: is not a table ({error})") from None


def _find_delimiter(text: str) -> str:
    """Find the character that cuts the first rows into most columns, and each into as many."""
    start = text[:100_000].splitlines()[:20]

    def rate(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(start, delimiter=delimiter) if row]
        return min(widths, default=0), max(widths, default=0)

    return max(DELIMITERS, key=rate)


def _names_picture(text: str) -> bool:
    return os.path.splitext(text)[1].lower() in SUFFIXES


def _read_headers(cells: list[str], labels: Sequence[str]) -> list[str]:
    """Return the first row's texts as headers; none where it is a row of data already."""
    pictures = any(_names_picture(cell) for cell in cells)
    if pictures and any(find_expression(cell, labels) for cell in cells):
        return []
    return [cell or f"column {number}" for number, cell in enumerate(cells, 1)]


def _invent_headers(cells: list[str], labels: Sequence[str]) -> list[str]:
    return [f"column {number}" for number in range(1, len(cells) + 1)]


def _find_column(
    headers: list[str],
    rows: list[list[str]],
    known: Sequence[str],
    fits: Callable[[str], bool],
    besides: int = -1,
) -> int | None:
    """Find a column by its header, else the one whose cells fit most often, if half of them do."""
    folded = [fold_name(header) for header in headers]
    places = [i for i in range(len(headers)) if i != besides]

    def count(place: int) -> int:
        return sum(fits(row[place]) for row in rows if place < len(row))

    named = [i for i in sorted(places, key=lambda i: _rank(folded[i], known)) if folded[i] in known]
    best = max(named + places, key=count, default=None)  # the first of equals: the surest header
    if named and (best is None or count(best) < len(rows) / 2):
        return max(named, key=count)
    if named and count(named[0]):
        return max(named, key=count)
    return best if best is not None and count(best) >= len(rows) / 2 else None


def _rank(header: str, known: Sequence[str]) -> int:
    return known.index(header) if header in known else len(known)


def _build_row(headers: list[str], cells: list[str], photo: int, expression: int) -> Row:
    padded = cells + [""] * (len(headers) - len(cells))
    groups = {header: padded[i] for i, header in enumerate(headers) if i not in (photo, expression)}
    name = unicodedata.normalize("NFC", padded[photo].replace("\\", "/"))
    return Row(name, padded[expression], groups)
