"""The command as a user runs it: what it prints, its exit status, and its complaints."""

import csv
import dataclasses
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from emoji_edge import Classifier, load_contract
from emoji_edge.cli.table import format_table
from emoji_edge.console import CANNOT_RUN, OK, SOME_FAILED
from emoji_edge.contract import find_models
from emoji_edge.image import ImageError, open_photo
from PIL import Image

from tests.helpers.photos import ASTRONAUT, encode, make_scene

CONTRACT = load_contract()
COMMAND = [sys.executable, "-m", "emoji_edge"]


@pytest.fixture
def folder(tmp_path):
    """Two photos, one of them two folders down, a text, a broken picture and a hidden file."""
    (tmp_path / "inner" / "most").mkdir(parents=True)
    (tmp_path / "a.jpg").write_bytes(encode(make_scene((300, 300), (0, 0, 300)), "JPEG"))
    (tmp_path / "b.PNG").write_bytes(b"\x89PNG broken")
    (tmp_path / "inner" / "most" / "c.webp").write_bytes(encode(Image.new("RGB", (99, 99)), "WEBP"))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "._a.jpg").write_bytes(b"resource fork")
    return tmp_path


def test_one_photo_is_three_lines(run):
    status, out, err = run(ASTRONAUT)
    assert (status, err) == (OK, "")
    lines = out.splitlines()
    assert len(lines) == 3
    emoji, name, score, percent = lines[0].split()
    by_emoji = {emoji: label for label, emoji in CONTRACT.emoji.items()}
    assert CONTRACT.display_names[by_emoji[emoji]] == name
    assert 0 <= int(score) <= 100
    assert percent == "%"


def test_the_table_says_where_people_would_be_divided(run):
    result = Classifier().classify(ASTRONAUT)
    divided = tuple(dataclasses.replace(face, not_sure=True) for face in result.faces)
    table = format_table(dataclasses.replace(result, faces=divided), False, CONTRACT.display_names)
    said, _, rest = table.partition("\n")
    assert said == "Not sure: people would be divided. The closest are"
    assert rest == run(ASTRONAUT)[1]


def test_each_face_is_a_block(run, tmp_path):
    path = tmp_path / "two.png"
    make_scene((900, 600), (20, 20, 280), (450, 100, 420)).save(path)
    _, out, _ = run(path, "--top", 2)
    blocks = out.split("\n\n")
    assert len(blocks) == 2
    assert blocks[0].startswith("face 1 of 2, ")
    assert [len(block.splitlines()) for block in blocks] == [3, 3]


def test_json_of_one_photo_is_the_result_and_of_several_a_list(run, folder):
    status, out, _ = run(ASTRONAUT, "--format", "json")
    assert status == OK
    assert json.loads(out)["photo"] == str(ASTRONAUT)
    status, out, _ = run(folder, "--format", "json", "--recursive")
    assert status == SOME_FAILED
    names = [entry["photo"] for entry in json.loads(out)["results"]]
    assert names == [str(folder / name) for name in ("a.jpg", "b.PNG", "inner/most/c.webp")]


