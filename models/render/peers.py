"""Render other networks' figures beside this one network's, each with how it was got."""

from models.render.training import PERCENT, pick_values
from models.report import make_table

PEER_SHARES = ("public_labels", "private_labels", "private_votes")


def describe_peer(row: dict) -> str:
    """Say how a peer's figure was got, as far as it is known."""
    if row["how"] == "measured":
        return "measured here, one crop"
    marks = ["published"]
    if row["crops"]:
        marks.append(f"{row['crops']} crop{'s' if row['crops'] == 'many' else ''}")
    if row["chosen_on_test"] is not None:
        marks.append("chosen on the test split" if row["chosen_on_test"] else "not chosen on it")
    if row["pretrained"]:
        start = row["pretrained"]
        marks.append("from scratch" if start == "nothing" else f"pretrained on {start}")
    if row["note"]:
        marks.append(row["note"])
    return ", ".join(marks)


def render_peers(report: dict) -> str:
    """Render the peers beside this one network, and how each figure was got."""
    rows = [describe_ours(report)]
    for row in report["peers"]["networks"]:
        shares = ("" if row[key] is None else PERCENT.format(row[key]) for key in PEER_SHARES)
        size = "" if row["parameters"] is None else f"{row['parameters'] / 1e6:.2f} M"
        rows.append([row["name"], describe_peer(row), size, *shares])
    head = ["network", "how the figures were got", "parameters", "labels, PublicTest"]
    return make_table([*head, "labels, PrivateTest", "votes, PrivateTest"], rows)


def describe_ours(report: dict) -> list[str]:
    """Write this network's row among the peers; PrivateTest only where that was measured."""
    splits = report["evaluation"]["splits"]
    labels = (
        PERCENT.format(splits[name]["labels"]["accuracy"]["share"]) if name in splits else ""
        for name in ("PublicTest", "PrivateTest")
    )
    split, values = pick_values(report)
    votes = PERCENT.format(values["votes"]["agreement"]["share"]) if values["votes"] else ""
    note = "" if split == "PrivateTest" or not votes else f" ({split})"
    size = f"{report['history']['network']['parameters'] / 1e6:.2f} M"
    how = "measured, one crop, nothing chosen on these pictures"
    if "dlib" in report["history"]["teachers"].values():
        how += ", a teacher pretrained on faces"
    return ["**this network**", how, size, *labels, votes + note]


BLOCKS = {"peers": render_peers}
