"""The command with standard streams that are closed, or that have no bytes under them."""

import contextlib
import io
import json
import os
import subprocess
import sys

import pytest
from emoji_edge import Classifier
from emoji_edge.cli import main
from emoji_edge.cli.progress import open_progress
from emoji_edge.console import CANNOT_RUN, OK, SOME_FAILED
from emoji_edge.runtime import silence_runtime

from tests.helpers.photos import ASTRONAUT
from tests.helpers.videos import happy_shot, steady, write_video

COMMAND = f"{sys.executable} -m emoji_edge"


def run_shell(line: str) -> subprocess.CompletedProcess:
    """Run a line of the shell, where streams can be closed."""
    return subprocess.run(line, shell=True, capture_output=True, check=False)


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_the_work_is_done_without_the_others(closed):
    done = run_shell(f"{COMMAND} {ASTRONAUT} --format json {closed}")
    assert (done.returncode, done.stderr) == (OK, b"")
    assert len(json.loads(done.stdout)["faces"]) == 1


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_is_written_whatever_is_closed(tmp_path, closed, jobs):
    """Else the file gets the number of a stream, and what the runtime says goes into it."""
    broken, path = tmp_path / "broken.jpg", tmp_path / "out.jsonl"
    broken.write_bytes(b"broken")
    done = run_shell(f"{COMMAND} {broken} {ASTRONAUT} --jobs {jobs} --output {path} {closed}")
    assert done.returncode == SOME_FAILED
    assert "Traceback" not in done.stderr.decode()
    first, second = map(json.loads, path.read_text().splitlines())
    assert first["error"] == "not a picture"
    assert len(second["faces"]) == 1


@pytest.mark.parametrize("arguments", ["", "--info", "--version", "--self-test"])
def test_nothing_to_write_to_is_no_error(arguments):
    photo = "" if arguments else str(ASTRONAUT)
    model = "--model float32" if arguments == "--self-test" else ""
    done = run_shell(f"{COMMAND} {photo} {arguments} {model} >&-")
    assert (done.returncode, done.stderr) == (OK, b"")


def test_a_failure_is_an_exit_status_where_it_cannot_be_said(tmp_path):
    assert run_shell(f"{COMMAND} {tmp_path}/gone.jpg 2>&-").returncode == SOME_FAILED
    assert run_shell(f"{COMMAND} a.jpg --model gone 2>&-").returncode == CANNOT_RUN
    assert run_shell(f"{COMMAND} --nonsense 2>&-").returncode == CANNOT_RUN


def test_a_closed_standard_input_is_a_failure_of_that_photo():
    done = run_shell(f"{COMMAND} - {ASTRONAUT} --format jsonl <&-")
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == SOME_FAILED
    assert first == {"photo": "-", "error": "standard input is closed"}
    assert len(second["faces"]) == 1


@pytest.mark.parametrize("kind", ["table", "json", "jsonl", "csv"])
def test_streams_of_text_get_what_a_terminal_gets(kind):
    expected = run_shell(f"{COMMAND} {ASTRONAUT} --format {kind}").stdout.decode()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main([str(ASTRONAUT), "--format", kind]) == OK
        assert main(["/nowhere.jpg"]) == SOME_FAILED
    assert out.getvalue() == expected
    assert (
        err.getvalue() == "emoji-edge: /nowhere.jpg: cannot be read (No such file or directory)\n"
    )


def test_no_streams_at_all(monkeypatch, tmp_path):
    """As under pythonw or a service."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    path = tmp_path / "out.json"
    assert main([str(ASTRONAUT)]) == OK
    assert main([str(ASTRONAUT), "--output", str(path)]) == OK
    assert main(["-"]) == SOME_FAILED
    assert len(json.loads(path.read_text())["faces"]) == 1


@pytest.mark.parametrize("stream", [io.BytesIO, lambda data: io.TextIOWrapper(io.BytesIO(data))])
def test_standard_input_may_be_any_stream_of_bytes(monkeypatch, capfd, stream):
    monkeypatch.setattr(sys, "stdin", stream(ASTRONAUT.read_bytes()))
    assert main(["-", "--format", "json"]) == OK
    assert len(json.loads(capfd.readouterr().out)["faces"]) == 1


def test_standard_input_of_text_is_a_failure_of_that_photo(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stdin", io.StringIO("a photo"))
    assert main(["-"]) == SOME_FAILED
    assert capfd.readouterr().err == "emoji-edge: -: standard input has no bytes\n"


def test_the_library_loads_with_a_closed_standard_error():
    code = (
        "import os; os.close(2); from emoji_edge import Classifier;"
        "from emoji_edge.classify import ClassifierOptions;"
        f"print(len(ClassifierOptions().build().classify({str(ASTRONAUT)!r}).faces))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"1\n")


def test_silence_gives_standard_error_back(capfd):
    with silence_runtime():
        Classifier()
    print("heard", file=sys.stderr, flush=True)
    assert capfd.readouterr().err == "heard\n"


@pytest.fixture(scope="module")
def two_clips(tmp_path_factory):
    """A folder with two videos of one frame."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("a.mkv", "b.mkv"):
        write_video(folder / name, steady([happy_shot()], 10), "ffv1", "bgr0")
    return folder


def test_a_closed_pipe_for_the_summaries_does_not_end_a_run_with_a_file(tmp_path, two_clips):
    status, path = tmp_path / "status", tmp_path / "t.csv"
    done = run_shell(f"({COMMAND} {two_clips} --output {path}; echo $? > {status}) | true")
    assert (done.stderr, status.read_text()) == (b"", "0\n")
    rows = path.read_text().splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == [f"{two_clips}/{n}.mkv" for n in "ab"]


def test_an_encoding_without_emoji_does_not_end_a_run_with_a_file(tmp_path, two_clips):
    path = tmp_path / "t.csv"
    done = run_shell(f"PYTHONIOENCODING=cp1252 {COMMAND} {two_clips} --output {path}")
    assert (done.returncode, done.stderr) == (OK, b"")
    assert path.read_text().count("\n") == 3
    assert done.stdout.decode("utf-8").count("1 frame, 1 track") == 2


@pytest.mark.parametrize("bar", [True, False])
def test_a_summary_that_nobody_reads_is_dropped(monkeypatch, bar):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream, open_progress(bar, 2) as progress:
        monkeypatch.setattr(sys, "stdout", stream)
        progress.show("a summary")
        progress.show("and another")
        monkeypatch.undo()
