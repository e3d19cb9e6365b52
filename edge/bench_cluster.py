"""Prove and time emoji-edge-cluster on two nodes of this machine, into the report's `cluster`.

    python -m edge.bench_cluster [--photos N] [--no-report]

It checks that every photo's answer is the one-machine run's, that nothing is lost or doubled when a
worker and then a node are killed, that a run after an interruption makes only what is missing, and
that memory stays flat; and it times the same photos on one process, two processes, and the cluster.
Exit status 1 where a check fails.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq
from emoji_edge.benchmark import load_photo
from emoji_edge.classify import Classifier, FaceResult, rank_scores
from emoji_edge.cluster import parse_options, read_run
from emoji_edge.cluster_shards import ShardMaker, open_table, plan_shards
from emoji_edge.contract import find_models, load_contract
from emoji_edge.image import open_photo
from PIL import Image

from convert.report import REPORT, write_section
from edge.bench import make_near_photo

CONTRACT = load_contract()
EDGE = [sys.executable, "-m", "emoji_edge"]
CLUSTER = [sys.executable, "-m", "emoji_edge.cluster"]
NODES = 2  # of one worker each
FEW = 2000  # photos of the runs beside the large one
SHARD, TINY = 100, 2
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


def find_processes(title: str) -> list[int]:
    """This process's descendants whose command line has the title."""
    parents, titles = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(folder.name)
            titles[pid] = (folder / "cmdline").read_bytes().decode(errors="replace")
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return [pid for pid in ours if title in titles.get(pid, "")]


