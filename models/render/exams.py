"""Render the exams on outside photos as Markdown, for the documents' generated blocks.

Each function takes the report and returns the text of one block; `models.documents` places it.
"""

from collections.abc import Callable
from typing import Any

from models.report import make_table

NAMES = {
    "east_asian": "east Asian",
    "west_asian": "west Asian",
    "east_asian/white": "east Asian and white",
}
MANY = 30  # photos of a group; with fewer, its interval is wide enough to hide a difference


def format_share(measure: dict[str, Any]) -> str:
    """Write a share in percent with its interval."""
    if measure["share"] is None:
        return "-"
    low, high = measure["interval"]
    return f"{measure['share']:.1%} ({low:.1%} to {high:.1%})"


def format_count(measure: dict[str, Any]) -> str:
    """Write how many of how many."""
    return f"{measure['right']} of {measure['photos']}"


def list_sets(report: dict) -> list[dict[str, Any]]:
    """List the sets of the exams, the one with groups first."""
    return list(report["photos"]["sets"].values())


def pick_people(report: dict) -> dict[str, Any]:
    """Pick the set that says who the people are."""
    return next(one for one in list_sets(report) if one["scores"]["groups"])


def name_group(kind: str) -> str:
    """Write a group's name as text."""
    return NAMES.get(kind, kind)


def render_exams(report: dict) -> str:
    """A row for each set: how often the answers are what was seen, by both heads."""
    rows = [
        [
            one["title"], f"{one['photos']:,}", format_share(one["scores"]["first"]),
            f"{one['scores']['top3']['share']:.1%}", format_share(one["scores"]["sure"]),
            f"{one['scores']['no_face']}", format_share(one["label_scores"]["first"]),
        ]
        for one in list_sets(report)
    ]  # fmt: skip
    head = ["set", "photos", "first answer agrees", "top three", "sure answers agree", "no face"]
    notes = [
        f"{one['title']}: {one['about']}. {one['source']}".strip() for one in list_sets(report)
    ]
    notes = [note if note.endswith(".") else f"{note}." for note in notes]
    return "\n\n".join([make_table([*head, "by `label_scores`"], rows), *notes])


def render_expressions(report: dict) -> str:
    """A sentence for each set: how often each expression that was seen was found."""
    sentences = []
    for one in list_sets(report):
        each = ", ".join(
            f"{label} {format_count(share)}"
            for label, share in one["scores"]["expressions"].items()
        )
        sentences.append(f"{one['title']}: found {each}.")
    return " ".join(sentences)


def render_groups(report: dict) -> str:
    """A table of the groups of people: agreement, difference from the others, each expression."""
    rows = []
    for column, kinds in pick_people(report)["scores"]["groups"].items():
        for kind, one in kinds.items():
            difference = one["difference"]
            low, high = (100 * value for value in difference["interval"])
            mark = ", clear" if difference["clear"] else ""
            rows.append([
                f"{column}: {name_group(kind)}", f"{one['photos']}", format_share(one["first"]),
                f"{100 * difference['difference']:+.0f} ({low:+.0f} to {high:+.0f}){mark}",
                *(format_count(one["expressions"][label]) for label in ("happy", "neutral")),
                f"{100 * one['certainty']['too_sure']:+.0f}",
            ])  # fmt: skip
    head = ["group", "photos", "first answer agrees", "points from the others", "smile found"]
    return make_table([*head, "neutral found", "too sure by, points"], rows)


def render_clear(report: dict) -> str:
    """Sentences: which groups are clearly worse, and which are too small to tell."""
    groups = pick_people(report)["scores"]["groups"]
    worse, small = [], []
    for column, kinds in groups.items():
        for kind, one in kinds.items():
            difference = one["difference"]
            if difference["clear"] and difference["difference"] < 0:
                worse.append(
                    f"{column} {name_group(kind)} (by {-100 * difference['difference']:.0f} "
                    f"points, {-100 * difference['interval'][1]:.0f} to "
                    f"{-100 * difference['interval'][0]:.0f}; "
                    f"{format_count(one['expressions']['happy'])} smiles found)"
                )
            if one["photos"] < MANY:
                small.append(f"{name_group(kind)} ({one['photos']})")
    text = "There, no group is clearly worse than the others."
    if worse:
        text = f"There, its first answer agrees clearly less often for {', '.join(worse)}."
    if small:
        text += f" Groups of fewer than {MANY} photos, too few to tell: {', '.join(small)}."
    return text


