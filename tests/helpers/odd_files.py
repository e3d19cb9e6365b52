"""Make odd files from one photo by a seed: what cameras, editors and broken downloads leave behind.

python -m tests.helpers.odd_files FOLDER [--seed 20] [--count 400]
"""

import argparse
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.helpers.odd_photos import XMP, make_alpha, make_profile, make_sixteen_bits
from tests.helpers.photos import encode, open_astronaut

Random = random.Random
EXIF = b"Exif\0\0"


def make_block(rng: Random) -> bytes:
    """An Exif block: mostly sound, else of an odd type, magic, order, value or end."""
    order = rng.choice("<>")
    kind = rng.choice([3, 3, 3, 3, 4, 1, 7, 2])
    value = rng.choice([*range(1, 9), *range(1, 9), 0, 9, 65535])
    magic = rng.choice([42, 42, 42, 42, 42, 43, 0, 0x2A00])
    packed = struct.pack(
        f"{order}{'I' if kind == 4 else 'HH'}", *([value] if kind == 4 else [value, 0])
    )
    entries = [struct.pack(f"{order}HHI", 0x0112, kind, 1) + packed]
    if rng.random() < 0.4:
        entries.insert(rng.randrange(2), struct.pack(f"{order}HHIHH", 0x0128, 3, 1, 2, 0))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", magic, 8)
    block = head + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    return block[: rng.randrange(len(block))] if rng.random() < 0.1 else block


def make_blocks(rng: Random) -> list[bytes]:
    """None, one or several Exif blocks, the first of which may be empty."""
    blocks = [make_block(rng) for _ in range(rng.choice([0, 1, 1, 1, 2]))]
    return [b"", *blocks] if rng.random() < 0.15 else blocks


def pick_picture(rng: Random) -> Image.Image:
    photo = open_astronaut().crop((60, 0, 400, 420))
    return photo.resize((rng.randrange(150, 341), rng.randrange(180, 421)))


def end_file(rng: Random, content: bytes) -> bytes:
    """The file as it is, cut a little or much, or with something behind it."""
    way = rng.random()
    if way < 0.5:
        return content
    if way < 0.7:
        return content[: -rng.choice([1, 2, 3, 4, 8, 12, 13, 20])]
    if way < 0.8:
        return content[: int(len(content) * rng.uniform(0.2, 0.99))]
    return content + rng.choice([b"\0" * 9, b"\xff\xd9", b"trailer", rng.randbytes(300)])


def make_jpeg(rng: Random) -> bytes:
    photo = pick_picture(rng).convert(rng.choice(["RGB", "RGB", "RGB", "L", "CMYK"]))
    options = {"quality": rng.choice([60, 85, 95]), "progressive": rng.random() < 0.3}
    if rng.random() < 0.2:
        options["restart_marker_rows"] = 2
    if rng.random() < 0.2:
        options["icc_profile"] = make_profile()
    content = encode(photo, "JPEG", subsampling=rng.choice([0, 2]), **options)
    prefix = EXIF if rng.random() < 0.2 else b""
    segments = [b"\xff\xe1" + struct.pack(">H", len(prefix + block) + 8) + EXIF + prefix + block
                for block in make_blocks(rng)]  # fmt: skip
    if rng.random() < 0.2:
        xmp = b"http://ns.adobe.com/xap/1.0/\0" + XMP
        segments.append(b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp)
    if rng.random() < 0.2:
        segments.append(b"\xff\xfe" + struct.pack(">H", 9) + b"comment")
    rng.shuffle(segments)
    fill = b"\xff" * rng.choice([0, 0, 0, 1, 3])
    return end_file(
        rng, content[:2] + b"".join(fill + one for one in segments) + fill + content[2:]
    )


