"""Other networks' figures, from training/peers.json into the report's section `peers`.

    python -m training.peers [--source training/peers.json] [--report models/report.json]

`measured` figures were taken on the same pictures as ours, `published` ones are their authors'.
"""

import argparse
import json
import sys
from pathlib import Path

from models.report import REPORT, ReportError, write_section

SOURCE = Path(__file__).with_suffix(".json")
TEXTS = ("name", "how", "url", "licence", "runtime")
SHARES = ("public_labels", "private_labels", "macro_f1", "private_votes")
MARKS = {  # how a figure was got; None where that is not known
    "crops": ("one", "many", None),
    "chosen_on_test": (True, False, None),
    "pretrained": ("nothing", "ImageNet", "faces", None),
}
AMOUNTS = ("bytes", "parameters", "latency_ms")
MEASURED = ("bytes", "parameters", *SHARES)  # what no measured network may lack
HOWS = ("measured", "published")


class PeerError(Exception):
    """A peer's figures cannot be used; the message names it and says why."""


def check_network(row: dict) -> None:
    """Raise PeerError unless the row has every key, and each figure is possible."""
    name = row.get("name")
    if not isinstance(name, str) or not name:
        raise PeerError("a network has no name")
    wanted = {*TEXTS, *SHARES, *AMOUNTS, *MARKS, "note"}
    if wrong := wanted ^ set(row):
        raise PeerError(f"{name}: keys missing or unknown: {', '.join(sorted(wrong))}")
    if row["how"] not in HOWS:
        raise PeerError(f"{name}: `how` is {row['how']!r}, expected one of {', '.join(HOWS)}")
    for key, known in MARKS.items():
        if row[key] not in known:
            words = ", ".join(json.dumps(value) for value in known)
            raise PeerError(f"{name}: `{key}` is {row[key]!r}, expected one of {words}")
    for key in (*SHARES, *AMOUNTS):
        check_figure(name, key, row[key])
    lacking = [key for key in MEASURED if row["how"] == "measured" and row[key] is None]
    if lacking:
        raise PeerError(f"{name}: measured, but without {', '.join(lacking)}")


def check_figure(name: str, key: str, value: object) -> None:
    """Raise PeerError unless the value is None or positive, a share being at most 1."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise PeerError(f"{name}: `{key}` is {value!r}, expected a positive number")
    if key in SHARES and value > 1:
        raise PeerError(f"{name}: `{key}` is {value!r}, expected a share of at most 1")


def read_peers(source: Path) -> dict:
    """Read the report's section `peers`, checked."""
    try:
        section = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PeerError(f"{source}: {error}") from None
    if set(section) != {"how", "people", "networks"}:
        raise PeerError(f"{source}: expected `how`, `people` and `networks`")
    for row in section["networks"]:
        check_network(row)
    names = [row["name"] for row in section["networks"]]
    if len(set(names)) < len(names):
        raise PeerError(f"{source}: a name stands there twice")
    return section


def main(arguments: list[str] | None = None) -> int:
    """Check and store; return 2 when a figure or the report cannot be used."""
    parser = argparse.ArgumentParser(prog="training.peers", description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=Path, default=SOURCE)
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args(arguments)
    try:
        section = read_peers(options.source)
        write_section(options.report, "peers", section)
    except (PeerError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {len(section['networks'])} networks")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
