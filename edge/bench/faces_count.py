"""Count which of a picture's true faces were found, and which found ones are false."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from emoji_edge.contract import load_contract
from emoji_edge.face import Face

from .faces_scenes import TrueFace

THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
Row = dict[str, Any]


def match_faces(
    faces: Sequence[TrueFace], found: Sequence[Face]
) -> tuple[list[Face | None], list[Face]]:
    """Pair true faces with found ones: what was found of each, and what is false.

    A pair's centres are less than half the true side apart, its sides differ by less than half.
    """
    left = list(found)
    pairs: list[Face | None] = []
    for true in faces:
        near = [
            face
            for face in left
            if np.hypot(face.square.x - true.x, face.square.y - true.y) < true.side / 2
            and 0.5 < face.square.side / true.side < 2
        ]
        pairs.append(near[0] if near else None)
        left = [face for face in left if face is not pairs[-1]]
    return pairs, left


def find_row(rows: list[Row], group: Row) -> Row:
    """Find or begin the row of a group."""
    for row in rows:
        if all(row.get(key) == value for key, value in group.items()):
            return row
    rows.append(group | {"pictures": 0, "faces": 0, "found": 0, "false": 0})
    return rows[-1]


def count_faces(row: Row, pairs: Sequence[Face | None], false: Sequence[Face]) -> None:
    """Count one picture's faces, found ones and false ones in the row of its group."""
    row["pictures"] += 1
    row["faces"] += len(pairs)
    row["found"] += sum(face is not None for face in pairs)
    row["false"] += len(false)


def summarize(rows: list[Row], scored: list[tuple[float, bool]]) -> Row:
    """Sum up rows of groups and scores of found faces, true or not, into the section."""
    pictures, faces = (sum(row[key] for row in rows) for key in ("pictures", "faces"))
    for row in rows:
        rolls = row.pop("roll", [])
        row["roll_p95"] = round(float(np.percentile(rolls, 95)), 1) if rolls else None
        row["ms"] = round(row["ms"] / row["pictures"], 1)
    curve = [
        {
            "threshold": threshold,
            "recall": round(sum(true and s >= threshold for s, true in scored) / faces, 4),
            "false": round(sum(not true and s >= threshold for s, true in scored) / pictures, 4),
        }
        for threshold in THRESHOLDS
    ]
    return {
        "portraits": "Face Research Lab London Set",
        "threshold": load_contract().detector_threshold,
        "pictures": pictures,
        "faces": faces,
        "found": sum(row["found"] for row in rows),
        "false": sum(row["false"] for row in rows),
        "rows": rows,
        "curve": curve,
    }
