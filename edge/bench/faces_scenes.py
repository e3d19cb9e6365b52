"""Build pictures with known faces, and pictures without people, by a seed.

Heads are cut out of portraits along a soft oval, scaled until the detector's box on the portrait
has the wanted side, tilted, and laid on drawn backgrounds.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HEAD = 1.7  # sides of the face that are cut out around it
Maker = "Callable[[np.random.Generator, tuple[int, int]], Image.Image]"


@dataclass(frozen=True)
class Portrait:
    """A portrait and its face: centre and side of the face's box in pixels, and its roll."""

    image: Image.Image
    x: float
    y: float
    side: float
    roll: float


@dataclass(frozen=True)
class TrueFace:
    """A face that was laid into a picture: centre and side in pixels, roll in degrees clockwise."""

    x: float
    y: float
    side: float
    roll: float


@dataclass
class Scene:
    """A picture and its faces; group says with what it counts in the report."""

    group: str
    image: Image.Image
    faces: list[TrueFace] = field(default_factory=list)


def cut_head(portrait: Portrait, side: float, tilt: float) -> Image.Image:
    """The portrait's head, RGBA, its face of that side, tilted clockwise by so many degrees."""
    reach = portrait.side * HEAD / 2
    box = (portrait.x - reach, portrait.y - reach, portrait.x + reach, portrait.y + reach)
    pixels = max(2, round(side * HEAD))
    head = portrait.image.resize((pixels, pixels), Image.Resampling.LANCZOS, box)
    mask = Image.new("L", head.size)
    inset = pixels * 0.02
    ImageDraw.Draw(mask).ellipse((inset, inset, pixels - inset, pixels - inset), fill=255)
    head.putalpha(mask.filter(ImageFilter.GaussianBlur(pixels * 0.02)))
    return head.rotate(-tilt, Image.Resampling.BICUBIC, expand=True) if tilt else head


def lay_face(
    scene: Scene, portrait: Portrait, centre: tuple[float, float], side: float, tilt: float
) -> None:
    """Lay a portrait's head into the scene, its face centred there."""
    head = cut_head(portrait, side, tilt)
    left, top = round(centre[0] - head.width / 2), round(centre[1] - head.height / 2)
    scene.image.paste(head, (left, top), head)
    x, y = left + head.width / 2, top + head.height / 2
    scene.faces.append(TrueFace(x, y, side, portrait.roll + tilt))


def choose_places(
    rng: np.random.Generator, size: tuple[int, int], side: float, count: int
) -> list[tuple[float, float]]:
    """Random centres in cells of a grid, so that no two heads overlap."""
    reach = side * HEAD * 0.75
    across, down = int(size[0] // (2 * reach)), int(size[1] // (2 * reach))
    cells = rng.permutation(max(1, across) * max(1, down))[:count]
    places = []
    for cell in cells:
        row, column = divmod(int(cell), max(1, across))
        width, height = size[0] / max(1, across), size[1] / max(1, down)
        slack = max(0.0, width / 2 - reach), max(0.0, height / 2 - reach)
        x = (column + 0.5) * width + rng.uniform(-slack[0], slack[0])
        y = (row + 0.5) * height + rng.uniform(-slack[1], slack[1])
        places.append((x, y))
    return places


def build_scene(
    rng: np.random.Generator,
    portraits: Sequence[Portrait],
    group: str,
    size: tuple[int, int],
    *,
    sides: Sequence[float],
    tilt: float | None = None,
) -> Scene:
    """A picture with a face of each side; each tilted by up to 20 degrees where tilt is None."""
    scene = Scene(group, draw_background(rng, size))
    for place, side in zip(choose_places(rng, size, max(sides), len(sides)), sides, strict=False):
        portrait = portraits[int(rng.integers(len(portraits)))]
        lay_face(scene, portrait, place, side, rng.uniform(-20, 20) if tilt is None else tilt)
    return scene


def build_collage(
    rng: np.random.Generator, portraits: Sequence[Portrait], group: str, count: int, cell: int
) -> Scene:
    """Whole portraits side by side in a grid, as wide as it is high, or nearly."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    scene = Scene(group, Image.new("RGB", (columns * cell, rows * cell), (70, 70, 70)))
    for number, index in enumerate(rng.permutation(len(portraits) * 2)[:count]):
        portrait = portraits[int(index) % len(portraits)]
        zoom = cell / max(portrait.image.size)
        left, top = number % columns * cell, number // columns * cell
        scene.image.paste(
            portrait.image.resize((cell, cell), Image.Resampling.LANCZOS), (left, top)
        )
        x, y = left + portrait.x * zoom, top + portrait.y * zoom
        scene.faces.append(TrueFace(x, y, portrait.side * zoom, portrait.roll))
    return scene


# ---- backgrounds -----------------------------------------------------------------------------


def draw_background(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Draw one of the kinds of background below."""
    return BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))](rng, size)


