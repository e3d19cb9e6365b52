"""Pixel rules: the docstring of emoji_edge.image, written out again and compared byte for byte."""

import struct
import zlib

import numpy as np
import pytest
from emoji_edge.contract import load_contract
from emoji_edge.image import (
    TURNS,
    ImageError,
    open_photo,
)
from PIL import Image, PngImagePlugin

from tests.helpers.photos import ASTRONAUT, encode, make_picture, open_astronaut

CONTRACT = load_contract()
LIMIT = CONTRACT.max_pixels


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation, kind):
    upright = open_astronaut().crop((100, 50, 260, 170))
    stored = upright
    if orientation > 1:
        back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        stored = upright.transpose(back.get(orientation, TURNS.get(orientation)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    opened = open_photo(encode(stored, kind, exif=exif, **options), LIMIT)
    assert opened.size == upright.size
    difference = np.asarray(opened).astype(int) - np.asarray(upright)
    assert np.abs(difference).mean() < (6 if kind == "JPEG" else 1e-9)


def test_orientation_in_xmp_alone_is_ignored_as_browsers_do():
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt(
        "XML:com.adobe.xmp",
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>',
    )
    assert open_photo(encode(make_picture(20, 10), pnginfo=notes), LIMIT).size == (20, 10)


@pytest.mark.parametrize("block", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # as the command does
def test_damaged_exif_means_upright(block):
    data = encode(open_astronaut(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    assert open_photo(data[:2] + segment + data[2:], LIMIT).size == (512, 512)


def test_alpha_is_dropped_not_blended():
    pixels = np.full((4, 4, 4), (200, 100, 50, 0), np.uint8)
    opened = open_photo(encode(Image.fromarray(pixels)), LIMIT)
    assert np.asarray(opened).reshape(-1, 3).tolist() == [[200, 100, 50]] * 16
    la = Image.merge("LA", [Image.new("L", (3, 3), 77), Image.new("L", (3, 3), 9)])
    assert open_photo(encode(la), LIMIT).getpixel((1, 1)) == (77, 77, 77)


def test_a_transparent_palette_gives_its_plain_colours():
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 210, 220])
    palette.putdata([0, 1])
    opened = open_photo(encode(palette, transparency=0), LIMIT)
    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(10, 20, 30), (200, 210, 220)]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_gray_takes_the_high_byte(kind):
    values = np.array([[0, 255, 256, 0x7FFF, 0x8000, 0xFFFF]], np.uint16)
    opened = open_photo(encode(Image.fromarray(values), kind), LIMIT)
    assert np.asarray(opened)[0, :, 0].tolist() == [0, 0, 1, 0x7F, 0x80, 0xFF]


def test_float_samples_of_one_or_of_255():
    ones = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    many = Image.fromarray(np.array([[0.0, 128.0, 255.0]], np.float32))
    assert np.asarray(open_photo(encode(ones, "TIFF"), LIMIT))[0, :, 0].tolist() == [0, 128, 255]
    assert np.asarray(open_photo(encode(many, "TIFF"), LIMIT))[0, :, 0].tolist() == [0, 128, 255]


def test_cmyk_and_one_bit():
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = open_photo(encode(cmyk, "TIFF"), LIMIT).getpixel((4, 4))
    assert red == (255, 0, 0)
    bits = Image.new("1", (8, 8), 1)
    assert open_photo(encode(bits), LIMIT).getpixel((0, 0)) == (255, 255, 255)


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_photo(data, LIMIT).getpixel((4, 4)) == (255, 0, 0)


def test_every_kind_of_source_gives_the_same_picture(tmp_path):
    expected = np.asarray(open_astronaut())
    sources = [ASTRONAUT, str(ASTRONAUT), ASTRONAUT.read_bytes(), expected]
    for source in sources:
        assert np.array_equal(np.asarray(open_photo(source, LIMIT)), expected)
    with ASTRONAUT.open("rb") as file:
        assert np.array_equal(np.asarray(open_photo(file, LIMIT)), expected)


def bomb() -> bytes:
    """A small PNG that claims 20,000 x 20,000 pixels."""
    data = bytearray(encode(Image.new("L", (8, 8))))
    data[16:24] = struct.pack(">II", 20_000, 20_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "empty file"),
        (b"hello", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (ASTRONAUT.read_bytes()[:3000], "damaged picture"),
        (encode(open_astronaut(), "JPEG")[:5000], "damaged picture (the file is cut short)"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "damaged picture (not a whole HEIC file)"),
        ("nowhere.jpg", "cannot be read (No such file or directory)"),
        (str(ASTRONAUT.parent), "cannot be read (Is a directory)"),
        (np.zeros((4, 4, 3), np.float32), "an array of float32 [4, 4, 3]"),
        (np.zeros((4, 4, 2), np.uint8), "an array of uint8 [4, 4, 2]"),
        (np.zeros((0, 4, 3), np.uint8), "without pixels"),
        (bomb(), "more than 100 megapixels"),
    ],
)
def test_bad_input_is_one_clear_line(source, reason):
    with pytest.raises(ImageError) as caught:
        open_photo(source, LIMIT)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_pixel_limit_is_exact():
    picture = encode(make_picture(10, 10))
    assert open_photo(picture, 100).size == (10, 10)
    with pytest.raises(ImageError, match="10x10 is more than"):
        open_photo(picture, 99)
