"""Run the command emoji-edge: read its options, do what they ask for, say how it ended."""

import warnings
from collections.abc import Callable, Sequence
from importlib import import_module

from ..console import run_guarded
from ..contract import Contract, load_contract
from .options import Options, parse_options
from .target import make_folder

MODES = {  # module and function; a mode's module is imported when it runs, for a fast start
    "photos": ("photos", "run_photos"),
    "videos": ("videos", "run_videos"),
    "exam": ("exam", "run_exam_mode"),
    "camera": ("live", "watch_camera"),
    "self_test": ("checks", "run_self_test_mode"),
    "benchmark": ("checks", "run_benchmark_mode"),
    "info": ("info", "show_info"),
    "version": ("info", "show_version"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default the process's; returns its exit status."""
    warnings.simplefilter("ignore")  # Pillow's, on damaged files; the failure says what is wrong
    return run_guarded("emoji-edge", lambda: run_mode(arguments))


def run_mode(arguments: Sequence[str] | None) -> int:
    """Do what the arguments ask for; returns the exit status."""
    contract = load_contract()
    options = parse_options(arguments, contract)
    if options.annotate:
        make_folder(options.annotate)
    return find_mode(options.mode)(options, contract)


def find_mode(name: str) -> Callable[[Options, Contract], int]:
    """The function of a mode, which takes options and contract and returns an exit status."""
    module, function = MODES[name]
    return getattr(import_module(f".{module}", __package__), function)
