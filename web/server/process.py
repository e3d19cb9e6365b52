"""The server as a process of its own, as tests and benches start it."""

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"Serving http://127\.0\.0\.1:(\d+)/ ")
MODULE = ("-m", "web.server")


@dataclass(frozen=True)
class RunningServer:
    """A running server: its process, its port, and the file of its standard error."""

    process: subprocess.Popen
    port: int
    log: Path

    @property
    def address(self) -> str:
        """The server's address, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> int:
        """Ask the server to end by SIGTERM; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def read_log(self) -> list[str]:
        """Read the lines of the server's standard error."""
        return self.log.read_text().splitlines()


@contextlib.contextmanager
def run_server(*options: str, command: Sequence[str] = MODULE) -> Iterator[RunningServer]:
    """Start the server on a free port; it is killed in the end if it still runs.

    Args:
        options: of the command.
        command: Python's arguments that run it.

    Raises:
        RuntimeError: it did not start; the message is what it said.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, *command, "--port", "0", *options],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = ADDRESS.match(line)
            if match is None:
                raise RuntimeError(f"the server did not start: {line}{log.read_text()}")
            yield RunningServer(process, int(match[1]), log)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]
