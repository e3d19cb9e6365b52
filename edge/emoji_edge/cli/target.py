"""Where a run may write: in the format that the file's suffix names, and over no picture."""

import os
from collections.abc import Iterable

from ..errors import EmojiError
from ..image import SUFFIXES

SUFFIX_FORMATS = {
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".html": "html",
    ".htm": "html",
}  # fmt: skip
HEAD = 1024  # bytes; no text has a zero among them, and nearly every picture, film or network has


class TargetError(EmojiError):
    """The output would destroy something; the message says what."""


def choose_format(path: str) -> str:
    """The format that the file's suffix names, in any case; a table where it names none."""
    return SUFFIX_FORMATS.get(os.path.splitext(path)[1].lower(), "table")


def check_target(path: str, inputs: Iterable[str]) -> None:
    """Refuse an output that would destroy a picture, or what this run reads.

    Args:
        path: of the output.
        inputs: what the run reads; those that are no files do not matter.

    Raises:
        TargetError: it would.
    """
    if os.path.splitext(path)[1].lower() in SUFFIXES:
        raise TargetError(f"--output is {path}, which is a picture's name; say --output FILE.csv")
    if not os.path.isfile(path):
        return
    for name in inputs:
        if os.path.isfile(name) and os.path.samefile(name, path):
            raise TargetError(f"--output is {path}, which this run reads")
    with open(path, "rb") as file:
        if b"\0" in file.read(HEAD):
            raise TargetError(f"--output is {path}, which is no earlier output; it stays as it is")


def make_folder(path: str) -> None:
    """Make the folder of annotated copies before the work begins; TargetError."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise TargetError(f"--annotate {path}: cannot be made ({error.strerror})") from None
