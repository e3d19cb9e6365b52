"""Render what training measured as Markdown, for the documents' generated blocks.

Each function takes the report and returns the text of one block; `models.documents` places it.
"""

from models.report import choose_split, make_table

PERCENT = "{:.1%}"
RULES = {
    "best": "the best score is low",
    "lead": "its lead is small",
    "entropy": "the entropy is high",
}


def format_share(measure: dict | None) -> str:
    """Write a share with its 95 % interval."""
    if measure is None:
        return "no votes"
    low, high = measure["interval"]
    return f"{measure['share']:.1%} ({low:.1%} to {high:.1%})"


def pick_values(report: dict) -> tuple[str, dict]:
    """Pick the name and measures of the split that the documents quote."""
    split = choose_split(report["evaluation"])
    return split, report["evaluation"]["splits"][split]


# ---- the network and its run -----------------------------------------------------------------


def render_details(report: dict) -> str:
    """Render the network's size and the versions it was trained with."""
    history = report["history"]
    network, versions = history["network"], history["versions"]
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    machine = history.get("machine", "two shared processor cores")
    return (
        f"{network['parameters']:,} parameters, {network['multiply_adds'] / 1e6:.0f} million "
        f"multiply-adds a face. Its last run took {len(history['epochs'])} epochs in "
        f"{history['minutes']} minutes on {machine}, with {tools}."
    )


def render_settings(report: dict) -> str:
    """Render the shipped run's settings."""
    settings = report["history"]["settings"]
    rows = [
        [name, " ".join(map(str, value)) or "none" if isinstance(value, list) else f"{value}"]
        for name, value in settings.items()
    ]
    return make_table(["setting", "value"], rows)


def render_runs(report: dict) -> str:
    """Render the leaderboard of all runs."""
    head = ["run", "what it changes", "phases", "parameters", "minutes", "validation votes"]
    head += ["validation labels", "Public votes", "Public labels", "divergence", "commit"]
    shares = ("validation_votes", "validation_labels", "public_votes", "public_labels")
    rows = []
    for run in report["evaluation"]["runs"]:
        rows.append(
            [run["run"], run["note"], run["phases"]]
            + [
                f"{run['parameters']:,.0f}",
                "" if run["minutes"] is None else f"{run['minutes']:.0f}",
            ]
            + ["" if run[key] is None else PERCENT.format(run[key]) for key in shares]
            + ["" if run["public_divergence"] is None else f"{run['public_divergence']:.3f}"]
            + [run["commit"]]
        )
    return make_table(head, rows)


# ---- the data --------------------------------------------------------------------------------


def render_counts(report: dict) -> str:
    """Render the pictures per class and split."""
    counts = report["data"]["counts"]
    labels = list(next(iter(counts.values())))
    rows = [
        [split, *(f"{row[label]:,}" for label in labels), f"{sum(row.values()):,}"]
        for split, row in counts.items()
    ]
    return make_table(["split", *labels, "all"], rows)


def render_duplicates(report: dict) -> str:
    """Render the alike pictures within and across splits."""
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
    """Render how often FER-2013's label is what most FER+ voters say."""
    rows = [
        [split, f"{votes['clear_majority']:,}", PERCENT.format(votes["label_is_majority"])]
        for split, votes in report["data"]["votes"].items()
        if votes["label_is_majority"] is not None
    ]
    return make_table(["split", "clear majorities", "label agrees"], rows)


# ---- what it is worth ------------------------------------------------------------------------


def render_metrics(report: dict) -> str:
    """Render the main measures of both heads per split."""
    head = ["split", "`scores`: agreement with the voters", "divergence", "ECE"]
    head += ["`label_scores`: accuracy", "macro-F1", "top-3"]
    rows = []
    for split, values in report["evaluation"]["splits"].items():
        labels, votes = values["labels"], values["votes"]
        rows.append(
            [
                split,
                format_share(votes and votes["agreement"]),
                f"{votes['divergence']:.3f}" if votes else "",
                f"{values['ece']:.3f}",
                format_share(labels["accuracy"]),
                f"{labels['macro_f1']:.3f}",
                PERCENT.format(labels["top3"]),
            ]
        )
    return make_table(head, rows)


