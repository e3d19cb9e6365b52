"""The one admission control: so many photos at once, so many waiting, and no more."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from emoji_edge import Classifier
from PIL import Image

T = TypeVar("T")


class PoolFullError(Exception):
    """Every thread of a pool is busy, and as many calls wait as may."""


class ClassifierPool:
    """Threads that classify, each with a classifier of its own, and a bounded queue before them.

    The TFLite runtime is not thread-safe, and large photos are decoded on these threads alone.
    """

    def __init__(self, build: Callable[[], Classifier], size: int, max_queue: int) -> None:
        """Build the classifiers, each with its network and its detectors loaded; ModelError.

        Args:
            build: makes one classifier.
            size: the number of threads, at least 1.
            max_queue: how many calls may wait for a thread; more are refused.
        """
        self._places = threading.BoundedSemaphore(size + max_queue)
        self._own = threading.local()
        idle = [load_classifier(build) for _ in range(size)]
        self.model = {"artifact": idle[0].network.name, "sha256": idle[0].network.sha256}
        self._threads = ThreadPoolExecutor(
            size, "classify", initializer=lambda: setattr(self._own, "classifier", idle.pop())
        )

    def run(self, work: Callable[[Classifier], T]) -> T:
        """Do the work in turn, on a thread of the pool with its classifier; the work's result.

        Raises:
            PoolFullError: at once, where no more may wait.
        """
        if not self._places.acquire(blocking=False):
            raise PoolFullError
        try:
            return self._threads.submit(lambda: work(self._own.classifier)).result()
        finally:
            self._places.release()


def load_classifier(build: Callable[[], Classifier]) -> Classifier:
    """Build a classifier and have it look at a plain picture, which loads both detectors."""
    classifier = build()
    classifier.classify_image(Image.new("RGB", (256, 256)))
    return classifier