def render_causes(report: dict) -> str:
    """Sentences: whether the crop, the light or the smiles make a group's answers worse."""
    causes = pick_people(report).get("causes")
    if not causes:
        return "No group of two is clearly worse, so no cause was looked for."
    found, change = causes["found"], causes["change"]
    better, worse = sorted(change, key=lambda kind: -found["as it is"][kind])
    gap = {name: 100 * (kinds[better] - kinds[worse]) for name, kinds in found.items()}
    others = [value for name, value in gap.items() if name != "as it is"]
    *most, last = (name for name in gap if name != "as it is")
    return (
        f"Why {worse} smiles are found less often was looked for in crop and light. Cropped "
        f"or lit otherwise ({', '.join(most)} and {last}), the difference stays between "
        f"{min(others):.0f} and {max(others):.0f} points; it is {gap['as it is']:.0f} as it is. "
        f"The smiles differ themselves: from the same person's neutral face, {worse} smiles change "
        f"the lower half of the face by {change[worse]:.1f} gray levels and {better} ones by "
        f"{change[better]:.1f}. Smiles that are found change it by {causes['change_found']:.1f}, "
        f"missed ones by {causes['change_missed']:.1f}. How each group looks in the training "
        "pictures is not known: nobody noted it there."
    )


def render_people(report: dict) -> str:
    """A sentence: each person's smile beside the same person's neutral face."""
    section = pick_people(report)
    people = section["people"]
    return (
        f"In the {section['title']}, the happy score is higher in the smile than in the same "
        f"person's neutral face for {format_count(people['happier'])}; "
        f"{format_count(people['not_neutral'])} neutral faces are called anything else. Many of "
        "the smiles are slight and closed-lipped."
    )


def render_factors(report: dict) -> str:
    """Sentences: by whom it was evaluated, with what was found, and by whom it was not."""
    section = pick_people(report)
    *most, last = section["scores"]["groups"]
    groups = f"{', '.join(most)} and {last}" if most else last
    return (
        f"FER-2013 says nothing about the people in its pictures. By {groups} (as the persons "
        f"said) the network was evaluated on one set alone, the {section['title']} "
        f"({section['about']}). {render_clear(report)} "
        "It was **not evaluated** on children or the old, on any of the other five expressions by "
        "group, on skin colour as such, on disability, or on people who do not live in one large "
        "city. There is every reason to expect differences there too."
    )


def render_reliability(report: dict) -> str:
    """A table: of the answers that say about so much, how many are right; by set."""
    says = [ten / 10 for ten in range(2, 11)]
    rows = []
    for one in list_sets(report):
        bins = {round(entry["says"], 1): entry for entry in one["scores"]["reliability"]}
        cells = [format_count(bins[value]) if value in bins else "" for value in says]
        certainty = one["scores"]["certainty"]
        low, high = (100 * value for value in certainty["interval"])
        sure = f"{100 * certainty['too_sure']:+.1f} ({low:+.1f} to {high:+.1f})"
        rows.append([one["title"], *cells, sure])
    head = ["right, of answers that say about", *(f"{value:.0%}" for value in says)]
    return make_table([*head, "too sure by, points"], rows)


def render_peers(report: dict) -> str:
    """A table: other packages on the same photos, from the file to the answer."""
    rows = []
    for one in list_sets(report):
        ours = [
            ("this project", one["scores"]),
            ("this project, `label_scores`", one["label_scores"]),
        ]
        theirs = [(f"`{peer['package']}` {peer['version']}", peer) for peer in one["peers"]]
        for title, values in [*ours, *theirs]:
            rows.append([
                f"{one['title']}: {title}", format_share(values["first"]),
                f"{values['top3']['share']:.1%}", f"{values['balanced_accuracy']:.1%}",
                f"{values['no_face']}", f"{100 * values['certainty']['too_sure']:+.1f}",
            ])  # fmt: skip
    head = ["set and package", "first answer agrees", "top three", "balanced accuracy", "no face"]
    return f"{make_table([*head, 'too sure by, points'], rows)}\n\n{compare_peers(report)}"


def compare_peers(report: dict) -> str:
    """Say on which sets this project's first answer agrees more often than every peer's."""
    lines = []
    for one in list_sets(report):
        ours = one["scores"]["first"]["share"]
        ahead = [peer for peer in one["peers"] if peer["first"]["share"] > ours]
        if not one["peers"]:
            lines.append(f"{one['title']}: no other package was asked.")
        elif ahead:
            names = " and ".join(
                f"`{peer['package']}` ({peer['first']['share']:.1%})" for peer in ahead
            )
            lines.append(f"{one['title']}: **ahead of this project** is {names}.")
        else:
            lines.append(f"{one['title']}: this project agrees most often.")
    return " ".join(lines)


def render_page_photos(report: dict) -> str:
    """A sentence: the page's results beside the command's on whole photos."""
    section = report["page_photos"]
    return (
        f"Of {section['photos']} photos, from file to answer, the page and the command answer "
        f"{section['same']} the same ({section['browser']})."
    )


BLOCKS: dict[str, Callable[[dict], str]] = {
    "exams": render_exams,
    "exam-expressions": render_expressions,
    "exam-groups": render_groups,
    "exam-clear": render_clear,
    "exam-causes": render_causes,
    "exam-people": render_people,
    "exam-factors": render_factors,
    "exam-reliability": render_reliability,
    "exam-peers": render_peers,
    "page-photos": render_page_photos,
}
