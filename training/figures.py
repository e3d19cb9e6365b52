"""Draw the report: training curves, confusion matrix, reliability diagram, coverage curve.

    python -m training.figures [--report models/report.json] [--output training/figures]
    python -m training.figures --examples DATA    also pictures right and wrong, into local/

The examples show FER-2013's pictures, which must not be published: they go where Git ignores them.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws into files, needs no screen

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import softmax

from convert.report import REPORT, read_report
from training.data import LABELS, DataError, Faces, find_majority, load_faces
from training.evaluate import collect_splits, predict_logits

BLUE, ORANGE, GRAY = "#0072B2", "#D55E00", "#666666"  # Okabe and Ito's, safe for colour-blind eyes
FRONTIER = "frontier-"  # how the names of the runs over `target_mix` begin
SHOWN = ("PrivateTest", "PublicTest", "Validation")  # the first one present is drawn


class FigureError(Exception):
    """There is nothing to draw; the message says what is missing."""


def choose_split(evaluation: dict) -> str:
    """The split to draw: held-out data before the part that settings were chosen on."""
    for name in SHOWN:
        if name in evaluation["splits"]:
            return name
    raise FigureError("the report's section `evaluation` holds no split")


def draw_history(epochs: list[dict]) -> Figure:
    """Loss and accuracy over the epochs; a dotted line where the picture size grows."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    x = [row["epoch"] for row in epochs]
    axes[0].plot(x, [row["loss"] for row in epochs], color=GRAY, label="training, augmented")
    axes[0].plot(x, [row["val_loss"] for row in epochs], color=BLUE, label="validation")
    axes[0].set_ylabel("cross-entropy (nats)")
    labels, votes = ([row[key] * 100 for row in epochs] for key in ("val_accuracy", "val_ferplus"))
    axes[1].plot(x, labels, color=BLUE, label="labels: accuracy")
    axes[1].plot(x, votes, color=ORANGE, label="votes: agreement with the majority")
    axes[1].set_ylabel("validation (%)")
    for axis in axes:
        mark_sizes(axis, epochs)
        axis.set_xlabel("epoch")
        axis.legend(frameon=False)
    return figure


def mark_sizes(axis: Axes, epochs: list[dict]) -> None:
    """A dotted line before each epoch whose pictures are larger than the last one's."""
    for before, row in pairwise(epochs):
        if row["size"] != before["size"]:
            axis.axvline(row["epoch"], color=GRAY, linestyle=":", linewidth=1)


def draw_confusion(measures: dict, split: str) -> Figure:
    """The confusion matrix, each row in per cent of its label."""
    counts = np.array(measures["confusion"], float)
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(6, 5.4), layout="constrained")
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(shares.shape):
        color = "white" if shares[row, column] > 55 else "black"
        text = f"{shares[row, column]:.0f}"
        axis.text(column, row, text, ha="center", va="center", color=color)
    axis.set_xticks(range(len(LABELS)), LABELS, rotation=40, ha="right")
    axis.set_yticks(range(len(LABELS)), LABELS)
    axis.set_xlabel("answer")
    axis.set_ylabel("FER-2013's label")
    axis.set_title(f"{split}: of 100 pictures with a label, so many are answered")
    return figure


