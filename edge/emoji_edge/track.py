"""Follow faces from frame to frame by the overlap of their boxes.

A track is a place that a face keeps, not a person: a face that leaves and comes back is a new
track.
"""

from collections.abc import Sequence

from .image import Box


class Tracker:
    """Gives each face of each frame of one video the number of its track, from 1.

    Faces and tracks pair off by their overlap (intersection over union), the largest first; equal
    ones go by track, then by face. A track is open as long as it was seen in the frame before, or
    at most `gap` seconds ago.
    """

    def __init__(self, overlap: float, gap: float) -> None:
        """Begin without tracks. overlap: the least that joins, 0 to 1; gap: in seconds."""
        self._overlap = overlap
        self._gap = gap
        self._seen: dict[int, tuple[Box, float]] = {}  # where and when each open track was last
        self._before = 0.0  # time of the frame before
        self._count = 0

    def follow_faces(self, boxes: Sequence[Box], time: float) -> list[int]:
        """Tracks of a frame's faces, in their order. time: of the frame, in seconds."""
        self._close_tracks(time)
        tracks = [0] * len(boxes)
        pairs = sorted(
            (-measure_overlap(seen, box), track, face)
            for track, (seen, _) in self._seen.items()
            for face, box in enumerate(boxes)
        )
        taken: set[int] = set()
        for overlap, track, face in pairs:
            if -overlap >= self._overlap and track not in taken and not tracks[face]:
                taken.add(track)
                tracks[face] = track
        for face, track in enumerate(tracks):
            if not track:
                self._count += 1
                tracks[face] = self._count
        self.place_faces(tracks, boxes, time)
        return tracks

    def place_faces(self, tracks: Sequence[int], boxes: Sequence[Box], time: float) -> None:
        """Take over what an earlier run decided for a frame, as if it were decided now."""
        self._close_tracks(time)
        for track, box in zip(tracks, boxes, strict=True):
            self._seen[track] = (box, time)
            self._count = max(self._count, track)
        self._before = time

    def _close_tracks(self, time: float) -> None:
        self._seen = {
            track: (box, seen)
            for track, (box, seen) in self._seen.items()
            if seen == self._before or time - seen <= self._gap
        }


def measure_overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common)
