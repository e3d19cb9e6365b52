"""Classify photos in order, on one process or several, in memory that does not grow with them."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from .batch import Failure, Outcome, classify_photo, read_photo
from .classify import Classifier, ClassifierOptions
from .errors import EmojiError
from .image import ImageError
from .listing import STANDARD_INPUT, Photo

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
        ModelError, ContractError, ParallelError: the network, or so many processes, cannot be
            used; at once, before any photo is taken.
    """
    classifier = options.build()  # also for the workers' sake: they cannot say what is wrong
    if jobs > 1:
        return classify_parallel(photos, options, jobs, annotate)
    return (classify_photo(classifier, photo, annotate) for photo in photos)


def _start_worker(options: ClassifierOptions, annotate: str) -> None:
    global _worker  # noqa: PLW0603 - a pool has no other place for what its workers keep
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _worker = options.build(), annotate
    except (EmojiError, MemoryError):  # the parent built the same, and says what becomes of it
        os._exit(1)


def _end_with_parent() -> None:
    """End this process when its parent has: one that was killed cannot tell its workers."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


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
    """Classify photos on so many processes, be it one, and yield outcomes in their order.

    Raises:
        ParallelError: they cannot work together here; at once.
    """
    pool = _start_pool(options, jobs, annotate)
    return _run_pool(pool, map(_take_input, photos), options, jobs, annotate)


def _take_input(photo: Photo) -> Photo:
    """Read standard input, which a worker does not have; any other photo stays as it is."""
    if photo.path != STANDARD_INPUT or photo.error:
        return photo
    try:
        return replace(photo, data=read_photo(photo))
    except ImageError as error:
        return replace(photo, error=str(error))


def _run_pool(
    pool: ProcessPoolExecutor,
    photos: Iterator[Photo],
    options: ClassifierOptions,
    jobs: int,
    annotate: str,
) -> Iterator[Outcome]:
    taken: deque[Photo] = deque()  # and not yet answered; `futures` are of the same, in order
    futures: deque[Future[Outcome]] = deque()
    try:
        while True:
            try:
                for photo in itertools.islice(photos, AHEAD * jobs - len(taken)):
                    taken.append(photo)
                    futures.append(pool.submit(_run_worker, photo))
                if not taken:
                    return
                outcome = futures[0].result()
            except BrokenExecutor:  # out of memory, say: which photo was it?
                yield from _classify_alone(list(taken), options, annotate)
                taken.clear()
                futures.clear()
                pool = _start_pool(options, jobs, annotate)
            else:
                taken.popleft()
                futures.popleft()
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
