"""The WSGI server: waitress, with a deadline for uploads, a drain on SIGTERM and its own errors.

Waitress reads requests in one loop and hands complete ones to its threads, so slow clients hold no
thread. It would spool large bodies to disk; here it never does. It knows only a timeout between two
packets and drops connections when it ends; both are mended below through its own hooks. Work has
threads of its own, as many as can run: each goes from one request straight to the next.
"""

import io
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, Task, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

IDLE_SECONDS = 30  # a connection may stay open that long between two requests
LAST_CALL_SECONDS = 1  # when stopping: for requests that are on their way
CONNECTIONS = 512  # a process may open 1,024 files on most systems
RECEIVE_BYTES = 1 << 18  # at once: a photo in few turns of the loop
SEND_BYTES = 1 << 18  # an answer of less is sent in one piece, when it is complete
SPARE_THREADS = 4  # answer all but work, refusals too
PAUSE_SECONDS, REST_SECONDS = 0.004, 0.016  # between two looks at the queue, and all in all
CHECK_SECONDS = 0.25  # between two looks for late and idle connections
OVERFLOW = "emoji.overflow"  # in the environ of work that came when too much waited already

# What an error that no application sees is answered with: headers and body of a status.
DescribeError = Callable[[int, str], tuple[list[tuple[str, str]], bytes]]
LogRequest = Callable[[str, str, int, float], None]  # method, path, status, seconds
IsWork = Callable[[str, str], bool]  # method, path


@dataclass(frozen=True)
class Rules:
    """How a Listener treats requests.

    Attributes:
        is_work: tells by method and path what is work.
        threads: requests with work that are answered at once.
        max_queue: requests with work that may wait; the application is asked to refuse more.
        body_limit: bytes of the largest body; more is 413.
        memory_limit: bytes of all bodies that are being read; more is 503.
        upload_seconds: a request must be complete after so many, else 408.
        describe_error: headers and body for a status and its explanation.
        log_request: is told of each request that the application does not see.
    """

    is_work: IsWork
    threads: int
    max_queue: int
    body_limit: int
    memory_limit: int
    upload_seconds: float
    describe_error: DescribeError
    log_request: LogRequest


class RequestTimeout(BadRequest):
    """The request was not complete in time."""

    code = 408
    reason = "Request Timeout"


class ServiceUnavailable(Error):
    """Too many uploads are held in memory already."""

    code = 503
    reason = "Service Unavailable"


