"""Draw the result into the photo, and the evidence into the face that the network saw."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .image import Box
from .result import FaceResult, PhotoResult

EMOJI = Path(__file__).parent / "emoji"  # Noto Emoji, one PNG for each code point
TILE = 192  # pixels of a face on the evidence sheet
GAP = 12
JPEG_SIDE = 65_500  # pixels that a JPEG can have
INK, PAPER, FRAME = (255, 255, 255), (24, 24, 27), (250, 204, 21)


def write_annotated(
    image: Image.Image, result: PhotoResult, labels: Sequence[str], folder: Path, path: str
) -> None:
    """Write PHOTO.faces.jpg and, where there are faces, PHOTO.evidence.png.

    Args:
        image: the upright photo.
        result: what it shows.
        labels: of the network, in its order.
        folder: where the copies go.
        path: of the photo, from which PHOTO is made; see place_copy.

    Raises:
        OSError, ValueError: they cannot be written.
    """
    if max(image.size) > JPEG_SIDE:
        raise ValueError(f"{image.width}x{image.height}, a JPEG's side has up to {JPEG_SIDE}")
    base = place_copy(folder, path)
    draw_faces(image, result).save(f"{base}.faces.jpg", quality=90)
    if result.faces:
        draw_evidence(result, labels).save(f"{base}.evidence.png")


def place_copy(folder: Path, name: str) -> Path:
    """Where a copy belongs, without its suffix: the name as a path below the folder, made.

    Two names never share a place: what is no plain name in a path, as its root or "..", is written
    as in a URL, and so is the percent sign; OSError where the folder cannot be made.
    """
    parts = [quote_part(part) for part in Path(name).parts] or ["photo"]
    base = folder.joinpath(*parts)
    base.parent.mkdir(parents=True, exist_ok=True)
    return base


def quote_part(part: str) -> str:
    """A part of a path as a plain name, another one for each part."""
    if part == "..":
        return "%2E%2E"
    for sign in "%/\\:":
        part = part.replace(sign, f"%{ord(sign):02X}")
    return part


def draw_faces(image: Image.Image, result: PhotoResult) -> Image.Image:
    """The photo with a box, an emoji and a score on each face."""
    drawn = image.copy()
    unit = max(12, min(image.size) // 24)  # height of the writing
    for face in reversed(result.faces):  # the largest last, on top
        _draw_face(drawn, face, unit)
    return drawn


def _draw_face(drawn: Image.Image, face: FaceResult, unit: int) -> None:
    pen = ImageDraw.Draw(drawn)
    corners = turn_box(face.box, face.roll or 0.0)
    pen.line([*corners, *corners[:2]], fill=FRAME, width=max(2, unit // 8), joint="curve")
    best = face.expressions[0]
    text = f"{best.label}{'?' * face.not_sure} {best.emo_score} %"
    font = load_font(unit)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    size = 2 * unit
    width, height = int(size + right - left + unit), size
    x = int(min(max(face.box[0], 0), max(0, drawn.width - width)))
    y = int(face.box[1] - height) if face.box[1] >= height else int(max(face.box[1], 0))
    pen.rectangle((x, y, x + width, y + height), fill=PAPER)
    picture = load_emoji(best.emoji, size)
    drawn.paste(picture, (x, y), picture)
    pen.text((x + size + unit // 2, y + (height - bottom - top) // 2), text, INK, font=font)


def turn_box(box: Box, roll: float) -> list[tuple[float, float]]:
    """Corners of a box that is turned clockwise by so many degrees around its middle."""
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    angle = np.radians(roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.array([box[2] - box[0], box[3] - box[1]]) / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    return [(float(x), float(y)) for x, y in corners @ turn.T + middle]


def draw_evidence(result: PhotoResult, labels: Sequence[str]) -> Image.Image:
    """A sheet, one row a face: what the network saw, then where it saw each top expression.

    labels: of the network, in its order. The heat of a face's maps shares one scale.
    """
    columns = 1 + max(len(face.expressions) for face in result.faces)
    width, height = columns * (TILE + GAP) + GAP, TILE + 3 * GAP + 24
    sheet = Image.new("RGB", (width, height * len(result.faces)), PAPER)
    for row, face in enumerate(result.faces):
        y = row * height + GAP
        seen = Image.fromarray(face.pixels).resize((TILE, TILE), Image.Resampling.BICUBIC)
        sheet.paste(seen, (GAP, y))
        _write_caption(sheet, GAP, y + TILE + GAP, "", f"face {row + 1}")
        heat = scale_evidence(face.evidence)
        for column, expression in enumerate(face.expressions, 1):
            x = GAP + column * (TILE + GAP)
            sheet.paste(blend_heat(seen, heat[:, :, labels.index(expression.label)]), (x, y))
            caption = f"{expression.label} {expression.emo_score} %"
            _write_caption(sheet, x, y + TILE + GAP, expression.emoji, caption)
    return sheet


def scale_evidence(evidence: np.ndarray) -> np.ndarray:
    """Evidence [h, w, labels] to 0..1: from the mean over all labels to the strongest place."""
    above = np.maximum(evidence - evidence.mean(), 0)
    return above / max(float(above.max()), 1e-6)


def blend_heat(seen: Image.Image, heat: np.ndarray) -> Image.Image:
    """Lay heat [h, w], 0 to 1, over a gray picture: clear, then red, then yellow."""
    levels = Image.fromarray((heat * 255).astype(np.uint8))
    smooth = np.asarray(levels.resize(seen.size, Image.Resampling.BICUBIC), np.float32) / 255
    colour = np.stack(
        [np.full_like(smooth, 255), np.clip(2 * smooth - 1, 0, 1) * 255, 0 * smooth], axis=-1
    )
    weight = 0.75 * smooth[:, :, None]
    gray = np.asarray(seen.convert("RGB"), np.float32)
    return Image.fromarray((gray * (1 - weight) + colour * weight + 0.5).astype(np.uint8))


def _write_caption(sheet: Image.Image, x: int, y: int, emoji: str, text: str) -> None:
    if emoji:
        picture = load_emoji(emoji, 24)
        sheet.paste(picture, (x, y - 4), picture)
        x += 32
    ImageDraw.Draw(sheet).text((x, y), text, INK, font=load_font(15))


@lru_cache
def load_emoji(emoji: str, size: int) -> Image.Image:
    """Noto's picture of an emoji, RGBA [size, size]."""
    with Image.open(EMOJI / f"{ord(emoji):x}.png") as picture:
        return picture.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)


@lru_cache
def load_font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Pillow's own font; of one small size where Pillow is older than 10.1 or without FreeType."""
    try:
        return ImageFont.load_default(size)
    except (TypeError, ImportError):
        return ImageFont.load_default()
