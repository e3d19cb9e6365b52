"""A cluster of two nodes on this machine, to see what a run does when it loses one."""

import contextlib
import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

from .environment import prepare_environment

DEAD_AFTER = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000,
              "health_check_failure_threshold": 5}  # fmt: skip


class LocalCluster:
    """Two Ray nodes of one CPU each, as processes of this machine; the second can be killed."""

    def __init__(self) -> None:
        prepare_environment()
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
        """Start the second node, anew if it was killed."""
        self._node = self._cluster.add_node(**self._options)

    def kill_node(self) -> None:
        """End the second node and its worker, without warning."""
        self._cluster.remove_node(self._node, allow_graceful=False)

    def close(self) -> None:
        """End all processes of the cluster."""
        self._cluster.shutdown()


@contextlib.contextmanager
def start_cluster() -> Iterator[LocalCluster]:
    """Start a cluster, and end it when it is no longer needed."""
    # Ray writes the address of such a cluster into its default folder, and does not make that one.
    before = os.environ.get("RAY_TMPDIR")
    with TemporaryDirectory(prefix="ray") as folder:
        os.environ["RAY_TMPDIR"] = folder
        try:
            with contextlib.closing(LocalCluster()) as cluster:
                yield cluster
        finally:
            os.environ.pop("RAY_TMPDIR")
            if before is not None:
                os.environ["RAY_TMPDIR"] = before
