"""Make the golden pictures: photos and faces from one portrait, drawn faces, noise and extremes.

    python -m convert.golden.pictures

Only for whoever wants other pictures: they ship in models/golden, and a new network needs none.
The portrait is NASA's of Eileen Collins, in the public domain.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from emoji_edge.contract import Contract, find_models, load_contract
from emoji_edge.crop import crop_face, resize_face
from emoji_edge.face import FaceFinder
from emoji_edge.image import Box, open_photo
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from convert.golden.goldens import FILE, GoldenFace, GoldenSet, cut_photo, write_golden_set

PORTRAIT = "portrait.jpg"
ORIENTATION = 0x0112  # the Exif tag
SEED = 48


# ---- photos ----------------------------------------------------------------------------------


def make_photos(portrait: Image.Image, folder: Path) -> list[str]:
    """Write the other photos beside the portrait, RGB [512, 512]; returns all files' names."""
    head = portrait.crop((110, 0, 400, 360))
    save_turned(head, folder / "sideways.jpg", 6, Image.Transpose.ROTATE_90)
    save_turned(head, folder / "mirrored.jpg", 5, Image.Transpose.TRANSPOSE)
    portrait.convert("L").resize((240, 240)).save(folder / "gray.png", optimize=True)
    add_alpha(head.resize((145, 180))).save(folder / "alpha.png", optimize=True)
    tile_faces(head).save(folder / "group.jpg", quality=85)
    place_far(head).save(folder / "far.webp", quality=80)
    head.crop((50, 40, 210, 200)).resize((56, 56)).quantize(64).save(folder / "small.gif")
    tilt_head(head).save(folder / "tilted.jpg", quality=85)
    head.resize((232, 288)).transpose(Image.Transpose.ROTATE_180).save(
        folder / "upside-down.png", optimize=True
    )
    scatter_faces(head).save(folder / "crowd.webp", quality=70)
    names = ("sideways.jpg", "mirrored.jpg", "gray.png", "alpha.png", "group.jpg", "far.webp")
    return [PORTRAIT, *names, "small.gif", "tilted.jpg", "upside-down.png", "crowd.webp"]


