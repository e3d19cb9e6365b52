"""Run every artifact in every setting and measure its answers against Keras's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract

from convert.artifacts import Artifact, list_networks
from convert.compare import Answers, compare_answers
from convert.golden import Golden
from convert.network import find_logits, load_network, predict_network
from convert.runners import RUNTIMES, Job, Result, Setting, run_jobs
from training.data import PUBLIC, DataError, Faces, load_faces
from training.evaluate import measure_scores

# Every setting that an artifact is proved in, with the share of inputs it runs: every n-th golden,
# every n-th evaluation picture (0 for none), and that with --full. WebGL without a graphics
# processor and plain JavaScript are many times slower than the rest.
TFLITE_SETTINGS = tuple(
    (Setting(runtime, threads=threads), 1, 1, 1)
    for runtime in ("litert", "tflite-runtime")
    for threads in (1, 2)
)
TFJS_SETTINGS = (
    (Setting("node", "wasm", batch=1), 1, 1, 1),
    (Setting("node", "wasm", batch=8), 1, 4, 1),
    (Setting("node", "cpu"), 8, 0, 0),
    (Setting("chromium", "wasm", batch=1), 1, 1, 1),
    (Setting("chromium", "wasm", batch=8), 1, 4, 1),
    (Setting("chromium", "webgl", batch=1), 1, 8, 1),
    (Setting("chromium", "webgl", batch=8), 4, 32, 8),
    (Setting("chromium", "cpu"), 8, 64, 64),
)


@dataclass
class Inputs:
    """Pictures, uint8 [n, 48, 48, 1], their ids and what Keras answers on them."""

    pixels: np.ndarray
    ids: list[str]
    expected: Answers
    faces: Faces | None = None  # their labels and votes, of evaluation pictures
    target_mix: float = 0.0

    def thin(self, step: int) -> "Inputs":
        """Every step-th."""
        rows = slice(None, None, step)
        faces = self.faces.select(np.arange(len(self.ids))[rows]) if self.faces else None
        expected = self.expected.select(rows)
        return Inputs(self.pixels[rows], self.ids[rows], expected, faces, self.target_mix)


def plan_runs(artifact: Artifact, runtimes: Sequence[str], full: bool) -> list[tuple]:
    """(setting, golden step, evaluation step) of one of the network's artifacts."""
    settings = TFLITE_SETTINGS if artifact.kind == "tflite" else TFJS_SETTINGS
    return [
        (setting, golden_step, full_step if full else step)
        for setting, golden_step, step, full_step in settings
        if setting.runtime in runtimes
    ]


def take_golden(golden: Golden) -> Inputs:
    """The golden faces, those of the photos included."""
    faces = golden.all_faces
    scores = np.array([face.scores for face in faces], np.float32)
    logits = np.array([face.logits for face in faces], np.float32)
    pixels = np.stack([face.pixels for face in faces])[..., None]
    return Inputs(pixels, [face.id for face in faces], Answers(scores, logits))


def take_evaluation(data: Path, models: Path, contract: Contract, target_mix: float) -> Inputs:
    """The PublicTest pictures with Keras's answers; DataError where there are none."""
    faces = load_faces(data)
    faces = faces.select(faces.splits == PUBLIC)
    if not len(faces):
        raise DataError(f"{data}: no picture of {PUBLIC}")
    model = load_network(models / contract.artifacts["keras"], contract)
    expected = Answers(*predict_network(model, faces.images, contract))
    return Inputs(faces.images[..., None], faces.ids.tolist(), expected, faces, target_mix)


def read_answers(result: Result, contract: Contract) -> Answers:
    """Scores and logits out of a runtime's flat outputs."""
    labels = len(contract.labels)
    scores = result.outputs[contract.scores_name].reshape(-1, labels)
    evidence = result.outputs[contract.evidence_name]
    return Answers(scores, find_logits(evidence.reshape(len(scores), -1, 1, labels)))


def measure_truth(answers: Answers, inputs: Inputs) -> dict[str, Any]:
    """Against labels and votes: accuracy, macro-F1, ECE, FER+ agreement (None without votes)."""
    if inputs.faces is None:
        raise ValueError("only evaluation pictures have labels and votes")
    values = measure_scores(np.nan_to_num(answers.scores), inputs.faces, inputs.target_mix)
    return {
        "accuracy": values["labels"]["accuracy"]["share"],
        "macro_f1": values["labels"]["macro_f1"],
        "ece": values["ece"],
        "ferplus": values["ferplus"] and values["ferplus"]["agreement"]["share"],
    }


def measure_result(inputs: Inputs, result: Result, contract: Contract) -> dict[str, Any]:
    """Everything about one artifact in one setting on these inputs."""
    found = read_answers(result, contract)
    measures = compare_answers(inputs.expected, found, inputs.ids, contract.decided)
    if inputs.faces is None:
        return measures
    truth = measure_truth(found, inputs)
    keras = measure_truth(inputs.expected, inputs)
    change = truth["accuracy"] - keras["accuracy"]
    latency = float(np.median(result.times))
    return measures | truth | {"accuracy_change": change, "latency_ms": latency}


def measure_networks(
    models: Path,
    contract: Contract,
    inputs: dict[str, Inputs],
    runtimes: Sequence[str] = RUNTIMES,
    full: bool = False,
) -> dict[str, list[dict[str, Any]]]:
    """The runs of each artifact, by name: a run is its setting, version and measures.

    inputs are `golden` and, with data, `evaluation`; the measures stand under these names. A run
    that fails has `error` instead.
    """
    entries, jobs = [], []
    parts: dict[tuple[str, int], Inputs] = {}
    for artifact in list_networks(contract):
        for setting, *steps in plan_runs(artifact, runtimes, full):
            for key, step in zip(("golden", "evaluation"), steps, strict=True):
                if key in inputs and step:
                    part = parts.setdefault((key, step), inputs[key].thin(step))
                    entries.append((artifact.name, setting, key, part))
                    jobs.append(Job(models / artifact.name, part.pixels, setting))
    runs: dict[str, dict[Setting, dict]] = {}
    for (name, setting, key, part), result in zip(entries, run_jobs(jobs), strict=True):
        run = runs.setdefault(name, {}).setdefault(setting, asdict(setting))
        if result.error:
            run["error"] = result.error
        else:
            run |= {"version": result.version, key: measure_result(part, result, contract)}
    return {name: list(settings.values()) for name, settings in runs.items()}
