"""Read and write models/report.json, where every measured number stands.

Each section has one writer, which replaces its own section only. The documents' tables are rendered
from it: `models.render.artifacts` and `models.render.training` have a function for each block.
"""

import json
import os
import tempfile
from pathlib import Path

REPORT = Path(__file__).parent / "report.json"
SECTIONS = (
    "data", "history", "evaluation", "crops", "faces", "artifacts", "photos", "page_photos",
    "odd_files", "consistency",
    "benchmark", "benchmark_server", "benchmark_page", "benchmark_video", "arm", "peers", "cluster",
)  # fmt: skip
SHOWN = ("PrivateTest", "PublicTest", "Validation")  # the first one present is shown


class ReportError(Exception):
    """The report cannot be read or written; the message names the file and says why."""


def read_report(path: Path = REPORT) -> dict:
    """Read the whole report; it is empty when there is no file yet."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ReportError(f"{path}: not JSON ({error})") from None


def check_writable(path: Path) -> None:
    """Raise ReportError unless the report can be written, so that long work is not lost."""
    read_report(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ReportError(f"{path}: cannot be written ({error.strerror})") from None


def write_section(path: Path, name: str, section: dict) -> None:
    """Replace one section and leave the others as they are; the file is never half written."""
    if name not in SECTIONS:
        raise ValueError(f"no section {name!r} in the report, expected one of {SECTIONS}")
    report = read_report(path) | {name: section}
    ordered = {key: report[key] for key in SECTIONS if key in report}
    try:
        write_whole(path, (json.dumps(ordered, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise ReportError(f"{path}: cannot be written ({error.strerror})") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and make its folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def choose_split(evaluation: dict) -> str:
    """Choose the split to show: held-out data before the part that settings were chosen on."""
    for name in SHOWN:
        if name in evaluation["splits"]:
            return name
    raise ReportError("the report's section `evaluation` holds no split")


def make_table(head: list[str], rows: list[list[str]]) -> str:
    """Lay out a Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
