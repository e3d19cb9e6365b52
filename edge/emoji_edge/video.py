"""Read a video file frame by frame, each upright and with its own presentation time.

PyAV (FFmpeg) demuxes and decodes; it is the extra `video`, or Debian's python3-av. A frame's time
is what its container says, in seconds: neither counted nor divided from a rate, so that variable
rates, edit lists and streams that do not begin at zero are right.
"""

import contextlib
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from .errors import EmojiError

if TYPE_CHECKING:
    from types import ModuleType

SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".qt", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".mts",
    ".m2ts", ".3gp", ".3g2", ".ogv", ".wmv", ".flv", ".y4m",
})  # fmt: skip
DECIMALS = 6  # of a time: microseconds, finer than any container's clock that matters
EARLY = 1.0  # seconds before its announced end at which a stream counts as cut short
USUAL_RATE = 25  # frames a second, where a stream names none
UNSPECIFIED, BT709_ABOVE = 2, 576  # the colour matrix where a stream names none: as browsers guess
PQ = 16  # the transfer function of HDR10 and Dolby Vision
WHITE = 203  # nits of plain white in an HDR picture (ITU-R BT.2408)
# How a display matrix (a, b, c, d as signs) turns the picture.
TURNS = {
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}


class VideoError(EmojiError):
    """The video cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Frame:
    """One frame: its number from 0 in the order of showing, and its time in seconds."""

    index: int
    time: float
    decoded: Any  # av.VideoFrame
    aspect: float  # of a pixel, width to height

    def to_image(self) -> Image.Image:
        """Convert to an upright RGB picture of square pixels; VideoError where FFmpeg cannot."""
        try:
            image = Image.fromarray(_convert_rgb(self.decoded))
        except (ValueError, OSError) as error:
            raise VideoError(describe_error(error)) from None
        if self.aspect != 1:
            image = image.resize(_square_pixels(image.size, self.aspect))
        turn = TURNS.get(_read_matrix(self.decoded))
        return image if turn is None else image.transpose(turn)


class Video:
    """A video file, opened; a context manager that closes it."""

    def __init__(self, path: str, max_pixels: int, threads: int = 1) -> None:
        """Open the file's first stream of pictures.

        Args:
            path: of the file.
            max_pixels: refuse larger frames before decoding them.
            threads: of the decoder.

        Raises:
            VideoError: no such file, no video, damaged before its first frame, or no PyAV.
        """
        self._error = load_library().error.FFmpegError
        self._container = open_container(path)
        try:
            self._stream = self._find_stream(max_pixels)
        except VideoError:
            self._container.close()
            raise
        self._stream.codec_context.thread_count = threads
        self.damage = ""

    def __enter__(self) -> "Video":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; its frames cannot be read afterwards."""
        self._container.close()

    @property
    def duration(self) -> float | None:
        """Seconds that the file announces; None where it announces nothing."""
        if self._stream.duration:
            return float(self._stream.duration * self._stream.time_base)
        return self._container.duration / 1e6 if self._container.duration else None

    def count_frames(self, every: float = 0.0) -> int:
        """About how many frames iterate_frames will give, for a progress bar; 0 where unknown."""
        rate = float(self._stream.average_rate or USUAL_RATE)
        duration = self.duration or 0.0
        count = self._stream.frames or round(duration * rate)
        return min(count, math.ceil(duration / every)) if every else count

    def iterate_frames(self, every: float = 0.0) -> Iterator[Frame]:
        """Decode the frames in the order of showing; `damage` says afterwards what was wrong.

        Args:
            every: at most one frame in so many seconds, the first of each such interval counted
                from the first frame; all frames where 0.

        Raises:
            VideoError: no frame at all can be decoded.
        """
        slot, begin, last = -1, None, None
        for frame in self._decode_frames():
            begin = frame.time if begin is None else begin
            last = frame.time
            number = math.floor((frame.time - begin) / every + 1e-6) if every else slot + 1
            if number > slot:
                slot = number
                yield frame
        if begin is None or last is None:
            raise VideoError(self.damage or "no picture in it")
        self._check_end(begin, last)

    def _find_stream(self, max_pixels: int) -> Any:
        if not self._container.streams.video:
            raise VideoError(
                "no pictures in it, only sound" if self._container.streams else "empty"
            )
        stream = self._container.streams.video[0]
        if stream.codec_context is None:
            raise VideoError("its codec is not known here")
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > max_pixels:
            raise VideoError(f"{width}x{height} is more than {max_pixels / 1e6:g} megapixels")
        return stream

    def _decode_frames(self) -> Iterator[Frame]:
        clock = _Clock(self._stream, self._container.format.name)
        aspect = float(self._stream.sample_aspect_ratio or 1)
        index = broken = 0
        for packet in self._read_packets():
            try:
                decoded = packet.decode()
            except (self._error, EOFError):
                broken += 1
                continue
            for frame in decoded:
                yield Frame(index, clock.read_time(frame), frame, aspect)
                index += 1
        if broken and not self.damage:
            self.damage = f"damaged: {broken} of its packets cannot be decoded"

    def _read_packets(self) -> Iterator[Any]:
        try:
            yield from self._container.demux(self._stream)
        except self._error as error:
            self.damage = f"damaged: ends early ({describe_error(error)})"

    def _check_end(self, begin: float, last: float) -> None:
        """An announced end that never comes: only the stream's own counts, not the sound's."""
        if not self._stream.duration or self.damage:
            return
        end = begin + float(self._stream.duration * self._stream.time_base)
        if last < end - EARLY:
            self.damage = f"damaged: ends at {last:.2f} of {end:.2f} seconds"


