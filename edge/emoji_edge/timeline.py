"""The timeline of a video: one row for each face of each frame, and a summary of each track.

from emoji_edge import Classifier
from emoji_edge.timeline import classify_video
for row in classify_video(Classifier(), "clip.mp4", every=0.5):
    print(row["time"], row["track"], row["expression"], row["score"])
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .classify import Classifier
from .contract import Contract
from .image import Box
from .result import HEADS, FaceResult, PhotoResult
from .track import Tracker
from .video import Video

Row = dict[str, Any]
PLACE = ("video", "frame", "time", "track")
BOX = ("x0", "y0", "x1", "y1")
ANSWER = ("roll", "detection", "not_sure", "expression", "score")


def list_columns(labels: Sequence[str]) -> list[str]:
    """Names of a row's values, in order; the last are the raw scores of the labels."""
    return [*PLACE, *BOX, *ANSWER, *labels]


def classify_video(
    classifier: Classifier, path: str, every: float = 0.0, *, tiles: bool = False
) -> Iterator[Row]:
    """Classify the faces of a video's frames, in memory that does not grow with it.

    Args:
        classifier: any.
        path: of the video.
        every: at most one frame in so many seconds; all frames where 0.
        tiles: whether large frames are also searched in tiles, as photos are; it is slow.

    Yields:
        Rows with the values that list_columns names: `time` in seconds, the box in pixels of the
        upright frame, scores 0 to 1; `roll` and `detection` are None where the frame was taken
        as the face.

    Raises:
        VideoError: the video cannot be used.
    """
    timeline = Timeline(path, classifier.contract)
    classifier = classifier.use_tiles(tiles)
    with Video(path, classifier.contract.max_pixels) as video:
        for frame in video.iterate_frames(every):
            result = classifier.classify_image(frame.to_image(), path)
            yield from timeline.add_frame(frame.index, frame.time, result)


@dataclass
class TrackSummary:
    """How long one face looked like what, and when most.

    Attributes:
        track: its number.
        begin, end: when it was first and last seen, in seconds.
        seconds: for each expression that led, how long.
        peaks: for each of them its highest score and when that was.
    """

    track: int
    begin: float
    end: float
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, tuple[float, float]] = field(default_factory=dict)


class Timeline:
    """Turns the answers for one video's frames into rows, and keeps the summary."""

    def __init__(self, video: str, contract: Contract) -> None:
        """Begin before the first frame. video: the name that stands in the rows."""
        self.video = video
        self.frames = 0
        self.begin = self.end = 0.0  # of the first and the last frame
        self._labels = contract.labels
        self._tracker = Tracker(contract.track_overlap, contract.track_gap)
        self._tracks: dict[int, TrackSummary] = {}
        self._shown: list[tuple[int, str]] = []  # track and expression of the last frame's faces
        self._step = 0.0

    def add_frame(self, index: int, time: float, result: PhotoResult) -> list[Row]:
        """Rows of the next frame, in the order of its faces."""
        answers = describe_faces(result, self._labels)
        boxes = [_read_box(answer) for answer in answers]  # rounded: what a resumed run reads
        tracks = self._tracker.follow_faces(boxes, time)
        place = {"video": self.video, "frame": index, "time": time}
        rows = [
            place | {"track": track} | answer for track, answer in zip(tracks, answers, strict=True)
        ]
        self._summarize(time, rows)
        return rows

    def replay_frame(self, time: float, rows: Sequence[Row]) -> None:
        """Take over the rows that an earlier run wrote for the next frame."""
        tracks = [row["track"] for row in rows]
        self._tracker.place_faces(tracks, [_read_box(row) for row in rows], time)
        self._summarize(time, rows)

    def list_tracks(self) -> list[TrackSummary]:
        """Summaries of all tracks; a frame's answer holds until the next frame."""
        for track, expression in self._shown:
            self._extend(track, expression, self._step)
        self._shown = []
        return list(self._tracks.values())

    def _summarize(self, time: float, rows: Sequence[Row]) -> None:
        if self.frames:
            self._step = max(0.0, time - self.end)
        else:
            self.begin = time
        for track, expression in self._shown:
            self._extend(track, expression, self._step)
        for row in rows:
            summary = self._tracks.setdefault(row["track"], TrackSummary(row["track"], time, time))
            summary.end = time
            peak = (row["score"], time)
            if peak[0] > summary.peaks.get(row["expression"], (-1.0, 0.0))[0]:
                summary.peaks[row["expression"]] = peak
        self._shown = [(row["track"], row["expression"]) for row in rows]
        self.frames += 1
        self.end = time

    def _extend(self, track: int, expression: str, seconds: float) -> None:
        so_far = self._tracks[track].seconds
        so_far[expression] = so_far.get(expression, 0.0) + seconds


def list_photo_rows(result: PhotoResult, labels: Sequence[str]) -> list[Row]:
    """Rows of a photo among videos: one frame, without a time and a track."""
    place = {"video": result.photo, "frame": 0, "time": None, "track": None}
    return [place | answer for answer in describe_faces(result, labels)]


def describe_faces(result: PhotoResult, labels: Sequence[str]) -> list[Row]:
    """The faces' part of their rows, rounded as in the shape that all front ends share."""
    return [_describe_face(face, result.ranked_by, labels) for face in result.faces]


def _describe_face(face: FaceResult, ranked_by: str, labels: Sequence[str]) -> Row:
    shown = face.to_dict()
    best = shown["expressions"][0]
    scores = face.scores if ranked_by == HEADS[0] else face.label_scores
    return {
        **dict(zip(BOX, shown["box"], strict=True)),
        "roll": shown["roll"],
        "detection": shown["detection"],
        "not_sure": shown["not_sure"],
        "expression": best["label"],
        "score": best["score"],
        **{label: round(float(s), 6) for label, s in zip(labels, scores, strict=True)},
    }


def _read_box(row: Row) -> Box:
    return row["x0"], row["y0"], row["x1"], row["y1"]
