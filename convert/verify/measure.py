"""Run every artifact in every runtime and measure what it says against Keras and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract

from convert.artifacts import Artifact, list_networks
from convert.golden.goldens import GoldenSet
from convert.network import find_logits, open_network, predict_network
from convert.prediction import Prediction
from convert.verify.compare import compare_predictions
from convert.verify.runners import RUNTIMES, Job, Result, RuntimeOptions, run_jobs
from training.data import PUBLIC, DataError, Faces, load_faces
from training.measures import measure_heads

# How every artifact is proved, with the share of inputs that it runs: every n-th golden, every n-th
# evaluation picture (0 for none), and that with --full. WebGL without a graphics processor and
# plain JavaScript are many times slower than the rest.
TFLITE_RUNS = tuple(
    (RuntimeOptions(runtime, threads=threads), 1, 1, 1)
    for runtime in ("litert", "tflite-runtime")
    for threads in (1, 2)
)
TFJS_RUNS = (
    (RuntimeOptions("node", "wasm", batch=1), 1, 1, 1),
    (RuntimeOptions("node", "wasm", batch=8), 1, 4, 1),
    (RuntimeOptions("node", "cpu"), 8, 0, 0),
    (RuntimeOptions("chromium", "wasm", batch=1), 1, 1, 1),
    (RuntimeOptions("chromium", "wasm", batch=8), 1, 4, 1),
    (RuntimeOptions("chromium", "webgl", batch=1), 1, 8, 1),
    (RuntimeOptions("chromium", "webgl", batch=8), 4, 32, 8),
    (RuntimeOptions("chromium", "cpu"), 8, 64, 64),
)
INPUTS = ("golden", "evaluation")


@dataclass
class Inputs:
    """Pictures, uint8 [n, 48, 48, 1], their ids and what Keras says of them."""

    pixels: np.ndarray
    ids: list[str]
    expected: Prediction
    faces: Faces | None = None  # their labels and votes, of evaluation pictures

    def thin(self, step: int) -> "Inputs":
        """Take every step-th of the pictures."""
        rows = slice(None, None, step)
        faces = self.faces.select(np.arange(len(self.ids))[rows]) if self.faces else None
        return Inputs(self.pixels[rows], self.ids[rows], self.expected.select(rows), faces)


@dataclass(frozen=True)
class PlannedRun:
    """An artifact on a runtime, over every n-th input of each kind that is named."""

    artifact: Artifact
    options: RuntimeOptions
    steps: dict[str, int]


def plan_runs(artifact: Artifact, runtimes: Sequence[str], full: bool) -> list[PlannedRun]:
    """Plan the runs of one of the network's artifacts on these runtimes."""
    runs = TFLITE_RUNS if artifact.kind == "tflite" else TFJS_RUNS
    return [
        PlannedRun(artifact, options, {k: n for k, n in zip(INPUTS, steps, strict=True) if n})
        for options, golden, part, whole in runs
        for steps in [(golden, whole if full else part)]
        if options.runtime in runtimes
    ]


def take_golden(golden: GoldenSet) -> Inputs:
    """Take the golden faces as inputs, those of the photos included."""
    faces = golden.all_faces
    pixels = np.stack([face.pixels for face in faces])[..., None]
    return Inputs(pixels, [face.id for face in faces], golden.predict())


def take_evaluation(data: Path, models: Path, contract: Contract) -> tuple[Inputs, dict[str, Any]]:
    """Take the PublicTest pictures as inputs; returns how often Keras itself is right too.

    DataError where the data has none.
    """
    faces = load_faces(data)
    faces = faces.select(faces.splits == PUBLIC)
    if not len(faces):
        raise DataError(f"{data}: no picture of {PUBLIC}")
    model = open_network(models / contract.artifacts["keras"], contract)
    expected = predict_network(model, faces.images, contract)
    inputs = Inputs(faces.images[..., None], faces.ids.tolist(), expected, faces)
    return inputs, judge_heads(expected, faces)


