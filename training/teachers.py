"""Ask other networks what they say of the pictures that are learned (Hinton et al. 2015)."""

from pathlib import Path

import keras
import numpy as np

from training.crops import COUNTS, average_crops
from training.folder import find_run, load_run
from training.model import HEADS
from training.settings import RunError, Settings


def connect_heads(network: keras.Model) -> keras.Model:
    """Make a model of the two heads alone, which are what training compares."""
    return keras.Model(network.input, {name: network.output[name] for name in HEADS})


def load_teachers(runs: Path, settings: Settings) -> list[keras.Model]:
    """Load the networks of the runs to learn from, in run folders or packed ones."""
    if settings.teacher_crops not in COUNTS:
        counts = ", ".join(map(str, COUNTS))
        raise RunError(f"teacher crops {settings.teacher_crops}, expected one of {counts}")
    return [
        connect_heads(load_run(find_run(runs, name), None, settings.dtype))
        for name in settings.teachers
    ]


def ask_teachers(
    teachers: list[keras.Model],
    images: np.ndarray,
    truths: np.ndarray,
    share: float,
    crops: int = 1,
) -> np.ndarray:
    """Mix the teachers' mean scores into the truths [n, 2, 7], to so large a share.

    The teachers see the very pictures that are learned, as they were augmented (Beyer et al. 2022);
    each one's answer is its mean over so many crops of them.
    """
    if not teachers:
        return truths

    def ask(pictures: np.ndarray) -> np.ndarray:
        answers = [teacher.predict_on_batch(pictures) for teacher in teachers]
        return np.mean([[answer[name] for name in HEADS] for answer in answers], axis=0)

    scores = average_crops(ask, keras.ops.convert_to_numpy(images), crops)
    return (1 - share) * truths + share * scores.swapaxes(0, 1)
