"""Read FER-2013 in every form people have it in; nothing is guessed or left out silently."""

import argparse
import csv
import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from emoji_edge.image import SUFFIXES, ImageError, open_photo
from tqdm import tqdm

from training.data.folders import find_pictures, note_left_out
from training.data.table import (
    CONTRACT,
    SIZE,
    TRAINING,
    VOTE_NAMES,
    DataError,
    Faces,
    check_label,
    check_split,
)
from training.data.votes import join_votes

COLUMNS = ("emotion", "pixels", "usage")  # of Kaggle's table; the last one may be missing
TABLES = ("fer2013.csv", "fer2013.csv.gz", "icml_face_data.csv")  # found inside a folder
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".rar")


@dataclass
class _Row:
    """One picture as a reader found it; `problem` says why it cannot be used."""

    where: str
    image: np.ndarray | None = None
    label: int = -1
    votes: np.ndarray | None = None
    split: str = TRAINING
    id: str = ""
    problem: str = ""


# ---- one picture -----------------------------------------------------------------------------


def parse_pixels(text: str) -> np.ndarray:
    """Return uint8 [48, 48] from 2,304 numbers separated by spaces."""
    try:
        pixels = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        raise ValueError("a pixel is not a whole number") from None
    if pixels.size != SIZE * SIZE:
        raise ValueError(f"{pixels.size} pixels, expected {SIZE * SIZE}")
    if pixels.min() < 0 or pixels.max() > 255:
        raise ValueError("a pixel is outside 0..255")
    return pixels.astype(np.uint8).reshape(SIZE, SIZE)


def decode_picture(source: bytes | Path) -> np.ndarray:
    """Decode an image file, uint8 [48, 48], by the rules of the runner that classifies photos."""
    try:
        gray = open_photo(source, CONTRACT.max_pixels).convert("L")
    except ImageError as error:
        raise ValueError(f"unreadable picture ({error})") from None
    if gray.size != (SIZE, SIZE):
        raise ValueError(f"{gray.width}x{gray.height} pixels, expected {SIZE}x{SIZE}")
    return np.asarray(gray)


# ---- Kaggle's table --------------------------------------------------------------------------


def read_csv(path: Path) -> Iterator[_Row]:
    """Yield the rows of Kaggle's layout, `emotion,pixels[,Usage]` in any order, plain or gzip'd."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            table.fieldnames = check_columns(table.fieldnames or [], path)
            for number, cells in enumerate(table):
                yield read_cells(cells, f"{path.name} row {number}", f"fer:{number}")
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
        raise DataError(f"{path.name}: not a readable CSV file ({error})") from None
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror})") from None


def check_columns(names: Sequence[str], path: Path) -> list[str]:
    """Return the columns' names without blanks, in small letters; DataError unless all are known.

    An unknown column may be `Usage` misspelt, and with it test rows would be trained on.
    """
    found = [name.strip().lower() for name in names]
    if missing := [name for name in COLUMNS[:2] if name not in found]:
        raise DataError(f"{path.name}: no column {' or '.join(missing)}")
    if odd := [name for name, known in zip(names, found, strict=True) if known not in COLUMNS]:
        raise DataError(f"{path.name}: unknown column {odd[0]!r}, expected emotion, pixels, Usage")
    if len(set(found)) < len(found):
        raise DataError(f"{path.name}: a column stands there twice")
    if "usage" not in found:
        check_training_name(path)
    return found


def check_training_name(path: Path) -> None:
    """Raise DataError where a table without `Usage` is called after an evaluation split."""
    name = path.name.lower()
    if any(word in name for word in ("test", "valid", "public", "private")):
        raise DataError(f"{path.name}: no column Usage, and by its name it is not for training")


def read_cells(cells: dict, where: str, row_id: str) -> _Row:
    """Return one row of the table; its problem, if it has one, is noted in it."""
    row = _Row(where=where, id=row_id)
    try:
        if None in cells:
            raise ValueError("more cells than columns")
        row.image = parse_pixels(cells["pixels"] or "")
        row.label = check_label(cells["emotion"])
        row.split = check_split(cells["usage"] or "") if "usage" in cells else TRAINING
    except ValueError as error:
        row.problem = str(error)
    return row


# ---- image folders ---------------------------------------------------------------------------


def read_folders(path: Path) -> Iterator[_Row]:
    """Yield the pictures of Kaggle's image folders, `train/angry/*.jpg` and `test/...`."""
    for file, split in find_pictures(path):
        where = file.relative_to(path).as_posix()
        row = _Row(where=where, id=where, split=split)
        try:
            if len(file.relative_to(path).parts) != 3:
                raise ValueError("not in a folder of a split and a label, as train/happy/")
            if file.suffix.lower() not in SUFFIXES:
                raise ValueError("not a picture by its name")
            row.image = decode_picture(file)
            row.label = check_label(file.parent.name)
        except ValueError as error:
            row.problem = str(error)
        yield row


# ---- Parquet ---------------------------------------------------------------------------------


