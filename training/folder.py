"""A run's folder: settings.json, history.csv, checkpoint.npz, best.npz and, at its end, model.h5.

    python -m training.folder --run NAME --output training/teachers/NAME

packs a finished run as float16: settings.json and best.npz alone, enough to be a teacher.
"""

import argparse
import csv
import json
import os
import platform
import sys
import zipfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import keras
import numpy as np

from training.dlib import build_dlib
from training.model import CONTRACT, build_model, count_multiply_adds
from training.settings import RunError, Settings


def open_run(folder: Path, settings: Settings) -> None:
    """Create the run's folder, or check that it belongs to the same settings."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    wanted = json.loads(json.dumps(asdict(settings)))
    if file.exists():
        # What a run does not name is from before it was a setting, and was as its default is.
        defaults = json.loads(json.dumps(asdict(Settings())))
        found = defaults | read_run(folder)["settings"]
        if found != wanted:
            odd = sorted(key for key in found | wanted if found.get(key) != wanted.get(key))
            raise RunError(f"{folder} is a run with other settings ({', '.join(odd)})")
        return
    backend = keras.backend.backend()  # tensorflow, jax or torch
    versions = {"python": platform.python_version(), "keras": keras.__version__}
    versions |= {backend: import_module(backend).__version__, "numpy": np.__version__}
    run = {"settings": wanted, "versions": versions, "machine": describe_machine()}
    run |= {"network": describe_network(wanted)}
    file.write_text(json.dumps(run, indent=1) + "\n")


def describe_machine() -> str:
    """Say what the minutes are of: the accelerators that Keras sees, and the processor's cores."""
    devices = [name for name in keras.distribution.list_devices() if not name.startswith("cpu")]
    return ", ".join([*devices, f"{os.cpu_count()} processor cores"])


def build_network(
    settings: dict, size: int | None = CONTRACT.input_size, dtype: str = "float32"
) -> keras.Model:
    """Build the network that a run's settings describe."""
    if settings.get("architecture") == "dlib":  # older runs do not name theirs
        return build_dlib(size, dtype)
    shape = {key: settings[key] for key in ("stem", "widths", "depths")}
    return build_model(size, dtype, **shape)


def describe_network(settings: dict) -> dict[str, int]:
    """Count the network's parameters, and its multiply-adds for one picture."""
    network = build_network(settings)
    return {"parameters": network.count_params(), "multiply_adds": count_multiply_adds(network)}


# ---- reading ---------------------------------------------------------------------------------


def read_run(folder: Path) -> dict:
    """Read what the run is: its settings, versions, machine and network."""
    try:
        return json.loads((folder / "settings.json").read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{folder} is no finished run ({error})") from None


def read_history(folder: Path) -> list[dict]:
    """Read a run's epochs, with numbers as numbers and empty cells left out."""
    with open(folder / "history.csv", newline="") as file:
        return [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(file)
        ]


def find_run(runs: Path, name: str) -> Path:
    """Find a run's folder by its name among the runs, or by its path, as a packed one's."""
    inside = runs / name
    return inside if (inside / "settings.json").exists() else Path(name)


def find_network(folder: Path) -> Path:
    """Return the .h5 of a finished run; RunError where there is none."""
    file = folder / "model.h5"
    if not file.exists():
        raise RunError(f"{folder} holds no finished run")
    return file


def load_run(
    folder: Path, size: int | None = CONTRACT.input_size, dtype: str = "float32"
) -> keras.Model:
    """Load a finished run's network, with the weights of the epoch that its settings choose."""
    network = build_network(read_run(folder)["settings"], size, dtype)
    try:
        with open(folder / "best.npz", "rb") as stream, np.load(stream) as arrays:
            weights = [arrays[f"v{i}"] for i in range(len(network.weights))]
            network.set_weights([values.astype(np.float32) for values in weights])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{folder} is no finished run ({error})") from None
    return network


# ---- writing ---------------------------------------------------------------------------------


def save_arrays(file: Path, **arrays) -> None:
    """Write an .npz that is either the old one or the new one, never half of it."""
    partial = file.with_suffix(".partial")
    with open(partial, "wb") as stream:
        np.savez(stream, **arrays)
    os.replace(partial, file)


def save_checkpoint(file: Path, model: keras.Model, history: list[dict]) -> None:
    """Save all that the next epoch depends on."""
    state = model.weights + model.optimizer.variables
    arrays = {f"v{i}": keras.ops.convert_to_numpy(value) for i, value in enumerate(state)}
    save_arrays(file, history=np.array(json.dumps(history)), **arrays)


def load_checkpoint(file: Path, model: keras.Model) -> list[dict]:
    """Put a checkpoint back into the model and its optimizer; return the history until there."""
    state = model.weights + model.optimizer.variables
    try:
        with open(file, "rb") as stream, np.load(stream) as arrays:
            for i, variable in enumerate(state):
                variable.assign(arrays[f"v{i}"])
            return json.loads(str(arrays["history"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{file} is damaged or of another network ({error})") from None


def write_history(file: Path, history: list[dict]) -> None:
    """Write the history as CSV, one epoch a line."""
    with open(file, "w", newline="") as stream:
        table = csv.DictWriter(stream, fieldnames=list(history[0]))
        table.writeheader()
        table.writerows(history)


def export_network(folder: Path) -> Path:
    """Write model.h5, the network of the epoch that the settings choose."""
    file = folder / "model.h5"
    load_run(folder).save(file)
    return file


def pack_run(folder: Path, target: Path) -> Path:
    """Write settings.json and best.npz, compressed float16, of a finished run into `target`."""
    weights = [values.astype(np.float16) for values in load_run(folder).get_weights()]
    target.mkdir(parents=True, exist_ok=True)
    (target / "settings.json").write_text((folder / "settings.json").read_text())
    file = target / "best.npz"
    np.savez_compressed(file, **{f"v{i}": values for i, values in enumerate(weights)})
    return file


def main(arguments: list[str] | None = None) -> int:
    """Pack a finished run; return 2 when there is none."""
    parser = argparse.ArgumentParser(prog="training.folder", description="Pack a run as float16.")
    parser.add_argument("--run", required=True, help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write")
    options = parser.parse_args(arguments)
    try:
        file = pack_run(options.runs / options.run, options.output)
    except RunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {file}, {file.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
