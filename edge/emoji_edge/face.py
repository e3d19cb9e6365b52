"""Find every face of a photo and how far each head is tilted, as web/pipeline/face.js does.

1. **Candidates.** The short-range model sees the whole photo, fitted into its square input. The
   back model sees it too where step 2 leaves no face of a score of `sure`, or where the most
   certain one is under `cascade_below` of the photo's longer side. Where a photo is so large that
   the smallest faces that matter would be lost in one square, the back model also sees overlapping
   tiles of a copy of it.
2. **Closer looks.** A face that the short-range model sees in the whole photo with a score of
   `sure`, nearly level eyes and a side of `cascade_below` of the square is taken as it is. Any
   other candidate is cut out with its surroundings, snapped and turned so that its eyes are level,
   and shown to the short-range model again, until the eyes are level in what that sees. Where the
   score is below `sure` then, the candidate is also tried in quarter turns, and the best is kept: a
   detector sees a face in an upside-down face too, but a worse one. What is still below `sure` is
   shown to the back model in the same way, and its score is the mean of both. Keypoints that do not
   form a face are none.
3. **One face, one box.** Of boxes that overlap by more than `iou` the most certain stays, and only
   those of at least `threshold`. So a face that a tile cuts, or that two tiles share, is one face.
4. **Nothing found.** The whole photo is tried in quarter turns, with the same steps.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .contract import Contract, find_models
from .crop import Kept, Square, cut_square
from .detector import Detection, FaceDetector, measure_overlaps
from .image import Box
from .resize import Frame, fit_square, shrink

QUARTERS = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Face:
    """A face in pixels of the upright photo.

    Attributes:
        box: x0, y0, x1, y1.
        score: the detector's, 0 to 1.
        roll: how far the head is tilted clockwise in the photo, in degrees from -180 to 180.
        settled: whether it is taken as it is, without a closer look.
    """

    box: Box
    score: float
    roll: float
    settled: bool = False

    @property
    def area(self) -> float:
        """How many square pixels the box has."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    @property
    def square(self) -> Square:
        """The square around the box's centre with its longer side, turned by the roll."""
        x0, y0, x1, y1 = self.box
        return Square((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0), self.roll)


@dataclass(frozen=True)
class FinderOptions:
    """How to look for faces.

    Attributes:
        tiles: whether large photos are also searched in tiles.
        smallest_face: the side in pixels of the smallest face that matters; smaller ones are left
            out. Where None, the contract says what tiles look for, and nothing is left out.
        threshold: the least score of a face, above 0 and below 1; the contract's where None.
    """

    tiles: bool = True
    smallest_face: float | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        """Check the values; ValueError."""
        if self.smallest_face is not None and not 1 <= self.smallest_face <= 1e6:
            raise ValueError(f"smallest_face is {self.smallest_face}, not 1 to 1000000 pixels")
        if self.threshold is not None and not 0.01 <= self.threshold <= 0.99:
            raise ValueError(f"threshold is {self.threshold}, not 0.01 to 0.99")

    def list_chosen(self) -> dict[str, Any]:
        """The values that are not the default, by name."""
        usual = type(self)()
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v for name, v in values.items() if v != getattr(usual, name)}


class FaceFinder:
    """The two models; the second is loaded when the first photo needs it."""

    def __init__(self, contract: Contract, models: Path | None = None, threads: int = 1) -> None:
        """Prepare; the models load when they are needed."""
        self._contract = contract
        self._models = models or find_models()
        self._threads = threads
        self._loaded: dict[str, FaceDetector] = {}

    def find_faces(
        self,
        image: Image.Image,
        options: FinderOptions = FinderOptions(),
    ) -> list[Face]:
        """Find the faces in an RGB picture, largest first; ModelError where a model is damaged."""
        faces = _Search(self, self._contract, image, options).find_faces()
        return sorted(faces, key=lambda face: (-face.area, -face.score, face.box))

    def load_detector(self, name: str) -> FaceDetector:
        """Load the detector of that name in the contract, once."""
        if name not in self._loaded:
            detector = self._contract.detectors[name]
            self._loaded[name] = FaceDetector(detector, self._contract, self._models, self._threads)
        return self._loaded[name]