def read_prediction(result: Result, contract: Contract) -> Prediction:
    """Read scores, label_scores and logits out of a runtime's flat outputs."""
    labels = len(contract.labels)
    scores, label_scores = (
        result.outputs[name].reshape(-1, labels)
        for name in (contract.scores_name, contract.label_scores_name)
    )
    evidence = result.outputs[contract.evidence_name].reshape(len(scores), -1, 1, labels)
    return Prediction(scores, label_scores, find_logits(evidence))


def judge_heads(found: Prediction, faces: Faces) -> dict[str, dict[str, Any]]:
    """Measure each head by its own truth: `scores` by the votes, `label_scores` by the labels.

    `accuracy` is how often the best is the truth, on the pictures that have one (`judged`).
    Where no picture has votes, the labels are the truth of both.
    """
    both = np.stack([np.nan_to_num(found.scores), np.nan_to_num(found.label_scores)], axis=1)
    values = measure_heads(both, faces)
    labels, votes = values["labels"], values["votes"]
    by_labels = {"accuracy": labels["accuracy"]["share"], "judged": len(faces)}
    by_votes = {
        "accuracy": votes["agreement"]["share"],
        "judged": votes["agreement"]["pictures"],
        "divergence": votes["divergence"],
    } if votes else judge_by_labels(found.scores, faces)  # fmt: skip
    return {
        "scores": by_votes | {"ece": values["ece"]},
        "label_scores": by_labels | {"ece": labels["ece"], "macro_f1": labels["macro_f1"]},
    }


def judge_by_labels(scores: np.ndarray, faces: Faces) -> dict[str, Any]:
    """Measure scores [n, 7] by the labels, for want of votes."""
    right = np.nan_to_num(scores).argmax(axis=1) == faces.labels
    return {"accuracy": float(right.mean()), "judged": len(faces)}


def measure_result(inputs: Inputs, result: Result, contract: Contract) -> dict[str, Any]:
    """Measure everything about one artifact in one run over these inputs."""
    found = read_prediction(result, contract)
    measures = compare_predictions(inputs.expected, found, inputs.ids, contract.decided)
    if inputs.faces is None:
        return measures
    keras = judge_heads(inputs.expected, inputs.faces)
    for head, truth in judge_heads(found, inputs.faces).items():
        change = truth["accuracy"] - keras[head]["accuracy"]
        measures[head] |= truth | {"accuracy_change": change}
    return measures | {"latency_ms": float(np.median(result.times))}


def measure_networks(
    models: Path,
    contract: Contract,
    inputs: dict[str, Inputs],
    runtimes: Sequence[str] = RUNTIMES,
    full: bool = False,
) -> dict[str, list[dict[str, Any]]]:
    """Measure the runs of each artifact, by name: a run is its options, version and measures.

    inputs are `golden` and, with data, `evaluation`; the measures stand under these names. A run
    that fails has `error` instead.
    """
    entries, jobs = [], []
    parts: dict[tuple[str, int], Inputs] = {}
    for artifact in list_networks(contract):
        for plan in plan_runs(artifact, runtimes, full):
            for key, step in plan.steps.items():
                if key in inputs:
                    part = parts.setdefault((key, step), inputs[key].thin(step))
                    entries.append((plan, key, part))
                    jobs.append(Job(models / artifact.name, part.pixels, plan.options))
    runs: dict[str, dict[RuntimeOptions, dict]] = {}
    for (plan, key, part), result in zip(entries, run_jobs(jobs), strict=True):
        mine = runs.setdefault(plan.artifact.name, {})
        run = mine.setdefault(plan.options, plan.options.describe())
        if result.error:
            run["error"] = result.error
        else:
            run |= {"version": result.version, key: measure_result(part, result, contract)}
    return {name: list(found.values()) for name, found in runs.items()}
