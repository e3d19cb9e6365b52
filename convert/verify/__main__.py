"""Prove that every artifact says what Keras says, in its real runtimes.

    python -m convert.verify            check the report, and run the goldens now
    python -m convert.verify DATA       measure again on DATA's pictures and write the report
    python -m convert.verify --goldens  measure again on the goldens alone and write the report

Exits 1 with one line for each artifact that misses its row of the gate, is absent from the report
or differs from it.
"""

import argparse
import sys
from pathlib import Path

from emoji_edge.contract import find_models
from emoji_edge.errors import EmojiError

from convert.artifacts import ArtifactError
from convert.network import NetworkError
from convert.verify.checks import check_models
from convert.verify.runners import RUNTIMES
from convert.verify.section import measure_section, renew_goldens
from models.report import ReportError, read_report, write_section
from training.data import DataError


def verify_models(options: argparse.Namespace) -> list[str]:
    """Measure if there is data, else run the goldens; returns the faults, one line each."""
    report = read_report(options.report)
    if options.data:
        section = measure_section(options.models, options.data, options.full)
        write_section(options.report, "artifacts", section)
        return check_models(options.models, section, runtimes=())
    if "artifacts" not in report:
        return [f"{options.report}: has no section `artifacts`; measure it with DATA=path"]
    if options.goldens:
        section = renew_goldens(options.models, report["artifacts"])
        write_section(options.report, "artifacts", section)
        return check_models(options.models, section, runtimes=())
    return check_models(options.models, report["artifacts"], options.runtimes)


def main(arguments: list[str] | None = None) -> int:
    """Verify; return 1 when the gate is missed, 2 when nothing could be verified."""
    parser = argparse.ArgumentParser(prog="convert.verify", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, nargs="?", help="FER-2013 with its PublicTest split")
    parser.add_argument(
        "--goldens", action="store_true", help="measure the goldens, keep what DATA's pictures gave"
    )
    parser.add_argument("--models", type=Path, default=find_models(), help="what to verify")
    parser.add_argument("--report", type=Path, help="report.json of the models, where not given")
    parser.add_argument(
        "--full", action="store_true", help="more pictures, WebGL on every one: slow"
    )
    parser.add_argument(
        "--runtimes", nargs="+", choices=RUNTIMES, default=RUNTIMES, help="only these, for a check"
    )
    options = parser.parse_args(arguments)
    options.report = options.report or options.models / "report.json"
    try:
        problems = verify_models(options)
    except (EmojiError, NetworkError, DataError, ArtifactError, ReportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in problems:
        print(line, file=sys.stderr)
    print(f"{len(problems)} faults" if problems else "every artifact holds its row of the gate")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
