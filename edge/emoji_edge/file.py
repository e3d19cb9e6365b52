"""Look into a photo's bytes before any decoder does, and leave decoders only what they agree on.

Decoders differ in which blocks they follow, in what they forgive, and in what an odd file means. So
each front end applies these rules itself and hands its decoder a file without what they differ in;
web/pipeline/file.js is the same, function by function:

- **Format** by the first bytes. Of ISO media files, the compatible brands decide beside the major
  one: avif or avis is AVIF; any HEVC brand, or mif1 or msf1 alone, is HEIC.
- **Orientation**: the first Exif block that names one, 1 to 8, as SHORT or LONG, in a TIFF header
  of the right magic; "Exif\\0\\0" may stand before it in every format. A PNG's block must have the
  right checksum. AVIF and HEIC are turned by their container alone. XMP says nothing.
- **JPEG**: fill bytes, comments and application segments besides JFIF's and Adobe's are left out. A
  missing end marker is supplied; the picture is whole if what follows the data changes no pixel.
- **PNG**: critical chunks alone, so no colour profile, no transparency, no animation: the default
  image. Their checksums must be right. A missing IEND is supplied.
- **GIF**: the first frame, opaque, on a black canvas of the screen's size, enlarged to hold it.
- **WebP**: the first frame; no profile, Exif or XMP; the size in the header does not matter.
- A file whose picture data are cut short is refused; what is cut behind them does not matter.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
HEIF_BRANDS = {b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
ORIENTATION_TAG = 0x0112
SHORT, LONG = 3, 4  # types of Exif values
STARTS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "WEBP": rb"RIFF....WEBP",
    "BMP": rb"BM",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "PPM": rb"P[1-7fFyn]\s",
}
EXIF = b"Exif\0\0"
END = b"\xff\xd9"  # of a JPEG
# Two ends of a JPEG whose own is missing: where its data are whole, both give the same pixels.
TAILS = (END, bytes((73 * i + 41) & 0x7F for i in range(64)) + END)
PNG_END = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))


class FileError(Exception):
    """The file holds no whole picture; the message says why in one line."""


@dataclass(frozen=True)
class Inspected:
    """What can be told of a photo without decoding it, and the file to decode.

    Attributes:
        format: a name, empty where it is none that is known.
        content: the file to decode.
        orientation: 1 to 8, to be applied to what is decoded.
        open_end: whether a JPEG's end is missing; TAILS are to be tried.
        canvas: of a GIF: width, height, left and top of its first frame on it.
    """

    format: str
    content: bytes
    orientation: int = 1
    open_end: bool = False
    canvas: tuple[int, int, int, int] | None = None


def inspect_file(content: bytes) -> Inspected:
    """Tell a photo's format and orientation, and make the file to decode; FileError."""
    kind = find_format(content)
    inspector = INSPECTORS.get(kind)
    if inspector is None:
        return Inspected(kind, content)
    try:
        return inspector(content)
    except (struct.error, IndexError):
        raise FileError("damaged picture (the file is cut short)") from None


def find_format(content: bytes) -> str:
    """Name the format by the first bytes; an empty text where it is none that is known."""
    for name, start in STARTS.items():
        if re.match(start, content, re.DOTALL):
            return name
    return _name_brands(list_brands(content))


def list_brands(content: bytes) -> list[bytes]:
    """List the brands of an ISO media file, the major one first; none of other files."""
    if content[4:8] != b"ftyp":
        return []
    size = min(int.from_bytes(content[:4]), len(content))
    return [content[8:12], *(content[at : at + 4] for at in range(16, size - 3, 4))]


def _name_brands(brands: list[bytes]) -> str:
    if AVIF_BRANDS & set(brands):
        return "AVIF"
    return "HEIC" if (HEIC_BRANDS | HEIF_BRANDS) & set(brands) else ""


