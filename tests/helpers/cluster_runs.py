"""Runs of emoji-edge-cluster as processes, and waiting for what they do."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

CLUSTER = [sys.executable, "-m", "emoji_edge.cluster"]


def find_workers() -> list[int]:
    """The ids of Ray's worker processes that this process's descendants have started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any("ray::MapWorker" in part for part in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:  # it has just ended
            continue
    return found


def wait_until(ready: Callable[[], bool], process: subprocess.Popen | None = None) -> None:
    """Wait until it is ready, or the process has ended, for a minute or two at most."""
    deadline = time.monotonic() + 120
    while not ready() and (process is None or process.poll() is None):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def count_shards(output: Path) -> int:
    """How many shards are finished."""
    return sum(1 for _ in output.glob("part-*.parquet"))


def start_run(album: Path, output: Path, address: str) -> subprocess.Popen:
    """Start the command on the cluster, once the workers of an earlier run have ended."""
    wait_until(lambda: not find_workers())
    command = [*CLUSTER, str(album), str(output), "--address", address, "--shard", "2"]
    with output.with_suffix(".log").open("w") as log:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
