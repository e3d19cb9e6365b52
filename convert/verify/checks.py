"""Check what ships against the report, the gate and the goldens: one plain line for each fault."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract, load_contract
from emoji_edge.face import FaceFinder
from emoji_edge.image import open_photo
from emoji_edge.network import hash_file
from emoji_edge.runtime import ModelError
from emoji_edge.selftest import LOSSY
from PIL import Image

from convert.artifacts import (
    Artifact,
    ArtifactError,
    hash_bases,
    list_detectors,
    list_networks,
    read_source,
    weigh_artifact,
)
from convert.golden.goldens import GoldenSet, cut_photo, read_golden_set
from convert.verify import detectors, gate
from convert.verify.measure import INPUTS, measure_networks, plan_runs, take_golden
from convert.verify.runners import RUNTIMES


def check_contract(contract: Contract, golden: GoldenSet, models: Path, section: dict) -> list[str]:
    """Check that labels, contract, network and goldens belong together and are the report's."""
    problems = []
    if contract.labels != golden.labels:
        moved = [a for a, b in zip(contract.labels, golden.labels, strict=False) if a != b]
        problems.append(
            f"contract.json: its labels are not the goldens'; out of place: {', '.join(moved)}"
        )
    network = contract.artifacts["keras"]
    if hash_file(models / network) != golden.model_sha256:
        problems.append(f"golden/golden.json: holds the answers of another network than {network}")
    for name, sha256 in hash_bases(models, contract).items():
        if section["inputs"].get(name) != sha256:
            problems.append(f"{name}: is not the one of the report; measure again with DATA=path")
    return problems


def check_file(artifact: Artifact, models: Path, sources: dict, section: dict) -> list[str]:
    """Check that the file is whole, the one in the report, and made from this very model."""
    try:
        found = weigh_artifact(models, artifact)
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
    """Check that it was made from this network or, a detector's graph, from this detector."""
    if artifact.kind == "face":
        return []
    try:
        source = read_source(models, artifact)
    except ArtifactError as error:
        return [str(error)]
    expected = sources[artifact.variant if artifact.kind == "face-tfjs" else ""]
    return [] if source == expected else ["was made from another model"]


def check_report(artifact: Artifact, section: dict, contract: Contract) -> list[str]:
    """Check that the report has every run of the artifact, and that each holds its row."""
    runs = section["files"].get(artifact.name, {}).get("runs", [])
    if artifact.kind in detectors.RUNS:
        planned = {str(options): {"photos"} for options in detectors.RUNS[artifact.kind]}
    else:
        plans = plan_runs(artifact, RUNTIMES, full=False)
        planned = {str(plan.options): set(plan.steps) for plan in plans}
    problems = check_runs(artifact, runs, contract, section["evaluation"]["pictures"])
    found = {run["title"]: run for run in runs}
    for title, keys in planned.items():
        if not keys <= found.get(title, {}).keys():
            problems.append(f"the report has no full run of it on {title}")
    return problems


def check_runs(
    artifact: Artifact, runs: list[dict[str, Any]], contract: Contract, whole: int
) -> list[str]:
    """Check that each measured run holds its row; whole counts the evaluation pictures."""
    problems = []
    for run in runs:
        where = run["title"]
        if "error" in run:
            problems.append(f"{where}: does not run: {run['error']}")
        if "photos" in run:
            problems += [f"{where}: {line}" for line in gate.check_boxes(run["photos"], contract)]
        for key in INPUTS:
            if key in run:
                found = gate.check_measures(
                    artifact.variant, run["backend"], run[key], contract, whole
                )
                problems += [f"{where}, {key}, {line}" for line in found]
    return problems


def open_photos(models: Path, contract: Contract, golden: GoldenSet) -> dict[str, Image.Image]:
    """Open the golden photos that a detector sees, upright, by file."""
    images = {
        photo.file: open_photo(models / "golden" / photo.file, contract.max_pixels)
        for photo in golden.photos
    }
    return {k: image for k, image in images.items() if max(image.size) > contract.small_picture}


def check_photos(models: Path, contract: Contract, golden: GoldenSet) -> list[str]:
    """Check that the golden photos are found and cut here as the goldens say."""
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
    models: Path, contract: Contract, golden: GoldenSet, runtimes: Sequence[str]
) -> tuple[dict[str, list[dict]], list[str]]:
    """Run the goldens now: the runs of every artifact, and what is wrong with the photos."""
    live = measure_networks(models, contract, {"golden": take_golden(golden)}, runtimes)
    try:
        photos = open_photos(models, contract, golden)
        live |= detectors.measure_detectors(models, contract, photos, runtimes)
        return live, check_photos(models, contract, golden)
    except ModelError as error:
        return live, [f"the golden photos cannot be run: {error}"]


def check_strays(models: Path, artifacts: list[Artifact]) -> list[str]:
    """Check that every network under models/ is an artifact that the contract names."""
    known = {artifact.name for artifact in artifacts}
    found = [*models.glob("*/*.tflite"), *models.glob("*/*/model.json")]
    names = sorted(file.relative_to(models).as_posix() for file in found)
    return [
        f"{name}: is no artifact that the contract names" for name in names if name not in known
    ]


def join_lines(artifact: Artifact, lines: list[str]) -> list[str]:
    """Join an artifact's faults to one line, if anything is wrong with it."""
    if not lines:
        return []
    more = f"; and {len(lines) - 2} faults more" if len(lines) > 2 else ""
    return [f"{artifact.name}: {'; '.join(lines[:2])}{more}"]


def check_models(models: Path, section: dict, runtimes: Sequence[str]) -> list[str]:
    """Make all checks, and run the goldens on the runtimes named; one line for each fault."""
    contract = load_contract(models / "contract.json")
    golden = read_golden_set(models, contract)
    networks, faces = list_networks(contract), list_detectors(contract)
    sources = {"": hash_file(models / contract.artifacts["keras"])} | {
        name: hash_file(models / detector.file) for name, detector in contract.detectors.items()
    }
    problems = check_contract(contract, golden, models, section)
    live, faults = run_goldens(models, contract, golden, runtimes)
    for artifact in networks + faces:
        lines = check_file(artifact, models, sources, section)
        lines += check_report(artifact, section, contract)
        pictures = section["evaluation"]["pictures"]
        now = check_runs(artifact, live.get(artifact.name, []), contract, pictures)
        lines += [f"now, {line}" for line in now]
        problems += join_lines(artifact, lines)
    return problems + faults + check_strays(models, networks + faces)
