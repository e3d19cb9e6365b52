"""What a classification gives, in the shape that all front ends share."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .image import Box

HEADS = ("scores", "label_scores")  # of the network; the first, what people would say, ranks
FACE_MODES = ("auto", "whole", "largest")  # how faces are found
GIVEN = "boxes"  # instead of them, where the caller said where the faces are


@dataclass(frozen=True)
class Expression:
    """One of the contract's expressions with its emoji and its score, 0 to 1."""

    label: str
    emoji: str
    score: float

    @property
    def emo_score(self) -> int:
        """The EmoScore: the score in whole percent, as it is shown."""
        return int(100 * self.score + 0.5)


@dataclass(frozen=True)
class FaceResult:
    """What one face of a photo shows.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the upright photo, before the crop margin.
        roll: how far the head is tilted clockwise in the photo, in degrees from -180 to 180, as
            the crop was turned; None where the picture was taken as the face.
        detection: the detector's score, 0 to 1; None where the picture was taken as the face.
        not_sure: people would be divided: the best of `scores` is below the contract's threshold.
        expressions: the best first.
        scores: the share of people who would choose each expression, float32 [labels], in the
            contract's order.
        label_scores: what FER-2013's own label would be, the same way.
        evidence: how much each place speaks for each expression, float32 [h, w, labels]; its mean
            over h and w gives the logits of `scores`.
        pixels: the gray face that the network saw, uint8 [48, 48].
    """

    box: Box
    roll: float | None
    detection: float | None
    not_sure: bool
    expressions: tuple[Expression, ...]
    scores: np.ndarray = field(compare=False, repr=False)
    label_scores: np.ndarray = field(compare=False, repr=False)
    evidence: np.ndarray = field(compare=False, repr=False)
    pixels: np.ndarray = field(compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The face in the result shape that every front end shares."""
        return {
            "box": [round(value, 2) for value in self.box],
            "roll": None if self.roll is None else round(self.roll, 2),
            "detection": None if self.detection is None else round(self.detection, 6),
            "not_sure": self.not_sure,
            "expressions": [
                {"label": e.label, "emoji": e.emoji, "score": round(e.score, 6)}
                for e in self.expressions
            ],
        }


@dataclass(frozen=True)
class PhotoResult:
    """What the faces of one photo show.

    Attributes:
        photo: its name.
        size: width and height of the upright photo.
        faces: the largest first.
        model: `artifact`, the network's name, and the `sha256` of its file.
        ranked_by: the head whose scores stand in the expressions, one of HEADS.
        face_mode: how its faces were found, one of FACE_MODES; "boxes" where the caller knew.
        finder: the options of finding faces that are not the default, by name.
        photo_sha256: the sha256 of the photo's bytes, where the command read them.
    """

    photo: str
    size: tuple[int, int]
    faces: tuple[FaceResult, ...]
    model: dict[str, str]
    ranked_by: str = HEADS[0]
    face_mode: str = FACE_MODES[0]
    finder: dict[str, Any] = field(default_factory=dict)
    photo_sha256: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The photo in the result shape that every front end shares.

        It says how expressions were ranked and faces found where that is not the default.
        """
        values = {
            "photo": self.photo,
            "size": list(self.size),
            "faces": [face.to_dict() for face in self.faces],
            "model": self.model,
        }
        chosen = {"ranked_by": self.ranked_by, "face_mode": self.face_mode}
        usual = (HEADS[0], FACE_MODES[0])
        values |= {key: value for key, value in chosen.items() if value not in usual}
        return values | ({"finder": self.finder} if self.finder else {})
