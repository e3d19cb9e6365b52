"""Write outcomes as a table, JSON, JSON lines or CSV, to a file or to standard output."""

from ..batch import Failure, Outcome
from ..rows import list_columns
from .resume import Done
from .sink import Sink
from .table import format_entry, format_row, format_table

FORMATS = ("table", "json", "jsonl", "csv")
RESUMABLE = ("jsonl", "csv")


class Output:
    """Where outcomes go: a file, or standard output."""

    def __init__(
        self, kind: str, path: str, top: int, several: bool, names: dict[str, str]
    ) -> None:
        """Say how to write; open() begins.

        Args:
            kind: one of FORMATS.
            path: of a file; standard output where empty.
            top: expressions of a face.
            several: more than one photo may come.
            names: of the labels, for people.
        """
        self.kind = kind
        self._several = several
        self._top = top
        self._names = names
        self._path = path
        self._sink = Sink(path)
        self._written = 0

    def open(self, done: Done | None = None) -> None:
        """Begin the output, or go on after what is done; OutputError where that is impossible."""
        earlier = done if done and done.length else None
        self._sink.open(earlier.length if earlier else 0)
        self._written = sum(earlier.photos.values()) if earlier else 0
        if self.kind == "csv" and not earlier:
            self._sink.put(format_row(list_columns(self._top)))
        if self.kind == "json" and self._several:
            self._sink.put('{"results": [')

    def write(self, outcome: Outcome) -> None:
        """Write one photo's outcome in one piece, so that a killed run leaves no part of it.

        A table on standard output leaves failures to standard error, on the same terminal.
        """
        if self.kind == "table" and isinstance(outcome, Failure) and not self._path:
            return
        if self.kind == "table":
            table = format_table(outcome, self._several, self._names)
            self._sink.put("\n" * (self._written > 0) + table)
        elif self.kind == "json" and self._several:
            comma = "," * (self._written > 0)
            self._sink.put(f"{comma}\n{format_entry(self.kind, outcome, self._top).rstrip()}")
        else:
            self._sink.put(format_entry(self.kind, outcome, self._top))
        self._written += 1

    def close(self) -> None:
        """Write the end that the format needs, and close the file."""
        if self.kind == "json" and self._several:
            self._sink.put("\n]}\n")
        self._sink.close()
