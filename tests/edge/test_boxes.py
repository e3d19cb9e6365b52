"""Boxes that the caller has, for the library and the command, also where a run is resumed."""

import csv
import io
import json

import pytest
from emoji_edge import Classifier
from emoji_edge.cli import main
from emoji_edge.cli.boxes import BoxesError, read_boxes
from emoji_edge.console import CANNOT_RUN, OK, SOME_FAILED
from emoji_edge.crop import BoxError

from tests.helpers.photos import encode, make_scene

FIRST, SECOND = (10.0, 20.0, 110.0, 120.0), (210.5, 30.0, 300.0, 140.0)
FORMS = {
    "b.csv": "x1,photo,y0,x0,y1,note\n110,a.jpg,20,10,120,x\n300,a.jpg,30,210.5,140,\n",
    "b.json": json.dumps({"a.jpg": [FIRST, SECOND]}),
    "result.json": json.dumps({"photo": "a.jpg", "faces": [{"box": FIRST}, {"box": SECOND}]}),
    "results.json": json.dumps({
        "results": [
            {"photo": "a.jpg", "faces": [{"box": FIRST}, {"box": SECOND}]},
            {"photo": "b.jpg", "error": "not a picture"},
        ]
    }),
    "b.jsonl": json.dumps({"photo": "a.jpg", "faces": [{"box": FIRST}, {"box": SECOND}]})
    + '\n\n{"photo": "b.jpg", "error": "not a picture"}\n',
    "list.json": json.dumps([{"photo": "a.jpg", "faces": [{"box": FIRST}, {"box": SECOND}]}]),
}  # fmt: skip


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Two photos of two people in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.jpg"):
        scene = make_scene((400, 220), (0, 10, 200), (200, 10, 190))
        (tmp_path / name).write_bytes(encode(scene, "JPEG"))
    return tmp_path


@pytest.mark.parametrize("name", FORMS)
def test_boxes_are_read_in_every_form(tmp_path, name):
    path = tmp_path / name
    path.write_text(FORMS[name], encoding="utf-8-sig")
    assert list(read_boxes(str(path))) in (
        [("a.jpg", [FIRST, SECOND])],
        [("a.jpg", [FIRST]), ("a.jpg", [SECOND])],
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("photo,x0,y0,x1\na.jpg,1,2,3\n", "is neither CSV with photo, x0, y0, x1, y1 nor JSON"),
        ("", "is neither CSV"),
        ("{", "is neither CSV"),
        ("[1]", "is neither CSV"),
        ('{"faces": []}', "is neither CSV"),
        ('{"a.jpg": 3}', "is neither CSV"),
        ('{"a.jpg": [[1, 2, 3]]}', "the box [1, 2, 3] is not x0, y0, x1, y1"),
        ('{"a.jpg": [[9, 2, 3, 4]]}', "the box [9, 2, 3, 4] is not x0 < x1"),
        ('{"a.jpg": [[1, 2, 3, NaN]]}', "is not x0 < x1"),
        (f'{{"a.jpg": [[1, 2, 3, 1{"0" * 400}]]}}', "is not x0, y0, x1, y1"),
        ("photo,x0,y0,x1,y1\na.jpg,1,2,left,4\n", "is not x0, y0, x1, y1"),
        ("photo,x0,y0,x1,y1\na.jpg,1,2\n", "is not x0, y0, x1, y1"),
    ],
)
def test_a_file_without_boxes_is_one_line(photos, capfd, text, reason):
    (photos / "bad").write_text(text)
    with pytest.raises(BoxesError):
        list(read_boxes("bad"))
    assert main(["a.jpg", "--boxes", "bad"]) == CANNOT_RUN
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("emoji-edge: --boxes bad: ")
    assert reason in err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--boxes", "none.json"], "--boxes none.json: cannot be read (No such file"),
        (["--boxes", "a.jpg"], "--boxes a.jpg: is not text in UTF-8"),
        (["--boxes", "b.json", "--face", "largest"], "leave out how to find them"),
        (["--boxes", "b.json", "--threshold", "0.5"], "leave out how to find them"),
        (["--boxes", "b.json", "--labels", "l.csv"], "--boxes is for photos alone"),
        (["--boxes", "b.json", "--output", "b.json"], "which this run reads"),
    ],
)
def test_boxes_that_would_not_be_used_are_refused(photos, capfd, options, reason):
    (photos / "b.json").write_text(FORMS["b.json"])
    assert main(["a.jpg", *options]) == CANNOT_RUN
    assert reason in capfd.readouterr().err


