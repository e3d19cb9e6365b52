"""Many photos: order, processes, and a run that is killed and resumed."""

import concurrent.futures
import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from concurrent.futures.process import BrokenProcessPool

import psutil
import pytest
from emoji_edge.batch import Failure, read_photo
from emoji_edge.classify import ClassifierOptions
from emoji_edge.cli import main
from emoji_edge.cli.resume import Done, Plan, ResumeError, read_done, skip_done
from emoji_edge.console import CANNOT_RUN, OK, SOME_FAILED
from emoji_edge.contract import load_contract
from emoji_edge.image import ImageError
from emoji_edge.listing import Photo, list_photos
from emoji_edge.parallel import classify_photos
from emoji_edge.rows import list_columns
from PIL import Image

from tests.helpers.photos import ASTRONAUT, encode, make_scene

CONTRACT = load_contract()
COMMAND = [sys.executable, "-m", "emoji_edge"]


@pytest.fixture
def album(tmp_path):
    """Forty small photos: portraits, pairs, plain ones and broken ones."""
    kinds = [
        encode(make_scene((200, 200), (0, 0, 200)), "JPEG"),
        encode(make_scene((400, 220), (0, 10, 200), (200, 10, 190)), "JPEG"),
        encode(Image.new("RGB", (90, 90), "white")),
        b"broken",
    ]
    folder = tmp_path / "album"
    folder.mkdir()
    for i in range(40):
        (folder / f"{i:02}.jpg").write_bytes(kinds[i % 4])
    return folder


def test_processes_give_the_answers_of_one_in_order(album):
    def answer(jobs: int) -> list[dict]:
        photos = list_photos([str(album)], False)
        return [a.to_dict() for a in classify_photos(photos, ClassifierOptions(), jobs)]

    alone = answer(1)
    assert len(alone) == 40
    assert [len(entry.get("faces", "?")) for entry in alone[:3]] == [1, 2, 0]
    assert alone[3]["error"] == "not a picture"
    assert answer(2) == alone


class Deadly(Photo):
    """A photo that ends the process which looks at it."""

    @property
    def error(self):
        os._exit(9)

    def __init__(self, name):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "path", "")


def test_a_photo_that_ends_its_process_is_a_failure_and_the_run_goes_on(album):
    good = Photo("good", str(album / "00.jpg"))
    photos = iter([good, Deadly("deadly"), good, good])
    answers = list(classify_photos(photos, ClassifierOptions(), 2))
    assert [answer.photo for answer in answers] == ["good", "deadly", "good", "good"]
    assert answers[1] == Failure("deadly", "ended its process (out of memory?)")
    assert [len(answers[i].faces) for i in (0, 2, 3)] == [1, 1, 1]


def test_a_pool_that_breaks_as_it_takes_a_photo_loses_none(album, monkeypatch):
    pool = concurrent.futures.ProcessPoolExecutor
    submit, names = pool.submit, []

    def break_once(self, work, photo):
        names.append(photo.name)
        if names == ["a", "b"]:
            raise BrokenProcessPool
        return submit(self, work, photo)

    monkeypatch.setattr(pool, "submit", break_once)
    photos = (Photo(name, str(album / "00.jpg")) for name in "abc")
    answers = list(classify_photos(photos, ClassifierOptions(), 2))
    assert [(answer.photo, len(answer.faces)) for answer in answers] == [
        ("a", 1), ("b", 1), ("c", 1),
    ]  # fmt: skip
    assert names == ["a", "b", "a", "b", "c"]


