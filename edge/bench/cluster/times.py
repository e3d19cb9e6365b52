"""The times: the same photos in one process, in two, as shards without Ray, and on the cluster."""

import io
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emoji_edge import Classifier
from emoji_edge.benchmark import encode_jpeg, load_photo, make_near_photo
from emoji_edge.cluster.local import start_cluster
from emoji_edge.cluster.options import ClusterOptions
from emoji_edge.cluster.plan import plan_shards, read_run
from emoji_edge.cluster.results import read_results
from emoji_edge.cluster.shards import ShardMaker
from emoji_edge.image import open_photo
from PIL import Image

from .album import make_album, make_faces, make_kinds
from .runs import measure_edge, read_lines, run_watched, say

NODES = 2  # of one worker each
FEW, FACES = 2000, 10_000  # photos of the runs beside the large one
SHARD, TINY = 100, 2
LARGE = (4000, 3000)  # a phone's photo

Arguments = tuple[Path, Path, tuple[str, ...]]  # album, output, options


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
            "few": measure_shards(few, folder / "few-shards", SHARD),
            "faces": measure_shards(faces, folder / "faces-shards"),
        },
    }
    say(section)
    section |= time_cluster(folder)
    checks = {
        f"{section[name]['photos']:,} {what}, row by row the one-machine results": (
            read_results(folder / f"{name}-results") == read_lines(folder / f"{name}.jsonl")
        )
        for name, what in (("few", "photos"), ("faces", "small faces"))
    }
    return section | {"checks": checks}


def time_cluster(folder: Path) -> dict[str, Any]:
    """The cluster's runs, and what Ray's driver needs for a shard."""
    few, faces = folder / "few", folder / "faces"
    of_few: Arguments = few, folder / "few-results", ("--shard", str(SHARD))
    runs: dict[str, Arguments] = {  # the first also waits for Ray, whose nodes have not quite begun
        "tiny": (few, folder / "tiny", ("--shard", str(TINY))),
        "tiny, made": (few, folder / "tiny", ("--shard", str(TINY))),
        "few": of_few,
        "start": of_few,  # that finds every shard made
        "faces": (faces, folder / "faces-results", ()),
    }
    found = {}
    with start_cluster() as cluster:
        for name, (album, output, options) in runs.items():
            found[name] = run_watched(album, output, cluster, *options)
            say({name: found[name]})
    head = measure_head(found["start"], found.pop("tiny, made"))
    del found["tiny"]
    return found | {"head": head}


def measure_shards(album: Path, output: Path, shard: int = ClusterOptions.shard) -> float:
    """The processor's milliseconds a photo of making shards in one process, without Ray."""
    run = read_run(ClusterOptions(str(album), str(output), shard=shard))
    shards, maker = plan_shards(run), ShardMaker(run)
    begin = time.process_time()
    photos = sum(maker.make_shard(number)["photos"] for number in range(shards))
    return round(1000 * (time.process_time() - begin) / photos, 3)


def measure_head(start: dict[str, Any], many: dict[str, Any]) -> dict[str, float]:
    """What the driver needs for a shard: of runs that find few shards made, and many."""
    more = FEW / TINY - FEW / SHARD
    seconds = many["core_s"]["driver"] - start["core_s"]["driver"]
    megabytes = max(many["memory_mb"]["driver"]) - max(start["memory_mb"]["driver"])
    return {"ms": round(1000 * seconds / more, 2), "kb": round(1000 * megabytes / more, 1)}


def time_sizes() -> list[dict[str, Any]]:
    """One process on a photo near, far, and as large as a phone's: core ms of each stage."""
    near, far = make_near_photo(), load_photo()
    with Image.open(io.BytesIO(near)) as picture:
        large = encode_jpeg(picture.resize(LARGE, Image.Resampling.LANCZOS))
    classifier = Classifier()
    max_pixels = classifier.contract.max_pixels
    sizes = {"near, 640x480": near, "far, 640x480": far, "near, {}x{}".format(*LARGE): large}
    rows = []
    for name, photo in sizes.items():
        image = open_photo(photo, max_pixels)
        stages = {
            "decode": time_core(partial(open_photo, photo, max_pixels)),
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
