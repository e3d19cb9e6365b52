"""List photos: those that are named, those in folders, and what is left out of these.

In a folder a photo is a file with a picture's suffix, one of a format that this program cannot read
too (it becomes a failure, which names the reason), and a file whose suffix says nothing but whose
first bytes are a picture's. Where videos are wanted too, the suffix counts as well, but .ts only
where the file begins as such a video, since most are programs. All else is left out, and counted,
so that it can be said.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image

from .image import SUFFIXES, Box

STANDARD_INPUT = "-"
# Of photos that may be refused: HEIC, JPEG 2000, JPEG XL and the raw formats of cameras.
UNREAD_SUFFIXES = frozenset({
    ".heic", ".heif", ".heics", ".heifs", ".hif", ".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".jxl",
    ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef",
})  # fmt: skip
# Of videos that are packets of MPEG; TypeScript has two of these suffixes.
PACKET_SUFFIXES = frozenset({".ts", ".mts", ".m2ts"})
PACKET_START = 0x47
COPIES = (".faces.jpg", ".evidence.png", ".faces.mp4", ".faces.mkv")  # that --annotate made
STARTS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*",
    b"\xff\x0a", b"\0\0\0\x0cJXL \r\n", b"\0\0\0\x0cjP  \r\n", b"\xff\x4f\xff\x51",
)  # fmt: skip
FILE, HIDDEN, COPY, PIPE = "other file", "hidden picture", "annotated copy", "pipe or device"
LINK, INNER = "linked folder", "folder inside (see --recursive)"
PLURALS = {
    FILE: "other files", HIDDEN: "hidden pictures", COPY: "annotated copies",
    PIPE: "pipes or devices", LINK: "linked folders", INNER: "folders inside (see --recursive)",
}  # fmt: skip
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


@dataclass(frozen=True)
class Photo:
    """A photo to classify: the name that stands in the result, where it is, or why it is not.

    `data` are its bytes where they are read already; `image` is the picture where it has no file;
    `boxes` say where its faces are, where that is known.
    """

    name: str
    path: str = ""
    error: str = ""
    data: bytes | None = None
    image: Image.Image | None = None
    boxes: tuple[Box, ...] | None = None


@dataclass
class Omissions:
    """What a listing left out of its folders, counted.

    Attributes:
        kinds: how many things of each kind, by its words in the singular.
        suffixes: how many of the files that are no pictures have each suffix.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    suffixes: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, suffix: str | None = None) -> None:
        """Count one thing, and its suffix if it is a file that is no picture."""
        self.kinds[kind] += 1
        if suffix is not None:
            self.suffixes[suffix or "without a suffix"] += 1

    def describe(self) -> str:
        """What was left out in one line, for a person; empty where that is nothing."""
        parts = []
        for kind, number in self.kinds.most_common():
            words = f"{number} {kind if number == 1 else PLURALS[kind]}"
            if kind == FILE:
                words += f" ({', '.join(f'{n} {s}' for s, n in self.suffixes.most_common(5))})"
            parts.append(words)
        return f"left out {', '.join(parts)}" if parts else ""


def show_name(path: str) -> str:
    """The path as one printable line of UTF-8, whatever bytes it has."""
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def list_photos(
    arguments: Sequence[str],
    recursive: bool,
    suffixes: frozenset[str] = SUFFIXES,
    own: Sequence[str] = (),
    omissions: Omissions | None = None,
) -> Iterator[Photo]:
    """Yield every photo that the arguments name, folders in the order of their names.

    Args:
        arguments: files, folders, and "-" for standard input.
        recursive: whether the folders' own folders count.
        suffixes: of the files that count in a folder.
        own: what the run itself writes, its output and its folder of copies: neither is read.
        omissions: counts what the folders have besides.
    """
    omissions = Omissions() if omissions is None else omissions
    for argument in arguments:
        if argument == STANDARD_INPUT or not os.path.isdir(argument):
            yield Photo(show_name(argument), argument)
        else:
            walk = Walk(recursive, suffixes, own, omissions)
            yield from walk.list_folder(argument)
            yield from walk.list_problems(argument)


class Walk:
    """A walk through one folder, and what it met."""

    def __init__(
        self, recursive: bool, suffixes: frozenset[str], own: Sequence[str], omissions: Omissions
    ) -> None:
        """Take the arguments of list_photos."""
        self._recursive = recursive
        self._suffixes = suffixes
        self._own = {os.path.basename(os.path.realpath(path)): path for path in own if path}
        self._omissions = omissions
        self._found = False
        self._problems: list[OSError] = []

    def list_folder(self, folder: str) -> Iterator[Photo]:
        """Yield the folder's photos by name, then those of its own folders."""
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as problem:
            self._problems.append(problem)
            return
        folders = []
        for entry in found:
            if self._is_own(entry):
                continue
            if os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir():
                folders += [entry.path] if self._is_entered(entry) else []
            elif self._is_photo(entry):
                self._found = True
                yield Photo(show_name(entry.path), entry.path)
        for path in folders:
            yield from self.list_folder(path)

    def list_problems(self, folder: str) -> Iterator[Photo]:
        """Yield what could not be listed, or that nothing was found, as photos with an error."""
        for problem in self._problems:
            name = show_name(str(problem.filename))
            yield Photo(name, error=f"cannot be read ({problem.strerror})")
        if not self._found and not self._problems:
            hint = "" if self._recursive else "; --recursive looks into its folders"
            yield Photo(show_name(folder), error=f"no pictures in this folder{hint}")

    def _is_own(self, entry: os.DirEntry[str]) -> bool:
        path = self._own.get(entry.name, "")
        return os.path.exists(path) and os.path.samefile(entry.path, path)

    def _is_entered(self, entry: os.DirEntry[str]) -> bool:
        if entry.is_symlink():
            self._omissions.add(LINK)
        elif not self._recursive:
            self._omissions.add(INNER)
        else:
            return not entry.name.startswith(".")
        return False

    def _is_photo(self, entry: os.DirEntry[str]) -> bool:
        suffix = os.path.splitext(entry.name)[1].lower()
        named = suffix in self._suffixes or (suffix in UNREAD_SUFFIXES and self._wants_photos)
        if entry.name.startswith("."):
            if named:
                self._omissions.add(HIDDEN)
        elif not entry.is_file(follow_symlinks=False) and is_special(entry.path):
            self._omissions.add(PIPE)
        elif entry.name.lower().endswith(COPIES):
            self._omissions.add(COPY)
        elif named and (suffix not in PACKET_SUFFIXES or begins_as_packets(entry.path)):
            return True  # a link to nothing too, which becomes a failure
        elif self._wants_photos and begins_as_picture(entry.path):
            return True
        else:
            self._omissions.add(FILE, suffix)
        return False

    @property
    def _wants_photos(self) -> bool:
        return self._suffixes >= SUFFIXES


def is_special(path: str) -> bool:
    """Tell whether there is something that is no file: a pipe, a socket, a device."""
    return os.path.exists(path) and not os.path.isfile(path)


def begins_as_packets(path: str) -> bool:
    """Tell whether a file begins with a packet of MPEG, plain or behind four bytes of time."""
    try:
        with open(path, "rb") as file:
            start = file.read(5)
    except OSError:
        return False
    return PACKET_START in (start[:1] + start[4:])


def begins_as_picture(path: str) -> bool:
    """Tell whether the first bytes of a file are those of a picture; not where it is unreadable."""
    try:
        with open(path, "rb") as file:
            start = file.read(16)
    except OSError:
        return False
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    return start.startswith(STARTS) or (start[4:8] == b"ftyp" and start[8:12] in BRANDS)
