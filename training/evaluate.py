"""Measure the shipped network on every split at hand, into the report's section `evaluation`.

    python -m training.evaluate DATA [--model models/emoji.h5] [--report models/report.json]

Two truths are reported side by side: FER-2013's label of a picture, and FER+'s ten votes on it.
Calibration is measured against what the run learned, a mixture of the two (`target_mix`).
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from convert.report import REPORT, read_report, write_section
from training.data import (
    LABELS,
    DataError,
    Faces,
    add_data_arguments,
    find_majority,
    load_faces,
    mix_targets,
    split_training,
    vote_distribution,
)
from training.people import compare_people
from training.shares import measure_share
from training.weaknesses import Predict, measure_weaknesses, slice_faces

BINS = 15  # of the expected calibration error, equal in width, on the top score
VALIDATION = "Validation"  # the part cut from Training that everything was chosen on


LOG = Path(__file__).parent / "runs.csv"  # the log of runs, which training.runs writes


# ---- measures --------------------------------------------------------------------------------


def measure_labels(scores: np.ndarray, labels: np.ndarray) -> dict:
    """Against FER-2013's labels: accuracy, macro-F1 of the classes present, top-3, confusion.

    Rows of the confusion matrix are labels, columns answers.
    """
    top = scores.argmax(axis=1)
    classes = range(len(LABELS))
    values = precision_recall_fscore_support(labels, top, labels=classes, zero_division=0)
    present = values[3] > 0
    best = np.argsort(-scores, axis=1, kind="stable")[:, :3]
    return {
        "accuracy": measure_share(top == labels),
        "macro_f1": float(values[2][present].mean()),
        "top3": float((best == labels[:, None]).any(axis=1).mean()),
        "classes": {
            name: {
                "precision": float(values[0][i]),
                "recall": float(values[1][i]),
                "f1": float(values[2][i]),
                "support": int(values[3][i]),
            }
            for i, name in enumerate(LABELS)
        },
        "confusion": confusion_matrix(labels, top, labels=classes).tolist(),
    }


def measure_votes(scores: np.ndarray, votes: np.ndarray) -> dict | None:
    """Against FER+: agreement with the majority, divergence from the votes; None without votes.

    The divergence is Jensen-Shannon's in bits, 0 (the same distribution) to 1.
    """
    majority = find_majority(votes)
    clear = majority >= 0
    shares, known = vote_distribution(np.maximum(votes, 0))
    if not clear.any():
        return None
    distance = jensenshannon(scores[known], shares[known], base=2, axis=1)
    return {
        "agreement": measure_share((scores.argmax(axis=1) == majority)[clear]),
        "divergence": float(np.square(distance).mean()),
        "divergence_pictures": int(known.sum()),
    }


def bin_scores(scores: np.ndarray, truth: np.ndarray) -> list[dict]:
    """The reliability diagram: per bin of the top score its mean and how often it is right.

    truth [n, 7] is a distribution, so that a picture on which people are divided counts as partly
    right. Empty bins are left out.
    """
    top = scores.argmax(axis=1)
    score = scores.max(axis=1)
    right = truth[np.arange(len(truth)), top]
    index = np.minimum((score * BINS).astype(int), BINS - 1)
    return [
        {
            "low": b / BINS,
            "high": (b + 1) / BINS,
            "count": int((index == b).sum()),
            "score": float(score[index == b].mean()),
            "right": float(right[index == b].mean()),
        }
        for b in range(BINS)
        if (index == b).any()
    ]


def expected_calibration_error(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of the top score from how often it is right (Guo et al. 2017), 15 bins."""
    bins = bin_scores(scores, truth)
    return sum(b["count"] * abs(b["score"] - b["right"]) for b in bins) / len(scores)


