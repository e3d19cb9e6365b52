"""Prove and time emoji-edge-cluster on two nodes of this machine, into the report's `cluster`.

    python -m edge.bench_cluster [--only times|proofs] [--photos N] [--no-report]

`times` wants an idle machine: the same photos in one process, in two, and on the cluster. `proofs`
may run beside other work: every photo's answer is the one-machine run's, memory stays flat, nothing
is lost or doubled when a worker and then a node are killed, and a run after an interruption makes
only what is missing. Exit status 1 where a check fails.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq
from emoji_edge.benchmark import load_photo
from emoji_edge.classify import Classifier, FaceResult, rank_scores
from emoji_edge.cluster import parse_options, read_run
from emoji_edge.cluster_shards import (
    ShardMaker,
    find_place,
    open_table,
    plan_shards,
    walk_files,
)  # fmt: skip
from emoji_edge.contract import find_models, load_contract
from emoji_edge.image import open_photo
from PIL import Image

from convert.report import REPORT, read_report, write_section
from edge.bench import make_near_photo

CONTRACT = load_contract()
EDGE = [sys.executable, "-m", "emoji_edge"]
CLUSTER = [sys.executable, "-m", "emoji_edge.cluster"]
NODES = 2  # of one worker each
FEW, FACES = 2000, 10_000  # photos of the runs beside the large one
SHARD, TINY = 100, 2
FIFTHS = 5
LARGE = (4000, 3000)  # a phone's photo
GROWTH = 1.1  # of the largest memory in the last fifth of the run against the second
DEAD_AFTER = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000,
              "health_check_failure_threshold": 5}  # fmt: skip


KINDS_OF_PROCESS = {  # by what its command line has, the first that fits
    "ray::MapWorker": "worker", "emoji_edge.cluster": "driver", "raylet/raylet": "raylet",
    "gcs_server": "head", "ray": "Ray's others",
}  # fmt: skip


class LocalCluster:
    """Two Ray nodes of one CPU each, as processes of this machine; the second can be killed."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._options: dict[str, Any] = {
            "num_cpus": 1,
            "object_store_memory": 10**8,
            "include_dashboard": False,
        }
        head = self._options | {"_system_config": DEAD_AFTER}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self._cluster.address
        self.add_node()

    def add_node(self) -> None:
        """The second node, anew."""
        self._node = self._cluster.add_node(**self._options)

    def kill_node(self) -> None:
        """End the second node and its worker, without warning."""
        self._cluster.remove_node(self._node, allow_graceful=False)

    def close(self) -> None:
        """End all of its processes."""
        self._cluster.shutdown()


@contextlib.contextmanager
def start_cluster() -> Iterator[LocalCluster]:
    """A cluster, while it is needed."""
    # Ray writes the address of such a cluster into its default folder, and does not make that one.
    with TemporaryDirectory(prefix="ray") as folder, patch.dict(os.environ, RAY_TMPDIR=folder):
        cluster = LocalCluster()
        try:
            yield cluster
        finally:
            cluster.close()


def list_processes() -> dict[int, str]:
    """This process's descendants and their command lines."""
    parents, titles = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(folder.name)
            titles[pid] = (folder / "cmdline").read_bytes().decode(errors="replace")
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {pid: titles[pid] for pid in ours - {os.getpid()}}


def find_processes(title: str) -> list[int]:
    """Those whose command line has the title."""
    return [pid for pid, line in list_processes().items() if title in line]


def read_memory(pid: int, field: str = "VmRSS") -> float:
    """Resident MB of a process, 0 where it has just ended; VmHWM: the most that it has had."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def start_run(album: Path, output: Path, cluster: LocalCluster, *options: str) -> subprocess.Popen:
    """The command on the cluster, once the workers of an earlier run have ended."""
    while find_processes("ray::MapWorker"):
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
    """Finished ones."""
    return sum(1 for _ in output.glob("part-*.parquet"))


def count_planned(output: Path) -> int:
    """Shards in the plan, 1 before there is one."""
    with contextlib.suppress(FileNotFoundError), open_table(str(output), "_plan.parquet") as plan:
        return plan.num_row_groups
    return 1


def wait_workers(process: subprocess.Popen, number: int) -> list[int]:
    """The run's worker processes, once there are so many."""
    found: list[int] = []
    while process.poll() is None and len(found) < number:
        time.sleep(0.05)
        found = find_processes("ray::MapWorker")
    return found


