"""Write the photos of the page's tests into a folder, all made from tests/photos/astronaut.png.

    python -m tests.helpers.odd_photos FOLDER

FOLDER/good holds what can be answered, FOLDER/bad what cannot; FOLDER/camera.y4m is a video for a
fake webcam.
"""

import struct
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.helpers.photos import encode, make_scene, open_astronaut

ORIENTATION = 0x0112
GROUP = (0, 60, 420), (440, 20, 300), (560, 330, 250)  # x, y and side of each portrait
CUT = 0.4  # of a file that is cut short
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def make_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif.tobytes()


def make_profile(gamma: float = 1.0) -> bytes:
    """An ICC profile of linear light with red and blue changed over: who applies it sees that."""

    def fix(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def place(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + fix(x) + fix(y) + fix(z)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78 + 1)
    tags = {
        b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": place(0.9642, 1, 0.8249),
        b"rXYZ": place(0.1431, 0.0606, 0.7141), b"gXYZ": place(0.3851, 0.7169, 0.0971),
        b"bXYZ": place(0.4360, 0.2225, 0.0139), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + fix(0.9642) + fix(1) + fix(0.8249)
    return head.ljust(128, b"\0") + table + body


def make_alpha(photo: Image.Image) -> Image.Image:
    """The photo with every level of alpha in it, and nothing where the corners are."""
    alpha = Image.linear_gradient("L").resize(photo.size)
    ImageDraw.Draw(alpha).rectangle((0, 0, 250, 120), fill=0)
    return Image.merge("RGBA", (*photo.split(), alpha))


def make_sixteen_bits(photo: Image.Image) -> bytes:
    """A PNG of 16-bit gray whose low bytes are not the high ones."""
    gray = np.asarray(photo.convert("L")).astype(np.uint16)
    return encode(Image.fromarray((gray << 8) + 37))


def encode_frames(photo: Image.Image, kind: str) -> bytes:
    other = Image.new("RGB", photo.size, (20, 60, 90))
    return encode(photo, kind, save_all=True, append_images=[other, photo], duration=200)


def make_good() -> dict[str, bytes]:
    """Photos by name."""
    photo = open_astronaut()
    alpha = make_alpha(photo)
    upright = photo.crop((60, 0, 400, 420))  # whose sides differ
    files = {
        f"exif-{value}.jpg": encode(upright, "JPEG", quality=92, exif=make_exif(value))
        for value in range(1, 9)
    }
    return files | {
        "plain.png": encode(photo),
        "palette.png": encode(photo.quantize(64)),
        "gray.png": encode(photo.convert("L")),
        "gray-alpha.png": encode(alpha.convert("LA")),
        "sixteen.png": make_sixteen_bits(photo),
        "alpha.png": encode(alpha),
        "exif.png": encode(upright, exif=make_exif(6)),
        "profile.png": encode(photo, icc_profile=make_profile()),
        "gray.jpg": encode(photo.convert("L"), "JPEG", quality=90),
        "no-end.jpg": encode(photo, "JPEG", quality=90)[:-2],
        "progressive.jpg": encode(photo, "JPEG", quality=88, progressive=True),
        "profile.jpg": encode(photo, "JPEG", quality=92, icc_profile=make_profile()),
        "xmp.jpg": encode(upright, "JPEG", quality=92, xmp=XMP),
        "lossy.webp": encode(photo, "WEBP", quality=85),
        "lossless.webp": encode(photo, "WEBP", lossless=True),
        "alpha.webp": encode(alpha, "WEBP", lossless=True, exact=True),
        "alpha-lossy.webp": encode(alpha, "WEBP", quality=90, exact=True),
        "exif.webp": encode(upright, "WEBP", quality=90, exif=make_exif(8)),
        "profile.webp": encode(photo, "WEBP", quality=90, icc_profile=make_profile()),
        "plain.bmp": encode(photo, "BMP"),
        "plain.gif": encode(photo, "GIF"),
        "animated.gif": encode_frames(photo, "GIF"),
        "animated.webp": encode_frames(photo, "WEBP"),
        "animated.png": encode_frames(photo, "PNG"),
        "group.jpg": encode(make_scene((900, 600), *GROUP), "JPEG", quality=92),
        "far.jpg": encode(make_scene((1600, 1100), (900, 500, 260)), "JPEG", quality=92),
        "large.jpg": encode(photo.resize((3000, 3000)), "JPEG", quality=85),
        "small.png": encode(photo.crop((165, 60, 285, 180)).resize((48, 48))),
        "none.png": encode(Image.linear_gradient("L").resize((400, 300))),
    }  # fmt: skip


def make_bad() -> dict[str, bytes]:
    """Files that are no photos, and photos that are none any more."""
    photo = open_astronaut()
    jpeg, png, webp = (encode(photo, kind) for kind in ("JPEG", "PNG", "WEBP"))
    return {
        "text.jpg": b"This is not a photo.\n" * 50,
        "empty.jpg": b"",
        "cut.jpg": jpeg[: int(CUT * len(jpeg))],
        "cut.png": png[: int(CUT * len(png))],
        "cut.webp": webp[: int(CUT * len(webp))],
        "head.png": png[:20],
        "noise.png": png[:60] + bytes(range(256)) * 40 + png[-12:],
        "huge.png": encode(Image.new("1", (12000, 12000))),
        "photo.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "photo.tiff": encode(photo, "TIFF"),
    }


def write_video(path: Path) -> None:
    """A second of the photo, moving a little, as raw 4:2:0."""
    photo = open_astronaut()
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for shift in (0, 2, 4, 6, 8, 6, 4, 2, 0, 0):
            frame = photo.crop((40, 0, 440, 300)).resize((640, 480))
            planes = np.asarray(frame.convert("YCbCr"))
            planes = np.roll(planes, shift, axis=1)
            file.write(b"FRAME\n" + planes[:, :, 0].tobytes())
            file.write(planes[::2, ::2, 1].tobytes() + planes[::2, ::2, 2].tobytes())


def main(folder: Path) -> None:
    for name, files in (("good", make_good()), ("bad", make_bad())):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / name / file).write_bytes(content)
    write_video(folder / "camera.y4m")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
