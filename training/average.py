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

from training.calibrate import read_history
from training.train import RunError, export_best, load_network, save_arrays, write_history


def average_runs(runs: Path, names: list[str], target: Path) -> Path:
    """Write the run folder `target` with the mean network of the named runs; its .h5's path."""
    described = [json.loads((runs / name / "settings.json").read_text()) for name in names]
    settings = described[-1]["settings"]
    for run in described:
        for key in ("seed", "validation"):
            if run["settings"][key] != settings[key]:
                raise RunError(f"the runs differ in {key}: what one held back, another has seen")
    weights = [load_network(runs / name).get_weights() for name in names]
    mean = [np.mean(values, axis=0) for values in zip(*weights, strict=True)]
    target.mkdir(parents=True, exist_ok=True)
    save_arrays(target / "best.npz", **{f"v{i}": value for i, value in enumerate(mean)})
    write_run(runs, names, target, described[-1])
    return export_best(target)


def write_run(runs: Path, names: list[str], target: Path, run: dict) -> None:
    """Settings and history of the average, which holds the histories of all that led to it.

    A run that training.transfer made has no history.
    """
    chain = find_chain(runs, names[-1])
    run |= {"average_of": names, "settings": run["settings"] | {"start": ""}}
    (target / "settings.json").write_text(json.dumps(run, indent=1) + "\n")
    trained = [name for name in chain if (runs / name / "history.csv").exists()]
    epochs = [row for name in trained for row in read_history(runs / name)]
    write_history(target / "history.csv", [row | {"epoch": i + 1} for i, row in enumerate(epochs)])


def find_chain(runs: Path, name: str) -> list[str]:
    """The run and those it went on from, the first one first."""
    chain = [name]
    while name := json.loads((runs / name / "settings.json").read_text())["settings"].get("start"):
        chain.insert(0, name)
    return chain


def main(arguments: list[str] | None = None) -> int:
    """Average; 2 when a run cannot be used."""
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
