"""The server: the built page and the API, on this computer.

    python -m web.server [--help]

`create_app` makes the Flask application; `main` runs it until SIGTERM or Ctrl-C.
"""

import contextlib
import ctypes
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import click
from emoji_edge import Classifier, ContractError, ModelError, load_contract
from emoji_edge.contract import Contract, find_models
from emoji_edge.options import count_cores
from emoji_edge.runtime import silence_runtime
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import BadRequest

from .api import Service, api
from .keras_network import KerasNetwork
from .listener import Listener, Rules
from .pages import pages
from .photos import BODY_LIMIT, PHOTO_LIMIT, PhotoRequest
from .pool import ClassifierPool
from .problems import MEDIA_TYPE, RETRY_SECONDS, add_error_handlers, describe_problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WEB = Path(__file__).parent
BACKENDS = ("tflite", "keras")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MEMORY_LIMIT = 512_000_000  # bytes of bodies that are being read
CANNOT_RUN = 2
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
LARGE_BLOCK, KEPT = 4 << 20, 16 << 20  # bytes
WORK = ("/api/predict", "/upload")  # a POST there is photos to classify


@dataclass(frozen=True)
class Settings:
    """What the server runs.

    Attributes:
        backend: "tflite", or "keras" for the .h5 itself.
        model: an artifact's name in the contract or a file; the backend's default where empty.
        threads: photos that are classified at once.
        max_queue: photos that may wait for a thread; more are refused.
        hosts: names that a request's Host may have, "*" for any.
        origins: other sites whose pages may use the API, "*" for any.
        site: folder of the built page.
    """

    backend: str = "tflite"
    model: str = ""
    threads: int = 1
    max_queue: int = 32
    hosts: tuple[str, ...] = LOOPBACK
    origins: tuple[str, ...] = ()
    site: Path = WEB / "dist"


class JSONProvider(DefaultJSONProvider):
    """Emoji stay readable, and keys keep the order of the result shape."""

    ensure_ascii = False
    sort_keys = False


class Application(Flask):
    """Flask, with uploads in memory."""

    request_class = PhotoRequest
    json_provider_class = JSONProvider

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none here is a coroutine, and Flask would look at each call."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The application with its networks loaded; ModelError, ContractError."""
    settings = settings or Settings(threads=count_cores())
    contract = load_contract()
    app = Application(__name__)
    app.config.update(
        SITE=settings.site, MAX_CONTENT_LENGTH=BODY_LIMIT, MAX_FORM_PARTS=PHOTO_LIMIT + 8
    )
    with silence_runtime():
        build = prepare_classifier(settings, contract)
        pool = ClassifierPool(build, settings.threads, settings.max_queue)
    app.extensions["emoji"] = Service(pool, contract, read_facts(settings.backend, pool.model))
    app.register_blueprint(api)
    app.register_blueprint(pages)
    add_error_handlers(app)
    add_guards(app, settings)
    return app


def prepare_classifier(settings: Settings, contract: Contract) -> Callable[[], Classifier]:
    """What builds one classifier of the backend."""
    if settings.backend == "tflite":
        return lambda: Classifier(settings.model or None)
    path = Path(settings.model or find_models() / contract.artifacts["keras"])
    name = path.name if settings.model else "keras"
    network = KerasNetwork(path, contract, name)
    return lambda: Classifier(network=network)


def read_facts(backend: str, model: dict[str, str]) -> dict:
    """What GET /api/model answers."""
    models = find_models()
    contract = json.loads((models / "contract.json").read_text(encoding="utf-8"))
    report = json.loads((models / "report.json").read_text(encoding="utf-8"))
    files = report.get("artifacts", {}).get("files", {})
    artifacts = {file: facts["sha256"] for file, facts in files.items()}
    return {
        "backend": backend, "model": model, "contract": contract, "artifacts": artifacts,
        "report": report,
    }  # fmt: skip


def read_security_headers() -> dict[str, str]:
    """The headers of every answer, from the file that the page's build reads too."""
    headers = json.loads((WEB / "headers.json").read_text(encoding="utf-8"))
    policy = headers["Content-Security-Policy"]
    text = "; ".join(f"{name} {value}".strip() for name, value in policy.items())
    return headers | {"Content-Security-Policy": text}


def add_guards(app: Flask, settings: Settings) -> None:
    """Check the Host, add the headers, write the log: for every request."""
    app.wsgi_app = add_headers(app.wsgi_app, read_security_headers())  # type: ignore[assignment, method-assign]

    @app.before_request
    def check_host() -> None:
        g.begin = time.monotonic()
        if "*" not in settings.hosts and read_host() not in settings.hosts:
            raise BadRequest("This host is not served here; --allow-host NAME adds one")

    @app.after_request
    def finish_response(response: Response) -> Response:
        if request.path.startswith("/api/") and settings.origins:
            allow_origin(response, settings.origins)
        log_request(request.method, request.path, response.status_code, time.monotonic() - g.begin)
        return response


