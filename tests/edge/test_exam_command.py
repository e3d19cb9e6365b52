"""`emoji-edge --labels` as a user runs it: table, JSON, page, status, one line of complaint."""

import errno
import json
import os
import shutil

import pytest
from emoji_edge.cli.exam import write_file
from emoji_edge.cli.sink import OutputError
from emoji_edge.console import CANNOT_RUN, OK, SOME_FAILED

from tests.helpers.photos import open_astronaut


@pytest.fixture
def folder(tmp_path):
    """Three photos of a happy face in a folder of folders, and two tables."""
    face = open_astronaut().crop((60, 0, 400, 400))
    for place in ("happy/1.jpg", "happy/2.jpg", "sad/3.jpg"):
        (tmp_path / "set" / place).parent.mkdir(parents=True, exist_ok=True)
        face.resize((300 + int(place[-5]), 340)).save(tmp_path / "set" / place)
    good = "image;expression;side\n1.jpg;Happiness;l\n2.jpg;joy;r\n3.jpg;sadness;r\n"
    (tmp_path / "good.csv").write_bytes(b"\xef\xbb\xbf" + good.encode())
    (tmp_path / "gaps.csv").write_text("image,expression\n1.jpg,happy\n9.jpg,sad\n2.jpg,bored\n")
    return tmp_path


def test_the_table_on_the_terminal(run, folder):
    status, out, err = run(folder / "set", "--labels", folder / "good.csv")
    assert (status, err) == (OK, "")
    lines = out.splitlines()
    assert lines[0].startswith("3 photos, float32")
    assert next(line for line in lines if line.startswith("first answer")).split()[3] == "66.7"
    sad = next(line for line in lines if line.startswith("Sad ")).split()
    assert sad[1:9] == ["0", "0", "0", "1", "0", "0", "0", "0"]  # answered happy
    assert any(line.startswith("side") for line in lines)
    assert "photos that differ: 1, the most certain first" in lines
    assert out.endswith("3.jpg\n")


def test_json_into_a_file_with_the_table_beside_it(run, folder):
    path = folder / "exam.JSON"
    status, out, _ = run(folder / "set", "--labels", folder / "good.csv", "--output", path)
    assert status == OK
    found = json.loads(path.read_text())
    assert found["scores"]["first"]["right"] == 2
    assert found["differing"][0]["said"] == "happy"
    assert out.startswith("3 photos")
    _, out, _ = run(folder / "set", "--labels", folder / "good.csv", "--format", "json")
    assert json.loads(out)["scores"] == found["scores"]
    assert sorted(p.name for p in folder.iterdir()) == ["exam.JSON", "gaps.csv", "good.csv", "set"]


def test_the_page_into_a_file(run, folder):
    path = folder / "exam.html"
    assert run(folder / "set", "--labels", folder / "good.csv", "--output", path)[0] == OK
    page = path.read_text()
    assert page.startswith("<!doctype html>")
    assert page.count("<figure>") == 1


def test_folders_are_the_labels_without_a_file(run, folder):
    for arguments in ((folder / "set", "--labels"), ("--labels", folder / "set")):
        status, out, err = run(*arguments)
        assert (status, err) == (OK, "")
        assert out.startswith("3 photos")


def test_several_processes_answer_the_same(run, folder):
    arguments = (folder / "set", "--labels", folder / "good.csv", "--format", "json")
    assert json.loads(run(*arguments)[1]) == json.loads(run(*arguments, "--jobs", 2)[1])


def test_what_is_missing_or_unknown_is_said_and_missing_photos_fail(run, folder):
    status, out, _ = run(folder / "set", "--labels", folder / "gaps.csv")
    assert status == SOME_FAILED
    assert "1 row names a photo that is not there: 9.jpg" in out
    assert "1 label is no expression: bored (1)" in out
    assert "1 photo has no label: " in out


