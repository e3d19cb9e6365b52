"""Say the measures of an exam in words: for the table on the terminal, and for the page."""

from typing import Any

from ..listing import show_name

SHOWN_NAMES = 3  # of photos or expressions in a line of what was left out

LEFT_OUT = {
    "failed": ("photo could not be read", "photos could not be read"),
    "missing": ("row names a photo that is not there", "rows name a photo that is not there"),
    "ambiguous": ("row fits several photos", "rows fit several photos"),
    "unlabelled": ("photo has no label", "photos have no label"),
    "unknown": ("label is no expression", "labels are no expression"),
    "contradicting": ("photo has two expressions", "photos have two expressions"),
    "repeated": ("row repeats a photo", "rows repeat a photo"),
}  # fmt: skip


def say_percent(share: float | None) -> str:
    """Write a share in percent; a dash where there is none."""
    return "-" if share is None else f"{100 * share:.1f} %"


def say_range(interval: list[float]) -> str:
    """Write an interval of shares in percent."""
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


def say_share(measure: dict[str, Any]) -> str:
    """Write a share in percent with its interval."""
    if measure["share"] is None:
        return "-"
    return f"{say_percent(measure['share'])} ({say_range(measure['interval'])})"


def say_difference(difference: dict[str, Any] | None) -> str:
    """Write a difference of two shares in points with its interval."""
    if difference is None:
        return "-"
    low, high = (100 * value for value in difference["interval"])
    return f"{100 * difference['difference']:+.1f} ({low:+.1f} to {high:+.1f})"


def say_points(certainty: dict[str, Any] | None) -> str:
    """Write by how many points the best scores promise more than is held."""
    return "-" if certainty is None else f"{100 * certainty['too_sure']:+.1f}"


def say_certainty(certainty: dict[str, Any] | None) -> str:
    """Say by how much the best scores promise more or less than is held."""
    if certainty is None:
        return "No face was found."
    low, high = (100 * value for value in certainty["interval"])
    text = (
        f"The scores promise {say_percent(certainty['mean_score'])} and "
        f"{say_percent(certainty['right']['share'])} are right: "
    )
    if low <= 0 <= high:
        return f"{text}that is within what so many photos can tell ({-high:+.1f} to {-low:+.1f})."
    if low > 0:
        return f"{text}too sure by {low:.1f} to {high:.1f} points."
    return f"{text}too careful, by {-high:.1f} to {-low:.1f} points."


def list_left_out(exam: dict[str, Any]) -> list[str]:
    """Say in a line each what was left out of the exam, with a few names."""
    lines = []
    for kind, texts in LEFT_OUT.items():
        entries = exam["left_out"][kind]
        if not entries:
            continue
        if isinstance(entries, dict):
            count = sum(entries.values())
            names = [f"{name} ({number})" for name, number in entries.items()]
        else:
            count = len(entries)
            names = [one["photo"] if isinstance(one, dict) else one for one in entries]
        names = [show_name(name) for name in names]
        more = ", ..." if len(names) > SHOWN_NAMES else ""
        lines.append(f"{count:,} {texts[count != 1]}: {', '.join(names[:SHOWN_NAMES])}{more}")
    if exam["copies"]:
        lines.append(f"not left out: {exam['copies']:,} photos whose file is a copy of another")
    for name, values in exam["no_groups"].items():
        lines.append(f"the column {name} has {values} values, too many to be groups")
    return lines
