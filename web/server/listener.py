"""The WSGI server: waitress, with a deadline for uploads, a drain on SIGTERM and problem details.

Waitress reads requests in one loop and hands complete ones to its threads, so that slow clients
hold no thread. Its options keep bodies in memory; the classes below add what it has no option for.
"""

import signal
import sys
import time
from http import HTTPStatus
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from .log import log_request
from .problems import describe_problem, make_problem_headers
from .uploads import BODY_LIMIT

CONNECTIONS = 512  # a process may open 1,024 files on most systems
MEMORY_LIMIT = 512_000_000  # bytes of all bodies that are being read
SPARE_THREADS = 4  # answer what is not classified while everything else waits
CHECK_SECONDS = 1  # between two looks for late uploads, and for the last call when it stops


class Refusal(Error):
    """An error that answers a request before the application sees it."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code, self.reason = code, HTTPStatus(code).phrase


class Request(HTTPRequestParser):
    """A request as it arrives; the body of a refused one is read to its end and thrown away.

    A connection that is closed before would hide the answer from the client.
    """

    error: Error | None
    completed: bool
    expect_continue: bool

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.begin = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take bytes from the network; returns how many belong to this request."""
        consumed = super().received(data)
        if max(self.content_length, self.body_bytes_received) > BODY_LIMIT and not self.error:
            self.refuse(Refusal(413, f"The request is over {BODY_LIMIT:,} bytes"))
        if self.error and self.body_rcv:
            body = self.body_rcv.getbuf()
            body.skip(len(body))
            body.prune()
        return consumed

    def refuse(self, error: Error) -> None:
        """Answer the error once the body has ended, or now where the client has not sent it."""
        self.error = error
        if self.expect_continue:
            self.expect_continue = False
            self.completed = True


class ProblemTask(ErrorTask):
    """A task that answers what waitress refuses as the application would have."""

    def execute(self) -> None:
        """Write the problem details and close the connection."""
        request, error = self.request, self.request.error
        body = describe_problem(error.code, error.body).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(make_problem_headers(error.code).items())
        self.content_length = len(body)
        self.set_close_on_finish()
        method = getattr(request, "command", "-")  # unknown where the head makes no sense
        self.write(b"" if method == "HEAD" else body)
        path = getattr(request, "path", "-").encode("latin-1").decode("utf-8", "replace")
        log_request(method, path, error.code, time.monotonic() - request.begin)


class Channel(HTTPChannel):
    """One client's connection, with the request that is being read."""

    parser_class = Request
    error_task_class = ProblemTask
    request: Request | None
    requests: list[Request]

    def received(self, data: bytes) -> bool:
        """Take bytes; the request is refused where all bodies together are too large."""
        taken = super().received(data)
        if self.request is not None and self.server.count_held_bytes() > MEMORY_LIMIT:
            self.request.refuse(Refusal(503, "Too many uploads at once; try again"))
        return taken

    def service(self) -> None:
        """Answer the oldest request; the last one before the server stops says so."""
        if self.server.stopping and len(self.requests) == 1:
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()

    def end_late_request(self, oldest: float) -> None:
        """Answer 408 where a request that began before that time is not complete."""
        with self.requests_lock:
            request = self.request
            if request is None or self.requests or request.begin > oldest:
                return
            request.error = request.error or Refusal(408, "The request took too long to arrive")
            self.request, self.requests = None, [request]
            self.server.add_task(self)


class Listener(TcpWSGIServer):
    """A server that, told to stop by SIGTERM or SIGINT, answers what it has accepted."""

    channel_class = Channel
    accepting: bool
    stopping = 0.0  # since when, in monotonic seconds

    def __init__(
        self, application: Any, *, host: str, port: int, work: int, upload_seconds: float
    ) -> None:
        """Bind the address; OSError, ValueError where it cannot be had.

        Args:
            work: how many requests the application may hold.
            upload_seconds: from a request's first byte to its last; later is 408.
        """
        self.upload_seconds = upload_seconds
        self.channels: dict[int, wasyncore.dispatcher] = {}
        super().__init__(
            application, map=self.channels, host=host, port=port, threads=work + SPARE_THREADS,
            connection_limit=CONNECTIONS, cleanup_interval=CHECK_SECONDS,
            channel_timeout=int(upload_seconds) + 2 * CHECK_SECONDS,
            recv_bytes=1 << 18, max_request_header_size=1 << 16, ident=None,
            log_socket_errors=False,
            send_bytes=1,  # at once, by the thread that has the answer
            # Never a temporary file; Request has the body's limit.
            inbuf_overflow=sys.maxsize, outbuf_overflow=sys.maxsize,
            max_request_body_size=sys.maxsize,
        )  # fmt: skip
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)

    def run(self) -> None:
        """Serve until a signal says to stop and everything accepted is answered."""
        while self.accepting or self.active_channels:
            wasyncore.loop(timeout=CHECK_SECONDS, use_poll=True, map=self.channels, count=1)
            if self.stopping:
                self.drain()
        self.task_dispatcher.shutdown(cancel_pending=False)

    def stop(self, number: int, frame: object) -> None:
        """Stop gracefully; a second signal ends the process at once."""
        signal.signal(number, signal.SIG_DFL)
        self.stopping = time.monotonic()
        self.pull_trigger()

    def drain(self) -> None:
        """Take what the system has accepted already, nothing later, and end what is idle."""
        known = -1
        while self.accepting and known < len(self.active_channels):
            known = len(self.active_channels)
            self.handle_accept()
        if self.accepting:
            self.accepting = False
            wasyncore.dispatcher.close(self)
        self.maintenance(time.time())
        if time.monotonic() > self.stopping + CHECK_SECONDS:
            for channel in self.active_channels.values():
                if not (channel.request or channel.requests or channel.total_outbufs_len):
                    channel.will_close = True

    def maintenance(self, now: float) -> None:
        """End connections that are quiet, and uploads that have been coming in for too long."""
        super().maintenance(now)
        oldest = time.monotonic() - self.upload_seconds
        for channel in self.active_channels.values():
            channel.end_late_request(oldest)

    def count_held_bytes(self) -> int:
        """Count the bytes of all bodies that are being read."""
        requests = [channel.request for channel in self.active_channels.values()]
        return sum(len(request.body_rcv) for request in requests if request and request.body_rcv)
