"""The wheel: all that the runner needs is inside, and nothing heavy is asked for."""

import email
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from emoji_edge.contract import load_contract

from tests.helpers.photos import ASTRONAUT

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the wheel's contents, as pip unpacks it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run_installed(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder.parent, env={"PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_holds_what_the_contract_names(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    models = {CONTRACT.artifacts["tflite"][name] for name in CONTRACT.artifacts["tflite"]}
    models |= {detector.file for detector in CONTRACT.detectors.values()}
    models |= {"contract.json", "contract.schema.json", "golden/golden.json", "face/README.md"}
    assert {f"emoji_edge/models/{name}" for name in models} <= names
    assert {f"emoji_edge/emoji/{ord(emoji):x}.png" for emoji in CONTRACT.emoji.values()} <= names
    assert {"emoji_edge/emoji/LICENSE.txt", "emoji_edge/py.typed"} <= names
    strange = [name for name in names if name.startswith(("training", "convert", "tests", "web"))]
    assert strange == []
    assert not any("tfjs" in name for name in names if name.startswith("emoji_edge/models"))
    assert not any(name.endswith(".h5") for name in names)


def test_it_asks_for_nothing_heavy(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    needs = [need for need in metadata.get_all("Requires-Dist") if "extra ==" not in need]
    packages = {need.split(";")[0].split(">")[0].split("=")[0].strip() for need in needs}
    light = {"numpy", "pillow", "tqdm", "fastjsonschema"}
    assert packages == light | {"ai-edge-litert", "tflite-runtime"}


def test_it_answers_from_its_own_models(installed):
    info = run_installed(installed, "-m", "emoji_edge", "--info")
    assert info.returncode == 0, info.stderr
    assert f"models     {installed}/emoji_edge/models\n" in info.stdout
    answer = run_installed(installed, "-m", "emoji_edge", str(ASTRONAUT))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == 3
    test = run_installed(installed, "-m", "emoji_edge", "--self-test", "--model", "float32")
    assert test.stdout.splitlines()[-1] == "self-test passed"


def test_a_photo_loads_nothing_heavy(installed):
    code = (
        "import sys; from emoji_edge.cli import main; main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'keras', 'scipy', 'flask', 'tqdm', 'multiprocessing'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = run_installed(installed, "-c", code, str(ASTRONAUT))
    assert done.stdout.splitlines()[-1] == "[]"
