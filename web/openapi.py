"""The API's description, OpenAPI 3.1, with the labels and limits of the running server."""

import importlib.metadata
from typing import Any

from emoji_edge.classify import FACE_MODES
from emoji_edge.contract import Contract

from .photos import BODY_LIMIT, FIELD, PHOTO_LIMIT
from .problems import MEDIA_TYPE

JSON = "application/json"
RESULT = "#/components/schemas/Result"
PROBLEMS = {
    "400": f"No photo or more than {PHOTO_LIMIT}, a wrong option, or a host that is not served",
    "408": "The request did not arrive in time",
    "413": f"More than {BODY_LIMIT // 10**6} MB",
    "415": "Neither a form nor an image",
    "422": "A picture that cannot be decoded or has too many pixels",
    "503": "Too many photos at once",
}


def build_document(contract: Contract) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Emoji the Possibilities",
            "version": importlib.metadata.version("emoji-edge"),
            "description": "Names the expression on every face of a photo. A photo is read in "
            "memory, answered and forgotten.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/api/predict": {"post": describe_predict(contract)},
            "/api/model": {
                "get": describe_get(
                    "What is served: backend, network, contract, artifact hashes, report",
                    "getModel",
                    {"$ref": "#/components/schemas/Model"},
                )
            },
            "/api/openapi.json": {
                "get": describe_get("This document", "getDocument", {"type": "object"})
            },
            "/healthz": {
                "get": describe_get(
                    "Whether the server runs",
                    "getHealth",
                    {
                        "type": "object",
                        "required": ["status"],
                        "properties": {"status": {"const": "ok"}},
                    },
                    {"status": "ok"},
                )
            },
        },
        "components": {"schemas": build_schemas(contract)},
    }


def describe_get(
    summary: str, operation: str, schema: dict[str, Any], example: Any = None
) -> dict[str, Any]:
    """An operation without parameters that answers JSON."""
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {
        "summary": summary,
        "operationId": operation,
        "responses": {
            "200": {"description": summary, "content": {JSON: media}},
            "400": describe_refusal("400") | {"description": "A host that is not served"},
        },
    }


def describe_refusal(status: str) -> dict[str, Any]:
    """A refusal, which is a problem detail."""
    refusal: dict[str, Any] = {
        "description": PROBLEMS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == "503":
        refusal["headers"] = {
            "Retry-After": {
                "description": "Seconds to wait",
                "required": True,
                "schema": {"type": "integer", "minimum": 0},
            }
        }
    return refusal


def describe_predict(contract: Contract) -> dict[str, Any]:
    """POST /api/predict."""
    options = describe_options(contract)
    return {
        "summary": "Name the expression on every face of one photo or of several",
        "description": "One photo answers its result; several answer a list in their order, in "
        "which a photo that cannot be used has its error. Options may stand in the query or in "
        "the form.",
        "operationId": "predict",
        "parameters": [
            {"name": name, "in": "query", "required": False, **option}
            for name, option in options.items()
        ],
        "requestBody": {"required": True, "content": describe_bodies(options)},
        "responses": {
            "200": {
                "description": "The result, or the results",
                "content": {
                    JSON: {
                        "schema": {
                            "oneOf": [{"$ref": RESULT}, {"$ref": "#/components/schemas/Results"}]
                        },
                        "examples": build_examples(contract),
                    }
                },
            },
            **{status: describe_refusal(status) for status in PROBLEMS},
        },
    }


def describe_options(contract: Contract) -> dict[str, dict[str, Any]]:
    """The options with their schemas."""
    return {
        "top": {
            "description": "How many expressions a face gets",
            "schema": {
                "type": "integer",
                "minimum": 1,
                "maximum": len(contract.labels),
                "default": contract.top,
            },
        },
        "face": {
            "description": "auto: every face found, and a small picture is a face; largest: one; "
            "whole: the picture is the face",
            "schema": {"enum": list(FACE_MODES), "type": "string", "default": "auto"},
        },
    }


def describe_bodies(options: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A form with photos, or one image as it is."""
    photo = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "required": [FIELD],
        "additionalProperties": False,
        "properties": {
            FIELD: {"type": "array", "items": photo, "minItems": 1, "maxItems": PHOTO_LIMIT},
            **{name: option["schema"] for name, option in options.items()},
        },
    }
    return {
        "multipart/form-data": {
            "schema": form,
            "encoding": {FIELD: {"contentType": "image/*, application/octet-stream"}},
        },
        "image/*": {"schema": photo},
    }


def build_schemas(contract: Contract) -> dict[str, Any]:
    """The shapes of the answers."""
    labels = list(contract.labels)
    share = {"type": "number", "minimum": 0, "maximum": 1}
    text = {"type": "string"}
    model = describe_object(artifact=text, sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"})
    expression = describe_object(
        label={"type": "string", "enum": labels},
        emoji={"type": "string", "enum": [contract.emoji[label] for label in labels]},
        score=share,
    )
    face = describe_object(
        box=describe_list({"type": "number"}, 4, 4)
        | {"description": "x0, y0, x1, y1 in pixels of the upright photo"},
        detection={"type": ["number", "null"], "minimum": 0, "maximum": 1}
        | {"description": "null where the picture was taken as the face"},
        not_sure={"type": "boolean"},
        expressions=describe_list(expression, 1, len(labels)) | {"description": "best first"},
    )
    return {
        "Result": describe_object(
            photo=text,
            size=describe_list({"type": "integer", "minimum": 1}, 2, 2),
            faces={"type": "array", "items": face, "description": "largest first"},
            model=model,
        ),
        "Failure": describe_object(photo=text, error=text),
        "Results": describe_object(
            results=describe_list(
                {"oneOf": [{"$ref": RESULT}, {"$ref": "#/components/schemas/Failure"}]},
                2,
                PHOTO_LIMIT,
            )
        ),
        "Problem": describe_object(type=text, title=text, status={"type": "integer"}, detail=text)
        | {"description": "Problem details, RFC 9457"},
        "Model": describe_object(
            backend=text,
            model=model,
            contract={"type": "object"},
            artifacts={"type": "object", "additionalProperties": model["properties"]["sha256"]},
            report={"type": "object"},
        ),
    }


def describe_object(**properties: Any) -> dict[str, Any]:
    """An object with all of these properties and no other."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def describe_list(items: dict[str, Any], least: int, most: int) -> dict[str, Any]:
    """A list of so many."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def build_examples(contract: Contract) -> dict[str, Any]:
    """Answers that show the shape; their numbers are made up."""
    scores = [round(0.9 * 0.1**i, 4) for i in range(contract.top)]
    result = {
        "photo": "ann.jpg",
        "size": [640, 480],
        "faces": [
            {
                "box": [212.4, 96.1, 388.0, 271.7],
                "detection": 0.93,
                "not_sure": False,
                "expressions": [
                    {"label": label, "emoji": contract.emoji[label], "score": score}
                    for label, score in zip(contract.labels, scores, strict=False)
                ],
            }
        ],
        "model": {"artifact": contract.artifacts["default"]["tflite"], "sha256": 64 * "0"},
    }
    failure = {"photo": "notes.pdf", "error": "application/pdf is not an image type"}
    return {
        "one photo": {"value": result},
        "several photos": {"value": {"results": [result, failure]}},
    }