def render_calibration(report: dict) -> str:
    """Render how far each head is from its promise, with its temperature and without."""
    temperature = report["evaluation"]["temperature"]
    head = ["split", "head", "temperature", "ECE", "without temperature", "over all seven", "NLL"]
    rows = []
    for split, values in report["evaluation"]["splits"].items():
        for name, measures in (("scores", values), ("label_scores", values["labels"])):
            before = values["before_temperature"][name]
            numbers = (measures["ece"], before["ece"], measures["all_ece"], measures["nll"])
            cells = (f"{number:.3f}" for number in (temperature[name], *numbers))
            rows.append([split, f"`{name}`", *cells])
    return make_table(head, rows)


def render_reliability(report: dict) -> str:
    """Render which share of the voters chose an expression, by its score."""
    split, values = pick_values(report)
    rows = [
        [
            f"{b['low']:.0%} to {b['high']:.0%}",
            *(PERCENT.format(b[key]) for key in ("score", "share")),
            f"{b['count']:,}",
        ]
        for b in values["all_reliability"]
    ]
    return make_table(["EmoScore", "mean", f"voters who chose it, {split}", "number"], rows)


def render_classes(report: dict) -> str:
    """Render each expression by both heads: how often it is found, and how often it is named."""
    _, values = pick_values(report)
    head = ["expression", "`scores`: found of those most voters name", "named"]
    head += ["`label_scores`: found of those labelled so", "precision", "F1", "named", "labelled"]
    recall = values["votes"]["recall"] if values["votes"] else {}
    rows = []
    for name, row in values["labels"]["classes"].items():
        voted = recall.get(name)
        named, labelled = values["named"], row["support"] / values["pictures"]
        rows.append(
            [
                name,
                f"{voted['share']:.1%} of {voted['pictures']:,}" if voted else "",
                PERCENT.format(named["scores"][name]),
                f"{row['recall']:.1%} of {row['support']:,}",
                f"{row['precision']:.3f}",
                f"{row['f1']:.3f}",
                PERCENT.format(named["label_scores"][name]),
                PERCENT.format(labelled),
            ]
        )
    return make_table(head, rows)


def render_slices(report: dict) -> str:
    """Render both heads by light, contrast and how much the voters agree."""
    _, values = pick_values(report)
    rows = [
        [
            f"{name.replace('_', ' ')} {part['low']:g} to {min(part['high'], 255):g}",
            f"{part['pictures']:,}",
            format_share(part),
            format_share(part["labels"]),
        ]
        for name, parts in values["slices"].items()
        for part in parts
    ]
    head = ["pictures with", "number", "`scores`: agreement", "`label_scores`: accuracy"]
    return make_table(head, rows)


def render_occlusion(report: dict) -> str:
    """Render both heads by the share of the picture that a black rectangle hides."""
    _, values = pick_values(report)
    rows = [
        [f"{part['hidden']:.0%}", format_share(part["votes"]), format_share(part["labels"])]
        for part in values["occlusion"]
    ]
    return make_table(["hidden", "`scores`: agreement", "`label_scores`: accuracy"], rows)


def render_crop(report: dict) -> str:
    """Render how steady the first answer is when the face is framed otherwise."""
    _, values = pick_values(report)
    crop = values["crop"]
    return (
        f"With the crop moved by up to {crop['shift_within']:.0%} of its side and scaled by up to "
        f"{crop['scale_within']:.0%}, at random, the first answer is another one on "
        f"{crop['changed']:.1%} of faces (mean of {len(crop['draws'])} draws); on "
        f"{crop['ever_changed']['share']:.1%} at least one of the draws changes it."
    )


