"""Prove and time emoji-edge-cluster on two nodes of this machine, into the report's `cluster`.

    python -m edge.bench.cluster [--only times|proofs] [--photos N] [--no-report]

`times` wants an idle machine: the same photos in one process, in two, and on the cluster. `proofs`
may run beside other work: every photo's result is the one-machine run's, memory stays flat, nothing
is lost or doubled when a worker and then a node are killed, and a run after an interruption makes
only what is missing. Exit status 1 where a check fails.
"""

import argparse
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.report import REPORT, read_report, write_section

from .proofs import measure_proofs
from .runs import say
from .times import measure_times


def main() -> int:
    """Measure, print and write; returns exit status 1 where a check fails."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's ignore it
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", choices=("times", "proofs"), help="keep the rest of the section")
    parser.add_argument("--photos", type=int, default=50_000, help="of the large run")
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    parts: dict[str, Callable[[Path], dict[str, Any]]] = {
        "times": measure_times,
        "proofs": partial(measure_proofs, count=options.photos),
    }
    section = read_report(REPORT).get("cluster", {}) if options.only else {}
    for name in [options.only] if options.only else parts:
        with TemporaryDirectory() as folder:
            found = parts[name](Path(folder))
        checks = section.get("checks", {}) | found["checks"]
        section |= found | {"checks": checks}
    say(section)
    if not options.no_report:
        write_section(REPORT, "cluster", section)
    return 0 if all(section["checks"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