def make_chunk(kind: bytes, data: bytes, right: bool = True) -> bytes:
    checksum = zlib.crc32(kind + data) ^ (0 if right else 1)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def make_png(rng: Random) -> bytes:
    photo = pick_picture(rng)
    way = rng.choice(["RGB", "L", "P", "RGBA", "LA", "1", "16", "apng", "default"])
    if way in ("apng", "default"):
        other = Image.new("RGB", photo.size, (20, 60, 90))
        frames = {"save_all": True, "append_images": [other], "duration": 90}
        content = encode(photo, "PNG", default_image=way == "default", **frames)
    elif way == "16":
        content = make_sixteen_bits(photo)
    elif way in ("RGBA", "LA"):
        content = encode(make_alpha(photo).convert(way))
    else:
        transparency = {"transparency": 3} if way == "P" and rng.random() < 0.5 else {}
        content = encode(photo.quantize(64) if way == "P" else photo.convert(way), **transparency)
    extra = b"".join(
        make_chunk(b"eXIf", (EXIF if rng.random() < 0.3 else b"") + block, rng.random() < 0.7)
        for block in make_blocks(rng)
    )
    if rng.random() < 0.2:
        extra += make_chunk(b"gAMA", struct.pack(">I", 100000))
    if rng.random() < 0.2:
        extra += make_chunk(b"tEXt", b"Comment\0odd", rng.random() < 0.5)
    at = 33 if rng.random() < 0.7 else len(content) - 12  # behind IHDR, or before IEND
    content = content[:at] + extra + content[at:]
    if rng.random() < 0.05:
        place = content.index(b"IDAT") + rng.randrange(10, 60)
        content = content[:place] + bytes([content[place] ^ 85]) + content[place + 1 :]
    return end_file(rng, content)


def make_gif(rng: Random) -> bytes:
    photo = pick_picture(rng)
    frames = {}
    if rng.random() < 0.4:
        other = Image.new("RGB", photo.size, (20, 60, 90))
        frames = {"save_all": True, "append_images": [other, photo], "duration": 90}
    if rng.random() < 0.3:
        frames["transparency"] = rng.randrange(64)
    content = bytearray(encode(photo.quantize(64), "GIF", **frames))
    if rng.random() < 0.4:  # the screen is another than the frame
        struct.pack_into("<HH", content, 6, rng.randrange(1, 600), rng.randrange(1, 600))
    if rng.random() < 0.4:  # the frame stands elsewhere on it
        at = 13 + (3 * 2 ** ((content[10] & 7) + 1) if content[10] & 128 else 0)
        while content[at] == 0x21:
            at += 2
            while content[at]:
                at += 1 + content[at]
            at += 1
        struct.pack_into("<HH", content, at + 1, rng.randrange(200), rng.randrange(200))
    return end_file(rng, bytes(content))


def make_webp(rng: Random) -> bytes:
    photo = pick_picture(rng)
    options: dict = {"quality": 85, "lossless": rng.random() < 0.4}
    if rng.random() < 0.3:
        photo = make_alpha(photo)
        options |= {"exact": True, "lossless": True}
    if rng.random() < 0.25:
        other = Image.new("RGB", photo.size, (20, 60, 90))
        options |= {"save_all": True, "append_images": [other], "duration": 90}
    blocks = make_blocks(rng)
    if blocks:
        options["exif"] = (EXIF if rng.random() < 0.5 else b"") + blocks[0]
    if rng.random() < 0.2:
        options["icc_profile"] = make_profile()
    content = bytearray(encode(photo, "WEBP", **options))
    if rng.random() < 0.2:
        struct.pack_into("<I", content, 4, max(12, len(content) + rng.randrange(-40, 40)))
    return end_file(rng, bytes(content))


def make_bmp(rng: Random) -> bytes:
    mode = rng.choice(["RGB", "L", "P", "1"])
    photo = pick_picture(rng)
    photo = photo.quantize(64) if mode == "P" else photo.convert(mode)
    content = bytearray(encode(photo, "BMP"))
    if rng.random() < 0.4:
        struct.pack_into("<I", content, 2, rng.choice([0, 54, len(content) + 99, 2**31]))
    return end_file(rng, bytes(content))


def make_avif(rng: Random) -> bytes:
    photo = pick_picture(rng)
    options: dict = {"quality": 80, "speed": 8}
    if rng.random() < 0.7:
        exif = Image.Exif()
        exif[0x0112] = rng.randrange(1, 9)
        options["exif"] = exif.tobytes()
    content = encode(photo, "AVIF", **options)
    if rng.random() < 0.4:
        content = content[:8] + rng.choice([b"mif1", b"miaf", b"avif"]) + content[12:]
    return content


MAKERS: dict[str, Callable[[Random], bytes]] = {
    "jpg": make_jpeg, "png": make_png, "gif": make_gif, "webp": make_webp, "bmp": make_bmp,
    "avif": make_avif,
}  # fmt: skip
SHARES = {"jpg": 5, "png": 5, "gif": 3, "webp": 3, "bmp": 1, "avif": 3}


def make_odd_files(seed: int, count: int) -> dict[str, bytes]:
    """So many files by name; the same seed gives the same files."""
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    files = {}
    for number in range(count):
        kind = kinds[number % len(kinds)]
        rng = Random(f"{seed} {number}")
        files[f"{number:04}.{kind}"] = MAKERS[kind](rng)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, content in make_odd_files(options.seed, options.count).items():
        (options.folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
