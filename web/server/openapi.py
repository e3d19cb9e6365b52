"""The API's description, OpenAPI 3.1, with the labels and limits of the running server."""

import importlib.metadata
from typing import Any

from emoji_edge.classify import FACE_MODES
from emoji_edge.contract import Contract
from emoji_edge.result import GIVEN, HEADS

from .choices import BOX_LIMIT
from .problems import MEDIA_TYPE
from .uploads import BODY_LIMIT, FIELD, PHOTO_LIMIT

JSON = "application/json"
RESULT = "#/components/schemas/Result"
PROBLEMS = {
    "400": f"No photo or more than {PHOTO_LIMIT}, a wrong option, or a host that is not served",
    "408": "The request did not arrive in time",
    "413": f"More than {BODY_LIMIT // 10**6} MB",
    "415": "Neither a form nor an image",
    "422": "A picture that cannot be decoded, has too many pixels, or does not hold a box",
    "503": "Too many photos at once",
}


def build_document(contract: Contract) -> dict[str, Any]:
    """Build the whole OpenAPI document of this server."""
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
            "/healthz": {"get": describe_health()},
        },
        "components": {"schemas": build_schemas(contract)},
    }


def describe_get(summary: str, operation: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe an operation without parameters that answers JSON."""
    return {
        "summary": summary,
        "operationId": operation,
        "responses": {
            "200": {"description": summary, "content": {JSON: {"schema": schema}}},
            "400": describe_refusal("400") | {"description": "A host that is not served"},
        },
    }


def describe_health() -> dict[str, Any]:
    """Describe GET /healthz, which answers whatever its Host."""
    operation = describe_get(
        "Whether the server runs", "getHealth", describe_object(status={"const": "ok"})
    )
    del operation["responses"]["400"]
    operation["responses"]["200"]["content"][JSON]["example"] = {"status": "ok"}
    return operation


def describe_refusal(status: str) -> dict[str, Any]:
    """Describe a refusal, which is a problem detail."""
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
    """Describe the operation POST /api/predict in full."""
    options = describe_options(contract)
    return {
        "summary": "Name the expression on every face of one photo or of several",
        "description": "One photo answers its result; several answer a list in their order, in "
        "which a photo that cannot be used has its error. Options may stand in the query or in "
        "the form.",
        "operationId": "predict",
        "parameters": [
            {"name": name, "in": "query", "required": False} | describe_parameter(option)
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
    """Describe the options of a classification with their schemas."""
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
            "schema": {"enum": list(FACE_MODES), "type": "string", "default": FACE_MODES[0]},
        },
        "rank_by": {
            "description": "What the scores are. scores: the share of people who would choose each "
            "expression; label_scores: what FER-2013's own label would be, for comparison",
            "schema": {"enum": list(HEADS), "type": "string", "default": HEADS[0]},
        },
        **describe_finder(contract),
    }


def describe_finder(contract: Contract) -> dict[str, dict[str, Any]]:
    """Describe the options that say how to find faces, or where they are."""
    box = describe_list({"type": "number", "minimum": -1e6, "maximum": 1e6}, 4, 4)
    boxes = {"type": "array", "items": box, "maxItems": BOX_LIMIT}
    several = {"type": ["array", "null"], "items": box, "maxItems": BOX_LIMIT}
    return {
        "threshold": {
            "description": "The least score of the detector that is a face",
            "schema": {
                "type": "number",
                "minimum": 0.01,
                "maximum": 0.99,
                "default": contract.detector_threshold,
            },
        },
        "smallest_face": {
            "description": "The side in pixels of the smallest face that matters; smaller ones are "
            "left out",
            "schema": {"type": "number", "minimum": 1, "maximum": 1e6},
        },
        "tiles": {
            "description": "Whether a large photo is searched in tiles for small faces too",
            "schema": {"type": "boolean", "default": True},
        },
        "boxes": {
            "description": "Where the faces are, x0, y0, x1, y1 in pixels of the upright photo, "
            "instead of finding them; each has a pixel of the photo and is at most "
            f"{contract.longest_box} times as long as its longer side. Of several photos "
            "a list for each, or null",
            "schema": {"anyOf": [boxes, describe_list(several, 2, PHOTO_LIMIT)]},
        },
    }


def describe_parameter(option: dict[str, Any]) -> dict[str, Any]:
    """Describe an option in the query: lists are written as JSON."""
    if "anyOf" not in option["schema"]:
        return option
    return {
        "description": option["description"],
        "content": {JSON: {"schema": option["schema"]}},
    }


def describe_bodies(options: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Describe the bodies: a form with photos, or one image as it is."""
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
            "encoding": {
                FIELD: {"contentType": "image/*, application/octet-stream"},
                "boxes": {"contentType": JSON},
            },
        },
        "image/*": {"schema": photo},
    }


def build_schemas(contract: Contract) -> dict[str, Any]:
    """Build the schemas of all that the API answers."""
    text = {"type": "string"}
    model = describe_object(artifact=text, sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"})
    return {
        "Result": describe_result(contract, model),
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


def describe_result(contract: Contract, model: dict[str, Any]) -> dict[str, Any]:
    """Describe the shape of a photo's result; model: that of its network."""
    faces = {"type": "array", "items": describe_face(contract), "description": "largest first"}
    chosen = {
        name: {"type": "string", "enum": list(choices[1:])}
        | {"description": f"there where `{option}` is not the default"}
        for name, option, choices in (
            ("ranked_by", "rank_by", HEADS),
            ("face_mode", "face", (*FACE_MODES, GIVEN)),
        )
    }
    finder = describe_finder(contract)
    chosen["finder"] = describe_object(
        **{name: finder[name]["schema"] for name in finder if name != "boxes"},
        optional=tuple(finder),
    ) | {"description": "the options of finding faces that are not the default"}
    return describe_object(
        photo={"type": "string"},
        size=describe_list({"type": "integer", "minimum": 1}, 2, 2),
        faces=faces,
        model=model,
        **chosen,
        optional=tuple(chosen),
    )


def describe_face(contract: Contract) -> dict[str, Any]:
    """Describe the shape of one face in a result."""
    labels = list(contract.labels)
    expression = describe_object(
        label={"type": "string", "enum": labels},
        emoji={"type": "string", "enum": [contract.emoji[label] for label in labels]},
        score={"type": "number", "minimum": 0, "maximum": 1},
    )
    return describe_object(
        box=describe_list({"type": "number"}, 4, 4)
        | {"description": "x0, y0, x1, y1 in pixels of the upright photo"},
        roll={"type": ["number", "null"], "minimum": -180, "maximum": 180}
        | {
            "description": "degrees that the head is tilted clockwise in the photo; null where the "
            "picture was taken as the face"
        },
        detection={"type": ["number", "null"], "minimum": 0, "maximum": 1}
        | {"description": "null where the picture was taken as the face"},
        not_sure={"type": "boolean"},
        expressions=describe_list(expression, 1, len(labels)) | {"description": "best first"},
    )


def describe_object(*, optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """Describe an object with all of these properties, but for the optional ones, and no other."""
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
        "properties": properties,
    }


def describe_list(items: dict[str, Any], least: int, most: int) -> dict[str, Any]:
    """Describe a list by its items and its lengths."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def build_examples(contract: Contract) -> dict[str, Any]:
    """Build answers that show the shape; their numbers are made up."""
    scores = [round(0.9 * 0.1**i, 4) for i in range(contract.top)]
    result = {
        "photo": "ann.jpg",
        "size": [640, 480],
        "faces": [
            {
                "box": [212.4, 96.1, 388.0, 271.7],
                "roll": -4.2,
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
