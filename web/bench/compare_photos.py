"""Hold the page's answers against the command's on a folder of photos: the report's `page_photos`.

    python -m web.bench.compare_photos FOLDER [--no-report]

Needs the built site and web/node_modules (`make site`). Exit status 1 where a photo is answered
otherwise, by the contract's `same_answer`.
"""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from emoji_edge import Classifier, ImageError
from emoji_edge.contract import Contract
from emoji_edge.listing import list_photos
from emoji_edge.same_answer import Result, compare_results

from models.report import REPORT, write_section

ANSWERS = Path(__file__).with_name("answers.js")


def ask_page(paths: list[Path]) -> list[Result]:
    """Ask the built page; its results, in the order of the paths."""
    done = subprocess.run(
        ["node", str(ANSWERS)], input="\n".join(map(str, paths)),
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask_command(paths: list[Path]) -> list[Result]:
    """Ask the library as the command does; results in the order of the paths."""
    classifier = Classifier()
    results: list[Result] = []
    for path in paths:
        try:
            results.append(classifier.classify(path, path.name).to_dict())
        except ImageError as error:
            results.append({"photo": path.name, "error": str(error)})
    return results


def compare_all(page: list[Result], command: list[Result], contract: Contract) -> dict[str, Any]:
    """Compare all results into the report's section, without its browser."""
    pairs = list(zip(page, command, strict=True))
    found = {right["photo"]: compare_results(mine, right, contract) for mine, right in pairs}
    different = {name: one.reason for name, one in found.items() if one.reason}
    limits = contract.same_answer
    return {
        "limits": {"box": limits.box, "score": limits.score},
        "photos": len(pairs),
        "faces": sum(one.faces for one in found.values()),
        "failed": sum("error" in mine or "error" in right for mine, right in pairs),
        "box": round(max(one.box for one in found.values()), 4),
        "score": round(max(one.score for one in found.values()), 6),
        "same": len(pairs) - len(different),
        "different": different,
    }


def main() -> int:
    """Compare, print and write; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    paths = [Path(photo.path) for photo in list_photos([str(options.folder)], recursive=True)]
    if not paths:
        parser.error(f"{options.folder} holds no photo")
    page, command = ask_page(paths), ask_command(paths)
    section = {"browser": page[0]["browser"]}
    section |= compare_all(page, command, Classifier().contract)
    print(
        f"{section['same']} of {section['photos']} photos the same, {section['faces']} faces: "
        f"boxes within {section['box']} px, scores within {section['score']}"
    )
    for name, reason in section["different"].items():
        print(f"different: {name}: {reason}")
    if not options.no_report:
        write_section(REPORT, "page_photos", section)
    return 1 if section["different"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
