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

from .api import borrow_classifier, get_service
from .photos import BODY_LIMIT, PHOTO_LIMIT, Upload, classify_upload, read_options, read_uploads

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
    """Let the rules below use it."""
    state.app.url_map.converters["site"] = SiteConverter


@pages.get("/", defaults={"name": "index.html"})
@pages.get("/<site:name>")
def show_site(name: str) -> Response:
    """A file of the built site."""
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
    """Noto's picture of an emoji, since a bare system has no colour font."""
    return send_from_directory(EMOJI, name)


@pages.app_template_filter("codepoint")
def name_codepoint(emoji: str) -> str:
    """What an emoji's picture is called."""
    return f"{ord(emoji):x}"


@pages.get("/upload")
def show_form() -> str:
    """The form."""
    return render_upload([])


@pages.post("/upload")
def show_answers() -> tuple[str, int] | str:
    """The form's photos, each with its faces; as a page, whatever went wrong."""
    service = get_service()
    with borrow_classifier() as borrowed:
        try:
            uploads = read_uploads(request)
            classifier = borrowed.change_options(**read_options(request, service.contract))
        except HTTPException as error:
            return render_upload([{"error": error.description}]), error.code or 400
        answers = [describe_answer(classifier, upload) for upload in uploads]
    (status, *others) = {answer["status"] for answer in answers}
    return render_upload(answers), 200 if others else status


def render_upload(answers: list[dict[str, Any]]) -> str:
    """The page of the form and of what it answered."""
    names = get_service().contract.display_names
    limits = {"megabytes": BODY_LIMIT // 10**6, "photos": PHOTO_LIMIT}
    return render_template("upload.html", answers=answers, names=names, limits=limits)


def describe_answer(classifier: Classifier, upload: Upload) -> dict[str, Any]:
    """What the page shows of one photo."""
    try:
        image, result = classify_upload(classifier, upload)
    except HTTPException as error:
        return {"photo": upload.name, "error": error.description, "status": error.code}
    preview = draw_preview(image, result)
    return {"photo": upload.name, "result": result, "preview": preview, "status": 200}


def draw_preview(image: Image.Image, result: PhotoResult) -> str:
    """A small copy with the faces' boxes drawn in, as a data: URL; nothing is written to disk."""
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
