"""Run artifacts in their real runtimes: LiteRT, tflite-runtime, TF.js in Node and in Chromium.

Each runtime is a process of its own; a job that makes it crash is recorded and the rest goes on.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[3]
WEB = ROOT / "web"
TFLITE_ENV = ROOT / ".venv-tflite"
RUNTIMES = ("litert", "tflite-runtime", "node", "chromium")
OLD_PYTHONS = ("python3.11", "python3.10", "python3.9")  # tflite-runtime has no later wheel


class RuntimeMissing(Exception):
    """A runtime cannot be had here; the message says what to install."""


@dataclass(frozen=True)
class RuntimeOptions:
    """Where and how an artifact runs: a runtime, and what is asked of it."""

    runtime: str
    backend: str = ""  # of TF.js: wasm, webgl or cpu
    threads: int = 1  # of TFLite
    batch: int = 1

    def __str__(self) -> str:
        """Name the options as the report and the documents do."""
        if self.backend:
            return f"{self.runtime} {self.backend}, batch {self.batch}"
        return f"{self.runtime}, {self.threads} thread{'s' * (self.threads > 1)}"

    def describe(self) -> dict[str, Any]:
        """Return the beginning of a run in the report: every option, and their name."""
        return asdict(self) | {"title": str(self)}


@dataclass(frozen=True)
class Job:
    """One artifact over one array of inputs: uint8 or float32 [n, h, w, c]."""

    model: Path
    inputs: np.ndarray
    options: RuntimeOptions


@dataclass
class Result:
    """What a job gave: outputs by name, flat float32 of n pictures, and ms; or what went wrong."""

    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    version: str = ""
    error: str = ""


def prepare_runtime(runtime: str) -> list[str]:
    """Find the command that takes a file of jobs, and make its environment if need be.

    Raises RuntimeMissing.
    """
    script = str(Path(__file__).with_name("run_tflite.py"))
    if runtime == "litert":
        return [sys.executable, script, "ai_edge_litert"]
    if runtime == "tflite-runtime":
        return [str(make_tflite_env()), script, "tflite_runtime"]
    install_packages()
    return ["node", str(Path(__file__).parent / "web" / "run.mjs"), runtime]


def make_tflite_env(folder: Path = TFLITE_ENV) -> Path:
    """Find the Python of tflite-runtime's environment, which is made on first use."""
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    base = next((found for name in OLD_PYTHONS if (found := shutil.which(name))), None)
    if base is None:
        raise RuntimeMissing(f"tflite-runtime 2.14 needs one of {', '.join(OLD_PYTHONS)}")
    requirements = Path(__file__).with_name("tflite-runtime.txt")
    _run_step([base, "-m", "venv", str(folder)])
    _run_step([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)])
    (folder / "ready").touch()
    return python


def install_packages(folder: Path = WEB) -> None:
    """Install TF.js and the tools that run it, at the versions of the lock file."""
    if shutil.which("node") is None:
        raise RuntimeMissing("TF.js needs Node 20 or later")
    if not (folder / "node_modules" / "@tensorflow").exists():
        _run_step(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _run_step(command: list[str], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeMissing(f"`{' '.join(command)}` failed: {_last_line(done.stderr)}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def run_jobs(jobs: Sequence[Job]) -> list[Result]:
    """Run jobs; a result for each, in their order. A missing runtime is each job's error."""
    results: list[Result] = [Result()] * len(jobs)
    for runtime in RUNTIMES:
        mine = [i for i, job in enumerate(jobs) if job.options.runtime == runtime]
        if not mine:
            continue
        try:
            command = prepare_runtime(runtime)
            found = run_together(command, [jobs[i] for i in mine])
        except RuntimeMissing as error:
            found = [Result(error=str(error)) for _ in mine]
        for i, result in zip(mine, found, strict=True):
            results[i] = result
    return results


def run_together(command: list[str], jobs: Sequence[Job]) -> list[Result]:
    """Run the jobs of one runtime in one process, or in several where a job makes it crash."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        entries = [write_job(folder, i, job) for i, job in enumerate(jobs)]
        waiting = list(entries)
        while waiting:
            listing = folder / "jobs.json"
            listing.write_text(json.dumps(waiting))
            done = subprocess.run(
                [*command, str(listing)], capture_output=True, text=True, check=False
            )
            waiting = [entry for entry in waiting if not Path(f"{entry['out']}.json").exists()]
            if waiting:
                crashed = done.returncode < 0
                reason = "the runtime crashed on it" if crashed else _last_line(done.stderr)
                for entry in waiting[: 1 if crashed else None]:
                    Path(f"{entry['out']}.json").write_text(json.dumps({"error": reason}))
                waiting = waiting[1:] if crashed else []
        return [read_result(folder, i) for i in range(len(jobs))]


def write_job(folder: Path, index: int, job: Job) -> dict[str, Any]:
    """Write the job as the runtimes' scripts read it; jobs over the same inputs share a file."""
    file = folder / f"{id(job.inputs)}.bin"
    if not file.exists():
        np.ascontiguousarray(job.inputs).tofile(file)
    return {
        "model": str(job.model.resolve()),
        "input": str(file),
        "shape": list(job.inputs.shape),
        "kind": str(job.inputs.dtype),
        "backend": job.options.backend,
        "threads": job.options.threads,
        "batch": job.options.batch,
        "out": str(folder / str(index)),
    }


def read_result(folder: Path, index: int) -> Result:
    """Read what a runtime's script left of a job."""
    facts = json.loads((folder / f"{index}.json").read_text())
    if "error" in facts:
        return Result(error=facts["error"])
    files = sorted(folder.glob(f"{index}.*.bin"))
    outputs = {file.name.split(".")[1]: np.fromfile(file, np.float32) for file in files}
    return Result(outputs, facts["times"], facts["version"])
