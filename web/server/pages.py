"""Pages: the built site as it is, and an upload that needs no JavaScript."""

import base64
import dataclasses
import io
from pathlib import Path
from typing import Any

from emoji_edge import Classifier, PhotoResult
from emoji_edge.annotate import EMOJI, draw_faces
from flask import Blueprint, Response, current_app, render_template, request, send_from_directory
from flask.blueprints import BlueprintSetupState
from PIL import Image
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import PathConverter

from .api import get_service
from .choices import Boxes, read_choices
from .uploads import BODY_LIMIT, PHOTO_LIMIT, Upload, classify_upload, read_uploads

pages = Blueprint("pages", __name__)

PREVIEW_SIDE = 800  # pixels
YEAR = 31_536_000  # seconds
# What the system's own table may lack or call otherwise.
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".bin": "application/octet-stream",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}


class SiteConverter(PathConverter):
    """A path outside the API, so that there a wrong method is 405 and not an unknown file."""

    regex = "(?!api/)[^/].*?"


@pages.record_once
def add_converter(state: BlueprintSetupState) -> None:
    """Let the rules below use the converter above."""
    state.app.url_map.converters["site"] = SiteConverter


@pages.get("/", defaults={"name": "index.html"})
@pages.get("/<site:name>")
def show_site(name: str) -> Response:
    """Send a file of the built site."""
    site = Path(current_app.config["SITE"])
    if not (site / "index.html").is_file():
        if name != "index.html":
            raise NotFound
        return Response(render_template("no_site.html"), 503, mimetype="text/html")
    response = send_from_directory(site, name, mimetype=MEDIA_TYPES.get(Path(name).suffix))
    if name.startswith("assets/"):  # their names change with their content
        response.cache_control.public = True
        response.cache_control.max_age = YEAR
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    return response


@pages.get("/emoji/<name>")
def show_emoji(name: str) -> Response:
    """Send Noto's picture of an emoji, since a bare system has no colour font."""
    return send_from_directory(EMOJI, name)


@pages.app_template_filter("codepoint")
def name_codepoint(emoji: str) -> str:
    """Name the picture of an emoji by its code point."""
    return f"{ord(emoji):x}"


@pages.get("/upload")
def show_form() -> str:
    """Show the upload form without any answer."""
    return render_upload([])


@pages.post("/upload")
def show_answers() -> tuple[str, int] | str:
    """Show the form's photos, each with its faces; as a page, whatever went wrong."""
    service = get_service()
    try:
        uploads = read_uploads(request)
        choices = read_choices(request, service.contract, len(uploads))
    except HTTPException as error:
        return render_upload([{"error": error.description}]), error.code or 400

    def classify(own: Classifier) -> list[dict[str, Any]]:
        classifier = choices.change(own)
        boxes = choices.boxes or (None,) * len(uploads)
        pairs = zip(uploads, boxes, strict=True)
        return [describe_answer(classifier, *pair) for pair in pairs]

    answers = service.pool.run(classify)
    (status, *others) = {answer["status"] for answer in answers}
    return render_upload(answers), 200 if others else status


def render_upload(answers: list[dict[str, Any]]) -> str:
    """Render the page of the form and of what it answered."""
    names = get_service().contract.display_names
    limits = {"megabytes": BODY_LIMIT // 10**6, "photos": PHOTO_LIMIT}
    return render_template("upload.html", answers=answers, names=names, limits=limits)


def describe_answer(classifier: Classifier, upload: Upload, boxes: Boxes | None) -> dict[str, Any]:
    """Classify a photo and describe what the page shows of it."""
    try:
        image, result = classify_upload(classifier, upload, boxes)
    except HTTPException as error:
        return {"photo": upload.name, "error": error.description, "status": error.code}
    preview = draw_preview(image, result)
    return {"photo": upload.name, "result": result, "preview": preview, "status": 200}


def draw_preview(image: Image.Image, result: PhotoResult) -> str:
    """Draw a small copy with the faces' boxes, as a data: URL; nothing is written to disk."""
    scale = min(1, PREVIEW_SIDE / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), reducing_gap=2)
    faces = tuple(
        dataclasses.replace(
            face,
            box=(
                face.box[0] * scale,
                face.box[1] * scale,
                face.box[2] * scale,
                face.box[3] * scale,
            ),
        )
        for face in result.faces
    )
    file = io.BytesIO()
    draw_faces(small, dataclasses.replace(result, faces=faces)).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
