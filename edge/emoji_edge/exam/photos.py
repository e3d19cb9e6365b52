"""Bring labels and photos together, and count what does not fit."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..listing import Photo, list_photos, show_name
from .labels import ExamError, Row
from .names import find_expression

FOLDER_GROUP = "folder"
File = tuple[Photo, PurePosixPath]  # a photo, and its path from its argument's own name on


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo with the expression that somebody saw on it, and the groups it belongs to."""

    photo: Photo
    label: str
    groups: dict[str, str]


@dataclass
class LeftOut:
    """What is not in the exam, and why: names of photos, and names of expressions with counts.

    Attributes:
        missing: rows whose photo is not there.
        ambiguous: rows whose name fits several photos.
        unlabelled: photos without a row, or outside of every expression's folder.
        unknown: names that are no expression, with their number of rows.
        repeated: rows that name a photo again, with the same expression; the photo counts once.
        contradicting: photos that the rows give several expressions; they do not count.
    """

    missing: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    repeated: list[str] = field(default_factory=list)
    contradicting: list[str] = field(default_factory=list)


def list_files(arguments: Sequence[str]) -> tuple[list[File], list[Photo]]:
    """List every photo below the arguments, one that two of them name only once.

    Returns:
        The photos, and those with an error: a folder that cannot be read, or has none.

    Raises:
        ExamError: an argument is not there.
    """
    found: dict[str, File] = {}
    problems: dict[str, Photo] = {}
    for argument in arguments:
        if not os.path.exists(argument):
            raise ExamError(f"{argument}: no such file or folder")
        folder = argument if os.path.isdir(argument) else os.path.dirname(argument) or "."
        above = os.path.dirname(os.path.abspath(folder))
        for photo in list_photos([argument], recursive=True):
            if photo.error:
                problems.setdefault(photo.name, photo)
            else:
                inside = os.path.relpath(os.path.abspath(photo.path), above)
                file = (photo, PurePosixPath(Path(inside).as_posix()))
                found.setdefault(os.path.realpath(photo.path), file)
    return list(found.values()), list(problems.values())


def match_rows(
    files: Sequence[File], rows: Iterable[Row], labels: Sequence[str]
) -> tuple[list[LabelledPhoto], LeftOut]:
    """Find each row's photo by its path or the end of it, in any case, with suffix or without.

    Where no row fits so (the table was made in another folder), the names of the files decide.
    """
    rows = list(rows)
    index = _index_names(files)
    found = [_find_photos(index, row.photo, whole=True) for row in rows]
    if not any(found):
        found = [_find_photos(index, row.photo, whole=False) for row in rows]
    left = LeftOut()
    told: dict[str, tuple[Photo, dict[str, str], list[str]]] = {}  # by path; expressions' names
    for row, photos in zip(rows, found, strict=True):
        if len(photos) == 1:
            told.setdefault(photos[0].path, (photos[0], row.groups, []))[2].append(row.expression)
        else:
            (left.ambiguous if photos else left.missing).append(row.photo or "(no name)")
    left.unlabelled = [photo.name for photo, _ in files if photo.path not in told]
    return [one for entry in told.values() if (one := _label_photo(*entry, left, labels))], left


def _label_photo(
    photo: Photo, groups: dict[str, str], names: list[str], left: LeftOut, labels: Sequence[str]
) -> LabelledPhoto | None:
    """Agree on one expression of a photo, or note why it has none."""
    expressions = [find_expression(name, labels) for name in names]
    left.unknown.update(
        name or "(no expression)"
        for name, label in zip(names, expressions, strict=True)
        if not label
    )
    known = [label for label in expressions if label]
    if len(set(known)) > 1:
        left.contradicting.append(photo.name)
        return None
    left.repeated += [photo.name] * (len(known) - 1)
    return LabelledPhoto(photo, known[0], groups) if known else None


def match_folders(
    files: Sequence[File], labels: Sequence[str]
) -> tuple[list[LabelledPhoto], LeftOut]:
    """Take each photo's expression from the nearest folder that has the name of one.

    The other folders below the argument are its group.
    """
    found, left = [], LeftOut()
    for photo, inside in files:
        folders = inside.parts[:-1]
        known = [find_expression(name, labels) for name in folders]
        if any(known):
            place = max(i for i, label in enumerate(known) if label)
            others = [name for i, name in enumerate(folders) if i > 0 and i != place]
            groups = {FOLDER_GROUP: show_name("/".join(others))}
            found.append(LabelledPhoto(photo, known[place], groups))
        elif len(folders) > 1:
            left.unknown[show_name(folders[-1])] += 1
        else:
            left.unlabelled.append(photo.name)
    return found, left


def _index_names(files: Sequence[File]) -> dict[str, list[Photo]]:
    """List the photos of each file name, with its suffix and without."""
    index: dict[str, list[Photo]] = defaultdict(list)
    for photo, inside in files:
        for name in dict.fromkeys((inside.name, inside.stem)):
            index[_fold_path(name).casefold()].append(photo)
    return index


def _find_photos(index: dict[str, list[Photo]], name: str, whole: bool) -> list[Photo]:
    """Find the photos that a name may mean: by all of it, or by its last part alone."""
    wanted = _fold_path(name)
    photos = index.get(wanted.casefold().rsplit("/", 1)[-1], []) if wanted else []
    if not whole:
        return photos
    for fold in (str, str.casefold):  # the exact spelling first
        fitting = [photo for photo in photos if _ends_with(fold(_show_path(photo)), fold(wanted))]
        if fitting:
            return fitting
    return []


def _show_path(photo: Photo) -> str:
    return _fold_path(os.path.abspath(photo.path))


def _ends_with(path: str, wanted: str) -> bool:
    ending = f"/{wanted.lstrip('/')}"
    return path.endswith(ending) or os.path.splitext(path)[0].endswith(ending)


def _fold_path(name: str) -> str:
    text = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    return text.removeprefix("./")
