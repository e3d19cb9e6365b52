"""Write the rows of timelines as CSV, JSON lines or JSON, and text for people as a table."""

import json
from collections.abc import Sequence
from typing import Any

from ..batch import Failure
from ..timeline import Row, list_columns
from .sink import Sink
from .table import format_row


class TimelineOutput:
    """Where timelines go: a file, or standard output."""

    def __init__(self, kind: str, path: str, labels: Sequence[str]) -> None:
        """Say how to write; open() begins. kind: one of output.FORMATS."""
        self.kind = kind
        self._path = path
        self._sink = Sink(path)
        self._columns = list_columns(labels)
        self._written = 0

    def open(self, keep: int = 0) -> None:
        """Begin, or go on after so many bytes of the file; OutputError."""
        self._sink.open(keep)
        if self.kind == "csv" and not keep:
            self._sink.put(format_row(self._columns))
        if self.kind == "json":
            self._sink.put('{"results": [')

    def write_rows(self, rows: Sequence[Row]) -> None:
        """Write the rows of one frame in one piece; a table has none."""
        if self.kind == "csv" and rows:
            self._sink.put("".join(format_row(row[key] for key in self._columns) for row in rows))
        elif self.kind != "table":
            self._put_entries(rows)

    def write_failure(self, failure: Failure) -> None:
        """Write why a source has no rows, or no more of them; CSV has no place for it."""
        if self.kind in ("json", "jsonl"):
            self._put_entries([{"video": failure.photo, "error": failure.error}])
        elif self._path:
            self.write_text(f"{failure.photo}: {failure.error}\n")

    def write_text(self, text: str) -> None:
        """Write text for people, where the output is a table."""
        if self.kind == "table":
            self._sink.put("\n" * (self._written > 0) + text)
            self._written += 1

    def close(self) -> None:
        """Finish the output and close its file."""
        if self.kind == "json":
            self._sink.put("\n]}\n")
        self._sink.close()

    def _put_entries(self, entries: Sequence[dict[str, Any]]) -> None:
        text = ""
        for entry in entries:
            line = json.dumps(entry, ensure_ascii=False)
            comma = "," * (self._written > 0)
            text += f"{comma}\n{line}" if self.kind == "json" else f"{line}\n"
            self._written += 1
        if text:
            self._sink.put(text)
