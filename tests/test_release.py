"""What a release holds: the same source gives the same files, and the wheel works alone."""

import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(source: Path, folder: Path, *targets: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *targets, "-d", str(folder)],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    """The folder that `make release` fills."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    done = subprocess.run(
        ["make", "--no-print-directory", "release", f"DIST={folder}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def find_wheel(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_checksums_are_those_of_every_file(release):
    lines = (release / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split()) for line in lines)
    assert set(sums) == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    assert len(sums) == 3
    for name, sha256 in sums.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == sha256


def test_the_source_distribution_gives_the_same_wheel(release, tmp_path):
    (source,) = release.glob("emoji_edge-*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert not (folder / "models/benchmark").exists()  # for comparison alone
    for file in folder.rglob("*.py"):
        os.utime(file)  # a later checkout
    build(folder, tmp_path / "again", "-t", "wheel")
    assert find_wheel(tmp_path / "again").read_bytes() == find_wheel(release).read_bytes()


def test_the_page_is_whole_and_names_no_one(release):
    (page,) = release.glob("emoji-web-*.tar.gz")
    with tarfile.open(page) as archive:
        members = archive.getmembers()
    names = {member.name for member in members}
    assert {"./index.html", "./dashboard.html"} <= names
    assert {(member.uid, member.gid, member.mtime) for member in members} == {(0, 0, 0)}


def test_the_wheel_alone_passes_its_self_test(release, tmp_path):
    python = tmp_path / "alone/bin/python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", python.parents[1]], check=True)
    subprocess.run(
        [Path(sys.executable).parent / "uv", "pip", "install", "--quiet", "--python", python,
         find_wheel(release)], check=True,
    )  # fmt: skip
    done = subprocess.run(
        [python.parent / "emoji-edge", "--self-test"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "self-test passed", done.stdout + done.stderr
