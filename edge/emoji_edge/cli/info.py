"""The command about itself: version, networks with their measured accuracy, runtime, licences."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import PIL

from ..console import OK, say_line
from ..contract import Contract, find_models
from ..network import hash_file
from ..runtime import describe_device, describe_runtime
from .options import Options

LICENCES = "program and network MIT, face detectors Apache-2.0, emoji pictures OFL-1.1"


def show_version(_options: Options, _contract: Contract) -> int:
    """Print the name and version of the program; returns the exit status."""
    say_line(read_version())
    return OK


def show_info(_options: Options, contract: Contract) -> int:
    """Print what is installed: networks with hashes and accuracy, runtime, licences."""
    models = find_models()
    measured = read_report(models)
    say_line(f"{read_version()} on {describe_device()}")
    say_line(
        f"runtime    {describe_runtime()}, numpy {numpy.__version__}, Pillow {PIL.__version__}"
    )
    say_line(f"models     {models}")
    say_line(f"labels     {', '.join(contract.labels)}")
    default = contract.artifacts["default"]["tflite"]
    for name, file in contract.artifacts["tflite"].items():
        mark = " (default)" if name == default else ""
        say_line(f"{name}{mark}")
        for line in describe_artifact(models / file, measured.get(file, {})):
            say_line(f"           {line}")
    say_line(f"licences   {LICENCES}")
    return OK


def read_version() -> str:
    """Name and version of the installed program."""
    import importlib.metadata  # takes a while

    return f"emoji-edge {importlib.metadata.version('emoji-edge')}"


def read_report(models: Path) -> dict[str, Any]:
    """What the report says of each artifact's file; empty where there is no report."""
    try:
        text = (models / "report.json").read_text(encoding="utf-8")
        return json.loads(text)["artifacts"]["files"]
    except (OSError, ValueError, KeyError):
        return {}


def describe_artifact(path: Path, measured: dict[str, Any]) -> Iterator[str]:
    """Yield size, sha256 and measured accuracy of an artifact, as lines."""
    if not path.exists():
        yield f"{path} is missing"
        return
    sha256 = hash_file(path)
    yield f"{path.stat().st_size:,} bytes, sha256 {sha256}"
    if measured and measured["sha256"] != sha256:
        yield "not the file that was measured: its sha256 is not the report's"
        return
    runs = [run["evaluation"] for run in measured.get("runs", []) if "evaluation" in run]
    if not runs:
        yield "accuracy not measured"
        return
    right = {head: runs[0][head]["accuracy"] for head in ("scores", "label_scores")}
    yield (
        f"FER-2013 PublicTest: scores agree with {100 * right['scores']:.1f} % of FER+'s majority"
        f" votes, label_scores with {100 * right['label_scores']:.1f} % of the labels"
    )
