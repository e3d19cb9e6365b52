"""Classify photos in order, on one process or several, in memory that does not grow with them."""

from __future__ import annotations

import itertools
import os
import signal
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

from .batch import Failure, Outcome, classify_photo
from .classify import Classifier, ClassifierOptions
from .errors import EmojiError
from .listing import Photo

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

AHEAD = 4  # photos waiting for each process
MAX_JOBS = 256  # processes; each has a network of its own, in some 80 MB


class ParallelError(EmojiError):
    """Several processes cannot work together on this system."""


_worker: tuple[Classifier, str]  # of this process, where it is a worker


def count_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def classify_photos(
    photos: Iterator[Photo], options: ClassifierOptions, jobs: int = 1, annotate: str = ""
) -> Iterator[Outcome]:
    """Classify photos on so many processes and yield their outcomes in the order of the photos.

    Args:
        photos: what to classify.
        options: how; each process has a network of its own.
        jobs: how many processes.
        annotate: the folder of annotated copies, none where empty.

    Raises:
        ModelError, ContractError: the network cannot be used; at once on one process.
    """
    if jobs > 1:
        return classify_parallel(photos, options, jobs, annotate)
    classifier = options.build()
    return (classify_photo(classifier, photo, annotate) for photo in photos)


def _start_worker(options: ClassifierOptions, annotate: str) -> None:
    global _worker  # noqa: PLW0603 - a pool has no other place for what its workers keep
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _worker = options.build(), annotate


def _run_worker(photo: Photo) -> Outcome:
    classifier, annotate = _worker
    return classify_photo(classifier, photo, annotate)


def _start_pool(options: ClassifierOptions, jobs: int, annotate: str) -> ProcessPoolExecutor:
    import multiprocessing  # these take a while to import, and one process needs neither
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    try:
        return ProcessPoolExecutor(jobs, context, _start_worker, (options, annotate))
    except (OSError, ImportError) as error:  # ImportError: this Python has no semaphores
        reason = getattr(error, "strerror", None) or str(error)
        raise ParallelError(
            f"several processes need shared memory, and it cannot be had ({reason}); "
            "mount /dev/shm for writing, or leave --jobs out"
        ) from None


def classify_parallel(
    photos: Iterator[Photo], options: ClassifierOptions, jobs: int, annotate: str = ""
) -> Iterator[Outcome]:
    """Classify photos on so many processes, be it one, and yield outcomes in their order."""
    pool = _start_pool(options, jobs, annotate)
    waiting: deque[tuple[Photo, Future[Outcome]]] = deque()
    try:
        while True:
            for photo in itertools.islice(photos, AHEAD * jobs - len(waiting)):
                waiting.append((photo, pool.submit(_run_worker, photo)))
            if not waiting:
                return
            photo, future = waiting.popleft()
            try:
                outcome = future.result()
            except BrokenExecutor:  # out of memory, say: which photo was it?
                left = [photo, *(entry[0] for entry in waiting)]
                yield from _classify_alone(left, options, annotate)
                waiting.clear()
                pool = _start_pool(options, jobs, annotate)
            else:
                yield outcome
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _classify_alone(
    photos: list[Photo], options: ClassifierOptions, annotate: str
) -> Iterator[Outcome]:
    """Classify one photo at a time, in a process that is replaced when a photo ends it."""
    for photo in photos:
        with _start_pool(options, 1, annotate) as pool:
            try:
                yield pool.submit(_run_worker, photo).result()
            except BrokenExecutor:
                yield Failure(photo.name, "ended its process (out of memory?)")
