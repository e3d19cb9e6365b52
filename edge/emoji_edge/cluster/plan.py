"""The plan: what is asked for, and which photos make which shard.

An output folder holds

    _plan.parquet          the photos, a row group a shard, and what was asked for; never changed
    part-00000000.parquet  the rows of a finished shard

and readers of Parquet folders skip what begins with an underscore. A shard is the same photos
whoever makes it, so making it again can only write the same rows.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from ..contract import find_models, load_contract
from ..image import SUFFIXES
from ..listing import UNREAD_SUFFIXES, Omissions, list_photos
from ..network import find_artifact, hash_file
from .options import ClusterOptions
from .places import ClusterError, Entry, find_place, open_table, put_table, say_briefly, walk_files

PLAN = "_plan.parquet"
PICTURES = SUFFIXES | UNREAD_SUFFIXES
SCHEMA = pa.schema([("path", pa.binary()), ("group", pa.int32()), ("error", pa.string())])


@dataclass(frozen=True)
class Run:
    """What is asked for, with whole paths.

    Attributes:
        input: a local path or a URI.
        output: the same.
        artifact: the network's name in the contract, or the path of its file.
        model_sha256: of the network's file.
        contract_sha256: of the contract's file.
        face: how faces are found.
        rank_by: the head that ranks expressions.
        column: of a Parquet input, the pictures' bytes.
        id: of a Parquet input, the pictures' names.
        shard: how many photos a shard has at least.
    """

    input: str
    output: str
    artifact: str
    model_sha256: str
    contract_sha256: str
    face: str
    rank_by: str
    column: str
    id: str
    shard: int


def read_run(options: ClusterOptions) -> Run:
    """What the options ask for, with whole paths and hashes; ModelError, ContractError."""
    contract = load_contract()
    name, path = find_artifact(options.model, contract, find_models())
    return Run(
        input=make_absolute(options.input),
        output=make_absolute(options.output),
        artifact=name if name in contract.artifacts["tflite"] else str(path.absolute()),
        model_sha256=hash_file(path),
        contract_sha256=hash_contract(),
        face=options.face,
        rank_by=options.rank_by,
        column=options.column,
        id=options.id,
        shard=options.shard,
    )


def make_absolute(place: str) -> str:
    """The same place wherever a worker runs."""
    return place if "://" in place else os.path.abspath(place)


def hash_contract() -> str:
    """The sha256 of this machine's contract."""
    return hashlib.sha256((find_models() / "contract.json").read_bytes()).hexdigest()


def plan_shards(run: Run, omissions: Omissions | None = None) -> int:
    """The number of shards of the plan that the output has already, else of a new one.

    Raises:
        ClusterError: the output was begun with something else, or there are no pictures.
    """
    asked = asdict(replace(run, output="", artifact=""))
    try:
        plan = open_table(run.output, PLAN)
    except FileNotFoundError:
        return _write_plan(run, asked, omissions or Omissions())
    with plan:
        begun = json.loads((plan.schema_arrow.metadata or {}).get(b"run", b"{}"))
        for key, now in asked.items():
            if begun.get(key) != now:
                was = f"{key.removesuffix('_sha256')} {begun.get(key)!r}"
                raise ClusterError(f"{run.output}: was begun with {was}, and this is {now!r}")
        return plan.num_row_groups


def _write_plan(run: Run, asked: dict[str, Any], omissions: Omissions) -> int:
    shards = cut_shards(list_entries(run, omissions), run.shard)
    first = next(shards, None)
    if first is None:
        hint = "" if run.column else "; Parquet needs --column"
        raise ClusterError(f"{run.input}: no pictures here{hint}")
    schema = SCHEMA.with_metadata({"run": json.dumps(asked)})
    return put_table(run.output, PLAN, schema, itertools.chain([first], shards))


def cut_shards(entries: Iterable[tuple[Entry, int]], size: int) -> Iterator[list[Entry]]:
    """Entries, each with its number of photos, in shards of at least so many photos."""
    shard: list[Entry] = []
    photos = 0
    for entry, number in entries:
        shard.append(entry)
        photos += number
        if photos >= size:
            yield shard
            shard, photos = [], 0
    if shard:
        yield shard


def list_entries(run: Run, omissions: Omissions) -> Iterator[tuple[Entry, int]]:
    """Yield every file or row group of the input in a fixed order, with its number of photos."""
    files, path = find_place(run.input)
    kind = files.get_file_info(path).type
    if kind == fs.FileType.NotFound:
        raise ClusterError(f"{run.input}: no such file or folder")
    if run.column:
        for file in [path] if kind == fs.FileType.File else walk_files(files, path, {".parquet"}):
            yield from _list_groups(files, file, run)
    elif isinstance(files, fs.LocalFileSystem):
        for photo in list_photos([path], recursive=True, omissions=omissions):
            if photo.path or photo.name != path:  # the folder itself stands for "no pictures"
                yield {"path": os.fsencode(photo.path or photo.name), "error": photo.error}, 1
    else:
        yield from (
            ({"path": file.encode()}, 1) for file in walk_files(files, path, PICTURES, omissions)
        )


def _list_groups(files: fs.FileSystem, path: str, run: Run) -> Iterator[tuple[Entry, int]]:
    try:
        with pq.ParquetFile(path, filesystem=files) as file:
            counts = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            columns = {column.path: column.physical_type for column in file.schema}
    except (OSError, ValueError) as error:
        yield {"path": path.encode(), "error": f"not Parquet ({say_briefly(error)})"}, 1
        return
    for name in filter(None, (run.column, run.id)):
        if name not in columns:
            raise ClusterError(f"{path}: no column {name}, only {', '.join(columns)}")
    if columns[run.column] != "BYTE_ARRAY":
        raise ClusterError(f"{path}: column {run.column} does not hold bytes")
    yield from (({"path": path.encode(), "group": i}, count) for i, count in enumerate(counts))
