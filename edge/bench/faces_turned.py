"""Rotate labelled photos, and hold the exam on each rotation: what of the agreement is kept."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emoji_edge.contract import load_contract
from emoji_edge.exam import run_exam
from emoji_edge.image import open_photo
from PIL import Image

TURNS = (0, 30, 45, 90, 180, 270)  # degrees clockwise


def measure_turned(photos: Path) -> list[dict[str, Any]]:
    """Agreement of the first expression with the labels, by how far all photos are rotated.

    Args:
        photos: a folder with a labels.csv, whose first column names its pictures.
    """
    labels = photos / "labels.csv"
    with labels.open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file)][1:]
    found = []
    for degrees in TURNS:
        with TemporaryDirectory() as folder:
            for name in names:
                rotate_photo(photos / name, degrees, Path(folder) / name)
            scores = run_exam(folder, labels).to_dict()["scores"]
        found.append({"degrees": degrees, "no_face": scores["no_face"], **scores["first"]})
    return [one | {"kept": round(one["right"] / found[0]["right"], 4)} for one in found]


def rotate_photo(path: Path, degrees: int, target: Path) -> None:
    """Write a photo rotated clockwise, whole, with black where it does not reach."""
    image = open_photo(path, load_contract().max_pixels)
    image.rotate(-degrees, Image.Resampling.BICUBIC, expand=True).save(target, quality=95)
