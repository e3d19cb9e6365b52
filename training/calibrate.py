"""Make a run's scores mean what they say, and ship its network.

    python -m training.calibrate DATA --run NAME [--right 0.85] [--models models]

Fits one temperature on the validation part (Guo et al. 2017) and folds it into the weights of the
evidence layer, so that every artifact is calibrated and no runtime applies it again. Chooses the
score below which the answer is "not sure". Writes emoji.h5, the contract's `temperature` and
`not_sure`, and the report's section `history`.
"""

import argparse
import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from convert.report import REPORT, write_section
from training.data import (
    DataError,
    Faces,
    add_data_arguments,
    load_faces,
    mix_targets,
    split_training,
)
from training.evaluate import is_right, negative_log_likelihood, predict_logits


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature that makes softmax(logits / T) likeliest under truth [n, 7]."""
    fit = minimize_scalar(
        lambda log_t: negative_log_likelihood(softmax(logits / np.exp(log_t), axis=1), truth),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
    )
    return float(np.exp(fit.x))


def choose_threshold(scores: np.ndarray, right: np.ndarray, wanted: float) -> float:
    """The smallest top score, in hundredths, at and above which the share wanted is right."""
    top = scores.max(axis=1)
    for threshold in np.arange(0, 1, 0.01):
        kept = top >= threshold
        if kept.any() and right[kept].mean() >= wanted:
            return round(float(threshold), 2)
    raise DataError(f"no score is high enough to be right on {wanted:.0%} of the pictures")


def fold_temperature(source: Path, target: Path, temperature: float) -> None:
    """Copy the network with its evidence, and so its logits, divided by the temperature."""
    import keras

    model = keras.models.load_model(source, compile=False)
    evidence = model.get_layer("evidence")
    evidence.set_weights([weights / temperature for weights in evidence.get_weights()])
    model.save(target)


def update_contract(path: Path, temperature: float, threshold: float) -> None:
    """Write the two fitted numbers and leave every other character as it is."""
    text = path.read_text(encoding="utf-8")
    for key, value in (("temperature", temperature), ("score_below", threshold)):
        text, found = re.subn(rf'("{key}":\s*)[\d.e+-]+', rf"\g<1>{value}", text)
        if found != 1:
            raise DataError(f"{path}: `{key}` stands there {found} times, expected once")
    path.write_text(text, encoding="utf-8")


def read_history(folder: Path) -> list[dict]:
    """A run's epochs with numbers as numbers."""
    with open(folder / "history.csv", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def calibrate_run(faces: Faces, folder: Path, models: Path, wanted: float) -> dict:
    """Calibrate the run's network on its own validation part; the report's section `history`."""
    run = json.loads((folder / "settings.json").read_text())
    settings = run["settings"]
    validation = split_training(faces, settings["validation"], settings["seed"])[1]
    logits = predict_logits(folder / "model.h5", validation.images)
    temperature = round(fit_temperature(logits, mix_targets(validation, settings["target_mix"])), 4)
    scores = softmax(logits / temperature, axis=1)
    threshold = choose_threshold(scores, is_right(scores, validation), wanted)
    fold_temperature(folder / "model.h5", models / "emoji.h5", temperature)
    update_contract(models / "contract.json", temperature, threshold)
    return run | {
        "run": folder.name,
        "temperature": temperature,
        "not_sure_below": threshold,
        "right_when_sure": wanted,
        "epochs": read_history(folder),
    }


def main(arguments: list[str] | None = None) -> int:
    """Calibrate and ship; 2 when the data or the run cannot be used."""
    parser = argparse.ArgumentParser(prog="training.calibrate", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", default="default", help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--models", type=Path, default=REPORT.parent, help="where to ship it")
    parser.add_argument("--right", type=float, default=0.85, help="share right above 'not sure'")
    options = parser.parse_args(arguments)
    folder = options.runs / options.run
    try:
        if not (folder / "model.h5").exists():
            raise DataError(f"{folder} holds no finished run")
        faces = load_faces(options.data, options.votes, options.skip_bad)
        section = calibrate_run(faces, folder, options.models, options.right)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_section(options.models / "report.json", "history", section)
    print(f"temperature {section['temperature']}, not sure below {section['not_sure_below']:.0%}")
    print(f"wrote {options.models / 'emoji.h5'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