def add_headers(application: "WSGIApplication", headers: dict[str, str]) -> "WSGIApplication":
    """The application with these in every answer: in one step, which Flask's own takes ten for."""
    added = list(headers.items())

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, found: list[tuple[str, str]], error: Any = None) -> Any:
            return start_response(status, found + added, error)

        return application(environ, start)

    return answer


def read_host() -> str:
    """The Host header without its port; empty where it is none."""
    try:
        return urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    except ValueError:
        return ""


def allow_origin(response: Response, origins: tuple[str, ...]) -> None:
    """Let the pages of other sites that are named read the answer."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin and ("*" in origins or origin in origins):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def log_request(method: str, path: str, status: int, seconds: float) -> None:
    """One line: method, path, status and milliseconds, and nothing else of the request.

    Written as it is: what Python's logging finds out for each line takes six times as long.
    """
    with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
        sys.stderr.write(f"{method} {quote(path)} {status} {1000 * seconds:.1f} ms\n")


def describe_error(status: int, detail: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body for errors that the application never sees."""
    headers = {"Content-Type": MEDIA_TYPE, **read_security_headers()}
    if status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return list(headers.items()), describe_problem(status, detail).encode()


@click.command(context_settings={"auto_envvar_prefix": "EMOJI", "show_default": True})
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--threads", default=count_cores, type=click.IntRange(1, 256),
              show_default="the cores", help="Photos classified at once.")  # fmt: skip
@click.option(
    "--backend", default="tflite", type=click.Choice(BACKENDS), help="keras runs the .h5."
)
@click.option("--model", default="", help="An artifact's name or a file.")
@click.option("--max-queue", default=32, type=click.IntRange(0, 1000),
              help="Photos that may wait; more are refused with 503.")  # fmt: skip
@click.option("--upload-seconds", default=60.0, type=click.FloatRange(0.1, 3600),
              help="A request must have arrived after so long.")  # fmt: skip
@click.option("--allow-host", multiple=True, help="A name this server may be called by; * for any.")
@click.option(
    "--allow-origin", multiple=True, help="A site whose pages may use the API; * for any."
)
@click.option("--site", type=click.Path(exists=True, file_okay=False, path_type=Path),
              show_default="web/dist", help="Folder of the built page.")  # fmt: skip
def serve(*, host: str, port: int, upload_seconds: float, allow_host: tuple[str, ...],
          allow_origin: tuple[str, ...], site: Path | None, **options) -> None:  # fmt: skip
    """Serve the page and the API. EMOJI_PORT=80 is the same as --port 80; so for each option."""
    settings = Settings(
        hosts=(*LOOPBACK, host.lower(), *(name.lower() for name in allow_host)),
        origins=allow_origin,
        site=(site or Settings.site).resolve(),
        **options,
    )
    app = create_app(settings)
    rules = Rules(
        is_work, settings.threads, settings.max_queue, BODY_LIMIT, MEMORY_LIMIT, upload_seconds,
        describe_error, log_request,
    )  # fmt: skip
    listener = open_listener(app, rules, host, port)
    model = app.extensions["emoji"].pool.model["artifact"]
    name = f"[{host}]" if ":" in host else host
    click.echo(
        f"Serving http://{name}:{listener.effective_port}/ with {model} on {settings.threads} "
        "threads; Ctrl-C stops it"
    )
    listener.run()


def is_work(method: str, path: str) -> bool:
    """Whether a request is classified, by the threads for that, in turn."""
    return method == "POST" and path in WORK


def open_listener(app: Flask, rules: Rules, host: str, port: int) -> Listener:
    """A Listener on the address; ClickException where it cannot be had."""
    try:
        return Listener(app, rules, host=host, port=port)
    except (OSError, ValueError) as error:  # waitress makes a ValueError of an unknown name
        reason = getattr(error, "strerror", None) or error
        raise click.ClickException(f"cannot listen on {host}:{port}: {reason}") from None


def return_large_blocks() -> None:
    """Let a large photo's memory go back to the system as soon as it is freed.

    glibc learns to keep such blocks, for each thread its own, so that memory would grow with every
    thread that once saw a large photo. A threshold that is set stays as it is. What a common photo
    takes is kept: to ask the system for it anew makes each photo a third slower.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(M_TRIM_THRESHOLD, KEPT)


def silence_waitress() -> None:
    """Its own messages would name paths with their data."""
    for name in ("waitress", "waitress.queue"):
        logging.getLogger(name).disabled = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    warnings.simplefilter("ignore")  # of Pillow, about damaged photos
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    silence_waitress()
    return_large_blocks()
    try:
        return serve.main(arguments, prog_name="web.server", standalone_mode=False) or 0
    except click.ClickException as error:
        reason = error.format_message()
    except (ModelError, ContractError) as error:
        reason = str(error)
    print(f"error: {' '.join(reason.split())}", file=sys.stderr)
    return CANNOT_RUN


if __name__ == "__main__":
    raise SystemExit(main())
