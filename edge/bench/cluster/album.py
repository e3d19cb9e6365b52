"""Photos for the runs, made from the golden portrait: small ones, large ones, broken ones."""

import itertools
import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from emoji_edge.benchmark import encode_jpeg
from emoji_edge.contract import find_models, load_contract
from PIL import Image


def make_kinds() -> list[bytes]:
    """Small photos: mostly one face near, and one each with two, with one far away, with none."""
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as picture:
        portrait = picture.convert("RGB").crop((60, 20, 380, 260))
    scenes = []
    for width in range(280, 620, 20):
        scenes.append(portrait.resize((width, width * 3 // 4), Image.Resampling.LANCZOS))
    for columns, scale in ((2, 1.0), (1, 0.3), (0, 1.0)):
        scene = Image.new("RGB", (400, 300), (96, 96, 96))
        for column in range(columns):
            face = portrait.resize((int(200 * scale), int(150 * scale)), Image.Resampling.LANCZOS)
            scene.paste(face, (200 * column, 75))
        scenes.append(scene)
    return [encode_jpeg(scene) for scene in scenes]


def make_faces() -> Iterator[bytes]:
    """Pictures so small that they are taken as the face, no two the same."""
    side = load_contract().small_picture
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as picture:
        face = picture.convert("RGB").crop((110, 30, 310, 230)).resize((side + 16, side + 16))
    pixels, random = np.asarray(face, np.float32), np.random.default_rng(0)
    while True:
        x, y = random.integers(0, 17, 2)
        moved = pixels[y : y + side, x : x + side] * random.uniform(0.5, 1.0)
        yield encode_jpeg(Image.fromarray(moved.astype(np.uint8)))


def make_album(folder: Path, pictures: Iterable[bytes], count: int) -> float:
    """So many photos, one in a hundred of them broken. The mean kB of the others."""
    sizes = []
    for number, data in enumerate(itertools.islice(pictures, count)):
        place = folder / f"{number // 5000:03}"
        place.mkdir(parents=True, exist_ok=True)
        broken = number % 100 == 99
        (place / f"{number:06}.jpg").write_bytes(b"broken" if broken else data)
        sizes += [] if broken else [len(data)]
    return round(statistics.fmean(sizes) / 1e3, 1)