def read_parquet(path: Path) -> Iterator[_Row]:
    """Yield rows of emotion, image_png[, fer_row, ferplus_votes]; the file's name is the split."""
    try:
        table = pq.read_table(path)
        split = check_split(path.stem.replace("_", ""))
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path.name}: not a readable Parquet file ({reason})") from None
    missing = {"emotion", "image_png"} - set(table.column_names)
    if missing:
        raise DataError(f"{path.name}: no column {' or '.join(sorted(missing))}")
    for number, cells in enumerate(table.to_pylist()):
        where = f"{path.name} row {number}"
        row = _Row(where=where, split=split, id=where)
        try:
            row.image = decode_picture(check_bytes(cells["image_png"]))
            row.label = check_label(cells["emotion"])
            row.votes = check_votes(cells.get("ferplus_votes"))
            row.id = name_row(cells.get("fer_row"), where)
        except ValueError as error:
            row.problem = str(error)
        yield row


def check_bytes(cell: object) -> bytes:
    """Return the cell; ValueError unless it holds the bytes of a file."""
    if not isinstance(cell, bytes) or not cell:
        raise ValueError(f"image_png is {type(cell).__name__}, expected the bytes of a picture")
    return cell


def check_votes(cell: object) -> np.ndarray | None:
    """Return ten votes, None where there are none; ValueError where they are something else."""
    if cell is None or cell == []:
        return None
    if not isinstance(cell, list) or not all(isinstance(v, int) and v >= 0 for v in cell):
        raise ValueError(f"votes {cell!r} are not whole numbers")
    if len(cell) != len(VOTE_NAMES):
        raise ValueError(f"{len(cell)} votes, expected {len(VOTE_NAMES)}")
    return np.array(cell)


def name_row(fer_row: object, where: str) -> str:
    """Return `fer:ROW` for a row of the original table, and the place where that is unknown."""
    if fer_row is None or fer_row == -1:
        return where
    if isinstance(fer_row, float) and math.isnan(fer_row):  # pandas writes null so
        return where
    if not isinstance(fer_row, int | float) or fer_row < 0 or fer_row != int(fer_row):
        raise ValueError(f"fer_row {fer_row!r} is no row number")
    return f"fer:{int(fer_row)}"


# ---- whatever is there -----------------------------------------------------------------------


def find_rows(path: Path) -> Iterator[_Row]:
    """Return the rows of whatever layout lies at the path."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.is_file():
        return read_file(path)
    if tables := sorted(path.glob("*.parquet"), key=lambda file: file.name == "training.parquet"):
        note_left_out(path, [file.name for file in tables])
        return (row for table in reversed(tables) for row in read_parquet(table))
    for name in TABLES:
        if (path / name).exists():
            note_left_out(path, [name])
            return read_csv(path / name)
    return read_folders(path)


def read_file(path: Path) -> Iterator[_Row]:
    """Return the rows of one file, by the ending of its name."""
    name = path.name.lower()
    if name.endswith(ARCHIVES):
        raise DataError(f"{path.name}: an archive; unpack it and give the folder or the CSV in it")
    if name.endswith((".csv", ".csv.gz")):
        return read_csv(path)
    if name.endswith(".parquet"):
        return read_parquet(path)
    raise DataError(f"{path.name}: neither .csv, .csv.gz nor .parquet")


def load_faces(path: Path | str, votes: Path | str | None = None, skip_bad: bool = False) -> Faces:
    """Load all pictures at the path into one table.

    Raises DataError when nothing is there, when rows are bad and skip_bad is off (the message
    counts and names them), and when the votes cannot be joined safely.
    """
    path = Path(path)
    rows: list[_Row] = []
    bad: list[_Row] = []
    for row in tqdm(find_rows(path), desc=f"reading {path.name}", unit=" rows", disable=None):
        (bad if row.problem else rows).append(row)
    skipped = [f"{row.where}: {row.problem}" for row in bad]
    if bad and not skip_bad:
        more = f"\n  ... and {len(bad) - 20} more" if len(bad) > 20 else ""
        raise DataError(
            f"{len(bad)} bad of {len(bad) + len(rows)} rows (--skip-bad leaves them out):\n  "
            + "\n  ".join(skipped[:20])
            + more
        )
    if not rows:
        raise DataError(f"{path}: no FER-2013 pictures found (CSV, Parquet, or train/LABEL/*.png)")
    faces = gather_rows(rows, skipped)
    if votes is not None:
        if bad:
            raise DataError("votes cannot be joined by row when bad rows were left out")
        faces.votes = join_votes(faces, Path(votes))
    return faces


def gather_rows(rows: list[_Row], skipped: list[str]) -> Faces:
    """Put the readers' rows into one table."""
    no_votes = np.full(len(VOTE_NAMES), -1)
    return Faces(
        images=np.stack([row.image for row in rows if row.image is not None]),
        labels=np.array([row.label for row in rows]),
        votes=np.stack([no_votes if row.votes is None else row.votes for row in rows]).astype(int),
        splits=np.array([row.split for row in rows]),
        ids=np.array([row.id for row in rows]),
        skipped=skipped,
    )


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command that reads the data."""
    parser.add_argument("data", type=Path, help="FER-2013: a CSV, a Parquet file, or a folder")
    parser.add_argument("--votes", type=Path, help="FER+ votes (fer2013new.csv) for a complete CSV")
    parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out and go on")