def draw_noise(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Several octaves of coloured noise, as rough surfaces have."""
    total = np.full((size[1], size[0], 3), 128.0, np.float32)
    for power in range(2, 8):
        grid = rng.normal(0, 14, (2**power, 2**power, 3)).clip(-60, 60)
        octave = Image.fromarray((grid + 128).astype(np.uint8))
        total += np.asarray(octave.resize(size, Image.Resampling.BICUBIC), np.float32) - 128
    return Image.fromarray(total.clip(0, 255).astype(np.uint8))


def draw_sky(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A gradient with soft clouds."""
    top, bottom = rng.integers(60, 200, 3), rng.integers(120, 250, 3)
    ramp = np.linspace(0, 1, size[1])[:, None, None] * (bottom - top) + top
    sky = Image.fromarray(np.broadcast_to(ramp, (size[1], size[0], 3)).astype(np.uint8))
    cloud = Image.new("L", size)
    pen = ImageDraw.Draw(cloud)
    for _ in range(30):
        x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1] * 0.7)
        w, h = rng.uniform(0.02, 0.2) * size[0], rng.uniform(0.02, 0.1) * size[1]
        pen.ellipse((x - w, y - h, x + w, y + h), fill=int(rng.integers(80, 220)))
    cloud = soften(cloud, 0.01)
    sky.paste((245, 245, 248), (0, 0), cloud)
    return sky


def draw_blobs(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Blurred coloured spots, some of the colour of skin, as a background out of focus."""
    return soften(draw_shapes(rng, size), float(rng.choice([0.01, 0.02, 0.04])))


def draw_shapes(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Ellipses, boxes and lines in plain colours."""
    scene = Image.new("RGB", size, tuple(rng.integers(0, 256, 3).tolist()))
    pen = ImageDraw.Draw(scene)
    for _ in range(60):
        x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        w, h = rng.uniform(0.01, 0.15, 2) * max(size)
        skin = (int(rng.integers(120, 240)), int(rng.integers(80, 190)), int(rng.integers(60, 160)))
        colour = skin if rng.random() < 0.5 else tuple(rng.integers(0, 256, 3).tolist())
        kind = int(rng.integers(3))
        if kind == 0:
            pen.ellipse((x - w, y - h, x + w, y + h), fill=colour)
        elif kind == 1:
            pen.rectangle((x - w, y - h, x + w, y + h), fill=colour)
        else:
            pen.line((x - w, y - h, x + w, y + h), fill=colour, width=max(1, int(w / 9)))
    return scene


def draw_bricks(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A wall of bricks, or shelves with books, in perspective of none."""
    scene = Image.new("RGB", size, (150, 140, 130))
    pen = ImageDraw.Draw(scene)
    height = int(max(8, rng.uniform(0.02, 0.1) * size[1]))
    for row in range(size[1] // height + 1):
        x = -rng.uniform(0, height * 2)
        while x < size[0]:
            width = height * rng.uniform(0.4, 3)
            colour = tuple((rng.integers(60, 200) + rng.integers(-30, 30, 3)).clip(0, 255).tolist())
            pen.rectangle((x, row * height, x + width - 2, (row + 1) * height - 2), fill=colour)
            x += width
    return scene


def soften(image: Image.Image, part: float) -> Image.Image:
    """Blur by a part of the longer side, on a small copy where it is large."""
    small = image.copy()
    small.thumbnail((800, 800))
    blurred = small.filter(ImageFilter.GaussianBlur(part * max(small.size)))
    return blurred.resize(image.size, Image.Resampling.BICUBIC)


BACKGROUNDS = (draw_noise, draw_sky, draw_blobs, draw_shapes, draw_bricks)


def build_empty(
    rng: np.random.Generator, sizes: Sequence[tuple[int, int]], each: int
) -> Iterator[Scene]:
    """Pictures without people, `each` of every background in every size."""
    for size in sizes:
        for draw in BACKGROUNDS:
            for _ in range(each):
                yield Scene(f"no people {size[0]}x{size[1]}", draw(rng, size))
