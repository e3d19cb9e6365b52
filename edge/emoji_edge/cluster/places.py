"""Files where they lie: folders of this machine, and object stores."""

import io
import os
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from ..errors import EmojiError
from ..listing import FILE, Omissions

PUT_IS_ATOMIC = ("s3", "gcs", "abfs")  # elsewhere a file is written beside and then renamed

Entry = dict[str, Any]  # a row; of the plan: a picture's file, or a row group of a Parquet file


class ClusterError(EmojiError):
    """Input, output, plan or cluster cannot be used; the message says why in one line."""


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


def walk_files(
    files: fs.FileSystem,
    folder: str,
    suffixes: Iterable[str],
    omissions: Omissions | None = None,
) -> Iterator[str]:
    """Yield the files below a folder that have one of the suffixes, sorted, less hidden ones.

    omissions counts the others that are not hidden.
    """
    inside = files.get_file_info(fs.FileSelector(folder, recursive=True))
    for path in sorted(info.path for info in inside if info.type == fs.FileType.File):
        if "/." in path[len(folder) :]:
            continue
        suffix = os.path.splitext(path)[1].lower()
        if suffix in suffixes:
            yield path
        elif omissions is not None:
            omissions.add(FILE, suffix)


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
