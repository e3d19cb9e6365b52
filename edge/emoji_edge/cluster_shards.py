"""Shards of photos: plan them once, and make each one, wherever and however often it is tried.

An output folder holds

    _plan.parquet          the photos, a row group a shard, and what was asked for; never changed
    part-00000000.parquet  the answers of a finished shard

and readers of Parquet folders skip what begins with an underscore. A shard is the same photos
whoever makes it, so making it again can only write the same rows.
"""

import hashlib
import io
import itertools
import json
import os
import platform
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from .batch import Answer, Failure, Photo, Settings, classify_photo, list_photos, show_name
from .contract import VERSION, find_models, load_contract
from .image import SUFFIXES
from .parallel import classify_parallel

PUT_IS_ATOMIC = ("s3", "gcs", "abfs")  # elsewhere a file is written beside and then renamed
PLAN = pa.schema([("path", pa.binary()), ("group", pa.int32()), ("error", pa.string())])
READ_AHEAD = 8  # files read at once
MAX_BYTES = 1 << 29  # of a file; more is no photo, and would not fit into a worker's memory
ROWS_AT_ONCE = 16  # of a Parquet file of photos
COUNTS = ("photos", "faces", "errors")
LABELS = load_contract().labels
ANSWERS = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),  # of the picture's bytes
        ("width", pa.int32()),  # of the upright photo
        ("height", pa.int32()),
        ("faces", pa.int32()),
        ("face", pa.int32()),  # from 1, the largest first; none in a photo without faces
        ("box", pa.list_(pa.float64(), 4)),  # x0, y0, x1, y1 in pixels of the upright photo
        ("detection", pa.float64()),
        ("scores", pa.list_(pa.float32(), len(LABELS))),  # in the order of the labels
        ("expression", pa.string()),  # the best
        ("not_sure", pa.bool_()),
        ("artifact", pa.string()),
        ("model", pa.string()),  # sha256
        ("contract", pa.int32()),  # version
        ("error", pa.string()),  # of a photo without an answer
    ]
)

Entry = dict[str, Any]  # a row; of the plan: a picture's file, or a row group of a Parquet file


class ClusterError(Exception):
    """Input, output, plan or cluster cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Run:
    """What is asked for. `input`, `output`: local paths or URIs; `model`, `contract`: sha256;
    `column`, `id`: of a Parquet input, the pictures' bytes and names; `shard`: photos at least."""

    input: str
    output: str
    artifact: str
    model: str
    contract: str
    face: str
    column: str
    id: str
    shard: int


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


def hash_contract() -> str:
    """The sha256 of this machine's contract."""
    return hashlib.sha256((find_models() / "contract.json").read_bytes()).hexdigest()


def put_table(folder: str, name: str, schema: pa.Schema, groups: Iterable[list[Entry]]) -> int:
    """Write row groups as a file that is whole or not there, whenever this ends and whoever else
    writes it; their number."""
    data = io.BytesIO()
    with pq.ParquetWriter(data, schema, compression="zstd") as writer:
        for number, rows in enumerate(groups, 1):  # noqa: B007
            writer.write_table(pa.Table.from_pylist(rows, schema))
    files, path = find_place(folder)
    atomic = files.type_name in PUT_IS_ATOMIC
    beside = f"{path}/{name}" if atomic else f"{path}/_partial/{uuid.uuid4().hex}"
    files.create_dir(os.path.dirname(beside), recursive=True)
    with files.open_output_stream(beside, compression=None) as stream:
        stream.write(data.getbuffer())
    if not atomic:
        files.move(beside, f"{path}/{name}")
    return number


def open_table(folder: str, name: str) -> pq.ParquetFile:
    """A file of the folder; FileNotFoundError."""
    files, path = find_place(folder)
    return pq.ParquetFile(f"{path}/{name}", filesystem=files)


# ---- the plan


