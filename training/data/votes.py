"""What FER+'s ten voters say about a picture (Barsoum et al. 2016)."""

import csv
from pathlib import Path

import numpy as np

from training.data.table import (
    LABELS,
    NOT_A_FACE,
    UNKNOWN,
    VOTE_COLUMNS,
    VOTE_NAMES,
    DataError,
    Faces,
)

COMPLETE_ROWS = 35_887  # the original table; votes are joined to nothing else


def read_votes(path: Path) -> tuple[list[str], np.ndarray]:
    """Read FER+'s table fer2013new.csv: the split's name of each row, and votes int64 [n, 10].

    DataError where the file cannot be read, a column is missing or a vote is no whole number.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            table.fieldnames = [name.strip() for name in table.fieldnames or ()]
            missing = {"Usage", *VOTE_NAMES} - set(table.fieldnames)
            if missing:
                raise DataError(f"{path.name}: no column {', '.join(sorted(missing))}")
            rows = list(table)
    except OSError as error:
        raise DataError(f"{path}: the votes cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name}: not a readable CSV file ({error})") from None
    try:
        votes = np.array([[int(row[name]) for name in VOTE_NAMES] for row in rows])
    except (TypeError, ValueError) as error:
        raise DataError(f"{path.name}: a vote is not a whole number ({error})") from None
    return [str(row["Usage"]).strip() for row in rows], votes


def join_votes(faces: Faces, path: Path) -> np.ndarray:
    """Join FER+ votes, int64 [n, 10], by row; DataError unless both tables are complete."""
    splits, votes = read_votes(path)
    if len(faces) != COMPLETE_ROWS or len(votes) != COMPLETE_ROWS:
        raise DataError(
            f"{path.name} has {len(votes)} rows and the pictures {len(faces)}: votes are joined by "
            f"row, and only to the complete table of {COMPLETE_ROWS} rows"
        )
    if faces.ids[0] != "fer:0" or splits != faces.splits.tolist():
        raise DataError(f"{path.name}: the pictures are in another order than the votes")
    return votes


def clean_votes(votes: np.ndarray) -> np.ndarray:
    """Return votes [n, 10] without single ones, which count as noise (Barsoum et al. 2016)."""
    return np.where(votes > 1, votes, 0)


def find_majority(votes: np.ndarray) -> np.ndarray:
    """Find the class, int64 [n], that over half of the cleaned votes name, -1 where none is.

    FER+'s rule: contempt, unknown and not-a-face count as votes but are no class here.
    """
    clean = clean_votes(votes)
    winner = clean.argmax(axis=1)
    clear = clean.max(axis=1) * 2 > clean.sum(axis=1)
    classes = np.full(len(VOTE_NAMES), -1)
    classes[VOTE_COLUMNS] = np.arange(len(LABELS))
    return np.where(clear, classes[winner], -1)


def share_votes(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the seven classes' shares of the cleaned votes [n, 7], and a mask of who has any."""
    return _share_columns(clean_votes(votes))


def share_raw_votes(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same shares with single votes counted too, and a mask of the rows with any."""
    return _share_columns(np.maximum(votes, 0))


def _share_columns(votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shares = votes[:, VOTE_COLUMNS].astype(np.float32)
    total = shares.sum(axis=1, keepdims=True)
    return shares / np.maximum(total, 1), total[:, 0] > 0


def find_truths(faces: Faces) -> np.ndarray:
    """Return what the two heads learn, float32 [n, 2, 7]: the voters' shares, and the label.

    A picture without votes has its label in both.
    """
    labels = np.eye(len(LABELS), dtype=np.float32)[faces.labels]
    shares, known = share_votes(faces.votes)
    return np.stack([np.where(known[:, None], shares, labels), labels], axis=1)


def is_face(votes: np.ndarray) -> np.ndarray:
    """Tell [n] which pictures the voters' majority does not call unknown or not a face."""
    clean = clean_votes(votes)
    return clean[:, [UNKNOWN, NOT_A_FACE]].sum(axis=1) * 2 <= clean.sum(axis=1)