class _Search:
    """The search of one photo."""

    def __init__(
        self, finder: FaceFinder, contract: Contract, image: Image.Image, options: FinderOptions
    ) -> None:
        self._load = finder.load_detector
        self._contract = contract
        self._image = image
        self._options = options
        self._threshold = options.threshold or contract.detector_threshold
        self._kept: Kept = {}

    def find_faces(self) -> list[Face]:
        """All steps; the most certain first."""
        longer, places = plan_tiles(self._image.size, self._contract, self._options)
        copy = self._image
        if places:
            copy = shrink(copy, longer, self._contract.reduce_to)
        faces = self._confirm_faces(copy, self._detect_whole("short", copy))
        more: list[Face] = []
        if not faces or self._is_doubtful(faces[0]):
            more += self._detect_whole("back", copy)
        for place in places:
            more += self._search_tile(copy, place)
        faces = self._confirm_faces(copy, more, faces)
        return faces or self._confirm_faces(copy, self._detect_turned(copy))

    def _detect_whole(self, name: str, copy: Image.Image, quarter: int = 0) -> list[Face]:
        """See a copy of the whole photo, turned counter-clockwise by quarters."""
        detector = self._load(name)
        square, frame = fit_square(copy, detector.size, self._contract.reduce_to)
        turned = square.transpose(QUARTERS[quarter]) if quarter else square
        faces = []
        for found in detector.detect(turned, self._contract.candidate):
            face = place_face(found, frame, copy.size, detector.size, quarter)
            settled = name == "short" and not quarter and self._needs_no_look(found)
            faces.append(replace(face, settled=settled))
        return faces

    def _detect_turned(self, copy: Image.Image) -> list[Face]:
        return [
            face
            for quarter in QUARTERS
            for name in self._contract.detectors
            for face in self._detect_whole(name, copy, quarter)
        ]

    def _search_tile(self, copy: Image.Image, place: tuple[int, int]) -> list[Face]:
        detector = self._load("back")
        (left, top), size = place, detector.size
        tile = copy.crop((left, top, left + size, top + size))  # black beyond the picture
        frame = Frame(-left, -top, *copy.size)
        return [
            place_face(found, frame, copy.size, size)
            for found in detector.detect(tile, self._contract.candidate)
        ]

    def _confirm_faces(
        self, copy: Image.Image, candidates: Iterable[Face], known: Sequence[Face] = ()
    ) -> list[Face]:
        """Steps 2 and 3 for candidates in a copy of the photo, beside faces that are known."""
        iou = self._contract.detector_iou
        across, down = self._image.width / copy.width, self._image.height / copy.height
        scaled = [scale_face(face, across, down) for face in candidates]
        scaled.sort(key=lambda face: (not face.settled, -face.score))
        looked = (
            face if face.settled else self._look_closer(face)
            for face in suppress_faces([*known, *scaled], iou)
        )
        least = self._options.smallest_face or 0
        sure = [
            face
            for face in looked
            if face and face.score >= self._threshold and face.square.side >= least
        ]
        return suppress_faces(sorted(sure, key=lambda face: -face.score), iou)

    def _look_closer(self, candidate: Face) -> Face | None:
        """Step 2 for one candidate; None where no look shows a face."""
        best: Face | None = None
        for quarter in range(4):
            roll = candidate.roll + 90 * quarter
            face = self._level_face(replace(candidate.square, roll=roll))
            if face and (best is None or face.score > best.score):
                best = face
            if best and quarter == 0 and best.score >= self._contract.look.sure:
                break
        if best and best.score < self._contract.look.sure:
            return self._ask_again(best)
        return best

    def _level_face(self, square: Square) -> Face | None:
        """Look until the eyes are level; None where they never are."""
        for _ in range(self._contract.look.times):
            face = self._look(square)
            if face is None or abs(wrap(face.roll - square.roll)) <= self._contract.look.level_roll:
                return face
            square = face.square
        return None

    def _look(self, square: Square, name: str = "short") -> Face | None:
        """The most certain face near the middle of a square's surroundings, turned upright."""
        contract, look = self._contract, self._contract.look
        detector = self._load(name)
        wide = replace(square, side=square.side * look.scale).snap()
        patch = cut_square(
            self._image,
            wide,
            detector.size,
            look.samples,
            look.reduce_to,
            gray=False,
            kept=self._kept,
        )
        for found in detector.detect(patch, contract.candidate):
            face = lift_face(found, wide, detector.size)
            away = math.hypot(face.square.x - wide.x, face.square.y - wide.y)
            if away <= look.reach * wide.side and found.forms_face(contract.form):
                return face
        return None

    def _ask_again(self, face: Face) -> Face:
        """The face with the mean of its score and the back model's, 0 where that sees none."""
        other = self._look(face.square, "back")
        return replace(face, score=(face.score + (other.score if other else 0.0)) / 2)

    def _needs_no_look(self, found: Detection) -> bool:
        look = self._contract.look
        size = self._contract.detectors["short"].size
        large = found.side >= self._contract.cascade_below * size
        sure = found.score >= look.sure and abs(found.roll) <= look.sure_roll
        return large and sure and found.forms_face(self._contract.form)

    def _is_doubtful(self, face: Face) -> bool:
        small = face.square.side < self._contract.cascade_below * max(self._image.size)
        return small or face.score < self._contract.look.sure


