"""Measure what stands in the report's section `artifacts`, all of it or the goldens alone."""

import os
import platform
from pathlib import Path
from typing import Any

from emoji_edge.contract import Contract, load_contract

from convert.artifacts import (
    ArtifactError,
    hash_bases,
    list_detectors,
    list_networks,
    weigh_artifact,
)
from convert.calibration import read_record
from convert.golden.goldens import GoldenSet, read_golden_set
from convert.verify import gate
from convert.verify.checks import open_photos
from convert.verify.detectors import measure_detectors
from convert.verify.measure import Inputs, measure_networks, take_evaluation, take_golden
from training.data import PUBLIC

Runs = dict[str, list[dict[str, Any]]]  # of each artifact, by name


def name_processor() -> str:
    """Name the processor and the cores that the latencies are of."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return ", ".join([model, *names[:1], f"{os.cpu_count()} cores"])


def add_ratios(files: dict[str, dict[str, Any]], contract: Contract) -> None:
    """Add each run's median latency as a ratio to float32's in the same kind of run."""
    for kind in ("tflite", "tfjs"):
        base = {
            run["title"]: run["evaluation"]["latency_ms"]
            for run in files[contract.artifacts[kind]["float32"]]["runs"]
            if "evaluation" in run
        }
        for name in contract.artifacts[kind].values():
            for run in files[name]["runs"]:
                if "evaluation" in run and run["title"] in base:
                    ratio = run["evaluation"]["latency_ms"] / base[run["title"]]
                    run["evaluation"]["latency_ratio"] = round(ratio, 3)


def describe_files(models: Path, contract: Contract) -> dict[str, dict[str, Any]]:
    """Describe every artifact by name; ArtifactError names one that is missing."""
    files = {}
    for artifact in list_networks(contract) + list_detectors(contract):
        try:
            files[artifact.name] = weigh_artifact(models, artifact)
        except ArtifactError as error:
            raise ArtifactError(f"{artifact.name}: {error}") from None
    return files


def measure_section(models: Path, data: Path, full: bool) -> dict[str, Any]:
    """Measure everything that stands in the report's section `artifacts`."""
    contract = load_contract(models / "contract.json")
    golden = read_golden_set(models, contract)
    evaluation, keras = take_evaluation(data, models, contract)
    inputs = {"golden": take_golden(golden), "evaluation": evaluation}
    files = describe_files(models, contract)
    runs = measure_all(models, contract, golden, inputs, full)
    for name, entry in files.items():
        entry["runs"] = runs[name]
    add_ratios(files, contract)
    return {
        **describe_bases(models, contract, golden),
        "evaluation": {"split": PUBLIC, "pictures": len(evaluation.ids), "keras": keras},
        "calibration": read_record(models),
        "machine": name_processor(),
        "files": files,
    }


def renew_goldens(models: Path, section: dict[str, Any]) -> dict[str, Any]:
    """Measure the goldens again, and keep what the evaluation pictures gave the same files.

    For other golden pictures or limits of the contract. ArtifactError where a file or the network
    is not the one that was measured: that takes the evaluation pictures.
    """
    contract = load_contract(models / "contract.json")
    golden = read_golden_set(models, contract)
    bases, network = describe_bases(models, contract, golden), contract.artifacts["keras"]
    files = describe_files(models, contract)
    found = {name: entry["sha256"] for name, entry in files.items()}
    found[network] = bases["inputs"][network]
    known = {name: entry["sha256"] for name, entry in section["files"].items()}
    known[network] = section["inputs"][network]
    if changed := sorted(name for name, sha256 in found.items() if known.get(name) != sha256):
        raise ArtifactError(f"{changed[0]}: not the one of the report; measure it with DATA=path")
    runs = measure_all(models, contract, golden, {"golden": take_golden(golden)})
    for name, entry in files.items():
        kept = {
            run["title"]: {"evaluation": run["evaluation"]}
            for run in section["files"][name]["runs"]
            if "evaluation" in run
        }
        entry["runs"] = [run | kept.get(run["title"], {}) for run in runs[name]]
    return section | bases | {"files": files}


def measure_all(
    models: Path,
    contract: Contract,
    golden: GoldenSet,
    inputs: dict[str, Inputs],
    full: bool = False,
) -> Runs:
    """Measure every artifact: the networks on the inputs, the detectors on the golden photos."""
    runs = measure_networks(models, contract, inputs, full=full)
    return runs | measure_detectors(models, contract, open_photos(models, contract, golden))


def describe_bases(models: Path, contract: Contract, golden: GoldenSet) -> dict[str, Any]:
    """Describe what the measures rest on: the network, the contract, the goldens, the limits."""
    return {
        "inputs": hash_bases(models, contract),
        "golden": {"faces": len(golden.faces), "photos": len(golden.photos)},
        "gate": gate.describe_gate(contract),
    }
