"""The face detectors: their files, the arithmetic around them, and what they find."""

import hashlib
import itertools
import re

import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from emoji_edge.detector import Detection, make_anchors, merge_boxes
from emoji_edge.face import Face, FaceFinder, FinderOptions, plan_tiles, spread_tiles, wrap
from emoji_edge.runtime import ModelError
from PIL import Image, ImageDraw, ImageFilter

from tests.helpers.photos import FACE, make_scene, open_astronaut

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


def turn_photo(photo: Image.Image, degrees: float) -> Image.Image:
    """The photo turned clockwise, as a camera that was held the other way gives it."""
    return photo.rotate(-degrees, Image.Resampling.BICUBIC, expand=True)


@pytest.mark.parametrize("degrees", [-60, -45, -20, 30, 45, 60, 90, 120, 180, 270])
def test_a_tilted_head_is_found_with_its_roll(finder, degrees):
    photo = turn_photo(open_astronaut().crop((75, 0, 375, 300)), degrees)
    face = max(finder.find_faces(photo), key=lambda face: face.score)
    assert abs(wrap(face.roll - degrees)) < 14  # she tilts hers by some degrees herself
    assert face.score >= 0.8
    angle = np.radians(degrees)
    x, y = 150 - 150, 127 - 150  # her face, from the middle
    x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    expected = (photo.width / 2 + x, photo.height / 2 + y)
    assert np.hypot(face.square.x - expected[0], face.square.y - expected[1]) < 15
    assert 80 < face.square.side < 125


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_sideways_photo_has_the_boxes_of_the_upright_one(finder, quarter):
    upright = Image.new("RGB", (640, 480), (90, 110, 130))
    upright.paste(open_astronaut().crop((120, 20, 330, 230)), (60, 40))
    (expected,) = finder.find_faces(upright)
    turned = upright.rotate(-90 * quarter, expand=True)
    face = max(finder.find_faces(turned), key=lambda face: face.score)
    x, y = expected.square.x, expected.square.y
    x, y = [(480 - y, x), (640 - x, 480 - y), (y, 640 - x)][quarter - 1]
    assert face.square.x == pytest.approx(x, abs=7)
    assert face.square.y == pytest.approx(y, abs=7)
    assert abs(wrap(face.roll - expected.roll - 90 * quarter)) < 5


def test_small_faces_in_a_large_photo_are_found_once(finder):
    places = [(300, 200, 260), (1900, 1350, 260), (3500, 2600, 260), (2000, 100, 900)]
    scene = make_scene((4000, 3000), *places)
    faces = finder.find_faces(scene)
    assert len(faces) == 4
    for x, y, side in places:
        zoom = side / 512
        expected = (x + 225 * zoom, y + 128 * zoom)
        away = [np.hypot(f.square.x - expected[0], f.square.y - expected[1]) for f in faces]
        assert sum(distance < 20 for distance in away) == 1
    without = finder.find_faces(scene, FinderOptions(tiles=False))
    assert len(without) < 4


def test_a_face_on_a_tile_edge_is_one_face(finder):
    longer, places = plan_tiles((4000, 3000), CONTRACT, FinderOptions())
    edge = (places[0][0] + 256) * 4000 / longer  # the first tile's right side, in the photo
    scene = make_scene((4000, 3000), (round(edge) - 141, 300, 320))
    (face,) = finder.find_faces(scene)
    assert face.square.x == pytest.approx(edge, abs=10)


def test_the_smallest_face_and_the_threshold_can_be_set(finder):
    scene = make_scene((1920, 1080), (800, 500, 110))  # a face of 22 pixels
    (face,) = finder.find_faces(scene, FinderOptions(smallest_face=11))
    assert 15 < face.square.side < 30
    assert finder.find_faces(scene, FinderOptions(smallest_face=40)) == []
    assert finder.find_faces(scene, FinderOptions(smallest_face=11, threshold=0.99)) == []


