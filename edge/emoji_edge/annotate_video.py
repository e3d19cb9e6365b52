"""Write a video again with boxes, emoji and scores on its faces, and with its sound."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from .annotate import draw_faces, place_copy
from .result import PhotoResult
from .video import VideoError, load_library, open_container

CLOCK = Fraction(1, 90000)
CODECS = ("libx264", "mpeg4")  # the first that this FFmpeg has
QUALITY = {"libx264": {"crf": "20", "preset": "veryfast"}, "mpeg4": {"qscale": "3"}}
RATE = 25  # what an encoder plans with; the frames keep their own times
MP4_SOUND = ("aac", "mp3", "ac3", "eac3", "flac", "alac", "opus")  # what players expect in MP4


class VideoAnnotator:
    """Writes FOLDER/VIDEO.faces.mp4, or .mkv for sound that MP4 does not take, frame by frame."""

    def __init__(self, source: str, name: str, folder: Path) -> None:
        """Open the source for its sound; the copy begins with the first frame.

        Args:
            source: path of the video.
            name: in the results; the copy lies at this path below the folder.
            folder: of all copies.

        Raises:
            VideoError: the source cannot be read, or there is no place for the copy.
        """
        self._library = load_library()
        self._error = self._library.error.FFmpegError
        try:
            place = place_copy(folder, name)
        except OSError as error:
            raise explain_copy(error) from None
        self._source = open_container(source)
        self._sound = find_sound(self._source)
        takes = self._sound is None or self._sound.codec_context.name in MP4_SOUND
        self.path = f"{place}.faces.{'mp4' if takes else 'mkv'}"
        self._copy: Any = None
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None  # the sound's packet that is due
        self._last = -1

    def write_frame(self, image: Image.Image, result: PhotoResult, time: float) -> None:
        """Append an upright frame with its faces marked; one that is not later is left out.

        Raises:
            VideoError: the copy cannot be written.
        """
        try:
            if self._copy is None:
                self._begin_copy(image.size)
            stamp = round(Fraction(time) / CLOCK)
            if stamp <= self._last:
                return
            self._last = stamp
            drawn = draw_faces(image, result)
            if drawn.size != self._size:
                drawn = drawn.resize(self._size)
            frame = self._library.VideoFrame.from_image(drawn)
            frame.pts, frame.time_base = stamp, CLOCK
            self._write_sound(time)
            self._mux(self._pictures.encode(frame))
        except (self._error, OSError, ValueError) as error:  # ValueError: a codec's, a container's
            raise explain_copy(error) from None

    def close(self) -> None:
        """Finish the copy, with the rest of the sound; without a frame there is none."""
        try:
            if self._copy is not None:
                self._mux(self._pictures.encode(None))
                self._write_sound(float("inf"))
                self._copy.close()
        except (self._error, OSError, ValueError) as error:
            raise explain_copy(error) from None
        finally:
            self._copy = None
            self._source.close()

    def _begin_copy(self, size: tuple[int, int]) -> None:
        self._size = size[0] + size[0] % 2, size[1] + size[1] % 2  # the encoders want even sides
        codec = next(name for name in CODECS if name in self._library.codecs_available)
        copy = self._library.open(f"file:{self.path}", "w")
        self._pictures = copy.add_stream(codec, rate=RATE)
        self._pictures.width, self._pictures.height = self._size
        self._pictures.pix_fmt = "yuv420p"
        self._pictures.codec_context.time_base = CLOCK if codec != "mpeg4" else Fraction(1, 60000)
        self._pictures.options = QUALITY[codec]
        if self._sound is not None:
            self._voice = add_copied_stream(copy, self._sound)
            self._packets = self._source.demux(self._sound)
            self._next = self._read_packet()
        self._copy = copy  # only now, so that close() finishes no copy without streams

    def _write_sound(self, until: float) -> None:
        """The packets up to a time, so that pictures and sound lie together in the file."""
        while self._next is not None and float(self._next.dts * self._next.time_base) <= until:
            packet, self._next = self._next, self._read_packet()  # never twice, whatever interrupts
            packet.stream = self._voice
            self._copy.mux(packet)

    def _read_packet(self) -> Any:
        """The sound's next packet; None at its end, or where it is damaged."""
        try:
            return next((packet for packet in self._packets if packet.dts is not None), None)
        except self._error:
            return None

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self._copy.mux(packet)


def find_sound(container: Any) -> Any:
    """The first stream of sound whose codec is known here; None where there is none."""
    known = (stream for stream in container.streams.audio if stream.codec_context is not None)
    return next(known, None)


def explain_copy(error: Exception) -> VideoError:
    """Say why there is no copy, in the words that a photo's copy has."""
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:120]
    return VideoError(f"its annotated copy cannot be written ({reason})")


def add_copied_stream(container: Any, stream: Any) -> Any:
    """A stream that takes another's packets as they are."""
    if hasattr(container, "add_stream_from_template"):
        return container.add_stream_from_template(stream)
    return container.add_stream(template=stream)  # PyAV before 14
