"""Average the networks of runs that went on from one another (Izmailov et al. 2018).

    python -m training.average --run NAME --of RUN RUN ...

Networks that were trained on from the same one lie in one basin of the loss; their mean generalises
better than each. Writes `runs/NAME/` as a run of its own, with the last run's settings and the
histories one after another.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from training.folder import (
    export_network,
    load_run,
    read_history,
    read_run,
    save_arrays,
    write_history,
)
from training.settings import RunError


def average_runs(runs: Path, names: list[str], target: Path) -> Path:
    """Write the run folder `target` with the mean network of the named runs; return its .h5."""
    if target.name in names:
        raise RunError(f"{target.name} would be overwritten: give the new run a name of its own")
    described = [read_run(runs / name) for name in names]
    settings = described[-1]["settings"]
    for run in described:
        for key in ("seed", "validation"):
            if run["settings"][key] != settings[key]:
                raise RunError(f"the runs differ in {key}: what one held back, another has seen")
    weights = [load_run(runs / name).get_weights() for name in names]
    mean = [np.mean(values, axis=0) for values in zip(*weights, strict=True)]
    target.mkdir(parents=True, exist_ok=True)
    save_arrays(target / "best.npz", **{f"v{i}": value for i, value in enumerate(mean)})
    write_run(runs, names, target, described[-1])
    return export_network(target)


def write_run(runs: Path, names: list[str], target: Path, run: dict) -> None:
    """Write settings and history of the average, which holds the histories of all before it."""
    chain = find_chain(runs, names[-1])
    run |= {"average_of": names, "settings": run["settings"] | {"start": ""}}
    (target / "settings.json").write_text(json.dumps(run, indent=1) + "\n")
    epochs = [row for name in chain for row in read_history(runs / name)]
    write_history(target / "history.csv", [row | {"epoch": i + 1} for i, row in enumerate(epochs)])


def find_chain(runs: Path, name: str) -> list[str]:
    """List the run and those it went on from, the first one first; an .h5 has no run."""
    chain = [name]
    while (runs / (name := read_run(runs / name)["settings"]["start"]) / "history.csv").exists():
        if not name:
            break
        chain.insert(0, name)
    return chain


def main(arguments: list[str] | None = None) -> int:
    """Average; return 2 when a run cannot be used."""
    parser = argparse.ArgumentParser(prog="training.average", description=__doc__.split("\n")[0])
    parser.add_argument("--run", required=True, help="name of the new run's folder")
    parser.add_argument("--of", nargs="+", required=True, metavar="RUN", help="the last one last")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    options = parser.parse_args(arguments)
    try:
        missing = [name for name in options.of if not (options.runs / name / "best.npz").exists()]
        if missing:
            raise RunError(f"no finished run called {', '.join(missing)} in {options.runs}")
        print(f"wrote {average_runs(options.runs, options.of, options.runs / options.run)}")
    except RunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
