"""The leaderboard, training/runs.csv: a row a run, what it changed and what came of it."""

import csv
import json
from pathlib import Path

LOG = Path(__file__).parent / "runs.csv"
COLUMNS = (
    "run", "note", "phases", "epochs", "parameters", "multiply_adds", "minutes", "validation_votes",
    "validation_labels", "validation_divergence", "public_votes", "public_labels",
    "public_divergence", "commit",
)  # fmt: skip
TEXTS = ("run", "note", "phases", "commit")


def read_runs(log: Path = LOG) -> list[dict]:
    """Read the leaderboard: texts as texts, numbers as numbers, empty cells as None."""
    if not log.exists():
        return []
    with open(log, newline="", encoding="utf-8") as file:
        return [
            {
                key: value if key in TEXTS else json.loads(value or "null")
                for key, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def write_run(log: Path, row: dict) -> None:
    """Add the run's row to the leaderboard, in the place of an older one of the same name."""
    rows = read_runs(log)
    names = [old["run"] for old in rows]
    if row["run"] in names:
        rows[names.index(row["run"])] = row
    else:
        rows.append(row)
    with open(log, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
