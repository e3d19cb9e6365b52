"""What an interrupted run left in its output, and how it is continued.

Photos that failed are tried again, and what comes of them takes the failure's place, so that the
file ends as that of an undisturbed run.
"""

import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..batch import Failure, Outcome
from ..errors import EmojiError
from ..image import Box
from ..listing import Photo
from ..result import FACE_MODES, GIVEN, HEADS
from ..rows import list_columns
from .boxes import CORNERS, BoxTable
from .table import format_entry


class ResumeError(EmojiError):
    """The output of an earlier run cannot be continued; the message says why in one line."""


@dataclass(frozen=True)
class Plan:
    """What a run writes: where and in which format, expressions a face, and by what it got them.

    Attributes:
        kind: "jsonl" or "csv".
        path: of the file.
        top: how many expressions a face has.
        model: the network's sha256.
        face: how faces are found.
        rank_by: the head that ranks expressions.
        finder: the options of finding faces that are not the default.
        boxes: where the faces are, where the caller said so.
    """

    kind: str
    path: str
    top: int
    model: str
    face: str = FACE_MODES[0]
    rank_by: str = HEADS[0]
    finder: dict[str, Any] = field(default_factory=dict)
    boxes: BoxTable | None = None


class Origin(NamedTuple):
    """By what a result was got: the model's sha256 and the options of a Plan, with its boxes."""

    model: str
    face: str
    rank_by: str
    finder: dict[str, Any]
    boxes: list[list[float]]


@dataclass
class Done:
    """What an earlier run left: how often each photo, how often it failed, bytes that count."""

    photos: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    length: int = 0


@dataclass(frozen=True)
class Entry:
    """One photo in the output: its name, whether it failed, and where its bytes end.

    `origin` is by what a result was got; a failure has none.
    """

    photo: str
    end: int
    origin: Origin | None


def read_done(plan: Plan) -> Done:
    """What an earlier run left in its output, up to its last whole photo.

    Raises:
        ResumeError: the file is of another program, other options or another model.
    """
    done = Done()
    if not os.path.exists(plan.path):
        return done
    try:
        for entry in scan_entries(plan):
            check_entry(entry, plan)
            done.photos[entry.photo] += 1
            if entry.origin is None:
                done.failed[entry.photo] += 1
            done.length = entry.end
    except OSError as error:
        raise ResumeError(f"{plan.path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise ResumeError(
            f"{plan.path}: is not {plan.kind} of emoji-edge with this --top"
        ) from None
    return done


def check_entry(entry: Entry, plan: Plan) -> None:
    """Raise ResumeError where a result was got by another model or with other options."""
    if entry.origin is None:
        return
    origin, path = entry.origin, plan.path
    if origin.model != plan.model:
        raise ResumeError(f"{path}: was written with another model ({origin.model[:12]})")
    if (origin.face == GIVEN) != (plan.face == GIVEN):
        how = "with" if origin.face == GIVEN else "without"
        raise ResumeError(f"{path}: was written {how} --boxes")
    for option, was, now in (
        ("face", origin.face, plan.face),
        ("rank-by", origin.rank_by, plan.rank_by),
    ):
        if was != now:
            raise ResumeError(f"{path}: was written with --{option} {was}, this is {now}")
    if origin.finder != plan.finder:
        was, now = (name_options(finder) for finder in (origin.finder, plan.finder))
        raise ResumeError(f"{path}: was written with {was}, this is with {now}")
    if plan.boxes and origin.boxes != round_boxes(plan.boxes.find(entry.photo)):
        raise ResumeError(f"{path}: was written with other --boxes of {entry.photo}")


def name_options(finder: dict[str, Any]) -> str:
    """The options of finding faces as they stand on the command line."""
    named = [
        f"--no-{name}" if value is False else f"--{name.replace('_', '-')} {value:g}"
        for name, value in finder.items()
    ]
    return " ".join(named) or "the default options of finding faces"