def negative_log_likelihood(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean cross-entropy of the scores under the truth [n, 7], in nats."""
    return float(-(truth * np.log(np.maximum(scores, 1e-12))).sum(axis=1).mean())


def trace_coverage(scores: np.ndarray, right: np.ndarray) -> list[dict]:
    """For each score below which the answer would be "not sure": coverage, and share right."""
    score = scores.max(axis=1)
    curve = []
    for threshold in np.arange(0, 1, 0.02):
        kept = score >= threshold
        if kept.any():
            curve.append(
                {
                    "score_below": round(float(threshold), 2),
                    "coverage": float(kept.mean()),
                    "right": float(right[kept].mean()),
                }
            )
    return curve


def is_right(scores: np.ndarray, faces: Faces) -> np.ndarray:
    """Whether most voters name what the network names; where there are no votes, the label.

    A picture on which the voters have no clear majority is never right: "not sure" is the answer.
    """
    voted = faces.votes.min(axis=1) >= 0
    truth = np.where(voted, find_majority(faces.votes), faces.labels)
    return scores.argmax(axis=1) == truth


def measure_scores(scores: np.ndarray, faces: Faces, target_mix: float) -> dict:
    """All measures of scores [n, 7] on the faces."""
    truth = mix_targets(faces, target_mix)
    return {
        "pictures": len(faces),
        "labels": measure_labels(scores, faces.labels),
        "ferplus": measure_votes(scores, faces.votes),
        "ece": expected_calibration_error(scores, truth),
        "nll": negative_log_likelihood(scores, truth),
    }


# ---- the network -----------------------------------------------------------------------------


def load_network(model_path: Path) -> Predict:
    """The network in Keras: uint8 pictures [n, 48, 48] to logits [n, 7], the mean evidence."""
    import keras  # here, so that the measures above need no TensorFlow

    model = keras.models.load_model(model_path, compile=False)

    def predict(images: np.ndarray) -> np.ndarray:
        x = images[..., None].astype(np.float32)
        return model.predict(x, batch_size=256, verbose=0)["evidence"].mean(axis=(1, 2))

    return predict


def predict_logits(model_path: Path, images: np.ndarray) -> np.ndarray:
    """Logits [n, 7] of uint8 pictures [n, 48, 48]."""
    return load_network(model_path)(images)


def read_runs(log: Path = LOG) -> list[dict]:
    """The log of runs: texts as texts, numbers as numbers, empty cells as None."""
    if not log.exists():
        return []
    texts = ("run", "note", "phases")
    with open(log, newline="", encoding="utf-8") as file:
        return [
            {
                key: value if key in texts else json.loads(value or "null")
                for key, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def collect_splits(faces: Faces, settings: dict) -> dict[str, Faces]:
    """The splits to measure on: what is there besides Training, and the validation part of it."""
    splits = {}
    if (faces.splits == "Training").any():
        splits[VALIDATION] = split_training(faces, settings["validation"], settings["seed"])[1]
    for name in np.unique(faces.splits[faces.splits != "Training"]):
        splits[str(name)] = faces.select(faces.splits == name)
    return splits


def evaluate_split(logits: np.ndarray, faces: Faces, target_mix: float, temperature: float) -> dict:
    """One split's measures, with calibration before the temperature was folded in and after."""
    scores = softmax(logits, axis=1)
    truth = mix_targets(faces, target_mix)
    raw = softmax(logits * temperature, axis=1)
    return measure_scores(scores, faces, target_mix) | {
        "before_temperature": {
            "ece": expected_calibration_error(raw, truth),
            "nll": negative_log_likelihood(raw, truth),
        },
        "reliability": bin_scores(scores, truth),
        "coverage": trace_coverage(scores, is_right(scores, faces)),
        "people": compare_people(scores, faces),
        "slices": slice_faces(scores, faces),
    }


def evaluate_model(model_path: Path, faces: Faces, history: dict) -> dict:
    """The report's section `evaluation` for the network that the section `history` describes."""
    settings, temperature = history["settings"], history["temperature"]
    predict = load_network(model_path)
    splits = {}
    for name, part in collect_splits(faces, settings).items():
        logits = predict(part.images)
        splits[name] = evaluate_split(
            logits, part, settings["target_mix"], temperature
        ) | measure_weaknesses(predict, part)
    return {
        "target_mix": settings["target_mix"],
        "temperature": temperature,
        "not_sure_below": history["not_sure_below"],
        "splits": splits,
        "runs": read_runs(),
    }


def print_split(name: str, values: dict) -> None:
    """One split's main measures for a person to read."""
    accuracy = values["labels"]["accuracy"]
    low, high = accuracy["interval"]
    print(f"{name}: {values['pictures']} pictures")
    print(f"  labels  {accuracy['share']:.1%} ({low:.1%} to {high:.1%}), ", end="")
    print(f"macro-F1 {values['labels']['macro_f1']:.3f}, top-3 {values['labels']['top3']:.1%}")
    if votes := values["ferplus"]:
        agreement = votes["agreement"]
        print(f"  votes   {agreement['share']:.1%} of {agreement['pictures']} majorities, ", end="")
        print(f"divergence {votes['divergence']:.3f}")
    before = values["before_temperature"]
    print(f"  ECE     {before['ece']:.3f} before the temperature, {values['ece']:.3f} after")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and store; 2 when the data, the network or its report cannot be used."""
    parser = argparse.ArgumentParser(prog="training.evaluate", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--model", type=Path, default=REPORT.parent / "emoji.h5")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args(arguments)
    history = read_report(options.report).get("history")
    try:
        if history is None:
            raise DataError(f"{options.report} has no section `history`: calibrate first")
        if not options.model.exists():
            raise DataError(f"{options.model}: no such network")
        faces = load_faces(options.data, options.votes, options.skip_bad)
        section = evaluate_model(options.model, faces, history)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, values in section["splits"].items():
        print_split(name, values)
    write_section(options.report, "evaluation", section)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
