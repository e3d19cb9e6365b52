"""Load the server with wrk, beside the bare classifier, into the report's `benchmark_server`.

    python -m web.bench.server [--soak SECONDS] [--threads N] [--no-report]

Each round runs the bare classifier on so many threads, then the server on as many, with the same
photo. --soak sends good and bad requests, more than the server takes at once, for so long instead.
"""

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from emoji_edge import Classifier
from emoji_edge.benchmark import load_photo, make_near_photo
from emoji_edge.runtime import describe_runtime
from PIL import Image

from models.report import REPORT, read_report, write_section
from web.server.process import RunningServer, run_server
from web.server.uploads import BODY_LIMIT

SCRIPT = Path(__file__).with_name("server.lua")
ROUNDS, ROUND_SECONDS = 5, 3
CONNECTIONS_PER_THREAD = 4
SOAK_CONNECTIONS = 38  # more than work and wait, so that some are refused
TARGET_RATIO = 0.5
FLAT = 1.05  # the most that the memory of the last fifth may be of the second's
REFUSED = 503


@dataclass(frozen=True)
class Call:
    """A request of the load: how often in a row it comes, what it holds, what it must answer."""

    weight: int
    target: str
    media_type: str
    body: bytes
    status: int


def run_wrk(address: str, calls: list[Call], connections: int, seconds: int) -> dict[str, Any]:
    """Load the server; returns what the script beside this file counted."""
    with TemporaryDirectory() as folder:
        rows = []
        for number, call in enumerate(calls):
            Path(folder, str(number)).write_bytes(call.body)
            rows += call.weight * [f"{number}\t{call.target}\t{call.media_type}\t{call.status}"]
        Path(folder, "calls").write_text("\n".join(rows) + "\n")
        done = subprocess.run(
            [
                "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s",
                "-s", str(SCRIPT), address, "--", folder,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode or "{" not in done.stdout:
        raise SystemExit(f"error: wrk failed: {(done.stderr or done.stdout).strip()}")
    return json.loads(done.stdout[done.stdout.index("{") :])


def run_bare(classifiers: list[Classifier], photo: bytes, seconds: float) -> tuple[float, float]:
    """Run each classifier on a thread of its own; photos a second, processor ms of one."""
    counts = [0] * len(classifiers)
    begin, cpu = time.perf_counter(), time.process_time()

    def work(index: int) -> None:
        while time.perf_counter() < begin + seconds:
            classifiers[index].classify(photo)
            counts[index] += 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(classifiers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu_ms = 1000 * (time.process_time() - cpu) / sum(counts)
    return sum(counts) / (time.perf_counter() - begin), cpu_ms


def measure_photo(
    server: RunningServer, classifiers: list[Classifier], name: str, photo: bytes
) -> dict[str, Any]:
    """Measure the server beside the bare classifier on one photo, in turns."""
    call = Call(1, "/api/predict", "image/jpeg", photo, 200)
    connections = CONNECTIONS_PER_THREAD * len(classifiers)
    bare, served = [], []
    process = psutil.Process(server.process.pid)
    for _ in range(ROUNDS):
        bare.append(run_bare(classifiers, photo, ROUND_SECONDS))
        begin = sum(process.cpu_times()[:2])
        found = run_wrk(server.address, [call], connections, ROUND_SECONDS)
        spent = sum(process.cpu_times()[:2]) - begin
        cpu_ms = 1000 * spent / max(1, sum(found["statuses"].values()))
        served.append(found | {"cpu_ms": cpu_ms})
    alone = run_wrk(server.address, [call], 1, ROUND_SECONDS)
    errors = sum(count_errors(found, {200}) for found in [*served, alone])
    ratios = [found["per_s"] / rate for found, (rate, _) in zip(served, bare, strict=True)]
    row = {
        "photo": name,
        "bare_per_s": round(statistics.median(rate for rate, _ in bare), 1),
        "served_per_s": round(statistics.median(found["per_s"] for found in served), 1),
        "ratio": round(statistics.median(ratios), 3),
        "bare_cpu_ms": round(statistics.median(cpu_ms for _, cpu_ms in bare), 2),
        "served_cpu_ms": round(statistics.median(found["cpu_ms"] for found in served), 2),
        "p50_ms": round(statistics.median(found["p50_ms"] for found in served), 1),
        "p99_ms": round(statistics.median(found["p99_ms"] for found in served), 1),
        "alone_p50_ms": round(alone["p50_ms"], 1),
        "errors": errors,
    }
    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


def count_errors(found: dict[str, Any], expected: set[int]) -> int:
    """Count answers of another status, and requests without an answer."""
    wrong = sum(n for status, n in found["statuses"].items() if int(status) not in expected)
    return wrong + sum(found["errors"].values())


def make_mixed_calls() -> list[Call]:
    """Make good and bad requests, with what each must answer."""
    near, far = make_near_photo(), load_photo()
    huge = io.BytesIO()
    Image.new("1", (10_001, 10_000)).save(huge, "PNG")
    large = io.BytesIO()
    Image.new("RGB", (5000, 4000), (90, 110, 130)).save(large, "JPEG")
    part = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    form = part + near + b"\r\n" + part + b"no picture\r\n--x--\r\n"
    form_type = "multipart/form-data; boundary=x"
    return [
        Call(8, "/api/predict", "image/jpeg", near, 200),
        Call(4, "/api/predict?top=7&face=largest", "image/jpeg", far, 200),
        Call(4, "/api/predict", form_type, form, 200),
        Call(2, "/upload", form_type, form, 200),
        Call(1, "/api/predict", "image/jpeg", large.getvalue(), 200),
        Call(2, "/api/predict", "image/jpeg", near[: len(near) // 2], 422),
        Call(2, "/api/predict", "image/png", huge.getvalue(), 422),
        Call(2, "/api/predict", "image/jpeg", os.urandom(50_000), 422),
        Call(2, "/api/predict", "text/plain", near, 415),
        Call(2, "/api/predict", "image/jpeg", b"", 400),
        Call(2, "/api/predict?top=9", "image/jpeg", near, 400),
        Call(2, "/api/nothing", "image/jpeg", near, 404),
        Call(1, "/api/predict", "image/jpeg", bytes(BODY_LIMIT + 1), 413),
    ]


def soak(server: RunningServer, seconds: int) -> dict[str, Any]:
    """Send mixed requests at saturation; statuses, errors and memory over the time."""
    calls = make_mixed_calls()
    memory: list[float] = []
    process = psutil.Process(server.process.pid)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(seconds / 100):
            memory.append(process.memory_info().rss / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        found = run_wrk(server.address, calls, SOAK_CONNECTIONS, seconds)
    finally:
        ended.set()
        watcher.join()
    fifth = len(memory) // 5
    # The least of many moments: a photo that is being decoded takes memory and gives it back.
    early, late = min(memory[fifth : 2 * fifth]), min(memory[-fifth:])
    documented = {call.status for call in calls} | {REFUSED}
    return {
        "seconds": seconds,
        "connections": SOAK_CONNECTIONS,
        "requests": sum(found["statuses"].values()),
        "statuses": found["statuses"],
        "unexpected": find_unexpected(found) + count_errors(found, documented),
        "errors": found["errors"],
        "memory_mb": {
            "early": round(early, 1), "late": round(late, 1), "largest": round(max(memory), 1),
        },
        "p50_ms": round(found["p50_ms"], 1),
        "p99_ms": round(found["p99_ms"], 1),
    }  # fmt: skip


def find_unexpected(found: dict[str, Any]) -> int:
    """Count answers of a status beyond the requests that had to get it."""
    sent = found["sent"]
    return sum(
        max(0, count - sent.get(status, 0))
        for status, count in found["statuses"].items()
        if int(status) != REFUSED
    )


def list_misses(section: dict[str, Any]) -> list[str]:
    """List a line for each target that is missed."""
    misses = [
        f"{row['photo']}: {row['ratio']:g} of the bare classifier, target {TARGET_RATIO:g}"
        for row in section.get("photos", [])
        if row["ratio"] < TARGET_RATIO
    ]
    misses += [
        f"{row['photo']}: {row['errors']} errors"
        for row in section.get("photos", [])
        if row["errors"]
    ]
    run = section.get("soak")
    if run and run["unexpected"]:
        misses.append(f"soak: {run['unexpected']} answers that are not documented")
    if run and run["memory_mb"]["late"] > FLAT * run["memory_mb"]["early"]:
        misses.append(f"soak: memory grew, {run['memory_mb']}")
    return misses


def describe_setting(threads: int) -> dict[str, Any]:
    """Describe where and with what it was measured."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "runtime": describe_runtime(),
        "server": f"flask {version('flask')}, waitress {version('waitress')}",
        "threads": threads,
    }


def main() -> int:
    """Measure, print and write; exit status 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS", help="at least 20")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed (Debian: apt install wrk)")
    section: dict[str, Any] = read_report().get("benchmark_server", {})
    setting = describe_setting(options.threads)
    with run_server("--threads", str(options.threads)) as server:
        if options.soak:
            section["soak"] = setting | soak(server, options.soak)
            print(json.dumps(section["soak"], indent=1))
        else:
            photos = {"near": make_near_photo(), "far": load_photo()}
            classifiers = [Classifier() for _ in range(options.threads)]
            rows = [measure_photo(server, classifiers, *photo) for photo in photos.items()]
            connections = CONNECTIONS_PER_THREAD * options.threads
            section |= setting | {"connections": connections, "photos": rows}
    section["missed"] = list_misses(section)
    if not options.no_report:
        write_section(REPORT, "benchmark_server", section)
    print("\n".join(section["missed"] or ["every target is met"]))
    return 1 if section["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
