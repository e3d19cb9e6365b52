"""The server's log: a line for each request, on standard error."""

from urllib.parse import quote

from emoji_edge.console import say_error


def log_request(method: str, path: str, status: int, seconds: float) -> None:
    """Write method, path, status and milliseconds, and nothing else of the request."""
    say_error(f"{method} {quote(path)} {status} {1000 * seconds:.1f} ms")
