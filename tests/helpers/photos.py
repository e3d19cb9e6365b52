"""Photos for the runner's tests, all made from tests/photos/astronaut.png."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

ASTRONAUT = Path(__file__).parents[1] / "photos" / "astronaut.png"
FACE = (175, 75, 275, 175)  # about where her face is


def open_astronaut() -> Image.Image:
    with Image.open(ASTRONAUT) as image:
        return image.convert("RGB")


def make_picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """RGB noise by a seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def make_scene(size: tuple[int, int], *places: tuple[int, int, int]) -> Image.Image:
    """A plain picture with the portrait pasted at each (x, y, side)."""
    scene = Image.new("RGB", size, (90, 110, 130))
    for x, y, side in places:
        portrait = open_astronaut().resize((side, side), Image.Resampling.LANCZOS)
        scene.paste(portrait, (x, y))
    return scene
