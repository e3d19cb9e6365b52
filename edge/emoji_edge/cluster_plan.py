"""What a cluster is to do: which photos belong to which shard, decided once and kept.

An output folder holds

    _run.json              what was asked for; written last, so the plan beside it is whole
    _plan/000000.parquet   the photos of each shard, a row group a shard
    part-00000000.parquet  a finished shard
    _done.json             the totals of the latest run that reached its end

and readers of Parquet folders skip what begins with an underscore. A shard is the same photos
however often and wherever it is tried, so trying it again can only write the same rows.
"""

import io
import itertools
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from .batch import list_photos
from .image import SUFFIXES

PUT_IS_ATOMIC = ("s3", "gcs", "abfs")  # elsewhere a file is written beside and then renamed
PLAN_SHARDS = 100  # in one file of the plan
PLAN = pa.schema([("path", pa.binary()), ("group", pa.int32()), ("error", pa.string())])
SETTLED = ("input", "model", "contract", "face", "column", "id", "shard")  # when a run begins

Entry = dict[str, Any]  # a row of the plan: a picture's file, or a row group of a Parquet file


class ClusterError(Exception):
    """Input, output, plan or cluster cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Run:
    """What is asked for, and how much the plan holds.

    Attributes:
        input, output: local paths or URIs.
        artifact: name or path of the network; `model` is its sha256, `contract` the contract's.
        face: Classifier's.
        column, id: of a Parquet input, the bytes of the pictures and their names.
        shard: photos in a shard, at least.
        shards, photos: of the whole plan.
    """

    input: str
    output: str
    artifact: str
    model: str
    contract: str
    face: str
    column: str
    id: str
    shard: int
    shards: int = 0
    photos: int = 0


class Store:
    """The output folder, on any file system that pyarrow knows."""

    def __init__(self, place: str) -> None:
        self._files, self._path = find_place(place)

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return self._files.get_file_info(f"{self._path}/{name}").type == fs.FileType.File

    def read(self, name: str) -> bytes:
        """The whole file."""
        with self._files.open_input_file(f"{self._path}/{name}") as file:
            return file.read()

    def put(self, name: str, data: bytes) -> None:
        """Write the file whole or not at all, whenever this ends and whoever else writes it."""
        path = goal = f"{self._path}/{name}"
        if self._files.type_name not in PUT_IS_ATOMIC:
            path = f"{self._path}/_partial/{uuid.uuid4().hex}"
            for file in (path, goal):
                self._files.create_dir(os.path.dirname(file), recursive=True)
        with self._files.open_output_stream(path, compression=None) as stream:
            stream.write(data)
        if path != goal:
            self._files.move(path, goal)


def find_place(place: str) -> tuple[fs.FileSystem, str]:
    """File system and path of a local path, or of a URI such as s3://bucket/folder."""
    if "://" not in place:
        return fs.LocalFileSystem(), os.path.abspath(place)
    try:
        files, path = fs.FileSystem.from_uri(place)
    except (ValueError, OSError) as error:
        raise ClusterError(f"{place}: {say_briefly(error)}") from None
    return files, path.rstrip("/")


def say_briefly(error: Exception) -> str:
    """The error as one short line."""
    return " ".join(str(error).split())[:200]


def begin_run(run: Run) -> Run:
    """The run with the plan that its output has already, else with a new one."""
    store = Store(run.output)
    if not store.has("_run.json"):
        return _plan_run(run, store)
    try:
        begun = Run(**json.loads(store.read("_run.json")))
    except (ValueError, TypeError):
        raise ClusterError(f"{run.output}: its _run.json is not of this program") from None
    for key in SETTLED:
        was, now = getattr(begun, key), getattr(run, key)
        if was != now:
            raise ClusterError(f"{run.output}: was begun with {key} {was!r}, and this is {now!r}")
    return replace(run, shards=begun.shards, photos=begun.photos)


def _plan_run(run: Run, store: Store) -> Run:
    counts: Counter[str] = Counter()
    shards = cut_shards(list_entries(run), run.shard, counts)
    for number in itertools.count():
        few = list(itertools.islice(shards, PLAN_SHARDS))
        if not few:
            break
        file = io.BytesIO()
        with pq.ParquetWriter(file, PLAN, compression="zstd") as writer:
            for shard in few:
                writer.write_table(pa.Table.from_pylist(shard, PLAN))
        store.put(f"_plan/{number:06}.parquet", file.getvalue())
    if not counts:
        hint = "" if run.column else "; Parquet needs --column"
        raise ClusterError(f"{run.input}: no pictures here{hint}")
    run = replace(run, shards=counts["shards"], photos=counts["photos"])
    store.put("_run.json", json.dumps(asdict(run), indent=1).encode())
    return run


def list_entries(run: Run) -> Iterator[tuple[Entry, int]]:
    """Every file or row group of the input in a fixed order, each with its number of photos."""
    files, path = find_place(run.input)
    kind = files.get_file_info(path).type
    if kind == fs.FileType.NotFound:
        raise ClusterError(f"{run.input}: no such file or folder")
    if run.column:
        found = [path] if kind == fs.FileType.File else walk_files(files, path, {".parquet"})
        for file in found:
            yield from _list_groups(files, file, run)
    elif isinstance(files, fs.LocalFileSystem):
        for photo in list_photos([path], recursive=True):
            if photo.path or photo.name != path:  # the folder itself stands for "no pictures"
                yield {"path": os.fsencode(photo.path or photo.name), "error": photo.error}, 1
    else:
        for file in walk_files(files, path, SUFFIXES):
            yield {"path": file.encode()}, 1


def walk_files(files: fs.FileSystem, folder: str, suffixes: Iterable[str]) -> Iterator[str]:
    """The files below a folder that have one of the suffixes, in the order of list_photos."""
    inside = sorted(files.get_file_info(fs.FileSelector(folder)), key=lambda info: info.base_name)
    shown = [info for info in inside if not info.base_name.startswith(".")]
    for info in shown:
        suffix = os.path.splitext(info.base_name)[1].lower()
        if info.type != fs.FileType.Directory and suffix in suffixes:
            yield info.path
    for info in shown:
        if info.type == fs.FileType.Directory:
            yield from walk_files(files, info.path, suffixes)


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


def cut_shards(
    entries: Iterable[tuple[Entry, int]], size: int, counts: Counter[str]
) -> Iterator[list[Entry]]:
    """Entries in shards of at least so many photos, the last one aside; counts what it gives."""
    shard: list[Entry] = []
    photos = 0
    for entry, number in itertools.chain(entries, [({}, 0)]):
        if shard and (photos >= size or not entry):
            counts.update(shards=1, photos=photos)
            yield shard
            shard, photos = [], 0
        shard.append(entry)
        photos += number


def read_entries(run: Run, number: int) -> list[Entry]:
    """What the plan has for a shard."""
    plan = Store(run.output).read(f"_plan/{number // PLAN_SHARDS:06}.parquet")
    with pq.ParquetFile(pa.BufferReader(plan)) as file:
        return file.read_row_group(number % PLAN_SHARDS).to_pylist()