def render_crops(report: dict) -> str:
    """Render what the mean over several crops of a picture is worth; one crop is what ships."""
    rows = []
    for split, parts in report["crops"]["splits"].items():
        for part in parts:
            rows.append(
                [
                    f"{split}, {part['crops']} crop{'s' if part['crops'] > 1 else ', as shipped'}",
                    format_share(part["votes"]),
                    f"{part['divergence']:.3f}" if part["votes"] else "",
                    format_share(part["labels"]),
                    f"{part['macro_f1']:.3f}",
                ]
            )
    head = ["split, crops", "`scores`: agreement", "divergence"]
    return make_table([*head, "`label_scores`: accuracy", "macro-F1"], rows)


def render_threshold(report: dict) -> str:
    """Render what "not sure" means: how often the voters are divided there, and elsewhere."""
    split, values = pick_values(report)
    rule = values["not_sure"]
    text = (
        f"“Not sure” means that people would be divided: no expression reaches an EmoScore of "
        f"{rule['score_below']:.0%}. On {split} that is said of {rule['not_sure']['share']:.1%} "
        "of the faces."
    )
    inside, outside = rule["divided_when_not_sure"], rule["divided_when_sure"]
    if not inside or not outside or not values["votes"]:
        return text
    return (
        f"{text} On {inside['share']:.1%} of these the voters really were divided (no expression "
        f"had over half of their votes); on the other faces they were on {outside['share']:.1%}. "
        f"The expression named first was chosen by {rule['chosen_when_not_sure']:.0%} of the "
        f"voters where it is not sure, and by {rule['chosen_when_sure']:.0%} where it is. Of the "
        f"sure answers, {rule['right_when_sure']['share']:.1%} are what most voters say."
    )


def render_rules(report: dict) -> str:
    """Render how well three "not sure" rules tell where voters are divided."""
    rows = [
        [split, *(f"{values['not_sure']['separation'][key]:.3f}" for key in RULES)]
        for split, values in report["evaluation"]["splits"].items()
        if values["not_sure"]["separation"]
    ]
    return make_table(["area under the ROC curve", *RULES.values()], rows)


def render_errors(report: dict) -> str:
    """Render in one sentence how often it is wrong, and the weakest expression."""
    split, values = pick_values(report)
    votes, labels = values["votes"], values["labels"]
    error = 1 - labels["accuracy"]["share"]
    recall = {name: (row["recall"], row["support"]) for name, row in labels["classes"].items()}
    text = f"On FER-2013's {split} it differs from the label on {error:.0%} of faces"
    weak = "it finds {found:.0%} of the {pictures:,} faces that are labelled so"
    if votes:
        text = (
            f"On FER-2013's {split} it names something else than most voters on "
            f"{1 - votes['agreement']['share']:.0%} of faces, and its reading of the labels is "
            f"wrong on {error:.0%}"
        )
        weak = "it finds {found:.0%} of the {pictures:,} faces that most voters call so"
        recall = {name: (row["share"], row["pictures"]) for name, row in votes["recall"].items()}
    weakest = min(recall, key=lambda name: recall[name][0])
    found, pictures = recall[weakest]
    weak = weak.format(found=found, pictures=pictures)
    return f"{text}. Its weakest expression is {weakest}: {weak}."


BLOCKS = {
    "details": render_details,
    "settings": render_settings,
    "counts": render_counts,
    "duplicates": render_duplicates,
    "agreement": render_agreement,
    "metrics": render_metrics,
    "calibration": render_calibration,
    "reliability": render_reliability,
    "classes": render_classes,
    "slices": render_slices,
    "occlusion": render_occlusion,
    "crop": render_crop,
    "crops": render_crops,
    "threshold": render_threshold,
    "rules": render_rules,
    "errors": render_errors,
    "runs": render_runs,
}
