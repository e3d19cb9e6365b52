"""Run the command over many photos: flat memory, no row lost, and killed and resumed to one file.

    python -m tests.edge.many_photos [COUNT] [--jobs N]

Exit status 1 where any of that does not hold.
"""

import argparse
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.helpers.photos import encode, make_scene

KINDS = 40
KILLS = 3
GROWTH = 1.1  # of the memory in the last fifth of the run against the second


def make_album(folder: Path, count: int) -> None:
    """So many photos of few kinds: one face, two, none; one in a hundred is broken."""
    rng = random.Random(1)
    kinds = []
    for kind in range(KINDS):
        size = rng.choice([(160, 120), (240, 180), (120, 160)])
        side = rng.randint(90, 120)
        places = [(0, 0, side), (side, 20, side)][: kind % 3]
        kinds.append(encode(make_scene(size, *places), "JPEG", quality=rng.randint(60, 95)))
    folder.mkdir()
    for number in range(count):
        data = b"broken" if number % 100 == 99 else kinds[number % KINDS]
        (folder / f"{number:06}.jpg").write_bytes(data)


def start(album: Path, output: Path, jobs: int, *options: str) -> subprocess.Popen:
    """The command over the album."""
    return subprocess.Popen(
        [sys.executable, "-m", "emoji_edge", str(album), "--output", str(output),
         "--jobs", str(jobs), *options],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def count_rows(output: Path) -> int:
    """Lines so far."""
    return output.read_bytes().count(b"\n") if output.exists() else 0


def read_memory(pid: int) -> float:
    """Resident MB of a process, 0 where it has just ended."""
    try:
        return psutil.Process(pid).memory_info().rss / 1e6
    except psutil.Error:
        return 0.0


def run_whole(album: Path, output: Path, count: int, jobs: int) -> list[float]:
    """Run to the end; the largest resident MB in each fifth of the rows."""
    process = start(album, output, jobs)
    fifths = [0.0] * 5
    while process.poll() is None:
        part = min(4, 5 * count_rows(output) // count)
        fifths[part] = max(fifths[part], read_memory(process.pid))
        time.sleep(0.05)
    return fifths


def run_killed(album: Path, output: Path, count: int, jobs: int) -> int:
    """Kill the run a few times at any moment and resume it; the last run's exit status."""
    rng = random.Random(2)
    for kill in range(1, KILLS + 1):
        process = start(album, output, jobs, "--resume")
        goal = count * kill // (KILLS + 1)
        while process.poll() is None and count_rows(output) < goal:
            time.sleep(0.02 * rng.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"killed after {count_rows(output)} rows")
    return start(album, output, jobs, "--resume").wait()


def main() -> int:
    """Run it all; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        album, whole, part = Path(name) / "album", Path(name) / "a.jsonl", Path(name) / "b.jsonl"
        make_album(album, options.count)
        begin = time.monotonic()
        memory = run_whole(album, whole, options.count, options.jobs)
        print(f"{count_rows(whole)} rows of {options.count} in {time.monotonic() - begin:.0f} s")
        print("resident MB in each fifth: " + ", ".join(f"{megabytes:.1f}" for megabytes in memory))
        status = run_killed(album, part, options.count, options.jobs)
        same = whole.read_bytes() == part.read_bytes()
        flat = memory[4] <= GROWTH * memory[1]
        complete = count_rows(whole) == options.count and status == 1  # some are broken
    print(f"same file after kills: {same}, flat memory: {flat}, complete: {complete}")
    return 0 if same and flat and complete else 1


if __name__ == "__main__":
    raise SystemExit(main())
