"""Keep the log of runs, training/runs.csv: what was tried, and what came of it.

    python -m training.runs DATA --run NAME --note "what is different"

Measures the run's network (one crop, before calibration) on the validation part and on PublicTest
where it is present, and adds or replaces the run's line.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

from scipy.special import softmax

from training.calibrate import read_history
from training.data import PUBLIC, DataError, Faces, add_data_arguments, load_faces
from training.evaluate import (
    LOG,
    VALIDATION,
    collect_splits,
    measure_scores,
    predict_logits,
    read_runs,
)

COLUMNS = (
    "run", "note", "target_mix", "phases", "epochs", "parameters", "multiply_adds", "minutes",
    "validation_labels", "validation_votes", "public_labels", "public_votes", "public_divergence",
)  # fmt: skip


def write_run(log: Path, row: dict) -> None:
    """Add the run's line to the log, in the place of an older one of the same name."""
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


def measure_run(faces: Faces, folder: Path, note: str) -> dict:
    """The log's line of a finished run."""
    run = json.loads((folder / "settings.json").read_text())
    settings, epochs = run["settings"], read_history(folder)
    row = {
        "run": folder.name,
        "note": note,
        "target_mix": settings["target_mix"],
        "phases": " ".join(settings["phases"]),
        "epochs": len(epochs),
        "parameters": run["network"]["parameters"],
        "multiply_adds": run["network"]["multiply_adds"],
        "minutes": round(sum(epoch["seconds"] for epoch in epochs) / 60),
    }
    splits = collect_splits(faces, settings)
    for split, name in ((VALIDATION, "validation"), (PUBLIC, "public")):
        if split in splits:
            logits = predict_logits(folder / "model.h5", splits[split].images)
            measures = measure_scores(
                softmax(logits, axis=1), splits[split], settings["target_mix"]
            )
            row |= describe_measures(name, measures)
    return row


def describe_measures(name: str, measures: dict) -> dict:
    """The log's cells for one split, shares rounded to a hundredth of a per cent."""
    votes = measures["ferplus"]
    cells = {f"{name}_labels": round(measures["labels"]["accuracy"]["share"], 4)}
    if votes:
        cells[f"{name}_votes"] = round(votes["agreement"]["share"], 4)
        if name == "public":
            cells["public_divergence"] = round(votes["divergence"], 4)
    return cells


def main(arguments: list[str] | None = None) -> int:
    """Measure and log a run; 2 when the data or the run cannot be used."""
    parser = argparse.ArgumentParser(prog="training.runs", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", required=True, help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--note", default="", help="what is different about it")
    parser.add_argument("--log", type=Path, default=LOG)
    options = parser.parse_args(arguments)
    folder = options.runs / options.run
    try:
        if not (folder / "model.h5").exists():
            raise DataError(f"{folder} holds no finished run")
        faces = load_faces(options.data, options.votes, options.skip_bad)
        row = measure_run(faces, folder, options.note)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_run(options.log, row)
    print("  ".join(f"{key} {value}" for key, value in row.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
