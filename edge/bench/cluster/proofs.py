"""The proofs: a large run, one that is interrupted, and one that loses a worker and a node."""

import itertools
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from emoji_edge.benchmark import read_peak_memory
from emoji_edge.cluster.local import LocalCluster, start_cluster
from emoji_edge.cluster.options import ClusterOptions
from emoji_edge.cluster.places import find_place, walk_files
from emoji_edge.cluster.plan import PLAN, plan_shards, read_run
from emoji_edge.cluster.results import read_results

from .album import make_album, make_faces, make_kinds
from .processes import read_memory
from .runs import (
    count_shards,
    interrupt_run,
    read_lines,
    read_log,
    run_watched,
    say,
    start_run,
    time_edge,
    wait_shards,
    wait_workers,
)  # fmt: skip
from .times import FEW, NODES, SHARD

GROWTH = 1.1  # of the largest memory in the last fifth of the run against the second


def measure_proofs(folder: Path, count: int) -> dict[str, Any]:
    """A large run, one that is interrupted, and one that loses a worker and a node."""
    few, many = folder / "few", folder / "many"
    make_album(few, itertools.cycle(make_kinds()), FEW)
    make_album(many, make_faces(), count)
    section: dict[str, Any] = {"plan": measure_plan(few, many, count)}
    with start_cluster() as cluster:
        section["twice"] = run_twice(few, folder / "twice", cluster)
        section["faults"] = run_faults(few, folder / "faults", cluster)
        say(section)
        size = str(max(1, count // 50))
        section["many"] = run_watched(many, folder / "many-results", cluster, "--shard", size)
    say(section)
    section["output_bytes"] = measure_files(folder / "many-results", "part-*", count)
    section["plan_bytes"] = measure_files(folder / "many-results", PLAN, count)
    for album in (few, many):
        time_edge(album, album.with_suffix(".jsonl"), 2)
    return section | {"checks": check_proofs(section, folder, count)}


def run_faults(few: Path, output: Path, cluster: LocalCluster) -> dict[str, Any]:
    """Kill a worker and then a node; what was tried again."""
    process = start_run(few, output, cluster, "--shard", str(SHARD))
    workers = wait_workers(process, NODES)
    wait_shards(process, output, 4)
    os.kill(workers[0], signal.SIGKILL)
    wait_shards(process, output, 10)
    at_kill = count_shards(output)
    cluster.kill_node()
    status = process.wait()
    cluster.add_node()
    shards = count_shards(output)
    return {"status": status, "shards": shards, "shards_at_kill": at_kill, "said": read_log(output)}


def run_twice(few: Path, output: Path, cluster: LocalCluster) -> dict[str, Any]:
    """Interrupt a run, then run it again; what each made."""
    process = start_run(few, output, cluster, "--shard", str(SHARD))
    wait_shards(process, output, 6)
    status = interrupt_run(process)
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("part-*")}
    again = start_run(few, output, cluster, "--shard", str(SHARD)).wait()
    after = {path.name: path.stat().st_mtime_ns for path in output.glob("part-*")}
    made = [name for name in after if after[name] != before.get(name)]
    return {
        "interrupted": status, "status": again, "made_before": len(before),
        "made_again": len(made), "shards": len(after), "said": read_log(output),
    }  # fmt: skip


def measure_plan(few: Path, many: Path, count: int) -> dict[str, float]:
    """Photos a second that the plan lists and writes, and its memory: of a folder, of a store."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        seconds, of_folder = pool.submit(measure_growth, write_plan, few, many).result()
        _, of_store = pool.submit(measure_growth, list_store, few, many).result()
    return {
        "photos_a_second": round(count / seconds),
        "folder_bytes": round(of_folder / count),
        "store_bytes": round(of_store / count),
    }


def write_plan(album: Path) -> None:
    """The plan of an album."""
    plan_shards(read_run(ClusterOptions(str(album), str(album.with_suffix(".plan")))))


def list_store(album: Path) -> None:
    """The album's names, as those of an object store are listed."""
    deque(walk_files(*find_place(str(album)), {".jpg"}), maxlen=0)


def measure_growth(work: Callable[[Path], None], few: Path, many: Path) -> tuple[float, float]:
    """Seconds, and bytes by which this process's resident memory grows at most, on many photos."""
    work(few)  # loads what it needs
    before, begin = read_memory(), time.perf_counter()
    work(many)
    seconds = time.perf_counter() - begin
    return seconds, 1e6 * (read_peak_memory() - before)


def check_proofs(section: dict[str, Any], folder: Path, count: int) -> dict[str, bool]:
    """What has to hold, and whether it does."""
    expected = read_lines(folder / "few.jsonl")
    memory = section["many"]["memory_mb"].values()
    return {
        f"{count:,} small faces, row by row the one-machine results": (
            read_results(folder / "many-results") == read_lines(folder / "many.jsonl")
        ),
        f"memory is flat over {count:,} small faces": all(
            fifths[-1] <= GROWTH * fifths[1] for fifths in memory
        ),
        f"{FEW:,} photos, a worker and then a node killed: nothing lost or doubled": (
            read_results(folder / "faults") == expected
        ),
        f"{FEW:,} photos, interrupted: a second run makes only what is missing": (
            check_twice(section["twice"]) and read_results(folder / "twice") == expected
        ),
    }


def check_twice(found: dict[str, Any]) -> bool:
    """Whether the second run made the missing shards, all of them and no other."""
    made = found["made_before"] + found["made_again"] == found["shards"]
    return made and 0 < found["made_before"] < found["shards"]


def measure_files(folder: Path, pattern: str, count: int) -> float:
    """Bytes a photo of some files."""
    return round(sum(path.stat().st_size for path in folder.glob(pattern)) / count, 1)
