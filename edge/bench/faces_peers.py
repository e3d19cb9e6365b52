"""Other packages' face detectors on the same pictures as ours, counted by the same rule."""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emoji_edge.contract import load_contract
from emoji_edge.face import Face, FaceFinder

from .faces_count import Row, count_faces, find_row, match_faces
from .faces_scenes import Scene, TrueFace
from .peer_faces import list_finders, run_peer


def measure_finders(pictures: Iterable[tuple[Row, Scene, Path]]) -> dict[str, Any]:
    """Find the faces of written pictures with every detector, ours the first.

    Args:
        pictures: each with the group for which it counts, its true faces, and its file.
    """
    finder = FaceFinder(load_contract())
    known: list[tuple[Row, list[TrueFace], Path]] = []
    rows: list[Row] = []
    for group, scene, path in pictures:
        count_faces(
            find_row(rows, group), *match_faces(scene.faces, finder.find_faces(scene.image))
        )
        known.append((group, scene.faces, path))
    ours = {"finder": "emoji-edge", "version": version("emoji-edge"), "rows": rows}
    peers = [ask_finder(name, command, known) for name, command in list_finders().items()]
    return {"pictures": len(known), "finders": [sum_up(one) for one in (ours, *peers)]}


def ask_finder(
    name: str, command: list[str], known: list[tuple[Row, list[TrueFace], Path]]
) -> dict[str, Any]:
    """Ask one package's detector about all pictures, and count what it finds."""
    answers = {line["photo"]: line for line in run_peer(command, [str(p) for _, _, p in known])}
    rows: list[Row] = []
    for group, faces, path in known:
        found = [Face(tuple(face["box"]), 1.0, 0.0) for face in answers[str(path)]["faces"]]
        count_faces(find_row(rows, group), *match_faces(faces, found))
    return {"finder": name, "version": answers[str(path)]["version"], "rows": rows}


def sum_up(one: dict[str, Any]) -> dict[str, Any]:
    """Add the sums over all pictures to what one detector found."""
    return one | {key: sum(row[key] for row in one["rows"]) for key in ("faces", "found", "false")}