def save_turned(image: Image.Image, path: Path, orientation: int, turn: Image.Transpose) -> None:
    """Save as a phone does: stored turned, with the Exif tag that says so."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image.transpose(turn).save(path, quality=85, exif=exif)


def add_alpha(image: Image.Image) -> Image.Image:
    """Return RGBA whose alpha falls from opaque to half from left to right."""
    ramp = Image.linear_gradient("L").rotate(-90).resize(image.size)
    image.putalpha(ramp.point(lambda value: 255 - value // 2))
    return image


def tile_faces(head: Image.Image) -> Image.Image:
    """Paste four faces of several sizes and lights into one picture."""
    group = Image.new("RGB", (640, 480), (90, 110, 130))
    group.paste(head.resize((242, 300)), (20, 20))
    group.paste(ImageOps.mirror(head).resize((194, 240)), (300, 60))
    group.paste(ImageEnhance.Brightness(head).enhance(0.75).resize((137, 170)), (500, 20))
    group.paste(ImageOps.grayscale(head).resize((185, 230)).convert("RGB"), (450, 240))
    return group


def tilt_head(head: Image.Image) -> Image.Image:
    """Turn a head by 40 degrees clockwise, and lay one that lies on its side beside it."""
    tilted = Image.new("RGB", (640, 480), (90, 110, 130))
    turned = head.rotate(-40, Image.Resampling.BICUBIC, expand=True, fillcolor=(90, 110, 130))
    tilted.paste(turned.resize((400, 440)), (0, 20))
    tilted.paste(head.resize((160, 200)).transpose(Image.Transpose.ROTATE_90), (420, 200))
    return tilted


def scatter_faces(head: Image.Image) -> Image.Image:
    """Paste twelve small faces into a large picture, one of them on the edge of a tile."""
    crowd = Image.linear_gradient("L").resize((2000, 1500)).convert("RGB")
    for i in range(12):
        width = 130 + 7 * i
        place = (60 + 500 * (i % 4) + 13 * i, 60 + 480 * (i // 4))
        crowd.paste(head.resize((width, width * 5 // 4)), place)
    return crowd


def place_far(head: Image.Image) -> Image.Image:
    """Paste a face of about 45 pixels into a picture of 1200; only the back model finds it."""
    far = Image.linear_gradient("L").resize((1200, 800)).convert("RGB")
    far.paste(head.resize((161, 200)), (820, 300))
    return far


# ---- faces -----------------------------------------------------------------------------------


def vary_portrait(portrait: Image.Image, box: Box) -> Iterator[tuple[str, Image.Image, Box]]:
    """Yield name, picture and box of the portrait's face under many transformations."""
    yield "plain", portrait, box
    yield "flip", ImageOps.mirror(portrait), (512 - box[2], box[1], 512 - box[0], box[3])
    for scale in (0.8, 0.9, 1.15, 1.3):
        yield f"scale-{scale}", portrait, scale_box(box, scale)
    side = box[2] - box[0]
    for dx, dy in ((-0.12, 0), (0.12, 0), (0, -0.12), (0, 0.12), (0.3, 0.2)):
        moved = (box[0] + dx * side, box[1] + dy * side, box[2] + dx * side, box[3] + dy * side)
        yield f"shift-{dx}-{dy}", portrait, moved
    center = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    for angle in (-30, -12, 12, 30, 180):
        yield f"turn-{angle}", portrait.rotate(angle, Image.Resampling.BICUBIC, center=center), box
    for factor in (0.3, 0.6, 1.5, 2.2):
        yield f"light-{factor}", ImageEnhance.Brightness(portrait).enhance(factor), box
    for factor in (0.3, 0.6, 1.8):
        yield f"contrast-{factor}", ImageEnhance.Contrast(portrait).enhance(factor), box
    yield "invert", ImageOps.invert(portrait), box
    for radius in (2, 6):
        yield f"blur-{radius}", portrait.filter(ImageFilter.GaussianBlur(radius)), box
    yield "hidden", hide_part(portrait, box), box
    yield "jpeg", compress(portrait), box


def scale_box(box: Box, scale: float) -> Box:
    """Scale a box about its own centre."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    w, h = (box[2] - box[0]) * scale / 2, (box[3] - box[1]) * scale / 2
    return x - w, y - h, x + w, y + h


def hide_part(image: Image.Image, box: Box) -> Image.Image:
    """Paint the lower half of the box black, as a mask or a hand hides it."""
    hidden = image.copy()
    middle = (box[1] + box[3]) / 2
    ImageDraw.Draw(hidden).rectangle((box[0], middle, box[2], box[3]), fill=0)
    return hidden


def compress(image: Image.Image) -> Image.Image:
    """Compress and decode as JPEG, at a quality that shows its blocks."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=8)
    return Image.open(buffer).convert("RGB")


def draw_cartoon(mouth: float, open_by: float, brows: float, eyes: float) -> Image.Image:
    """Draw a cartoon of a face, RGB [192, 192].

    mouth: corners up (1) to down (-1); open_by: 0 shut to 1 wide open; brows: inner ends up (1)
    to down (-1); eyes: 0 shut to 1 wide.
    """
    image = Image.new("RGB", (192, 192), (60, 60, 70))
    pen = ImageDraw.Draw(image)
    pen.ellipse((16, 6, 176, 186), fill=(224, 180, 150))
    for side in (-1, 1):
        x = 96 + side * 34
        height = 2 + 14 * eyes
        pen.ellipse((x - 15, 80 - height, x + 15, 80 + height), fill=(250, 250, 250))
        pen.ellipse((x - 6, 80 - min(height, 6), x + 6, 80 + min(height, 6)), fill=(30, 20, 20))
        inner, outer = (x - side * 18, 52 - brows * 12), (x + side * 18, 52 + brows * 6)
        pen.line((*inner, *outer), fill=(70, 40, 20), width=6)
    pen.line((96, 84, 90, 112, 98, 114), fill=(150, 100, 80), width=4)
    half = 6 + 22 * open_by
    if open_by > 0.1:
        pen.ellipse((68, 144 - half, 124, 144 + half), fill=(90, 20, 30))
    top, bottom = (120, 150) if mouth >= 0 else (140, 170)
    start, end = (20, 160) if mouth >= 0 else (200, 340)
    if abs(mouth) > 0.1:
        pen.arc((60, top, 132, bottom), start, end, fill=(120, 30, 40), width=7)
    elif open_by <= 0.1:
        pen.line((70, 146, 122, 146), fill=(120, 30, 40), width=7)
    return image


