"""The server as a process of its own, and bare sockets to talk to it."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.edge_photos import encode, make_scene

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"Serving http://127\.0\.0\.1:(\d+)/ ")


@dataclass
class Server:
    """A running server: its process, its port, and the file of its standard error."""

    process: subprocess.Popen
    port: int
    log: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def stop(self) -> int:
        """Its exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def read_log(self) -> list[str]:
        return self.log.read_text().splitlines()


@contextlib.contextmanager
def run_server(*options: str, command: tuple[str, ...] = ("-m", "web.server")) -> Iterator[Server]:
    """Start it on a free port; it is killed in the end if it still runs."""
    with tempfile.TemporaryDirectory() as folder:
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
            assert match, line + log.read_text()
            yield Server(process, int(match[1]), log)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def make_photo() -> bytes:
    """A JPEG with one face."""
    return encode(make_scene((320, 240), (40, 0, 240)), "JPEG")


def make_request(body: bytes, path: str = "/api/predict", **headers: str) -> bytes:
    """An HTTP request with an image as its body."""
    fields = {"Host": "localhost", "Content-Type": "image/jpeg", "Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of the next answer; status 0 where none."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return 0, {}, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return int(first.split()[1]), headers, body
