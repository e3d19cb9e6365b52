"""Where text goes: a file, or standard output, each piece written at once."""

import sys
from typing import IO, Any

from ..errors import EmojiError


class OutputError(EmojiError):
    """The output cannot be written or continued; the message says why in one line."""


class Sink:
    """A file, or standard output where the path is empty."""

    def __init__(self, path: str) -> None:
        """Say where; open() begins."""
        self._path = path
        self._file: IO[Any] | None = None

    def open(self, keep: int = 0) -> None:
        """Begin, or go on after so many bytes of the file; OutputError where that is impossible."""
        try:
            if self._path:
                self._file = open(self._path, "r+b" if keep else "wb")  # noqa: SIM115 - close()
                if keep:
                    self._file.truncate(keep)
                    self._file.seek(keep)
            else:  # bytes where the stream has them; None where it is closed
                self._file = getattr(sys.stdout, "buffer", sys.stdout)
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror})") from None

    def put(self, text: str) -> None:
        """Write a piece of text in one piece; OutputError."""
        if self._file is None:
            return
        try:
            if hasattr(self._file, "encoding"):  # a stream of text, without bytes under it
                self._file.write(text)
            else:
                self._file.write(text.encode("utf-8"))
            self._file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            where = self._path or "standard output"
            raise OutputError(f"{where}: cannot be written ({error.strerror})") from None

    def close(self) -> None:
        """Close the file; standard output stays open."""
        if self._path and self._file:
            self._file.close()
