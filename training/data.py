"""Read FER-2013 in every form people have it in, and report what is in it.

    python -m training.data DATA [--votes fer2013new.csv] [--skip-bad] [--report models/report.json]

DATA is Kaggle's `fer2013.csv` (also gzip'd, also without `Usage`), a folder of image folders
(`train/angry/*.jpg`, `test/...`), a Parquet file, or a folder that holds any of these.
"""

import argparse
import csv
import gzip
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from emoji_edge.contract import load_contract
from PIL import Image
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from convert.report import write_section

CONTRACT = load_contract()
LABELS = CONTRACT.labels
SIZE = CONTRACT.input_size

TRAINING, PUBLIC, PRIVATE = "Training", "PublicTest", "PrivateTest"  # the challenge's own names
SPLITS = (TRAINING, PUBLIC, PRIVATE)
COMPLETE_ROWS = 35_887  # the original table; FER+ is joined to nothing else

# FER+ columns, and the network's class that each stands for; the last three have none.
VOTE_NAMES = (
    "neutral", "happiness", "surprise", "sadness", "anger",
    "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
VOTE_LABELS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
VOTE_COLUMNS = [VOTE_LABELS.index(label) for label in LABELS]
UNKNOWN, NOT_A_FACE = 8, 9

NEAR_SIZE = 16  # thumbnails compared for near duplicates
NEAR_CORRELATION = 0.95  # at least this alike is a near duplicate
PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}


class DataError(Exception):
    """The data cannot be used; the message says which rows or files and why."""


@dataclass
class Faces:
    """A table of pictures: row i of every field belongs to picture i.

    images: uint8 [n, 48, 48]; labels: int64 [n], index into the contract's labels;
    votes: int64 [n, 10] in FER+ order, -1 where there are none; splits: str [n];
    ids: str [n], unique, `fer:ROW` where the row of the original table is known.
    """

    images: np.ndarray
    labels: np.ndarray
    votes: np.ndarray
    splits: np.ndarray
    ids: np.ndarray
    skipped: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, rows: np.ndarray) -> "Faces":
        """The rows (a mask or indices) as a table of their own."""
        return Faces(
            self.images[rows],
            self.labels[rows],
            self.votes[rows],
            self.splits[rows],
            self.ids[rows],
            self.skipped,
        )


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


# ---- readers: each yields one _Row a picture -------------------------------------------------


def check_label(text: object) -> int:
    """The label's index, from an index or a name in any case; ValueError if there is none such."""
    name = str(text).strip().lower()
    if name in LABELS:
        return LABELS.index(name)
    if not (name.isdigit() and int(name) < len(LABELS)):
        raise ValueError(f"unknown label {text!r}")
    return int(name)


def check_split(text: str) -> str:
    """The challenge's name of a split; ValueError if it is none of the three."""
    for split in SPLITS:
        if text.strip().lower() == split.lower():
            return split
    raise ValueError(f"unknown split {text!r}, expected one of {', '.join(SPLITS)}")


def parse_pixels(text: str) -> np.ndarray:
    """uint8 [48, 48] from 2,304 numbers separated by spaces."""
    try:
        pixels = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        raise ValueError("a pixel is not a whole number") from None
    if pixels.size != SIZE * SIZE:
        raise ValueError(f"{pixels.size} pixels, expected {SIZE * SIZE}")
    if pixels.min() < 0 or pixels.max() > 255:
        raise ValueError("a pixel is outside 0..255")
    return pixels.astype(np.uint8).reshape(SIZE, SIZE)


def decode_picture(source: io.BytesIO | Path) -> np.ndarray:
    """uint8 [48, 48] from an image file."""
    try:
        with Image.open(source) as picture:
            gray = picture.convert("L")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"unreadable picture ({error})") from None
    if gray.size != (SIZE, SIZE):
        raise ValueError(f"{gray.width}x{gray.height} pixels, expected {SIZE}x{SIZE}")
    return np.asarray(gray)