def plan_shards(run: Run) -> int:
    """The number of shards of the plan that the output has already, else of a new one."""
    asked = asdict(replace(run, output="", artifact=""))
    try:
        plan = open_table(run.output, "_plan.parquet")
    except FileNotFoundError:
        return _write_plan(run, asked)
    with plan:
        begun = json.loads((plan.schema_arrow.metadata or {}).get(b"run", b"{}"))
        for key, now in asked.items():
            if begun.get(key) != now:
                was = f"{key} {begun.get(key)!r}"
                raise ClusterError(f"{run.output}: was begun with {was}, and this is {now!r}")
        return plan.num_row_groups


def _write_plan(run: Run, asked: dict[str, Any]) -> int:
    shards = cut_shards(list_entries(run), run.shard)
    first = next(shards, None)
    if first is None:
        hint = "" if run.column else "; Parquet needs --column"
        raise ClusterError(f"{run.input}: no pictures here{hint}")
    schema = PLAN.with_metadata({"run": json.dumps(asked)})
    return put_table(run.output, "_plan.parquet", schema, itertools.chain([first], shards))


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


def list_entries(run: Run) -> Iterator[tuple[Entry, int]]:
    """Every file or row group of the input in a fixed order, each with its number of photos."""
    files, path = find_place(run.input)
    kind = files.get_file_info(path).type
    if kind == fs.FileType.NotFound:
        raise ClusterError(f"{run.input}: no such file or folder")
    if run.column:
        for file in [path] if kind == fs.FileType.File else walk_files(files, path, {".parquet"}):
            yield from _list_groups(files, file, run)
    elif isinstance(files, fs.LocalFileSystem):
        for photo in list_photos([path], recursive=True):
            if photo.path or photo.name != path:  # the folder itself stands for "no pictures"
                yield {"path": os.fsencode(photo.path or photo.name), "error": photo.error}, 1
    else:
        yield from (({"path": file.encode()}, 1) for file in walk_files(files, path, SUFFIXES))


def walk_files(files: fs.FileSystem, folder: str, suffixes: Iterable[str]) -> Iterator[str]:
    """The files below a folder that have one of the suffixes, sorted, less the hidden ones."""
    inside = files.get_file_info(fs.FileSelector(folder, recursive=True))
    for path in sorted(info.path for info in inside if info.type == fs.FileType.File):
        if os.path.splitext(path)[1].lower() in suffixes and "/." not in path[len(folder) :]:
            yield path


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


# ---- a shard


class ShardMaker:
    """Makes shards, one after another, with one interpreter of one thread."""

    def __init__(self, run: Run, careful: bool = False) -> None:
        """Load the network; ClusterError where this machine's model or contract is another, or
        where it sees no input. `careful`: classify in a further process, so that a photo which
        ends it is an error of that photo alone."""
        self._run = run
        settings = Settings(run.artifact, 1, None, run.face)
        classifier = settings.build_classifier()
        self._classify = partial(classify_parallel, settings=settings, jobs=1) if careful else (
            lambda photos: (classify_photo(classifier, photo, "") for photo in photos)
        )  # fmt: skip
        mine = {"model": classifier.network.sha256, "contract": hash_contract()}
        for key, found in mine.items():
            if found != getattr(run, key):
                raise ClusterError(f"the machine {platform.node()} has another {key}")
        files, path = find_place(run.input)
        if files.get_file_info(path).type == fs.FileType.NotFound:
            raise ClusterError(f"the machine {platform.node()} does not see {run.input}")

    def make_shard(self, number: int) -> dict[str, int]:
        """Make it unless it is there: its COUNTS, and whether it was `made` now."""
        name = f"part-{number:08}.parquet"
        with suppress(FileNotFoundError), open_table(self._run.output, name) as part:
            return json.loads(part.schema_arrow.metadata[b"counts"]) | {"made": 0}
        hashes: list[str | None] = []

        def hash_photos() -> Iterator[Photo]:
            for photo in read_photos(self._run, number):
                data = photo.data
                hashes.append(None if data is None else hashlib.sha256(data).hexdigest())
                yield photo

        rows: list[dict[str, Any]] = []
        counts = Counter(dict.fromkeys(COUNTS, 0))
        for photo, answer in enumerate(self._classify(hash_photos())):
            rows += list_rows(answer, hashes[photo])
            failed = isinstance(answer, Failure)
            counts.update(photos=1, faces=rows[-1].get("face", 0), errors=failed)
        metadata = {"labels": ",".join(LABELS), "counts": json.dumps(counts)}
        schema = ANSWERS.with_metadata(metadata)
        put_table(self._run.output, name, schema, [rows])
        return {**counts, "made": 1}


