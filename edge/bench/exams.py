"""Hold the exams from outside, by the command that users have, into the report's `photos`.

    python -m edge.bench.exams DATA [--peers] [--no-report]

DATA holds the folders `london` and `photos`, each with a labels.csv. Nothing is chosen by these
sets. --peers asks other packages about the same photos, from the file to the answer: PyPI `fer`
with MTCNN in an environment of its own, and two browser packages. Without it, what the report
holds of them stays; they do not change with this project's network. What a package saw is kept
beside it, so that an interrupted run goes on.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from emoji_edge.contract import load_contract
from emoji_edge.exam.groups import measure_groups
from emoji_edge.exam.measures import Marks, measure_agreement, measure_share
from emoji_edge.exam.names import find_expression

from models.report import REPORT, read_report, write_section

from .causes import measure_causes
from .peer_environment import PEERS
from .peer_faces import ask_peer, list_peers

LABELS = load_contract().labels
SETS: dict[str, dict[str, Any]] = {
    "london": {
        "title": "Face Research Lab London Set",
        "about": "102 adults, each asked to look neutral and to smile, front view, even light",
        "source": "DeBruine, L. & Jones, B. (2017). Face Research Lab London Set (Version 5). "
        "figshare. doi 10.6084/m9.figshare.5047666.v5. Licence CC BY 4.0",
    },
    "photos": {
        "title": "Photos of people",
        "about": "press photos and film stills, cut close around one face each, "
        "with one annotator's label",
        "source": "",
    },
}
Found = dict[str, Any]


def run_command(folder: Path) -> Found:
    """Hold the exam on a folder by the command, as a user would; returns its JSON."""
    with TemporaryDirectory() as name:
        output = Path(name) / "exam.json"
        command = [sys.executable, "-m", "emoji_edge", str(folder)]
        command += ["--labels", str(folder / "labels.csv"), "--output", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"error: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(output.read_text(encoding="utf-8"))


def measure_people(results: list[Found]) -> Found | None:
    """Compare each person's smile with the same person's neutral face; None without such pairs.

    `happier` is the share of persons whose happy score is higher in their smile, `not_neutral` the
    share of neutral faces that are called anything else.
    """
    people: dict[str, dict[str, Found]] = defaultdict(dict)
    for one in results:
        if one["scores"] and "person" in one["groups"]:
            people[one["groups"]["person"]][one["label"]] = one["scores"]
    pairs = [both for both in people.values() if {"happy", "neutral"} <= set(both)]
    if not pairs:
        return None
    happier = np.array([both["happy"]["happy"] > both["neutral"]["happy"] for both in pairs])
    best = [max(both["neutral"], key=both["neutral"].__getitem__) for both in pairs]
    return {
        "happier": measure_share(happier),
        "not_neutral": measure_share(np.array(best) != "neutral"),
    }


def shorten(found: Found) -> Found:
    """Leave out what the report need not hold: single photos, and the label head's groups."""
    kept = {name: found[name] for name in ("photos", "several_faces", "scores", "label_scores")}
    kept["label_scores"] = {
        name: value for name, value in found["label_scores"].items() if name != "groups"
    }
    left = found["left_out"]
    kept["left_out"] = {name: len(value) for name, value in left.items() if value}
    return kept


def list_scores(faces: list[Found]) -> list[float]:
    """The largest face's scores in the contract's order; NaN where there is none."""

    def measure_size(face: Found) -> float:
        x0, y0, x1, y1 = face["box"]
        return (x1 - x0) * (y1 - y0)

    largest = max(faces, key=measure_size, default=None)
    if largest is None or not largest["scores"]:
        return [float("nan")] * len(LABELS)
    named = {find_expression(name, LABELS): score for name, score in largest["scores"].items()}
    return [named.get(label, 0.0) for label in LABELS]


def measure_peers(folder: Path, results: list[Found]) -> list[Found]:
    """Measure other packages on the photos of an exam, by the same rules as ours."""
    paths = [str(folder / Path(one["photo"]).name) for one in results]
    truth = np.array([LABELS.index(one["label"]) for one in results])
    columns = {name: [one["groups"][name] for one in results] for name in results[0]["groups"]}
    measured = []
    for name, command in list_peers().items():
        lines = ask_peer(command, paths, PEERS / f"{name}-{folder.name}.jsonl")
        scores = np.array([list_scores(line["faces"]) for line in lines])
        marks = Marks(truth, scores, np.zeros(len(truth), dtype=bool))
        values = measure_agreement(marks, LABELS)
        del values["sure"]  # these packages do not say when they are not sure
        groups, _ = measure_groups(marks, columns, LABELS)
        values["groups"] = {
            name: {kind: {"first": one["first"]} for kind, one in kinds.items()}
            for name, kinds in groups.items()
        }
        people = measure_people([
            one | {"scores": None if np.isnan(row).any() else dict(zip(LABELS, row, strict=True))}
            for one, row in zip(results, scores, strict=True)
        ])  # fmt: skip
        package = {"package": lines[0]["package"], "version": lines[0]["version"]}
        measured.append(package | {"people": people} | values)
    return measured


def measure_set(name: str, folder: Path, peers: bool) -> Found:
    """Measure one set: the command on it, and the peers if wanted, else as the report has them."""
    found = run_command(folder)
    section: Found = SETS[name] | shorten(found) | {"model": found["model"]}
    section["people"] = measure_people(found["results"])
    groups = found["scores"].get("groups", {})
    section["causes"] = measure_causes(folder, found["results"], groups)
    if peers:
        section["peers"] = measure_peers(folder, found["results"])
    else:
        sets = read_report().get("photos", {}).get("sets", {})
        section["peers"] = sets.get(name, {}).get("peers", [])
    return section


def describe_set(section: Found) -> list[str]:
    """Lines for people: ours and, beneath, the peers."""
    rows = [("scores", section["scores"]), ("label_scores", section["label_scores"])]
    rows += [(f"{one['package']} {one['version']}", one) for one in section["peers"]]
    lines = [f"{section['title']}, {section['photos']} photos"]
    for title, one in rows:
        first, top3 = one["first"], one["top3"]
        low, high = (100 * value for value in first["interval"])
        lines.append(
            f"  {title:<28} {first['share']:.1%} ({low:.1f} to {high:.1f})  top three "
            f"{top3['share']:.1%}  no face {one['no_face']}  too sure by "
            f"{100 * one['certainty']['too_sure']:+.1f}"
        )
    return lines


def main() -> int:
    """Hold the exams, print and write them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the folder of the sets")
    parser.add_argument("--peers", action="store_true", help="ask other packages too")
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    section: Found = {"sets": {}}
    for name in SETS:
        folder = options.data / name
        if not (folder / "labels.csv").is_file():
            parser.error(f"{folder} has no labels.csv")
        section["sets"][name] = measure_set(name, folder, options.peers)
        section["model"] = section["sets"][name].pop("model")
        print("\n".join(describe_set(section["sets"][name])), flush=True)
    if not options.no_report:
        write_section(REPORT, "photos", section)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
