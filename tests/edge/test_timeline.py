"""Videos through the command: rows, tracks, summaries, copies, and runs that were cut short."""

import csv
import io
import itertools
import json
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from emoji_edge import Classifier
from emoji_edge.annotate_video import VideoAnnotator
from emoji_edge.cli import main
from emoji_edge.cli.resume_timeline import Earlier, skip_sources
from emoji_edge.console import CANNOT_RUN, INTERRUPTED, OK, SOME_FAILED
from emoji_edge.listing import Photo
from emoji_edge.timeline import classify_video, list_columns
from emoji_edge.video import VideoError
from PIL import Image

from tests.helpers.photos import encode
from tests.helpers.videos import (
    empty_shot,
    grave_shot,
    happy_shot,
    make_person,
    make_shot,
    set_matrix,
    steady,
    wide_shot,
    write_video,
)

NTSC = Fraction(30000, 1001)
# 0: happy, 8: grave, 14: nobody, 18: happy again
SCENES = [happy_shot()] * 8 + [grave_shot()] * 6 + [empty_shot()] * 4 + [happy_shot()] * 4
KINDS = [
    ("clip.mp4", "libx264", "yuv420p"),
    ("clip.webm", "libvpx-vp9", "yuv420p"),
    ("clip.mkv", "ffv1", "bgr0"),
    ("clip.mov", "libx264", "yuv420p"),
]


@pytest.fixture(scope="module")
def classifier():
    return Classifier()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Half a second of scenes at 10 frames a second, lossless."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    return write_video(path, steady(SCENES, 10), "ffv1", "bgr0")


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Two frames with a second face that only tiles show."""
    path = tmp_path_factory.mktemp("wide") / "wide.mkv"
    return write_video(path, steady([wide_shot()] * 2, 10), "ffv1", "bgr0")


def test_videos_are_searched_in_tiles_only_where_that_is_asked_for(classifier, wide, capsys):
    assert len(classifier.classify(wide_shot()).faces) == 2  # a photo
    assert [row["track"] for row in classify_video(classifier, str(wide))] == [1, 1]
    tiled = list(classify_video(classifier, str(wide), tiles=True))
    assert [row["track"] for row in tiled] == [1, 2, 1, 2]
    assert len(classifier.classify(wide_shot()).faces) == 2  # it is as it was
    for option, tracks in (((), [1, 1]), (("--tiles",), [1, 2, 1, 2])):
        assert run(wide, "--format", "jsonl", *option) == OK
        rows = map(json.loads, capsys.readouterr().out.splitlines())
        assert [row["track"] for row in rows] == tracks


def read_rows(path):
    """The rows of a timeline as text."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def run(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [25, NTSC, 60])
def test_changes_are_found_at_the_frame_where_they_happen(tmp_path, classifier, kind, rate):
    """A face changes, goes and comes back while the clock of the file begins at 3 seconds."""
    name, codec, pixels = kind
    shots = steady(SCENES, rate, begin=3)
    path = write_video(tmp_path / name, shots, codec, pixels)
    rows = list(classify_video(classifier, str(path)))
    frames = [*range(14), *range(18, 22)]
    assert [row["frame"] for row in rows] == frames
    clock = 0.001 if name.endswith(("mkv", "webm")) else 1e-5
    assert [row["time"] for row in rows] == pytest.approx(
        [float(shots[n][0]) for n in frames], abs=clock
    )
    drop = next(row["frame"] for row in rows if row["happy"] < 0.7)
    assert drop == 8
    assert {row["track"] for row in rows} == {1}  # away for a fifth of a second at most


def test_a_variable_rate(tmp_path, classifier):
    moments = [Fraction(n, 100) for n in (0, 10, 13, 90, 91, 300, 304, 500)]
    pictures = [happy_shot()] * 3 + [empty_shot()] * 3 + [happy_shot()] * 2
    path = write_video(tmp_path / "clip.mp4", list(zip(moments, pictures, strict=True)))
    rows = list(classify_video(classifier, str(path)))
    assert [row["time"] for row in rows] == pytest.approx([0, 0.1, 0.13, 3.04, 5], abs=1e-5)
    assert [row["track"] for row in rows] == [1, 1, 1, 2, 2]


