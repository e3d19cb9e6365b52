"""Hold a device's results against this machine's, into the report's section `arm`.

python -m edge.bench.arm ARCH HERE.jsonl THERE.jsonl INFO.txt SELFTEST.txt   (see arm.sh)
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from emoji_edge.contract import load_contract
from emoji_edge.same_answer import compare_results

from models.report import REPORT, read_report, write_section

LARGEST = re.compile(r"^ok +(\w+), 1 thread: \d+ faces, largest score difference ([\d.e+-]+)", re.M)


def compare_photos(here: list[dict], there: list[dict]) -> tuple[dict[str, Any], list[str]]:
    """How many photos, the largest differences of box and score, and what is another answer."""
    contract = load_contract()
    if len(here) != len(there) or not here:
        raise ValueError(f"{len(there)} photos have results, expected {len(here)}")
    found = [compare_results(*pair, contract) for pair in zip(there, here, strict=True)]
    reasons = [
        f"{photo['photo']}: {difference.reason}"
        for photo, difference in zip(here, found, strict=True)
        if difference.reason
    ]
    box, score = max(one.box for one in found), max(one.score for one in found)
    return {"photos": len(here), "box": round(box, 4), "score": round(score, 7)}, reasons


def read_self_test(text: str) -> dict[str, Any]:
    """Whether it passed, and each artifact's largest score difference from Keras."""
    largest = {name: float(value) for name, value in LARGEST.findall(text)}
    return {"passed": text.rstrip().endswith("self-test passed"), "largest": largest}


def read_json_lines(path: str) -> list[dict]:
    """The results of a file of JSON lines, in its order."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def main(arguments: list[str]) -> int:
    """Compare and record; returns exit status 1 where the device gives another answer."""
    arch, here, there, info, said = arguments
    machine, runtime = Path(info).read_text(encoding="utf-8").splitlines()[:2]
    self_test = read_self_test(Path(said).read_text(encoding="utf-8"))
    compared, reasons = compare_photos(read_json_lines(here), read_json_lines(there))
    found = {
        "machine": machine.partition(" on ")[2],
        "runtime": runtime.removeprefix("runtime").strip(),
        "self_test": self_test,
        "answers": compared,
    }
    print("\n".join([json.dumps({arch: found}, indent=1), *reasons]))
    write_section(REPORT, "arm", read_report(REPORT).get("arm", {}) | {arch: found})
    return 0 if self_test["passed"] and not reasons else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
