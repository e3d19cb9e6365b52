"""Enter a run into the leaderboard: what it changed, and what came of it.

    python -m training.runs DATA --run NAME --note "what it changes"

Measures both heads (one crop, before calibration) on the validation part and on PublicTest, where
these are present, and adds or replaces the run's row of training/runs.csv.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from training.data import PUBLIC, DataError, Faces, add_data_arguments, load_faces
from training.evaluate import VALIDATION, collect_splits, make_predictor
from training.folder import find_network, read_history, read_run
from training.leaderboard import LOG, write_run
from training.measures import measure_heads
from training.settings import RunError


def measure_run(faces: Faces, folder: Path, note: str) -> dict:
    """Return the leaderboard's row of a finished run."""
    run, epochs = read_run(folder), read_history(folder)
    row = {
        "run": folder.name,
        "note": note,
        "phases": " ".join(run["settings"]["phases"]),
        "epochs": len(epochs),
        "parameters": run["network"]["parameters"],
        "multiply_adds": run["network"]["multiply_adds"],
        "minutes": round(sum(epoch["seconds"] for epoch in epochs) / 60),
        "commit": name_commit(),
    }
    predict = make_predictor(find_network(folder))
    splits = collect_splits(faces, run["settings"])
    for split, name in ((VALIDATION, "validation"), (PUBLIC, "public")):
        if split in splits:
            part = splits[split]
            row |= describe_measures(name, measure_heads(predict(part.images), part))
    return row


def describe_measures(name: str, measures: dict) -> dict:
    """Return the row's cells for one split, rounded to a hundredth of a per cent."""
    votes = measures["votes"]
    cells = {f"{name}_labels": round(measures["labels"]["accuracy"]["share"], 4)}
    if votes:
        cells[f"{name}_votes"] = round(votes["agreement"]["share"], 4)
        cells[f"{name}_divergence"] = round(votes["divergence"], 4)
    return cells


def name_commit() -> str:
    """Return the short name of the commit that the code is at, empty outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # no git here
        return ""
    return done.stdout.strip()


def main(arguments: list[str] | None = None) -> int:
    """Measure and enter a run; return 2 when the data or the run cannot be used."""
    parser = argparse.ArgumentParser(prog="training.runs", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", required=True, help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--note", default="", help="what it changes")
    parser.add_argument("--log", type=Path, default=LOG, help="the leaderboard")
    options = parser.parse_args(arguments)
    folder = options.runs / options.run
    try:
        find_network(folder)
        faces = load_faces(options.data, options.votes, options.skip_bad)
        row = measure_run(faces, folder, options.note)
    except (DataError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_run(options.log, row)
    print("  ".join(f"{key} {value}" for key, value in row.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
