"""Draw an exam as one self-contained page: no script, no address, nothing leaves the device."""

import base64
import hashlib
import html
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ..contract import Contract, load_contract
from ..image import ImageError, open_photo
from . import Exam
from .words import (
    list_left_out,
    say_certainty,
    say_difference,
    say_percent,
    say_points,
    say_range,
    say_share,
)  # fmt: skip

STYLE = Path(__file__).with_name("page.css")
PICTURES = 60  # of photos that differ; the others are listed
SIDE = 192  # pixels of such a picture
AROUND = 1.7  # of the face's box
HEAT = 9  # shades of the matrix


def draw_page(exam: Exam) -> str:
    """Return the exam as an HTML document; photos that differ are opened again for it."""
    contract = load_contract()
    found = exam.to_dict()
    style = STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    body = [
        _draw_summary(found),
        _draw_expressions(found["scores"], contract),
        _draw_certainty(found["scores"]),
        _draw_groups(found["scores"]["groups"]),
        _draw_differing(exam, found, contract),
        _draw_left_out(found),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>Exam on {found['photos']:,} photos</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{''.join(body)}</body>\n</html>\n"
    )


def _draw_summary(found: dict[str, Any]) -> str:
    scores, labels = found["scores"], found["label_scores"]
    tiles = [
        ("First answer agrees", *_split_share(scores["first"])),
        ("Among the top three", *_split_share(scores["top3"])),
        ("Balanced accuracy", say_percent(scores["balanced_accuracy"]), "each expression alike"),
        ("Sure answers agree", *_split_share(scores["sure"])),
        ("By label_scores", *_split_share(labels["first"])),
        ("No face found", f"{scores['no_face']:,}", "count as not agreeing"),
    ]
    cells = "".join(
        f"<div><dt>{title}</dt><dd>{value}<small>{note}</small></dd></div>"
        for title, value, note in tiles
    )
    model = found["model"] or {"artifact": "no network"}
    return (
        f"<h1>Exam on {found['photos']:,} photos</h1>\n"
        f'<p class="soft">Labels from {html.escape(found["labels"])}; answers by '
        f"{html.escape(model['artifact'])}. In brackets: 95 % intervals.</p>\n"
        f'<dl class="tiles">{cells}</dl>\n'
    )


def _split_share(measure: dict[str, Any]) -> tuple[str, str]:
    note = f"{say_range(measure['interval'])}, {measure['right']:,} of {measure['photos']:,}"
    return say_percent(measure["share"]), note


def _draw_expressions(scores: dict[str, Any], contract: Contract) -> str:
    names = [html.escape(contract.display_names[label]) for label in contract.labels]
    rows = []
    for label, counts in scores["confusion"].items():
        cells = "".join(
            _draw_cell(count, sum(counts), own=said == label)
            for said, count in zip([*contract.labels, ""], counts, strict=True)
        )
        share = say_share(scores["expressions"][label])
        title = _show_label(label, contract)
        rows.append(f'<tr><th scope="row">{title}</th>{cells}<td>{share}</td></tr>')
    titles = ("Seen", *names, "No face", "Found")
    return (
        "<h2>What was seen, and what was answered</h2>\n"
        '<p class="soft">A row for each expression that was seen on the photos.</p>\n'
        + _draw_table("Matrix", titles, "".join(rows), ' class="matrix"')
    )


def _show_label(label: str, contract: Contract) -> str:
    return f"{contract.emoji[label]}&nbsp;{html.escape(contract.display_names[label])}"


def _draw_cell(count: int, total: int, own: bool) -> str:
    heat = 0 if not count else 1 + int((HEAT - 1) * count / total)
    return f'<td class="h{heat}{" own" if own else ""}">{count or "·"}</td>'


