"""Outcomes as rows of named columns, the same in CSV and in Parquet: one row a face.

A photo without a face has one row too, and so has one that failed. What a row does not have is
None.
"""

import json
from typing import Any

from .batch import Failure, Outcome

PLACE = (
    "photo", "width", "height", "faces", "face", "x0", "y0", "x1", "y1", "roll",
    "detection", "not_sure",
)  # fmt: skip
ORIGIN = (
    "artifact", "face_mode", "finder", "ranked_by", "photo_sha256", "model_sha256", "error",
)  # fmt: skip


def list_columns(top: int) -> list[str]:
    """The columns' names, with as many ranks of expressions as `top` says."""
    ranks = range(1, top + 1)
    ranked = [f"{name}_{rank}" for rank in ranks for name in ("label", "emoji", "score")]
    return [*PLACE, *ranked, *ORIGIN]


def list_rows(outcome: Outcome, top: int) -> list[dict[str, Any]]:
    """The rows of one photo, each with every one of list_columns, in that order."""
    row: dict[str, Any] = dict.fromkeys(list_columns(top))
    row |= {"photo": outcome.photo, "photo_sha256": outcome.photo_sha256}
    if isinstance(outcome, Failure):
        return [row | {"error": outcome.error}]
    width, height = outcome.size
    row |= {"width": width, "height": height, "faces": len(outcome.faces)}
    row |= {"face_mode": outcome.face_mode, "ranked_by": outcome.ranked_by}
    row |= {"finder": write_finder(outcome.finder)}
    row |= {"artifact": outcome.model["artifact"]}
    row |= {"model_sha256": outcome.model["sha256"]}
    faces = [face.to_dict() for face in outcome.faces]
    rows = [row | {"face": number} | flatten_face(face) for number, face in enumerate(faces, 1)]
    return rows or [row]


def write_finder(finder: dict[str, Any]) -> str | None:
    """The options of finding faces that are not the default, as JSON; None where all are."""
    return json.dumps(finder) if finder else None


def flatten_face(face: dict[str, Any]) -> dict[str, Any]:
    """A face of the shared shape as columns: its box's corners, and its expressions by rank."""
    flat = {key: face[key] for key in PLACE if key in face}
    flat |= zip(("x0", "y0", "x1", "y1"), face["box"], strict=True)
    for rank, expression in enumerate(face["expressions"], 1):
        flat |= {f"{key}_{rank}": value for key, value in expression.items()}
    return flat