def interrupt_run(process: subprocess.Popen) -> int:
    """Ctrl-C, until its workers have ended too; the exit status."""
    process.send_signal(signal.SIGINT)
    status = process.wait()
    while find_processes("ray::MapWorker"):
        time.sleep(0.05)
    return status


def wait_shards(process: subprocess.Popen, output: Path, number: int) -> None:
    """Until so many shards are finished, or the run has ended."""
    while process.poll() is None and count_shards(output) < number:
        time.sleep(0.01)


def read_answers(output: Path) -> dict[str, dict[str, Any]]:
    """Each photo's answer from the shards, as a line of JSON has it. ValueError on doubled rows."""
    rows = pq.read_table(output).to_pylist()
    answers: dict[str, dict[str, Any]] = {}
    for row in rows:
        answer = answers.setdefault(row["path"], build_answer(row))
        if row["face"] is not None:
            answer["faces"].append(build_face(row))
    if len(rows) != sum(max(1, len(answer.get("faces", ()))) for answer in answers.values()):
        raise ValueError("a photo or a face stands in the shards more than once")
    return answers


def build_answer(row: dict[str, Any]) -> dict[str, Any]:
    """The answer without its faces."""
    if row["error"] is not None:
        return {"photo": row["path"], "error": row["error"]}
    model = {"artifact": row["artifact"], "sha256": row["model"]}
    size = [row["width"], row["height"]]
    return {"photo": row["path"], "size": size, "faces": [], "model": model}


def build_face(row: dict[str, Any]) -> dict[str, Any]:
    """The face of a row."""
    scores = np.array(row["scores"], np.float32)
    ranked = rank_scores(scores, CONTRACT)
    none = np.empty(0)
    face = FaceResult(
        tuple(row["box"]), row["detection"], row["not_sure"], ranked, scores, none, none
    )
    return face.to_dict()


def read_lines(path: Path) -> dict[str, dict[str, Any]]:
    """Each photo's answer of a one-machine run."""
    with path.open(encoding="utf-8") as file:
        return {answer["photo"]: answer for answer in map(json.loads, file)}


