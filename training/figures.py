"""Draw the report: curves, confusion matrix, reliability, what "not sure" buys, the leaderboard.

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

from models.report import REPORT, ReportError, choose_split, read_report
from training.data import LABELS, DataError, Faces, find_majority, load_faces
from training.evaluate import collect_splits, make_predictor

BLUE, ORANGE, GRAY = "#0072B2", "#D55E00", "#666666"  # Okabe and Ito's, safe for colour-blind eyes


def draw_history(epochs: list[dict]) -> Figure:
    """Draw loss and validation over the epochs; a dotted line where the picture size grows."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    axes[0].set_ylabel("cross-entropy of both heads (nats)")
    draw_column(axes[0], epochs, "loss", color=GRAY, name="training, augmented")
    draw_column(axes[0], epochs, "val_loss", color=BLUE, name="validation")
    axes[1].set_ylabel("validation (%)")
    draw_column(
        axes[1],
        epochs,
        "val_votes",
        color=BLUE,
        name="scores: agreement with the majority",
        scale=100,
    )
    draw_column(
        axes[1], epochs, "val_labels", color=ORANGE, name="label_scores: accuracy", scale=100
    )
    for axis in axes:
        mark_sizes(axis, epochs)
        axis.set_xlabel("epoch")
        axis.legend(frameon=False)
    return figure


def draw_column(
    axis: Axes, epochs: list[dict], key: str, *, color: str, name: str, scale: float = 1
) -> None:
    """Draw one column of the history, where the epochs have it."""
    points = [(row["epoch"], row[key] * scale) for row in epochs if key in row]
    axis.plot([x for x, _ in points], [y for _, y in points], color=color, label=name)


def mark_sizes(axis: Axes, epochs: list[dict]) -> None:
    """Draw a dotted line before each epoch whose pictures are larger than the last one's."""
    for before, row in pairwise(epochs):
        if row["size"] != before["size"]:
            axis.axvline(row["epoch"], color=GRAY, linestyle=":", linewidth=1)


def draw_confusion(measures: dict, split: str) -> Figure:
    """Draw the confusion matrix of label_scores, each row in per cent of its label."""
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
    """Draw which share of voters chose an expression against its score, for all and the best."""
    figure, (axis, below) = plt.subplots(
        2, 1, figsize=(5.4, 6), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    axis.plot([0, 100], [0, 100], color=GRAY, linestyle=":", label="a score that is always true")
    for key, color, name in (
        ("all_reliability", BLUE, "all seven scores"),
        ("reliability", ORANGE, "the best one"),
    ):
        score, share = ([100 * b[part] for b in values[key]] for part in ("score", "share"))
        axis.plot(score, share, "o-", color=color, label=name)
    axis.set_ylabel("voters who chose it (%)")
    axis.set_title(f"{split}: ECE {values['all_ece']:.3f}, of the best {values['ece']:.3f}")
    axis.legend(frameon=False)
    bins = values["reliability"]
    middle = [50 * (b["low"] + b["high"]) for b in bins]
    below.bar(middle, [b["count"] for b in bins], width=6, color=ORANGE)
    below.set_ylabel("pictures")
    below.set_xlabel("EmoScore (%)")
    return figure


def draw_coverage(evaluation: dict, split: str) -> Figure:
    """Draw how often voters are divided, and the answer right, against the share answered."""
    curve = evaluation["splits"][split]["coverage"]
    threshold = evaluation["not_sure_below"]
    figure, axis = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
    coverage = [100 * point["coverage"] for point in curve]
    for key, color, name in (
        ("right", BLUE, "answers that most voters give"),
        ("divided", GRAY, "voters divided, among the answered"),
        ("divided_below", ORANGE, "voters divided, among the others"),
    ):
        shares = [np.nan if point[key] is None else 100 * point[key] for point in curve]
        axis.plot(coverage, shares, color=color, label=name)
    chosen = min(curve, key=lambda point: abs(point["score_below"] - threshold))
    axis.axvline(100 * chosen["coverage"], color=GRAY, linestyle=":", linewidth=1)
    axis.set_xlabel(f'pictures answered (%); the line: "not sure" below {threshold:.0%}')
    axis.set_ylabel("pictures (%)")
    axis.set_title(f"{split}: what saying “not sure” buys")
    axis.legend(frameon=False, fontsize=8)
    return figure


def draw_leaderboard(runs: list[dict], shipped: str) -> Figure:
    """Draw labels against votes on PublicTest for every run; the shipped one stands out."""
    figure, axis = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
    shown = [run for run in runs if run["public_votes"] and run["public_labels"]]
    others = [run for run in shown if run["run"] != shipped]
    for chosen, mark, color, name in (
        (others, "o", BLUE, "a run"),
        ([run for run in shown if run["run"] == shipped], "D", ORANGE, "the shipped run"),
    ):
        labels, votes = (
            [100 * run[key] for run in chosen] for key in ("public_labels", "public_votes")
        )
        axis.plot(labels, votes, mark, color=color, label=name)
    axis.set_xlabel("labels: accuracy (%)")
    axis.set_ylabel("votes: agreement with the majority (%)")
    axis.set_title("PublicTest, one crop")
    axis.legend(frameon=False, loc="lower left")
    return figure


def draw_examples(scores: np.ndarray, faces: Faces, right: bool) -> Figure:
    """Draw the 24 surest answers that are right, or wrong, in the voters' eyes."""
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
    """Draw all figures that the report's sections `history` and `evaluation` allow."""
    missing = {"history", "evaluation"} - set(report)
    if missing:
        raise ReportError(f"the report has no section {' or '.join(sorted(missing))}")
    evaluation, history = report["evaluation"], report["history"]
    split = choose_split(evaluation)
    values = evaluation["splits"][split]
    output.mkdir(parents=True, exist_ok=True)
    save_figure(draw_history(history["epochs"]), output / "history.png")
    save_figure(draw_confusion(values["labels"], split), output / "confusion.png")
    save_figure(draw_reliability(values, split), output / "reliability.png")
    save_figure(draw_coverage(evaluation, split), output / "coverage.png")
    if any(run["public_votes"] for run in evaluation["runs"]):
        save_figure(draw_leaderboard(evaluation["runs"], history["run"]), output / "runs.png")


def draw_local_examples(data: Path, report: dict, model: Path, output: Path) -> None:
    """Draw pictures right and wrong, for the developer's own eyes."""
    splits = collect_splits(load_faces(data), report["history"]["settings"])
    faces = splits[choose_split({"splits": splits})]
    scores = make_predictor(model)(faces.images)[:, 0]
    output.mkdir(parents=True, exist_ok=True)
    save_figure(draw_examples(scores, faces, right=True), output / "right.png")
    save_figure(draw_examples(scores, faces, right=False), output / "wrong.png")


def main(arguments: list[str] | None = None) -> int:
    """Draw; return 2 when the report or the data cannot be used."""
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
    except (DataError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
