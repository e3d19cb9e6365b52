"""An exam's measures, groups and page: shares, intervals, reliability, and nothing leaves it."""

import base64
import hashlib
import html.parser
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from emoji_edge import load_contract
from emoji_edge.classify import ClassifierOptions
from emoji_edge.exam import ExamError, run_exam
from emoji_edge.exam.groups import measure_groups, name_ranges
from emoji_edge.exam.measures import (
    Marks,
    count_confusion,
    find_difference,
    find_interval,
    measure_agreement,
    measure_all,
    measure_certainty,
    measure_reliability,
)  # fmt: skip
from emoji_edge.exam.page import draw_page
from emoji_edge.exam.words import say_certainty
from PIL import Image
from scipy.stats import binomtest

from tests.helpers.photos import encode, make_scene, open_astronaut

LABELS = load_contract().labels
HAPPY, SAD, NEUTRAL = (LABELS.index(name) for name in ("happy", "sad", "neutral"))


def make_marks(*photos: tuple[int, int | None, float], sure: float = 0.55) -> Marks:
    """Photos as (seen, answered or None for no face, score); the seen one comes second."""
    truth, scores = [], []
    for seen, said, score in photos:
        row = np.full(len(LABELS), np.nan)
        if said is not None:
            row[:] = 0.001
            row[seen] = 0.01
            row[said] = score
        truth.append(seen)
        scores.append(row)
    values = np.array(scores)
    return Marks(np.array(truth), values, ~(np.nan_to_num(values).max(axis=1) >= sure))


@pytest.mark.parametrize(("right", "total"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 9), (58, 102)])
def test_wilsons_interval_in_closed_form(right, total):
    known = binomtest(right, total).proportion_ci(0.95, method="wilson")
    assert find_interval(right, total) == pytest.approx((known.low, known.high), abs=1e-12)


def test_the_interval_of_no_photos_says_nothing():
    assert find_interval(0, 0) == (0.0, 1.0)


def test_newcombes_interval_of_a_difference():
    """The example of Newcombe (1998), method 10: 56 of 70 and 48 of 80."""
    one, other = np.arange(70) < 56, np.arange(80) < 48
    found = find_difference(one, other)
    assert found["difference"] == pytest.approx(0.2)
    assert found["interval"] == pytest.approx([0.0524, 0.3339], abs=1e-4)
    assert found["clear"]
    assert not find_difference(one[:5], other[30:40])["clear"]
    assert find_difference(one, other[:0]) is None


def test_agreement_counts_a_photo_without_a_face_as_wrong():
    marks = make_marks((HAPPY, HAPPY, 0.9), (HAPPY, SAD, 0.8), (HAPPY, None, 0), (SAD, SAD, 0.4))
    found = measure_agreement(marks, LABELS)
    assert (found["first"]["right"], found["first"]["photos"]) == (2, 4)
    assert found["top3"]["right"] == 3
    assert found["no_face"] == 1
    assert found["balanced_accuracy"] == pytest.approx((1 / 3 + 1) / 2)
    assert (found["sure"]["right"], found["sure"]["photos"]) == (1, 2)
    assert {name: one["right"] for name, one in found["expressions"].items()} == {
        "happy": 1, "sad": 1,
    }  # fmt: skip
    matrix = count_confusion(marks, LABELS)
    assert set(matrix) == {"happy", "sad"}
    assert [matrix["happy"][i] for i in (HAPPY, SAD, len(LABELS))] == [1, 1, 1]


def test_reliability_bins_by_what_the_answer_says():
    photos = [(HAPPY, HAPPY, 0.8)] * 8 + [(SAD, HAPPY, 0.79)] * 2 + [(HAPPY, HAPPY, 0.96)]
    bins = measure_reliability(make_marks(*photos, (HAPPY, None, 0)))
    assert [(one["says"], one["photos"], one["right"]) for one in bins] == [
        (0.8, 10, 8), (1.0, 1, 1),
    ]  # fmt: skip
    assert bins[0]["mean_score"] == pytest.approx(0.798)


def test_too_sure_is_what_is_promised_beyond_what_is_held():
    marks = make_marks(*[(HAPPY, HAPPY, 0.9)] * 50, *[(SAD, HAPPY, 0.9)] * 50)
    found = measure_certainty(marks)
    assert found["too_sure"] == pytest.approx(0.4)
    assert found["ece"] == pytest.approx(0.4)
    low, high = find_interval(50, 100)
    assert found["interval"] == pytest.approx([0.9 - high, 0.9 - low])
    assert "too sure by 30.4 to 49.6 points" in say_certainty(found)
    held = measure_certainty(make_marks(*[(HAPPY, HAPPY, 0.9)] * 9, (SAD, HAPPY, 0.9)))
    assert "within what so many photos can tell" in say_certainty(held)
    humble = measure_certainty(make_marks(*[(HAPPY, HAPPY, 0.5)] * 40))
    assert "too careful" in say_certainty(humble)
    assert say_certainty(measure_certainty(make_marks((HAPPY, None, 0)))) == "No face was found."