def test_processes_end_with_the_one_that_started_them(album, tmp_path):
    """Killed, it cannot tell them; before, they waited for their next photo for good."""
    output = tmp_path / "out.jsonl"
    photos = [str(album / f"{i:02}.jpg") for i in range(9)]
    command = [*COMMAND, *photos, "-", "--jobs", "2", "--output", str(output)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not (output.exists() and output.read_bytes()):
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait()
    left = psutil.wait_procs(workers, timeout=60)[1]
    for worker in left:
        worker.kill()
    assert len(workers) >= 2
    assert left == []


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_standard_input_is_read_on_several_processes_too(album, jobs):
    arguments = [str(album / "00.jpg"), "-", "--jobs", jobs, "--format", "jsonl"]
    with ASTRONAUT.open("rb") as photo:
        done = subprocess.run([*COMMAND, *arguments], stdin=photo, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (OK, b"")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["photo"], second["photo"]) == (str(album / "00.jpg"), "-")
    assert (
        second["faces"]
        == json.loads(subprocess.check_output([*COMMAND, str(ASTRONAUT), "--format", "json"]))[
            "faces"
        ]
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_model_that_is_none_is_one_line_and_leaves_the_output(album, tmp_path, capfd, jobs):
    bad, output = tmp_path / "bad.tflite", tmp_path / "keep.csv"
    bad.write_bytes(b"no network")
    output.write_text("kept\n")
    arguments = [str(album), "--jobs", jobs, "--output", str(output)]
    for model, reason in (
        ("flaot16", "flaot16: no such file, and no artifact"),
        (str(bad), f"{bad}: not a TFLite file"),
    ):
        assert main([*arguments, "--model", model]) == CANNOT_RUN
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith(f"emoji-edge: {reason}")
        assert output.read_text() == "kept\n"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_too_large_for_the_memory_is_a_failure_and_the_run_goes_on(album, jobs):
    huge = album / "0.jpg"
    with huge.open("wb") as file:
        file.truncate(64 << 30)  # takes no room on the disk
    arguments = [str(huge), str(album / "00.jpg"), "--jobs", jobs, "--format", "jsonl"]
    command = shlex.join([*COMMAND, *arguments])
    limited = f"ulimit -v {16 << 20}; {command}"  # 16 GiB, whatever this machine has
    done = subprocess.run(limited, shell=True, capture_output=True, check=False)
    assert done.returncode == SOME_FAILED
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == {"photo": str(huge), "error": "too large for this device's memory"}
    assert len(second["faces"]) == 1
    assert done.stderr.decode() == f"emoji-edge: {huge}: too large for this device's memory\n"


def test_a_file_whose_length_python_cannot_hold_is_a_failure(monkeypatch):
    def fail(_: object) -> bytes:
        raise OverflowError("cannot fit 'int' into an index-sized integer")

    monkeypatch.setattr("pathlib.Path.read_bytes", fail)
    with pytest.raises(ImageError, match=r"^too large for this device's memory$"):
        read_photo(Photo("a", "a.jpg"))


@pytest.mark.parametrize(
    "error", [OSError(30, "Read-only file system"), ImportError("no _multiprocessing")]
)
def test_without_shared_memory_it_is_one_line_that_says_what_to_do(
    album, monkeypatch, capfd, error
):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", fail)
    output = album / "out.csv"
    output.write_text("kept\n")
    assert main([str(album), "--jobs", "2", "--output", str(output)]) == CANNOT_RUN
    assert output.read_text() == "kept\n"
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("emoji-edge: several processes need shared memory")
    assert line.endswith("or leave --jobs out")


def test_skip_done_counts_each_name():
    photos = [Photo(name) for name in "abab"]
    left = skip_done(iter(photos), Done(Counter("aab")))
    assert [photo.name for photo in left] == ["b"]


def run_until(arguments, output, rows) -> None:
    """Start the command and kill it without warning after it wrote so many lines."""
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if output.exists() and output.read_bytes().count(b"\n") >= rows:
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_killed_run_resumes_to_the_same_file(album, tmp_path, suffix):
    whole, part = tmp_path / f"whole.{suffix}", tmp_path / f"part.{suffix}"
    assert main([str(album), "--output", str(whole)]) == SOME_FAILED
    expected = whole.read_bytes()
    run_until([str(album), "--output", str(part)], part, 9)
    written = part.read_bytes()
    assert expected.startswith(written)
    assert 0 < len(written) < len(expected)
    assert main([str(album), "--output", str(part), "--resume"]) == SOME_FAILED
    assert part.read_bytes() == expected
    assert main([str(album), "--output", str(part), "--resume"]) == SOME_FAILED
    assert part.read_bytes() == expected


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_file_cut_anywhere_resumes_to_the_same_file(album, tmp_path, suffix, capfd):
    few = [str(album / f"0{i}.jpg") for i in range(3)]
    whole, part = tmp_path / f"whole.{suffix}", tmp_path / f"part.{suffix}"
    assert main([*few, "--output", str(whole)]) == OK
    expected = whole.read_bytes()
    cuts = [0, 1, *range(40, len(expected), 83), len(expected) - 1, len(expected)]
    for cut in cuts:
        part.write_bytes(expected[:cut])
        done = read_done(Plan(suffix, str(part), 3, read_model(whole, suffix)))
        assert expected[: done.length].count(b"\n") <= expected[:cut].count(b"\n")
    part.unlink()
    assert main([*few, "--output", str(part), "--resume"]) == OK
    assert part.read_bytes() == expected
    for cut in (0, 1, len(expected) // 2, len(expected) - 1):
        part.write_bytes(expected[:cut])
        assert main([*few, "--output", str(part), "--resume"]) == OK
        assert part.read_bytes() == expected


def read_model(path, suffix) -> str:
    text = path.read_text()
    if suffix == "jsonl":
        return json.loads(text.splitlines()[0])["model"]["sha256"]
    return next(csv.DictReader(io.StringIO(text)))["model_sha256"]


def test_a_photo_of_two_faces_is_never_done_by_half(album, tmp_path):
    path = tmp_path / "out.csv"
    main([str(album / "01.jpg"), "--output", str(path)])
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 3
    path.write_bytes(b"".join(lines[:2]))
    done = read_done(Plan("csv", str(path), 3, read_model(path, "csv")))
    assert (done.length, dict(done.photos)) == (0, {})


@pytest.mark.parametrize(
    "case",
    [
        ("x.csv", "a,b\n1,2\n", [], "is not csv of emoji-edge"),
        ("x.csv", ",".join(list_columns(3)) + "\n", ["--top", "2"], "with this --top"),
        ("x.jsonl", "[]\n", [], "is not jsonl of emoji-edge"),
        ("x.jsonl", '{"photo": "a", "faces": [], "model": {"sha256": "0f0f"}}\n', [],
         "was written with another model (0f0f)"),
    ],
)  # fmt: skip
def test_another_file_is_not_continued(tmp_path, capfd, case):
    name, text, options, reason = case
    path = tmp_path / name
    path.write_text(text)
    photo = tmp_path / "a.png"
    photo.write_bytes(encode(Image.new("RGB", (80, 80))))
    assert main([str(photo), "--output", str(path), "--resume", *options]) == CANNOT_RUN
    assert reason in capfd.readouterr().err
    assert path.read_text() == text


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
@pytest.mark.parametrize(
    "option",
    [
        ["--face", "whole"], ["--rank-by", "label_scores"], ["--threshold", "0.5"],
        ["--smallest-face", "40"], ["--no-tiles"],
    ],
)  # fmt: skip
def test_a_run_with_other_options_is_not_continued(album, tmp_path, capfd, suffix, option):
    path = tmp_path / f"out.{suffix}"
    first, second = str(album / "00.jpg"), str(album / "01.jpg")
    for begun, continued in (([], option), (option, [])):
        path.unlink(missing_ok=True)
        assert main([first, "--output", str(path), *begun]) == OK
        written = path.read_bytes()
        assert main([first, second, "--output", str(path), "--resume", *continued]) == CANNOT_RUN
        error = capfd.readouterr().err
        assert error.startswith(f"emoji-edge: {path}: was written with ")
        assert option[0] in error
        assert path.read_bytes() == written
        assert main([first, second, "--output", str(path), "--resume", *begun]) == OK


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
@pytest.mark.parametrize("names", [["03", "00", "07"], ["00", "03", "07", "01"]])
def test_photos_that_failed_and_were_mended_are_tried_again(album, tmp_path, suffix, names, capfd):
    path, expected = tmp_path / f"out.{suffix}", tmp_path / f"expected.{suffix}"
    photos = [str(album / f"{name}.jpg") for name in names]
    assert main([*photos, "--output", str(path)]) == SOME_FAILED
    (album / "03.jpg").write_bytes((album / "01.jpg").read_bytes())
    assert main([*photos, "--output", str(expected)]) == SOME_FAILED
    photos.append(str(album / "02.jpg"))  # and one more, which continues the file
    capfd.readouterr()
    assert main([*photos, "--output", str(path), "--resume"]) == SOME_FAILED
    assert capfd.readouterr().err == f"emoji-edge: {album / '07.jpg'}: not a picture\n"
    assert path.read_bytes().startswith(expected.read_bytes())
    assert path.read_bytes().count(b"02.jpg") == 1
    (album / "07.jpg").write_bytes((album / "00.jpg").read_bytes())
    assert main([*photos, "--output", str(path), "--resume"]) == OK
    assert main([*photos, "--output", str(expected)]) == OK
    assert path.read_bytes() == expected.read_bytes()
    assert [*tmp_path.glob("*.partial")] == []


def test_read_done_of_a_file_that_is_not_there(tmp_path):
    assert read_done(Plan("csv", str(tmp_path / "none.csv"), 3, "")) == Done()
    with pytest.raises(ResumeError, match="cannot be read"):
        read_done(Plan("csv", str(tmp_path), 3, ""))


def test_a_progress_bar_on_a_terminal_only(album, tmp_path):
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    arguments = [str(album), "--output", str(tmp_path / "o.csv")]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:  # Linux's end of a terminal
        pass
    os.close(master)
    assert process.wait() == SOME_FAILED
    assert b"40/40" in shown
    assert shown.count(b"emoji-edge: ") == 10
    quiet = subprocess.run([*COMMAND, *arguments], capture_output=True, check=False)
    assert quiet.stdout == b""
    assert len(quiet.stderr.splitlines()) == 10
