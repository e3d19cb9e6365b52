"""The command emoji-edge: name the expression on every face of a photo."""

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import shlex
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import PIL

from . import batch
from .batch import Failure, Photo, Settings
from .camera import Camera, CameraError, find_commands
from .classify import Classifier, find_artifact
from .contract import Contract, ContractError, find_models, load_contract
from .image import ImageError
from .options import count_cores, parse_options
from .output import FORMATS, RESUMABLE, Done, Output, OutputError, read_done
from .parallel import classify_photos
from .runtime import ModelError, describe_runtime
from .selftest import GoldenError, run_self_test

OK, SOME_FAILED, CANNOT_RUN, INTERRUPTED = 0, 1, 2, 130


class UsageError(Exception):
    """Options that do not go together."""


FAILURES = (
    UsageError, ContractError, ModelError, GoldenError, ImageError, CameraError, OutputError,
    OSError,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = parse_options(arguments)
    warnings.simplefilter("ignore")  # Pillow's, on damaged files; the answer says what is wrong
    try:
        return run_command(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except MemoryError:
        print("emoji-edge: not enough memory", file=sys.stderr)
    except FAILURES as error:
        print(f"emoji-edge: {error}", file=sys.stderr)
    return CANNOT_RUN


def run_command(options: argparse.Namespace) -> int:
    """What the options ask for; returns the exit status."""
    if options.version:
        say_line(read_version())
        return OK
    contract = load_contract()
    if options.info:
        return show_info(contract)
    if options.self_test or options.benchmark:
        return run_checks(options, contract)
    options.top = contract.top if options.top is None else options.top
    if options.top > len(contract.labels):
        raise UsageError(f"--top is {options.top}, there are {len(contract.labels)} expressions")
    if options.camera:
        return watch_camera(options, contract)
    return answer_photos(options, contract)


def answer_photos(options: argparse.Namespace, contract: Contract) -> int:
    """Classify the photos and write their answers."""
    settings, output = read_settings(options), build_output(options, contract)
    done = read_earlier(options, contract) if options.resume else None
    photos = skip_done(batch.list_photos(options.photos, options.recursive), done)
    answers = classify_photos(photos, settings, options.jobs)
    output.open(done)
    failed = bool(done and done.failures)
    with show_progress(options, done) as progress:
        for answer in answers:
            output.write(answer)
            if isinstance(answer, Failure):
                failed = True
                progress.say(f"emoji-edge: {answer.photo}: {answer.error}")
            progress.advance()
    output.close()
    return SOME_FAILED if failed else OK


def read_settings(options: argparse.Namespace) -> Settings:
    """How to classify, from the options."""
    return Settings(options.model, options.threads, options.top, options.face, options.annotate)


def build_output(options: argparse.Namespace, contract: Contract) -> Output:
    """Where answers go; settles options.format. UsageError where options contradict."""
    suffix = os.path.splitext(options.output)[1].lstrip(".")
    options.format = options.format or (suffix if suffix in FORMATS else "table")
    if options.resume and (not options.output or options.format not in RESUMABLE):
        raise UsageError("--resume needs --output with a .csv or .jsonl file")
    several = options.camera or has_several(options.photos)
    return Output(options.format, options.output, options.top, several, contract.display_names)


def has_several(photos: Sequence[str]) -> bool:
    """Whether the arguments may name more than one photo."""
    return len(photos) > 1 or os.path.isdir(photos[0])


def read_earlier(options: argparse.Namespace, contract: Contract) -> Done | None:
    """What an interrupted run left in the output; None where it left nothing."""
    _, path = find_artifact(options.model, contract, find_models())
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    return read_done(options.format, options.output, options.top, sha256)


def skip_done(photos: Iterator[Photo], done: Done | None) -> Iterator[Photo]:
    """The photos that still need an answer."""
    left = Counter(done.photos) if done else Counter()
    for photo in photos:
        if left[photo.name] > 0:
            left[photo.name] -= 1
        else:
            yield photo


class Progress:
    """A bar on the terminal, or nothing; errors go to standard error above it."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar

    def advance(self) -> None:
        """One more photo has its answer."""
        if self._bar is not None:
            self._bar.update()

    def say(self, line: str) -> None:
        """Write a line without breaking the bar."""
        if self._bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self._bar.write(line, file=sys.stderr)


@contextlib.contextmanager
def show_progress(options: argparse.Namespace, done: Done | None) -> Iterator[Progress]:
    """A bar where several photos run, a person watches, and the answers go elsewhere."""
    watched = sys.stderr.isatty() and (options.output or not sys.stdout.isatty())
    if not watched or not has_several(options.photos):
        yield Progress()
        return
    from tqdm import tqdm

    total = sum(1 for _ in batch.list_photos(options.photos, options.recursive))
    finished = sum(done.photos.values()) if done else 0
    with tqdm(total=total, initial=finished, unit="photo", file=sys.stderr) as bar:
        yield Progress(bar)


def watch_camera(options: argparse.Namespace, contract: Contract) -> int:
    """Classify the camera's newest picture again and again, until Ctrl-C."""
    if options.resume:
        raise UsageError("--resume is for photos, not for a camera")
    classifier = read_settings(options).build_classifier()
    output = build_output(options, contract)
    given = options.camera_command
    commands = [shlex.split(given)] if given else find_commands()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # systemd's Ctrl-C
    output.open()
    with contextlib.suppress(KeyboardInterrupt):
        follow_cameras(commands, classifier, output, options)
    output.close()
    return OK


def follow_cameras(
    commands: list[list[str]], classifier: Classifier, output: Output, options: argparse.Namespace
) -> None:
    """Use the first program that gives pictures; CameraError with all reasons where none does."""
    problems = []
    for command in commands:
        try:
            if follow_camera(command, classifier, output, options):
                return
            problems.append(f"{command[0]}: no picture")
        except CameraError as error:
            problems.append(str(error))
    raise CameraError("; ".join(problems))


def follow_camera(
    command: list[str], classifier: Classifier, output: Output, options: argparse.Namespace
) -> bool:
    """Answer pictures until the program ends; whether there were any."""
    answered = False
    with contextlib.closing(Camera(command)) as camera:
        for frame in camera.frames():
            begin = time.monotonic()
            name = datetime.datetime.now().strftime("camera-%Y%m%d-%H%M%S.%f")[:-3]
            answer = batch.classify_source(classifier, frame, name, options.annotate)
            output.write(answer)
            if isinstance(answer, Failure):
                print(f"emoji-edge: {answer.photo}: {answer.error}", file=sys.stderr)
            answered = True
            time.sleep(max(0, options.every - (time.monotonic() - begin)))
    return answered


def run_checks(options: argparse.Namespace, contract: Contract) -> int:
    """The self-test or the benchmark: on all artifacts and one thread unless options say more."""
    models = [options.model] if options.model else list(contract.artifacts["tflite"])
    if options.self_test:
        passed = run_self_test(models, sorted({1, options.threads}), say_line)
    else:
        from .benchmark import load_photo, run_benchmark

        photo = load_photo(options.photos[0] if options.photos else "")
        threads = [n for n in (1, 2, 4) if n <= max(count_cores(), options.threads)]
        say_line(f"{describe_device()}, {describe_runtime()}, median of 30")
        passed = run_benchmark(models, threads, photo, say_line)
    return OK if passed else SOME_FAILED


def say_line(line: str) -> None:
    """To standard output, at once."""
    print(line, flush=True)


def describe_device() -> str:
    """Machine and Python."""
    import platform

    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def show_info(contract: Contract) -> int:
    """Print what is installed: networks with hashes and accuracy, runtime, licences."""
    models = find_models()
    measured = read_report(models)
    say_line(f"{read_version()} on {describe_device()}")
    say_line(
        f"runtime    {describe_runtime()}, numpy {numpy.__version__}, Pillow {PIL.__version__}"
    )
    say_line(f"models     {models}")
    say_line(f"labels     {', '.join(contract.labels)}")
    default = contract.artifacts["default"]["tflite"]
    for name, file in contract.artifacts["tflite"].items():
        mark = " (default)" if name == default else ""
        say_line(f"{name}{mark}")
        for line in describe_artifact(models / file, measured.get(file, {})):
            say_line(f"           {line}")
    say_line(
        "licences   program and network MIT, face detectors Apache-2.0, emoji pictures OFL-1.1"
    )
    return OK


def read_version() -> str:
    """Name and version of the installed program."""
    import importlib.metadata

    return f"emoji-edge {importlib.metadata.version('emoji-edge')}"


def read_report(models: Path) -> dict[str, Any]:
    """What the report says of each artifact's file; empty where there is no report."""
    try:
        text = (models / "report.json").read_text(encoding="utf-8")
        return json.loads(text)["artifacts"]["files"]
    except (OSError, ValueError, KeyError):
        return {}


def describe_artifact(path: Path, measured: dict[str, Any]) -> Iterator[str]:
    """Size, sha256 and measured accuracy of an artifact, as lines."""
    if not path.exists():
        yield f"{path} is missing"
        return
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    yield f"{path.stat().st_size:,} bytes, sha256 {sha256}"
    if measured and measured["sha256"] != sha256:
        yield "not the file that was measured: its sha256 is not the report's"
        return
    runs = [run["evaluation"] for run in measured.get("runs", []) if "evaluation" in run]
    if not runs:
        yield "accuracy not measured"
        return
    accuracy, votes = runs[0]["accuracy"], runs[0]["ferplus"]
    agreement = "" if votes is None else f", {100 * votes:.1f} % of FER+ majority votes"
    yield f"FER-2013 PublicTest: {100 * accuracy:.1f} % of the labels{agreement}"