def read_photos(run: Run, number: int) -> Iterator[Photo]:
    """The shard's photos with their bytes, or with the reason why there are none."""
    with open_table(run.output, "_plan.parquet") as plan:
        entries = plan.read_row_group(number).to_pylist()
    files, _ = find_place(run.input)
    prefix = "" if isinstance(files, fs.LocalFileSystem) else run.input.split("://")[0] + "://"
    if run.column:
        for entry in entries:
            yield from _read_group(files, entry, prefix, run)
        return
    with ThreadPoolExecutor(READ_AHEAD) as pool:
        for first in range(0, len(entries), READ_AHEAD):
            few = entries[first : first + READ_AHEAD]
            yield from pool.map(partial(_read_file, files, prefix), few)


def _read_file(files: fs.FileSystem, prefix: str, entry: Entry) -> Photo:
    path = os.fsdecode(entry["path"])
    name = show_name(prefix + path)
    if entry["error"]:
        return Photo(name, error=entry["error"])
    local = isinstance(files, fs.LocalFileSystem)  # whose names need not be UTF-8, as pyarrow's are
    try:
        with Path(path).open("rb") if local else files.open_input_file(path) as file:
            if file.seek(0, os.SEEK_END) > MAX_BYTES:
                return Photo(name, error=f"more than {MAX_BYTES >> 20} MiB")
            file.seek(0)
            return Photo(name, data=file.read())
    except OSError as error:
        return Photo(name, error=f"cannot be read ({error.strerror or say_briefly(error)})")


def _read_group(files: fs.FileSystem, entry: Entry, prefix: str, run: Run) -> Iterator[Photo]:
    """The photos of a row group, named by the run's id column, else by file and row."""
    path = os.fsdecode(entry["path"])
    row = 0
    if entry["error"]:
        yield Photo(show_name(prefix + path), error=entry["error"])
        return
    try:
        with pq.ParquetFile(path, filesystem=files, buffer_size=1 << 20) as file:
            row = sum(file.metadata.row_group(i).num_rows for i in range(entry["group"]))
            wanted = [name for name in (run.column, run.id) if name]
            for batch in file.iter_batches(ROWS_AT_ONCE, [entry["group"]], wanted):
                pictures = take_column(batch, run.column).cast(pa.large_binary()).to_pylist()
                rows = [f"{prefix}{path}#{row + i}" for i in range(len(pictures))]
                names = take_column(batch, run.id).to_pylist() if run.id else rows
                for name, data in zip(names, pictures, strict=True):
                    error = "no picture in this row" if data is None else ""
                    yield Photo(show_name(str(name)), error=error, data=data)
                row += len(pictures)
    except (OSError, ValueError) as error:
        rest = f"this row and the rest of its row group cannot be read ({say_briefly(error)})"
        yield Photo(show_name(f"{prefix}{path}#{row}"), error=rest)


def take_column(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column; image.bytes is the field bytes of the column image."""
    top, *fields = name.split(".")
    return pc.struct_field(batch.column(top), fields) if fields else batch.column(top)


def list_rows(answer: Answer, sha256: str | None) -> list[dict[str, Any]]:
    """The rows of a photo: one a face, one where there is none, one where it failed."""
    row: dict[str, Any] = {"path": answer.photo, "sha256": sha256, "contract": VERSION}
    if isinstance(answer, Failure):
        return [row | {"error": answer.error}]
    width, height = answer.size
    row |= {"width": width, "height": height, "faces": len(answer.faces)}
    row |= {"artifact": answer.model["artifact"], "model": answer.model["sha256"]}
    faces = [
        {
            "face": number,
            "box": face.box,
            "detection": face.detection,
            "scores": face.scores,
            "expression": face.expressions[0].label,
            "not_sure": face.not_sure,
        }
        for number, face in enumerate(answer.faces, 1)
    ]
    return [row | face for face in faces] or [row]
