"""Outcomes as text: a table for people, lines of CSV and of JSON."""

import csv
import io
import json
import math
from collections.abc import Iterable
from typing import Any

from ..batch import Failure, Outcome
from ..result import FaceResult, PhotoResult
from ..rows import list_rows

DIVIDED = "Not sure: people would be divided. The closest are\n"
NO_FACE = "No face found. If the picture is itself a face, use --face whole."


def format_table(outcome: Outcome, heading: bool, names: dict[str, str]) -> str:
    """Three lines a face: emoji, expression, EmoScore; with a heading where several may come."""
    if isinstance(outcome, Failure):
        return f"{outcome.photo}: {outcome.error}\n"
    blocks = []
    for number, face in enumerate(outcome.faces, 1):
        title = f"{outcome.photo}\n" if heading else ""
        if len(outcome.faces) > 1:
            title = _title_face(outcome, number, heading)
        blocks.append(title + _format_face(face, names))
    if not blocks:
        return (f"{outcome.photo}\n" if heading else "") + f"{NO_FACE}\n"
    return "\n".join(blocks)


def _title_face(result: PhotoResult, number: int, heading: bool) -> str:
    x0, y0, x1, y1 = (math.floor(value + 0.5) for value in result.faces[number - 1].box)
    photo = f"{result.photo}, " if heading else ""
    return f"{photo}face {number} of {len(result.faces)}, {x0},{y0} to {x1},{y1}\n"


def _format_face(face: FaceResult, names: dict[str, str]) -> str:
    width = max(len(name) for name in names.values()) + 2
    lines = [f"{e.emoji}  {names[e.label]:<{width}}{e.emo_score:>3} %\n" for e in face.expressions]
    return (DIVIDED if face.not_sure else "") + "".join(lines)


def format_entry(kind: str, outcome: Outcome, top: int) -> str:
    """One photo's rows of CSV, or its line of JSON where the kind is not csv."""
    if kind == "csv":
        return "".join(format_row(row.values()) for row in list_rows(outcome, top))
    return json.dumps(outcome.to_dict(), ensure_ascii=False) + "\n"


def format_row(cells: Iterable[Any]) -> str:
    """One line of CSV; None is an empty cell, and a truth is true or false as in JSON."""
    text = io.StringIO()
    written = [str(cell).lower() if isinstance(cell, bool) else cell for cell in cells]
    csv.writer(text, lineterminator="\n").writerow(written)
    return text.getvalue()
