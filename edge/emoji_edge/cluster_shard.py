"""Make one shard: read its photos, classify them, and write their answers as Parquet."""

import hashlib
import io
import itertools
import json
import os
import platform
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from .batch import Answer, Failure, Photo, Settings, classify_photo, show_name
from .cluster_plan import ClusterError, Entry, Run, Store, find_place, read_entries, say_briefly
from .contract import VERSION, Contract, find_models
from .parallel import classify_parallel

READ_AHEAD = 8  # files that are read while another is classified
MAX_BYTES = 1 << 29  # of a file; more is no photo, and would not fit into a worker's memory
ROWS_AT_ONCE = 16  # of a Parquet file of photos
COUNTS = ("photos", "faces", "errors")
STAGES = ("read", "hash", "classify", "write")
TIMES = (*STAGES, "wall")


class ShardMaker:
    """Makes shards, one after another, with one interpreter of one thread."""

    def __init__(self, run: Run, careful: bool = False) -> None:
        """Load the network; ClusterError where this machine is not fit for the run.

        Args:
            run: with its plan.
            careful: classify in a further process, so that a photo which ends it is an error
                of that photo alone.
        """
        self._run = run
        self._store = Store(run.output)
        self._careful = careful
        self._settings = Settings(run.artifact, 1, None, run.face)
        self._classifier = self._settings.build_classifier()
        check_machine(run, self._classifier.network.sha256)

    def make_shard(self, number: int) -> dict[str, float]:
        """Make it unless it is there: its COUNTS, and if made now the seconds of TIMES."""
        name = f"part-{number:08}.parquet"
        if self._store.has(name):
            found = pq.read_schema(pa.BufferReader(self._store.read(name)))
            return json.loads(found.metadata[b"counts"])
        clock = Clock()
        rows: list[dict[str, Any]] = []
        counts = Counter(dict.fromkeys(COUNTS, 0))
        for answer, sha256 in self._answer_shard(number, clock):
            rows += list_rows(answer, sha256)
            failed = isinstance(answer, Failure)
            counts.update(photos=1, faces=rows[-1].get("face", 0), errors=failed)
            clock.stop("write")
        schema = build_schema(self._classifier.contract, json.dumps(counts))
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
        self._store.put(name, file.getvalue())
        clock.stop("write")
        return counts | clock.read()

    def _answer_shard(self, number: int, clock: "Clock") -> Iterator[tuple[Answer, str | None]]:
        digests: deque[str | None] = deque()

        def hash_photos() -> Iterator[Photo]:
            for photo in read_photos(self._run, number):
                clock.stop("read")
                digests.append(None if photo.data is None else hash_bytes(photo.data))
                clock.stop("hash")
                yield photo

        for answer in self._classify_photos(hash_photos()):
            clock.stop("classify")
            yield answer, digests.popleft()

    def _classify_photos(self, photos: Iterator[Photo]) -> Iterator[Answer]:
        if self._careful:
            return classify_parallel(photos, self._settings, 1)
        return (classify_photo(self._classifier, photo, "") for photo in photos)


class Clock:
    """The processor's seconds by what they went into, whatever else the machine is doing."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._begin = time.perf_counter()
        self._last = time.process_time()

    def stop(self, stage: str) -> None:
        """What went on since the last stop was this stage."""
        now = time.process_time()
        self._seconds[stage] += now - self._last
        self._last = now

    def read(self) -> dict[str, float]:
        """The processor's seconds of each of STAGES, and the wall's of them all."""
        return self._seconds | {"wall": time.perf_counter() - self._begin}


def hash_bytes(data: bytes) -> str:
    """The sha256."""
    return hashlib.sha256(data).hexdigest()


def hash_contract() -> str:
    """The sha256 of this machine's contract."""
    return hash_bytes((find_models() / "contract.json").read_bytes())


def check_machine(run: Run, model: str) -> None:
    """ClusterError where this one's model or contract is not the run's, or it sees no input."""
    for key, found in {"model": model, "contract": hash_contract()}.items():
        if found != getattr(run, key):
            raise ClusterError(f"the machine {platform.node()} has another {key} ({found[:12]})")
    files, path = find_place(run.input)
    if files.get_file_info(path).type == fs.FileType.NotFound:
        raise ClusterError(f"the machine {platform.node()} does not see {run.input}")


def read_photos(run: Run, number: int) -> Iterator[Photo]:
    """The shard's photos with their bytes, or with the reason why there are none."""
    entries = read_entries(run, number)
    files, _ = find_place(run.input)
    prefix = "" if isinstance(files, fs.LocalFileSystem) else run.input.split("://")[0] + "://"
    if run.column:
        groups = (read_group(files, entry, prefix, run) for entry in entries)
        return itertools.chain.from_iterable(groups)
    return read_files(files, entries, prefix)


def read_files(files: fs.FileSystem, entries: list[Entry], prefix: str) -> Iterator[Photo]:
    """A photo of each entry, a few of them read ahead."""
    waiting: deque[Future[Photo]] = deque()
    with ThreadPoolExecutor(READ_AHEAD) as pool:
        for entry in entries:
            waiting.append(pool.submit(_read_file, files, entry, prefix))
            if len(waiting) > READ_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _read_file(files: fs.FileSystem, entry: Entry, prefix: str) -> Photo:
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


def read_group(files: fs.FileSystem, entry: Entry, prefix: str, run: Run) -> Iterator[Photo]:
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


def build_schema(contract: Contract, counts: str) -> pa.Schema:
    """The columns. A photo without faces has no `face`; one without an answer has an `error`."""
    columns = [
        ("path", pa.string()),
        ("sha256", pa.string()),  # of the picture's bytes
        ("width", pa.int32()),  # of the upright photo
        ("height", pa.int32()),
        ("faces", pa.int32()),
        ("face", pa.int32()),  # from 1, the largest first
        ("box", pa.list_(pa.float64(), 4)),  # x0, y0, x1, y1 in pixels of the upright photo
        ("detection", pa.float64()),
        ("scores", pa.list_(pa.float32(), len(contract.labels))),  # in the order of the labels
        ("expression", pa.string()),  # the best
        ("not_sure", pa.bool_()),
        ("artifact", pa.string()),
        ("model", pa.string()),  # sha256
        ("contract", pa.int32()),  # version
        ("error", pa.string()),
    ]
    return pa.schema(columns, {"labels": ",".join(contract.labels), "counts": counts})


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
