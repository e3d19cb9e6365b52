"""Continue a timeline that an interrupted run left, at the very frame where it stopped.

The last frame is done again, since some of its rows may be missing. Up to it the rows that are in
the file lead the tracks and the summary, so that the rest is as in an undisturbed run.
"""

import collections
import csv
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..batch import Failure, classify_photo
from ..classify import Classifier
from ..contract import Contract
from ..face import FinderOptions
from ..image import ImageError, open_photo
from ..listing import STANDARD_INPUT, Photo
from ..result import PhotoResult
from ..timeline import BOX, Row, Timeline, describe_faces, list_columns
from ..video import Video, VideoError
from .moments import Moment, is_video
from .resume import ResumeError

CLOSE = 1e-4  # how far a score may be from the one in the file; another model's are farther
CLOSE_BOX = 0.02  # in pixels
MOST_NAMES = 20  # of sources without rows, in the line that tells of them


@dataclass
class Earlier:
    """What an interrupted run left of a timeline.

    Attributes:
        kind, path: of the file.
        source: the photo or video of the last row.
        frame: of the last row; None where the source's failure is the last.
        begin: bytes before the source's first row.
        keep: bytes before the first row of that frame.
        failures: in those bytes.
        seen: failures in the whole file.
        names: of all sources in the file, in its order.
        absent: the sources before the last that have no rows; skip_sources finds them.
        faintest, narrowest: the least detector score and side in pixels of the faces found.
    """

    kind: str
    path: str
    source: str
    frame: int | None
    begin: int
    keep: int
    failures: int = 0
    seen: int = 0
    names: dict[str, None] = field(default_factory=dict)
    absent: list[Photo] = field(default_factory=list)
    faintest: float = math.inf
    narrowest: float = math.inf

    def stop_at(self, frame: int | None, offset: int) -> None:
        """Take this frame as the one to go on with; what failed before it stays in the file."""
        self.frame, self.keep, self.failures = frame, offset, self.seen

    def describe_absent(self) -> str:
        """Say in one line which sources have no rows; empty where all have."""
        if not self.absent:
            return ""
        names = ", ".join(source.name for source in self.absent[:MOST_NAMES])
        more = len(self.absent) - MOST_NAMES
        return (
            f"{self.path}: has no rows of {names}{f' and {more} more' if more > 0 else ''}; "
            "they may be without faces, failed or new, and are not done now"
        )


def read_earlier(kind: str, path: str, labels: Sequence[str]) -> Earlier | None:
    """How far an interrupted run came; None where it left nothing.

    Raises:
        ResumeError: the file is not a timeline of this program with these labels.
    """
    if not os.path.exists(path):
        return None
    found: Earlier | None = None
    try:
        for offset, row in scan_rows(kind, path, labels):
            found = _take_row(found or Earlier(kind, path, "", None, 0, 0), offset, row)
    except OSError as error:
        raise ResumeError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise ResumeError(f"{path}: is not {kind} of videos by emoji-edge") from None
    return found


def _take_row(found: Earlier, offset: int, row: Row) -> Earlier:
    frame = None if "error" in row else row["frame"]
    if row.get("detection") is not None:
        found.faintest = min(found.faintest, row["detection"])
        side = max(row["x1"] - row["x0"], row["y1"] - row["y0"])
        found.narrowest = min(found.narrowest, side)
    if row["video"] != found.source:
        found.source, found.begin = row["video"], offset
        found.names[row["video"]] = None
        found.stop_at(frame, offset)
    elif frame is not None and frame != found.frame:
        found.stop_at(frame, offset)
    found.seen += "error" in row
    return found


def check_finder(earlier: Earlier, finder: FinderOptions, contract: Contract) -> None:
    """Raise ResumeError where the file holds faces that these options leave out.

    That they would find more shows in the frames alone that resume_moments compares.
    """
    threshold = finder.threshold or contract.detector_threshold
    limits = (
        ("--threshold", earlier.faintest, threshold - CLOSE),
        ("--smallest-face", earlier.narrowest, (finder.smallest_face or 0) - CLOSE_BOX),
    )
    for option, found, least in limits:
        if found < least:
            raise ResumeError(f"{earlier.path}: was written with a lower {option} ({found:g})")


def scan_rows(
    kind: str, path: str, labels: Sequence[str], begin: int = 0
) -> Iterator[tuple[int, Row]]:
    """Each whole line from a byte on: where it begins, and its row; ValueError where it is none."""
    columns = list_columns(labels)
    with Path(path).open("rb") as file:
        file.seek(begin)
        for line in file:
            if not line.endswith(b"\n"):
                return
            text = line.decode("utf-8")
            row = json.loads(text) if kind == "jsonl" else _parse_cells(text, columns, begin)
            if "error" not in row and list(row) != columns:
                raise ValueError("other columns")
            if kind == "jsonl" or begin:  # else it is the CSV's head
                yield begin, row
            begin += len(line)


