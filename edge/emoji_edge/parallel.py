"""Classify photos in order, on one process or several, in memory that does not grow with them."""

from __future__ import annotations

import itertools
import signal
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

from .batch import Answer, Failure, Photo, Settings, classify_photo
from .classify import Classifier

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

AHEAD = 4  # photos waiting for each process

_worker: tuple[Classifier, str]  # of this process, where it is a worker


def classify_photos(photos: Iterator[Photo], settings: Settings, jobs: int) -> Iterator[Answer]:
    """Answers in the order of the photos. jobs: processes, each with a network of its own."""
    if jobs > 1:
        return classify_parallel(photos, settings, jobs)
    classifier = settings.build_classifier()
    return (classify_photo(classifier, photo, settings.annotate) for photo in photos)


def _start_worker(settings: Settings) -> None:
    global _worker  # noqa: PLW0603 - a pool has no other place for what its workers keep
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _worker = settings.build_classifier(), settings.annotate


def _run_worker(photo: Photo) -> Answer:
    classifier, annotate = _worker
    return classify_photo(classifier, photo, annotate)


def _start_pool(settings: Settings, jobs: int) -> ProcessPoolExecutor:
    import multiprocessing  # these take a while to import, and one process needs neither
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, context, _start_worker, (settings,))


def classify_parallel(photos: Iterator[Photo], settings: Settings, jobs: int) -> Iterator[Answer]:
    """Answers in the order of the photos, from so many processes."""
    pool = _start_pool(settings, jobs)
    waiting: deque[tuple[Photo, Future[Answer]]] = deque()
    try:
        while True:
            for photo in itertools.islice(photos, AHEAD * jobs - len(waiting)):
                waiting.append((photo, pool.submit(_run_worker, photo)))
            if not waiting:
                return
            photo, future = waiting.popleft()
            try:
                answer = future.result()
            except BrokenExecutor:  # out of memory, say: which photo was it?
                yield from _classify_alone([photo, *(entry[0] for entry in waiting)], settings)
                waiting.clear()
                pool = _start_pool(settings, jobs)
            else:
                yield answer
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _classify_alone(photos: list[Photo], settings: Settings) -> Iterator[Answer]:
    """One photo at a time, in a process that is replaced when a photo ends it."""
    for photo in photos:
        with _start_pool(settings, 1) as pool:
            try:
                yield pool.submit(_run_worker, photo).result()
            except BrokenExecutor:
                yield Failure(photo.name, "ended its process (out of memory?)")
