"""What a release holds: the same source gives the same files, and the wheel works alone."""

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tarfile
import zipfile
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
    assert len(sums) == 6
    for name, sha256 in sums.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == sha256


def test_the_parts_list_names_what_the_wheel_asks_for(release):
    parts = json.loads((release / "sbom.cdx.json").read_text())
    versions = {part["name"]: part["version"] for part in parts["components"]}
    assert {"ai-edge-litert", "flask", "numpy", "pillow", "waitress"} <= set(versions)
    assert versions["flask"] == importlib.metadata.version("flask")
    assert "tensorflow-cpu" not in versions


def test_the_npm_package_is_the_same_each_time_and_has_its_parts_list(release, tmp_path):
    (archive,) = release.glob("emoji-edge-*.tgz")
    subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(tmp_path)],
        cwd=ROOT / "web/pipeline", check=True, capture_output=True,
    )  # fmt: skip
    assert (tmp_path / archive.name).read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as package:
        names = set(package.getnames())
        manifest = json.load(package.extractfile("package/package.json"))
    assert {"package/README.md", "package/dist/emoji-face.js", "package/dist/LICENSE"} <= names
    parts = json.loads((release / "sbom-npm.cdx.json").read_text())
    versions = {part["name"]: part["version"] for part in parts["components"]}
    assert manifest["dependencies"].items() <= versions.items()
    assert "sharp" not in versions


def test_twine_finds_nothing_and_would(release, tmp_path):
    twine = [Path(sys.executable).parent / "twine", "check", "--strict"]
    files = sorted(map(str, release.glob("emoji_edge-*")))
    assert len(files) == 2
    done = subprocess.run([*twine, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    damaged = tmp_path / find_wheel(release).name
    with zipfile.ZipFile(find_wheel(release)) as wheel, zipfile.ZipFile(damaged, "w") as other:
        for name in wheel.namelist():
            text = wheel.read(name)
            other.writestr(name, text[: text.index(b"\n\n")] if name.endswith("METADATA") else text)
    assert subprocess.run([*twine, damaged], capture_output=True, check=False).returncode == 1


def test_the_source_distribution_gives_the_same_wheel(release, tmp_path):
    (source,) = release.glob("emoji_edge-*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
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