@pytest.mark.parametrize(
    "wrong",
    [{"smallest_face": 0}, {"smallest_face": float("nan")}, {"threshold": 0}, {"threshold": 1.5}],
)
def test_options_out_of_range_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        FinderOptions(**wrong)


@pytest.mark.parametrize(
    ("size", "options", "longer", "tiles"),
    [
        ((640, 480), {}, 640, 0),
        ((1280, 960), {}, 293, 2),
        ((1920, 1080), {}, 440, 2),
        ((4000, 3000), {}, 625, 6),
        ((3000, 4000), {}, 625, 6),
        ((12000, 9000), {}, 625, 6),
        ((4000, 3000), {"tiles": False}, 4000, 0),
        ((4000, 3000), {"smallest_face": 32}, 1375, 35),
        ((640, 480), {"smallest_face": 1}, 640, 9),
    ],
)
def test_tiles_come_where_the_size_asks_for_them(size, options, longer, tiles):
    found, places = plan_tiles(size, CONTRACT, FinderOptions(**options))
    assert (found, len(places)) == (longer, tiles)


def test_tiles_cover_an_axis_with_their_overlap():
    assert spread_tiles(200, 256, 36) == [-28]
    assert spread_tiles(256, 256, 36) == [0]
    assert spread_tiles(257, 256, 36) == [0, 1]
    assert spread_tiles(688, 256, 36) == [0, 216, 432]
    for length in range(257, 3000, 41):
        starts = spread_tiles(length, 256, 36)
        assert (starts[0], starts[-1] + 256) == (0, length)
        assert all(b - a <= 220 for a, b in itertools.pairwise(starts))


def make_detection(**moved: tuple[float, float]) -> Detection:
    points = {"low": (0, 0), "high": (100, 100), "right": (30, 40), "left": (70, 40),
              "nose": (50, 62), "mouth": (50, 82)}  # fmt: skip
    return Detection(np.array(list((points | moved).values()), float), 0.9)


def test_keypoints_form_a_face_or_do_not():
    assert make_detection().forms_face(CONTRACT.form)
    assert make_detection(nose=(60, 60), mouth=(58, 84)).forms_face(CONTRACT.form)
    for wrong in (
        {"nose": (50, 30)}, {"nose": (90, 62)}, {"mouth": (50, 45)}, {"mouth": (50, 140)},
        {"mouth": (80, 82)}, {"right": (60, 40), "left": (40, 40)}, {"left": (40, 40)},
        {"left": (30, 40)}, {"high": (200, 200)}, {"nose": (float("nan"), 62)},
    ):  # fmt: skip
        assert not make_detection(**wrong).forms_face(CONTRACT.form), wrong


def test_roll_is_the_tilt_of_the_eyes():
    assert make_detection().roll == 0
    assert make_detection(left=(70, 80)).roll == pytest.approx(45)
    assert make_detection(right=(50, 80), left=(50, 40)).roll == pytest.approx(-90)
    assert [wrap(a) for a in (0, 180, -180, 190, -190, 540)] == [0, 180, 180, -170, 170, 180]


def test_a_square_of_a_face_has_its_longer_side():
    face = Face((10.0, 20.0, 50.0, 80.0), 0.9, 30.0)
    assert (face.square.x, face.square.y, face.square.side, face.square.roll) == (30, 50, 60, 30)
    assert face.area == 2400


def test_blurred_spots_are_no_face(finder):
    rng = np.random.default_rng(6)
    for _ in range(6):
        scene = Image.new("RGB", (480, 480), (90, 110, 140))
        pen = ImageDraw.Draw(scene)
        for _ in range(8):
            x, y = rng.integers(40, 440, 2).tolist()
            pen.ellipse((x - 60, y - 75, x + 60, y + 75), fill=(205, 160, 130))
        assert finder.find_faces(scene.filter(ImageFilter.GaussianBlur(14))) == []
