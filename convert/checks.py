"""Check what ships against the report, the gate and the goldens: one plain line for each fault."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract, load_contract
from emoji_edge.face import FaceFinder
from emoji_edge.image import open_photo
from emoji_edge.runtime import ModelError
from emoji_edge.selftest import LOSSY
from PIL import Image

from convert import gate
from convert.artifacts import (
    SIBLING,
    Artifact,
    ArtifactError,
    describe_artifact,
    list_detectors,
    list_networks,
    read_source,
)
from convert.detectors import SETTINGS, measure_detectors
from convert.golden import Golden, cut_photo, find_sha256, read_golden
from convert.measure import measure_networks, plan_runs, take_golden
from convert.runners import RUNTIMES, Setting


def check_contract(contract: Contract, golden: Golden, models: Path, section: dict) -> list[str]:
    """Labels, contract, network and goldens belong together, and are those of the report."""
    problems = []
    if contract.labels != golden.labels:
        moved = [a for a, b in zip(contract.labels, golden.labels, strict=False) if a != b]
        problems.append(
            f"contract.json: its labels are not the goldens'; out of place: {', '.join(moved)}"
        )
    network = contract.artifacts["keras"]
    if find_sha256(models / network) != golden.model_sha256:
        problems.append(f"golden/golden.json: holds the answers of another network than {network}")
    for name, sha256 in section["inputs"].items():
        if find_sha256(models / name) != sha256:
            problems.append(f"{name}: its sha256 is not the report's; measure again with DATA=path")
    return problems


def check_file(artifact: Artifact, models: Path, sources: dict, section: dict) -> list[str]:
    """The file is whole, the one in the report, and made from this very model."""
    try:
        found = describe_artifact(models, artifact)
    except ArtifactError as error:
        return [str(error)]
    problems, recorded = [], section["files"].get(artifact.name)
    if recorded is None:
        problems.append("is not in the report; measure it with DATA=path")
    elif found["bytes"] != recorded["bytes"]:
        problems.append(f"has {found['bytes']} bytes, the report says {recorded['bytes']}")
    elif found["sha256"] != recorded["sha256"]:
        problems.append("its sha256 is not the report's: some of its bytes were changed")
    return problems + check_source(artifact, models, sources)


def check_source(artifact: Artifact, models: Path, sources: dict[str, str]) -> list[str]:
    """It was made from this network or, a detector's graph model, from this detector."""
    if artifact.kind == "face":
        return []
    try:
        source = read_source(models, artifact)
    except ArtifactError as error:
        return [str(error)]
    expected = sources[artifact.variant if artifact.kind == "face-tfjs" else ""]
    return [] if source == expected else ["was made from another model"]


def check_report(artifact: Artifact, section: dict) -> list[str]:
    """The report has every run of the artifact, and each holds its row."""
    runs = section["files"].get(artifact.name, {}).get("runs", [])
    if artifact.kind in SETTINGS:
        planned = [(setting, {"photos"}) for setting in SETTINGS[artifact.kind]]
    else:
        planned = [
            (setting, {k for k, step in zip(("golden", "evaluation"), steps, strict=True) if step})
            for setting, *steps in plan_runs(artifact, RUNTIMES, full=False)
        ]
    problems = check_runs(artifact, runs)
    for setting, keys in planned:
        here = [run for run in runs if asdict(setting).items() <= run.items()]
        if not here or not keys <= here[0].keys():
            problems.append(f"the report has no full run of it on {setting}")
    return problems


def check_runs(artifact: Artifact, runs: list[dict[str, Any]]) -> list[str]:
    """Each measured run of the artifact holds its row."""
    problems = []
    for run in runs:
        where = Setting(*(run[key] for key in ("runtime", "backend", "threads", "batch")))
        if "error" in run:
            problems.append(f"{where}: does not run: {run['error']}")
        if "photos" in run:
            problems += [f"{where}: {line}" for line in gate.check_boxes(run["photos"])]
        for key in ("golden", "evaluation"):
            if key in run:
                found = gate.check_scores(artifact.variant, run["backend"], run[key])
                problems += [f"{where}, {key}: {line}" for line in found]
    return problems


def open_photos(models: Path, contract: Contract, golden: Golden) -> dict[str, Image.Image]:
    """The golden photos that a detector sees, upright, by file."""
    images = {
        photo.file: open_photo(models / "golden" / photo.file, contract.max_pixels)
        for photo in golden.photos
    }
    return {k: image for k, image in images.items() if max(image.size) > contract.small_picture}


def check_photos(models: Path, contract: Contract, golden: Golden) -> list[str]:
    """The golden photos are found and cut here as the goldens say."""
    finder, problems = FaceFinder(contract, models), []
    for photo in golden.photos:
        here = cut_photo(models / "golden" / photo.file, photo.file, contract, finder)
        same = here.size == photo.size and len(here.faces) == len(photo.faces)
        levels = contract.same_answer.lossy_pixel if photo.file.endswith(LOSSY) else 0
        for found, expected in zip(here.faces, photo.faces, strict=False):
            moved = np.abs(np.array(found.box) - np.array(expected.box)).max()
            off = np.abs(found.pixels.astype(int) - expected.pixels).max()
            same = same and moved <= contract.same_answer.box and off <= levels
        if not same:
            problems.append(f"golden/{photo.file}: its faces are not the golden ones")
    return problems


def run_goldens(
    models: Path, contract: Contract, golden: Golden, runtimes: Sequence[str]
) -> tuple[dict[str, list[dict]], list[str]]:
    """The goldens now: the runs of every artifact, and what is wrong with the photos."""
    live = measure_networks(models, contract, {"golden": take_golden(golden)}, runtimes)
    try:
        live |= measure_detectors(models, contract, open_photos(models, contract, golden), runtimes)
        return live, check_photos(models, contract, golden)
    except ModelError as error:
        return live, [f"the golden photos cannot be run: {error}"]


def check_strays(models: Path, artifacts: list[Artifact]) -> list[str]:
    """Every network under models/ is an artifact that the contract names."""
    known = {artifact.name for artifact in artifacts}
    found = [*models.glob("*/*.tflite"), *models.glob("*/*/model.json")]
    names = sorted(file.relative_to(models).as_posix() for file in found)
    return [
        f"{name}: is no artifact that the contract names" for name in names if name not in known
    ]


def join_lines(artifact: Artifact, lines: list[str]) -> list[str]:
    """One line for the artifact, if anything is wrong with it."""
    if not lines:
        return []
    more = f"; and {len(lines) - 2} faults more" if len(lines) > 2 else ""
    return [f"{artifact.name}: {'; '.join(lines[:2])}{more}"]


def check_models(models: Path, section: dict, runtimes: Sequence[str]) -> list[str]:
    """All checks; runs the goldens on the runtimes named."""
    contract = load_contract(models / "contract.json")
    golden = read_golden(models / "golden" / "golden.json", contract)
    networks, detectors = list_networks(contract), list_detectors(contract)
    sources = {"": find_sha256(models / contract.artifacts["keras"])} | {
        name: find_sha256(models / detector.file) for name, detector in contract.detectors.items()
    }
    problems = check_contract(contract, golden, models, section)
    live, faults = run_goldens(models, contract, golden, runtimes)
    for artifact in networks + detectors:
        lines = check_file(artifact, models, sources, section)
        lines += check_report(artifact, section)
        lines += [f"now, {line}" for line in check_runs(artifact, live.get(artifact.name, []))]
        problems += join_lines(artifact, lines)
    return problems + faults + check_strays(models, [*networks, *detectors, SIBLING])
