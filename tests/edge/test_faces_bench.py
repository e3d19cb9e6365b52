"""The bench of found faces: what counts as found and as false, and how the report tells it."""

import json
import sys

import pytest
from emoji_edge.face import Face

from edge.bench import faces, faces_peers, faces_turned
from edge.bench.faces_count import count_faces, find_row, match_faces, summarize
from edge.bench.faces_scenes import Portrait, Scene, TrueFace
from models.render.faces import BLOCKS, MISSING
from tests.helpers.photos import FACE, make_picture, open_astronaut


def put(x: float, y: float, side: float, score: float = 0.9) -> Face:
    return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), score, 0.0)


def test_a_face_is_found_where_its_place_and_size_are_near():
    true = [TrueFace(100, 100, 40, 0), TrueFace(300, 100, 40, 0)]
    near, far, large = put(110, 95, 50), put(300, 125, 40), put(300, 100, 90)
    assert match_faces(true, [near, far, large]) == ([near, None], [far, large])
    twice = put(100, 100, 40)
    assert match_faces(true, [near, twice]) == ([near, None], [twice])
    assert match_faces([], [near]) == ([], [near])


def test_rows_are_counted_by_group_and_summed_up():
    rows = []
    tilt = {"kind": "tilt", "tilt": 30}
    for found, false in (([put(0, 0, 9), None], []), ([None, None], [put(5, 5, 9)])):
        row = find_row(rows, tilt)
        count_faces(row, found, false)
        row |= {"ms": row.get("ms", 0) + 10, "roll": [*row.get("roll", []), 2.0]}
    count_faces(find_row(rows, {"kind": "empty", "width": 9, "height": 9}), [], [])
    rows[1]["ms"] = 4
    section = summarize(rows, [(0.9, True), (0.5, True), (0.7, False)])
    assert (section["pictures"], section["faces"], section["found"], section["false"]) == (
        3, 4, 1, 1,
    )  # fmt: skip
    assert (rows[0]["ms"], rows[0]["roll_p95"], rows[1]["roll_p95"]) == (10, 2.0, None)
    curve = {point["threshold"]: (point["recall"], point["false"]) for point in section["curve"]}
    assert curve[0.4] == (0.5, 0.3333)
    assert curve[0.75] == (0.25, 0)
    text = BLOCKS["faces"]({"faces": section | {"portraits": "a set"}})
    assert "| heads tilted by 30 degrees | 2 | 4 | 25.0% | 1 |" in text
    assert "1 of 4 faces found, 0.333 false ones a picture" in text


ECHO = """
import json, sys
for path in sys.stdin:
    faces = [{"box": [90, 90, 130, 130]}, {"box": [0, 0, 9, 9]}]
    print(json.dumps({"package": "p", "version": "1.2", "photo": path.strip(), "faces": faces}))
"""


def test_other_detectors_are_counted_on_the_same_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(faces_peers, "list_finders", lambda: {"echo": [sys.executable, "-c", ECHO]})
    x0, y0, x1, y1 = FACE
    portrait = Portrait(open_astronaut(), (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, 0.0)
    scene = Scene("", make_picture(200, 200), [TrueFace(110, 110, 40, 0)])
    monkeypatch.setattr(faces, "build_scenes", lambda *_: [({"kind": "tilt", "tilt": 0}, scene)])
    found = faces_peers.measure_finders(faces.write_scenes([portrait], 1, tmp_path / "pictures"))
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["000-tilt-0.png"]
    ours, echo = found["finders"]
    assert (ours["finder"], ours["found"], ours["false"]) == ("emoji-edge", 0, 0)
    assert (echo["version"], echo["found"], echo["false"]) == ("1.2", 1, 1)
    text = BLOCKS["face-peers"]({"faces": {"peers": found}})
    assert "| heads tilted by 0 degrees | 0%; 0 | 100%; 1 |" in text
    assert BLOCKS["face-peers"]({}) == MISSING


def test_a_rotated_photo_keeps_its_answer_and_a_lost_one_does_not(tmp_path, monkeypatch):
    open_astronaut().save(tmp_path / "a.jpg", quality=95)
    (tmp_path / "labels.csv").write_text("image,expression\na.jpg,happy\n")
    monkeypatch.setattr(faces_turned, "TURNS", (0, 45))
    upright, turned = faces_turned.measure_turned(tmp_path)
    assert (upright["right"], upright["kept"], upright["no_face"]) == (1, 1, 0)
    assert (turned["degrees"], turned["kept"]) == (45, 1)
    text = BLOCKS["face-turned"]({"faces": {"turned": [upright, turned | {"kept": 0.5}]}})
    assert text.splitlines()[-1].startswith("| 45 | 100.0% (")
    assert text.splitlines()[-1].endswith("| 50.0% | 0 |")
    assert BLOCKS["face-turned"]({"faces": {}}) == MISSING


def test_a_folder_without_portraits_is_one_line(tmp_path, capsys):
    assert faces.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"faces: {tmp_path}: no portraits (*.jpg) here\n"
    (tmp_path / "a.jpg").write_bytes(b"none")
    assert faces.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("report", [True, False])
def test_what_is_not_measured_anew_stays_in_the_section(tmp_path, monkeypatch, capsys, report):
    open_astronaut().save(tmp_path / "a.jpg")
    written = []
    monkeypatch.setattr(faces, "measure_section", lambda *_: {"faces": 3})
    monkeypatch.setattr(faces, "read_report", lambda: {"faces": {"faces": 1, "peers": {"a": 1}}})
    monkeypatch.setattr(faces, "write_section", lambda *given: written.append(given[1:]))
    assert faces.main([str(tmp_path), *([] if report else ["--no-report"])]) == 0
    expected = {"peers": {"a": 1}, "faces": 3}
    assert written == ([("faces", expected)] if report else [])
    assert json.loads(capsys.readouterr().out) == {"faces": 3}