def two_people(count):
    """Two people who come close and part again; the second leaves after two thirds."""
    for n in range(count):
        step = abs(n - count // 2) * 2
        left = (make_person(), 40 - step, 40, 150)
        right = (make_person(mirrored=True), 130 + step, 40, 150)
        yield make_shot(left, right) if n < count * 2 // 3 else make_shot(left)


def test_two_people_keep_their_tracks_and_one_leaves(tmp_path, classifier):
    # Lossless: libx264 does not write the same pixels in every run.
    path = write_video(tmp_path / "clip.mkv", steady(two_people(30), 25), "ffv1", "bgr0")
    rows = list(classify_video(classifier, str(path)))
    tracks = {
        track: sorted(group, key=lambda row: row["frame"])
        for track, group in itertools.groupby(
            sorted(rows, key=lambda row: row["track"]), lambda row: row["track"]
        )
    }
    assert sorted(tracks) == [1, 2]
    ends = sorted(group[-1]["frame"] for group in tracks.values())
    assert ends == [19, 29]
    for group in tracks.values():  # no jump: a track stays with its person
        centres = [(row["x0"] + row["x1"]) / 2 for row in group]
        assert np.abs(np.diff(centres)).max() < 8
        assert [row["frame"] for row in group] == list(range(len(group)))


def test_a_phones_turned_video_gives_boxes_of_the_upright_picture(tmp_path, classifier):
    sideways = happy_shot().transpose(Image.Transpose.ROTATE_90)
    path = write_video(tmp_path / "clip.mov", steady([sideways] * 3, 25))
    set_matrix(path, 0, 1, -1, 0)
    rows = list(classify_video(classifier, str(path)))
    (face,) = classifier.classify(happy_shot()).faces
    assert len(rows) == 3
    found = [rows[0][key] for key in ("x0", "y0", "x1", "y1")]
    assert found == pytest.approx(face.box, abs=3)


def test_interlaced_pictures_are_answered(tmp_path, classifier):
    path = tmp_path / "clip.ts"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.options = {"flags": "+ildct+ilme", "top": "1", "b": "4000000"}
        for _ in range(5):
            file.mux(stream.encode(av.VideoFrame.from_image(happy_shot())))
        file.mux(stream.encode())
    rows = list(classify_video(classifier, str(path)))
    assert {row["expression"] for row in rows} == {"happy"}
    assert [row["frame"] for row in rows] == [0, 1, 2, 3, 4]


def test_the_row_is_what_the_photo_of_the_frame_gives(clip, classifier, tmp_path):
    assert run(clip, "--output", tmp_path / "t.csv") == OK
    rows = read_rows(tmp_path / "t.csv")
    assert list(rows[0]) == list_columns(classifier.contract.labels)
    result = classifier.classify(happy_shot())
    (face,) = result.to_dict()["faces"]
    row = rows[0]
    assert [float(row[key]) for key in ("x0", "y0", "x1", "y1")] == face["box"]
    assert float(row["roll"]) == face["roll"]
    assert float(row["detection"]) == face["detection"]
    assert row["not_sure"] == str(face["not_sure"]).lower()
    assert row["expression"] == face["expressions"][0]["label"]
    assert float(row["score"]) == face["expressions"][0]["score"]
    scores = [float(row[label]) for label in classifier.contract.labels]
    assert scores == pytest.approx(result.faces[0].scores.tolist(), abs=1e-6)
    assert sum(scores) == pytest.approx(1, abs=1e-4)
    assert [row["frame"] for row in rows] == [str(n) for n in (*range(14), *range(18, 22))]


def test_json_lines_and_json_have_the_same_rows(clip, tmp_path):
    for kind in ("csv", "jsonl", "json"):
        assert run(clip, "--every", "0.3", "--output", tmp_path / f"t.{kind}") == OK
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert json.loads((tmp_path / "t.json").read_text())["results"] == lines
    assert [line["frame"] for line in lines] == [0, 3, 6, 9, 12, 18, 21]
    for row, line in zip(read_rows(tmp_path / "t.csv"), lines, strict=True):
        assert [float(row["time"]), int(row["track"])] == [line["time"], line["track"]]
        assert float(row["happy"]) == line["happy"]


def test_the_summary_says_how_long_and_when_most(clip, capsys):
    assert run(clip) == OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{clip}, 0:00.00 to 0:02.10, 22 frames, 1 track"
    assert lines[1] == "track 1, 0:00.00 to 0:02.10"
    seconds = {line.split()[1]: float(line.split()[2]) for line in lines[2:]}
    assert sum(seconds.values()) == pytest.approx(1.8)
    assert seconds["Happy"] >= 1.2
    assert "strongest at 0:00.00 with 9" in lines[2]


def test_nobody_is_an_answer(tmp_path, capsys):
    path = write_video(tmp_path / "clip.mp4", steady([empty_shot()] * 5, 25))
    assert run(path, "--output", tmp_path / "t.csv") == OK
    assert read_rows(tmp_path / "t.csv") == []
    assert "5 frames, 0 tracks\nNo face found." in capsys.readouterr().out


def test_a_folder_of_photos_and_videos(tmp_path, clip, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(encode(happy_shot(), "JPEG"))
    (folder / "b.mkv").write_bytes(clip.read_bytes())
    (folder / "c.mp4").write_bytes(b"no video" * 99)
    (folder / "d.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("neither")
    assert run(folder, "--every", "1", "--output", tmp_path / "t.jsonl") == SOME_FAILED
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [row["video"].rpartition("/")[2] for row in rows] == [
        "a.jpg", "b.mkv", "b.mkv", "b.mkv", "c.mp4", "d.jpg",
    ]  # fmt: skip
    assert (rows[0]["time"], rows[0]["track"], rows[0]["frame"]) == (None, None, 0)
    assert rows[4] == {"video": f"{folder}/c.mp4", "error": "not a video, or damaged"}
    assert rows[5]["error"] == "not a picture"
    errors = capsys.readouterr().err.splitlines()
    assert errors == [
        *(f"emoji-edge: {row['video']}: {row['error']}" for row in rows[4:]),
        "emoji-edge: left out 1 other file (1 .txt)",
    ]


def test_several_processes_give_the_same_file(tmp_path, clip):
    write_video(tmp_path / "other.mp4", steady([happy_shot()] * 3, 25))
    for jobs in ("1", "2"):
        output = tmp_path / f"{jobs}.csv"
        assert run(clip, tmp_path / "other.mp4", "--jobs", jobs, "--output", output) == OK
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_run_cut_anywhere_goes_on_exactly(tmp_path, clip, kind, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(encode(happy_shot(), "JPEG"))
    (folder / "b.mkv").write_bytes(clip.read_bytes())
    two = make_shot((make_person(), 0, 40, 150), (make_person(mirrored=True), 160, 40, 150))
    write_video(folder / "c.mp4", steady([two] * 3, 10))
    output = tmp_path / f"t.{kind}"
    arguments = (folder, "--every", "0.2", "--output", output)
    assert run(*arguments) == OK
    whole = output.read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == 10]
    capsys.readouterr()
    for cut in {0, 40, *(end + extra for end in ends[1::6] for extra in (-1, 0, 30))}:
        output.write_bytes(whole[:cut])
        assert run(*arguments, "--resume") == OK, cut
        assert output.read_bytes() == whole, cut
    assert capsys.readouterr().err == ""


def test_resume_refuses_other_options_models_and_files(tmp_path, clip, capsys):
    output = tmp_path / "t.csv"
    arguments = (clip, "--output", output, "--resume")
    assert run(*arguments, "--every", "0.2") == OK
    before = output.read_bytes()
    other = write_video(tmp_path / "other.mkv", steady(SCENES, 10), "ffv1", "bgr0")
    capsys.readouterr()
    for refused in (
        [*arguments, "--every", "0.1"],
        [*arguments, "--every", "0.3"],
        [*arguments, "--every", "0.2", "--model", "int8"],
        [*arguments, "--every", "0.2", "--face", "whole"],
        [*arguments, "--every", "0.2", "--threshold", "0.99"],
        [*arguments, "--every", "0.2", "--smallest-face", "400"],
        [*arguments, "--every", "0.2", "--rank-by", "label_scores"],
        [*arguments, "--every", "0.2", "--annotate", tmp_path],
        [other, *arguments[1:], "--every", "0.2"],
    ):
        assert run(*refused) == CANNOT_RUN
        assert output.read_bytes() == before
        assert capsys.readouterr().err.count("\n") == 1
    for content in (b"photo,faces\n1,2\n", b"\xff\xfe\n", before + b"nonsense\n"):
        output.write_bytes(content)
        assert run(*arguments, "--every", "0.2") == CANNOT_RUN
        assert output.read_bytes() == content
        assert "is not csv of videos by emoji-edge" in capsys.readouterr().err


def test_resume_names_the_option_that_leaves_out_faces_of_the_file(tmp_path, clip, capsys):
    output = tmp_path / "t.jsonl"
    arguments = (clip, "--output", output, "--every", "0.2", "--resume")
    assert run(*arguments) == OK
    capsys.readouterr()
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    faintest = min(row["detection"] for row in rows)
    assert run(*arguments, "--threshold", "0.99") == CANNOT_RUN
    assert f"was written with a lower --threshold ({faintest:g})" in capsys.readouterr().err
    assert run(*arguments, "--smallest-face", "5000") == CANNOT_RUN
    assert "was written with a lower --smallest-face (" in capsys.readouterr().err
    assert run(*arguments, "--threshold", "0.5", "--smallest-face", "2") == OK


@pytest.fixture
def short_clips(tmp_path):
    """Make clips of so many frames with a face: names and numbers; returns the folder."""

    def make(**numbers):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        for name, count in numbers.items():
            images = [happy_shot()] * count or [empty_shot()]
            write_video(folder / f"{name}.mkv", steady(images, 10), "ffv1", "bgr0")
        return folder

    return make


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_resume_tells_of_videos_that_have_no_rows(tmp_path, short_clips, kind, capsys):
    folder, output = short_clips(b=1, c=0, d=2), tmp_path / f"t.{kind}"
    assert run(folder, "--output", output) == OK
    whole = output.read_bytes()
    short_clips(a=1)
    capsys.readouterr()
    assert run(folder, "--output", output, "--resume") == OK
    assert output.read_bytes() == whole
    assert capsys.readouterr().err == (
        f"emoji-edge: {output}: has no rows of {folder}/a.mkv, {folder}/c.mkv; they may be without "
        "faces, failed or new, and are not done now\n"
    )


def test_resume_names_twenty_videos_without_rows_and_counts_the_others():
    earlier = Earlier("csv", "t.csv", "z.mp4", 0, 9, 9, names={"z.mp4": None})
    names = [*(f"{number}.mp4" for number in range(25)), "z.mp4", "zz.mp4"]
    rest = skip_sources(iter([Photo(name, name) for name in names]), earlier)
    assert [source.name for source in rest] == ["z.mp4", "zz.mp4"]
    text = earlier.describe_absent()
    assert text.startswith("t.csv: has no rows of 0.mp4, 1.mp4, ")
    assert ", 19.mp4 and 5 more; they may be " in text


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_resume_refuses_another_order_and_lost_videos(tmp_path, short_clips, kind, capsys):
    folder, output = short_clips(b=1, c=1, d=1), tmp_path / f"t.{kind}"
    b, c, d = (folder / f"{name}.mkv" for name in "bcd")
    assert run(d, b, d, "--output", output) == OK
    whole = output.read_bytes()
    capsys.readouterr()
    for given, reason in (
        ((b, d), f"has its videos in another order ({b})"),
        ((c, b), f"has its videos in another order ({b})"),
        ((d, c), f"is of other videos ({b})"),
        ((c,), f"is of other videos ({d})"),
    ):
        assert run(*given, "--output", output, "--resume") == CANNOT_RUN
        assert capsys.readouterr().err == f"emoji-edge: {output}: {reason}\n"
        assert output.read_bytes() == whole
    assert run(d, b, d, c, "--output", output, "--resume") == OK
    assert output.read_bytes().startswith(whole)
    assert output.read_bytes().count(b".mkv") == 3


def test_resume_counts_the_failures_that_stay(tmp_path, short_clips, capsys):
    folder, output = short_clips(b=1, d=1), tmp_path / "t.jsonl"
    (folder / "c.mp4").write_bytes(b"no video" * 99)
    (folder / "e.mp4").write_bytes(b"no video" * 99)
    arguments = (folder, "--output", output)
    assert run(*arguments) == SOME_FAILED
    lines = output.read_bytes().splitlines(keepends=True)
    assert [b'"error"' in line for line in lines] == [False, True, False, True]
    (folder / "e.mp4").unlink()
    write_video(folder / "e.mp4", steady([happy_shot()], 10))
    for count, status in ((2, OK), (4, SOME_FAILED)):  # c is tried again where it is the last
        output.write_bytes(b"".join(lines[:count]))
        if count == 2:
            mended = write_video(tmp_path / "mended.mp4", steady([happy_shot()], 10))
            (folder / "c.mp4").write_bytes(mended.read_bytes())
        assert run(*arguments, "--resume") == status
    assert [b'"error"' in line for line in output.read_bytes().splitlines()] == [
        False, True, False, False,
    ]  # fmt: skip
    assert capsys.readouterr().err.count("not a video") == 2


def test_resume_of_csv_fails_where_a_video_still_cannot_be_opened(tmp_path, short_clips, capsys):
    folder, output = short_clips(a=0, d=1), tmp_path / "t.csv"
    (folder / "b.mp4").write_bytes(b"no video" * 99)
    (folder / "c.jpg").write_bytes(b"no photo")
    arguments = (folder, "--output", output, "--resume")
    assert run(*arguments) == SOME_FAILED
    capsys.readouterr()
    assert run(*arguments) == SOME_FAILED
    said = capsys.readouterr().err.splitlines()
    assert f"has no rows of {folder}/a.mkv, {folder}/b.mp4, {folder}/c.jpg; " in said[0]
    assert said[1:] == [
        f"emoji-edge: {folder}/b.mp4: not a video, or damaged",
        f"emoji-edge: {folder}/c.jpg: not a picture",
    ]
    (folder / "b.mp4").unlink()
    (folder / "c.jpg").unlink()
    assert run(*arguments) == OK


def test_ctrl_c_leaves_whole_rows_and_a_copy_that_plays(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", steady([happy_shot()] * 300, 25), sound=12)
    output = tmp_path / "t.csv"
    process = subprocess.Popen(
        [sys.executable, "-m", "emoji_edge", "clip.mp4", "--output", str(output),
         "--annotate", "seen"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not output.exists() or output.read_bytes().count(b"\n") < 40:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (INTERRUPTED, b"", b"")
    text = output.read_text()
    assert text.endswith("\n")
    rows = read_rows(output)
    assert 39 <= len(rows) < 300
    assert len(rows[-1]) == len(rows[0])
    assert rows[-1]["neutral"]
    with av.open(str(tmp_path / "seen" / "clip.mp4.faces.mp4")) as copy:
        assert len(list(copy.decode(copy.streams.video[0]))) == pytest.approx(len(rows), abs=1)
    assert run(clip, "--output", output, "--resume") == CANNOT_RUN  # clip.mp4 by another name


def read_copy(path):
    with av.open(str(path)) as copy:
        frames = [(frame.time, frame.to_image()) for frame in copy.decode(video=0)]
    with av.open(str(path)) as copy:
        sound = [frame.time for frame in copy.decode(audio=0)] if copy.streams.audio else []
    return frames, sound


@pytest.mark.parametrize(
    ("name", "codec", "copy"), [("clip.mp4", "libx264", "mp4"), ("clip.webm", "libvpx-vp9", "mp4")]
)
def test_the_copy_has_boxes_times_and_sound(tmp_path, monkeypatch, name, codec, copy):
    monkeypatch.chdir(tmp_path)
    moments = [Fraction(n, 10) + 1 for n in (0, 1, 3, 4, 10)]
    shots = [(moment, happy_shot()) for moment in moments]
    write_video(tmp_path / name, shots, codec, sound=2)
    assert run(name, "--annotate", "seen", "--output", "t.csv") == OK
    frames, sound = read_copy(tmp_path / "seen" / f"{name}.faces.{copy}")
    assert [time for time, _ in frames] == pytest.approx([float(m) for m in moments], abs=0.002)
    assert sound[0] == pytest.approx(0, abs=0.05)
    assert sound[-1] == pytest.approx(2, abs=0.1)
    row = read_rows(tmp_path / "t.csv")[0]
    x, y = float(row["x0"]), (float(row["y0"]) + float(row["y1"])) / 2
    # The yellow frame, a turned square: its side passes here or a few pixels beside.
    near = [frames[0][1].getpixel((round(x) + dx, round(y))) for dx in range(-4, 6)]
    assert any(min(red, green) > 130 and blue < 120 for red, green, blue in near)


def test_sound_that_mp4_does_not_take_goes_into_matroska(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with av.open("clip.mkv", "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 161, 119, "yuv420p"
        noise = file.add_stream("pcm_s16le", rate=8000)
        noise.layout = "mono"
        for _ in range(3):
            file.mux(stream.encode(av.VideoFrame.from_image(make_shot(size=(161, 119)))))
        file.mux(stream.encode())
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        file.mux(noise.encode(frame))
    assert run("clip.mkv", "--annotate", "seen") == OK
    frames, sound = read_copy("seen/clip.mkv.faces.mkv")
    assert frames[0][1].size == (162, 120)  # encoders want even sides
    assert len(frames) == 3
    assert len(sound) >= 1


def test_sound_of_an_unknown_codec_is_left_out_of_the_copy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video(tmp_path / "clip.mp4", steady([happy_shot()] * 2, 25), sound=1)
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"drms").replace(b"esds", b"free"))
    assert run("clip.mp4", "--annotate", "seen") == OK
    frames, sound = read_copy("seen/clip.mp4.faces.mp4")
    assert (len(frames), sound) == (2, [])


def test_a_copy_that_cannot_be_written_is_one_clear_line(tmp_path, clip, capfd):
    (tmp_path / "seen").write_text("a file, not a folder")
    assert run(clip, "--annotate", tmp_path / "seen") == CANNOT_RUN
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("blocked", ["b.mkv.faces.mp4", "sub"])
def test_a_copy_that_is_blocked_is_a_failure_of_that_video_alone(
    tmp_path, short_clips, monkeypatch, blocked, capsys
):
    folder = short_clips(a=1, b=2, c=1)
    monkeypatch.chdir(folder)
    names = ["a.mkv", "b.mkv", "c.mkv"]
    if blocked == "sub":
        (folder / "sub").mkdir()
        (folder / "b.mkv").rename(folder / "sub" / "b.mkv")
        names[1] = "sub/b.mkv"
        (folder / "seen").mkdir()
        (folder / "seen" / "sub").write_text("a file where a folder would be")
    else:
        (folder / "seen" / blocked).mkdir(parents=True)
    assert run(*names, "--annotate", "seen", "--output", tmp_path / "t.jsonl") == SOME_FAILED
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [row["video"] for row in rows if "error" not in row] == [
        "a.mkv", names[1], names[1], "c.mkv",
    ]  # fmt: skip
    (failure,) = [row for row in rows if "error" in row]
    assert failure["video"] == names[1]
    assert failure["error"].startswith("its annotated copy cannot be written (")
    assert capsys.readouterr().err == f"emoji-edge: {names[1]}: {failure['error']}\n"
    for name in ("a.mkv", "c.mkv"):
        assert len(read_copy(f"seen/{name}.faces.mp4")[0]) == 1


@pytest.mark.parametrize("method", ["write_frame", "close"])
def test_a_copy_that_breaks_off_is_a_failure_of_that_video_alone(
    tmp_path, short_clips, monkeypatch, method, capsys
):
    folder, whole = short_clips(a=2, b=2), getattr(VideoAnnotator, method)

    def fail(annotator, *arguments):
        whole(annotator, *arguments)
        if "a.mkv" in annotator.path:
            raise VideoError("disk full")

    monkeypatch.setattr(VideoAnnotator, method, fail)
    seen = tmp_path / "seen"
    assert run(folder, "--annotate", seen, "--output", tmp_path / "t.csv") == SOME_FAILED
    assert capsys.readouterr().err == f"emoji-edge: {folder}/a.mkv: disk full\n"
    assert len(read_rows(tmp_path / "t.csv")) == 4
    (copy,) = seen.rglob("b.mkv.faces.mp4")
    assert len(read_copy(copy)[0]) == 2


def test_a_video_of_an_unknown_codec_or_with_a_colon_does_not_end_the_run(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    locked = write_video(tmp_path / "a.mp4", steady([happy_shot()], 25))
    locked.write_bytes(locked.read_bytes().replace(b"avc1", b"drmi"))
    write_video(tmp_path / "b.mp4", steady([happy_shot()], 25)).rename("12:30.mp4")
    Path("13:00").mkdir()
    arguments = ("a.mp4", "12:30.mp4", "--annotate", "13:00/x", "--output", "t.csv")
    assert run(*arguments) == SOME_FAILED
    assert capsys.readouterr().err == "emoji-edge: a.mp4: its codec is not known here\n"
    assert [row["video"] for row in read_rows(tmp_path / "t.csv")] == ["12:30.mp4"]
    assert len(read_copy("file:13:00/x/12%3A30.mp4.faces.mp4")[0]) == 1


def test_a_damaged_video_gives_its_rows_and_a_line(tmp_path, capsys):
    path = write_video(tmp_path / "clip.mp4", steady([happy_shot()] * 60, 20), g="1")
    with av.open(str(path)) as file:
        assert file.streams.video[0].frames == 60
    fast = tmp_path / "fast.mp4"
    subprocess.run(
        [sys.executable, "-c", FASTSTART, str(path), str(fast)], check=True, capture_output=True
    )
    data = fast.read_bytes()
    fast.write_bytes(data[: len(data) * 6 // 10])
    assert run(fast, "--output", tmp_path / "t.csv") == SOME_FAILED
    captured = capsys.readouterr()
    assert captured.err.startswith(f"emoji-edge: {fast}: damaged: ")
    assert captured.err.count("\n") == 1
    assert 5 < len(read_rows(tmp_path / "t.csv")) < 60


FASTSTART = """
import sys, av
with av.open(sys.argv[1]) as source, av.open(
    sys.argv[2], "w", options={"movflags": "faststart"}
) as copy:
    stream = copy.add_stream_from_template(source.streams.video[0])
    for packet in source.demux(video=0):
        if packet.dts is not None:
            packet.stream = stream
            copy.mux(packet)
"""


@pytest.mark.parametrize("given", [["--every", "-1"], ["--every", "soon"], ["--every", "nan"]])
def test_bad_options(clip, given, capsys):
    with pytest.raises(SystemExit) as caught:
        run(clip, *given)
    assert caught.value.code == CANNOT_RUN
    assert "is not a number of seconds" in capsys.readouterr().err


def test_no_such_video(tmp_path, capsys):
    assert run(tmp_path / "none.mp4") == SOME_FAILED
    expected = f"emoji-edge: {tmp_path}/none.mp4: cannot be read (No such file or directory)\n"
    assert capsys.readouterr().err == expected
