"""What a run with videos classifies, in order: the photos, and the frames of each video."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..batch import Outcome
from ..classify import ClassifierOptions
from ..image import SUFFIXES as PHOTO_SUFFIXES
from ..listing import STANDARD_INPUT, Omissions, Photo, list_photos
from ..parallel import classify_photos
from ..video import SUFFIXES as VIDEO_SUFFIXES
from ..video import Frame, Video, VideoError

SUFFIXES = PHOTO_SUFFIXES | VIDEO_SUFFIXES


@dataclass(frozen=True)
class Moment:
    """A photo, a frame of a video, or why there is none.

    Attributes:
        source: the photo or the video.
        frame: of the video; None where the source is a photo, or has no more frames to give.
        error: why that is.
    """

    source: Photo
    frame: Frame | None = None
    error: str = ""

    @property
    def index(self) -> int:
        """The frame's number in the video; 0 of a photo."""
        return self.frame.index if self.frame else 0

    @property
    def is_photo(self) -> bool:
        """Whether it is not of a video."""
        return not is_video(self.source.path)

    def load_photo(self) -> Photo:
        """What is to be classified, a frame's picture converted."""
        name = self.source.name
        if self.error or self.frame is None:
            return self.source if not self.error else Photo(name, error=self.error)
        try:
            return Photo(name, image=self.frame.to_image())
        except VideoError as error:
            return Photo(name, error=str(error))


def is_video(path: str) -> bool:
    """Tell a video by its file's suffix."""
    return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES


def holds_videos(arguments: Sequence[str], recursive: bool) -> bool:
    """Tell whether the arguments name a video, or a folder with one."""
    named = [argument for argument in arguments if argument != STANDARD_INPUT]
    found = list_photos(named, recursive, VIDEO_SUFFIXES)
    return any(is_video(photo.path) and not os.path.isdir(photo.path) for photo in found)


def list_sources(
    arguments: Sequence[str],
    recursive: bool,
    own: Sequence[str] = (),
    omissions: Omissions | None = None,
) -> Iterator[Photo]:
    """Yield photos and videos that the arguments name, each once; see list_photos."""
    names = set()
    for source in list_photos(arguments, recursive, SUFFIXES, own, omissions):
        if source.name not in names:
            names.add(source.name)
            yield source


def list_moments(
    sources: Iterable[Photo], max_pixels: int, every: float, threads: int
) -> Iterator[Moment]:
    """The moments of the sources in order; a video that is damaged ends with a reason."""
    for source in sources:
        if source.error or not is_video(source.path):
            yield Moment(source, error=source.error)
            continue
        try:
            with Video(source.path, max_pixels, threads) as video:
                for frame in video.iterate_frames(every):
                    yield Moment(source, frame)
                if video.damage:
                    yield Moment(source, error=video.damage)
        except VideoError as error:
            yield Moment(source, error=str(error))


def count_moments(sources: Iterable[Photo], max_pixels: int, every: float) -> int:
    """About how many there are, for a progress bar."""
    count = 0
    for source in sources:
        try:
            if is_video(source.path):
                with Video(source.path, max_pixels) as video:
                    count += video.count_frames(every)
            else:
                count += 1
        except VideoError:
            count += 1  # its failure
    return count


def classify_moments(
    moments: Iterator[Moment], options: ClassifierOptions, jobs: int, annotate: str
) -> Iterator[tuple[Moment, Photo, Outcome]]:
    """Classify moments on so many processes: each, its picture and its outcome, in their order.

    Args:
        moments: what to classify.
        options: how.
        jobs: how many processes.
        annotate: the folder of annotated copies of photos; frames are left to the caller.

    Raises:
        ModelError, ContractError: at once on one process.
    """
    waiting: deque[tuple[Moment, Photo]] = deque()

    def load_photos() -> Iterator[Photo]:
        for moment in moments:
            waiting.append((moment, moment.load_photo()))
            yield waiting[-1][1]

    outcomes = classify_photos(load_photos(), options, jobs, annotate)
    return ((*waiting.popleft(), outcome) for outcome in outcomes)
