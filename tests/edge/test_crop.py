"""Crops: the docstring of emoji_edge.crop, written out again and compared byte for byte."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from emoji_edge import crop
from emoji_edge.contract import load_contract
from emoji_edge.crop import (
    BoxError,
    Square,
    check_box,
    check_inside,
    crop_face,
    cut_square,
    place_crop,
    resize_face,
)
from emoji_edge.image import open_photo
from PIL import Image

from tests.helpers.photos import encode, make_picture, open_astronaut
from tests.helpers.pixel_rules import cut_turned, resize_both

CONTRACT = load_contract()
LIMIT = CONTRACT.max_pixels
SHARED = Path(__file__).parents[1] / "photos" / "crops.json"  # JavaScript's tests read it too


def test_gray_follows_the_contract():
    colours = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    colours[0, :8] = [[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]
    weights, shift = CONTRACT.gray_weights, CONTRACT.gray_shift
    expected = (colours.astype(np.int64) @ weights + (1 << (shift - 1))) >> shift
    assert np.array_equal(np.asarray(Image.fromarray(colours).convert("L")), expected)


@pytest.mark.parametrize(
    ("square", "size", "samples"),
    [
        (Square(60, 50, 48, 0), 12, 4),
        (Square(60.3, 50.7, 31.4, 17), 12, 4),
        (Square(10, 95, 80, -135.5), 12, 2),
        (Square(60, 50, 5, 90), 12, 4),
        (Square(55, 45, 61, 180), 8, 1),
        (Square(70, 40, 100, 44), 6, 4),  # reduced by 2 before
        (Square(61.5, 47.25, 118, -77.7), 5, 3),  # by 3
        (Square(-400, 50, 60, 10), 12, 4),  # beside the picture
        (Square(60, 50, 1, 33), 4, 2),
    ],
)
def test_a_turned_crop_follows_the_written_rule(square, size, samples):
    picture = make_picture(121, 97)
    found = cut_square(picture, square, size, samples, 2, gray=False)
    place = (square.x, square.y, square.side, square.roll)
    expected = cut_turned(np.asarray(picture), *place, size, samples)
    assert np.array_equal(np.asarray(found), expected)
    gray = cut_square(picture, square, size, samples, 2, gray=True)
    expected = cut_turned(np.asarray(picture.convert("L")), *place, size, samples)
    assert np.array_equal(np.asarray(gray), expected)


def test_quarter_turns_share_the_blocks_that_they_need(monkeypatch):
    picture = make_picture(400, 300)
    turns = [Square(180.5, 140.25, 111, 23 + quarter) for quarter in (0, 90, 180, 270)]
    alone = [cut_square(picture, square, 12, 4, 2, gray=False) for square in turns]
    reads = []
    cut_blocks = crop._cut_blocks
    monkeypatch.setattr(crop, "_cut_blocks", lambda *a, **b: reads.append(a) or cut_blocks(*a, **b))
    kept = {}
    shared = [cut_square(picture, square, 12, 4, 2, gray=False, kept=kept) for square in turns]
    assert [one.tobytes() for one in shared] == [one.tobytes() for one in alone]
    assert (len(reads), len(kept)) == (1, 1)
    other = Square(80, 60, 111, 23)
    found = cut_square(picture, other, 12, 4, 2, gray=False, kept=kept)
    assert found.tobytes() == cut_square(picture, other, 12, 4, 2, gray=False).tobytes()
    assert len(kept) == 1


def test_the_crops_that_javascript_makes_too():
    for case in json.loads(SHARED.read_text())["crops"]:
        picture = make_ramps(*case["size"])
        face = crop_face(picture, tuple(case["box"]), CONTRACT, case["roll"])
        assert hashlib.sha256(face.tobytes()).hexdigest() == case["sha256"], case


def make_ramps(width: int, height: int) -> Image.Image:
    """A picture that JavaScript's tests make of the same arithmetic."""
    y, x = np.mgrid[:height, :width]
    ramps = [(x * 7 + y * 3) % 256, (x * x + 5 * y) % 256, (x * y) % 251]
    return Image.fromarray(np.stack(ramps, axis=2).astype(np.uint8))


@pytest.mark.parametrize("roll", [-170, -90, -45, 0, 10, 30, 90, 135, 180])
def test_a_tilted_head_is_cut_upright(roll):
    upright = open_astronaut()
    turned = upright.rotate(-roll, Image.Resampling.BICUBIC, expand=True)
    x, y = 225 - 256, 128 - 256  # her face, from the middle
    angle = np.radians(roll)
    x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    x, y = x + turned.width / 2, y + turned.height / 2
    face = crop_face(turned, (x - 50, y - 50, x + 50, y + 50), CONTRACT, roll)
    expected = crop_face(upright, (175, 78, 275, 178), CONTRACT)
    assert np.abs(face.astype(int) - expected).mean() < 6


