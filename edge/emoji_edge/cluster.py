"""The command emoji-edge-cluster: emoji-edge on many machines, by Ray Data.

Ray's items are the numbers of shards. A worker reads its shard's photos where they lie, classifies
them and writes the shard, so no picture travels through Ray. Ray repeats what a lost worker or
machine had begun.
"""

import argparse
import hashlib
import logging
import os
import socket
import sys
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

    from .cluster_shards import (
        COUNTS,
        ClusterError,
        Run,
        ShardMaker,
        hash_contract,
        plan_shards,
    )  # fmt: skip
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
    run = read_run(options)
    shards = plan_shards(run)
    totals: Counter[str] = Counter()
    for counts in make_shards(run, shards, start_ray(options)):
        totals.update(counts)
    print(
        f"emoji-edge-cluster: {totals['photos']} photos, {totals['errors']} failed, "
        f"{totals['faces']} faces; made {totals['made']} of {shards} shards now",
        file=sys.stderr,
    )
    return SOME_FAILED if totals["errors"] else OK


def read_run(options: argparse.Namespace) -> Run:
    """What the options ask for, with whole paths."""
    contract = load_contract()
    name, path = find_artifact(options.model, contract, find_models())
    return Run(
        input=make_absolute(options.input),
        output=make_absolute(options.output),
        artifact=name if name in contract.artifacts["tflite"] else str(path.absolute()),
        model=hashlib.sha256(path.read_bytes()).hexdigest(),
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

    def __call__(self, shard: dict[str, int]) -> dict[str, Any]:
        """Its counts, or the problem that ends the run."""
        try:
            # After Ray lost this worker once, a photo may have been the reason.
            careful = ray.get_runtime_context().was_current_actor_reconstructed
            self._maker = self._maker or ShardMaker(self._run, careful)
            return self._maker.make_shard(shard["item"]) | {"problem": ""}
        except (ClusterError, *FAILURES) as error:
            nothing = dict.fromkeys((*COUNTS, "made"), 0)
            return nothing | {"problem": f"shard {shard['item']}: {error}"}


def make_shards(run: Run, number: int, workers: int) -> Iterator[dict[str, int]]:
    """Counts of every shard of the plan, as they come."""
    DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # A pool of fixed size, because Ray then starts a lost worker again where there is room; and
    # one task ahead, because what a lost machine's workers had queued waits for them.
    pool = ActorPoolStrategy(size=min(workers, number), max_tasks_in_flight_per_actor=2)
    numbers = ray.data.from_items([*range(number)], override_num_blocks=min(number, BLOCKS))
    shards = numbers.map(
        Worker,  # type: ignore[arg-type]  # Ray's documentation allows a class
        fn_constructor_args=[asdict(run)],
        compute=pool,
        num_cpus=1,
        runtime_env={"env_vars": ONE_THREAD},
    )
    for shard in shards.iter_rows():
        if problem := shard.pop("problem"):
            raise ClusterError(problem)
        yield shard


if __name__ == "__main__":
    raise SystemExit(main())
