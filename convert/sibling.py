"""The sibling that went on to FER-2013's labels alone, for comparison with published networks.

    python -m convert.sibling DATA --run runs/NAME    make it of a finished run, measure, report it
    python -m convert.sibling DATA                    measure it here; 1 if it is not as reported

It is the shipped network, trained on at a `target_mix` of 0 (training/README.md): it says what a
label says, not what most people would. No page, wheel or command offers it.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import keras
from emoji_edge.contract import find_models, load_contract

from convert.artifacts import SIBLING, ArtifactError, describe_artifact, read_source
from convert.compare import Answers, compare_answers
from convert.golden import find_sha256
from convert.measure import read_answers
from convert.network import NetworkError, load_network, predict_network
from convert.report import read_report, write_section
from convert.runners import Job, Setting, run_jobs
from convert.tflite import convert_tflite, write_artifact
from training.data import DataError, Faces, load_faces
from training.evaluate import collect_splits, measure_scores

CONTRACT = load_contract()


def read_run(folder: Path) -> dict[str, Any]:
    """What a run's folder says of it; ArtifactError unless it learned the labels alone."""
    try:
        run = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        mix = run["settings"]["target_mix"]
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(f"{folder} holds no finished run ({error})") from None
    if mix != 0:
        raise ArtifactError(f"{folder} learned votes too: its target_mix is {mix:g}, not 0")
    return {"run": folder.name, "settings": run["settings"], "network": run["network"]}


def measure_file(
    file: Path, faces: Faces, settings: dict, model: keras.Model | None = None
) -> dict[str, Any]:
    """Each split's measures on LiteRT and, given the Keras network, the distance from it."""
    measures = {}
    for name, part in collect_splits(faces, settings).items():
        (result,) = run_jobs([Job(file, part.images[..., None], Setting("litert"))])
        if result.error:
            raise ArtifactError(f"{file} does not run: {result.error}")
        answers = read_answers(result, CONTRACT)
        values = measure_scores(answers.scores, part, settings["target_mix"])
        measures[name] = {key: values[key] for key in ("pictures", "labels", "ferplus", "ece")}
        if model:
            expected = Answers(*predict_network(model, part.images, CONTRACT))
            parity = compare_answers(expected, answers, part.ids.tolist(), CONTRACT.decided)
            measures[name]["parity"] = parity
    return measures


def make_sibling(models: Path, folder: Path, faces: Faces) -> dict[str, Any]:
    """Write the file from a run's network; the report's section `sibling`."""
    run = read_run(folder)
    model = load_network(folder / "model.h5", CONTRACT)
    file = models / SIBLING.name
    write_artifact(file, convert_tflite(model, "float16", find_sha256(folder / "model.h5")))
    entry = {"file": SIBLING.name, **describe_artifact(models, SIBLING)}
    entry |= {"source": read_source(models, SIBLING), **run}
    return entry | {"splits": measure_file(file, faces, run["settings"], model)}


def compare_file(models: Path, section: dict) -> list[str]:
    """One line unless the file is the one that the report measured."""
    try:
        found = describe_artifact(models, SIBLING)
    except ArtifactError as error:
        return [f"{SIBLING.name}: {error}"]
    same = found["sha256"] == section["sha256"]
    return [] if same else [f"{SIBLING.name}: its sha256 is not the report's"]


def check_sibling(models: Path, section: dict, faces: Faces) -> list[str]:
    """Measure the file as it is here; one line for each difference from the report."""
    if problems := compare_file(models, section):
        return problems
    here = measure_file(models / SIBLING.name, faces, section["settings"])
    print_measures(here)
    shares = {name: values["labels"]["accuracy"]["share"] for name, values in here.items()}
    reported = {
        name: values["labels"]["accuracy"]["share"] for name, values in section["splits"].items()
    }
    if not shares.keys() & reported.keys():
        raise ArtifactError(f"the data has none of the reported splits ({', '.join(reported)})")
    return [
        f"{SIBLING.name}: {shares[name]:.2%} on {name}, the report says {reported[name]:.2%}"
        for name in shares.keys() & reported.keys()
        if abs(shares[name] - reported[name]) > CONTRACT.gates["float16"].accuracy_change
    ]


def print_measures(splits: dict[str, Any]) -> None:
    """A line for each split."""
    for name, values in splits.items():
        labels = values["labels"]
        print(
            f"{name}: {labels['accuracy']['share']:.2%} of {values['pictures']:,} labels, "
            f"macro-F1 {labels['macro_f1']:.3f}"
        )


def read_section(report: Path) -> dict[str, Any]:
    """What the report says of the file; ArtifactError where it says nothing."""
    sections = read_report(report)
    if "sibling" not in sections:
        raise ArtifactError(f"{report} has no section `sibling`: make it with --run")
    return sections["sibling"]


def main(arguments: list[str] | None = None) -> int:
    """Make or check; 1 when the file is not as reported, 2 when there is nothing to go by."""
    parser = argparse.ArgumentParser(prog="convert.sibling", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="FER-2013")
    parser.add_argument("--run", type=Path, help="folder of a finished run with a target_mix of 0")
    parser.add_argument("--models", type=Path, default=find_models(), help="where the file lies")
    options = parser.parse_args(arguments)
    report, problems = options.models / "report.json", []
    try:
        faces = load_faces(options.data)
        if options.run:
            section = make_sibling(options.models, options.run, faces)
            write_section(report, "sibling", section)
            print_measures(section["splits"])
        else:
            section = read_section(report)
            problems = check_sibling(options.models, section, faces)
    except (ArtifactError, NetworkError, DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
