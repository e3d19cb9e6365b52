"""Hold the page's answers against the command's on a folder of photos: the report's `photos`.

    python -m web.compare_photos FOLDER [--no-report]

Where FOLDER has a labels.csv (columns `image`, `expression`), the answers are also held against it.
Needs the built site and web/node_modules (`make site`). Exit status 1 where a photo is answered
otherwise, by the contract's `same_answer`.
"""

import argparse
import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge import Classifier, ImageError
from emoji_edge.batch import list_photos
from emoji_edge.contract import SameAnswer

from convert.report import REPORT, write_section
from training.shares import measure_share

ROOT = Path(__file__).parents[1]
Answer = dict[str, Any]


def ask_page(paths: list[Path], address: str = "") -> list[Answer]:
    """The page's results, in the order of the paths; of the built page unless one is served."""
    done = subprocess.run(
        ["node", str(ROOT / "web/photos.mjs"), *([address] if address else [])],
        input="\n".join(map(str, paths)), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask_command(paths: list[Path]) -> list[Answer]:
    """The command's results, in the order of the paths."""
    classifier = Classifier()
    answers: list[Answer] = []
    for path in paths:
        try:
            answers.append(classifier.classify(path, path.name).to_dict())
        except ImageError as error:
            answers.append({"photo": path.name, "error": str(error)})
    return answers


def measure_face(page: Answer, command: Answer) -> tuple[float, float]:
    """Largest differences of a face's box, in pixels, and of the scores that both name."""
    known = {e["label"]: e["score"] for e in command["expressions"]}
    scores = [
        abs(e["score"] - known[e["label"]]) for e in page["expressions"] if e["label"] in known
    ]
    boxes = [abs(a - b) for a, b in zip(page["box"], command["box"], strict=True)]
    return max(boxes), max(scores, default=1.0)


def is_ranked_alike(page: Answer, command: Answer, near: float) -> bool:
    """Whether both have the same top expressions; neighbours that are near may change places."""
    pairs = zip(page["expressions"], command["expressions"], strict=True)
    return all(a["label"] == b["label"] or abs(a["score"] - b["score"]) <= near for a, b in pairs)


def compare_answers(page: list[Answer], command: list[Answer], same: SameAnswer) -> Answer:
    """The report's section without its browser."""
    section: Answer = {"photos": len(page), "faces": 0, "failed": 0, "box": 0.0, "score": 0.0}
    different = []
    for mine, theirs in zip(page, command, strict=True):
        if "error" in mine or "error" in theirs:
            section["failed"] += 1
            if ("error" in mine) != ("error" in theirs):
                different.append(theirs["photo"])
            continue
        if mine["size"] != theirs["size"] or len(mine["faces"]) != len(theirs["faces"]):
            different.append(theirs["photo"])
            continue
        pairs = list(zip(mine["faces"], theirs["faces"], strict=True))
        measured = [measure_face(*pair) for pair in pairs]
        section["faces"] += len(pairs)
        section["box"] = max([section["box"], *(box for box, _ in measured)])
        section["score"] = max([section["score"], *(score for _, score in measured)])
        alike = all(is_ranked_alike(*pair, same.score) for pair in pairs)
        if not alike or any(box > same.box or score > same.score for box, score in measured):
            different.append(theirs["photo"])
    section["box"], section["score"] = round(section["box"], 4), round(section["score"], 6)
    return section | {"same": len(page) - len(different), "different": different}


def read_labels(folder: Path) -> dict[str, str]:
    """The expression that an annotator saw in each photo, by file name; none where none is told."""
    file = folder / "labels.csv"
    if not file.exists():
        return {}
    with open(file, newline="", encoding="utf-8") as rows:
        return {row["image"]: row["expression"] for row in csv.DictReader(rows)}


def compare_labels(answers: list[Answer], labels: dict[str, str]) -> Answer:
    """How often the largest face's answer is the annotator's; a photo without a face is wrong."""
    told = [answer for answer in answers if answer["photo"] in labels]
    truth = [labels[answer["photo"]] for answer in told]
    faces: list[Answer] = [next(iter(answer.get("faces", [])), {}) for answer in told]
    named = [[e["label"] for e in face.get("expressions", [])] for face in faces]
    right = np.array([names[:1] == [label] for names, label in zip(named, truth, strict=True)])
    among = np.array([label in names for names, label in zip(named, truth, strict=True)])
    sure = np.array([not face.get("not_sure", True) for face in faces])
    mine = {label: np.array([one == label for one in truth]) for label in sorted(set(truth))}
    return {
        "first": measure_share(right),
        "top3": measure_share(among),
        "sure": measure_share(right[sure]) if sure.any() else None,
        "expressions": {label: measure_share(right[rows]) for label, rows in mine.items()},
    }


def main() -> int:
    """Compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    paths = [Path(photo.path) for photo in list_photos([str(options.folder)], recursive=True)]
    if not paths:
        parser.error(f"{options.folder} holds no photo")
    page, command = ask_page(paths), ask_command(paths)
    same = Classifier().contract.same_answer
    found = compare_answers(page, command, same)
    section = {
        "browser": page[0]["browser"],
        "limits": {"box": same.box, "score": same.score},
    } | found
    if labels := read_labels(options.folder):
        section["annotator"] = compare_labels(command, labels)
        print(f"the annotator's expression on {section['annotator']['first']['share']:.1%}")
    print(
        f"{section['same']} of {section['photos']} photos the same, {section['faces']} faces: "
        f"boxes within {section['box']} px, scores within {section['score']}"
    )
    print("\n".join(f"different: {name}" for name in section["different"]))
    if not options.no_report:
        write_section(REPORT, "photos", section)
    return 1 if section["different"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
