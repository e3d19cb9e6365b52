"""The guides for those who come from elsewhere and for the Raspberry Pi: what they show, runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from emoji_edge import Classifier, load_contract

from tests.helpers.photos import encode, make_scene

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BIN = Path(sys.executable).parent
CONTRACT = load_contract()
SIZE = (640, 480)


def list_blocks(name: str, language: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def photo() -> bytes:
    return encode(make_scene(SIZE, (40, 30, 240), (380, 100, 200)), "JPEG")


@pytest.fixture(scope="module")
def calls() -> dict:
    """What the snippets of coming-from.md define, run in their order as one program."""
    names: dict = {}
    exec("\n".join(list_blocks("coming-from.md", "python")), names)
    return names


def test_the_snippets_give_the_shapes_of_the_other_packages(calls, photo):
    result = Classifier(top=7).classify(photo)
    assert len(result.faces) == 2
    face = result.faces[0]
    x0, y0, x1, y1 = face.box
    scores = {e.label: e.score for e in face.expressions}

    first, _ = calls["detect_emotions"](photo)
    assert first["box"] == [round(v) for v in (x0, y0, x1 - x0, y1 - y0)]
    assert first["emotions"] == {label: round(score, 2) for label, score in scores.items()}

    first, _ = calls["analyze"](photo)
    assert first["dominant_emotion"] == face.expressions[0].label
    assert sum(first["emotion"].values()) == pytest.approx(100, abs=0.01)
    assert set(first["region"]) == {"x", "y", "w", "h"}
    assert first["face_confidence"] == face.detection

    first, _ = calls["detect_faces"](photo)["FaceDetails"]
    box = first["BoundingBox"]
    assert (box["Left"] + box["Width"]) * SIZE[0] == pytest.approx(x1)
    assert (box["Top"] + box["Height"]) * SIZE[1] == pytest.approx(y1)
    assert {e["Type"] for e in first["Emotions"]} == set(calls["TYPES"].values())
    assert first["Confidence"] == pytest.approx(100 * face.detection)


def test_the_tables_name_every_expression(calls):
    text = (DOCS / "coming-from.md").read_text(encoding="utf-8")
    assert all(f"| `{label}` |" in text for label in CONTRACT.labels)
    assert set(calls["TYPES"]) == set(CONTRACT.labels)


@pytest.mark.parametrize("line", "".join(list_blocks("raspberry-pi.md", "sh")).splitlines())
def test_a_pipe_hands_on_each_result_as_one_line(line, tmp_path, photo):
    frames = tmp_path / "frames"
    frames.write_bytes(3 * photo)
    # A broker's program and a web client that keep what they get.
    for name, keep in (("mosquitto_pub", "cat"), ("curl", 'printf "%s\\n" "$3"')):
        (tmp_path / name).write_text(f'#!/bin/sh\n{keep} >> "{tmp_path}/got"\n')
        (tmp_path / name).chmod(0o755)
    camera = f"--camera --camera-command 'cat {frames}'"
    command = line.replace("--camera --every 2", f"{camera} --every 0")
    assert command != line
    path = f"{tmp_path}:{BIN}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-c", command], env=os.environ | {"PATH": path}, capture_output=True,
        check=False, timeout=120,
    )  # fmt: skip
    lines = (tmp_path / "got").read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(line.startswith('{"photo":') and line.endswith("}") for line in lines)