def read_csv(path: Path) -> Iterator[_Row]:
    """Kaggle's layout, `emotion,pixels[,Usage]`, plain or gzip'd; no Usage means Training."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            missing = {"emotion", "pixels"} - set(table.fieldnames or ())
            if missing:
                raise DataError(f"{path.name}: no column {' or '.join(sorted(missing))}")
            for number, cells in enumerate(table):
                row = _Row(where=f"{path.name} row {number}", id=f"fer:{number}")
                try:
                    row.image = parse_pixels(cells["pixels"] or "")
                    row.label = check_label(cells["emotion"])
                    row.split = check_split(cells.get("Usage") or TRAINING)
                except ValueError as error:
                    row.problem = str(error)
                yield row
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as error:
        raise DataError(f"{path.name}: not a readable CSV file ({error})") from None


def read_folders(path: Path) -> Iterator[_Row]:
    """Kaggle's image folders; PublicTest and PrivateTest are told apart by the file's prefix."""
    for folder in sorted(path.glob("*/*/")):
        if folder.parent.name.lower() not in ("train", "test"):
            continue
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in PICTURES:
                yield read_picture_file(file)


def read_picture_file(file: Path) -> _Row:
    """One picture of the image folders: its label is its folder, its split the prefix."""
    where = "/".join(file.parts[-3:])
    row = _Row(where=where, id=where)
    try:
        row.image = decode_picture(file)
        row.label = check_label(file.parent.name)
        row.split = TRAINING if file.parts[-3].lower() == "train" else PUBLIC
        prefix = file.stem.split("_")[0].lower()
        row.split = {s.lower(): s for s in SPLITS}.get(prefix, row.split)
    except ValueError as error:
        row.problem = str(error)
    return row


def read_parquet(path: Path) -> Iterator[_Row]:
    """Columns fer_row, emotion, image_png, ferplus_votes; the file's name gives the split."""
    try:
        table = pq.read_table(path)
        split = check_split(path.stem.replace("_", ""))
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name}: {error}") from None
    missing = {"emotion", "image_png"} - set(table.column_names)
    if missing:
        raise DataError(f"{path.name}: no column {' or '.join(sorted(missing))}")
    for number, cells in enumerate(table.to_pylist()):
        where = f"{path.name} row {number}"
        fer_row = cells.get("fer_row", -1)
        row = _Row(where=where, split=split, id=f"fer:{fer_row}" if fer_row >= 0 else where)
        try:
            row.image = decode_picture(io.BytesIO(cells["image_png"] or b""))
            row.label = check_label(cells["emotion"])
            if cells.get("ferplus_votes"):
                row.votes = np.array(cells["ferplus_votes"])
        except ValueError as error:
            row.problem = str(error)
        yield row


def find_rows(path: Path) -> Iterator[_Row]:
    """Rows of whatever layout lies at the path."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.is_file():
        if path.name.endswith((".csv", ".csv.gz")):
            return read_csv(path)
        if path.suffix == ".parquet":
            return read_parquet(path)
        raise DataError(f"{path.name}: neither .csv, .csv.gz nor .parquet")
    if tables := sorted(path.glob("*.parquet"), key=lambda file: file.name == "training.parquet"):
        return (row for table in reversed(tables) for row in read_parquet(table))
    for name in ("fer2013.csv", "fer2013.csv.gz"):
        if (path / name).exists():
            return read_csv(path / name)
    return read_folders(path)


# ---- tables ----------------------------------------------------------------------------------


def load_faces(path: Path | str, votes: Path | str | None = None, skip_bad: bool = False) -> Faces:
    """All pictures at the path.

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
    """The readers' rows as one table."""
    no_votes = np.full(len(VOTE_NAMES), -1)
    return Faces(
        images=np.stack([row.image for row in rows if row.image is not None]),
        labels=np.array([row.label for row in rows]),
        votes=np.stack([no_votes if row.votes is None else row.votes for row in rows]).astype(int),
        splits=np.array([row.split for row in rows]),
        ids=np.array([row.id for row in rows]),
        skipped=skipped,
    )


