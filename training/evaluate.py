"""Measure the shipped network on every split at hand, into the report's section `evaluation`.

    python -m training.evaluate DATA [--model models/emoji.h5] [--report models/report.json]

Each head is held against its own truth: `scores` against FER+'s votes, `label_scores` against
FER-2013's labels. One crop, no test-time augmentation.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.special import softmax

from models.report import (
    REPORT,
    ReportError,
    check_writable,
    choose_split,
    read_report,
    write_section,
)
from training.data import (
    DataError,
    Faces,
    add_data_arguments,
    find_truths,
    load_faces,
    split_training,
)
from training.leaderboard import read_runs
from training.measures import (
    find_known,
    measure_ece,
    measure_heads,
    measure_nll,
    measure_not_sure,
    trace_coverage,
)
from training.people import compare_people
from training.weaknesses import Predict, measure_weaknesses, slice_faces

VALIDATION = "Validation"  # the part cut from Training that everything was chosen on


def make_predictor(model_path: Path) -> Predict:
    """Load a network in Keras to ask it: uint8 pictures [n, 48, 48] to scores [n, 2, 7].

    DataError where the file is no such network.
    """
    import keras  # here, so that a mistake in the arguments is told at once

    from training.model import HEADS, predict_scores

    if not model_path.exists():
        raise DataError(f"{model_path}: no such network")
    try:
        model = keras.models.load_model(model_path, compile=False)
    except Exception as error:  # h5py and Keras raise nearly anything on a damaged file
        raise DataError(f"{model_path}: no network that can be read ({_one_line(error)})") from None
    outputs = model.output if isinstance(model.output, dict) else {}
    if missing := [name for name in HEADS if name not in outputs]:
        raise DataError(f"{model_path}: no output called {' or '.join(missing)}")
    return lambda images: predict_scores(model, images)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


def collect_splits(faces: Faces, settings: dict) -> dict[str, Faces]:
    """Collect the splits to measure on: what is there besides Training, and its validation part."""
    splits = {}
    if settings["validation"] and (faces.splits == "Training").any():
        splits[VALIDATION] = split_training(faces, settings["validation"])[1]
    for name in np.unique(faces.splits[faces.splits != "Training"]):
        splits[str(name)] = faces.select(faces.splits == name)
    return splits


def undo_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Return scores [n, 7] as they were before the temperature was folded in."""
    return softmax(np.log(np.maximum(scores, 1e-30)) * temperature, axis=1)


def measure_before(scores: np.ndarray, faces: Faces, temperature: dict[str, float]) -> dict:
    """Measure each head's ECE and NLL before its temperature was folded in."""
    truths, known = find_truths(faces), find_known(faces)
    rows = (known, np.ones(len(faces), bool))
    before = {}
    for head, name in enumerate(("scores", "label_scores")):
        raw = undo_temperature(scores[rows[head], head], temperature[name])
        truth = truths[rows[head], head]
        before[name] = {"ece": measure_ece(raw, truth), "nll": measure_nll(raw, truth)}
    return before


def evaluate_split(predict: Predict, faces: Faces, history: dict) -> dict:
    """Measure one split: both heads, what "not sure" means, people, and kinds of pictures."""
    scores = predict(faces.images)
    return measure_heads(scores, faces) | {
        "before_temperature": measure_before(scores, faces, history["temperature"]),
        "coverage": trace_coverage(scores[:, 0], faces),
        "not_sure": measure_not_sure(scores[:, 0], faces, history["not_sure_below"]),
        "people": compare_people(scores[:, 0], faces),
        "slices": slice_faces(scores, faces),
    }


def evaluate_model(model_path: Path, faces: Faces, history: dict) -> dict:
    """Return the report's section `evaluation` of the network that `history` describes."""
    predict = make_predictor(model_path)
    parts = collect_splits(faces, history["settings"])
    splits = {name: evaluate_split(predict, part, history) for name, part in parts.items()}
    shown = choose_split({"splits": splits})
    splits[shown] |= measure_weaknesses(predict, parts[shown])  # many passes: only where shown
    return {
        "temperature": history["temperature"],
        "not_sure_below": history["not_sure_below"],
        "splits": splits,
        "runs": read_runs(),
    }


def read_run_description(report: Path) -> dict:
    """Read the report's section `history`; DataError where nothing was calibrated yet."""
    history = read_report(report).get("history")
    if history is None:
        raise DataError(f"{report} has no section `history`: calibrate first")
    return history


def print_split(name: str, values: dict) -> None:
    """Print one split's main measures for a person to read."""
    print(f"{name}: {values['pictures']} pictures")
    if votes := values["votes"]:
        agreement = votes["agreement"]
        low, high = agreement["interval"]
        print(f"  scores        {agreement['share']:.1%} ({low:.1%} to {high:.1%}) of ", end="")
        print(f"{agreement['pictures']} majorities, divergence {votes['divergence']:.3f}, ", end="")
        print(f"ECE {values['ece']:.3f}, over all seven {values['all_ece']:.3f}")
    labels = values["labels"]
    low, high = labels["accuracy"]["interval"]
    print(f"  label_scores  {labels['accuracy']['share']:.1%} ({low:.1%} to {high:.1%}), ", end="")
    print(f"macro-F1 {labels['macro_f1']:.3f}, top-3 {labels['top3']:.1%}, ECE {labels['ece']:.3f}")
    rule = values["not_sure"]
    if rule["divided_when_not_sure"] and rule["divided_when_sure"]:
        print(f"  not sure      {rule['not_sure']['share']:.1%}; voters are divided on ", end="")
        print(f"{rule['divided_when_not_sure']['share']:.1%} of these, ", end="")
        print(f"{rule['divided_when_sure']['share']:.1%} of the others")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and store; return 2 when data, network or report cannot be used."""
    parser = argparse.ArgumentParser(prog="training.evaluate", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--model", type=Path, default=REPORT.parent / "emoji.h5")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args(arguments)
    try:
        check_writable(options.report)
        history = read_run_description(options.report)
        faces = load_faces(options.data, options.votes, options.skip_bad)
        section = evaluate_model(options.model, faces, history)
        write_section(options.report, "evaluation", section)
    except (DataError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, values in section["splits"].items():
        print_split(name, values)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