def draw_cartoons() -> Iterator[tuple[str, Image.Image]]:
    """Yield name and picture of cartoons that smile, frown, stare, shout and sleep."""
    faces = {
        "smile": (1, 0, 0, 0.6), "laugh": (1, 0.6, 0.3, 0.3), "frown": (-1, 0, 0.6, 0.5),
        "cry": (-1, 0.3, 1, 0.1), "anger": (-1, 0, -1, 0.5), "shout": (0, 1, -1, 0.8),
        "surprise": (0, 0.9, 0.8, 1), "fear": (-0.5, 0.4, 1, 1), "neutral": (0, 0, 0, 0.6),
        "sleep": (0, 0, 0, 0),
    }  # fmt: skip
    for name, values in faces.items():
        yield f"drawn-{name}", draw_cartoon(*values)


def make_patterns(size: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and uint8 [size, size] of noise, constants and extremes."""
    rng = np.random.default_rng(SEED)
    for i in range(3):
        yield f"noise-{i}", rng.integers(0, 256, (size, size), np.uint8)
    yield "noise-binary", rng.choice(np.array([0, 255], np.uint8), (size, size))
    yield "noise-faint", rng.integers(120, 136, (size, size), np.uint8)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6), np.uint8))
    yield "noise-coarse", np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
    for value in (0, 1, 64, 128, 254, 255):
        yield f"constant-{value}", np.full((size, size), value, np.uint8)
    y, x = np.mgrid[:size, :size]
    yield "checker-1", ((x + y) % 2 * 255).astype(np.uint8)
    yield "checker-8", ((x // 8 + y // 8) % 2 * 255).astype(np.uint8)
    yield "left-white", np.where(x < size // 2, 255, 0).astype(np.uint8)
    yield "top-white", np.where(y < size // 2, 255, 0).astype(np.uint8)
    yield "ramp", (x * 255 // (size - 1)).astype(np.uint8)
    yield "one-pixel", np.where((x == size // 2) & (y == size // 2), 255, 0).astype(np.uint8)


def make_golden_faces(portrait: Image.Image, box: Box, contract: Contract) -> Iterator[GoldenFace]:
    """Yield every golden face, without scores; cropped and reduced as inference does it."""
    for name, image, place in vary_portrait(portrait, box):
        yield GoldenFace(f"portrait-{name}", crop_face(image, place, contract))
    for name, image in draw_cartoons():
        yield GoldenFace(name, resize_face(image, contract))
    for name, pixels in make_patterns(contract.input_size):
        yield GoldenFace(name, pixels)


def main() -> int:
    """Write models/golden anew, without what Keras says; `make convert` adds that."""
    contract = load_contract()
    file = find_models() / FILE
    folder = file.parent / "photos"
    portrait = open_photo(folder / PORTRAIT, contract.max_pixels)
    finder = FaceFinder(contract)
    box = finder.find_faces(portrait)[0].box
    photos = [
        cut_photo(folder / name, f"photos/{name}", contract, finder)
        for name in make_photos(portrait, folder)
    ]
    faces = list(make_golden_faces(portrait, box, contract))
    write_golden_set(file, GoldenSet(contract.labels, "", faces, photos))
    return 0


if __name__ == "__main__":
    sys.exit(main())
