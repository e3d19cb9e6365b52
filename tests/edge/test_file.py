"""Odd files by the written rules: brands, orientations, missing ends, wide samples, HEIC."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from emoji_edge.file import FileError, find_format, inspect_file, read_orientation
from emoji_edge.image import ImageError, open_photo
from PIL import Image

from tests.helpers.photos import encode, open_astronaut

LIMIT = 10**8
PHOTO = open_astronaut().crop((60, 0, 400, 420))
JPEG, PNG = encode(PHOTO, "JPEG", quality=90), encode(PHOTO)


def make_block(value, kind=3, magic=42, order="<"):
    packed = struct.pack(f"{order}I", value) if kind == 4 else struct.pack(f"{order}HH", value, 0)
    entry = struct.pack(f"{order}HHI", 0x0112, kind, 1) + packed
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", magic, 8)
    return head + struct.pack(f"{order}H", 1) + entry + bytes(4)


def make_chunk(kind, data, right=True):
    checksum = zlib.crc32(kind + data) ^ (not right)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def add_segment(block):
    body = b"Exif\0\0" + block
    return JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + JPEG[2:]


@pytest.mark.parametrize(
    ("block", "value"),
    [
        (make_block(6), 6),
        (make_block(6, order=">"), 6),
        (make_block(6, kind=4), 6),
        (b"Exif\0\0" + make_block(6), 6),
        (make_block(6, kind=1), 0),
        (make_block(6, kind=7), 0),
        (make_block(6, magic=43), 0),
        (make_block(9), 0),
        (make_block(6)[:16], 0),
        (b"", 0),
    ],
)
def test_what_an_exif_block_says(block, value):
    assert read_orientation(block) == value
    assert inspect_file(add_segment(block)).orientation == (value or 1)
    png = PNG[:33] + make_chunk(b"eXIf", block) + PNG[33:]
    assert inspect_file(png).orientation == (value or 1)


def test_the_first_block_that_names_one_decides_and_a_wrong_checksum_says_nothing():
    twice = add_segment(b"")
    at = 2 + 2 + 2 + 6
    both = twice[:at] + add_segment(make_block(6))[2:]
    assert inspect_file(both).orientation == 6
    png = PNG[:33] + make_chunk(b"eXIf", make_block(6), right=False) + PNG[33:]
    assert inspect_file(png).orientation == 1
    assert open_photo(png, LIMIT).size == PHOTO.size


@pytest.mark.parametrize(
    ("brands", "name"),
    [
        ((b"avif", b"mif1"), "AVIF"), ((b"mif1", b"avif"), "AVIF"), ((b"miaf", b"avif"), "AVIF"),
        ((b"mif1", b"heic"), "HEIC"), ((b"hevc", b"mif1"), "HEIC"), ((b"mif1", b"miaf"), "HEIC"),
        ((b"isom", b"mp42"), ""),
    ],
)  # fmt: skip
def test_compatible_brands_decide(brands, name):
    major, other = brands
    assert find_format(b"\0\0\0\x14ftyp" + major + bytes(4) + other) == name


@pytest.mark.parametrize("brand", [b"mif1", b"miaf"])
def test_an_avif_of_another_major_brand_is_read(brand):
    avif = encode(PHOTO, "AVIF", quality=90)
    assert open_photo(avif[:8] + brand + avif[12:], LIMIT).size == PHOTO.size


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_end_is_read_and_a_cut_one_is_not(progressive):
    whole = encode(PHOTO, "JPEG", quality=90, progressive=progressive)
    expected = np.asarray(open_photo(whole, LIMIT))
    for content in (whole[:-2], whole[:-1], whole[:-2] + b"\xff\xff"):
        assert np.array_equal(np.asarray(open_photo(content, LIMIT)), expected)
    for share in (0.4, 0.9, 0.99):
        with pytest.raises(ImageError, match="cut short"):
            open_photo(whole[: int(share * len(whole))], LIMIT)


def test_fill_bytes_before_markers_are_skipped():
    filled = JPEG[:2] + b"\xff\xff\xff" + JPEG[2:]
    assert np.array_equal(
        np.asarray(open_photo(filled, LIMIT)), np.asarray(open_photo(JPEG, LIMIT))
    )


def test_a_png_without_its_end_is_read_and_a_damaged_one_is_not():
    for content in (PNG[:-12], PNG[:-4], PNG[:-9], PNG + b"trailer"):
        assert open_photo(content, LIMIT).tobytes() == PHOTO.tobytes()
    with pytest.raises(ImageError, match="cut short"):
        open_photo(PNG[: len(PNG) // 2], LIMIT)
    place = PNG.index(b"IDAT") + 40
    with pytest.raises(ImageError, match="checksum"):
        open_photo(PNG[:place] + b"\0\1\2" + PNG[place + 3 :], LIMIT)


def test_a_gifs_frame_stands_on_its_canvas():
    gif = bytearray(encode(PHOTO.quantize(16), "GIF"))
    alone = np.asarray(open_photo(bytes(gif), LIMIT))
    struct.pack_into("<HH", gif, 6, 100, 500)  # the screen
    at = gif.index(b"\x2c", 13 + 3 * 2 ** ((gif[10] & 7) + 1))
    struct.pack_into("<HH", gif, at + 1, 30, 20)
    placed = np.asarray(open_photo(bytes(gif), LIMIT))
    assert placed.shape == (500, 370, 3)
    assert np.array_equal(placed[20:440, 30:370], alone)
    assert placed[:20].max() == placed[:, :30].max() == 0
    with pytest.raises(ImageError, match="370x500"):
        open_photo(bytes(gif), 340 * 420 + 1)


def test_what_is_cut_behind_the_picture_does_not_matter():
    webp = encode(PHOTO, "WEBP", quality=90, exif=make_block(6))
    assert open_photo(webp, LIMIT).size == PHOTO.size[::-1]
    assert open_photo(webp[:-9], LIMIT).width in PHOTO.size
    with pytest.raises(FileError, match="cut short"):
        inspect_file(webp[: len(webp) // 2])
    bmp = bytearray(encode(PHOTO, "BMP"))
    struct.pack_into("<I", bmp, 2, 2**31)  # the size that its header says
    assert open_photo(bytes(bmp), LIMIT).tobytes() == PHOTO.tobytes()
    with pytest.raises(ImageError, match="cut short"):
        open_photo(bytes(bmp[:-9]), LIMIT)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_wide_samples_are_seen_as_a_viewer_shows_them(kind):
    gray = np.asarray(PHOTO.convert("L")).astype(np.float64)
    for values in (gray, gray * 257, gray * 1e6):
        tiff = encode(Image.fromarray(values.astype(kind)), "TIFF")
        seen = np.asarray(open_photo(tiff, LIMIT))[:, :, 0]
        scale = values.max() if values.max() > 65535 else (255 if values.max() < 256 else 65535)
        assert np.abs(seen - values * 255 / scale).max() <= 1


def test_an_infinite_pixel_does_not_darken_the_others():
    values = np.asarray(PHOTO.convert("L")).astype(np.float32)
    values[0, :3] = np.inf, -np.inf, np.nan
    seen = np.asarray(open_photo(encode(Image.fromarray(values), "TIFF"), LIMIT))[:, :, 0]
    assert seen[0, :3].tolist() == [255, 0, 0]
    assert np.abs(seen[1:].astype(float) - values[1:]).max() <= 0.5


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_heic_is_read_where_its_extra_is_installed(orientation):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    PHOTO.save(file, "HEIF", quality=90, exif=exif.tobytes())
    seen = open_photo(file.getvalue(), LIMIT)
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270}.get(orientation)
    expected = PHOTO if turn is None else PHOTO.transpose(turn)
    assert seen.size == expected.size
    assert np.abs(np.asarray(seen, float) - np.asarray(expected, float)).mean() < 4


def test_heic_names_its_extra_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"emoji-edge\[heic\]"):
        open_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), LIMIT)