def place_face(
    found: Detection, frame: Frame, size: tuple[int, int], side: int, quarter: int = 0
) -> Face:
    """Take a detection back to a picture of that size that lies in a square at frame.

    Args:
        found: in pixels of the square, which was turned counter-clockwise by `quarter` quarters.
        frame: where the picture lies in the square, before that turn.
        size: width and height of the picture.
        side: of the square.
    """
    corners = found.points[:2]
    for _ in range(quarter):  # clockwise again
        corners = np.stack([side - corners[:, 1], corners[:, 0]], axis=1)
    scale = np.array([size[0] / frame.width, size[1] / frame.height])
    low, high = (np.sort(corners, axis=0) - (frame.left, frame.top)) * scale
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Face(box, found.score, wrap(found.roll + 90 * quarter))


def lift_face(found: Detection, square: Square, side: int) -> Face:
    """Take a detection in the pixels of a turned square that was cut out back to the picture."""
    (x0, y0), (x1, y1) = found.points[:2].tolist()
    zoom = square.side / side
    right, down = ((x0 + x1) / 2 - side / 2) * zoom, ((y0 + y1) / 2 - side / 2) * zoom
    cos, sin = math.cos(math.radians(square.roll)), math.sin(math.radians(square.roll))
    x, y = square.x + right * cos - down * sin, square.y + right * sin + down * cos
    seen = Square(x, y, max(x1 - x0, y1 - y0) * zoom)
    return Face(seen.box, found.score, wrap(square.roll + found.roll), settled=True)


def scale_face(face: Face, across: float, down: float) -> Face:
    """Take a face from a picture to one that is so many times as wide and high."""
    x0, y0, x1, y1 = face.box
    return replace(face, box=(x0 * across, y0 * down, x1 * across, y1 * down))


def suppress_faces(faces: Iterable[Face], iou: float) -> list[Face]:
    """Keep each face that overlaps none before it by more than iou."""
    kept: list[Face] = []
    for face in faces:
        boxes = np.array([other.box for other in kept]).reshape(-1, 4)
        if not kept or measure_overlaps(np.array(face.box), boxes).max() <= iou:
            kept.append(face)
    return kept


def plan_tiles(
    size: tuple[int, int], contract: Contract, options: FinderOptions
) -> tuple[int, list[tuple[int, int]]]:
    """Plan the copy of a photo that is searched in tiles, and where the tiles lie in it.

    In the copy, the smallest face that matters has `tiles.face` pixels; it is no larger than the
    photo. Tiles are as large as the back model's input and overlap by at least `tiles.overlap`,
    which is more than a face has that the whole photo's square may lose. There are none where the
    copy is hardly larger than one tile.

    Args:
        size: width and height of the photo.

    Returns:
        The copy's longer side, and left and top of each tile, by row.
    """
    tiles, longer = contract.tiles, max(size)
    smallest = options.smallest_face or max(tiles.smallest, tiles.part * longer)
    copy = min(longer, math.floor(longer * tiles.face / smallest + 0.5))
    side = contract.detectors["back"].size
    if not options.tiles or copy <= side + tiles.overlap:
        return longer, []
    width, height = (max(1, math.floor(edge * copy / longer + 0.5)) for edge in size)
    rows = spread_tiles(height, side, tiles.overlap)
    return copy, [(left, top) for top in rows for left in spread_tiles(width, side, tiles.overlap)]


def spread_tiles(length: int, side: int, overlap: int) -> list[int]:
    """Where tiles begin along an axis: evenly, as few as overlap enough; one is centred."""
    if length <= side:
        return [(length - side) // 2]
    gaps = max(1, math.ceil((length - side) / (side - overlap)))
    return [i * (length - side) // gaps for i in range(gaps + 1)]


def wrap(degrees: float) -> float:
    """The same direction from -180, excluded, to 180 degrees."""
    return 180 - (180 - degrees) % 360
