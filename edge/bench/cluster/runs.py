"""Runs of both commands as processes: start them, wait for what they make, read what they say."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from emoji_edge.cluster.local import LocalCluster
from emoji_edge.cluster.places import open_table
from emoji_edge.cluster.plan import PLAN

from .processes import KINDS_OF_PROCESS, Watch, find_workers

EDGE = [sys.executable, "-m", "emoji_edge"]
CLUSTER = [sys.executable, "-m", "emoji_edge.cluster"]
FIFTHS = 5


def start_run(album: Path, output: Path, cluster: LocalCluster, *options: str) -> subprocess.Popen:
    """Start the command on the cluster, once the workers of an earlier run have ended."""
    while find_workers():
        time.sleep(0.05)
    command = [*CLUSTER, str(album), str(output), "--address", cluster.address, *options]
    with find_log(output).open("w") as log:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)


def find_log(output: Path) -> Path:
    """Where a run with this output writes its standard error."""
    return output.with_suffix(".log")


def read_log(output: Path) -> str:
    """What the latest run with this output said."""
    return find_log(output).read_text().strip()


def count_shards(output: Path) -> int:
    """How many shards are finished."""
    return sum(1 for _ in output.glob("part-*.parquet"))


def count_planned(output: Path) -> int:
    """How many shards the plan has, 1 before there is one."""
    with contextlib.suppress(FileNotFoundError), open_table(str(output), PLAN) as plan:
        return plan.num_row_groups
    return 1


def wait_workers(process: subprocess.Popen, number: int) -> list[int]:
    """Wait for so many worker processes of the run; returns their ids."""
    found: list[int] = []
    while process.poll() is None and len(found) < number:
        time.sleep(0.05)
        found = find_workers()
    return found


def interrupt_run(process: subprocess.Popen) -> int:
    """Send Ctrl-C and wait until its workers have ended too; returns the exit status."""
    process.send_signal(signal.SIGINT)
    status = process.wait()
    while find_workers():
        time.sleep(0.05)
    return status


def wait_shards(process: subprocess.Popen, output: Path, number: int) -> None:
    """Wait until so many shards are finished, or the run has ended."""
    while process.poll() is None and count_shards(output) < number:
        time.sleep(0.01)


def read_lines(path: Path) -> dict[str, dict[str, Any]]:
    """Each photo's result of a one-machine run, by its name."""
    with path.open(encoding="utf-8") as file:
        return {result["photo"]: result for result in map(json.loads, file)}


def time_edge(album: Path, output: Path, jobs: int) -> tuple[float, float]:
    """The one-machine command over an album: seconds of the wall, and of the processors."""
    begin, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    options = ["--recursive", "--jobs", str(jobs)]
    subprocess.run(
        [*EDGE, str(album), *options, "--output", str(output)],
        stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    wall, now = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def measure_edge(album: Path, output: Path, jobs: int) -> dict[str, float]:
    """Milliseconds a photo of the one-machine command without its start."""
    one = output.with_suffix(".one")
    one.mkdir()
    for job in range(jobs):
        os.link(min(album.rglob("*.jpg")), one / f"{job}.jpg")
    start = time_edge(one, output.with_suffix(".start.jsonl"), jobs)
    whole = time_edge(album, output, jobs)
    photos = len(read_lines(output))
    wall, core = (1000 * (b - a) / photos for a, b in zip(start, whole, strict=True))
    return {"photos": photos, "core_ms": round(core, 2), "wall_ms": round(wall * jobs, 2)}


def run_watched(album: Path, output: Path, cluster: LocalCluster, *options: str) -> dict[str, Any]:
    """Make a whole run; core seconds, and the largest memory in each fifth, by kind of process."""
    watch, memory = Watch(), {kind: [0.0] * FIFTHS for kind in KINDS_OF_PROCESS.values()}
    begin = time.perf_counter()
    process = start_run(album, output, cluster, *options)
    while process.poll() is None:
        fifth = min(FIFTHS - 1, FIFTHS * count_shards(output) // count_planned(output))
        for kind, megabytes in watch.look().items():
            memory[kind][fifth] = max(memory[kind][fifth], round(megabytes, 1))
        time.sleep(0.2)
    return {
        "status": process.wait(),
        "said": read_log(output),
        "photos": sum(1 for _ in album.rglob("*.jpg")),
        "wall_s": round(time.perf_counter() - begin, 1),
        "core_s": watch.read(),
        "memory_mb": memory,
    }


def say(value: object) -> None:
    """Print a value as JSON, at once."""
    print(json.dumps(value), flush=True)
