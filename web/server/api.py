"""The API: POST /api/predict and what describes it."""

import json
from dataclasses import dataclass
from typing import Any

from emoji_edge import Classifier
from emoji_edge.contract import Contract
from flask import Blueprint, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from .choices import Boxes, read_choices
from .openapi import build_document
from .pool import ClassifierPool
from .uploads import Upload, classify_upload, read_uploads

api = Blueprint("api", __name__)

HEALTH = "/healthz"


@dataclass(frozen=True)
class Service:
    """The pool, the contract and the facts that all routes share.

    Attributes:
        facts: the answer of GET /api/model.
    """

    pool: ClassifierPool
    contract: Contract
    facts: dict[str, Any]


def get_service() -> Service:
    """Find what the routes of the current application share."""
    return current_app.extensions["emoji"]


@api.post("/api/predict")
def predict() -> Response:
    """Answer one photo's result, or a list of the results and failures of several."""
    service = get_service()
    uploads = read_uploads(request)
    choices = read_choices(request, service.contract, len(uploads))
    boxes = choices.boxes or (None,) * len(uploads)

    def classify(own: Classifier) -> dict[str, Any]:
        classifier = choices.change(own)
        if len(uploads) == 1:
            return classify_upload(classifier, uploads[0], boxes[0])[1].to_dict()
        pairs = zip(uploads, boxes, strict=True)
        return {"results": [answer_one(classifier, *pair) for pair in pairs]}

    return jsonify(service.pool.run(classify))


def answer_one(classifier: Classifier, upload: Upload, boxes: Boxes | None) -> dict[str, Any]:
    """Classify one photo of several; its result or its failure."""
    try:
        return classify_upload(classifier, upload, boxes)[1].to_dict()
    except HTTPException as error:
        return {"photo": upload.name, "error": error.description}


@api.get("/api/model")
def show_model() -> Response:
    """Show what is served: contract, hashes and every measured number."""
    response = jsonify(get_service().facts)
    response.add_etag()
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


@api.get(HEALTH)
def check_health() -> Response:
    """Say that the server runs, also while it refuses photos."""
    return jsonify({"status": "ok"})


@api.get("/api/openapi.json")
def show_document() -> Response:
    """Show this API as an OpenAPI 3.1 document."""
    return jsonify(build_document(get_service().contract))


@api.get("/api/docs")
def show_docs() -> str:
    """Show the OpenAPI document as a page for people."""
    return render_template("docs.html", document=build_document(get_service().contract))


@api.app_template_filter("pretty")
def format_json(value: object) -> str:
    """Format a value as JSON that people can read."""
    return json.dumps(value, indent=2, ensure_ascii=False)