def test_groups_are_compared_with_all_others():
    marks = make_marks(*[(HAPPY, HAPPY, 0.9)] * 20, *[(HAPPY, SAD, 0.9)] * 20, (SAD, SAD, 0.9))
    columns = {
        "side": ["left"] * 20 + ["right"] * 20 + ["N/A"],
        "name": [str(i) + "x" for i in range(41)],
        "same": ["one"] * 41,
    }
    groups, no_groups = measure_groups(marks, columns, LABELS)
    assert set(groups) == {"side"}
    assert no_groups == {"name": 41}
    assert {kind: one["first"]["right"] for kind, one in groups["side"].items()} == {
        "left": 20, "right": 0,
    }  # fmt: skip
    assert groups["side"]["left"]["difference"]["difference"] == 1
    assert groups["side"]["right"]["difference"]["clear"]


def test_many_numbers_become_ranges_and_names_do_not():
    ages = [str(age) for age in range(20, 50)]
    assert set(name_ranges([*ages, ""])) == {"20 to 29", "30 to 39", "40 to 49", ""}
    assert name_ranges(["1", "2", "3"]) == ["1", "2", "3"]
    persons = [f"{number:03}" for number in range(30)]
    assert name_ranges(persons) == persons


def test_an_empty_set_has_no_shares():
    found = measure_all(Marks(np.zeros(0, int), np.zeros((0, 7)), np.zeros(0, bool)), LABELS)
    assert found["first"]["share"] is None
    assert found["balanced_accuracy"] is None
    assert found["reliability"] == []


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Four photos of one face, a wall, a broken file, and their table."""
    folder = tmp_path_factory.mktemp("photos")
    face = open_astronaut().crop((60, 0, 400, 400))
    for number in range(4):
        face.resize((300 + number, 340)).save(folder / f"{number}.jpg")
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    Image.new("RGB", (300, 300), (90, 90, 90)).save(folder / "wall.png")
    (folder / "<b>&.jpg").write_bytes(encode(make_scene((500, 500), (20, 20, 460)), "JPEG"))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    (folder / "labels.csv").write_text(
        "photo,emotion,hat\n0.jpg,happy,no\n1.jpg,Joy,no\n2.jpg,sad,yes\n3.jpg,anger,yes\n"
        "copy.jpg,happy,\nwall.png,neutral,no\n<b>&.jpg,disgust,<i>\nbroken.jpg,happy,no\n"
    )
    return folder


@pytest.fixture(scope="module")
def exam(photos):
    return run_exam(photos, photos / "labels.csv")


def test_an_exam_of_real_photos(exam, photos):
    found = exam.to_dict()
    first = found["scores"]["first"]
    assert (found["photos"], first["photos"], first["right"]) == (7, 7, 3)
    assert found["copies"] == 1
    assert found["scores"]["no_face"] == 1
    assert [one["photo"].rsplit("/", 1)[-1] for one in found["left_out"]["failed"]] == [
        "broken.jpg"
    ]
    assert found["scores"]["confusion"]["neutral"][-1] == 1
    assert found["scores"]["groups"]["hat"]["no"]["first"]["right"] == 2
    assert found["differing"][-1]["said"] is None
    scores = [one["score"] for one in found["differing"][:-1]]
    assert scores == sorted(scores, reverse=True)
    assert {one["said"] for one in found["differing"][:-1]} == {"happy"}
    assert set(found["results"][0]["scores"]) == set(LABELS)
    assert math.isclose(sum(found["results"][0]["scores"].values()), 1, abs_tol=1e-3)


def test_both_heads_are_measured(exam):
    """Here a face's label_scores are made its scores, moved by one label: none agrees."""
    asked = tuple(
        (one, replace(result, faces=tuple(
            replace(face, label_scores=np.roll(face.scores, 1)) for face in result.faces
        )))
        for one, result in exam.asked
    )  # fmt: skip
    found = replace(exam, asked=asked).to_dict()
    assert found["scores"] == exam.to_dict()["scores"]
    assert found["label_scores"]["first"]["right"] == 1  # the one that is labelled sad
    assert found["label_scores"]["groups"]["hat"]["yes"]["first"]["right"] == 1
    assert found["results"][0]["label_scores"]["sad"] == found["results"][0]["scores"]["happy"]


def test_folders_instead_of_a_table(photos, tmp_path):
    for label, number in (("happy", 0), ("fear", 1)):
        (tmp_path / "test" / label).mkdir(parents=True)
        (tmp_path / "test" / label / "1.jpg").write_bytes((photos / f"{number}.jpg").read_bytes())
    found = run_exam([tmp_path], options=ClassifierOptions(face="largest")).to_dict()
    assert found["labels"] == "folders"
    assert found["scores"]["confusion"]["fear"][HAPPY] == 1
    with pytest.raises(ExamError, match=r"no folder in .* is named after an expression"):
        run_exam(photos)


class PageReader(html.parser.HTMLParser):
    """Collects what a page could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "srcset"):
                self.addresses.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(name)


def test_the_page_is_one_file_that_loads_and_runs_nothing(exam):
    page = draw_page(exam)
    reader = PageReader()
    reader.feed(page)
    assert not {"script", "link", "iframe", "form", "b", "i"} & set(reader.tags)
    assert reader.inline == []
    assert len(reader.addresses) == len(exam.to_dict()["differing"])
    assert all(address.startswith("data:image/jpeg;base64,") for address in reader.addresses)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "&lt;b&gt;&amp;.jpg" in page
    assert "no face found" in page
    assert str(exam.asked[0][0].photo.path) not in page  # the folder stays at home
