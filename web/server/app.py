"""The Flask application: the built page and the API, with their checks and headers."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emoji_edge import Classifier, load_contract
from emoji_edge.contract import Contract, find_models
from emoji_edge.runtime import silence_runtime
from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest

from .api import HEALTH, Service, api
from .forms import PhotoRequest
from .headers import read_security_headers
from .keras_network import KerasNetwork
from .log import log_request
from .pages import pages
from .places import SITE
from .pool import ClassifierPool
from .problems import add_error_handlers
from .uploads import BODY_LIMIT, PHOTO_LIMIT

BACKENDS = ("tflite", "keras")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class ServerSettings:
    """What the application serves, and to whom.

    Attributes:
        backend: "tflite", or "keras" for the .h5 itself.
        model: an artifact's name in the contract or a file; the backend's default where empty.
        threads: photos that are classified at once.
        max_queue: requests that may wait for a thread; more are refused.
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
    site: Path = SITE


def create_app(settings: ServerSettings | None = None) -> Flask:
    """Make the application with its networks loaded; ModelError, ContractError."""
    settings = settings or ServerSettings()
    contract = load_contract()
    app = Flask(__name__)
    app.request_class = PhotoRequest
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # emoji stay readable
    app.json.sort_keys = False  # type: ignore[attr-defined] # the result shape has an order
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


def prepare_classifier(settings: ServerSettings, contract: Contract) -> Callable[[], Classifier]:
    """Prepare the function that builds one classifier of the backend; ModelError."""
    if settings.backend == "tflite":
        return lambda: Classifier(settings.model or None)
    path = Path(settings.model or find_models() / contract.artifacts["keras"])
    name = path.name if settings.model else "keras"
    network = KerasNetwork(path, contract, name)
    return lambda: Classifier(network=network)


def read_facts(backend: str, model: dict[str, str]) -> dict[str, Any]:
    """Read what GET /api/model answers: backend, network, contract, hashes, report."""
    models = find_models()
    contract = json.loads((models / "contract.json").read_text(encoding="utf-8"))
    report = json.loads((models / "report.json").read_text(encoding="utf-8"))
    files = report.get("artifacts", {}).get("files", {})
    artifacts = {file: facts["sha256"] for file, facts in files.items()}
    return {
        "backend": backend, "model": model, "contract": contract, "artifacts": artifacts,
        "report": report,
    }  # fmt: skip


def add_guards(app: Flask, settings: ServerSettings) -> None:
    """Check the Host, add the headers and write the log, for every request."""

    @app.before_request
    def check_host() -> None:
        g.begin = time.monotonic()
        allowed = request.path == HEALTH or "*" in settings.hosts  # a probe calls by any address
        if not allowed and read_host() not in settings.hosts:
            raise BadRequest("This host is not served here; --allow-host NAME adds one")

    @app.after_request
    def finish_response(response: Response) -> Response:
        response.headers.update(read_security_headers())
        if request.path.startswith("/api/") and settings.origins:
            allow_origin(response, settings.origins)
        log_request(request.method, request.path, response.status_code, time.monotonic() - g.begin)
        return response


def read_host() -> str:
    """Read the request's Host without its port; empty where it is none."""
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
