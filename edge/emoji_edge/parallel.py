"""Classify photos on several processes, each with a network of its own."""

import itertools
import multiprocessing
import signal
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from .batch import Answer, Failure, Photo, Settings, classify_photo
from .classify import Classifier

AHEAD = 4  # photos waiting for each process

_worker: tuple[Classifier, str]  # of this process, where it is a worker


def _start_worker(settings: Settings) -> None:
    global _worker  # noqa: PLW0603 - a pool has no other place for what its workers keep
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _worker = settings.build_classifier(), settings.annotate


def _run_worker(photo: Photo) -> Answer:
    classifier, annotate = _worker
    return classify_photo(classifier, photo, annotate)


def _start_pool(settings: Settings, jobs: int) -> ProcessPoolExecutor:
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
            except BrokenProcessPool:  # out of memory, say: which photo was it?
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
            except BrokenProcessPool:
                yield Failure(photo.name, "ended its process (out of memory?)")
