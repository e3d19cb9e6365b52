"""Render what verification measured as Markdown, for the documents' generated blocks.

Each function takes the report and returns the text of one block; `models.documents` places it.
"""

from collections.abc import Callable
from typing import Any

from models.report import make_table

# The run whose accuracy and speed stand for an artifact.
USUAL = {
    "tflite": {"runtime": "litert", "threads": 1},
    "tfjs": {"runtime": "chromium", "backend": "wasm", "batch": 1},
}
HEADS = ("scores", "label_scores")
NETWORKS = ("tflite", "tfjs")
DETECTORS = ("face", "face-tfjs")


def pick_files(report: dict, kinds: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
    """List name and entry of the artifacts of these kinds."""
    files = report["artifacts"]["files"]
    return [(name, entry) for name, entry in files.items() if entry["kind"] in kinds]


def find_usual(entry: dict[str, Any]) -> dict[str, Any]:
    """Find the evaluation measures of the artifact's usual run."""
    usual = USUAL[entry["kind"]].items()
    return next(run["evaluation"] for run in entry["runs"] if usual <= run.items())


def list_measures(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """List both heads' measures in all its runs, on goldens and evaluation pictures."""
    return [
        run[key][head]
        for run in entry["runs"]
        for key in ("golden", "evaluation")
        if key in run
        for head in HEADS
    ]


def find_largest(entry: dict[str, Any]) -> float:
    """Find the largest difference of any score in any run."""
    return max(measures["largest"] for measures in list_measures(entry))


def find_agreement(entry: dict[str, Any]) -> float:
    """Find the lowest top-1 agreement of either head in any run on the evaluation pictures."""
    runs = [run["evaluation"] for run in entry["runs"] if "evaluation" in run]
    return min(run[head]["top1"] for run in runs for head in HEADS)


def format_percent(value: float) -> str:
    """Write a share in percent, with two decimals."""
    return f"{100 * value:.2f} %"


def render_files(report: dict) -> str:
    """Render every file that ships: what it is for, its size and its sha256."""
    rows = [
        [
            f"`{name}`",
            entry["for"],
            f"{entry['bytes']:,}",
            f"{entry['gzip_bytes']:,}",
            f"`{entry['sha256']}`",
        ]
        for name, entry in pick_files(report, NETWORKS + DETECTORS)
    ]
    return make_table(["file", "what for", "bytes", "gzip", "sha256"], rows)


def render_parity(report: dict) -> str:
    """Render each artifact of the network against Keras: both truths, difference, speed."""
    keras = report["artifacts"]["evaluation"]["keras"]
    right = [format_percent(keras[head]["accuracy"]) for head in HEADS]
    rows = [["`emoji.h5` in Keras", *right, "", "", ""]]
    for name, entry in pick_files(report, NETWORKS):
        usual = find_usual(entry)
        rows.append(
            [
                f"`{name}`",
                *(format_percent(usual[head]["accuracy"]) for head in HEADS),
                format_percent(find_agreement(entry)),
                f"{find_largest(entry):.1e}",
                f"{usual['latency_ratio']:.2f}",
            ]
        )
    head = ["artifact", "`scores`: votes", "`label_scores`: labels", "same best as Keras"]
    return make_table([*head, "largest difference", "time to float32's"], rows)


def render_artifact_runs(report: dict) -> str:
    """Render every run of every artifact on the evaluation pictures, a row for each head."""
    rows = [
        [f"`{name}`: {run['title']}, `{head}`", *describe_head(run["evaluation"], head)]
        for name, entry in pick_files(report, NETWORKS)
        for run in entry["runs"]
        if "evaluation" in run
        for head in HEADS
    ]
    differences = ["largest", "mean", "p99", "top-1", "top-3"]
    truths = ["accuracy", "macro-F1", "ECE", "worst", "time ratio"]
    return make_table(["run", "pictures", *differences, *truths], rows)


def describe_head(values: dict[str, Any], head: str) -> list[str]:
    """Write the cells of one head in a run's row."""
    found = values[head]
    return [
        f"{values['pictures']:,}",
        *(f"{found[key]:.1e}" for key in ("largest", "mean", "p99")),
        *(format_percent(found[key]) for key in ("top1", "top3", "accuracy")),
        f"{found['macro_f1']:.3f}" if "macro_f1" in found else "",
        f"{found['ece']:.3f}",
        found["worst"],
        f"{values['latency_ratio']:.2f}",
    ]


def render_detectors(report: dict) -> str:
    """Render the face detectors in every runtime against the published files on LiteRT."""
    rows = [
        [
            f"`{name}`: {run['title']}",
            f"{run['photos']['faces']} in {run['photos']['photos']}",
            f"{run['photos']['box']:.1e}",
            f"{run['photos']['detection']:.1e}",
        ]
        for name, entry in pick_files(report, DETECTORS)
        for run in entry["runs"]
    ]
    return make_table(["run", "faces in photos", "box, pixels", "score"], rows)


def render_gate(report: dict) -> str:
    """Render what both heads of an artifact must hold to ship."""
    gate = report["artifacts"]["gate"]
    names: dict[tuple, list[str]] = {}
    for name, row in gate["rows"].items():
        names.setdefault(tuple(row.values()), []).append(name)
    rows = [
        [
            ", ".join(variants),
            "reported" if largest >= 1 else f"{largest:g}",
            f"{100 * top1:g} %",
            f"{100 * accuracy:g} points",
        ]
        for (largest, top1, accuracy), variants in names.items()
    ]
    head = ["artifact", "largest score difference", "top-1 agreement", "accuracy change"]
    return (
        f"{make_table(head, rows)}\n\nOn a graphics processor (WebGL), whose arithmetic is its "
        f"own, any artifact may differ by {gate['webgl']:g}."
    )


def render_artifact_setup(report: dict) -> str:
    """Say what was measured on what, and what int8 was calibrated on."""
    section = report["artifacts"]
    entries = [entry for _, entry in pick_files(report, NETWORKS)]
    versions = sorted({run["version"] for entry in entries for run in entry["runs"]})
    evaluation, calibration = section["evaluation"], section["calibration"]
    return (
        f"Measured on the {evaluation['pictures']:,} pictures of {evaluation['split']} and on "
        f"{section['golden']['faces']} golden faces and {section['golden']['photos']} golden "
        f"photos, with {'; '.join(versions)}, on {section['machine']}. int8 is calibrated on "
        f"{len(calibration['ids'])} pictures of {calibration['source']}; their ids stand in "
        "`tflite/calibration.json`."
    )


BLOCKS: dict[str, Callable[[dict], str]] = {
    "artifact-files": render_files,
    "artifact-parity": render_parity,
    "artifact-runs": render_artifact_runs,
    "artifact-detectors": render_detectors,
    "artifact-gate": render_gate,
    "artifact-setup": render_artifact_setup,
}
