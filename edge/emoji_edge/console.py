"""What the two commands share: exit statuses, checked numbers, and one line for each failure.

A standard stream may be closed (`2>&-`), or replaced by one that has no bytes under it. The work is
done all the same, and a stream that is not there is not written to.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from .errors import EmojiError

OK, SOME_FAILED, CANNOT_RUN, INTERRUPTED = 0, 1, 2, 130


def run_guarded(program: str, work: Callable[[], int]) -> int:
    """Do a command's work and return its exit status; a failure is one line of standard error."""
    reserve_streams()
    try:
        return work()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        discard_output()
        return OK
    except MemoryError:
        say_error(f"{program}: not enough memory")
    except (EmojiError, OSError) as error:
        say_error(f"{program}: {' '.join(str(error).split())[:400]}")
    return CANNOT_RUN


def reserve_streams() -> None:
    """Open the closed ones among file descriptors 0 to 2 on nothing.

    Else the next file that is opened gets the number, and what the runtime says goes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def discard_output() -> None:
    """Send what is still to be flushed to standard output nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_line(line: str) -> None:
    """Write a line to standard output at once, if there is one."""
    if sys.stdout is not None:
        print(line, flush=True)


def show_line(line: str) -> None:
    """Write a line to standard output where the run's results go elsewhere.

    Such a run goes on without a reader, and where the stream's encoding has no emoji: it is UTF-8,
    as all that this program writes.
    """
    if sys.stdout is None:
        return
    try:
        if hasattr(sys.stdout, "buffer"):
            sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
        else:
            print(line, flush=True)
    except (OSError, ValueError):
        discard_output()


def say_error(line: str) -> None:
    """Write a line to standard error at once, if there is one and somebody reads it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)


def is_terminal(stream: Any) -> bool:
    """Tell whether a person watches the stream, which may be None or closed."""
    return stream is not None and not stream.closed and stream.isatty()


class Parser(argparse.ArgumentParser):
    """A command line whose errors are one line, without the list of all options."""

    def error(self, message: str) -> NoReturn:
        """End with status 2 and the message."""
        self.exit(CANNOT_RUN, f"{self.prog}: {message}; --help lists the options\n")


def parse_count(text: str) -> int:
    """Read a whole number from 1, as an option's type."""
    return parse_whole(text, 1, 10**9)


def parse_whole(text: str, low: int, high: int) -> int:
    """Read a whole number from low to high; ArgumentTypeError says what was expected."""
    fits = text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high
    if not fits:
        limit = f" to {high}" if high < 10**9 else ""
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {low}{limit}")
    return int(text)
