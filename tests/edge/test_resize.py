"""Scaling: the docstring of emoji_edge.resize, written out again and compared byte for byte."""

import numpy as np
import pytest
from emoji_edge.resize import Frame, fit_square, resize, shrink
from PIL import Image

from tests.helpers.photos import make_picture
from tests.helpers.pixel_rules import reduce_axes, resize_axis


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


@pytest.mark.parametrize(
    ("size", "frame"),
    [
        ((640, 480), (0, 16, 128, 96)),
        ((480, 640), (16, 0, 96, 128)),
        ((100, 100), (0, 0, 128, 128)),
        ((1000, 3), (0, 63, 128, 1)),
        ((131, 128), (0, 1, 128, 125)),
    ],
)
def test_fit_square_centres_the_picture_on_black(size, frame):
    square, found = fit_square(Image.new("RGB", size, "white"), 128, 2)
    assert found == Frame(*frame)
    left, top, width, height = frame
    expected = np.zeros((128, 128, 3), np.uint8)
    expected[top : top + height, left : left + width] = 255
    assert np.array_equal(np.asarray(square), expected)


@pytest.mark.parametrize(("width", "factor"), [(255, 1), (511, 1), (512, 2), (767, 2), (4000, 15)])
def test_a_large_picture_is_reduced_to_no_less_than_twice_the_size(width, factor):
    pixels = np.random.default_rng(0).integers(0, 256, (width // 2, width, 3), np.uint8)
    picture = Image.fromarray(pixels)
    square, frame = fit_square(picture, 128, 2)
    found = square.crop((frame.left, frame.top, frame.left + frame.width, frame.top + frame.height))
    assert found == resize(picture, frame.width, frame.height, factor)


@pytest.mark.parametrize(("size", "longer", "expected"), [
    ((4000, 3000), 688, (688, 516)), ((1080, 1920), 440, (248, 440)), ((3, 1000), 100, (1, 100)),
])  # fmt: skip
def test_shrink_sets_the_longer_side(size, longer, expected):
    assert shrink(Image.new("RGB", size), longer, 2).size == expected