def join_votes(faces: Faces, path: Path) -> np.ndarray:
    """FER+ votes, int64 [n, 10], joined by row; DataError unless both tables are the original."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if len(faces) != COMPLETE_ROWS or len(rows) != COMPLETE_ROWS:
        raise DataError(
            f"{path.name} has {len(rows)} rows and the pictures {len(faces)}: votes are joined by "
            f"row, and only to the complete table of {COMPLETE_ROWS} rows"
        )
    wrong = [i for i, row in enumerate(rows) if row["Usage"] != faces.splits[i]]
    if wrong or faces.ids[0] != "fer:0":
        raise DataError(f"{path.name}: the pictures are in another order than the votes")
    return np.array([[int(row[name]) for name in VOTE_NAMES] for row in rows])


def clean_votes(votes: np.ndarray) -> np.ndarray:
    """FER+ votes [n, 10] without single votes, which count as noise (Barsoum et al. 2016)."""
    return np.where(votes > 1, votes, 0)


def find_majority(votes: np.ndarray) -> np.ndarray:
    """The class, int64 [n], that over half of the cleaned votes name, -1 where there is none.

    Microsoft's FER+ rule: contempt, unknown and not-a-face count as votes but are no class here.
    """
    clean = clean_votes(votes)
    winner = clean.argmax(axis=1)
    clear = clean.max(axis=1) * 2 > clean.sum(axis=1)
    classes = np.full(len(VOTE_NAMES), -1)
    classes[VOTE_COLUMNS] = np.arange(len(LABELS))
    return np.where(clear, classes[winner], -1)


def vote_distribution(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the seven classes, float32 [n, 7], and a mask [n] of the rows that have any."""
    shares = clean_votes(votes)[:, VOTE_COLUMNS].astype(np.float32)
    total = shares.sum(axis=1, keepdims=True)
    return shares / np.maximum(total, 1), total[:, 0] > 0


def mix_targets(faces: Faces, target_mix: float) -> np.ndarray:
    """What a run learns, float32 [n, 7]: labels (target_mix 0) to votes (1).

    A picture without votes keeps its label.
    """
    labels = np.eye(len(LABELS), dtype=np.float32)[faces.labels]
    votes, known = vote_distribution(faces.votes)
    share = (target_mix * known).astype(np.float32)[:, None]
    return (1 - share) * labels + share * votes


# ---- duplicates ------------------------------------------------------------------------------