def _parse_cells(line: str, columns: Sequence[str], begin: int) -> Row:
    (cells,) = csv.reader([line])  # names have no line breaks in them
    if not begin:
        return dict.fromkeys(cells)
    pairs = zip(columns, cells, strict=True)
    return {column: _choose_reader(column)(cell) if cell else None for column, cell in pairs}


def _choose_reader(column: str) -> Callable[[str], Any]:
    """What turns a column's cells into values."""
    if column in ("video", "expression"):
        return str
    if column in ("frame", "track"):
        return int
    return json.loads if column == "not_sure" else float


def skip_sources(sources: Iterator[Photo], earlier: Earlier) -> Iterator[Photo]:
    """The sources from the one on in which the earlier run stopped.

    Those before it that have no rows in the file become `absent`.

    Raises:
        ResumeError: the file's sources are not the first of these, or not in this order.
    """
    absent = []
    due = collections.deque(earlier.names)
    for source in sources:
        if source.name not in earlier.names:
            absent.append(source)
        elif not due or source.name != due.popleft():
            raise ResumeError(f"{earlier.path}: has its videos in another order ({source.name})")
        elif source.name == earlier.source and not due:
            earlier.absent = absent
            return itertools.chain([source], sources)
    missing = due[0] if due else earlier.source
    raise ResumeError(f"{earlier.path}: is of other videos ({missing})")


def list_failures(sources: Iterable[Photo], max_pixels: int) -> Iterator[Failure]:
    """Yield a failure for each of these sources that cannot be opened now."""
    for source in sources:
        try:
            open_source(source, max_pixels)
        except (VideoError, ImageError) as error:
            yield Failure(source.name, str(error))


def open_source(source: Photo, max_pixels: int) -> None:
    """Open a photo or a video; VideoError or ImageError where that is impossible."""
    if source.error:
        raise ImageError(source.error)
    if source.path == STANDARD_INPUT:
        return
    if is_video(source.path):
        Video(source.path, max_pixels).close()
    else:
        open_photo(source.path, max_pixels)


def resume_moments(
    moments: Iterator[Moment],
    earlier: Earlier,
    timeline: Timeline,
    classifier: Classifier,
    advance: Callable[[], None],
) -> Iterator[Moment]:
    """Go through what an earlier run did, and return the moments from its last frame on.

    The last frame with rows and the one before it are classified for comparison.

    Raises:
        ResumeError: the file is of another model, other options or other videos.
    """
    groups = group_rows(earlier, classifier.contract.labels)
    frame, rows = next(groups)
    before: tuple[Moment, list[Row]] | None = None
    for moment in moments:
        done = []
        if moment.error or moment.source.name != earlier.source or moment.index > frame:
            break
        if moment.index == frame:
            done = rows
            if frame == earlier.frame:
                if before:
                    check_rows(*before, classifier, earlier, whole=True)
                check_rows(moment, rows, classifier, earlier, whole=False)
                return itertools.chain([moment], moments)
            frame, rows = next(groups)
        if moment.frame:
            timeline.replay_frame(moment.frame.time, done)
        before = moment, done
        advance()
    raise ResumeError(f"{earlier.path}: was written with other options or of another video")


def group_rows(earlier: Earlier, labels: Sequence[str]) -> Iterator[tuple[int, list[Row]]]:
    """The rows of the last source, frame by frame."""
    rows = scan_rows(earlier.kind, earlier.path, labels, earlier.begin)
    kept = (row for _, row in rows if "error" not in row)
    for frame, group in itertools.groupby(kept, lambda row: row["frame"]):
        yield frame, list(group)


def check_rows(
    moment: Moment, rows: Sequence[Row], classifier: Classifier, earlier: Earlier, whole: bool
) -> None:
    """Classify a moment; ResumeError where the rows are not its own. whole: none may be missing."""
    labels = classifier.contract.labels
    result = classify_photo(classifier, moment.load_photo())
    found = describe_faces(result, labels) if isinstance(result, PhotoResult) else []
    enough = len(found) == len(rows) if whole else len(found) >= len(rows)
    if not enough or not all(
        abs(ours[key] - row[key]) <= (CLOSE_BOX if key in BOX else CLOSE)
        for ours, row in zip(found, rows, strict=False)
        for key in (*BOX, "score", *labels)
    ):
        raise ResumeError(f"{earlier.path}: was written with another model or other options")
