"""The command line of emoji-edge: its options, checked one by one."""

import argparse
import os
from collections.abc import Sequence

from .classify import FACE_MODES
from .output import FORMATS

EXAMPLES = """examples:
  emoji-edge photo.jpg
  emoji-edge photos/ --recursive --jobs --output result.csv
  emoji-edge photos/ --recursive --output result.csv --resume
  emoji-edge - --format json < photo.jpg
  emoji-edge face.png --face whole
  emoji-edge photo.jpg --annotate seen/
  emoji-edge --camera --every 2

exit status: 0 every photo has an answer ("no face" is one), 1 some photo or test failed,
2 it could not run (options, model, camera, output), 130 interrupted"""


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked; ends with status 2 where it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="emoji-edge",
        description="Name the expression on every face of a photo, on this device.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="*", help="pictures and folders; - is standard input")
    add_modes(parser)
    add_answer_options(parser)
    add_output_options(parser)
    options = parser.parse_args(arguments)
    names = ("camera", "self_test", "benchmark", "info", "version")
    modes = sum(getattr(options, name) for name in names)
    if modes > 1 or (modes and options.photos and not options.benchmark):
        parser.error("photos, --camera, --self-test, --benchmark and --info exclude one another")
    if not modes and not options.photos:
        parser.error("no photo given; - reads one from standard input")
    return options


def add_modes(parser: argparse.ArgumentParser) -> None:
    """What else the command can do."""
    modes = parser.add_argument_group("instead of photos")
    modes.add_argument("--camera", action="store_true", help="live from a camera, until Ctrl-C")
    modes.add_argument(
        "--every", type=parse_seconds, default=1.0, metavar="SECONDS", help="camera: default 1"
    )
    modes.add_argument(
        "--camera-command",
        default="",
        metavar="COMMAND",
        help="camera: a program of your own that writes MJPEG to its standard output",
    )
    modes.add_argument("--self-test", action="store_true", help="the goldens on this device")
    modes.add_argument(
        "--benchmark",
        action="store_true",
        help="ms per stage and memory, of a photo if one is given",
    )
    modes.add_argument("--info", action="store_true", help="networks, accuracy, runtime, licences")
    modes.add_argument("--version", action="store_true", help="of this program")


def add_answer_options(parser: argparse.ArgumentParser) -> None:
    """How to classify."""
    group = parser.add_argument_group("answers")
    group.add_argument(
        "--model", help="float32 (default), float16, dynamic, int8, or a .tflite file"
    )
    group.add_argument("--threads", type=parse_count, default=1, help="of the runtime, default 1")
    group.add_argument("--top", type=parse_count, help="expressions a face, default 3")
    group.add_argument(
        "--face",
        choices=FACE_MODES,
        default="auto",
        help="auto: every face found; largest: one; whole: the picture is a face",
    )
    group.add_argument(
        "--annotate", default="", metavar="DIR", help="draw boxes, emoji and evidence into copies"
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Where answers go."""
    group = parser.add_argument_group("many photos")
    group.add_argument("--recursive", action="store_true", help="folders inside folders too")
    group.add_argument(
        "--format", choices=FORMATS, help="default: by --output's suffix, else table"
    )
    group.add_argument("--output", default="", metavar="FILE", help="default: standard output")
    group.add_argument(
        "--resume", action="store_true", help="continue an interrupted --output (csv, jsonl)"
    )
    group.add_argument(
        "--jobs",
        type=parse_count,
        nargs="?",
        const=count_cores(),
        default=1,
        help="processes, default 1; all cores where no number follows",
    )


def count_cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parse_count(text: str) -> int:
    """A whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def parse_seconds(text: str) -> float:
    """A time of 0 seconds or more."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
