"""Many photos: list them, and classify each or say why not."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .classify import Classifier, PhotoResult
from .image import SUFFIXES, ImageError, Source, open_photo
from .runtime import silence_runtime

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Failure:
    """A photo without an answer, and why."""

    photo: str
    error: str

    def to_dict(self) -> dict[str, Any]:
        """The failure in the result shape that every front end shares."""
        return {"photo": self.photo, "error": self.error}


Answer = PhotoResult | Failure


@dataclass(frozen=True)
class Photo:
    """A photo to classify: the name that stands in the result, where it is, or why it is not.

    `data` are its bytes where they are read already.
    """

    name: str
    path: str = ""
    error: str = ""
    data: bytes | None = None


@dataclass(frozen=True)
class Settings:
    """How to classify: Classifier's arguments, and the folder for annotated photos if wanted."""

    model: str | None = None
    threads: int = 1
    top: int | None = None
    face: str = "auto"
    annotate: str = ""

    def build_classifier(self) -> Classifier:
        """As they say; ModelError, ContractError."""
        with silence_runtime():
            return Classifier(self.model, self.threads, self.top, self.face)


def show_name(path: str) -> str:
    """The path as one printable line of UTF-8, whatever bytes it has."""
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def list_photos(arguments: Sequence[str], recursive: bool) -> Iterator[Photo]:
    """Every photo that the arguments name, folders in the order of their names."""
    for argument in arguments:
        if argument == STANDARD_INPUT or not os.path.isdir(argument):
            yield Photo(show_name(argument), argument)
        else:
            yield from _list_folder(argument, recursive)


def _list_folder(folder: str, recursive: bool) -> Iterator[Photo]:
    found = False
    problems: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and recursive)
        for name in sorted(files):
            if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith("."):
                found = True
                path = os.path.join(base, name)
                yield Photo(show_name(path), path)
    for problem in problems:
        yield Photo(show_name(problem.filename), error=f"cannot be read ({problem.strerror})")
    if not found and not problems:
        hint = "" if recursive else "; --recursive looks into its folders"
        yield Photo(show_name(folder), error=f"no pictures in this folder{hint}")


def classify_photo(classifier: Classifier, photo: Photo, annotate: str) -> Answer:
    """The photo's result or its failure; annotated pictures go to the folder if one is given."""
    if photo.error:
        return Failure(photo.name, photo.error)
    source: Source | None = photo.data
    if source is None:
        source = sys.stdin.buffer if photo.path == STANDARD_INPUT else photo.path
    return classify_source(classifier, source, photo.name, annotate)


def classify_source(
    classifier: Classifier, source: Source, name: str, annotate: str = ""
) -> Answer:
    """The same for a picture from anywhere."""
    try:
        image = open_photo(source, classifier.contract.max_pixels)
        result = classifier.classify_image(image, name)
    except ImageError as error:
        return Failure(name, str(error))
    except MemoryError:
        return Failure(name, "too large for this device's memory")
    if annotate:
        from .annotate import write_annotated

        write_annotated(image, result, classifier.contract.labels, Path(annotate))
    return result
