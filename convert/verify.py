"""Prove that every artifact says what Keras says, in its real runtimes.

    python -m convert.verify            check the report, and run the goldens now
    python -m convert.verify DATA       measure again on DATA's pictures and write the report

Exits 1 with one line for each artifact that misses its row of the gate, is absent from the report
or differs from it.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from emoji_edge.contract import Contract, ContractError, find_models, load_contract
from emoji_edge.image import ImageError
from emoji_edge.runtime import ModelError

from convert import gate
from convert.artifacts import ArtifactError, describe_artifact, list_detectors, list_networks
from convert.checks import check_models, open_photos
from convert.detectors import measure_detectors
from convert.golden import GoldenError, find_sha256, read_golden
from convert.measure import measure_networks, measure_truth, take_evaluation, take_golden
from convert.network import NetworkError
from convert.report import read_report, write_section
from convert.runners import RUNTIMES
from convert.sibling import compare_file
from training.data import PUBLIC, DataError

CALIBRATION = "tflite/calibration.json"
INPUTS = ("contract.json", "golden/golden.json")  # what the measures rest on, beside the network


def describe_machine() -> str:
    """Processor and cores that the latencies are of."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return ", ".join([model, *names[:1], f"{os.cpu_count()} cores"])


def add_ratios(files: dict[str, dict[str, Any]], contract: Contract) -> None:
    """Each run's median latency as a ratio to float32's in the same setting."""
    keys = ("runtime", "backend", "threads", "batch")
    for kind in ("tflite", "tfjs"):
        base = {
            tuple(run[key] for key in keys): run["evaluation"]["latency_ms"]
            for run in files[contract.artifacts[kind]["float32"]]["runs"]
            if "evaluation" in run
        }
        for name in contract.artifacts[kind].values():
            for run in files[name]["runs"]:
                setting = tuple(run[key] for key in keys)
                if "evaluation" in run and setting in base:
                    ratio = run["evaluation"]["latency_ms"] / base[setting]
                    run["evaluation"]["latency_ratio"] = round(ratio, 3)


def describe_files(models: Path, contract: Contract) -> dict[str, dict[str, Any]]:
    """Sizes and hashes of every artifact by name; ArtifactError names one that is missing."""
    files = {}
    for artifact in list_networks(contract) + list_detectors(contract):
        try:
            files[artifact.name] = describe_artifact(models, artifact)
        except ArtifactError as error:
            raise ArtifactError(f"{artifact.name}: {error}") from None
    return files


def measure_section(models: Path, data: Path, target_mix: float, full: bool) -> dict[str, Any]:
    """The report's section `artifacts`."""
    contract = load_contract(models / "contract.json")
    golden = read_golden(models / "golden" / "golden.json", contract)
    evaluation = take_evaluation(data, models, contract, target_mix)
    keras = measure_truth(evaluation.expected, evaluation)
    inputs = {"golden": take_golden(golden), "evaluation": evaluation}
    files = describe_files(models, contract)
    runs = measure_networks(models, contract, inputs, full=full)
    runs |= measure_detectors(models, contract, open_photos(models, contract, golden))
    for name, entry in files.items():
        entry["runs"] = runs[name]
    add_ratios(files, contract)
    names = (contract.artifacts["keras"], *INPUTS)
    return {
        "inputs": {name: find_sha256(models / name) for name in names},
        "evaluation": {
            "split": PUBLIC,
            "pictures": len(evaluation.ids),
            "target_mix": target_mix,
            "keras": keras,
        },
        "golden": {"faces": len(golden.faces), "photos": len(golden.photos)},
        "calibration": json.loads((models / CALIBRATION).read_text(encoding="utf-8")),
        "gate": gate.describe_gate(),
        "machine": describe_machine(),
        "files": files,
    }


def verify_models(options: argparse.Namespace) -> list[str]:
    """Measure if there is data, else run the goldens; the faults, one line each."""
    report = read_report(options.report)
    sibling = compare_file(options.models, report["sibling"]) if "sibling" in report else []
    return verify_artifacts(options, report) + sibling


def verify_artifacts(options: argparse.Namespace, report: dict) -> list[str]:
    """The faults of what ships."""
    if options.data:
        mix = report.get("history", {}).get("settings", {}).get("target_mix", 0.0)
        section = measure_section(options.models, options.data, mix, options.full)
        write_section(options.report, "artifacts", section)
        return check_models(options.models, section, runtimes=())
    if "artifacts" not in report:
        return [f"{options.report}: has no section `artifacts`; measure it with DATA=path"]
    return check_models(options.models, report["artifacts"], options.runtimes)


def main(arguments: list[str] | None = None) -> int:
    """Verify; 1 when the gate is missed, 2 when there is nothing that could be verified."""
    parser = argparse.ArgumentParser(prog="convert.verify", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, nargs="?", help="FER-2013 with its PublicTest split")
    parser.add_argument("--models", type=Path, default=find_models(), help="what to verify")
    parser.add_argument("--report", type=Path, help="report.json of the models, where not given")
    parser.add_argument(
        "--full", action="store_true", help="more pictures, WebGL on every one: slow"
    )
    parser.add_argument(
        "--runtimes", nargs="+", choices=RUNTIMES, default=RUNTIMES, help="only these, for a check"
    )
    options = parser.parse_args(arguments)
    options.report = options.report or options.models / "report.json"
    known = (ContractError, GoldenError, NetworkError, DataError, ArtifactError, ModelError)
    try:
        problems = verify_models(options)
    except (*known, ImageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in problems:
        print(line, file=sys.stderr)
    print(f"{len(problems)} faults" if problems else "every artifact holds its row of the gate")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