def make_kinds() -> list[bytes]:
    """Small photos: mostly one face near, and one each with two, with one far away, with none."""
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as picture:
        portrait = picture.convert("RGB").crop((60, 20, 380, 260))
    scenes = []
    for width in range(280, 620, 20):
        scenes.append(portrait.resize((width, width * 3 // 4), Image.Resampling.LANCZOS))
    for columns, scale in ((2, 1.0), (1, 0.3), (0, 1.0)):
        scene = Image.new("RGB", (400, 300), (96, 96, 96))
        for column in range(columns):
            face = portrait.resize((int(200 * scale), int(150 * scale)), Image.Resampling.LANCZOS)
            scene.paste(face, (200 * column, 75))
        scenes.append(scene)
    return [encode_jpeg(scene) for scene in scenes]


def make_faces() -> Iterator[bytes]:
    """Pictures so small that they are taken as the face, no two the same."""
    side = CONTRACT.small_picture
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as picture:
        face = picture.convert("RGB").crop((110, 30, 310, 230)).resize((side + 16, side + 16))
    pixels, random = np.asarray(face, np.float32), np.random.default_rng(0)
    while True:
        x, y = random.integers(0, 17, 2)
        moved = pixels[y : y + side, x : x + side] * random.uniform(0.5, 1.0)
        yield encode_jpeg(Image.fromarray(moved.astype(np.uint8)))


def encode_jpeg(picture: Image.Image) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def make_album(folder: Path, pictures: Iterable[bytes], count: int) -> float:
    """So many photos, one in a hundred of them broken. The mean kB of the others."""
    sizes = []
    for number, data in enumerate(itertools.islice(pictures, count)):
        place = folder / f"{number // 5000:03}"
        place.mkdir(parents=True, exist_ok=True)
        broken = number % 100 == 99
        (place / f"{number:06}.jpg").write_bytes(b"broken" if broken else data)
        sizes += [] if broken else [len(data)]
    return round(statistics.fmean(sizes) / 1e3, 1)


def time_edge(album: Path, output: Path, jobs: int) -> tuple[float, float]:
    """The one-machine command over an album: seconds of the wall, and of the processors."""
    begin, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    options = ["--recursive", "--top", str(len(CONTRACT.labels)), "--jobs", str(jobs)]
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


class Watch:
    """The processors' seconds and the largest memory of a run's processes, by what they are."""

    def __init__(self) -> None:
        self._begin = {pid: read_seconds(pid) for pid in list_processes()}
        self._last: dict[int, float] = {}
        self._kinds: dict[int, str] = {}

    def look(self) -> dict[str, float]:
        """Take every process's time; the largest resident MB of each kind of process."""
        memory: dict[str, float] = {}
        for pid, line in list_processes().items():
            kind = next((kind for title, kind in KINDS_OF_PROCESS.items() if title in line), None)
            if kind:
                self._kinds[pid] = kind
                self._last[pid] = read_seconds(pid) or self._last.get(pid, 0.0)
                memory[kind] = max(memory.get(kind, 0.0), read_memory(pid))
        return memory

    def read(self) -> dict[str, float]:
        """Seconds of each kind since the watch began."""
        seconds = dict.fromkeys(KINDS_OF_PROCESS.values(), 0.0)
        for pid, last in self._last.items():
            seconds[self._kinds[pid]] += last - self._begin.get(pid, 0.0)
        return {kind: round(value, 2) for kind, value in seconds.items()}


def read_seconds(pid: int) -> float:
    """What a process has had of the processors, 0 where it has just ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def measure_shards(album: Path, output: Path, *options: str) -> float:
    """The processor's milliseconds a photo of making shards in one process, without Ray."""
    run = read_run(parse_options([str(album), str(output), *options]))
    shards, maker = plan_shards(run), ShardMaker(run)
    begin = time.process_time()
    photos = sum(maker.make_shard(number)["photos"] for number in range(shards))
    return round(1000 * (time.process_time() - begin) / photos, 3)


def run_watched(album: Path, output: Path, cluster: LocalCluster, *options: str) -> dict[str, Any]:
    """A whole run: core seconds, and the largest memory in each fifth of it, by kind of process."""
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


def measure_head(start: dict[str, Any], many: dict[str, Any]) -> dict[str, float]:
    """What the driver needs for a shard: of runs that find few shards made, and many."""
    more = FEW / TINY - FEW / SHARD
    seconds = many["core_s"]["driver"] - start["core_s"]["driver"]
    megabytes = max(many["memory_mb"]["driver"]) - max(start["memory_mb"]["driver"])
    return {"ms": round(1000 * seconds / more, 2), "kb": round(1000 * megabytes / more, 1)}


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
    plan_shards(read_run(parse_options([str(album), str(album.with_suffix(".plan"))])))


def list_store(album: Path) -> None:
    """The album's names, as those of an object store are listed."""
    deque(walk_files(*find_place(str(album)), {".jpg"}), maxlen=0)


def measure_growth(work: Callable[[Path], None], few: Path, many: Path) -> tuple[float, float]:
    """Seconds, and bytes by which this process's resident memory grows at most, on many photos."""
    work(few)  # loads what it needs
    before, begin = read_memory(os.getpid()), time.perf_counter()
    work(many)
    seconds = time.perf_counter() - begin
    return seconds, 1e6 * (read_memory(os.getpid(), "VmHWM") - before)


def time_sizes() -> list[dict[str, Any]]:
    """One process on a photo near, far, and as large as a phone's: core ms of each stage."""
    near, far = make_near_photo(), load_photo()
    with Image.open(io.BytesIO(near)) as picture:
        large = encode_jpeg(picture.resize(LARGE, Image.Resampling.LANCZOS))
    classifier = Classifier()
    sizes = {"near, 640x480": near, "far, 640x480": far, "near, {}x{}".format(*LARGE): large}
    rows = []
    for name, photo in sizes.items():
        image = open_photo(photo, CONTRACT.max_pixels)
        stages = {
            "decode": time_core(partial(open_photo, photo, CONTRACT.max_pixels)),
            "find": time_core(partial(classifier.finder.find_faces, image)),
            "whole": time_core(partial(classifier.classify, photo)),
        }
        rows.append({"photo": name, "kb": round(len(photo) / 1e3), "core_ms": stages})
    return rows


def time_core(work: Callable[[], object]) -> float:
    """The median of the processor's ms of a call, after the first."""
    times = []
    for _ in range(21):
        begin = time.process_time()
        work()
        times.append(1000 * (time.process_time() - begin))
    return round(statistics.median(times[1:]), 2)


def measure_times(folder: Path) -> dict[str, Any]:
    """The same photos in one process, in two, as shards without Ray, and on the cluster."""
    few, faces = folder / "few", folder / "faces"
    section: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "nodes": NODES,
        "packages": {name: version(name) for name in ("ray", "pyarrow", "ai-edge-litert")},
        "photo_kb": {
            "few": make_album(few, itertools.cycle(make_kinds()), FEW),
            "faces": make_album(faces, make_faces(), FACES),
        },
        "sizes": time_sizes(),
        "edge": {
            "few": measure_edge(few, folder / "one.jsonl", 1),
            "few, two": measure_edge(few, folder / "few.jsonl", 2),
            "faces": measure_edge(faces, folder / "part.jsonl", 1),
            "faces, two": measure_edge(faces, folder / "faces.jsonl", 2),
        },
        "shards": {
            "few": measure_shards(few, folder / "few-shards", "--shard", str(SHARD)),
            "faces": measure_shards(faces, folder / "faces-shards"),
        },
    }
    say(section)
    section |= time_cluster(folder)
    checks = {
        f"{section[name]['photos']:,} {what}, row by row the one-machine answers": (
            read_answers(folder / f"{name}-answers") == read_lines(folder / f"{name}.jsonl")
        )
        for name, what in (("few", "photos"), ("faces", "small faces"))
    }
    return section | {"checks": checks}


def time_cluster(folder: Path) -> dict[str, Any]:
    """The cluster's runs, and what Ray's driver needs for a shard."""
    few, faces = folder / "few", folder / "faces"
    of_few = few, folder / "few-answers", "--shard", str(SHARD)
    runs = {  # the first also waits for Ray, whose nodes have not quite begun
        "tiny": (few, folder / "tiny", "--shard", str(TINY)),
        "tiny, made": (few, folder / "tiny", "--shard", str(TINY)),
        "few": of_few,
        "start": of_few,  # that finds every shard made
        "faces": (faces, folder / "faces-answers"),
    }
    found = {}
    with start_cluster() as cluster:
        for name, (album, output, *options) in runs.items():
            found[name] = run_watched(album, output, cluster, *options)
            say({name: found[name]})
    head = measure_head(found["start"], found.pop("tiny, made"))
    del found["tiny"]
    return found | {"head": head}


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
        section["many"] = run_watched(many, folder / "many-answers", cluster, "--shard", size)
    say(section)
    section["output_bytes"] = measure_files(folder / "many-answers", "part-*", count)
    section["plan_bytes"] = measure_files(folder / "many-answers", "_plan.parquet", count)
    for album in (few, many):
        time_edge(album, album.with_suffix(".jsonl"), 2)
    return section | {"checks": check_proofs(section, folder, count)}


def check_proofs(section: dict[str, Any], folder: Path, count: int) -> dict[str, bool]:
    """What has to hold, and whether it does."""
    expected = read_lines(folder / "few.jsonl")
    memory = section["many"]["memory_mb"].values()
    return {
        f"{count:,} small faces, row by row the one-machine answers": (
            read_answers(folder / "many-answers") == read_lines(folder / "many.jsonl")
        ),
        f"memory is flat over {count:,} small faces": all(
            fifths[-1] <= GROWTH * fifths[1] for fifths in memory
        ),
        f"{FEW:,} photos, a worker and then a node killed: nothing lost or doubled": (
            read_answers(folder / "faults") == expected
        ),
        f"{FEW:,} photos, interrupted: a second run makes only what is missing": (
            check_twice(section["twice"]) and read_answers(folder / "twice") == expected
        ),
    }


def check_twice(found: dict[str, Any]) -> bool:
    """Whether the second run made the missing shards, all of them and no other."""
    made = found["made_before"] + found["made_again"] == found["shards"]
    return made and 0 < found["made_before"] < found["shards"]


def measure_files(folder: Path, pattern: str, count: int) -> float:
    """Bytes a photo of some files."""
    return round(sum(path.stat().st_size for path in folder.glob(pattern)) / count, 1)


def say(value: object) -> None:
    """To standard output, at once."""
    print(json.dumps(value), flush=True)


def main() -> int:
    """Measure, print and write; exit status 1 where a check fails."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's ignore it
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=("times", "proofs"), help="keep the rest of the section")
    parser.add_argument("--photos", type=int, default=50_000, help="of the large run")
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    parts = {"times": measure_times, "proofs": partial(measure_proofs, count=options.photos)}
    section = read_report(REPORT).get("cluster", {}) if options.only else {}
    for name in [options.only] if options.only else parts:
        with TemporaryDirectory() as folder:
            found = parts[name](Path(folder))
        checks = section.get("checks", {}) | found["checks"]
        section |= found | {"checks": checks}
    say(section)
    if not options.no_report:
        write_section(REPORT, "cluster", section)
    return 0 if all(section["checks"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
