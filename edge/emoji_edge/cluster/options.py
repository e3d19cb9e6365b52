"""The command line of emoji-edge-cluster: its options, checked, as values that nobody changes."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ..classify import FACE_MODES
from ..console import Parser, parse_count, parse_whole
from ..contract import Contract
from ..result import HEADS

PROGRAM = "emoji-edge-cluster"
MAX_WORKERS = 100_000


@dataclass(frozen=True)
class ClusterOptions:
    """What the command line asks for.

    Attributes:
        input: a folder of photos, or Parquet with `column`; a path or a URI.
        output: the folder of shards; a path or a URI.
        address: of a running cluster, this machine where empty.
        workers: how many processes, one a CPU where None.
        model: the network, the contract's default where None.
        face: how faces are found, one of FACE_MODES.
        rank_by: the head that ranks expressions, one of HEADS.
        column: of a Parquet input, the pictures' bytes.
        id: of a Parquet input, the pictures' names.
        shard: how many photos a shard has at least.
    """

    input: str
    output: str
    address: str = ""
    workers: int | None = None
    model: str | None = None
    face: str = FACE_MODES[0]
    rank_by: str = HEADS[0]
    column: str = ""
    id: str = ""
    shard: int = 1000


def parse_options(arguments: Sequence[str] | None, contract: Contract) -> ClusterOptions:
    """Read the command line; ends with status 2 where it cannot be understood."""
    parser = build_parser(contract)
    options = ClusterOptions(**vars(parser.parse_args(arguments)))
    if options.id and not options.column:
        parser.error("--id needs --column")
    if options.input.endswith(".parquet") and not options.column:
        parser.error("INPUT is Parquet: give the column of the pictures' bytes with --column")
    return options


def build_parser(contract: Contract) -> argparse.ArgumentParser:
    """The parser, with the contract's defaults in its help."""
    parser = Parser(
        prog=PROGRAM,
        description="Name the expression on every face of many photos, on a Ray cluster.",
        epilog="A second run with the same INPUT and OUTPUT does what is missing. Exit status as "
        "that of emoji-edge: 0 every photo has a result, 1 some failed, 2 it could not run.",
        argument_default=argparse.SUPPRESS,  # the defaults are those of ClusterOptions
    )
    parser.add_argument("input", help="folder, or Parquet with --column; a path or s3://, gs://")
    parser.add_argument("output", help="folder of Parquet shards; a path or s3://, gs://")
    parser.add_argument("--address", help="a running cluster's, or auto; this machine by default")
    parser.add_argument(
        "--workers",
        type=partial(parse_whole, low=1, high=MAX_WORKERS),
        help="how many processes; default one for each CPU",
    )
    default = contract.artifacts["default"]["tflite"]
    parser.add_argument(
        "--model", help=f"as emoji-edge, default {default}; the file must be on every machine"
    )
    parser.add_argument("--face", choices=FACE_MODES, help="as emoji-edge")
    parser.add_argument("--rank-by", choices=HEADS, help="as emoji-edge")
    parser.add_argument("--column", help="INPUT is Parquet: the column of bytes")
    parser.add_argument("--id", metavar="COLUMN", help="the column of the photos' names")
    parser.add_argument(
        "--shard", type=parse_count, help=f"photos in a shard, default {ClusterOptions.shard}"
    )
    return parser
