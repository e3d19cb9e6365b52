"""Make a run's scores mean what they say, and ship its network.

    python -m training.calibrate DATA --run NAME [--temperatures-of RUN] [--models models]

Fits one temperature for each head on the validation part (Guo et al. 2017), `scores` to the voters'
shares and `label_scores` to the labels, and folds them into the weights of the heads: each artifact
is calibrated, and no runtime applies them again. A run without a validation part takes the
temperatures of the same run with one, and shows its epochs. Writes emoji.h5, the contract's
`temperature` and the report's section `history`.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from models.report import REPORT, ReportError, check_writable, write_section
from training.data import (
    DataError,
    Faces,
    add_data_arguments,
    find_truths,
    load_faces,
    split_training,
)
from training.evaluate import make_predictor
from training.folder import find_network, find_run, read_history, read_run
from training.measures import find_known, measure_nll
from training.model import EVIDENCES, HEADS
from training.settings import RunError


def fit_temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """Find the temperature that makes scores [n, 7] likeliest under the truth [n, 7]."""
    logits = np.log(np.maximum(scores, 1e-30))
    fit = minimize_scalar(
        lambda log_t: measure_nll(softmax(logits / np.exp(log_t), axis=1), truth),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
    )
    return float(np.exp(fit.x))


def fit_heads(scores: np.ndarray, faces: Faces) -> dict[str, float]:
    """Find the temperature of each head of scores [n, 2, 7], in four decimals."""
    truths, known = find_truths(faces), find_known(faces)
    everything = np.ones(len(faces), bool)
    return {
        name: round(fit_temperature(scores[rows, head], truths[rows, head]), 4)
        for head, (name, rows) in enumerate(zip(HEADS, (known, everything), strict=True))
    }


def fold_temperatures(source: Path, target: Path, temperature: dict[str, float]) -> None:
    """Copy the network with each head's evidence, and so its logits, divided by its temperature."""
    import keras

    model = keras.models.load_model(source, compile=False)
    for layer, head in zip(EVIDENCES, HEADS, strict=True):
        weights = model.get_layer(layer).get_weights()
        model.get_layer(layer).set_weights([values / temperature[head] for values in weights])
    model.save(target)


def update_contract(path: Path, temperature: dict[str, float]) -> float:
    """Write the temperatures, and no other character; return the limit of "not sure"."""
    try:
        text = path.read_text(encoding="utf-8")
        below = json.loads(text)["not_sure"]["score_below"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no contract to write the temperatures into ({error})") from None
    value = json.dumps(temperature).replace("{", "{ ").replace("}", " }")
    pattern = r'("temperature":\s*)(\{[^{}]*\}|[\d.e+-]+)'
    text, found = re.subn(pattern, lambda match: match[1] + value, text)
    if found != 1:
        raise DataError(f"{path}: `temperature` stands there {found} times, expected once")
    path.write_text(text, encoding="utf-8")
    return below


def fit_run(faces: Faces, folder: Path) -> dict[str, float]:
    """Fit the temperatures of a run's network on the run's own validation part."""
    settings = read_run(folder)["settings"]
    if not settings["validation"]:
        raise RunError(f"{folder.name} has no validation part: give --temperatures-of")
    validation = split_training(faces, settings["validation"])[1]
    return fit_heads(make_predictor(find_network(folder))(validation.images), validation)


def name_teachers(folder: Path) -> dict[str, str]:
    """Name the architecture of each of a run's teachers."""
    names = read_run(folder)["settings"]["teachers"]
    runs = {name: read_run(find_run(folder.parent, name)) for name in names}
    return {name: run["settings"].get("architecture", "emoji") for name, run in runs.items()}


def calibrate_run(faces: Faces, folder: Path, models: Path, fitted_on: Path) -> dict:
    """Calibrate the run's network and ship it; return the report's section `history`."""
    temperature = fit_run(faces, fitted_on)
    fold_temperatures(find_network(folder), models / "emoji.h5", temperature)
    below = update_contract(models / "contract.json", temperature)
    seconds = sum(epoch["seconds"] for epoch in read_history(folder))
    return read_run(folder) | {
        "run": folder.name,
        "temperature": temperature,
        "temperatures_of": fitted_on.name,
        "not_sure_below": below,
        "teachers": name_teachers(folder),
        "minutes": round(seconds / 60),
        "epochs": read_history(fitted_on),
    }


def main(arguments: list[str] | None = None) -> int:
    """Calibrate and ship; return 2 when the data or the run cannot be used."""
    parser = argparse.ArgumentParser(prog="training.calibrate", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", default="default", help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--models", type=Path, default=REPORT.parent, help="where to ship it")
    parser.add_argument(
        "--temperatures-of", metavar="RUN", help="the same run with a validation part, to fit on"
    )
    options = parser.parse_args(arguments)
    folder = options.runs / options.run
    report = options.models / "report.json"
    try:
        find_network(folder)
        fitted_on = find_run(options.runs, options.temperatures_of or options.run)
        find_network(fitted_on)
        check_writable(report)
        faces = load_faces(options.data, options.votes, options.skip_bad)
        section = calibrate_run(faces, folder, options.models, fitted_on)
        write_section(report, "history", section)
    except (DataError, RunError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("temperatures", ", ".join(f"{k} {v}" for k, v in section["temperature"].items()))
    print(f"wrote {options.models / 'emoji.h5'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
