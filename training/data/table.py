"""The table of pictures that every reader fills and everything else works on."""

from dataclasses import dataclass, field

import numpy as np
from emoji_edge.contract import load_contract

CONTRACT = load_contract()
LABELS = CONTRACT.labels
SIZE = CONTRACT.input_size

TRAINING, PUBLIC, PRIVATE = "Training", "PublicTest", "PrivateTest"  # the challenge's own names
SPLITS = (TRAINING, PUBLIC, PRIVATE)

# FER+'s columns, and the network's class that each of the first seven stands for.
VOTE_NAMES = (
    "neutral", "happiness", "surprise", "sadness", "anger",
    "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
VOTE_LABELS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
VOTE_COLUMNS = [VOTE_LABELS.index(label) for label in LABELS]
UNKNOWN, NOT_A_FACE = 8, 9


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
        """Count the pictures of the table."""
        return len(self.labels)

    def select(self, rows: np.ndarray) -> "Faces":
        """Return the rows (a mask or indices) as a table of their own."""
        return Faces(
            self.images[rows],
            self.labels[rows],
            self.votes[rows],
            self.splits[rows],
            self.ids[rows],
            self.skipped,
        )


def check_label(text: object) -> int:
    """Return the label's index, from an index or a name in any case; ValueError if unknown."""
    name = str(text).strip().lower()
    if name in LABELS:
        return LABELS.index(name)
    if not (name.isascii() and name.isdigit() and int(name) < len(LABELS)):
        raise ValueError(f"unknown label {text!r}")
    return int(name)


def check_split(text: str) -> str:
    """Return the challenge's name of a split, given in any case; ValueError if unknown."""
    for split in SPLITS:
        if text.strip().lower() == split.lower():
            return split
    raise ValueError(f"unknown split {text!r}, expected one of {', '.join(SPLITS)}")
