"""Read and write models/report.json, where every measured number stands.

Each section has one writer, which replaces its own section only. The documents' tables are rendered
from it: `convert.ledger` and `training.card` have a function for each block.
"""

import json
import os
from pathlib import Path

REPORT = Path(__file__).parents[1] / "models" / "report.json"
SECTIONS = (
    "data", "history", "evaluation", "artifacts", "sibling", "photos", "consistency", "benchmark",
    "benchmark_server", "benchmark_page", "arm", "peers", "cluster",
)  # fmt: skip


def read_report(path: Path = REPORT) -> dict:
    """The whole report; empty when there is no file yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_section(path: Path, name: str, section: dict) -> None:
    """Replace one section and leave the others as they are; the file is never half written."""
    if name not in SECTIONS:
        raise ValueError(f"no section {name!r} in the report, expected one of {SECTIONS}")
    report = read_report(path) | {name: section}
    ordered = {key: report[key] for key in SECTIONS if key in report}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, path)


def make_table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
