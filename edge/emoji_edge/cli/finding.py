"""The options of the command that say where faces are, or how to find them."""

import argparse

from ..contract import Contract
from ..errors import EmojiError
from ..face import FinderOptions
from ..result import FACE_MODES
from .boxes import BoxTable


class UsageError(EmojiError):
    """Options that do not go together."""


def add_finder_options(parser: argparse.ArgumentParser, contract: Contract) -> None:
    """Add the options that say how to look for faces."""
    group = parser.add_argument_group("finding faces")
    group.add_argument(
        "--threshold",
        type=float,
        metavar="SCORE",
        help=f"the least detector score of a face, default {contract.detector_threshold:g}",
    )
    group.add_argument(
        "--smallest-face",
        type=float,
        metavar="PIXELS",
        help="the side of the smallest face that matters; smaller ones are left out",
    )
    group.add_argument(
        "--tiles",
        action=argparse.BooleanOptionalAction,
        help="also search large pictures in tiles; the default for photos alone",
    )
    group.add_argument(
        "--boxes",
        metavar="FILE",
        help="where the faces are, instead of finding them: CSV or JSON with a result's names "
        "(photo, x0, y0, x1, y1)",
    )


def read_finder_options(given: argparse.Namespace, mode: str) -> FinderOptions:
    """Take how to look for faces; UsageError where a value is out of range."""
    still = mode not in ("camera", "videos")
    tiles = still if given.tiles is None else given.tiles
    try:
        return FinderOptions(tiles, given.smallest_face, given.threshold)
    except ValueError as error:
        raise UsageError(f"--{str(error).replace('smallest_face', 'smallest-face')}") from None


def read_boxes_option(given: argparse.Namespace, mode: str) -> BoxTable | None:
    """Read the file of boxes, if one is given; UsageError where they would not be used."""
    if given.boxes is None:
        return None
    if mode != "photos":
        raise UsageError("--boxes is for photos alone")
    if given.face != FACE_MODES[0] or read_finder_options(given, mode).list_chosen():
        raise UsageError("--boxes says where the faces are; leave out how to find them")
    return BoxTable(given.boxes)
