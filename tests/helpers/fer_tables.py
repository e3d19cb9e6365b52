"""Seeded drawn faces in every layout that FER-2013 comes in."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from convert.golden.pictures import draw_cartoon
from training.data import LABELS, VOTE_COLUMNS

LOOKS = {  # mouth, open_by, brows, eyes of a drawn face
    "angry": (-1, 0, -1, 0.5),
    "disgust": (-0.5, 0.1, -0.6, 0.2),
    "fear": (-0.5, 0.4, 1, 1),
    "happy": (1, 0.6, 0.3, 0.4),
    "sad": (-1, 0.1, 1, 0.1),
    "surprise": (0, 0.9, 0.8, 1),
    "neutral": (0, 0, 0, 0.6),
}
USAGES = ("Training", "PublicTest", "PrivateTest")


def make_faces(per_label: dict[str, int], seed: int = 7) -> list[dict]:
    """Rows of image (uint8 [48, 48]), label, usage and ten votes; as many per label as asked."""
    rng = np.random.default_rng(seed)
    rows = []
    for usage, count in per_label.items():
        for label, name in enumerate(LABELS):
            for _ in range(count):
                row = {"image": draw_example(name, rng), "label": label, "usage": usage}
                rows.append(row | {"votes": draw_votes(label, rng)})
    rng.shuffle(rows)
    return rows


def draw_example(name: str, rng: np.random.Generator) -> np.ndarray:
    """One face in its own pose and light, so that no two count as duplicates."""
    face = draw_cartoon(*LOOKS[name]).convert("L")
    face = face.rotate(rng.uniform(-15, 15), translate=tuple(rng.integers(-20, 21, 2).tolist()))
    small = np.asarray(face.resize((48, 48), Image.Resampling.BOX), float)
    light = Image.fromarray(rng.uniform(-110, 110, (7, 7)).astype(np.float32))
    light = np.asarray(light.resize((48, 48), Image.Resampling.BICUBIC))
    return np.clip(small + light, 0, 255).astype(np.uint8)


def draw_votes(label: int, rng: np.random.Generator) -> list[int]:
    """Ten votes in FER+ order, most of them for the label."""
    votes = np.zeros(10, int)
    votes[VOTE_COLUMNS[label]] = 7
    votes += np.bincount(rng.integers(0, 10, 3), minlength=10)
    return votes.tolist()


def write_csv(
    rows: list[dict], file: Path, columns: tuple[str, ...] = ("emotion", "pixels", "Usage")
) -> Path:
    """Kaggle's fer2013.csv with these columns, gzip'd by its name's ending."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "wt", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(columns)
        for row in rows:
            pixels = " ".join(map(str, row["image"].ravel()))
            cells = {"emotion": row["label"], "pixels": pixels, "usage": row["usage"]}
            table.writerow([cells[name.strip("\ufeff ").lower()] for name in columns])
    return file


def write_folders(rows: list[dict], folder: Path) -> Path:
    """Kaggle's image folders, with the names in mixed case."""
    for number, row in enumerate(rows):
        part = "Train" if row["usage"] == "Training" else "test"
        place = folder / part / LABELS[row["label"]].capitalize()
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(row["image"]).save(place / f"{row['usage']}_{number}.png")
    return folder


def write_parquet(rows: list[dict], folder: Path) -> Path:
    """One Parquet file a split, with votes."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"Training": "training", "PublicTest": "public_test", "PrivateTest": "private_test"}
    for usage in USAGES:
        chosen = [(i, row) for i, row in enumerate(rows) if row["usage"] == usage]
        table = {
            "fer_row": pa.array([i for i, _ in chosen], pa.int32()),
            "emotion": pa.array([row["label"] for _, row in chosen], pa.int8()),
            "image_png": pa.array([encode_png(row["image"]) for _, row in chosen], pa.binary()),
            "ferplus_votes": pa.array([row["votes"] for _, row in chosen], pa.list_(pa.int8())),
        }
        pq.write_table(pa.table(table), folder / f"{names[usage]}.parquet")
    return folder


def encode_png(image: np.ndarray) -> bytes:
    """The picture as PNG bytes."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()
