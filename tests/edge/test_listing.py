"""Which files of a folder are photos, and what is said of the others."""

import csv
import io
import os
import shutil
import socket
from pathlib import Path

import pytest
from emoji_edge.cli import main
from emoji_edge.cli.moments import SUFFIXES as VIDEOS
from emoji_edge.cli.moments import holds_videos
from emoji_edge.console import OK, SOME_FAILED
from emoji_edge.listing import Omissions, begins_as_picture, list_photos, show_name
from PIL import Image

from tests.helpers.photos import encode, make_scene

PLAIN = Image.new("RGB", (80, 80), "teal")
# The first bytes that iPhones, Android phones and encoders write.
FOREIGN = {
    "a.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "b.HIF": b"\0\0\0\x18ftyphevc\0\0\0\0heichevc",
    "c.jp2": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ",
    "d.jxl": b"\xff\x0a\xfa\x1f\x01\x91\x08\x06",
    "e.jxl": b"\0\0\0\x0cJXL \r\n\x87\n",
}


def list_names(folder: Path, recursive: bool = False, **options) -> list[str]:
    """What is listed of the folder, as paths below it."""
    found = list_photos([str(folder)], recursive, **options)
    return [os.path.relpath(photo.path, folder) for photo in found if not photo.error]


def test_listing_is_sorted_and_leaves_hidden_and_other_files(tmp_path):
    for name in ("b.jpg", "a.JPEG", ".hidden.jpg", "c.txt", "sub/d.png", ".git/e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_names(tmp_path) == ["a.JPEG", "b.jpg"]
    assert list_names(tmp_path, recursive=True) == ["a.JPEG", "b.jpg", "sub/d.png"]
    assert [photo.path for photo in list_photos(["-", "x.txt"], False)] == ["-", "x.txt"]


def test_names_are_one_printable_line():
    assert show_name("plain ü 😄.jpg") == "plain ü 😄.jpg"
    assert show_name("a\nb\x1b.jpg") == "a\\nb\\x1b.jpg"
    assert show_name(os.fsdecode(b"\xff.jpg")) == "\\udcff.jpg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
@pytest.mark.parametrize("name", ["IMG_0001", "photo.jpg~", "download.tmp", "x.php"])
def test_a_picture_is_known_by_its_first_bytes_where_its_suffix_says_nothing(tmp_path, kind, name):
    (tmp_path / name).write_bytes(encode(PLAIN, kind))
    (tmp_path / "README").write_text("II say: BM, RIFF and GIF are no pictures")
    (tmp_path / "video").write_bytes(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2")
    (tmp_path / "sound").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
    omissions = Omissions()
    assert list_names(tmp_path, omissions=omissions) == [name]
    assert omissions.describe() == "left out 3 other files (3 without a suffix)"


def test_a_file_that_cannot_be_opened_is_no_picture_by_its_bytes(tmp_path):
    assert not begins_as_picture(str(tmp_path / "gone"))


def test_pictures_of_other_formats_are_failures_and_not_left_out(tmp_path, capfd):
    for name, start in FOREIGN.items():
        (tmp_path / name).write_bytes(start + bytes(64))
    (tmp_path / "IMG_0002").write_bytes(FOREIGN["a.heic"] + bytes(64))
    (tmp_path / "good.jpg").write_bytes(encode(PLAIN, "JPEG"))
    output = tmp_path / "r.csv"
    assert main([str(tmp_path), "--output", str(output)]) == SOME_FAILED
    with output.open(newline="", encoding="utf-8") as file:
        errors = {Path(row["photo"]).name: row["error"] for row in csv.DictReader(file)}
    assert [name for name, error in errors.items() if not error] == ["good.jpg"]
    assert set(errors) == {*FOREIGN, "IMG_0002", "good.jpg"}
    assert "HEIC" in errors["a.heic"]
    assert "HEIC" in errors["IMG_0002"]
    assert len(capfd.readouterr().err.splitlines()) == 6


def make_crowd(folder: Path) -> None:
    """One of everything that a folder can have."""
    (folder / "a.png").write_bytes(encode(PLAIN))
    for name in ("n.txt", "m.TXT", "text.docx", "noname"):
        (folder / name).write_text("no picture")
    (folder / ".h.jpg").write_bytes(b"hidden")
    (folder / ".DS_Store").write_bytes(b"hidden too")
    (folder / "sub").mkdir()
    (folder / "sub" / "b.png").write_bytes(encode(PLAIN))
    (folder / "link").symlink_to(folder / "sub")
    (folder / "loop").symlink_to(folder)
    (folder / "linked.png").symlink_to(folder / "a.png")
    (folder / "gone.png").symlink_to(folder / "nowhere")
    (folder / "a.png.faces.jpg").write_bytes(encode(PLAIN, "JPEG"))
    os.mkfifo(folder / "p.jpg")
    (folder / "piped.jpg").symlink_to(folder / "p.jpg")


def test_all_that_is_left_out_is_counted_and_said(tmp_path, capfd):
    make_crowd(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.png"))
        status = main([str(tmp_path), "--format", "csv"])
    out, err = capfd.readouterr()
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == SOME_FAILED
    assert [Path(row["photo"]).name for row in rows] == ["a.png", "gone.png", "linked.png"]
    failed, said = err.splitlines()
    assert failed.endswith("gone.png: cannot be read (No such file or directory)")
    assert said == (
        "emoji-edge: left out 4 other files (2 .txt, 1 without a suffix, 1 .docx), "
        "3 pipes or devices, 2 linked folders, 1 hidden picture, 1 annotated copy, "
        "1 folder inside (see --recursive)"
    )


def test_inner_folders_are_not_left_out_where_they_are_asked_for(tmp_path):
    make_crowd(tmp_path)
    omissions = Omissions()
    names = list_names(tmp_path, recursive=True, omissions=omissions)
    assert names == ["a.png", "gone.png", "linked.png", "sub/b.png"]
    assert "folder inside" not in omissions.describe()


def test_nothing_is_said_where_nothing_is_left_out(tmp_path, capfd):
    (tmp_path / "a.png").write_bytes(encode(PLAIN))
    (tmp_path / ".DS_Store").write_bytes(b"hidden")
    assert main([str(tmp_path)]) == OK
    assert capfd.readouterr().err == ""


# ---- videos ----------------------------------------------------------------------------

PACKET = b"G\x40\x11\x10" + bytes(184)


@pytest.mark.parametrize("name", ["index.ts", "index.mts", "index.M2TS"])
def test_a_program_is_no_video(tmp_path, name, capfd):
    (tmp_path / "a.png").write_bytes(encode(PLAIN, "PNG"))
    (tmp_path / name).write_text("export const answer = 42;")
    os.mkfifo(tmp_path / "pipe.ts")
    assert not holds_videos([str(tmp_path)], recursive=False)
    assert main([str(tmp_path), "--format", "csv"]) == OK
    out, err = capfd.readouterr()
    assert out.startswith("photo,")
    suffix = Path(name).suffix.lower()
    assert err == f"emoji-edge: left out 1 other file (1 {suffix}), 1 pipe or device\n"
    assert holds_videos([str(tmp_path / name)], recursive=False)


@pytest.mark.parametrize("start", [PACKET, b"\0\1\2\3" + PACKET])
def test_packets_of_mpeg_are_a_video(tmp_path, start):
    (tmp_path / "a.ts").write_bytes(start)
    (tmp_path / "b.ts").write_bytes(b"")
    assert list_names(tmp_path, suffixes=VIDEOS) == ["a.ts"]
    assert holds_videos([str(tmp_path)], recursive=False)


# ---- annotated copies ----------------------------------------------------------------------------


def count_copies(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.name.endswith(".faces.jpg"))


@pytest.mark.parametrize("place", ["seen", "sub/seen", "."])
def test_copies_are_never_read_again(tmp_path, monkeypatch, capfd, place):
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    make_scene((200, 200), (0, 0, 200)).save(tmp_path / "photos" / "a.jpg")
    monkeypatch.chdir(tmp_path / "photos")
    arguments = [".", "--recursive", "--annotate", place, "--format", "jsonl"]
    for _ in range(3):
        assert main(arguments) == OK
        assert len(capfd.readouterr().out.splitlines()) == 1
    assert count_copies(tmp_path) == 1


def test_copies_of_different_photos_never_meet(tmp_path, monkeypatch):
    (tmp_path / "in" / "%2E%2E").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "in")
    names = ["b.png", "../b.png", "%2E%2E/b.png", "x.png", str(tmp_path / "in" / "x.png")]
    for number, name in enumerate(names):
        Image.new("RGB", (80 + number, 80)).save(name)
    Path("tmp").mkdir()
    shutil.copy("x.png", f"{'/'.join(['tmp'])}/x.png")
    names.append("tmp/x.png")
    assert main([*names, "--annotate", "seen", "--format", "jsonl"]) == OK
    assert count_copies(tmp_path / "in" / "seen") == len(names)
    for path in (tmp_path / "in" / "seen").rglob("*"):
        assert path.resolve().is_relative_to(tmp_path / "in" / "seen")


def test_a_copy_that_cannot_be_written_is_an_error_of_that_photo_alone(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    long = "n" * 246 + ".png"
    Path("seen").mkdir()
    Path("seen/blocked").write_text("a file where a folder would be")
    Path("blocked").mkdir()
    names = ["a.png", long, "wide.png", "blocked/c.png", "z.png"]
    for name in names:
        Image.new("RGB", (65_501, 2) if name == "wide.png" else (80, 80)).save(name)
    assert main([*names, "--annotate", "seen", "--format", "csv"]) == SOME_FAILED
    out, err = capfd.readouterr()
    rows = {row["photo"]: row["error"] for row in csv.DictReader(io.StringIO(out))}
    assert list(rows) == names
    assert rows["a.png"] == rows["z.png"] == ""
    start = "its annotated copy cannot be written ("
    assert rows[long] == f"{start}File name too long)"
    assert rows["wide.png"] == f"{start}65501x2, a JPEG's side has up to 65500)"
    assert rows["blocked/c.png"].startswith(start)
    assert len(err.splitlines()) == 3


def test_a_folder_for_copies_that_cannot_be_is_one_line(tmp_path, capfd):
    (tmp_path / "file").write_text("not a folder")
    photo = tmp_path / "a.png"
    PLAIN.save(photo)
    assert main([str(photo), "--annotate", str(tmp_path / "file")]) == 2
    assert capfd.readouterr().err == (
        f"emoji-edge: --annotate {tmp_path / 'file'}: cannot be made (File exists)\n"
    )
