"""Ask other packages which faces they see on photos: paths as lines in, faces as JSON lines out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from .peer_environment import ROOT, make_peer_environment

MANY = 100  # faces of a picture, where a package takes one by default
FER = """
import json, sys
from importlib.metadata import version
import cv2
from fer.fer import FER
detector = FER(mtcnn=True)
for line in sys.stdin:
    path = line.rstrip("\\n")
    faces = [
        {"box": [int(x), int(y), int(x + w), int(y + h)],
         "scores": {name: float(score) for name, score in face["emotions"].items()}}
        for face in detector.detect_emotions(cv2.imread(path))
        for x, y, w, h in [face["box"]]
    ]
    print(json.dumps({"package": "fer", "version": version("fer"), "photo": path, "faces": faces}))
"""
FIND = """
import json, sys
from importlib.metadata import version
import cv2
from fer.fer import FER
detector = FER(mtcnn=sys.argv[1] == "mtcnn")
for line in sys.stdin:
    path = line.rstrip("\\n")
    found = detector.find_faces(cv2.imread(path), bgr=True)
    faces = [{"box": [int(x), int(y), int(x + w), int(y + h)]} for x, y, w, h in found]
    print(json.dumps({"package": "fer", "version": version("fer"), "photo": path, "faces": faces}))
"""
Found = dict[str, Any]


def list_peers() -> dict[str, list[str]]:
    """The command of each other package: paths as lines in, faces as JSON lines out."""
    browser = [sys.executable, "-m", "web.bench.peer_faces"]
    return {
        "fer": [str(make_peer_environment()), "-c", FER],
        "face-api": [*browser, "@vladmandic/face-api"],
        "human": [*browser, "@vladmandic/human"],
    }


def ask_peer(command: list[str], paths: list[str], kept: Path) -> list[Found]:
    """Ask another package about photos, less those whose faces are kept in a file from before."""
    known: dict[str, Found] = {}
    if kept.exists():
        lines = kept.read_text(encoding="utf-8").splitlines()
        known = {line["photo"]: line for line in map(json.loads, lines)}
    asked = [path for path in paths if path not in known]
    if asked:
        with kept.open("a", encoding="utf-8") as file:
            for line in run_peer(command, asked):
                known[line["photo"]] = line
                file.write(json.dumps(line) + "\n")
                file.flush()
    return [known[path] for path in paths]


def run_peer(command: list[str], paths: list[str]) -> Iterator[Found]:
    """Run a program that takes paths as lines and gives faces as JSON lines."""
    with TemporaryFile("w+") as given:
        given.write("".join(f"{path}\n" for path in paths))
        given.seek(0)
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=given, stdout=pipe, text=True, cwd=ROOT) as program:
            assert program.stdout is not None
            for line in program.stdout:
                if line.startswith("{"):
                    yield json.loads(line)
    if program.returncode:
        raise SystemExit(f"error: a peer failed with status {program.returncode}")


def list_finders() -> dict[str, list[str]]:
    """The command of each other package's face detector, by the same rules."""
    python = str(make_peer_environment())
    browser = [sys.executable, "-m", "web.bench.peer_faces"]
    return {
        "fer, Haar": [python, "-c", FIND, "haar"],
        "fer, MTCNN": [python, "-c", FIND, "mtcnn"],
        "human, BlazeFace": [*browser, "@vladmandic/human", "--most", str(MANY)],
    }
