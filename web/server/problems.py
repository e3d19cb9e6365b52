"""Errors as problem details (RFC 9457), and as a page where a person asked for one."""

import json
import traceback
from http import HTTPStatus

from emoji_edge.console import say_error
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from .headers import read_security_headers
from .pool import PoolFullError
from .uploads import BODY_LIMIT, PHOTO_LIMIT

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1  # after a refusal
DETAILS = {  # instead of the framework's words
    404: "There is nothing at this address",
    413: f"A request takes {BODY_LIMIT // 10**6} MB and {PHOTO_LIMIT} photos",
}


def describe_problem(status: int, detail: str) -> str:
    """Write the problem details of a status as JSON."""
    title = HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return json.dumps(problem, ensure_ascii=False)


def make_problem_headers(status: int) -> dict[str, str]:
    """Make the headers of a problem that the application never sees."""
    headers = {"Content-Type": MEDIA_TYPE} | read_security_headers()
    return headers | ({"Retry-After": str(RETRY_SECONDS)} if status == 503 else {})


def add_error_handlers(app: Flask) -> None:
    """Answer every error of the application with its problem details or its page."""
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(PoolFullError, answer_full)
    app.register_error_handler(Exception, answer_crash)


def answer_error(error: HTTPException) -> Response:
    """Answer an error that has a status, as problem details or as a page."""
    if error.response is not None:  # a redirect
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    detail = DETAILS.get(status, error.description or "")
    headers = [(k, v) for k, v in error.get_headers() if k.lower() != "content-type"]
    if wants_page():
        title = HTTPStatus(status).phrase
        page = render_template("error.html", title=title, detail=detail)
        return Response(page, status, headers, mimetype="text/html")
    return Response(describe_problem(status, detail), status, headers, mimetype=MEDIA_TYPE)


def answer_full(error: PoolFullError) -> Response:
    """Answer 503 where too many wait; nothing was wrong with the request."""
    return answer_error(
        ServiceUnavailable("Too many photos at once; try again", retry_after=RETRY_SECONDS)
    )


def answer_crash(error: Exception) -> Response:
    """Answer 500; the log says where in the code it happened, never with what data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    say_error(f"error: {type(error).__name__} at {place.filename}:{place.lineno}")
    return answer_error(InternalServerError("The server failed; the request may be right"))


def wants_page() -> bool:
    """Tell whether a person waits for the answer in a browser."""
    if request.path.startswith("/api/"):
        return False
    return request.accept_mimetypes.best_match([MEDIA_TYPE, "text/html"]) == "text/html"
