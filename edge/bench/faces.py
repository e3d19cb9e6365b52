"""Measure which faces are found and which are false, on pictures with known faces.

    python -m edge.bench.faces FOLDER [--each N] [--peers] [--turned PHOTOS] [--write FOLDER]

FOLDER holds portraits of one person each, as the Face Research Lab London Set; nothing is chosen
by them. Pictures come from a seed: heads of given sizes and tilts on drawn backgrounds, collages,
and pictures without people. --peers shows some of them to other packages' detectors. --turned
rotates labelled photos and holds the exam on each rotation. The report's section is `faces`.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from emoji_edge.contract import load_contract
from emoji_edge.face import FaceFinder, FinderOptions, wrap
from emoji_edge.image import ImageError, open_photo

from models.report import REPORT, read_report, write_section

from . import faces_scenes as scenes
from .faces_count import THRESHOLDS, count_faces, find_row, match_faces, summarize
from .faces_peers import measure_finders
from .faces_turned import measure_turned

SEED = 19
PEERS_EACH = 2  # pictures a size for other packages, some of which take seconds for one
SIZES = {(4000, 3000): (160, 96, 64), (1920, 1080): (96, 64, 48), (640, 480): (160, 48, 32, 24)}
MANY = 10  # faces a picture, of small ones
TILTS = (0, 15, 30, 45, 60, 90, 135, 180, 270)
COLLAGES = {40: 160, 100: 128}  # portraits, and pixels of each


def read_portraits(folder: Path, finder: FaceFinder) -> list[scenes.Portrait]:
    """Read the folder's portraits with the one face that is found in each."""
    portraits = []
    for path in sorted(folder.glob("*.jpg")):
        image = open_photo(path, load_contract().max_pixels)
        faces = finder.find_faces(image)
        if len(faces) == 1:
            square = faces[0].square
            place = (square.x, square.y, square.side, square.roll)
            portraits.append(scenes.Portrait(image, *place))
    return portraits


def build_scenes(
    portraits: Sequence[scenes.Portrait], each: int
) -> Iterator[tuple[dict[str, Any], scenes.Scene]]:
    """Build every picture, with what it counts for in the report."""
    rng = np.random.default_rng(SEED)
    for size, sides in SIZES.items():
        for side in sides:
            for _ in range(each):
                count = MANY if side * 4 < size[0] else 1
                group = {"kind": "size", "width": size[0], "height": size[1], "side": side}
                yield group, scenes.build_scene(rng, portraits, "", size, sides=[side] * count)
    for tilt in TILTS:
        for _ in range(each * 2):
            group = {"kind": "tilt", "tilt": tilt}
            yield (
                group,
                scenes.build_scene(rng, portraits, "", (640, 480), sides=[120.0] * 2, tilt=tilt),
            )
    for count, cell in COLLAGES.items():
        group = {"kind": "collage", "count": count}
        yield group, scenes.build_collage(rng, portraits, "", count, cell)
    for scene in scenes.build_empty(rng, list(SIZES), each):
        width, height = scene.image.size
        yield {"kind": "empty", "width": width, "height": height}, scene


def measure_section(portraits: Sequence[scenes.Portrait], each: int) -> dict[str, Any]:
    """Measure the report's section over all pictures."""
    finder = FaceFinder(load_contract())
    rows: list[dict[str, Any]] = []
    scored: list[tuple[float, bool]] = []
    low = FinderOptions(threshold=THRESHOLDS[0])
    for group, scene in build_scenes(portraits, each):
        row = find_row(rows, group)
        begin = time.perf_counter()
        pairs, false = match_faces(scene.faces, finder.find_faces(scene.image))
        row["ms"] = round(row.get("ms", 0) + 1000 * (time.perf_counter() - begin), 1)
        count_faces(row, pairs, false)
        row.setdefault("roll", []).extend(
            abs(wrap(face.roll - true.roll))
            for face, true in zip(pairs, scene.faces, strict=True)
            if face
        )
        pairs, false = match_faces(scene.faces, finder.find_faces(scene.image, low))
        scored += [(face.score, True) for face in pairs if face]
        scored += [(face.score, False) for face in false]
    return summarize(rows, scored)


def write_scenes(
    portraits: Sequence[scenes.Portrait], each: int, folder: Path
) -> Iterator[tuple[dict[str, Any], scenes.Scene, Path]]:
    """Write every picture as a PNG, for other front ends and packages; each with its file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (group, scene) in enumerate(build_scenes(portraits, each)):
        name = "-".join(str(value) for value in group.values())
        path = folder / f"{number:03}-{name}.png"
        scene.image.save(path, compress_level=1)
        yield group, scene, path


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m edge.bench.faces", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=10, help="pictures a size, default %(default)s")
    parser.add_argument("--turned", type=Path, metavar="PHOTOS", help="photos with a labels.csv")
    parser.add_argument("--peers", action="store_true", help="ask other packages' detectors too")
    parser.add_argument("--write", type=Path, help="only write the pictures there")
    parser.add_argument("--no-report", action="store_true")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Measure and write the report's section; what is not measured anew stays in it."""
    options = build_parser().parse_args(arguments)
    try:
        portraits = read_portraits(options.folder, FaceFinder(load_contract()))
    except (OSError, ImageError) as error:
        print(f"faces: {error}", file=sys.stderr)
        return 2
    if not portraits:
        print(f"faces: {options.folder}: no portraits (*.jpg) here", file=sys.stderr)
        return 2
    if options.write:
        for _, _, path in write_scenes(portraits, options.each, options.write):
            print(path)
        return 0
    for part in measure_parts(portraits, options):
        section = read_report().get("faces", {}) | part
        print(json.dumps(part, indent=1), flush=True)
        if not options.no_report:
            write_section(REPORT, "faces", section)
    return 0


def measure_parts(
    portraits: Sequence[scenes.Portrait], options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Measure what the options ask for, each part as it is done."""
    yield measure_section(portraits, options.each)
    if options.turned:
        yield {"turned": measure_turned(options.turned)}
    if options.peers:
        with TemporaryDirectory() as name:
            yield {"peers": measure_finders(write_scenes(portraits, PEERS_EACH, Path(name)))}


if __name__ == "__main__":
    sys.exit(main())
