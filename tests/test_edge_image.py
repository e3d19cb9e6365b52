"""Pixel rules: the docstring of emoji_edge.image, written out again and compared byte for byte."""

import struct
import zlib

import numpy as np
import pytest
from emoji_edge.contract import load_contract
from emoji_edge.image import (
    TURNS,
    ImageError,
    crop_face,
    open_photo,
    place_crop,
    resize,
    resize_face,
)
from PIL import Image, PngImagePlugin

from tests.edge_photos import ASTRONAUT, encode, open_astronaut

CONTRACT = load_contract()
LIMIT = CONTRACT.max_pixels


def make_picture(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def resize_axis(values: np.ndarray, size: int, extent: float | None = None) -> np.ndarray:
    """The rule of one axis: values uint8 [n, ...], of which extent is meant, to [size, ...]."""
    n = len(values)
    extent = n if extent is None else float(np.float32(extent))
    if extent == size:
        return values
    step = extent / size
    radius = max(step, 1.0)
    out = np.empty((size, *values.shape[1:]), np.uint8)
    for i in range(size):
        centre = (i + 0.5) * step
        first, last = max(0, int(centre - radius + 0.5)), min(n, int(centre + radius + 0.5))
        taps = [max(0.0, 1 - abs((x - centre + 0.5) * (1 / radius))) for x in range(first, last)]
        total = 0.0
        for tap in taps:
            total += tap
        weights = [int(0.5 + tap * (1 / total) * (1 << 22)) for tap in taps]
        sums = np.tensordot(weights, values[first:last].astype(np.int64), axes=1)
        out[i] = np.clip((sums + (1 << 21)) >> 22, 0, 255)
    return out


@pytest.mark.parametrize(
    ("width", "height", "to_width", "to_height"),
    [(61, 47, 48, 48), (640, 480, 128, 96), (33, 400, 11, 128), (5, 3, 48, 48), (48, 97, 48, 48),
     (1, 1, 48, 48), (1000, 7, 128, 1), (333, 777, 110, 256)],
)  # fmt: skip
def test_resize_follows_the_written_rule(width, height, to_width, to_height):
    picture = make_picture(width, height)
    rows = resize_axis(np.asarray(picture).transpose(1, 0, 2), to_width).transpose(1, 0, 2)
    expected = resize_axis(rows, to_height)
    assert np.array_equal(np.asarray(resize(picture, to_width, to_height)), expected)


def reduce_axes(values: np.ndarray, factor: int) -> np.ndarray:
    """The rule of blocks: values uint8 [h, w, 3]."""
    height, width = (-(-side // factor) for side in values.shape[:2])
    out = np.empty((height, width, 3), np.uint8)
    for y, x in np.ndindex(height, width):
        block = values[y * factor :, x * factor :][:factor, :factor].reshape(-1, 3)
        inverse = int(np.float32(2**24 / len(block)))
        out[y, x] = (block.astype(np.int64).sum(axis=0) + len(block) // 2) * inverse >> 24
    return out


@pytest.mark.parametrize(
    ("width", "height", "factor", "to_width", "to_height"),
    [(640, 480, 2, 128, 96), (611, 403, 3, 96, 63), (97, 1000, 7, 12, 128), (130, 5, 11, 6, 1)],
)
def test_a_reduced_resize_follows_the_written_rule(width, height, factor, to_width, to_height):
    picture = make_picture(width, height)
    small = reduce_axes(np.asarray(picture), factor)
    rows = resize_axis(small.transpose(1, 0, 2), to_width, width / factor).transpose(1, 0, 2)
    expected = resize_axis(rows, to_height, height / factor)
    found = np.asarray(resize(picture, to_width, to_height, factor))
    assert np.array_equal(found, expected)
    assert not np.array_equal(found, np.asarray(resize(picture, to_width, to_height)))


def test_gray_follows_the_contract():
    colours = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    colours[0, :8] = [[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]
    weights, shift = CONTRACT.gray_weights, CONTRACT.gray_shift
    expected = (colours.astype(np.int64) @ weights + (1 << (shift - 1))) >> shift
    assert np.array_equal(np.asarray(Image.fromarray(colours).convert("L")), expected)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((100.0, 100.0, 200.0, 200.0), (93, 83, 115)),
        ((0.0, 0.0, 10.0, 10.0), (-1, -2, 12)),
        ((10.2, 20.7, 30.1, 44.9), (6, 16, 28)),
        ((5.0, 5.0, 5.0, 5.0), (5, 5, 1)),
    ],
)
def test_crop_geometry(box, expected):
    assert place_crop(box, CONTRACT) == expected


def test_crop_is_black_outside_the_photo():
    white = Image.new("RGB", (60, 60), "white")
    face = crop_face(white, (30.0, 30.0, 90.0, 90.0), CONTRACT)
    assert face.shape == (48, 48)
    assert face.dtype == np.uint8
    assert face[:20, :20].min() == 255
    assert face[-10:].max() == 0
    assert face[:, -10:].max() == 0


def test_crop_of_the_network_size_is_not_resampled():
    picture = make_picture(300, 300)
    side = 48 / CONTRACT.crop_scale
    face = crop_face(picture, (100.0, 100.0, 100 + side, 100 + side), CONTRACT)
    left, top, crop_side = place_crop((100.0, 100.0, 100 + side, 100 + side), CONTRACT)
    assert crop_side == 48
    expected = np.asarray(picture.convert("L"))[top : top + 48, left : left + 48]
    assert np.array_equal(face, expected)


def test_a_whole_face_of_the_network_size_keeps_its_pixels():
    gray = np.arange(48 * 48, dtype=np.uint8).reshape(48, 48)
    image = open_photo(encode(Image.fromarray(gray)), LIMIT)
    assert np.array_equal(resize_face(image, CONTRACT), gray)


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
        (encode(open_astronaut(), "JPEG")[:5000], "damaged picture (image file is truncated"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC is not supported"),
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
