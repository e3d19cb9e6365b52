"""Bare requests to a running server."""

import socket

from tests.helpers.photos import encode, make_scene
from web.server.process import RunningServer


def connect(server: RunningServer) -> socket.socket:
    """A connection to the server."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


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
