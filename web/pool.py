"""Classifiers for the server's threads: one runs one photo at a time, and few may wait."""

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator

from emoji_edge import Classifier
from PIL import Image


class PoolFullError(Exception):
    """Every classifier is busy and as many requests as may wait are waiting."""


class ClassifierPool:
    """So many classifiers, since the TFLite runtime is not thread-safe, and a bounded queue."""

    def __init__(self, build: Callable[[], Classifier], size: int, max_queue: int) -> None:
        """Build them all, each with its network and its detectors loaded; ModelError.

        Args:
            build: makes one classifier.
            size: how many.
            max_queue: how many requests may wait for one; more are refused.
        """
        self.size = size
        self._places = threading.BoundedSemaphore(size + max_queue)
        self._lock = threading.Lock()
        self._idle: list[Classifier] = []
        self._waiting: deque[queue.SimpleQueue[Classifier]] = deque()
        for _ in range(size):
            classifier = build()
            plain = Image.new("RGB", (256, 256))  # without a face, so that both detectors load
            classifier.classify_image(plain)
            self.model = {
                "artifact": classifier.network.name,
                "sha256": classifier.network.sha256,
            }
            self._idle.append(classifier)

    @contextlib.contextmanager
    def borrow(self) -> Iterator[Classifier]:
        """A classifier for this thread alone, waited for in turn; PoolFullError at once."""
        if not self._places.acquire(blocking=False):
            raise PoolFullError
        try:
            classifier = self._take()
            try:
                yield classifier
            finally:
                self._give(classifier)
        finally:
            self._places.release()

    def _take(self) -> Classifier:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            mine: queue.SimpleQueue[Classifier] = queue.SimpleQueue()
            self._waiting.append(mine)
        return mine.get()

    def _give(self, classifier: Classifier) -> None:
        """To whoever has waited longest: nobody who comes later gets in before."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(classifier)
            else:
                self._idle.append(classifier)
