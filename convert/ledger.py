"""Render what verification measured as Markdown, for the documents' generated blocks.

Each function takes the report and returns the text of one block; `convert.documents` places it.
"""

from collections.abc import Callable
from typing import Any

from convert.report import make_table
from convert.runners import Setting

# The run whose accuracy and speed stand for an artifact.
USUAL = {"tflite": Setting("litert"), "tfjs": Setting("chromium", "wasm")}
NETWORKS = ("tflite", "tfjs")
DETECTORS = ("face", "face-tfjs")


def list_files(report: dict, kinds: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
    """Name and entry of the artifacts of these kinds."""
    files = report["artifacts"]["files"]
    return [(name, entry) for name, entry in files.items() if entry["kind"] in kinds]


def name_setting(run: dict[str, Any]) -> str:
    """Where and how a run ran."""
    return str(Setting(*(run[key] for key in ("runtime", "backend", "threads", "batch"))))


def find_usual(entry: dict[str, Any]) -> dict[str, Any]:
    """The evaluation measures of the artifact's usual run."""
    setting = str(USUAL[entry["kind"]])
    return next(run["evaluation"] for run in entry["runs"] if name_setting(run) == setting)


def list_measures(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The measures of all its runs, on goldens and evaluation pictures."""
    return [run[key] for run in entry["runs"] for key in ("golden", "evaluation") if key in run]


def find_largest(entry: dict[str, Any]) -> float:
    """The largest score difference in any run."""
    return max(measures["scores"]["largest"] for measures in list_measures(entry))


def find_agreement(entry: dict[str, Any]) -> float:
    """The lowest top-1 agreement of any run on the evaluation pictures."""
    return min(run["evaluation"]["top1"] for run in entry["runs"] if "evaluation" in run)


def format_share(value: float | None) -> str:
    """A share in percent; a dash where there is none."""
    return "-" if value is None else f"{100 * value:.2f} %"


def render_files(report: dict) -> str:
    """Every file that ships: what it is for, its size and its sha256."""
    rows = [
        [
            f"`{name}`",
            entry["for"],
            f"{entry['bytes']:,}",
            f"{entry['gzip_bytes']:,}",
            f"`{entry['sha256']}`",
        ]
        for name, entry in list_files(report, NETWORKS + DETECTORS)
    ]
    return make_table(["file", "what for", "bytes", "gzip", "sha256"], rows)


def render_parity(report: dict) -> str:
    """Each artifact of the network against Keras: accuracy, agreement, difference, speed."""
    keras = report["artifacts"]["evaluation"]["keras"]
    keras_row = ["`emoji.h5` in Keras", format_share(keras["accuracy"])]
    rows = [[*keras_row, format_share(keras["ferplus"]), "", "", ""]]
    for name, entry in list_files(report, NETWORKS):
        usual = find_usual(entry)
        rows.append(
            [
                f"`{name}`",
                format_share(usual["accuracy"]),
                format_share(usual["ferplus"]),
                format_share(find_agreement(entry)),
                f"{find_largest(entry):.1e}",
                f"{usual['latency_ratio']:.2f}",
            ]
        )
    head = ["artifact", "accuracy", "FER+ agreement", "same best as Keras", "largest difference"]
    return make_table([*head, "time to float32's"], rows)


def render_runs(report: dict) -> str:
    """Every run of every artifact on the evaluation pictures."""
    rows = []
    for name, entry in list_files(report, NETWORKS):
        for run in entry["runs"]:
            if "evaluation" not in run:
                continue
            values = run["evaluation"]
            rows.append(
                [
                    f"`{name}`: {name_setting(run)}",
                    f"{values['pictures']:,}",
                    *(f"{values['scores'][key]:.1e}" for key in ("largest", "mean", "p99")),
                    f"{values['logits']['largest']:.1e}",
                    *(format_share(values[key]) for key in ("top1", "top3", "accuracy")),
                    f"{values['macro_f1']:.3f}",
                    f"{values['ece']:.3f}",
                    format_share(values["ferplus"]),
                    values["worst"],
                    f"{values['latency_ratio']:.2f}",
                ]
            )
    differences = ["largest", "mean", "p99", "logits' largest"]
    agreement = ["top-1", "top-3", "accuracy", "macro-F1", "ECE", "FER+", "worst", "time ratio"]
    return make_table(["run", "pictures", *differences, *agreement], rows)


def render_detectors(report: dict) -> str:
    """The face detectors in every runtime against the published files on LiteRT."""
    rows = [
        [
            f"`{name}`: {name_setting(run)}",
            f"{run['photos']['faces']} in {run['photos']['photos']}",
            f"{run['photos']['box']:.1e}",
            f"{run['photos']['detection']:.1e}",
        ]
        for name, entry in list_files(report, DETECTORS)
        for run in entry["runs"]
    ]
    return make_table(["run", "faces in photos", "box, pixels", "score"], rows)


def render_gate(report: dict) -> str:
    """What an artifact must hold to ship."""
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
    return make_table(
        ["artifact", "largest score difference", "top-1 agreement", "accuracy change"], rows
    )


def render_setup(report: dict) -> str:
    """What was measured on what, and what int8 was calibrated on."""
    section = report["artifacts"]
    entries = [entry for _, entry in list_files(report, NETWORKS)]
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
    "artifact-runs": render_runs,
    "artifact-detectors": render_detectors,
    "artifact-gate": render_gate,
    "artifact-setup": render_setup,
}