def _draw_certainty(scores: dict[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">about {100 * one["says"]:.0f} %</th><td>{one["photos"]:,}</td>'
        f"<td>{say_share(one)}</td><td>{_draw_bar(one, one['mean_score'])}</td></tr>"
        for one in scores["reliability"]
    )
    titles = ("The answer says", "Photos", "Right", "0 to 100 %; the line: the score")
    return (
        "<h2>Are answers that say 80 % right eight times in ten?</h2>\n"
        f"<p>{say_certainty(scores['certainty'])}</p>\n" + _draw_table("Reliability", titles, rows)
    )


def _draw_bar(measure: dict[str, Any], says: float | None = None) -> str:
    """Draw a share as a dot in its interval, and what the scores say as a line."""
    if measure["share"] is None:
        return ""
    low, high = (100 * value for value in measure["interval"])
    line = (
        ""
        if says is None
        else f'<rect class="says" x="{100 * says - 0.5:.1f}" width="1" height="9"/>'
    )
    return (
        '<svg class="bar" viewBox="0 0 100 9" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="all" y="4" width="100" height="1"/>'
        f'<rect class="span" x="{low:.1f}" y="2" width="{max(high - low, 0.5):.1f}" '
        f'height="5"/>{line}'
        f'<rect class="dot" x="{100 * measure["share"] - 1:.1f}" y="1" width="2" height="7"/></svg>'
    )


def _draw_groups(groups: dict[str, Any]) -> str:
    if not groups:
        return ""
    return (
        "<h2>By group</h2>\n"
        '<p class="soft">Each group beside all photos of the other groups, in points of the first '
        "answer's agreement. Red: the difference's interval leaves out zero; of many groups, one "
        "in twenty does so by chance.</p>\n"
    ) + "".join(_draw_group(name, kinds) for name, kinds in groups.items())


def _draw_group(name: str, kinds: dict[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(kind)}</th><td>{one["photos"]:,}</td>'
        f"<td>{say_share(one['first'])}</td><td>{_draw_bar(one['first'])}</td>"
        f"<td{_mark_clear(one['difference'])}>{say_difference(one['difference'])}</td>"
        f"<td>{say_percent(one['top3']['share'])}</td>"
        f"<td>{say_percent(one['balanced_accuracy'])}</td>"
        f"<td>{say_percent(one['sure']['share'])}</td>"
        f"<td>{say_points(one['certainty'])}</td><td>{one['no_face']:,}</td></tr>"
        for kind, one in kinds.items()
    )
    titles = (
        html.escape(name), "Photos", "First answer agrees", "0 to 100 %", "From the others",
        "Top three", "Balanced", "Sure ones", "Too sure by", "No face",
    )  # fmt: skip
    return _draw_table(html.escape(name), titles, rows)


def _draw_table(name: str, titles: Sequence[str], rows: str, kind: str = "") -> str:
    """Draw a table that scrolls by itself where the screen is narrow."""
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{name}"><table{kind}><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>\n"
    )


def _mark_clear(difference: dict[str, Any] | None) -> str:
    return ' class="clear"' if difference and difference["clear"] else ""


def _draw_differing(exam: Exam, found: dict[str, Any], contract: Contract) -> str:
    differing, boxes = found["differing"], {one["photo"]: one["box"] for one in found["results"]}
    if not differing:
        return "<h2>Photos that differ</h2>\n<p>None.</p>\n"
    paths = {one.photo.name: one.photo.path for one, _ in exam.asked}
    root = find_root([one["photo"] for one in found["results"]])
    figures = []
    for one in differing[:PICTURES]:
        name = one["photo"]
        picture = encode_picture(paths[name], boxes[name], contract)
        image = f'<img src="{picture}" alt="" width="{SIDE}" height="{SIDE}">' if picture else ""
        figures.append(
            f"<figure>{image}<figcaption>{_caption(one, root, contract)}</figcaption></figure>"
        )
    rest = "".join(f"<li>{_caption(one, root, contract)}</li>" for one in differing[PICTURES:])
    more = f"<h3>And {len(differing) - PICTURES:,} more</h3>\n<ul>{rest}</ul>\n" if rest else ""
    return (
        f"<h2>Photos that differ: {len(differing):,}</h2>\n"
        '<p class="soft">The most certain answers first. Look at them: the label may be wrong '
        f'too.</p>\n<div class="photos">{"".join(figures)}</div>\n{more}'
    )


def _caption(one: dict[str, Any], root: str, contract: Contract) -> str:
    said = "no face found"
    if one["said"]:
        percent = f"{100 * one['score']:.0f}&nbsp;%" + "?" * one["not_sure"]
        said = f"answered {_show_label(one['said'], contract)} {percent}"
    name = html.escape(one["photo"].removeprefix(root))
    return f"{said}<br>seen {_show_label(one['label'], contract)}<small>{name}</small>"


def find_root(names: Sequence[str]) -> str:
    """Find the folder that all photos lie in, with its last slash; it need not be shown."""
    folders = {os.path.dirname(name) for name in names}
    root = os.path.commonpath(folders) if all(map(os.path.isabs, folders)) else ""
    if len(folders) == 1:
        root = folders.pop()
    return f"{root}/" if root else ""


def encode_picture(path: str, box: list[float] | None, contract: Contract) -> str:
    """Return the face with a little around it, or the whole photo, as a data: address.

    An empty text where the photo cannot be opened any more.
    """
    try:
        image = open_photo(path, contract.max_pixels)
    except (ImageError, MemoryError):
        return ""
    if box:
        half = AROUND * max(box[2] - box[0], box[3] - box[1]) / 2
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        edges = (max(0, x - half), max(0, y - half), min(image.width, x + half),
                 min(image.height, y + half))  # fmt: skip
        left, top, right, bottom = (round(edge) for edge in edges)
        image = image.crop((left, top, right, bottom))
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _draw_left_out(found: dict[str, Any]) -> str:
    lines = list_left_out(found)
    if not lines:
        return ""
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<h2>Left out</h2>\n<ul>{items}</ul>\n"