def test_the_command_answers_as_the_library_does_with_boxes(photos, capfd):
    (photos / "b.csv").write_text(FORMS["b.csv"])
    assert main([str(photos / "a.jpg"), "b.jpg", "--boxes", "b.csv", "--format", "jsonl"]) == 1
    out, err = capfd.readouterr()
    named, other = map(json.loads, out.splitlines())
    expected = Classifier().classify("a.jpg", boxes=[FIRST, SECOND]).to_dict()
    assert named == expected | {"photo": str(photos / "a.jpg")}
    assert named["face_mode"] == "boxes"
    assert [face["box"] for face in named["faces"]] == [list(FIRST), list(SECOND)]
    assert {face["detection"] for face in named["faces"]} == {None}
    assert other == {"photo": "b.jpg", "error": "b.csv has no boxes for it"}
    assert err == "emoji-edge: b.jpg: b.csv has no boxes for it\n"


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_what_a_run_wrote_can_be_given_again(photos, capfd, suffix):
    assert main(["a.jpg", "b.jpg", "--output", f"found.{suffix}"]) == OK
    arguments = ["a.jpg", "b.jpg", "--boxes", f"found.{suffix}", "--format", "jsonl"]
    assert main(arguments) == OK
    alone = [json.loads(line)["faces"] for line in capfd.readouterr().out.splitlines()]
    assert [len(faces) for faces in alone] == [2, 2]
    assert main([*arguments, "--jobs", "2"]) == OK
    assert [json.loads(line)["faces"] for line in capfd.readouterr().out.splitlines()] == alone


def test_a_box_outside_its_photo_is_that_photos_failure(photos, capfd):
    (photos / "b.json").write_text(
        json.dumps({"a.jpg": [[500, 10, 600, 110]], "b.jpg": [[-50, -50, 90, 90]]})
    )
    arguments = ["a.jpg", "b.jpg", "--boxes", "b.json", "--format", "csv"]
    assert main(arguments) == SOME_FAILED
    first, second = csv.DictReader(io.StringIO(capfd.readouterr().out))
    assert first["error"] == (
        "the box [500.0, 10.0, 600.0, 110.0] lies outside the picture of 400x220"
    )
    assert (second["error"], second["face_mode"], second["x0"]) == ("", "boxes", "-50.0")
    with pytest.raises(BoxError, match="lies outside"):
        Classifier().classify("a.jpg", boxes=[(0, 300, 10, 310)])


def test_a_box_too_long_for_its_photo_is_that_photos_failure(photos, capfd):
    (photos / "b.json").write_text(json.dumps({"a.jpg": [[0, 0, 20000, 30]], "b.jpg": [FIRST]}))
    assert main(["a.jpg", "b.jpg", "--boxes", "b.json", "--format", "csv"]) == SOME_FAILED
    out, err = capfd.readouterr()
    first, second = csv.DictReader(io.StringIO(out))
    reason = "the box [0.0, 0.0, 20000.0, 30.0] is over 4 times as long as the picture of 400x220"
    assert first["error"] == reason
    assert err == f"emoji-edge: a.jpg: {reason}\n"
    assert (second["error"], second["face"]) == ("", "1")


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_run_with_other_boxes_is_not_continued(photos, capfd, suffix):
    output = ["--output", f"out.{suffix}"]
    both = {"a.jpg": [FIRST, SECOND], "b.jpg": []}
    (photos / "b.json").write_text(json.dumps(both))
    (photos / "other.json").write_text(json.dumps(both | {"a.jpg": [SECOND]}))
    assert main(["a.jpg", "--boxes", "b.json", *output]) == OK
    written = (photos / f"out.{suffix}").read_bytes()
    for boxes, reason in (
        ([], "was written with --boxes"),
        (["--boxes", "other.json"], "was written with other --boxes of a.jpg"),
    ):
        assert main(["a.jpg", "b.jpg", *boxes, *output, "--resume"]) == CANNOT_RUN
        assert capfd.readouterr().err == f"emoji-edge: out.{suffix}: {reason}\n"
        assert (photos / f"out.{suffix}").read_bytes() == written
    assert main(["a.jpg", "b.jpg", "--boxes", "b.json", *output, "--resume"]) == OK
    resumed = (photos / f"out.{suffix}").read_bytes()
    assert main(["a.jpg", "b.jpg", "--boxes", "b.json", *output]) == OK
    assert (photos / f"out.{suffix}").read_bytes() == resumed
    assert main(["a.jpg", *output]) == OK
    assert main(["a.jpg", "b.jpg", "--boxes", "b.json", *output, "--resume"]) == CANNOT_RUN
    assert "was written without --boxes" in capfd.readouterr().err
