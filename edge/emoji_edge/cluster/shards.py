"""One shard: read its photos where they lie, classify them, write their rows."""

import json
import os
import platform
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from ..batch import Failure, Outcome, classify_photo
from ..classify import ClassifierOptions
from ..contract import VERSION, Contract
from ..listing import Photo, show_name
from ..parallel import classify_parallel
from ..rows import ORIGIN, list_columns, list_rows
from .places import ClusterError, Entry, find_place, open_table, put_table, say_briefly
from .plan import PLAN, Run, hash_contract

READ_AHEAD = 8  # files read at once
MAX_BYTES = 1 << 29  # of a file; more is no photo, and would not fit into a worker's memory
ROWS_AT_ONCE = 16  # of a Parquet file of photos
COUNTS = ("photos", "faces", "errors")
TEXTS = {"photo", "label", "emoji", *ORIGIN}
COUNTED = {"width", "height", "faces", "face"}


def build_schema(contract: Contract) -> pa.Schema:
    """The columns of a shard: those of the CSV, then all scores and the contract's version."""
    scores = pa.list_(pa.float32(), len(contract.labels))  # in the order of the labels
    return pa.schema(
        [
            *((name, find_type(name)) for name in list_columns(contract.top)),
            ("scores", scores),
            ("label_scores", scores),
            ("contract", pa.int32()),
        ],
        metadata={"labels": ",".join(contract.labels)},
    )


def find_type(column: str) -> pa.DataType:
    """The type of one of the columns that CSV and Parquet share; those of ranks end in a number."""
    name, _, rank = column.rpartition("_")
    kind = name if rank.isdigit() else column
    if kind in TEXTS:
        return pa.string()
    if kind in COUNTED:
        return pa.int32()
    return pa.bool_() if kind == "not_sure" else pa.float64()


class ShardMaker:
    """Makes shards, one after another, with one interpreter of one thread."""

    def __init__(self, run: Run, careful: bool = False) -> None:
        """Load the network; ClusterError where this machine's model or contract is another, or
        where it sees no input. `careful`: classify in a further process, so that a photo which
        ends it is an error of that photo alone."""
        self._run = run
        options = ClassifierOptions(run.artifact, face=run.face, rank_by=run.rank_by)
        classifier = options.build()
        self._contract = classifier.contract
        self._classify = partial(classify_parallel, options=options, jobs=1) if careful else (
            lambda photos: (classify_photo(classifier, photo) for photo in photos)
        )  # fmt: skip
        mine = {"model": classifier.network.sha256, "contract": hash_contract()}
        for name, found in mine.items():
            if found != getattr(run, f"{name}_sha256"):
                raise ClusterError(f"the machine {platform.node()} has another {name}")
        files, path = find_place(run.input)
        if files.get_file_info(path).type == fs.FileType.NotFound:
            raise ClusterError(f"the machine {platform.node()} does not see {run.input}")

    def make_shard(self, number: int) -> dict[str, int]:
        """Make it unless it is there; returns its COUNTS, and whether it was `made` now."""
        name = f"part-{number:08}.parquet"
        with suppress(FileNotFoundError), open_table(self._run.output, name) as part:
            return json.loads(part.schema_arrow.metadata[b"counts"]) | {"made": 0}
        rows: list[dict[str, Any]] = []
        counts = Counter(dict.fromkeys(COUNTS, 0))
        for outcome in self._classify(read_photos(self._run, number)):
            rows += complete_rows(outcome, self._contract)
            failed = isinstance(outcome, Failure)
            counts.update(photos=1, faces=rows[-1]["face"] or 0, errors=failed)
        schema = build_schema(self._contract)
        schema = schema.with_metadata(schema.metadata | {b"counts": json.dumps(counts).encode()})
        put_table(self._run.output, name, schema, [rows])
        return {**counts, "made": 1}


def read_photos(run: Run, number: int) -> Iterator[Photo]:
    """The shard's photos with their bytes, or with the reason why there are none."""
    with open_table(run.output, PLAN) as plan:
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


def complete_rows(outcome: Outcome, contract: Contract) -> list[dict[str, Any]]:
    """The rows of a photo, with what a shard has beyond the CSV."""
    rows = [row | {"contract": VERSION} for row in list_rows(outcome, contract.top)]
    if not isinstance(outcome, Failure):
        for row, face in zip(rows, outcome.faces, strict=False):  # without a face there is one row
            row |= {"scores": face.scores, "label_scores": face.label_scores}
    return rows