def read_memory(pid: int) -> float:
    """Resident MB of a process, 0 where it has just ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def start_run(album: Path, output: Path, cluster: LocalCluster, *options: str) -> subprocess.Popen:
    """The command on the cluster, once the workers of an earlier run have ended."""
    while find_processes("ray::MapWorker"):
        time.sleep(0.05)
    command = [*CLUSTER, str(album), str(output), "--address", cluster.address, *options]
    with find_log(output).open("w") as log:
        return subprocess.Popen(command, stderr=log)


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


def make_faces() -> list[bytes]:
    """Pictures so small that they are taken as the face."""
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as picture:
        face = picture.convert("RGB").crop((120, 40, 300, 220))
    side = CONTRACT.small_picture
    return [encode_jpeg(face.resize((side - i, side - i))) for i in range(16)]


def encode_jpeg(picture: Image.Image) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def make_album(folder: Path, pictures: list[bytes], count: int) -> float:
    """So many photos, as links to a few; one in a hundred is broken. The mean kB of the others."""
    kinds = folder.with_name(f"{folder.name}-kinds")
    kinds.mkdir()
    for number, data in enumerate([*pictures, b"broken"]):
        (kinds / f"{number}.jpg").write_bytes(data)
    for number in range(count):
        kind = len(pictures) if number % 100 == 99 else number % len(pictures)
        (folder / f"{number // 1000:03}").mkdir(parents=True, exist_ok=True)
        os.link(kinds / f"{kind}.jpg", folder / f"{number // 1000:03}" / f"{number:06}.jpg")
    return round(statistics.fmean(map(len, pictures)) / 1e3, 1)


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
    os.link(min(album.rglob("*.jpg")), one / "a.jpg")
    start = time_edge(one, output.with_suffix(".start.jsonl"), jobs)
    whole = time_edge(album, output, jobs)
    photos = len(read_lines(output))
    wall, core = (1000 * (b - a) / photos for a, b in zip(start, whole, strict=True))
    return {"photos": photos, "core_ms": round(core, 2), "wall_ms": round(wall * jobs, 2)}


class Watch:
    """The processors' seconds and the largest memory of a run's processes, by what they are."""

    def __init__(self) -> None:
        self._begin = {pid: read_seconds(pid) for pid in find_processes("")}
        self._last: dict[int, float] = {}
        self._kinds: dict[int, str] = {}

    def look(self) -> dict[str, float]:
        """Take every process's time; the largest resident MB of each kind of process."""
        memory: dict[str, float] = {}
        for pid, kind in self._find_kinds().items():
            self._kinds[pid] = kind
            self._last[pid] = read_seconds(pid) or self._last.get(pid, 0.0)
            memory[kind] = max(memory.get(kind, 0.0), read_memory(pid))
        return memory

    def read(self) -> dict[str, float]:
        """Seconds of each kind since the watch began."""
        seconds = dict.fromkeys(KINDS_OF_PROCESS.values(), 0.0)
        for pid, last in self._last.items():
            seconds[self._kinds[pid]] += last - self._begin.get(pid, 0.0)
        return seconds

    def _find_kinds(self) -> dict[int, str]:
        kinds: dict[int, str] = {}
        for title, kind in KINDS_OF_PROCESS.items():
            for pid in find_processes(title):
                kinds.setdefault(pid, kind)
        return kinds


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
    """A whole run: core milliseconds a photo, and the largest memory in each fifth of it."""
    watch, memory = Watch(), {kind: [0.0] * 5 for kind in KINDS_OF_PROCESS.values()}
    begin = time.perf_counter()
    process = start_run(album, output, cluster, *options)
    while process.poll() is None:
        fifth = min(4, 5 * count_shards(output) // count_planned(output))
        for kind, megabytes in watch.look().items():
            memory[kind][fifth] = max(memory[kind][fifth], round(megabytes, 1))
        time.sleep(0.2)
    wall = time.perf_counter() - begin
    status = process.wait()
    photos = sum(1 for _ in album.rglob("*.jpg"))
    spent = {kind: 1000 * seconds / photos for kind, seconds in watch.read().items()}
    worker = spent.pop("worker")
    return {
        "status": status,
        "said": read_log(output),
        "photos": photos,
        "wall_s": round(wall, 1),
        "core_ms": {"workers": round(worker, 3), "Ray": round(sum(spent.values()), 3)},
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


def measure_head(few: Path, folder: Path, cluster: LocalCluster) -> dict[str, float]:
    """What the driver needs for a shard: its second runs over many and over few."""
    found = {}
    for size in (SHARD, TINY):
        output = folder / f"shards-of-{size}"
        if not output.exists():
            start_run(few, output, cluster, "--shard", str(size)).wait()
        process = start_run(few, output, cluster, "--shard", str(size))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        found[size] = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)
    more = FEW / TINY - FEW / SHARD
    seconds, megabytes = (many - few for many, few in zip(found[TINY], found[SHARD], strict=True))
    return {"ms": round(1000 * seconds / more, 2), "kb": round(1000 * megabytes / more, 2)}


def measure_plan(album: Path, folder: Path, photos: int) -> float:
    """Photos a second that the plan lists and writes."""
    run = read_run(parse_options([str(album), str(folder / "plan")]))
    begin = time.perf_counter()
    plan_shards(run)
    return round(photos / (time.perf_counter() - begin))


def check_many(output: Path, expected: dict[str, dict[str, Any]], count: int) -> bool:
    """Whether each photo has the one-machine answer of a photo of the same bytes."""
    rows = pq.read_table(output, columns=["path", "sha256"])
    sha256 = dict(zip(rows["path"].to_pylist(), rows["sha256"].to_pylist(), strict=True))
    answers = read_answers(output)
    kinds = {sha256[photo]: drop_name(answer) for photo, answer in expected.items()}
    same = all(drop_name(answer) == kinds[sha256[photo]] for photo, answer in answers.items())
    return same and len(answers) == count


def drop_name(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer to any photo of the same bytes."""
    return {key: value for key, value in answer.items() if key != "photo"}


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


def measure_section(folder: Path, count: int) -> dict[str, Any]:
    """The report's section."""
    few, many = folder / "few", folder / "many"
    section: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("ray", "pyarrow", "ai-edge-litert")},
        "photo_kb": {"few": make_album(few, make_kinds(), FEW),
                     "many": make_album(many, make_faces(), count)},
        "sizes": time_sizes(),
        "edge": {
            "few": measure_edge(few, folder / "few.jsonl", 1),
            "few, two": measure_edge(few, folder / "two.jsonl", 2),
            "many": measure_edge(many / "000", folder / "many.jsonl", 1),
        },
        "shards": {
            "few": measure_shards(few, folder / "few-shards", "--shard", str(SHARD)),
            "many": measure_shards(many / "000", folder / "many-shards"),
        },
        "plan_photos_a_second": measure_plan(many, folder, count),
    }  # fmt: skip
    say(section)
    with start_cluster() as cluster:
        for name, run in (
            ("many", lambda: run_watched(many, folder / "answers", cluster)),
            ("few", lambda: run_watched(
                few, folder / f"shards-of-{SHARD}", cluster, "--shard", str(SHARD)
            )),
            ("twice", lambda: run_twice(few, folder / "twice", cluster)),
            ("faults", lambda: run_faults(few, folder / "faults", cluster)),
            ("head", lambda: measure_head(few, folder, cluster)),
        ):  # fmt: skip
            section[name] = run()
            say({name: section[name]})
    section["output_bytes"] = measure_files(folder / "answers", "part-*", count)
    section["plan_bytes"] = measure_files(folder / "answers", "_plan.parquet", count)
    section["checks"] = check_section(section, folder, count)
    return section


def check_section(section: dict[str, Any], folder: Path, count: int) -> dict[str, bool]:
    """What has to hold, and whether it does."""
    expected = read_lines(folder / "few.jsonl")
    memory = section["many"]["memory_mb"]
    return {
        f"{count:,} photos, each with the one-machine answer": check_many(
            folder / "answers", read_lines(folder / "many.jsonl"), count
        ),
        f"{FEW:,} photos, row by row": read_answers(folder / f"shards-of-{SHARD}") == expected,
        "a worker and a node killed, nothing lost or doubled": (
            read_answers(folder / "faults") == expected
        ),
        "a second run makes only what is missing": (
            check_twice(section["twice"]) and read_answers(folder / "twice") == expected
        ),
        "memory is flat": all(memory[kind][4] <= GROWTH * memory[kind][1] for kind in memory),
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
    parser.add_argument("--photos", type=int, default=50_000, help="of the large run")
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        section = measure_section(Path(name), options.photos)
    say(section)
    if not options.no_report:
        write_section(REPORT, "cluster", section)
    return 0 if all(section["checks"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
