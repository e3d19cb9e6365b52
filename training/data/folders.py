"""Find the pictures of image folders, and say what is not read."""

import sys
from collections.abc import Iterator
from pathlib import Path

from emoji_edge.image import SUFFIXES

from training.data.table import PRIVATE, PUBLIC, SPLITS, TRAINING, DataError

# What file managers and unpackers leave beside the pictures.
LITTER = ("thumbs.db", "desktop.ini", "__macosx")


def is_litter(file: Path) -> bool:
    """Tell whether a name is no data: hidden (`._a.png` of macOS, too), or a file manager's."""
    return file.name.startswith(".") or file.name.lower() in LITTER


def list_entries(folder: Path) -> list[Path]:
    """List what lies in a folder, in order, without litter."""
    return sorted(entry for entry in folder.iterdir() if not is_litter(entry))


def find_pictures(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file below the folders of splits, with its split.

    `PublicTest_*` and `PrivateTest_*` are told apart by the file's name. DataError names a folder
    beside those of the splits. Pictures that lie in no folder are yielded first.
    """
    entries = list_entries(path)
    yield from ((file, TRAINING) for file in entries if file.suffix.lower() in SUFFIXES)
    folders = [entry for entry in entries if entry.is_dir()]
    for folder, split in zip(folders, name_splits(folders), strict=True):
        for file in walk_files(folder):
            prefix = file.stem.split("_")[0].lower()
            yield file, {name.lower(): name for name in SPLITS}.get(prefix, split)


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder, in order, without litter."""
    for entry in list_entries(folder):
        if entry.is_dir():
            yield from walk_files(entry)
        else:
            yield entry


def name_splits(folders: list[Path]) -> list[str]:
    """Return the split that each folder holds, by its name; DataError where a name says nothing.

    The one folder for evaluation is PublicTest, whether it is called test or validation. Where
    both are there, validation is PublicTest and test is PrivateTest.
    """
    names = [folder.name.lower().replace("_", "") for folder in folders]
    known = dict.fromkeys(("train", "training"), TRAINING)
    known |= dict.fromkeys(("val", "valid", "validation", "publictest"), PUBLIC)
    has_validation = any(known.get(name) == PUBLIC for name in names)
    known |= {"test": PRIVATE if has_validation else PUBLIC, "privatetest": PRIVATE}
    for folder, name in zip(folders, names, strict=True):
        if name not in known:
            raise DataError(
                f"{folder}: the folder's name is no split (train, validation, test); "
                "give the folder that holds these, or move this one away"
            )
    splits = [known[name] for name in names]
    if len(set(splits)) < len(splits):
        raise DataError(f"{folders[0].parent}: two folders of the same split")
    return splits


def note_left_out(path: Path, read: list[str]) -> None:
    """Print which folders and tables beside those read are left out."""
    tables = (".csv", ".gz", ".parquet")
    left = [
        entry.name + "/" * entry.is_dir()
        for entry in list_entries(path)
        if entry.name not in read and (entry.is_dir() or entry.suffix.lower() in tables)
    ]
    if left:
        print(f"{path.name}: read {', '.join(read)}, not {', '.join(left)}", file=sys.stderr)