def make_thumbnails(images: np.ndarray) -> np.ndarray:
    """float32 [n, 256]: 16x16 area means with zero mean and unit length; dot = correlation."""
    step = SIZE // NEAR_SIZE
    small = images.reshape(-1, NEAR_SIZE, step, NEAR_SIZE, step).mean(axis=(2, 4), dtype=np.float32)
    flat = small.reshape(len(images), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def find_duplicates(images: np.ndarray) -> np.ndarray:
    """Pairs of alike pictures, int64 [m, 2] with first < second, exact copies included.

    The rule: the 16x16 thumbnails, as they are or one mirrored, correlate at least 0.95.
    """
    thumbs = make_thumbnails(images)
    mirrored = make_thumbnails(images[:, :, ::-1])
    pairs = []
    for start in range(0, len(images), 2048):
        block = thumbs[start : start + 2048]
        alike = np.maximum(block @ thumbs[start:].T, block @ mirrored[start:].T)
        first, second = np.nonzero(np.triu(alike >= NEAR_CORRELATION, k=1))
        pairs.append(np.stack([first + start, second + start], axis=1))
    return np.concatenate(pairs)


def is_exact(images: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """For each pair, whether the two pictures are the same in every pixel."""
    return (images[pairs[:, 0]] == images[pairs[:, 1]]).all(axis=(1, 2))


def drop_leaks(faces: Faces, keep: np.ndarray, evaluate: np.ndarray) -> np.ndarray:
    """`keep` (mask) less the pictures that also stand, exactly or nearly, among `evaluate`."""
    pairs = find_duplicates(faces.images)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    leaked = both[evaluate[both[:, 1]] & keep[both[:, 0]], 0]
    clean = keep.copy()
    clean[leaked] = False
    return clean


def split_training(faces: Faces, validation: float, seed: int) -> tuple[Faces, Faces]:
    """Training and validation, cut from the Training split, stratified by label.

    Training loses what also stands in an evaluation split or in validation, and what the FER+
    voters call no face or unknown by majority.
    """
    rows = np.nonzero(faces.splits == TRAINING)[0]
    if len(rows) == 0:
        raise DataError("no picture of the Training split: there is nothing to train on")
    few = np.bincount(faces.labels[rows], minlength=len(LABELS))[np.unique(faces.labels[rows])]
    if few.min() < 2:
        raise DataError("a label has a single picture in Training; a validation part needs two")
    _, chosen = train_test_split(
        rows, test_size=validation, random_state=seed, stratify=faces.labels[rows]
    )
    in_validation = np.zeros(len(faces), bool)
    in_validation[chosen] = True
    keep = (faces.splits == TRAINING) & ~in_validation & is_face(faces.votes)
    # Validation too must not stand in the splits that are only reported on.
    reported = faces.splits != TRAINING
    keep = drop_leaks(faces, keep, reported | in_validation)
    return faces.select(keep), faces.select(drop_leaks(faces, in_validation, reported))


def is_face(votes: np.ndarray) -> np.ndarray:
    """Mask of the pictures that the voters' majority does not call unknown or not a face."""
    clean = clean_votes(votes)
    return clean[:, [UNKNOWN, NOT_A_FACE]].sum(axis=1) * 2 <= clean.sum(axis=1)


# ---- the report ------------------------------------------------------------------------------


def describe_duplicates(faces: Faces) -> dict:
    """Counts of exact and near pairs within and across splits, and how many labels conflict."""
    pairs = find_duplicates(faces.images)
    exact = is_exact(faces.images, pairs)
    conflict = faces.labels[pairs[:, 0]] != faces.labels[pairs[:, 1]]
    splits = np.sort(faces.splits[pairs], axis=1)
    result: dict = {
        "rule": {"thumbnail": NEAR_SIZE, "correlation": NEAR_CORRELATION, "mirrored": True},
        "pairs": [],
    }
    for first, second in sorted({tuple(map(str, pair)) for pair in splits}):
        here = (splits[:, 0] == first) & (splits[:, 1] == second)
        result["pairs"].append(
            {
                "splits": [first, second],
                "exact": int((here & exact).sum()),
                "near": int((here & ~exact).sum()),
                "conflicting_labels": int((here & conflict).sum()),
            }
        )
    return result


def describe_votes(faces: Faces) -> dict:
    """Per split: how often the label is the FER+ majority, and the mean votes of each label."""
    result = {}
    for split in np.unique(faces.splits):
        here = (faces.splits == split) & (faces.votes.min(axis=1) >= 0)
        if not here.any():
            continue
        majority = find_majority(faces.votes[here])
        shares, known = vote_distribution(faces.votes[here])
        labels = faces.labels[here]
        clear = majority >= 0
        result[str(split)] = {
            "pictures": int(here.sum()),
            "clear_majority": int(clear.sum()),
            "label_is_majority": float((majority == labels)[clear].mean()) if clear.any() else None,
            "mean_votes": {
                name: shares[known & (labels == i)].mean(axis=0).round(4).tolist()
                for i, name in enumerate(LABELS)
                if (known & (labels == i)).any()
            },
        }
    return result


def describe_faces(faces: Faces) -> dict:
    """The report's section `data`."""
    counts = {
        str(split): {
            label: int(((faces.splits == split) & (faces.labels == i)).sum())
            for i, label in enumerate(LABELS)
        }
        for split in np.unique(faces.splits)
    }
    return {
        "counts": counts,
        "skipped": len(faces.skipped),
        "duplicates": describe_duplicates(faces),
        "ferplus": describe_votes(faces),
    }


def print_description(section: dict) -> None:
    """The section `data` for a person to read."""
    for split, counts in section["counts"].items():
        print(f"{split}: {sum(counts.values())} pictures")
        print("  " + "  ".join(f"{label} {count}" for label, count in counts.items()))
    for pair in section["duplicates"]["pairs"]:
        print(
            f"alike, {' and '.join(pair['splits'])}: {pair['exact']} exact, {pair['near']} near, "
            f"{pair['conflicting_labels']} with different labels"
        )
    for split, votes in section["ferplus"].items():
        agreement = votes["label_is_majority"]
        shown = "no clear majority" if agreement is None else f"{agreement:.1%} of the majorities"
        print(f"{split}: the label agrees with {shown} ({votes['clear_majority']} pictures)")


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that reads the data."""
    parser.add_argument("data", type=Path, help="FER-2013: a CSV, a Parquet file, or a folder")
    parser.add_argument("--votes", type=Path, help="FER+ votes (fer2013new.csv) for a complete CSV")
    parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out and go on")


def main(arguments: list[str] | None = None) -> int:
    """Print and store the data's description; 2 when the data cannot be used."""
    parser = argparse.ArgumentParser(prog="training.data", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--report", type=Path, help="write the section `data` of this report")
    options = parser.parse_args(arguments)
    try:
        faces = load_faces(options.data, options.votes, options.skip_bad)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in faces.skipped:
        print(f"skipped {line}", file=sys.stderr)
    section = describe_faces(faces)
    print_description(section)
    if options.report:
        write_section(options.report, "data", section)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
