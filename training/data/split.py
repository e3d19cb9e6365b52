"""Cut a validation part from Training, and keep the evaluation pictures out of both."""

import numpy as np
from sklearn.model_selection import train_test_split

from training.data.duplicates import find_duplicates
from training.data.table import LABELS, TRAINING, DataError, Faces
from training.data.votes import is_face

SPLIT_SEED = 2013  # of every run, whatever its own seed: a teacher must not have seen validation


def split_training(faces: Faces, validation: float, seed: int = SPLIT_SEED) -> tuple[Faces, Faces]:
    """Cut Training into training and validation, stratified by label; validation 0 cuts nothing.

    Training loses what also stands in an evaluation split or in validation, and what the FER+
    voters call no face or unknown. Validation must not stand in the evaluation splits either.
    """
    rows = np.nonzero(faces.splits == TRAINING)[0]
    if len(rows) == 0:
        raise DataError("no picture of the Training split: there is nothing to train on")
    in_validation = np.zeros(len(faces), bool)
    if validation:
        in_validation[choose_validation(faces.labels[rows], rows, validation, seed)] = True
    keep = (faces.splits == TRAINING) & ~in_validation & is_face(faces.votes)
    reported = faces.splits != TRAINING
    pairs = find_duplicates(faces.images)
    keep = drop_leaks(pairs, keep, reported | in_validation)
    return faces.select(keep), faces.select(drop_leaks(pairs, in_validation, reported))


def choose_validation(
    labels: np.ndarray, rows: np.ndarray, validation: float, seed: int
) -> np.ndarray:
    """Choose this share of the rows [n], with the same share of every label."""
    few = np.bincount(labels, minlength=len(LABELS))[np.unique(labels)]
    if few.min() < 2:
        raise DataError("a label has a single picture in Training; a validation part needs two")
    try:
        return train_test_split(rows, test_size=validation, random_state=seed, stratify=labels)[1]
    except ValueError as error:
        raise DataError(f"validation {validation:g} cannot be cut ({error})") from None


def drop_leaks(pairs: np.ndarray, keep: np.ndarray, evaluate: np.ndarray) -> np.ndarray:
    """Return `keep` (mask) less what is alike, by pairs [m, 2], to one of `evaluate` (mask)."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    leaked = both[evaluate[both[:, 1]] & keep[both[:, 0]], 0]
    clean = keep.copy()
    clean[leaked] = False
    return clean