def round_boxes(boxes: Iterable[Box] | None) -> list[list[float]]:
    """Boxes as they stand in an output; none where there are none."""
    return [[round(value, 2) for value in box] for box in boxes or ()]


def skip_done(photos: Iterator[Photo], done: Done | None) -> Iterator[Photo]:
    """Yield the photos that the earlier run did not write."""
    left = Counter(done.photos) if done else Counter()
    for photo in photos:
        if left[photo.name] > 0:
            left[photo.name] -= 1
        else:
            yield photo


def pick_failed(photos: Iterable[Photo], done: Done) -> Iterator[Photo]:
    """Yield the photos that failed in the earlier run, as far as they are still named."""
    left = Counter(done.failed)
    for photo in photos:
        if left[photo.name] > 0:
            left[photo.name] -= 1
            yield photo


def mend_output(plan: Plan, done: Done, outcomes: Iterable[Outcome]) -> Done:
    """Put the outcomes in the places of the failures of their photos.

    The file is the old one until it is whole and the new one then; returns what it holds.
    """
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.photo].append(outcome)
    mended = Done(Counter(done.photos), Counter(done.failed))
    beside = f"{plan.path}.partial"
    try:
        with open(plan.path, "rb") as old, open(beside, "wb") as new:
            start = 0
            for entry in scan_entries(plan):
                text = old.read(entry.end - start)
                start = entry.end
                if entry.origin is None and found[entry.photo]:
                    outcome = found[entry.photo].pop(0)
                    first = plan.kind == "csv" and new.tell() == 0
                    header = text[: text.find(b"\n") + 1] if first else b""
                    text = header + format_entry(plan.kind, outcome, plan.top).encode("utf-8")
                    mended.failed[entry.photo] -= not isinstance(outcome, Failure)
                new.write(text)
            mended.length = new.tell()
        os.replace(beside, plan.path)
    finally:
        Path(beside).unlink(missing_ok=True)
    return mended


def scan_entries(plan: Plan) -> Iterator[Entry]:
    """Yield what stands in the output, up to its last whole photo; ValueError, KeyError ..."""
    return (scan_jsonl if plan.kind == "jsonl" else scan_csv)(plan)


def scan_jsonl(plan: Plan) -> Iterator[Entry]:
    """Yield an entry for each line of JSON."""
    end = 0
    with Path(plan.path).open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            values = json.loads(line)
            for face in values.get("faces", []):
                if len(face["expressions"]) != plan.top:
                    raise ValueError("another --top")
            if "error" in values:
                yield Entry(values["photo"], end, None)
                continue
            origin = Origin(
                values["model"]["sha256"],
                values.get("face_mode", FACE_MODES[0]),
                values.get("ranked_by", HEADS[0]),
                values.get("finder", {}),
                [face["box"] for face in values["faces"]],
            )
            yield Entry(values["photo"], end, origin)


def scan_csv(plan: Plan) -> Iterator[Entry]:
    """Yield an entry for each photo, which may have several rows."""
    end = 0
    boxes: list[list[float]] = []
    columns = list_columns(plan.top)
    with Path(plan.path).open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            (row,) = csv.reader([line.decode("utf-8")])  # names have no line breaks in them
            if end == len(line):
                if row != columns:
                    raise ValueError("other columns")
                continue
            cells = dict(zip(columns, row, strict=True))
            boxes += [[float(cells[name]) for name in CORNERS]] if cells["x0"] else []
            if cells["face"] == cells["faces"] or cells["faces"] == "0":
                yield Entry(cells["photo"], end, read_origin(cells, boxes))
                boxes = []


def read_origin(cells: dict[str, str], boxes: list[list[float]]) -> Origin | None:
    """By what the result was got whose last row this is; None of a failure, ValueError."""
    if cells["error"]:
        return None
    face, rank_by = cells["face_mode"], cells["ranked_by"]
    finder = json.loads(cells["finder"] or "{}")
    return Origin(cells["model_sha256"], face, rank_by, finder, boxes)
