"""The command as an exam: hold the answers against labels, as a table, JSON, or a page."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from ..batch import Failure, Outcome
from ..console import OK, SOME_FAILED, is_terminal
from ..contract import Contract
from ..exam import Exam, run_exam
from ..exam.page import draw_page
from ..exam.words import (
    list_left_out,
    say_certainty,
    say_difference,
    say_percent,
    say_points,
    say_share,
)
from ..result import HEADS
from .options import Options
from .progress import open_progress
from .sink import OutputError, Sink

CLEAR = "* the interval leaves out zero; of many groups, one in twenty does so by chance"
DIFFERING = 10  # photos that the table names


def run_exam_mode(options: Options, contract: Contract) -> int:
    """Hold the exam and write it; status 1 where a photo could not be read or was not there."""
    check_output(options)
    with open_progress(is_terminal(sys.stderr)) as progress:

        def watch(outcome: Outcome, total: int) -> None:
            if isinstance(outcome, Failure):
                progress.say(f"emoji-edge: {outcome.photo}: {outcome.error}")
            progress.advance(total)

        exam = run_exam(
            options.photos,
            options.labels or None,
            options=options.classifier,
            jobs=options.jobs,
            annotate=options.annotate,
            watch=watch,
        )
    found = exam.to_dict()
    write_exam(exam, found, options, contract)
    left = found["left_out"]
    return SOME_FAILED if left["failed"] or left["missing"] or left["ambiguous"] else OK


def check_output(options: Options) -> None:
    """Refuse, before the work, to write where nothing can be written."""
    path = options.output.path
    if not path:
        return
    if os.path.isdir(path) or not os.access(Path(path).absolute().parent, os.W_OK):
        raise OutputError(f"{path}: cannot be written")


def write_exam(exam: Exam, found: dict[str, Any], options: Options, contract: Contract) -> None:
    """Write the file that is wanted, and the table where standard output is free for it."""
    kind, path = options.output.format, options.output.path
    table = "\n".join(list_lines(found, contract))
    text = table
    if kind == "json":
        text = json.dumps(found, ensure_ascii=False, indent=1)
    elif kind == "html":
        text = draw_page(exam)
    if path:
        write_file(path, text + "\n")
    sink = Sink("")
    sink.open()
    sink.put((table if path else text) + "\n")


def write_file(path: str, text: str) -> None:
    """Write the whole file or, where that fails, leave what was there; OutputError."""
    partial = f"{path}.partial"
    try:
        Path(partial).write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except (OSError, ValueError) as error:  # ValueError: a text that UTF-8 does not have
        Path(partial).unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path}: cannot be written ({reason})") from None


def list_lines(found: dict[str, Any], contract: Contract) -> list[str]:
    """The exam as lines for a terminal."""
    blocks = [
        list_summary(found),
        list_expressions(found["scores"], contract),
        list_reliability(found["scores"]),
        *(list_group(name, kinds) for name, kinds in found["scores"]["groups"].items()),
        [CLEAR] if found["scores"]["groups"] else [],
        list_differing(found, contract),
        list_left_out(found),
    ]
    return [line for block in blocks if block for line in ["", *block]][1:]


def list_summary(found: dict[str, Any]) -> list[str]:
    """The measures of all photos, with those of the label head beside them."""
    heads = {name: found[name] for name in HEADS}
    rows = [
        ["first answer agrees", *(say_share(one["first"]) for one in heads.values())],
        ["among the top three", *(say_share(one["top3"]) for one in heads.values())],
        ["balanced accuracy", *(say_percent(one["balanced_accuracy"]) for one in heads.values())],
        ["sure answers agree", *(say_share(one["sure"]) for one in heads.values())],
        ["sure answers", *(f"{one['sure']['photos']:,}" for one in heads.values())],
        ["no face found", *(f"{one['no_face']:,}" for one in heads.values())],
    ]
    model = found["model"]["artifact"] if found["model"] else "no network"
    several = found["several_faces"]
    note = f", {several:,} with several faces (the largest counts)" if several else ""
    head = [f"{found['photos']:,} photos, {model}{note}; in brackets 95 % intervals", ""]
    return head + format_columns(["", *heads], rows)


def list_expressions(scores: dict[str, Any], contract: Contract) -> list[str]:
    """The confusion matrix, a row for each expression that was seen."""
    names = [contract.display_names[label] for label in contract.labels]
    found = scores["expressions"]
    rows = [
        [contract.display_names[label], *map(str, counts), say_share(found[label])]
        for label, counts in scores["confusion"].items()
    ]
    return format_columns(["seen, and answered:", *names, "no face", "found"], rows)


def list_reliability(scores: dict[str, Any]) -> list[str]:
    """How many answers of each score are right."""
    rows = [
        [f"about {100 * one['says']:.0f} %", f"{one['photos']:,}", say_share(one)]
        for one in scores["reliability"]
    ]
    lines = format_columns(["the answer says", "photos", "right"], rows)
    return [*lines, say_certainty(scores["certainty"])]


def list_group(name: str, kinds: dict[str, Any]) -> list[str]:
    """A column's groups; a star marks a difference whose interval leaves out zero."""
    rows = []
    for kind, one in kinds.items():
        star = " *" if one["difference"] and one["difference"]["clear"] else "  "
        rows.append([
            kind, f"{one['photos']:,}", say_share(one["first"]),
            say_difference(one["difference"]) + star, say_percent(one["top3"]["share"]),
            say_percent(one["balanced_accuracy"]), say_percent(one["sure"]["share"]),
            say_points(one["certainty"]), f"{one['no_face']:,}",
        ])  # fmt: skip
    head = [name, "photos", "first answer agrees", "points from the others  ", "top three"]
    return format_columns([*head, "balanced", "sure ones", "too sure by", "no face"], rows)


def list_differing(found: dict[str, Any], contract: Contract) -> list[str]:
    """The photos that differ, the most certain answers first."""
    names, differing = contract.display_names, found["differing"]
    if not differing:
        return ["no photo differs"]
    lines = [f"photos that differ: {len(differing):,}, the most certain first"]
    for one in differing[:DIFFERING]:
        said = "no face found"
        if one["said"]:
            said = f"{names[one['said']]} {100 * one['score']:.0f} %" + "?" * one["not_sure"]
        lines.append(f"  {said:<16} seen {names[one['label']]:<10} {one['photo']}")
    more = len(differing) - DIFFERING
    return [*lines, f"  and {more:,} more; --output exam.html shows them"] if more > 0 else lines


def format_columns(head: list[str], rows: list[list[str]]) -> list[str]:
    """Align columns, the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