def draw_reliability(values: dict, split: str) -> Figure:
    """How often an answer is right against its score, with the number of pictures below."""
    bins = values["reliability"]
    score, right = ([100 * b[key] for b in bins] for key in ("score", "right"))
    figure, (axis, below) = plt.subplots(
        2, 1, figsize=(5.4, 6), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    axis.plot([0, 100], [0, 100], color=GRAY, linestyle=":", label="a score that is always true")
    axis.plot(score, right, "o-", color=BLUE, label="the network")
    axis.set_ylabel("right (%)")
    axis.set_title(f"{split}: ECE {values['ece']:.3f}")
    axis.legend(frameon=False)
    middle = [50 * (b["low"] + b["high"]) for b in bins]
    below.bar(middle, [b["count"] for b in bins], width=6, color=BLUE)
    below.set_ylabel("pictures")
    below.set_xlabel("EmoScore (%)")
    return figure


def draw_coverage(evaluation: dict, split: str) -> Figure:
    """The share right among the answers given, against the share of pictures answered."""
    curve = evaluation["splits"][split]["coverage"]
    threshold = evaluation["not_sure_below"]
    figure, axis = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
    coverage, right = ([100 * point[key] for point in curve] for key in ("coverage", "right"))
    axis.plot(coverage, right, color=BLUE)
    chosen = min(curve, key=lambda point: abs(point["score_below"] - threshold))
    axis.plot(100 * chosen["coverage"], 100 * chosen["right"], "o", color=ORANGE)
    axis.annotate(
        f'"not sure" below {threshold:.0%}',
        (100 * chosen["coverage"], 100 * chosen["right"]),
        xytext=(-10, -16), textcoords="offset points", ha="right", color=ORANGE,
    )  # fmt: skip
    axis.set_xlabel("pictures answered (%)")
    axis.set_ylabel("as most voters say (%)")
    axis.set_title(f"{split}: what saying “not sure” buys")
    return figure


def pick_frontier(runs: list[dict]) -> list[dict]:
    """The runs that differ in `target_mix` alone, from the labels to the votes."""
    chosen = [run for run in runs if run["run"].startswith(FRONTIER)]
    return sorted(chosen, key=lambda run: run["target_mix"])


def draw_frontier(runs: list[dict], evaluation: dict) -> Figure:
    """Labels against votes on PublicTest by what was learned; the network beside it."""
    figure, axis = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
    labels, votes = ([100 * run[key] for run in runs] for key in ("public_labels", "public_votes"))
    axis.plot(labels, votes, "o-", color=BLUE, label="the same number of epochs at each mix")
    for run, x, y in zip(runs, labels, votes, strict=True):
        axis.annotate(
            f"{run['target_mix']:g}", (x, y), xytext=(-6, -10), textcoords="offset points",
            ha="right", color=BLUE,
        )  # fmt: skip
    shipped = evaluation["splits"]["PublicTest"]
    x, y = shipped["labels"]["accuracy"]["share"], shipped["ferplus"]["agreement"]["share"]
    axis.plot(100 * x, 100 * y, "D", color=ORANGE, label="the network")
    axis.set_xlabel("labels: accuracy (%)")
    axis.set_ylabel("votes: agreement with the majority (%)")
    axis.set_title("PublicTest, by the share of votes learned")
    axis.legend(frameon=False, loc="lower left")
    return figure


def draw_examples(scores: np.ndarray, faces: Faces, right: bool) -> Figure:
    """The 24 surest answers that are right, or wrong, in the voters' eyes."""
    majority = find_majority(faces.votes)
    hit = (majority >= 0) & ((scores.argmax(axis=1) == majority) == right)
    rows = np.nonzero(hit)[0]
    rows = rows[np.argsort(-scores[rows].max(axis=1), kind="stable")][:24]
    figure, axes = plt.subplots(4, 6, figsize=(10, 8), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, row in zip(axes.flat, rows, strict=False):
        axis.imshow(faces.images[row], cmap="gray", vmin=0, vmax=255)
        answer, score = LABELS[scores[row].argmax()], scores[row].max()
        axis.set_title(f"{answer} {score:.0%}\nvoters: {LABELS[majority[row]]}", fontsize=8)
    return figure


def save_figure(figure: Figure, file: Path) -> None:
    """Write a PNG whose bytes depend on the figure alone."""
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)
    print(f"wrote {file}")


def draw_report(report: dict, output: Path) -> None:
    """All figures that the report's sections `history` and `evaluation` allow."""
    missing = {"history", "evaluation"} - set(report)
    if missing:
        raise FigureError(f"the report has no section {' or '.join(sorted(missing))}")
    evaluation = report["evaluation"]
    split = choose_split(evaluation)
    values = evaluation["splits"][split]
    output.mkdir(parents=True, exist_ok=True)
    save_figure(draw_history(report["history"]["epochs"]), output / "history.png")
    save_figure(draw_confusion(values["labels"], split), output / "confusion.png")
    save_figure(draw_reliability(values, split), output / "reliability.png")
    save_figure(draw_coverage(evaluation, split), output / "coverage.png")
    if (frontier := pick_frontier(evaluation["runs"])) and "PublicTest" in evaluation["splits"]:
        save_figure(draw_frontier(frontier, evaluation), output / "frontier.png")


def draw_local_examples(data: Path, report: dict, model: Path, output: Path) -> None:
    """Pictures right and wrong, for the developer's own eyes."""
    splits = collect_splits(load_faces(data), report["history"]["settings"])
    faces = splits[choose_split({"splits": splits})]
    scores = softmax(predict_logits(model, faces.images), axis=1)
    output.mkdir(parents=True, exist_ok=True)
    save_figure(draw_examples(scores, faces, right=True), output / "right.png")
    save_figure(draw_examples(scores, faces, right=False), output / "wrong.png")


def main(arguments: list[str] | None = None) -> int:
    """Draw; 2 when the report or the data cannot be used."""
    parser = argparse.ArgumentParser(prog="training.figures", description=__doc__.split("\n")[0])
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "figures")
    parser.add_argument("--examples", type=Path, metavar="DATA", help="also draw pictures")
    options = parser.parse_args(arguments)
    try:
        report = read_report(options.report)
        draw_report(report, options.output)
        if options.examples:
            model = options.report.parent / "emoji.h5"
            draw_local_examples(options.examples, report, model, Path("local"))
    except (DataError, FigureError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
