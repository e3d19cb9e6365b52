"""The command line of emoji-edge: its options, checked, as values that nobody changes."""

import argparse
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ..classify import ClassifierOptions
from ..console import Parser, parse_count, parse_whole
from ..contract import Contract
from ..parallel import MAX_JOBS, count_cores
from ..result import FACE_MODES, HEADS
from ..runtime import MAX_THREADS
from .boxes import BoxTable
from .finding import UsageError, add_finder_options, read_boxes_option, read_finder_options
from .moments import holds_videos
from .output import FORMATS, RESUMABLE
from .target import check_target, choose_format

EXAMPLES = """examples:
  emoji-edge photo.jpg
  emoji-edge photos/ --recursive --jobs --output result.csv
  emoji-edge photos/ --recursive --output result.csv --resume
  emoji-edge - --format json < photo.jpg
  emoji-edge face.png --face whole
  emoji-edge photo.jpg --annotate seen/
  emoji-edge clip.mp4 --every 0.5 --output timeline.csv
  emoji-edge photos/ --labels labels.csv --output exam.html
  emoji-edge --camera --every 2

exit status: 0 every photo has a result ("no face" is one), 1 some photo or test failed,
2 it could not run (options, model, camera, output), 130 interrupted"""
EXAM_FORMATS = ("table", "json", "html")
INSTEAD = ("camera", "self_test", "benchmark", "info", "version")  # of photos


@dataclass(frozen=True)
class CameraOptions:
    """Where frames come from, and how often: a program with its arguments, the system's where
    empty; seconds."""

    command: tuple[str, ...] = ()
    every: float = 1.0


@dataclass(frozen=True)
class OutputOptions:
    """Where results go: one of FORMATS, a file or standard output where empty, and whether to
    continue that file."""

    format: str = "table"
    path: str = ""
    resume: bool = False


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Attributes:
        mode: what to do: "photos", "videos" where any is among them, "exam", or one of INSTEAD.
        photos: the pictures, videos and folders.
        recursive: whether the folders' own folders count.
        jobs: how many processes classify.
        annotate: the folder of annotated copies, none where empty.
        every: of a video, at most one frame in so many seconds; all frames where 0.
        labels: the file of an exam's labels; the folders' names are them where empty.
        boxes: where the faces are, where the caller knows.
        classifier: how to classify.
        camera: where frames come from.
        output: where results go.
    """

    mode: str
    photos: tuple[str, ...]
    recursive: bool
    jobs: int
    annotate: str
    every: float
    labels: str
    boxes: BoxTable | None
    classifier: ClassifierOptions
    camera: CameraOptions
    output: OutputOptions


def parse_options(arguments: Sequence[str] | None, contract: Contract) -> Options:
    """Read the command line; ends with status 2 where argparse does not understand it.

    Raises:
        UsageError: options contradict each other or the contract.
    """
    parser = build_parser(contract)
    given = parser.parse_args(arguments)
    modes = [name for name in INSTEAD if getattr(given, name)]
    if len(modes) > 1 or (modes and given.photos and not given.benchmark):
        parser.error("photos, --camera, --self-test, --benchmark and --info exclude one another")
    if given.labels is not None and not modes:
        modes = ["exam"]
        read_exam_options(given)
    if modes in ([], ["exam"]) and not given.photos:
        parser.error("no photo given; - reads one from standard input")
    if given.top > len(contract.labels):
        raise UsageError(f"--top is {given.top}, there are {len(contract.labels)} expressions")
    mode = modes[0] if modes else find_mode(given)
    return Options(
        mode=mode,
        photos=tuple(given.photos),
        recursive=given.recursive,
        jobs=given.jobs,
        annotate=given.annotate,
        every=given.every or 0.0,
        labels=given.labels or "",
        boxes=read_boxes_option(given, mode),
        classifier=ClassifierOptions(
            given.model,
            given.threads,
            given.top,
            given.face,
            given.rank_by,
            read_finder_options(given, mode),
        ),
        camera=CameraOptions(
            split_command(given.camera_command),
            CameraOptions.every if given.every is None else given.every,
        ),
        output=read_output_options(given),
    )


def split_command(text: str | None) -> tuple[str, ...]:
    """The words of a command, as a shell would split them; UsageError where there are none."""
    if text is None:
        return ()
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--camera-command cannot be understood ({error})") from None
    if not words or not words[0].strip():
        raise UsageError("--camera-command is blank")
    return words


def read_exam_options(given: argparse.Namespace) -> None:
    """Settle what an exam asks for; UsageError where an option is not for exams.

    A folder that follows --labels is the photos, whose own folders are the labels.
    """
    if os.path.isdir(given.labels):
        given.photos.append(given.labels)
        given.labels = ""
    given.format = given.format or choose_format(given.output)
    if given.format not in EXAM_FORMATS:
        raise UsageError(f"--labels writes {', '.join(EXAM_FORMATS)}, not {given.format}")
    if given.resume:
        raise UsageError("--resume is not for an exam (--labels)")


def find_mode(given: argparse.Namespace) -> str:
    """Which of the two kinds of files the run is about: one video makes it one of videos."""
    return "videos" if holds_videos(given.photos, given.recursive) else "photos"


def read_output_options(given: argparse.Namespace) -> OutputOptions:
    """Where results go, with the format that the file's suffix names where none is given."""
    kind = given.format or choose_format(given.output)
    check_target(
        given.output, filter(None, (*given.photos, given.labels, given.model, given.boxes))
    )
    if kind == "html" and given.labels is None:
        raise UsageError("html is for an exam; give --labels")
    if given.resume and given.camera:
        raise UsageError("--resume is for photos, not for a camera")
    if given.resume and (not given.output or kind not in RESUMABLE):
        raise UsageError("--resume needs --output with a .csv or .jsonl file")
    return OutputOptions(kind, given.output, given.resume)


