"""The face detectors: their files, the arithmetic around them, and what they find."""

import hashlib
import re

import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from emoji_edge.face import FaceFinder, fit_square, make_anchors, merge_boxes
from emoji_edge.image import resize
from emoji_edge.runtime import ModelError
from PIL import Image

from tests.edge_photos import FACE, make_scene, open_astronaut

CONTRACT = load_contract()
MODELS = find_models()


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(CONTRACT)


def test_the_files_are_those_that_the_readme_names():
    text = (MODELS / "face" / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+\.tflite)` .* ([\d,]+) \| `([0-9a-f]{64})` \|$", text, re.M)
    assert {name for name, _, _ in rows} == {"short.tflite", "back.tflite"}
    for name, size, sha256 in rows:
        content = (MODELS / "face" / name).read_bytes()
        assert len(content) == int(size.replace(",", ""))
        assert hashlib.sha256(content).hexdigest() == sha256


def test_anchors_are_cell_centres_by_row():
    anchors = make_anchors(CONTRACT.detectors["short"])
    assert anchors.shape == (896, 2)
    assert anchors[0].tolist() == anchors[1].tolist() == [0.5 / 16, 0.5 / 16]
    assert anchors[2].tolist() == [1.5 / 16, 0.5 / 16]
    assert anchors[512].tolist() == anchors[517].tolist() == [0.5 / 8, 0.5 / 8]
    assert anchors[-1].tolist() == [7.5 / 8, 7.5 / 8]


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
    assert found == frame
    left, top, width, height = frame
    expected = np.zeros((128, 128, 3), np.uint8)
    expected[top : top + height, left : left + width] = 255
    assert np.array_equal(np.asarray(square), expected)


@pytest.mark.parametrize(("width", "factor"), [(255, 1), (511, 1), (512, 2), (767, 2), (4000, 15)])
def test_a_large_picture_is_reduced_to_no_less_than_twice_the_size(width, factor):
    pixels = np.random.default_rng(0).integers(0, 256, (width // 2, width, 3), np.uint8)
    picture = Image.fromarray(pixels)
    square, (left, top, across, down) = fit_square(picture, 128, 2)
    found = np.asarray(square)[top : top + down, left : left + across]
    assert np.array_equal(found, np.asarray(resize(picture, across, down, factor)))


def test_overlapping_boxes_become_their_weighted_mean():
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [1, 0, 11, 10]], float)
    scores = np.array([0.6, 0.7, 0.9])
    (first, first_score), (second, second_score) = merge_boxes(boxes, scores, 0.3)
    assert first_score == 0.9
    assert np.allclose(first, [0.6, 0, 10.6, 10])
    assert second_score == 0.7
    assert np.allclose(second, [50, 50, 60, 60])


def test_boxes_that_overlap_just_at_the_limit_stay_apart():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10]], float)  # a third of their union
    scores = np.array([0.9, 0.8])
    assert len(merge_boxes(boxes, scores, 1 / 3)) == 2
    assert len(merge_boxes(boxes, scores, 0.33)) == 1
    assert merge_boxes(np.zeros((0, 4)), np.zeros(0), 0.3) == []


def overlap(a, b) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(0, width) * max(0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (sum(areas) - common)


def test_a_portrait_has_its_one_face(finder):
    (face,) = finder.find_faces(open_astronaut())
    assert overlap(face.box, FACE) > 0.7
    assert 0.5 <= face.score <= 1


def test_faces_come_largest_first_and_small_ones_are_found(finder):
    scene = make_scene((1200, 900), (700, 100, 400), (50, 50, 250))
    faces = finder.find_faces(scene)
    assert len(faces) == 2
    assert faces[0].area > faces[1].area
    for face, (x, y, side) in zip(faces, [(700, 100, 400), (50, 50, 250)], strict=True):
        expected = [x + FACE[0] * side / 512, y + FACE[1] * side / 512]
        expected += [x + FACE[2] * side / 512, y + FACE[3] * side / 512]
        assert overlap(face.box, expected) > 0.5


def test_the_back_model_is_loaded_only_when_needed():
    fresh = FaceFinder(CONTRACT)
    fresh.find_faces(open_astronaut().crop((130, 20, 330, 220)))
    assert list(fresh._loaded) == ["short"]
    far = make_scene((1600, 1200), (800, 500, 320))
    (face,) = fresh.find_faces(far)
    assert list(fresh._loaded) == ["short", "back"]
    assert overlap(face.box, (909, 547, 972, 609)) > 0.5


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000), (64, 64), (333, 777)])
def test_no_face_in_a_plain_picture(finder, size):
    assert finder.find_faces(Image.new("RGB", size, (120, 130, 140))) == []


def test_a_missing_detector_is_one_clear_line(tmp_path):
    with pytest.raises(ModelError, match=r"short\.tflite: cannot be read \(No such file"):
        FaceFinder(CONTRACT, tmp_path).find_faces(open_astronaut())


def test_a_damaged_detector_is_one_clear_line(tmp_path):
    (tmp_path / "face").mkdir()
    content = (MODELS / "face" / "short.tflite").read_bytes()
    (tmp_path / "face" / "short.tflite").write_bytes(content[:100_000])
    with pytest.raises(ModelError, match=r"short\.tflite: damaged"):
        FaceFinder(CONTRACT, tmp_path).find_faces(open_astronaut())
