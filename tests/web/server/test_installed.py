"""The wheel in an environment of its own: its command serves the page and the API."""

import email
import json
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from emoji_edge import Classifier
from emoji_edge.cli.options import build_parser
from emoji_edge.contract import load_contract

from tests.helpers.running_server import make_photo
from web.server.process import ROOT

TOOLS = Path(sys.executable).parent
SOURCES = ("edge", "models", "web/server", "web/page/headers.json", "pyproject.toml", "README.md",
           "LICENSE", "CHANGELOG.md")  # fmt: skip
PAGE = "<title>a built page</title>"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with wheel and sdist, built where a page has been built."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", "--reflink=auto", ROOT / name, source / name], check=True)
    (source / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    assets = source / "web/dist/assets"
    assets.mkdir(parents=True)
    (source / "web/dist/index.html").write_text(PAGE)
    (assets / "index-1.js").write_text("1")
    folder = source / "dist"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The programs of an environment with the wheel and its extra `serve`, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    subprocess.run(
        [TOOLS / "uv", "pip", "install", "--quiet", "--python", folder / "bin/python",
         f"{wheel}[serve]"], check=True,
    )  # fmt: skip
    return folder / "bin"


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read()


def test_the_command_serves_the_page_and_the_api_from_an_empty_folder(installed, tmp_path):
    process = subprocess.Popen(
        [installed / "emoji-edge-serve", "--port", "0", "--threads", "1"],
        cwd=tmp_path, env={}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = re.search(r"http:\S+", process.stdout.readline())[0]
        assert get(address).decode() == PAGE
        assert get(f"{address}assets/index-1.js") == b"1"
        assert b'name="photo"' in get(f"{address}upload")
        assert b"font-family" in get(f"{address}static/server.css")
        photo = make_photo()
        request = urllib.request.Request(
            f"{address}api/predict", photo, {"Content-Type": "image/jpeg"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert json.load(answer) == Classifier().classify(photo).to_dict()
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()
    assert list(tmp_path.iterdir()) == []


def run(*command: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=120, **options
    )


def test_what_cannot_run_is_one_line_and_status_2(installed, wheel, tmp_path):
    wrong = run(installed / "emoji-edge-serve", "--port", "99999")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: Invalid value for '--port'")
    keras = run(installed / "emoji-edge-serve", "--backend", "keras", "--model", wheel)
    assert keras.returncode == 2
    assert keras.stderr.startswith("error: the Keras backend needs Keras and TensorFlow, and the")
    checkout = run(TOOLS / "emoji-edge-serve")
    assert checkout.returncode == 2
    assert checkout.stderr == "error: this is a checkout, whose server is `python -m web.server`\n"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "import sys; sys.modules['click'] = None; import emoji_edge.serve as it; exit(it.main())"
    bare = run(sys.executable, "-c", code, cwd=tmp_path)
    assert bare.returncode == 2
    assert bare.stderr == "error: click is missing: pip install 'emoji-edge[serve]'\n"


def test_the_other_command_runs_as_a_program_and_as_a_module(installed, tmp_path):
    for command in ([installed / "emoji-edge"], [installed / "python", "-m", "emoji_edge"]):
        done = run(*command, "--version", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "0.1.0" in done.stdout


def test_help_knows_the_name_of_the_command(installed):
    done = run(installed / "emoji-edge-serve", "--help")
    assert done.stdout.startswith("Usage: emoji-edge-serve [OPTIONS]")


def test_manual_and_completions_know_every_option(installed):
    share = installed.parent / "share"
    files = [
        share / "man/man1/emoji-edge.1",
        share / "bash-completion/completions/emoji-edge",
        share / "zsh/site-functions/_emoji-edge",
    ]
    parser = build_parser(load_contract())
    options = set(re.findall(r"(?m)^  (--[\w-]+)", parser.format_help()))
    assert len(options) >= 15
    for file in files:
        text = file.read_text().replace("\\-", "-")
        missing = sorted(option for option in options if option not in text)
        assert missing == [], f"{file.name}: run python -m edge.manual"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_an_option(installed):
    script = installed.parent / "share/bash-completion/completions/emoji-edge"
    code = (
        f"source {script}; COMP_WORDS=(emoji-edge --rank-by lab); COMP_CWORD=2;"
        "_shtab_emoji_edge emoji-edge lab --rank-by; echo ${COMPREPLY[@]}"
    )
    done = run("bash", "-c", code)
    assert done.stdout.split() == ["label_scores"], done.stderr


def test_what_would_be_uploaded_is_whole(built, wheel):
    done = run(TOOLS / "twine", "check", "--strict", *built.iterdir())
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (name,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    assert "emoji_edge/py.typed" in names
    assert "emoji_edge/server/process.py" not in names
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert len(metadata["Keywords"].split(",")) >= 5
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert {"serve", "cluster", "video"} <= set(metadata.get_all("Provides-Extra"))
