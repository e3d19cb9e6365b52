"""Hold what a device answered against this machine's answers, into the report's section `arm`.

python -m tests.arm_answers ARCH HERE.jsonl THERE.jsonl INFO.txt SELFTEST.txt   (see arm.sh)
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from emoji_edge.contract import load_contract

from convert.report import REPORT, read_report, write_section
from web.compare_photos import measure_face

LARGEST = re.compile(r"^ok +(\w+), 1 thread: \d+ faces, largest score difference ([\d.e+-]+)", re.M)


def compare_answers(here: list[dict], there: list[dict]) -> dict[str, float]:
    """Largest difference of boxes in pixels and of scores; ValueError where faces differ."""
    boxes, scores = [0.0], [0.0]
    if len(here) != len(there) or not here:
        raise ValueError(f"{len(there)} photos answered, expected {len(here)}")
    for one, other in zip(here, there, strict=True):
        if one["size"] != other["size"] or len(one["faces"]) != len(other["faces"]):
            raise ValueError(f"{one['photo']}: other faces")
        for found, right in zip(other["faces"], one["faces"], strict=True):
            box, score = measure_face(found, right)
            boxes.append(box)
            scores.append(score)
    return {"photos": len(here), "box": round(max(boxes), 4), "score": round(max(scores), 7)}


def read_self_test(text: str) -> dict[str, Any]:
    """Whether it passed, and each artifact's largest score difference from Keras."""
    largest = {name: float(value) for name, value in LARGEST.findall(text)}
    return {"passed": text.rstrip().endswith("self-test passed"), "largest": largest}


def read_answers(path: str) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def main(arguments: list[str]) -> int:
    """Compare and record; 1 where the device gives another answer."""
    arch, here, there, info, self_test = arguments
    machine, runtime = Path(info).read_text().splitlines()[:2]
    found = {
        "machine": machine.partition(" on ")[2],
        "runtime": runtime.removeprefix("runtime").strip(),
        "self_test": read_self_test(Path(self_test).read_text()),
        "answers": compare_answers(read_answers(here), read_answers(there)),
    }
    print(json.dumps({arch: found}, indent=1))
    write_section(REPORT, "arm", read_report(REPORT).get("arm", {}) | {arch: found})
    limits = load_contract().same_answer
    same = found["answers"]["box"] <= limits.box and found["answers"]["score"] <= limits.score
    return 0 if same and found["self_test"]["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