def test_a_bad_file_is_a_line_and_a_row_and_the_run_goes_on(run, folder):
    status, out, err = run(folder, "--recursive", "--format", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == SOME_FAILED
    assert [("error" in row) for row in rows] == [False, True, False]
    assert rows[1] == {"photo": str(folder / "b.PNG"), "error": rows[1]["error"]}
    assert err.splitlines() == [
        f"emoji-edge: {folder / 'b.PNG'}: {rows[1]['error']}",
        "emoji-edge: left out 1 hidden picture, 1 other file (1 .txt)",
    ]
    assert rows[2]["faces"] == []


def test_csv_has_a_row_a_face(run, folder):
    path = folder / "two.png"
    make_scene((900, 600), (20, 20, 280), (450, 100, 420)).save(path)
    _, out, _ = run(folder, "--recursive", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["photo"].rsplit("/")[-1] for row in rows] == [
        "a.jpg", "b.PNG", "two.png", "two.png", "c.webp",
    ]  # fmt: skip
    assert [(row["faces"], row["face"]) for row in rows] == [
        ("1", "1"), ("", ""), ("2", "1"), ("2", "2"), ("0", ""),
    ]  # fmt: skip
    for row in rows[2:4]:
        assert row["label_1"] in CONTRACT.labels
        assert float(row["score_1"]) >= float(row["score_2"]) >= float(row["score_3"])
        assert (row["width"], row["height"], row["error"]) == ("900", "600", "")
    assert rows[1]["error"]


def test_without_recursive_inner_folders_are_left(run, folder):
    _, out, _ = run(folder, "--format", "jsonl")
    assert len(out.splitlines()) == 2


def test_no_face_is_an_answer_with_the_hint(run, folder):
    status, out, err = run(folder / "inner" / "most" / "c.webp")
    assert (status, err) == (OK, "")
    assert out == "No face found. If the picture is itself a face, use --face whole.\n"
    status, out, _ = run(folder / "inner" / "most" / "c.webp", "--face", "whole")
    assert status == OK
    assert len([line for line in out.splitlines() if line.endswith(" %")]) == 3


def test_output_chooses_its_format_by_suffix(run, tmp_path):
    for suffix in ("json", "jsonl", "csv", "txt"):
        path = tmp_path / f"out.{suffix}"
        status, out, _ = run(ASTRONAUT, "--output", path)
        assert (status, out) == (OK, "")
    assert json.loads((tmp_path / "out.json").read_text())["size"] == [512, 512]
    assert json.loads((tmp_path / "out.jsonl").read_text())["size"] == [512, 512]
    assert (tmp_path / "out.csv").read_text().startswith("photo,width,height,faces,face,")
    assert len((tmp_path / "out.txt").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty file"), (b"not an image", "not a picture"),
     (ASTRONAUT.read_bytes()[:2000], "damaged picture")],
)  # fmt: skip
def test_bad_files_fail_with_one_line(run, tmp_path, content, reason):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    status, out, err = run(path)
    assert (status, out) == (SOME_FAILED, "")
    assert err.startswith(f"emoji-edge: {path}: {reason}")
    assert err.count("\n") == 1


def test_a_folder_without_pictures(run, tmp_path):
    status, _, err = run(tmp_path)
    assert status == SOME_FAILED
    assert err == (
        f"emoji-edge: {tmp_path}: no pictures in this folder; --recursive looks into its folders\n"
    )


@pytest.mark.parametrize("suffix", ["csv", "CSV", "jsonl", "ndjson", "NdJson", "json", "JSON"])
def test_a_suffix_names_the_format_in_any_case(run, tmp_path, suffix):
    path = tmp_path / f"r.{suffix}"
    assert run(ASTRONAUT, "--output", path)[0] == OK
    text = path.read_text()
    start = {"c": "photo,width,height,", "j": '{"photo": "', "n": '{"photo": "'}[suffix[0].lower()]
    assert text.startswith(start)
    assert text.count("\n") == (2 if suffix.lower() == "csv" else 1)


