"""All that touches Ray: connect to a cluster, and let its workers make the shards.

Ray's items are the numbers of shards. A worker reads its shard's photos where they lie, classifies
them and writes the shard, so no picture travels through Ray. Ray repeats what a lost worker or
machine had begun.
"""

import contextlib
import logging
import socket
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import ray
from ray.data import ActorPoolStrategy, DataContext

from ..errors import EmojiError
from ..runtime import silence_runtime
from .places import ClusterError, say_briefly
from .plan import Run
from .shards import COUNTS, ShardMaker

BLOCKS = 20_000  # of Ray at most: what its head keeps must not grow with the photos
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@contextlib.contextmanager
def connect_ray(address: str, workers: int | None) -> Iterator[int]:
    """Connect to a cluster, or start one here where the address is empty; the number of workers.

    Raises:
        ClusterError: no cluster answers, or it fails meanwhile.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdigit():  # Ray itself would ask for minutes
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except (OSError, OverflowError) as error:
            raise ClusterError(f"{address}: no cluster answers ({error})") from None
    try:
        with silence_runtime():
            ray.init(
                address or "local", num_cpus=None if address else workers, include_dashboard=False,
                log_to_driver=False, logging_level=logging.ERROR,
            )  # fmt: skip
        yield workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    except (ConnectionError, ray.exceptions.RayError) as error:
        raise ClusterError(say_briefly(error)) from None
    finally:
        ray.shutdown()


class Worker:
    """A process of Ray that makes the shards of the numbers that it gets."""

    def __init__(self, run: dict[str, Any]) -> None:
        self._run = Run(**run)
        self._maker: ShardMaker | None = None

    def __call__(self, shard: dict[str, int]) -> dict[str, Any]:
        """Make a shard; returns its counts, or the problem that ends the run."""
        try:
            # After Ray lost this worker once, a photo may have been the reason.
            careful = ray.get_runtime_context().was_current_actor_reconstructed
            self._maker = self._maker or ShardMaker(self._run, careful)
            return self._maker.make_shard(shard["item"]) | {"problem": ""}
        except (EmojiError, OSError) as error:
            nothing = dict.fromkeys((*COUNTS, "made"), 0)
            return nothing | {"problem": f"shard {shard['item']}: {error}"}


def make_shards(run: Run, number: int, workers: int) -> Iterator[dict[str, int]]:
    """Make every shard of the plan that is missing, and yield the counts of each as they come."""
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