def read_orientation(block: bytes) -> int:
    """Read the orientation of an Exif block, 0 where it names none."""
    while block.startswith(EXIF):
        block = block[len(EXIF) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
    if order is None:
        return 0
    try:
        (directory,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", block, entry)
            if tag == ORIENTATION_TAG and kind in (SHORT, LONG):
                form = "H" if kind == SHORT else "I"
                (value,) = struct.unpack_from(f"{order}{form}", block, entry + 8)
                return value if 1 <= value <= 8 else 0
    except struct.error:  # a damaged block says nothing
        pass
    return 0


def inspect_jpeg(content: bytes) -> Inspected:
    """Keep what a JPEG's decoder needs, and read its Exif blocks."""
    parts, orientation, scan = [content[:2]], 0, 0
    for marker, start, end in _list_segments(content):
        if marker == 0xE1 and content[start : start + 6] == EXIF:
            orientation = orientation or read_orientation(content[start:end])
        if marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            parts.append(b"\xff" + content[start - 3 : end])
        if marker == 0xDA:
            scan = end
    if not scan or scan > len(content):
        raise FileError("damaged picture (the file is cut short)")
    data = content[scan:]
    open_end = END not in data
    parts.append(data.rstrip(b"\xff") if open_end else data)
    return Inspected("JPEG", b"".join(parts), orientation or 1, open_end)


def _list_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each JPEG segment up to the first scan's header."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:  # fill, or no contents
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        yield marker, at + 4, end
        if marker == 0xDA:
            return
        at = end


def inspect_png(content: bytes) -> Inspected:
    """Keep a PNG's critical chunks, and read its Exif blocks."""
    parts, orientation, begun = [content[:8]], 0, False
    at = 8
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if kind == b"IEND":
            break
        critical = not kind[0] & 0x20
        if end > len(content):
            if critical or not begun:
                raise FileError("damaged picture (the file is cut short)")
            break
        right = zlib.crc32(content[at + 4 : end - 4]) == int.from_bytes(content[end - 4 : end])
        if critical and not right:
            raise FileError("damaged picture (a chunk's checksum is wrong)")
        if critical:
            parts.append(content[at:end])
        if kind == b"eXIf" and right:
            orientation = orientation or read_orientation(content[at + 8 : end - 4])
        begun = begun or kind == b"IDAT"
        at = end
    if not begun:
        raise FileError("damaged picture (the file is cut short)")
    return Inspected("PNG", b"".join([*parts, PNG_END]), orientation or 1)


def inspect_webp(content: bytes) -> Inspected:
    """Keep the first frame of a WebP, a still opaque, and read its Exif blocks."""
    parts, orientation, whole, at = [], 0, False, 12
    while at + 8 <= len(content):
        kind, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + length
        chunk = content[at:end] + bytes(length % 2)
        if end > len(content) and kind != b"EXIF":
            break
        if kind == b"EXIF":
            orientation = orientation or read_orientation(content[at + 8 : end])
        elif kind in (b"VP8X", b"ANIM", b"VP8 ", b"VP8L", b"ANMF") and not whole:
            if kind == b"VP8X":  # no profile, Exif, XMP, and no alpha of a still
                flags = content[at + 8] & (~0x2C if content[at + 8] & 2 else ~0x3C)
                chunk = chunk[:8] + bytes([flags]) + chunk[9:]
            parts.append(chunk)
            whole = kind not in (b"VP8X", b"ANIM")
        at = end + length % 2
    if not whole:
        raise FileError("damaged picture (the file is cut short)")
    body = b"WEBP" + b"".join(parts)
    return Inspected("WEBP", b"RIFF" + struct.pack("<I", len(body)) + body, orientation or 1)


def inspect_gif(content: bytes) -> Inspected:
    """Keep the first frame of a GIF, opaque, and say where it stands on its canvas."""
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = table = 13 + _measure_table(flags)
    while content[at] == 0x21:  # extensions
        at = _skip_blocks(content, at + 2)
    if content[at] != 0x2C:
        raise FileError("damaged picture (no frame)")
    left, top, across, down, local = struct.unpack_from("<HHHHB", content, at + 1)
    start = at + 10 + _measure_table(local)
    end = _skip_blocks(content, start + 1)
    parts = [
        content[:6], struct.pack("<HH", across, down), content[10:table],
        b"\x2c" + struct.pack("<HHHHB", 0, 0, across, down, local), content[at + 10 : end], b"\x3b",
    ]  # fmt: skip
    canvas = (max(width, left + across), max(height, top + down), left, top)
    return Inspected("GIF", b"".join(parts), canvas=canvas)


def _measure_table(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(content: bytes, at: int) -> int:
    """Find the end of a GIF's row of sub-blocks; IndexError where it is cut short."""
    while content[at]:
        at += 1 + content[at]
    return at + 1


def inspect_bmp(content: bytes) -> Inspected:
    """Refuse a BMP whose rows are cut short, whatever size its header says."""
    offset, head = struct.unpack_from("<II", content, 10)
    if head >= 40:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", content, 18)
        rows = abs(height) * ((abs(width) * bits + 31) // 32 * 4)
        if packing in (0, 3, 6) and offset + rows > len(content):
            raise FileError("damaged picture (the file is cut short)")
    return Inspected("BMP", content)


def inspect_avif(content: bytes) -> Inspected:
    """Give an AVIF the major brand of a still picture, which decoders show before any animation."""
    if content[8:12] == b"avif":
        return Inspected("AVIF", content)
    return Inspected("AVIF", content[:8] + b"avif" + content[12:])


INSPECTORS = {
    "JPEG": inspect_jpeg,
    "PNG": inspect_png,
    "WEBP": inspect_webp,
    "GIF": inspect_gif,
    "BMP": inspect_bmp,
    "AVIF": inspect_avif,
}