class _Nowhere:
    """A body's buffer that keeps nothing."""

    def append(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass

    def getfile(self) -> io.BytesIO:
        return io.BytesIO()

    def __len__(self) -> int:
        return 0


class Request(HTTPRequestParser):
    """A request as it comes in. A body that is refused is still read, and thrown away: a
    connection closed before would hide the answer from the client."""

    error: Error | None
    completed: bool
    expect_continue: bool
    refusal: Error | None = None
    is_overflow = False

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.begin = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take bytes; returns how many belong to this request."""
        consumed = super().received(data)
        size = max(self.content_length, self.body_bytes_received)
        if size > self.adj.body_limit and not self.error:
            self.refuse(RequestEntityTooLarge(f"The request is over {self.adj.body_limit:,} bytes"))
        if self.completed and self.refusal:
            self.error = self.error or self.refusal
        return consumed

    def refuse(self, refusal: Error) -> None:
        """Keep no more of the body; the refusal is the answer once it ends."""
        self.refusal = self.refusal or refusal
        if self.body_rcv is not None:
            self.body_rcv.buf.close()
            self.body_rcv.buf = _Nowhere()
        if self.expect_continue:  # the client waits for a word before it sends the body
            self.expect_continue = False
            self.completed = True


class SendingTask(Task):
    """Sends its answer itself: to wake the loop for that takes the processors longer."""

    def finish(self) -> None:
        """Complete the answer, and send what the client takes now."""
        super().finish()
        self.channel.send_answer()


class AnswerTask(SendingTask, WSGITask):
    """Has the application answer."""

    def get_environment(self) -> dict[str, Any]:
        """WSGI's environ; it says where the request may not wait."""
        environ = super().get_environment()
        environ[OVERFLOW] = self.request.is_overflow
        return environ


class RefusalTask(SendingTask, ErrorTask):
    """Answers what waitress itself refuses as the application would have."""

    def execute(self) -> None:
        """Write the answer and close the connection."""
        error, server = self.request.error, self.channel.server
        headers, body = server.rules.describe_error(error.code, error.body)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        method = getattr(self.request, "command", "-")  # unknown where the head was not understood
        path = getattr(self.request, "path", "-").encode("latin-1").decode("utf-8", "replace")
        self.write(b"" if method == "HEAD" else body)
        server.rules.log_request(method, path, error.code, time.monotonic() - self.request.begin)


class Channel(HTTPChannel):
    """One connection."""

    parser_class = Request
    task_class = AnswerTask
    error_task_class = RefusalTask
    request: Request | None

    def received(self, data: bytes) -> bool:
        """Take bytes; a body that does not fit into memory beside the others is refused."""
        taken = super().received(data)
        if self.request is not None and self.server.is_memory_full():
            self.request.refuse(ServiceUnavailable("Too many uploads at once; try again"))
        return taken

    def send_answer(self) -> None:
        """Send without waiting; the loop sends what is left. Only while the request is in work."""
        with self.outbuf_lock:
            if self.total_outbufs_len:
                self._flush_exception(self._flush_some, do_close=False)

    def service(self) -> None:
        """Answer the oldest request; the last one before the server stops says so."""
        if self.server.stopping and len(self.requests) == 1:
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()

    def end_late_request(self, oldest: float) -> None:
        """Answer 408 where the request is not complete and began before the oldest that may be."""
        with self.requests_lock:
            request = self.request
            if request is None or self.requests or request.begin > oldest:
                return
            request.error = request.refusal or RequestTimeout("The request took too long to arrive")
            request.completed = True
            self.request = None
            self.requests.append(request)
            self.server.add_task(self)

    def is_idle(self) -> bool:
        """Nothing is half read, being answered or half written."""
        return not (self.request or self.requests or self.total_outbufs_len)


class Listener(TcpWSGIServer):
    """Serves a WSGI application until SIGTERM or SIGINT, then answers what it has accepted."""

    channel_class = Channel
    accepting: bool

    def __init__(self, application: Any, rules: Rules, *, host: str, port: int) -> None:
        """Bind the address; OSError where it cannot be had."""
        self.rules = rules
        adj = Adjustments(
            host=host, port=port, threads=SPARE_THREADS, ident=None, recv_bytes=RECEIVE_BYTES,
            send_bytes=SEND_BYTES, connection_limit=CONNECTIONS, channel_timeout=IDLE_SECONDS,
            asyncore_use_poll=True, log_socket_errors=False, max_request_header_size=1 << 16,
            # Never a temporary file, and the body's limit is Request's business.
            inbuf_overflow=sys.maxsize, outbuf_overflow=sys.maxsize,
            max_request_body_size=sys.maxsize,
        )  # fmt: skip
        adj.body_limit = rules.body_limit
        self.work_dispatcher = ThreadedTaskDispatcher()
        self.work_dispatcher.set_thread_count(rules.threads)
        self.stopping = 0.0  # since when, in monotonic seconds
        super().__init__(application, adj=adj)
        for number in (signal.SIGTERM, signal.SIGINT):  # from now on connections are accepted
            signal.signal(number, self.stop)

    def run(self) -> None:
        """Serve until a signal says to stop and everything accepted is answered."""
        is_done, next_check = False, 0.0
        while not is_done:
            wasyncore.loop(timeout=0.5, use_poll=True, map=self._map, count=1)
            self.rest()
            if time.monotonic() >= next_check:
                self.end_late_requests()
                self.maintenance(time.time())  # which closes connections that have gone quiet
                next_check = time.monotonic() + CHECK_SECONDS
            if self.stopping:
                self.stop_listening()
                self.close_idle_channels()
                is_done = not self.active_channels
        for dispatcher in (self.task_dispatcher, self.work_dispatcher):
            dispatcher.shutdown(cancel_pending=False)

    def rest(self) -> None:
        """Leave the processors to the threads while each has more to do: requests that came
        meanwhile are read together, which interrupts the work less often. Not amid a request."""
        if any(channel.request for channel in self.active_channels.values()):
            return
        end = time.monotonic() + REST_SECONDS
        while len(self.work_dispatcher.queue) >= self.rules.threads and time.monotonic() < end:
            time.sleep(PAUSE_SECONDS)

    def add_task(self, channel: Channel) -> None:
        """Hand a connection's oldest request to a thread."""
        request = channel.requests[0]
        if request.error or not self.rules.is_work(request.command, request.path):
            self.task_dispatcher.add_task(channel)
        elif self.is_queue_full():
            request.is_overflow = True
            self.task_dispatcher.add_task(channel)
        else:
            self.work_dispatcher.add_task(channel)

    def is_queue_full(self) -> bool:
        """Whether as much work waits as may."""
        work = self.work_dispatcher
        with work.lock:
            idle = len(work.threads) - work.active_count
            return len(work.queue) - idle >= self.rules.max_queue

    def stop(self, number: int, frame: object) -> None:
        """Stop gracefully; a second signal stops at once."""
        signal.signal(number, signal.SIG_DFL)
        self.stopping = time.monotonic()
        self.pull_trigger()

    def stop_listening(self) -> None:
        """Take the connections that the system has accepted for this process, and no more."""
        if not self.accepting:
            return
        known = -1
        while known < len(self.active_channels):
            known = len(self.active_channels)
            self.handle_accept()
        self.accepting = False
        wasyncore.dispatcher.close(self)

    def close_idle_channels(self) -> None:
        """After a last call for what is on its way."""
        if time.monotonic() < self.stopping + LAST_CALL_SECONDS:
            return
        for channel in list(self.active_channels.values()):
            if channel.is_idle():
                channel.will_close = True

    def end_late_requests(self) -> None:
        """Those that have been coming in for too long, however steadily."""
        oldest = time.monotonic() - self.rules.upload_seconds
        for channel in list(self.active_channels.values()):
            channel.end_late_request(oldest)

    def is_memory_full(self) -> bool:
        """Whether the bodies that are being read take more than they may."""
        requests = [channel.request for channel in self.active_channels.values()]
        held = sum(len(r.body_rcv) for r in requests if r is not None and r.body_rcv is not None)
        return held > self.rules.memory_limit
