"""Videos for the tests, made with PyAV from the portrait in tests/photos."""

import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from tests.helpers.photos import make_scene, open_astronaut

CLOCK = Fraction(1, 90000)  # divides the steps of 25, 29.97 and 60 frames a second
SIZE = (320, 240)
CLOSE = (-50, -40, 420)  # a face so large that the first detector suffices
MOUTH = (195, 128, 250, 162)  # of the portrait: turned over, it no longer smiles
Shot = tuple[Fraction, Image.Image]  # when, and what


@lru_cache
def make_person(grave: bool = False, mirrored: bool = False) -> Image.Image:
    """The portrait as another person or with another expression."""
    person = open_astronaut()
    if grave:
        person.paste(ImageOps.flip(person.crop(MOUTH)), MOUTH[:2])
    return ImageOps.mirror(person) if mirrored else person


def make_shot(
    *people: tuple[Image.Image, int, int, int], size: tuple[int, int] = SIZE
) -> Image.Image:
    """A plain picture with a person at each (person, x, y, side)."""
    shot = make_scene(size)
    for person, x, y, side in people:
        shot.paste(person.resize((side, side), Image.Resampling.LANCZOS), (x, y))
    return shot


@lru_cache
def happy_shot() -> Image.Image:
    return make_shot((make_person(), *CLOSE))


@lru_cache
def grave_shot() -> Image.Image:
    return make_shot((make_person(grave=True), *CLOSE))


@lru_cache
def empty_shot() -> Image.Image:
    return make_shot()


@lru_cache
def wide_shot() -> Image.Image:
    """A person so near that the whole picture is settled, and one who is found in tiles alone."""
    people = (make_person(), -450, -200, 1640), (make_person(), 1000, 450, 200)
    return make_shot(*people, size=(1280, 720))


def steady(
    images: Iterable[Image.Image], rate: Fraction | int, begin: Fraction | int = 0
) -> list[Shot]:
    """The pictures at a constant rate."""
    return [(begin + Fraction(n) / Fraction(rate), image) for n, image in enumerate(images)]


def write_video(
    path: Path,
    shots: Sequence[Shot],
    codec: str = "libx264",
    pixels: str = "yuv420p",
    *,
    sound: float = 0,
    container: str | None = None,
    **options: str,
) -> Path:
    """Encode the shots, each at its own time, and so many seconds of sound, if any."""
    size = shots[0][1].size
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = CLOCK
        stream.options = options
        noise = (
            file.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48000)
            if sound
            else None
        )
        if noise is not None:
            noise.layout = "mono"
        for time, image in shots:
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            frame.pts, frame.time_base = round(time / CLOCK), CLOCK
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
        if noise is not None:
            file.mux(_encode_sound(noise, sound))
    return path


def _encode_sound(stream: av.AudioStream, seconds: float) -> list[av.Packet]:
    packets = []
    for start in range(0, int(48000 * seconds), 960):
        wave = np.sin(np.arange(start, start + 960) * 2 * np.pi * 440 / 48000)
        frame = av.AudioFrame.from_ndarray((wave * 8000).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def set_matrix(path: Path, a: int, b: int, c: int, d: int) -> None:
    """Write a display matrix into the track header of an MP4 or MOV, as phones do."""
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 44
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
