"""Ask every front end about the same photos and hold the answers against each other.

    python -m tests.consistency            print what differs, exit with 1 where anything does
    python -m tests.consistency --report   and write the report's section `consistency`

The photos are those of the page's tests (orientations, formats, colour, several faces, none) and
the golden ones; "the same answer" is the contract's `same_answer`. Each front end is asked twice,
to rank by either head; the page shows one.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emoji_edge import Classifier, ImageError, load_contract
from emoji_edge.contract import Contract, find_models
from emoji_edge.result import HEADS
from emoji_edge.same_answer import compare_results

from models.report import REPORT, write_section
from tests.helpers.odd_photos import make_bad, make_good
from web.server.process import ROOT, run_server

Answers = dict[tuple[str, str], dict[str, Any]]  # by the photo's file name and the head asked for
REFERENCE = "library"
TITLES = {
    "library": "Python library",
    "command": "`emoji-edge`",
    "api": "API, TFLite",
    "keras": "API, Keras",
    "page": "page, Chromium",
}
# The page says so and goes on; the others read it.
PAGE_CANNOT = ("photo.tiff",)
SHOWN = HEADS[0]  # by which the page ranks


@dataclass
class Comparison:
    """How far one front end is from the library over all photos, ranked by every head."""

    photos: set[str] = field(default_factory=set)
    heads: set[str] = field(default_factory=set)
    faces: int = 0
    box: float = 0.0
    score: float = 0.0
    differing: dict[str, str] = field(default_factory=dict)


def write_photos(folder: Path) -> list[Path]:
    """Write all photos as files, the good and the bad, the golden ones among them."""
    files = make_good() | make_bad()
    for photo in sorted((find_models() / "golden/photos").iterdir()):
        files[f"golden-{photo.name}"] = photo.read_bytes()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def ask_library(paths: list[Path]) -> Answers:
    """Ask the library in this process."""
    answers = {}
    for head in HEADS:
        classifier = Classifier(rank_by=head)
        for path in paths:
            try:
                answers[path.name, head] = classifier.classify(path).to_dict()
            except ImageError as error:
                answers[path.name, head] = {"photo": path.name, "error": str(error)}
    return answers


def ask_command(paths: list[Path]) -> Answers:
    """Ask the installed command, once for all photos."""
    command = [Path(sys.executable).parent / "emoji-edge", "--format", "jsonl"]
    answers = {}
    for head in HEADS:
        done = subprocess.run(
            [*command, "--rank-by", head, *paths], capture_output=True, text=True, check=False
        )
        found = map(json.loads, done.stdout.splitlines())
        answers |= {(Path(answer["photo"]).name, head): answer for answer in found}
    return answers


def ask_server(*options: str) -> Callable[[list[Path]], Answers]:
    """Return what asks the API of a server that is started for it."""

    def ask(paths: list[Path]) -> Answers:
        with run_server("--threads", "1", *options) as server:
            address = f"http://127.0.0.1:{server.port}/api/predict"
            return {
                (path.name, head): post_photo(f"{address}?rank_by={head}", path)
                for head in HEADS
                for path in paths
            }

    return ask


def post_photo(address: str, path: Path) -> dict[str, Any]:
    """Post a photo to the API; returns its result, or its problem as the error."""
    request = urllib.request.Request(
        address, path.read_bytes(), {"Content-Type": "application/octet-stream"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return {"photo": path.name, "error": json.load(error)["detail"]}


def ask_page(paths: list[Path]) -> Answers:
    """Ask the page as the server serves it, with its headers, in headless Chromium."""
    with run_server("--threads", "1") as server:
        done = subprocess.run(
            ["node", ROOT / "web/bench/answers.js", server.address],
            input="\n".join(map(str, paths)), stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    found = map(json.loads, done.stdout.splitlines())
    return {(path.name, SHOWN): answer for path, answer in zip(paths, found, strict=True)}


FRONT_ENDS: dict[str, Callable[[list[Path]], Answers]] = {
    "library": ask_library,
    "command": ask_command,
    "api": ask_server(),
    "keras": ask_server("--backend", "keras"),
    "page": ask_page,
}


def compare_front_end(found: Answers, expected: Answers, contract: Contract) -> Comparison:
    """Hold a front end's answers against the library's; a line for each photo that differs."""
    comparison = Comparison()
    for (name, head), answer in expected.items():
        difference = compare_results(found[name, head], answer, contract)
        comparison.photos.add(name)
        comparison.heads.add(head)
        comparison.faces += difference.faces
        comparison.box = max(comparison.box, difference.box)
        comparison.score = max(comparison.score, difference.score)
        if difference.reason:
            comparison.differing[name] = f"by {head}: {difference.reason}"
    return comparison


def ask_all(folder: Path) -> dict[str, Answers]:
    """Ask every front end about every photo that it can be asked about."""
    paths = write_photos(folder)
    readable = [path for path in paths if path.name not in PAGE_CANNOT]
    return {name: ask(readable if name == "page" else paths) for name, ask in FRONT_ENDS.items()}


def compare_all(answers: dict[str, Answers], contract: Contract) -> dict[str, Comparison]:
    """Hold each front end against the library, on the photos that it was asked about."""
    reference = answers[REFERENCE]
    shown = {
        (photo, head): answer
        for (photo, head), answer in reference.items()
        if head == SHOWN and photo not in PAGE_CANNOT
    }
    return {
        name: compare_front_end(found, shown if name == "page" else reference, contract)
        for name, found in answers.items()
    }


def describe_all(answers: dict[str, Answers], compared: dict[str, Comparison]) -> dict[str, Any]:
    """Describe the comparisons for the report's section."""
    reference = [answer for (_, head), answer in answers[REFERENCE].items() if head == SHOWN]
    faces = [face for answer in reference for face in answer.get("faces", [])]
    return {
        "photos": len(reference),
        "faces": len(faces),
        "not_sure": sum(face["not_sure"] for face in faces),
        "no_face": sum(answer.get("faces") == [] for answer in reference),
        "refused": sum("error" in answer for answer in reference),
        "front_ends": {
            name: {
                "title": TITLES[name],
                "photos": len(one.photos),
                "heads": sorted(one.heads, key=HEADS.index),
                "same": len(one.photos) - len(one.differing),
                "box": round(one.box, 4),
                "score": round(one.score, 7),
            }
            for name, one in compared.items()
        },
    }


def main(arguments: list[str]) -> int:
    """Ask, compare and print; return 1 where an answer differs."""
    with TemporaryDirectory() as folder:
        answers = ask_all(Path(folder))
    compared = compare_all(answers, load_contract())
    section = describe_all(answers, compared)
    print(json.dumps(section, indent=1))
    if "--report" in arguments:
        write_section(REPORT, "consistency", section)
    differing = [
        f"{name}: {photo}: {line}"
        for name, one in compared.items()
        for photo, line in one.differing.items()
    ]
    print("\n".join(differing), file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
