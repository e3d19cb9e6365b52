"""A progress bar for a person who watches a terminal, and nothing for everybody else."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ..console import is_terminal, say_error, show_line
from .options import OutputOptions


class Progress:
    """A bar on the terminal, or nothing; errors go to standard error above it."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar

    def advance(self, total: int | None = None) -> None:
        """Count one more thing as finished, of a total that may become known only now."""
        if self._bar is not None:
            self._bar.total = total or self._bar.total
            self._bar.update()

    def say(self, line: str) -> None:
        """Write a line to standard error without breaking the bar."""
        if self._bar is None:
            say_error(line)
        else:
            self._bar.write(line, file=sys.stderr)

    def show(self, text: str) -> None:
        """Write lines to standard output without breaking the bar, as far as somebody reads."""
        if self._bar is None:
            show_line(text)
        else:
            with self._bar.external_write_mode():
                show_line(text)


@contextlib.contextmanager
def show_progress(
    output: OutputOptions, count: Callable[[], int], unit: str, finished: int = 0
) -> Iterator[Progress]:
    """Show a bar where several things run, a person watches, and the results go elsewhere.

    Args:
        output: where they go.
        count: counts the things; only called where a bar is wanted.
        unit: what one is called.
        finished: how many there are already.
    """
    watched = is_terminal(sys.stderr) and (output.path or not is_terminal(sys.stdout))
    total = count() if watched else 1
    with open_progress(total > 1, total, finished, unit) as progress:
        yield progress


@contextlib.contextmanager
def open_progress(
    shown: bool, total: int | None = None, finished: int = 0, unit: str = "photo"
) -> Iterator[Progress]:
    """Open a bar if it is to be shown.

    Args:
        shown: whether a person watches.
        total: of the things; None where advance() will tell.
        finished: of them, by an earlier run.
        unit: what one is called.
    """
    if not shown:
        yield Progress()
        return
    from tqdm import tqdm

    with tqdm(total=total, initial=finished, unit=unit, file=sys.stderr) as bar:
        yield Progress(bar)