@pytest.fixture
def precious(tmp_path, monkeypatch):
    """A folder of files that a run must not destroy, and is in."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.png", "C.JPG", "nosuffix", "film.bin"):
        Path(name).write_bytes(encode(Image.new("RGB", (80, 80)), "PNG"))
    Path("labels.csv").write_text("image,expression\na.jpg,happy\n")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.jpg", "--output", "a.jpg"],
        ["b.png", "--output", "./a.jpg"],
        ["--output", "a.jpg", "b.png"],  # as the shell makes it of *.png
        ["b.png", "--output", "C.JPG"],
        ["b.png", "--output", "new.webp"],
        ["nosuffix", "--output", "nosuffix"],
        ["a.jpg", "--output", "film.bin"],
        ["a.jpg", "--output", "film.bin", "--format", "jsonl"],
        ["a.jpg", "--labels", "labels.csv", "--output", "labels.csv", "--format", "json"],
        ["--camera", "--output", "a.jpg"],
        ["a.jpg", "--output", "a.jpg", "--format", "csv", "--resume"],
    ],
)
def test_an_output_never_destroys_a_picture_or_an_input(run, precious, arguments):
    before = {path: path.read_bytes() for path in precious.iterdir()}
    status, out, err = run(*arguments)
    assert (status, out) == (CANNOT_RUN, "")
    assert err.startswith("emoji-edge: --output is ")
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in precious.iterdir()} == before


def test_an_earlier_output_is_replaced(run, precious):
    for _ in range(2):
        assert run("a.jpg", "--output", "r.csv")[0] == OK
    assert Path("r.csv").read_text().count("\n") == 2
    assert run("a.jpg", "--output", "/dev/null")[0] == OK


def test_no_permission(tmp_path):
    path = tmp_path / "secret.jpg"
    path.write_bytes(encode(Image.new("RGB", (80, 80)), "JPEG"))
    path.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:  # who may read everything
            os.seteuid(65534)
        with pytest.raises(ImageError, match=r"cannot be read \(Permission denied\)"):
            open_photo(path, CONTRACT.max_pixels)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "no photo given"),
        (["--camera", "a.jpg"], "exclude one another"),
        (["--info", "--self-test"], "exclude one another"),
        (["a.jpg", "--top", "0"], "not a whole number from 1"),
        (["a.jpg", "--top", "8"], "there are 7 expressions"),
        (["a.jpg", "--threshold", "5"], "--threshold is 5.0, not 0.01 to 0.99"),
        (["a.jpg", "--threshold", "high"], "invalid float value: 'high'"),
        (["a.jpg", "--smallest-face", "nan"], "--smallest-face is nan, not 1 to 1000000 pixels"),
        (["a.jpg", "--threads", "many"], "not a whole number"),
        (["a.jpg", "--threads", "100000"], "'100000' is not a whole number from 1 to 256"),
        (["a.jpg", "--threads", "2147483648"], "is not a whole number from 1 to 256"),
        (["a.jpg", "--jobs", "100000"], "'100000' is not a whole number from 1 to 256"),
        (["a.jpg", "--top", "9" * 5000], "is not a whole number from 1"),
        (["a.jpg", "--threads", "²"], "'²' is not a whole number from 1 to 256"),
        (["--camera", "--every", "-1"], "not a number of seconds"),
        (["a.jpg", "--face", "both"], "invalid choice"),
        (["a.jpg", "--resume"], "--resume needs --output"),
        (["a.jpg", "--resume", "--output", "x.json"], "--resume needs --output"),
        (["a.jpg", "--model", "float99"], "no such file, and no artifact"),
        (["a.jpg", "--model", __file__], "not a TFLite file"),
        (["a.jpg", "--output", "/nowhere/out.csv"], "cannot be written (No such file"),
        (["--benchmark", "/nowhere/a.jpg"], "No such file"),
    ],
)
def test_what_cannot_run_is_one_clear_line(run, arguments, reason):
    status, out, err = run(*arguments)
    assert (status, out) == (CANNOT_RUN, "")
    assert err.startswith("emoji-edge: ")
    assert reason in err
    assert err.count("\n") == 1


def test_standard_input_and_its_failure():
    for data, status in [(ASTRONAUT.read_bytes(), OK), (b"", SOME_FAILED)]:
        done = subprocess.run(
            [*COMMAND, "-", "--format", "json"], input=data, capture_output=True, check=False
        )
        answer = json.loads(done.stdout)
        assert done.returncode == status
        assert answer["photo"] == "-"
        assert answer.get("error") == (None if status == OK else "empty file")
        assert done.stderr.decode() == ("" if status == OK else "emoji-edge: -: empty file\n")


def test_a_reader_that_leaves_is_no_error(folder):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, str(folder), "--format", "jsonl"], stdout=writing, stderr=-1, check=False
    )
    os.close(writing)
    assert done.returncode == OK
    assert done.stderr == b""


def test_names_with_odd_bytes_stay_one_line(run, tmp_path):
    path = os.fsencode(tmp_path) + b"/a\nb\xff.png"
    with open(path, "wb") as file:
        file.write(encode(Image.new("RGB", (70, 70))))
    status, out, _ = run(tmp_path, "--format", "csv")
    assert status == OK
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["photo"] == f"{tmp_path}/a\\nb\\udcff.png"


def test_annotate_draws_into_a_copy(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = make_scene((640, 480), (100, 20, 440))
    before.save("scene.png")
    Image.new("RGB", (80, 80)).save("plain.png")
    status, _, err = run("scene.png", "plain.png", "--annotate", "seen", "--format", "jsonl")
    assert (status, err) == (OK, "")
    names = sorted(path.name for path in (tmp_path / "seen").iterdir())
    assert names == ["plain.png.faces.jpg", "scene.png.evidence.png", "scene.png.faces.jpg"]
    with Image.open("seen/scene.png.faces.jpg") as after:
        assert after.size == (640, 480)
        x, y = 100 + 175 * 440 // 512, 20 + 125 * 440 // 512  # on the box's left edge
        edge = [after.getpixel((x + d, y)) for d in range(-12, 13)]
        assert any(r > 200 and g > 150 and b < 120 for r, g, b in edge)
        assert after.getpixel((5, 470)) == pytest.approx((90, 110, 130), abs=4)
    with Image.open("seen/scene.png.evidence.png") as sheet:
        assert sheet.size == (4 * 204 + 12, 252)
        seen, heat = sheet.getpixel((100, 150)), sheet.crop((216, 12, 408, 204))
        assert seen[0] == seen[1] == seen[2]
        assert max(r - b for _, (r, _, b) in heat.getcolors(1 << 16)) > 60


def test_annotations_of_photos_of_one_name_do_not_meet(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("x", "y"):
        os.mkdir(folder)
        Image.new("RGB", (80, 80)).save(f"{folder}/a.png")
    run("x", "y", "../" + tmp_path.name + "/x/a.png", "--annotate", "seen")
    found = {
        str(path.relative_to(tmp_path / "seen")) for path in (tmp_path / "seen").rglob("*.jpg")
    }
    assert {"x/a.png.faces.jpg", "y/a.png.faces.jpg"} <= found
    assert len(found) == 3


def test_info_names_networks_runtime_and_licences(run):
    status, out, _ = run("--info")
    assert status == OK
    for name in CONTRACT.artifacts["tflite"]:
        assert f"\n{name}" in out
    assert out.count(" bytes, sha256 ") == len(CONTRACT.artifacts["tflite"])
    report = json.loads((find_models() / "report.json").read_text(encoding="utf-8"))
    files = report["artifacts"]["files"]
    for name in CONTRACT.artifacts["tflite"].values():
        right = files[name]["runs"][0]["evaluation"]
        assert f"with {100 * right['scores']['accuracy']:.1f} % of FER+'s majority votes" in out
        assert f"with {100 * right['label_scores']['accuracy']:.1f} % of the labels" in out
    for part in ("ai-edge-litert", "numpy", "Pillow", "MIT", "Apache-2.0", "OFL-1.1"):
        assert part in out


def test_version_and_help(run):
    assert run("--version")[:2] == (OK, "emoji-edge 0.1.0\n")
    status, out, _ = run("--help")
    assert status == OK
    for option in ("--camera", "--self-test", "--resume", "--jobs", "--annotate", "exit status"):
        assert option in out


def test_benchmark_times_every_stage(run):
    status, out, err = run("--benchmark", "--model", "float32", ASTRONAUT)
    assert (status, err) == (OK, "")
    head, *rows = out.splitlines()[1:]
    assert head.split()[:2] == ["artifact", "threads"]
    cells = rows[0].split()
    assert cells[:2] == ["float32", "1"]
    decode, find, crop, network, whole = map(float, cells[2:7])
    assert 0 < max(decode, find, crop, network) < whole * 3
    assert float(cells[-2]) > 20


def test_the_readme_shows_what_the_command_prints(run):
    root = Path(__file__).parents[2]
    _, _, rest = (root / "edge/README.md").read_text(encoding="utf-8").partition("$ emoji-edge ")
    photo, _, shown = rest.partition("\n")
    status, out, _ = run(root / photo)
    assert status == OK
    assert out == shown.partition("```")[0]