def test_place_crop_moves_towards_the_forehead():
    square = place_crop((100.0, 100.0, 200.0, 190.0), CONTRACT)
    assert (square.x, square.side) == (150, 115)
    assert square.y == 145 - 10
    sideways = place_crop((100.0, 100.0, 200.0, 190.0), CONTRACT, 90)
    assert (sideways.x, sideways.y) == (pytest.approx(160), pytest.approx(145))
    assert place_crop((5.0, 5.0, 5.0, 5.0), CONTRACT).side == 1


def test_a_square_snaps_to_eighths():
    snapped = Square(10.06, -3.07, 40.3, 12.44).snap()
    assert snapped == Square(10.0, -3.125, 40.25, 12.5)
    assert Square(0.0625, 0, 0.2, -0.0625).snap() == Square(0.125, 0, 1, 0)


def test_crop_is_black_outside_the_photo():
    white = Image.new("RGB", (60, 60), "white")
    face = crop_face(white, (30.0, 30.0, 90.0, 90.0), CONTRACT)
    assert face.shape == (48, 48)
    assert face.dtype == np.uint8
    assert face[:20, :20].min() == 255
    assert face[-10:].max() == 0
    assert face[:, -10:].max() == 0


def test_a_crop_keeps_what_a_plain_resize_keeps():
    picture = open_astronaut()
    box = (175.0, 80.0, 275.0, 180.0)
    square = place_crop(box, CONTRACT)
    plain = picture.convert("L").resize((48, 48), Image.Resampling.BILINEAR, square.box)
    difference = crop_face(picture, box, CONTRACT).astype(int) - np.asarray(plain)
    assert np.abs(difference).mean() < 3.5


def test_a_whole_face_of_the_network_size_keeps_its_pixels():
    gray = np.arange(48 * 48, dtype=np.uint8).reshape(48, 48)
    image = open_photo(encode(Image.fromarray(gray)), LIMIT)
    assert np.array_equal(resize_face(image, CONTRACT), gray)


def test_a_box_of_the_caller_is_seen_as_it_is():
    picture = make_picture(200, 150)
    gray = np.asarray(picture.convert("L"))
    assert np.array_equal(resize_face(picture, CONTRACT, (20, 30, 68, 78)), gray[30:78, 20:68])
    rounded = resize_face(picture, CONTRACT, (19.6, 30.4, 68.4, 77.5))
    assert np.array_equal(rounded, gray[30:78, 20:68])
    tall = resize_face(picture, CONTRACT, (100, 20, 140, 120))  # made square around its middle
    assert np.array_equal(tall, resize_both(gray[20:120, 70:170], 48))
    outside = resize_face(picture, CONTRACT, (176, 51, 224, 99))
    assert outside[:, 24:].max() == 0
    assert np.array_equal(outside[:, :24], gray[51:99, 176:])


@pytest.mark.parametrize(
    "box",
    [
        (-40, -30, 100, 90), (150, 100, 260, 240), (-300, -200, 400, 500), (0, 0, 800, 30),
        (90, -330, 110, 470), (-5, 20, 43, 68), (199.6, 0, 240, 40), (0, 0, 0.2, 0.2),
        (500, 20, 560, 70), (20, -90, 60, -40),
    ],
)  # fmt: skip
def test_a_box_that_hangs_over_the_edge_is_black_there(monkeypatch, box):
    """Nor is its square ever made in whole: Pillow would refuse a large one as a bomb."""
    picture = make_picture(200, 150)
    x0, y0, x1, y1 = (int(np.floor(value + 0.5)) for value in box)
    side = max(1, x1 - x0, y1 - y0)
    left, top = (x0 + x1 - side) // 2, (y0 + y1 - side) // 2
    padded = np.pad(np.asarray(picture.convert("L")), 1000)
    square = padded[top + 1000 : top + 1000 + side, left + 1000 : left + 1000 + side]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200 * 150)
    assert np.array_equal(resize_face(picture, CONTRACT, box), resize_both(square, 48))


def test_a_box_is_at_most_four_times_as_long_as_the_picture():
    for box in ((0, 0, 800.4, 30), (90, -330, 110, 470), (-300, -300, 500, 500)):
        check_inside(box, (200, 150), CONTRACT.longest_box)
        check_inside(box, (150, 200), CONTRACT.longest_box)
    for box in ((0, 0, 801, 30), (90, -330, 110, 471)):
        with pytest.raises(BoxError, match=r"is over 4 times as long as the picture of 200x150$"):
            check_inside(box, (200, 150), CONTRACT.longest_box)


@pytest.mark.parametrize(
    "box", [None, "face", (1, 2, 3), (1, 2, 3, 4, 5), (5, 5, 5, 9), (5, 9, 8, 9), (9, 0, 5, 5),
            (0, 0, float("nan"), 5), (0, 0, 2e6, 5), ("a", 0, 1, 1)],
)  # fmt: skip
def test_a_box_that_is_none_is_refused(box):
    with pytest.raises(ValueError, match="the box"):
        check_box(box)