def test_a_photo_that_cannot_be_read_is_said_and_fails(run, folder):
    (folder / "set" / "sad" / "4.jpg").write_bytes(b"broken")
    status, out, err = run(folder / "set", "--labels")
    assert status == SOME_FAILED
    assert err.count("\n") == 1
    assert "4.jpg: not a picture" in err
    assert "1 photo could not be read: " in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("set", "--labels", "none.csv"), "none.csv: cannot be read (No such file"),
        (("none", "--labels", "good.csv"), "none: no such file or folder"),
        (("set", "--labels", "good.csv", "--output", "x.csv"), "writes table, json, html, not csv"),
        (("set", "--labels", "good.csv", "--format", "jsonl"), "not jsonl"),
        (("set", "--labels", "good.csv", "--resume"), "--resume is not for an exam"),
        (("set", "--output", "x.html"), "html is for an exam"),
        (("set", "--labels", "good.csv", "--output", "no/x.html"), "x.html: cannot be written"),
        (("set/sad", "--labels", "empty.csv"), "empty.csv: is empty"),
        (("set/sad", "--labels", "other.csv"), "none of its 1 rows fits a photo"),
        (("set/sad", "--labels", "words.csv"), "no row names an expression (it says bored)"),
        (("empty", "--labels"), "empty: no pictures"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, folder, monkeypatch, arguments, reason):
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    (folder / "empty.csv").write_text("")
    (folder / "other.csv").write_text("image,expression\nx.jpg,sad\n")
    (folder / "words.csv").write_text("image,expression\n3.jpg,bored\n")
    before = sorted(folder.rglob("*"))
    status, out, err = run(*arguments)
    assert (status, out) == (CANNOT_RUN, "")
    assert err.startswith("emoji-edge: ")
    assert err.count("\n") == 1
    assert reason in err
    assert sorted(folder.rglob("*")) == before


def test_the_labels_are_never_written_over(run, folder):
    labels = folder / "labels.json"
    labels.write_text("image,expression\n1.jpg,happy\n")
    status, _, err = run(folder / "set", "--labels", labels, "--output", labels)
    assert status == CANNOT_RUN
    assert "labels.json, which this run reads" in err
    assert labels.read_text().startswith("image")


def test_no_photo_is_an_error_of_the_options(run, folder):
    status, _, err = run("--labels", folder / "good.csv")
    assert status == CANNOT_RUN
    assert "no photo given" in err


def test_names_that_are_not_utf8_are_shown(run, folder):
    for place in (b"happy/caf\xe9", b"bored\xe9"):
        inside = os.path.join(os.fsencode(folder / "set"), place)
        os.mkdir(inside)
        shutil.copy(folder / "set" / "happy" / "1.jpg", os.path.join(inside, b"4.jpg"))
    path = folder / "exam.json"
    status, _, err = run(folder / "set", "--labels", "--output", path)
    assert (status, err) == (OK, "")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert {one["groups"]["folder"] for one in found["results"]} == {"", "caf\\udce9"}
    assert found["left_out"]["unknown"] == {"bored\\udce9": 1}
    table = os.fsdecode(os.fsencode(folder) + b"/caf\xe9.csv")
    shutil.copy(folder / "good.csv", table)
    assert run(folder / "set", "--labels", table, "--output", path)[0] == OK
    assert json.loads(path.read_text())["labels"] == f"{folder}/caf\\udce9.csv"


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    path = tmp_path / "exam.json"
    with pytest.raises(OutputError, match=r"exam\.json: cannot be written \('utf-8' codec"):
        write_file(str(path), "caf\udce9")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_read_is_said_and_fails(run, folder, monkeypatch):
    scan = os.scandir

    def refuse(place):
        if os.fspath(place).endswith("sad"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)
        return scan(place)

    monkeypatch.setattr(os, "scandir", refuse)
    (folder / "none").mkdir()
    arguments = (folder / "set", folder / "none", "--labels", "--output", folder / "e.json")
    status, out, err = run(*arguments)
    assert status == SOME_FAILED
    failed = json.loads((folder / "e.json").read_text())["left_out"]["failed"]
    assert failed == [
        {"photo": f"{folder}/set/sad", "error": "cannot be read (Permission denied)"},
        {"photo": f"{folder}/none", "error": "no pictures in this folder"},
    ]
    assert err == "".join(f"emoji-edge: {one['photo']}: {one['error']}\n" for one in failed)
    assert out.startswith("2 photos, ")
    status, _, err = run(folder / "set" / "sad", "--labels")
    assert status == CANNOT_RUN
    assert err == f"emoji-edge: {folder}/set/sad: cannot be read (Permission denied)\n"
