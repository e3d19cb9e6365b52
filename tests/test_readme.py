"""Every command of the README runs, here or in the test that is named for it."""

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from fractions import Fraction
from pathlib import Path

import pytest

from tests.helpers.photos import encode, make_scene, open_astronaut
from tests.helpers.videos import happy_shot, write_video
from web.server.process import ROOT, run_server

README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
PROVED = "tests/convert/conftest.py"
# Run by another test, as they take long or need data; with the words that do it there.
ELSEWHERE = {
    "make test": (".ci/run", "exec make test"),
    "make site": ("tests/conftest.py", '"make", "--no-print-directory", "site"'),
    "pip install .": ("tests/test_release.py", '"pip", "install"'),
    "make train DATA=path/to/fer2013 RUN=mine": ("tests/training/test_train.py", "train.main("),
    "make convert DATA=path/to/fer2013": ("tests/convert/conftest.py", "convert(["),
    "make verify DATA=path/to/fer2013": ("tests/convert/conftest.py", "verify(["),
    "make convert MODEL=path/to/model.h5 OUT=path/to/artifacts": (
        "tests/convert/conftest.py",
        "convert([",
    ),
}


def list_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def list_commands() -> list[str]:
    lines = [line for block in list_blocks("sh") for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the README's reader has: a photo, a folder of photos, and a video."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "photos/more").mkdir(parents=True)
    photo = encode(open_astronaut(), "JPEG")
    for name in ("photo.jpg", "photos/one.jpg", "photos/more/two.jpg"):
        (folder / name).write_bytes(photo)
    (folder / "photos/none.png").write_bytes(encode(make_scene((300, 200))))
    write_video(folder / "clip.mp4", [(Fraction(n, 10), happy_shot()) for n in range(3)], "libx264")
    return folder


def run(command: str | list[str], folder: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        command if isinstance(command, list) else shlex.split(command),
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", [c for c in list_commands() if c.startswith("emoji-edge")])
def test_a_command_of_the_runner_runs(command, folder):
    done = run(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    if "timeline.csv" in command:
        rows = (folder / "timeline.csv").read_text(encoding="utf-8").splitlines()
        assert [row.split(",")[:3] for row in rows[1:]] == [
            ["clip.mp4", "0", "0.0"], ["clip.mp4", "1", "0.1"], ["clip.mp4", "2", "0.2"],
        ]  # fmt: skip
    elif "--output" in command:
        rows = (folder / "result.csv").read_text(encoding="utf-8").splitlines()
        names = [Path(row.split(",")[0]).name for row in rows[1:]]
        assert names == ["none.png", "one.jpg", "two.jpg"]


def test_the_api_example_runs(folder):
    (command,) = [c for c in list_commands() if c.startswith("curl")]
    with run_server("--threads", "1") as server:
        done = run(command.replace(":8000", f":{server.port}"), folder)
    assert '"expressions"' in done.stdout, done.stderr


def test_the_library_example_runs(folder):
    (code,) = list_blocks("python")
    done = run([sys.executable, "-c", code], folder)
    assert done.returncode == 0, done.stderr
    assert "%" in done.stdout


def test_make_serve_serves_the_page_and_the_api(built_site):
    process = subprocess.Popen(
        ["make", "--no-print-directory", "serve", "PORT=0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        address = next(match[0] for line in process.stdout if (match := ADDRESS.search(line)))
        for path, words in (("", b"Emoji the Possibilities"), ("healthz", b"ok")):
            with urllib.request.urlopen(address + path) as answer:
                assert words in answer.read()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        process.stdout.close()


def test_make_alone_lists_the_targets_that_the_documents_name(folder):
    listed = run(["make", "-C", str(ROOT)], folder).stdout
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))
    assert {name for name in named if f"\n{name} " not in f"\n{listed}"} == set()


def test_every_other_command_has_a_test():
    here = ("emoji-edge", "curl", "make serve")
    others = [c for c in list_commands() if not c.startswith(here) and c != "make"]
    assert set(others) == set(ELSEWHERE)
    for file, words in ELSEWHERE.values():
        assert words in (ROOT / file).read_text(encoding="utf-8"), (file, words)


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", README)
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
