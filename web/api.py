"""The API: POST /api/predict and what describes it."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from emoji_edge import Classifier
from emoji_edge.contract import Contract
from flask import Blueprint, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from .listener import OVERFLOW
from .openapi import build_document
from .photos import Upload, classify_upload, read_options, read_uploads
from .pool import ClassifierPool, PoolFullError

api = Blueprint("api", __name__)


@dataclass(frozen=True)
class Service:
    """What the routes share.

    Attributes:
        facts: the answer of GET /api/model.
    """

    pool: ClassifierPool
    contract: Contract
    facts: dict[str, Any]


def get_service() -> Service:
    """The application's."""
    return current_app.extensions["emoji"]


def borrow_classifier() -> AbstractContextManager[Classifier]:
    """The pool's, for the request; PoolFullError, too where the listener's queue was full."""
    if request.environ.get(OVERFLOW):
        raise PoolFullError
    return get_service().pool.borrow()


@api.post("/api/predict")
def predict() -> Response:
    """The result of one photo, or a list of the results and failures of several."""
    service = get_service()
    with borrow_classifier() as borrowed:
        uploads = read_uploads(request)
        options = read_options(request, service.contract)
        classifier = borrowed.change_options(**options) if options else borrowed
        if len(uploads) == 1:
            return jsonify(classify_upload(classifier, uploads[0])[1].to_dict())
        return jsonify({"results": [answer_one(classifier, upload) for upload in uploads]})


def answer_one(classifier: Classifier, upload: Upload) -> dict[str, Any]:
    """One of several: its result or its failure."""
    try:
        return classify_upload(classifier, upload)[1].to_dict()
    except HTTPException as error:
        return {"photo": upload.name, "error": error.description}


@api.get("/api/model")
def show_model() -> Response:
    """What is served: contract, hashes and every measured number."""
    response = jsonify(get_service().facts)
    response.add_etag()
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


@api.get("/healthz")
def check_health() -> Response:
    """The server runs; also while it refuses photos."""
    return jsonify({"status": "ok"})


@api.get("/api/openapi.json")
def show_document() -> Response:
    """This API as OpenAPI 3.1."""
    return jsonify(build_document(get_service().contract))


@api.get("/api/docs")
def show_docs() -> str:
    """The same for people."""
    return render_template("docs.html", document=build_document(get_service().contract))


@api.app_template_filter("pretty")
def format_json(value: object) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)
