"""Render what training measured as Markdown, for the documents' generated blocks.

Each function takes the report and returns the text of one block; `convert.documents` places it.
"""

from convert.report import make_table
from training.data import LABELS
from training.figures import choose_split, pick_frontier

PERCENT = "{:.1%}"


def format_share(measure: dict) -> str:
    """A share with its 95 % interval."""
    low, high = measure["interval"]
    return f"{measure['share']:.1%} ({low:.1%} to {high:.1%})"


def pick_values(report: dict) -> tuple[str, dict]:
    """The name and measures of the split that the documents quote."""
    split = choose_split(report["evaluation"])
    return split, report["evaluation"]["splits"][split]


def render_details(report: dict) -> str:
    """Size of the network and versions it was trained with."""
    history = report["history"]
    network, versions = history["network"], history["versions"]
    minutes = sum(epoch["seconds"] for epoch in history["epochs"]) / 60
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{network['parameters']:,} parameters, {network['multiply_adds'] / 1e6:.0f} million "
        f"multiply-adds a face. Trained for {len(history['epochs'])} epochs in {minutes:.0f} "
        f"minutes on {history.get('machine', 'two shared processor cores')}, with {tools}."
    )


def render_settings(report: dict) -> str:
    """The shipped run's settings."""
    settings = report["history"]["settings"]
    rows = [
        [name, " ".join(value) if isinstance(value, list) else f"{value}"]
        for name, value in settings.items()
    ]
    return make_table(["setting", "value"], rows)


def render_counts(report: dict) -> str:
    """Pictures per class and split."""
    counts = report["data"]["counts"]
    rows = [
        [split, *(f"{row[label]:,}" for label in LABELS), f"{sum(row.values()):,}"]
        for split, row in counts.items()
    ]
    return make_table(["split", *LABELS, "all"], rows)


def render_duplicates(report: dict) -> str:
    """Alike pictures within and across splits."""
    duplicates = report["data"]["duplicates"]
    rows = [
        [
            " and ".join(pair["splits"]),
            f"{pair['exact']:,}",
            f"{pair['near']:,}",
            f"{pair['conflicting_labels']:,}",
        ]
        for pair in duplicates["pairs"]
    ]
    rule = duplicates["rule"]
    return (
        make_table(["pairs of pictures", "exact", "near", "labels differ"], rows)
        + f"\n\nExact: the same in every pixel. Near: thumbnails of {rule['thumbnail']}x"
        f"{rule['thumbnail']} pixels, as they are or one mirrored, correlate at least "
        f"{rule['correlation']}."
    )


def render_agreement(report: dict) -> str:
    """How often FER-2013's label is what most FER+ voters say."""
    rows = [
        [split, f"{votes['clear_majority']:,}", PERCENT.format(votes["label_is_majority"])]
        for split, votes in report["data"]["ferplus"].items()
        if votes["label_is_majority"] is not None
    ]
    return make_table(["split", "clear majorities", "label agrees"], rows)


def render_metrics(report: dict) -> str:
    """The main measures per split."""
    head = ["split", "labels: accuracy", "macro-F1", "top-3", "votes: agreement"]
    head += ["divergence", "ECE", "NLL"]
    rows = []
    for split, values in report["evaluation"]["splits"].items():
        labels, votes = values["labels"], values["ferplus"]
        rows.append(
            [
                split,
                format_share(labels["accuracy"]),
                f"{labels['macro_f1']:.3f}",
                PERCENT.format(labels["top3"]),
                format_share(votes["agreement"]) if votes else "no votes",
                f"{votes['divergence']:.3f}" if votes else "",
                f"{values['ece']:.3f} (was {values['before_temperature']['ece']:.3f})",
                f"{values['nll']:.3f}",
            ]
        )
    return make_table(head, rows)


