"""The command emoji-edge-cluster: emoji-edge on many machines, by Ray Data.

Ray's items are the numbers of shards. A worker reads its shard's photos where they lie, classifies
them and writes the shard, so no picture travels through Ray and no machine holds more than the
photo that it looks at. Ray repeats what a lost worker or machine had begun.
"""

import argparse
import json
import logging
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from .classify import FACE_MODES, find_artifact
from .cli import CANNOT_RUN, FAILURES, INTERRUPTED, OK, SOME_FAILED
from .contract import find_models, load_contract
from .options import parse_count
from .runtime import silence_runtime

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machines
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
os.environ.setdefault("RAY_raylet_start_wait_time_s", "180")  # of a busy machine
try:
    import ray
    from ray.data import ActorPoolStrategy, DataContext

    from .cluster_plan import ClusterError, Run, Store, begin_run
    from .cluster_shard import COUNTS, TIMES, ShardMaker, hash_bytes, hash_contract
except ImportError as error:
    print(f"emoji-edge-cluster: {error}; pip install 'emoji-edge[cluster]'", file=sys.stderr)
    raise SystemExit(CANNOT_RUN) from None

BLOCKS = 20_000  # of Ray at most: what its head keeps must not grow with the photos
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = parse_options(arguments)
    try:
        return run_cluster(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ClusterError, ConnectionError, ray.exceptions.RayError, *FAILURES) as error:
        print(f"emoji-edge-cluster: {' '.join(str(error).split())[:400]}", file=sys.stderr)
        return CANNOT_RUN
    finally:
        ray.shutdown()


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked; ends with status 2 where it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="emoji-edge-cluster",
        description="Name the expression on every face of many photos, on a Ray cluster.",
        epilog="A second run with the same INPUT and OUTPUT does what is missing. Exit status as "
        "that of emoji-edge: 0 every photo has an answer, 1 some failed, 2 it could not run.",
    )
    parser.add_argument("input", help="folder, or Parquet with --column; a path or s3://, gs://")
    parser.add_argument("output", help="folder of Parquet shards; a path or s3://, gs://")
    parser.add_argument("--address", help="of a running cluster, or auto; this machine by default")
    parser.add_argument("--workers", type=parse_count, help="processes; default one a CPU")
    parser.add_argument("--model", help="as emoji-edge; the file must be on every machine")
    parser.add_argument("--face", choices=FACE_MODES, default="auto", help="as emoji-edge")
    parser.add_argument("--column", default="", help="of INPUT's Parquet: the pictures' bytes")
    parser.add_argument("--id", default="", metavar="COLUMN", help="the pictures' names")
    parser.add_argument("--shard", type=parse_count, default=1000, help="photos, default 1000")
    options = parser.parse_args(arguments)
    if options.id and not options.column:
        parser.error("--id needs --column")
    if options.input.endswith(".parquet") and not options.column:
        parser.error("INPUT is Parquet: give the column of the pictures' bytes with --column")
    return options


def run_cluster(options: argparse.Namespace) -> int:
    """Plan or continue, make what is missing, and say how much it was."""
    run = begin_run(read_run(options))
    begin = time.monotonic()
    totals: Counter[str] = Counter()
    for shard in make_shards(run, start_ray(options)):
        made = shard["fresh"]
        totals.update({key: shard[key] for key in (*COUNTS, *TIMES)})
        totals.update(fresh_shards=made, fresh_photos=shard["photos"] if made else 0)
    totals["command"] = time.monotonic() - begin  # type: ignore[assignment]
    Store(run.output).put("_done.json", json.dumps(totals, indent=1).encode())
    print(
        f"emoji-edge-cluster: {totals['photos']} photos, {totals['errors']} failed, "
        f"{totals['faces']} faces; made {totals['fresh_shards']} of {run.shards} shards now",
        file=sys.stderr,
    )
    return SOME_FAILED if totals["errors"] else OK


def read_run(options: argparse.Namespace) -> Run:
    """What the options ask for, with whole paths."""
    contract = load_contract()
    name, path = find_artifact(options.model, contract, find_models())
    artifact = name if name in contract.artifacts["tflite"] else str(path.absolute())
    return Run(
        input=make_absolute(options.input),
        output=make_absolute(options.output),
        artifact=artifact,
        model=hash_bytes(path.read_bytes()),
        contract=hash_contract(),
        face=options.face,
        column=options.column,
        id=options.id,
        shard=options.shard,
    )


def make_absolute(place: str) -> str:
    """The same place wherever a worker runs."""
    return place if "://" in place else os.path.abspath(place)


def start_ray(options: argparse.Namespace) -> int:
    """Connect; the number of workers."""
    host, _, port = (options.address or "").rpartition(":")
    if host and port.isdigit():  # Ray itself would ask for minutes
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise ClusterError(f"{options.address}: no cluster answers ({error})") from None
    cpus = None if options.address else options.workers
    with silence_runtime():
        ray.init(
            options.address or "local", num_cpus=cpus, include_dashboard=False,
            log_to_driver=False, logging_level=logging.ERROR,
        )  # fmt: skip
    return options.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))


class Worker:
    """Ray's worker: makes the shards of the numbers that it gets."""

    def __init__(self, run: dict[str, Any]) -> None:
        self._run = Run(**run)
        self._maker: ShardMaker | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, list]:
        """The counts and times of each shard, or the problem that ends the run."""
        found = [self._make_shard(int(number)) for number in batch["item"]]
        return {key: [shard[key] for shard in found] for key in found[0]}

    def _make_shard(self, number: int) -> dict[str, Any]:
        counts, problem = dict.fromkeys((*COUNTS, *TIMES), 0.0), ""
        try:
            # After Ray lost this worker once, a photo may have been the reason.
            careful = ray.get_runtime_context().was_current_actor_reconstructed
            self._maker = self._maker or ShardMaker(self._run, careful)
            counts |= self._maker.make_shard(number)
        except (ClusterError, *FAILURES) as error:
            problem = f"shard {number}: {error}"
        return counts | {"fresh": counts["wall"] > 0, "problem": problem}


def make_shards(run: Run, workers: int) -> Iterator[dict[str, Any]]:
    """Counts and times of every shard of the plan, as they come."""
    DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # A pool of fixed size, because Ray then starts a lost worker again where there is room; and
    # one task ahead, because what a lost machine's workers had queued waits for them.
    pool = ActorPoolStrategy(size=min(workers, run.shards), max_tasks_in_flight_per_actor=2)
    numbers = ray.data.from_items([*range(run.shards)], override_num_blocks=min(run.shards, BLOCKS))
    shards = numbers.map_batches(
        Worker, fn_constructor_args=[asdict(run)], batch_size=1, compute=pool, num_cpus=1,
        runtime_env={"env_vars": ONE_THREAD},
    )  # fmt: skip
    for shard in shards.iter_rows():
        if shard["problem"]:
            raise ClusterError(shard["problem"])
        yield shard


if __name__ == "__main__":
    raise SystemExit(main())
