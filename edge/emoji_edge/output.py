"""Write answers as a table for people, JSON, JSON lines or CSV, and continue a file cut short."""

import csv
import io
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from .batch import Answer, Failure
from .classify import FaceResult, PhotoResult

FORMATS = ("table", "json", "jsonl", "csv")
RESUMABLE = ("jsonl", "csv")
NO_FACE = "No face found. If the picture is itself a face, use --face whole."


class OutputError(Exception):
    """The output cannot be written or continued; the message says why in one line."""


@dataclass
class Done:
    """What an earlier run left: answers of each photo, failures, the model, bytes that count."""

    photos: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    sha256: str = ""
    length: int = 0


class Output:
    """Where answers go: a file, or standard output."""

    def __init__(
        self, kind: str, path: str, top: int, several: bool, names: dict[str, str]
    ) -> None:
        """Say how to write; open() begins.

        Args:
            kind: one of FORMATS.
            path: of a file; standard output where empty.
            top: expressions of a face.
            several: more than one photo may come.
            names: of the labels, for people.
        """
        self.kind = kind
        self._several = several
        self._top = top
        self._names = names
        self._path = path
        self._file: BinaryIO = sys.stdout.buffer
        self._written = 0

    def open(self, done: Done | None = None) -> None:
        """Begin the output, or go on after what is done; OutputError where that is impossible."""
        earlier = done if done and done.length else None
        try:
            if self._path:
                mode = "r+b" if earlier else "wb"
                self._file = cast(BinaryIO, open(self._path, mode))  # noqa: SIM115 - close() ends it
            if earlier:
                self._file.truncate(earlier.length)
                self._file.seek(earlier.length)
                self._written = sum(earlier.photos.values())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror})") from None
        if self.kind == "csv" and not earlier:
            self._put(format_row(list_columns(self._top)))
        if self.kind == "json" and self._several:
            self._put('{"results": [')

    def write(self, answer: Answer) -> None:
        """One photo's answer, in one piece, so that a killed run leaves no part of it behind.

        A table on standard output leaves failures to standard error, on the same terminal.
        """
        if self.kind == "table" and isinstance(answer, Failure) and not self._path:
            return
        if self.kind == "table":
            self._put(
                ("\n" * (self._written > 0)) + format_table(answer, self._several, self._names)
            )
        elif self.kind == "csv":
            self._put("".join(format_row(row) for row in list_rows(answer, self._top)))
        else:
            comma = "," * (self.kind == "json" and self._written > 0)
            start = f"{comma}\n" if self.kind == "json" and self._several else ""
            end = "" if self.kind == "json" and self._several else "\n"
            self._put(start + json.dumps(answer.to_dict(), ensure_ascii=False) + end)
        self._written += 1

    def close(self) -> None:
        """Finish the output."""
        if self.kind == "json" and self._several:
            self._put("\n]}\n")
        if self._path:
            self._file.close()

    def _put(self, text: str) -> None:
        try:
            self._file.write(text.encode("utf-8"))
            self._file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            where = self._path or "standard output"
            raise OutputError(f"{where}: cannot be written ({error.strerror})") from None


def format_table(answer: Answer, heading: bool, names: dict[str, str]) -> str:
    """Three lines a face: emoji, expression, EmoScore; with a heading where several may come."""
    if isinstance(answer, Failure):
        return f"{answer.photo}: {answer.error}\n"
    blocks = []
    for number, face in enumerate(answer.faces, 1):
        title = f"{answer.photo}\n" if heading else ""
        if len(answer.faces) > 1:
            title = _title_face(answer, number, heading)
        blocks.append(title + _format_face(face, names))
    if not blocks:
        return (f"{answer.photo}\n" if heading else "") + f"{NO_FACE}\n"
    return "\n".join(blocks)


def _title_face(answer: PhotoResult, number: int, heading: bool) -> str:
    x0, y0, x1, y1 = (math.floor(value + 0.5) for value in answer.faces[number - 1].box)
    photo = f"{answer.photo}, " if heading else ""
    return f"{photo}face {number} of {len(answer.faces)}, {x0},{y0} to {x1},{y1}\n"


def _format_face(face: FaceResult, names: dict[str, str]) -> str:
    width = max(len(name) for name in names.values()) + 2
    lines = [f"{e.emoji}  {names[e.label]:<{width}}{e.emo_score:>3} %\n" for e in face.expressions]
    return ("Not sure; the closest are\n" if face.not_sure else "") + "".join(lines)


def list_columns(top: int) -> list[str]:
    """The columns of the CSV: one row a face, or one for a photo without faces or an answer."""
    ranked = [
        f"{name}_{rank}" for rank in range(1, top + 1) for name in ("label", "emoji", "score")
    ]
    place = ["photo", "width", "height", "faces", "face", "x0", "y0", "x1", "y1", "detection"]
    return [*place, "not_sure", *ranked, "artifact", "sha256", "error"]


def list_rows(answer: Answer, top: int) -> list[list[Any]]:
    """The rows of an answer, in the order of list_columns."""
    blank = [""] * (3 * top)
    if isinstance(answer, Failure):
        return [[answer.photo, *[""] * 10, *blank, "", "", answer.error]]
    start = [answer.photo, *answer.size, len(answer.faces)]
    end = [answer.model["artifact"], answer.model["sha256"], ""]
    if not answer.faces:
        return [[*start, *[""] * 7, *blank, *end]]
    return [
        [*start, number, *_list_cells(face.to_dict()), *end]
        for number, face in enumerate(answer.faces, 1)
    ]


def _list_cells(face: dict[str, Any]) -> list[Any]:
    detection = "" if face["detection"] is None else face["detection"]
    ranked = [e[key] for e in face["expressions"] for key in ("label", "emoji", "score")]
    return [*face["box"], detection, str(face["not_sure"]).lower(), *ranked]


def format_row(cells: list[Any]) -> str:
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def read_done(kind: str, path: str, top: int, sha256: str) -> Done:
    """What an earlier run left in its output, up to its last whole photo.

    OutputError where the file is of another program, other options or another model.
    """
    done = Done()
    if not os.path.exists(path):
        return done
    scan = _scan_jsonl if kind == "jsonl" else _scan_csv
    try:
        for photo, failed, model, length in scan(path, top):
            if model and model != sha256:
                raise OutputError(f"{path}: was written with another model ({model[:12]})")
            done.photos[photo] += 1
            done.failures += failed
            done.length = length
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise OutputError(f"{path}: is not {kind} of emoji-edge with these options") from None
    return done


Entry = tuple[str, bool, str, int]  # photo, whether it failed, sha256 or "", bytes up to its end


def _scan_jsonl(path: str, top: int) -> Iterator[Entry]:
    length = 0
    with Path(path).open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            length += len(line)
            entry = json.loads(line)
            for face in entry.get("faces", []):
                if len(face["expressions"]) != top:
                    raise ValueError("another --top")
            model = entry["model"]["sha256"] if "model" in entry else ""
            yield entry["photo"], "error" in entry, model, length


def _scan_csv(path: str, top: int) -> Iterator[Entry]:
    length = 0
    columns = list_columns(top)
    with Path(path).open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            length += len(line)
            (row,) = csv.reader([line.decode("utf-8")])  # names have no line breaks in them
            if length == len(line):
                if row != columns:
                    raise ValueError("other columns")
                continue
            cells = dict(zip(columns, row, strict=True))
            if cells["face"] == cells["faces"] or cells["faces"] == "0":
                yield cells["photo"], bool(cells["error"]), cells["sha256"], length