def build_parser(contract: Contract) -> argparse.ArgumentParser:
    """The parser, with the contract's defaults in its help."""
    parser = Parser(
        prog="emoji-edge",
        description="Name the expression on every face of a photo or video, on this device.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "photos", nargs="*", help="pictures, videos and folders; - is standard input"
    )
    add_modes(parser)
    add_classifier_options(parser, contract)
    add_finder_options(parser, contract)
    add_output_options(parser)
    return parser


def add_modes(parser: argparse.ArgumentParser) -> None:
    """Add the options of what the command can do instead of photos."""
    modes = parser.add_argument_group("instead of photos")
    modes.add_argument("--camera", action="store_true", help="live from a camera, until Ctrl-C")
    modes.add_argument(
        "--every",
        type=parse_seconds,
        metavar="SECONDS",
        help="classify at most one frame in so many seconds; camera: default "
        f"{CameraOptions.every:g}; videos: default all frames",
    )
    modes.add_argument(
        "--camera-command",
        metavar="COMMAND",
        help="camera: a program of your own that writes MJPEG to its standard output",
    )
    modes.add_argument(
        "--self-test", action="store_true", help="hold this device's answers against Keras's"
    )
    modes.add_argument(
        "--benchmark",
        action="store_true",
        help="measure time and memory, with a photo of yours if one is given",
    )
    modes.add_argument("--info", action="store_true", help="show networks, accuracy, licences")
    modes.add_argument("--version", action="store_true", help="show this program's version")


def add_classifier_options(parser: argparse.ArgumentParser, contract: Contract) -> None:
    """Add the options that say how to classify."""
    group = parser.add_argument_group("results")
    names = ", ".join(contract.artifacts["tflite"])
    group.add_argument(
        "--model",
        help=f"{names}, or a .tflite file; default {contract.artifacts['default']['tflite']}",
    )
    group.add_argument(
        "--threads",
        type=partial(parse_whole, low=1, high=MAX_THREADS),
        default=ClassifierOptions.threads,
        help="threads of the runtime, default %(default)s",
    )
    group.add_argument(
        "--top",
        type=parse_count,
        default=contract.top,
        help="how many expressions each face gets, default %(default)s",
    )
    group.add_argument(
        "--face",
        choices=FACE_MODES,
        default=ClassifierOptions.face,
        help="auto: every face found; largest: one; whole: the picture is a face; "
        "default %(default)s",
    )
    group.add_argument(
        "--rank-by",
        choices=HEADS,
        default=ClassifierOptions.rank_by,
        help="scores: what people would say; label_scores: what FER-2013's label would be, for "
        "comparison; default %(default)s",
    )
    group.add_argument(
        "--annotate", default="", metavar="DIR", help="draw boxes, emoji and evidence into copies"
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where results go."""
    group = parser.add_argument_group("many photos")
    group.add_argument("--recursive", action="store_true", help="folders inside folders too")
    group.add_argument(
        "--labels",
        nargs="?",
        const="",
        metavar="CSV",
        help="hold an exam: compare the answers with a table of file names, expressions and "
        "groups; where no file follows, with the folders' names (angry/1.jpg)",
    )
    group.add_argument(
        "--format",
        choices=tuple(dict.fromkeys((*FORMATS, *EXAM_FORMATS))),
        help="default: by --output's suffix, else table",
    )
    group.add_argument("--output", default="", metavar="FILE", help="default: standard output")
    group.add_argument(
        "--resume", action="store_true", help="continue an interrupted --output (csv, jsonl)"
    )
    group.add_argument(
        "--jobs",
        type=partial(parse_whole, low=1, high=MAX_JOBS),
        nargs="?",
        const=count_cores(),
        default=1,
        help="processes, default %(default)s; all cores where no number follows",
    )


def parse_seconds(text: str) -> float:
    """Read a time of 0 seconds or more, as an option's type."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number of seconds")
    return seconds