class _Clock:
    """Presentation times of frames in seconds."""

    def __init__(self, stream: Any, container: str) -> None:
        self._base = stream.time_base
        self._start = stream.start_time or 0
        self._step = 1 / float(stream.average_rate or USUAL_RATE)
        self._by_decoding = container == "avi"  # which has no presentation times, only an order
        self._first: int | None = None
        self._last = float(self._start * self._base) - self._step

    def read_time(self, frame: Any) -> float:
        """The frame's own; where it has none, one step after the frame before it."""
        stamp = frame.dts if self._by_decoding else frame.pts
        if stamp is None:
            self._last += self._step
            return round(self._last, DECIMALS)
        if self._first is None:
            self._first = stamp - self._start if self._by_decoding else 0
        time = float((stamp - self._first) * self._base)
        self._step = time - self._last if time > self._last else self._step
        self._last = time
        return round(time, DECIMALS)


def load_library() -> "ModuleType":
    """Import PyAV, silent; VideoError where it is not installed."""
    try:
        import av
        import av.logging
    except ImportError:
        raise VideoError(
            "videos need PyAV: pip install 'emoji-edge[video]', or Debian's python3-av"
        ) from None
    av.logging.set_level(av.logging.PANIC)
    return av


def open_container(path: str) -> Any:
    """Open a file to be read; VideoError says why it cannot be.

    Without `file:` a name with a colon is taken for a URL. A title in another encoding than UTF-8
    is shown with signs of replacement, since nothing here needs it.
    """
    av = load_library()
    try:
        return av.open(f"file:{path}", metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise VideoError(describe_error(error)) from None


def describe_error(error: Exception) -> str:
    """What FFmpeg says, as one line without the path."""
    if type(error).__name__ == "InvalidDataError":
        return "not a video, or damaged"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"cannot be read ({' '.join(str(text).split())[:120]})"


def _convert_rgb(frame: Any) -> np.ndarray:
    """To uint8 [h, w, 3]; a PQ picture is brought to the range of a plain one."""
    options = {}
    # PyAV before 14 does not tell a frame's colours.
    if getattr(frame, "colorspace", 0) == UNSPECIFIED and frame.height > BT709_ABOVE:
        options["src_colorspace"] = "ITU709"
    array = frame.to_ndarray(format="rgb24", **options)
    return make_tone_table()[array] if getattr(frame, "color_trc", 0) == PQ else array


def make_tone_table() -> np.ndarray:
    """PQ code values 0 to 255 as those of a plain (sRGB) picture, uint8 [256].

    SMPTE ST 2084 gives nits; plain white is where BT.2408 puts it, and what is brighter is white.
    """
    m1, m2, c1, c2, c3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128
    power = (np.arange(256) / 255) ** (1 / m2)
    nits = 10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return np.floor(255 * np.clip(nits / WHITE, 0, 1) ** (1 / 2.2) + 0.5).astype(np.uint8)


def _square_pixels(size: tuple[int, int], aspect: float) -> tuple[int, int]:
    """The size at which pixels are square: one side grows, none shrinks, as in browsers."""
    width, height = size
    if aspect > 1:
        return math.floor(width * aspect + 0.5), height
    return width, math.floor(height / aspect + 0.5)


def _read_matrix(frame: Any) -> tuple[int, int, int, int]:
    """Signs of the display matrix's a, b, c, d; PyAV before 14 has none.

    The container is our own: the frame's would refer to the frame, and such a circle keeps its
    pixels in memory until Python looks for circles, which it does hardly ever.
    """
    from av.sidedata.sidedata import SideDataContainer

    with contextlib.suppress(KeyError):
        data = SideDataContainer(frame).get("DISPLAYMATRIX")  # type: ignore[call-arg]
        if data is not None:
            a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data))
            return _sign(a), _sign(b), _sign(c), _sign(d)
    return (1, 0, 0, 1)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