def render_classes(report: dict) -> str:
    """Precision, recall and F1 per expression."""
    _, values = pick_values(report)
    rows = [
        [name, *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")), f"{row['support']:,}"]
        for name, row in values["labels"]["classes"].items()
    ]
    return make_table(["expression", "precision", "recall", "F1", "pictures"], rows)


def render_slices(report: dict) -> str:
    """Agreement with the voters by light, contrast and how much the voters agree."""
    _, values = pick_values(report)
    rows = [
        [
            f"{name.replace('_', ' ')} {part['low']:g} to {min(part['high'], 255):g}",
            f"{part['pictures']:,}",
            format_share(part),
        ]
        for name, parts in values["slices"].items()
        for part in parts
    ]
    return make_table(["pictures with", "number", "agreement"], rows)


def render_occlusion(report: dict) -> str:
    """Both truths by the share of the picture that a black rectangle hides."""
    _, values = pick_values(report)
    rows = []
    for part in values["occlusion"]:
        votes = format_share(part["votes"]) if part["votes"] else "no votes"
        rows.append([f"{part['hidden']:.0%}", format_share(part["labels"]), votes])
    return make_table(["hidden", "labels: accuracy", "votes: agreement"], rows)


def render_crop(report: dict) -> str:
    """How steady the first answer is when the face is framed otherwise."""
    _, values = pick_values(report)
    crop = values["crop"]
    return (
        f"With the crop moved by up to {crop['shift_within']:.0%} of its side and scaled by up to "
        f"{crop['scale_within']:.0%}, at random, the first answer is another one on "
        f"{crop['changed']:.1%} of faces (mean of {len(crop['draws'])} draws); on "
        f"{crop['ever_changed']['share']:.1%} at least one of the draws changes it."
    )


def render_threshold(report: dict) -> str:
    """What the "not sure" rule does."""
    split, values = pick_values(report)
    threshold = report["evaluation"]["not_sure_below"]
    point = min(values["coverage"], key=lambda p: abs(p["score_below"] - threshold))
    return (
        f"Below an EmoScore of {threshold:.0%} the answer is “not sure”. On {split} "
        f"{point['coverage']:.1%} of the faces get an answer, and {point['right']:.1%} of those "
        f"answers are what most voters say; if every face got one, "
        f"{values['coverage'][0]['right']:.1%} would be. Faces on which the voters themselves have "
        "no majority count as wrong here."
    )


def render_errors(report: dict) -> str:
    """One sentence: how often it is wrong, and the weakest expression."""
    split, values = pick_values(report)
    accuracy = values["labels"]["accuracy"]
    classes = values["labels"]["classes"]
    weakest = min(classes, key=lambda name: classes[name]["recall"])
    votes = values["ferplus"]
    text = f"On {split} it differs from FER-2013's label on {1 - accuracy['share']:.0%} of faces"
    if votes:
        text += f" and from most voters on {1 - votes['agreement']['share']:.0%}"
    return (
        f"{text}. Its weakest expression is {weakest}: it finds {classes[weakest]['recall']:.0%} "
        f"of {classes[weakest]['support']:,}."
    )


def render_runs(report: dict) -> str:
    """The log of runs."""
    head = ["run", "what", "mix", "phases", "parameters", "minutes", "validation labels"]
    head += ["validation votes", "Public labels", "Public votes", "divergence"]
    rows = []
    for run in report["evaluation"]["runs"]:
        shares = ("validation_labels", "validation_votes", "public_labels", "public_votes")
        rows.append(
            [run["run"], run["note"], f"{run['target_mix']:g}", run["phases"]]
            + [f"{run['parameters']:,.0f}", f"{run['minutes']:.0f}"]
            + ["" if run[key] is None else PERCENT.format(run[key]) for key in shares]
            + ["" if run["public_divergence"] is None else f"{run['public_divergence']:.3f}"]
        )
    return make_table(head, rows)


def render_frontier(report: dict) -> str:
    """What the same network is right about by the share of votes in what it learned."""
    head = ["target_mix", "validation labels", "validation votes", "Public labels"]
    head += ["Public votes", "divergence"]
    shares = ("validation_labels", "validation_votes", "public_labels", "public_votes")
    rows = []
    for run in pick_frontier(report["evaluation"]["runs"]):
        cells = [PERCENT.format(run[key]) for key in shares]
        rows.append([f"{run['target_mix']:g}", *cells, f"{run['public_divergence']:.3f}"])
    return make_table(head, rows)


def render_sibling(report: dict) -> str:
    """The file that learned the labels alone, and how right it is on every split."""
    entry = report["sibling"]
    head = ["split", "labels: accuracy", "macro-F1", "votes: agreement", "same best as Keras"]
    rows = [
        [
            split,
            format_share(values["labels"]["accuracy"]),
            f"{values['labels']['macro_f1']:.3f}",
            format_share(values["ferplus"]["agreement"]) if values["ferplus"] else "no votes",
            f"{values['parity']['top1']:.2%}",
        ]
        for split, values in entry["splits"].items()
    ]
    return (
        f"`models/{entry['file']}`: {entry['bytes']:,} bytes, {entry['network']['parameters']:,} "
        f"parameters, sha256 `{entry['sha256']}`.\n\n" + make_table(head, rows)
    )


BLOCKS = {
    "details": render_details,
    "settings": render_settings,
    "counts": render_counts,
    "duplicates": render_duplicates,
    "agreement": render_agreement,
    "metrics": render_metrics,
    "classes": render_classes,
    "slices": render_slices,
    "occlusion": render_occlusion,
    "crop": render_crop,
    "threshold": render_threshold,
    "errors": render_errors,
    "runs": render_runs,
    "frontier": render_frontier,
    "sibling": render_sibling,
}
