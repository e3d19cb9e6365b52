"""What a picture may come from: every kind gives the same result, and others are refused."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from emoji_edge import Classifier, ImageError
from emoji_edge.image import open_photo
from PIL import Image, ImageOps

from tests.helpers.photos import ASTRONAUT, encode

DATA = ASTRONAUT.read_bytes()
LIMIT = 10**8


class Fspath:
    """A path of another library."""

    def __init__(self, path: str | bytes) -> None:
        self._path = path

    def __fspath__(self) -> str | bytes:
        return self._path


class Socket:
    """A stream that can only be read."""

    def read(self) -> bytes:
        return DATA


def end_of_file() -> io.BytesIO:
    """A stream as image.save(stream) leaves it: at its end."""
    stream = io.BytesIO()
    stream.write(DATA)
    return stream


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    with Image.open(ASTRONAUT) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: str(ASTRONAUT), lambda: ASTRONAUT, lambda: Fspath(str(ASTRONAUT)),
        lambda: Fspath(os.fsencode(ASTRONAUT)), lambda: DATA, lambda: bytearray(DATA),
        lambda: memoryview(DATA), lambda: io.BytesIO(DATA), end_of_file, Socket,
        lambda: Image.open(io.BytesIO(DATA)),
        lambda: np.asarray(Image.open(io.BytesIO(DATA)).convert("RGB")),
    ],
)  # fmt: skip
def test_every_kind_of_source_is_the_same_picture(make, expected):
    assert np.array_equal(np.asarray(open_photo(make(), LIMIT)), expected)


def test_an_open_file_is_read_from_its_start(expected):
    with ASTRONAUT.open("rb") as file:
        file.read(100)
        assert np.array_equal(np.asarray(open_photo(file, LIMIT)), expected)
        assert np.array_equal(np.asarray(open_photo(file, LIMIT)), expected)


@pytest.mark.parametrize("source", [None, [1, 2], 7, 1.5, {"a": 1}, object(), open_photo])
def test_anything_else_is_a_type_error_that_says_what_is_accepted(source):
    with pytest.raises(TypeError) as caught:
        Classifier().classify(source)
    assert type(source).__name__ in str(caught.value)
    for kind in ("a path", "bytearray", "stream", "Pillow image", "uint8 array"):
        assert kind in str(caught.value)


def test_a_stream_of_text_is_a_type_error(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    with (tmp_path / "a.txt").open() as file, pytest.raises(TypeError, match="stream of text"):
        open_photo(file, LIMIT)
    with pytest.raises(TypeError, match="stream of text"):
        open_photo(io.StringIO("text"), LIMIT)


def test_a_stream_that_cannot_be_read_is_an_image_error():
    closed = io.BytesIO(DATA)
    closed.close()
    with pytest.raises(ImageError, match=r"cannot be read \(I/O operation on closed file"):
        open_photo(closed, LIMIT)


def test_the_name_of_the_result_is_the_path(tmp_path):
    small = tmp_path / "small.png"
    Image.new("RGB", (40, 40)).save(small)
    classifier = Classifier()
    for source in (str(small), Path(small), Fspath(str(small)), Fspath(os.fsencode(small))):
        assert classifier.classify(source).photo == str(small)
    assert classifier.classify(small.read_bytes()).photo == ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_is_turned_once_whoever_turns_it(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(Image.new("RGB", (40, 20)), kind, exif=exif)

    def load() -> Image.Image:
        return Image.open(io.BytesIO(data))

    in_place = load()
    ImageOps.exif_transpose(in_place, in_place=True)
    upright = {
        "a file": data,
        "as opened": load(),
        "by Pillow": ImageOps.exif_transpose(load()),
        "by Pillow, in place": in_place,
    }
    if kind != "TIFF":  # which Pillow itself turns when it loads
        upright["by hand"] = load().transpose(Image.Transpose.ROTATE_270)
        upright["rotated"] = load().rotate(-90, expand=True)
    sizes = {how: open_photo(source, LIMIT).size for how, source in upright.items()}
    assert sizes == dict.fromkeys(upright, (20, 40))


def test_a_pillow_image_is_seen_as_it_is_and_stays_so():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(encode(Image.new("RGB", (40, 20)), "JPEG", exif=exif)))
    cropped = image.convert("L").crop((0, 0, 30, 20))
    assert open_photo(cropped, LIMIT).size == (30, 20)
    assert "exif" in cropped.info
