"""Ask every front end about the same photos and hold the answers against each other.

    python -m tests.consistency            print what differs, exit with 1 where anything does
    python -m tests.consistency --report   and write the report's section `consistency`

The photos are those of the page's tests (orientations, formats, colour, several faces, none) and
the golden ones; "the same answer" is the contract's `same_answer`.
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

from convert.report import REPORT, write_section
from tests.running_server import run_server
from tests.web.make_photos import make_bad, make_good
from web import compare_photos
from web.compare_photos import is_ranked_alike, measure_face

Answers = dict[str, dict[str, Any]]  # by the photo's file name
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


@dataclass
class Comparison:
    """How far one front end is from the library over all photos."""

    photos: int = 0
    faces: int = 0
    box: float = 0.0
    score: float = 0.0
    differing: list[str] = field(default_factory=list)


def write_photos(folder: Path) -> list[Path]:
    """All photos as files, the good and the bad, the golden ones among them."""
    files = make_good() | make_bad()
    for photo in sorted((find_models() / "golden/photos").iterdir()):
        files[f"golden-{photo.name}"] = photo.read_bytes()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def ask_library(paths: list[Path]) -> Answers:
    classifier = Classifier()
    answers = {}
    for path in paths:
        try:
            answers[path.name] = classifier.classify(path).to_dict()
        except ImageError as error:
            answers[path.name] = {"photo": path.name, "error": str(error)}
    return answers


def ask_command(paths: list[Path]) -> Answers:
    command = [Path(sys.executable).parent / "emoji-edge", "--format", "jsonl", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = map(json.loads, done.stdout.splitlines())
    return {Path(answer["photo"]).name: answer for answer in found}


def ask_server(*options: str) -> Callable[[list[Path]], Answers]:
    """What asks the API of a server that is started for it."""

    def ask(paths: list[Path]) -> Answers:
        with run_server("--threads", "1", *options) as server:
            address = f"http://127.0.0.1:{server.port}/api/predict"
            return {path.name: post_photo(address, path) for path in paths}

    return ask


def post_photo(address: str, path: Path) -> dict[str, Any]:
    """The API's result, or its problem as the error."""
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
    """The page as the server serves it, with its headers, in headless Chromium."""
    with run_server("--threads", "1") as server:
        found = compare_photos.ask_page(paths, f"http://127.0.0.1:{server.port}/")
    return {path.name: answer for path, answer in zip(paths, found, strict=True)}


FRONT_ENDS: dict[str, Callable[[list[Path]], Answers]] = {
    "library": ask_library,
    "command": ask_command,
    "api": ask_server(),
    "keras": ask_server("--backend", "keras"),
    "page": ask_page,
}


def compare_answers(found: Answers, expected: Answers, contract: Contract) -> Comparison:
    """Hold a front end's answers against the library's; a line for each photo that differs."""
    comparison = Comparison(photos=len(expected))
    for name, right in expected.items():
        line = compare_photo(found[name], right, contract, comparison)
        if line:
            comparison.differing.append(f"{name}: {line}")
    return comparison


def compare_photo(
    found: dict, expected: dict, contract: Contract, comparison: Comparison
) -> str | None:
    """What differs, or None; the differences of boxes and scores go into the comparison."""
    if ("error" in found) != ("error" in expected):
        return f"{found.get('error', 'an answer')}, expected {expected.get('error', 'an answer')}"
    if "error" in found:
        return None
    if found["size"] != expected["size"] or len(found["faces"]) != len(expected["faces"]):
        return f"{len(found['faces'])} faces in {found['size']}"
    for face, right in zip(found["faces"], expected["faces"], strict=True):
        comparison.faces += 1
        box, score = measure_face(face, right)
        comparison.box, comparison.score = max(comparison.box, box), max(comparison.score, score)
        limits = contract.same_answer
        if (
            box > limits.box
            or score > limits.score
            or not is_ranked_alike(face, right, limits.score)
        ):
            return f"box {box:.2f} px, score {score:.4f} off, or another order"
        best = right["expressions"][0]["score"]
        near = abs(best - contract.not_sure_below) <= limits.score
        if face["not_sure"] != right["not_sure"] and not near:
            return "one is sure and the other is not"
    return None


def ask_all(folder: Path) -> dict[str, Answers]:
    """Every front end's answers to every photo that it can be asked about."""
    paths = write_photos(folder)
    readable = [path for path in paths if path.name not in PAGE_CANNOT]
    return {name: ask(readable if name == "page" else paths) for name, ask in FRONT_ENDS.items()}


def compare_all(answers: dict[str, Answers], contract: Contract) -> dict[str, Comparison]:
    """Each front end against the library, on the photos that it was asked about."""
    reference = answers[REFERENCE]
    return {
        name: compare_answers(found, {photo: reference[photo] for photo in found}, contract)
        for name, found in answers.items()
    }


def describe_all(answers: dict[str, Answers], compared: dict[str, Comparison]) -> dict[str, Any]:
    """The report's section."""
    reference = answers[REFERENCE].values()
    faces = [face for answer in reference for face in answer.get("faces", [])]
    return {
        "photos": len(answers[REFERENCE]),
        "faces": len(faces),
        "not_sure": sum(face["not_sure"] for face in faces),
        "no_face": sum(answer.get("faces") == [] for answer in reference),
        "refused": sum("error" in answer for answer in reference),
        "front_ends": {
            name: {
                "title": TITLES[name],
                "photos": one.photos,
                "same": one.photos - len(one.differing),
                "box": round(one.box, 4),
                "score": round(one.score, 7),
            }
            for name, one in compared.items()
        },
    }


def main(arguments: list[str]) -> int:
    """Ask, compare, print; 1 where an answer differs."""
    with TemporaryDirectory() as folder:
        answers = ask_all(Path(folder))
    compared = compare_all(answers, load_contract())
    section = describe_all(answers, compared)
    print(json.dumps(section, indent=1))
    if "--report" in arguments:
        write_section(REPORT, "consistency", section)
    differing = [f"{name}: {line}" for name, one in compared.items() for line in one.differing]
    print("\n".join(differing), file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
