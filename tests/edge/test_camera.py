"""The camera: cutting an MJPEG stream into pictures, and stand-in programs that play a file."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from emoji_edge.cli import main
from emoji_edge.cli.camera import Camera, CameraError, find_commands, find_end, split_frames
from emoji_edge.console import CANNOT_RUN, OK
from PIL import Image

from tests.helpers.photos import encode, make_scene

FACE = encode(make_scene((320, 240), (60, 20, 200)), "JPEG")
PLAIN = encode(Image.new("RGB", (320, 240), "teal"), "JPEG")
PLAYER = """#!{python}
import sys, time
data = open({file!r}, "rb").read()
for at in range(0, len(data), 5000):
    sys.stdout.buffer.write(data[at : at + 5000])
    sys.stdout.buffer.flush()
{rest}
"""


def make_player(folder, name, frames, rest=""):
    """A program that plays the frames, then runs the rest."""
    (folder / "film.mjpeg").write_bytes(b"".join(frames))
    path = folder / name
    path.write_text(
        PLAYER.format(python=sys.executable, file=str(folder / "film.mjpeg"), rest=rest)
    )
    path.chmod(0o755)
    return path


def with_thumbnail(jpeg: bytes) -> bytes:
    """The picture with a whole JPEG inside its Exif segment, as cameras write."""
    block = b"Exif\0\0" + encode(Image.new("RGB", (16, 16)), "JPEG")
    return jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]


def test_frames_come_out_whole_whatever_the_chunks():
    restarts = io.BytesIO()
    make_scene((320, 240), (0, 0, 240)).save(restarts, "JPEG", restart_marker_blocks=4)
    frames = [FACE, with_thumbnail(PLAIN), restarts.getvalue(), PLAIN]
    for size in (1 << 16, 1000, 17):

        class Trickle(io.BytesIO):
            def read1(self, _=-1, step=size):
                return super().read1(step)

        assert list(split_frames(Trickle(b"".join(frames)))) == frames


def test_noise_between_frames_and_a_cut_end_are_dropped():
    stream = b"--boundary\r\n" + FACE + b"\r\n--boundary\r\n" + PLAIN + FACE[:900]
    assert list(split_frames(io.BytesIO(stream))) == [FACE, PLAIN]


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 10, 700, len(FACE) - 1])
def test_no_end_in_a_part_of_a_picture(cut):
    assert find_end(FACE[:cut]) == 0
    assert find_end(FACE) == len(FACE)


def test_a_stream_that_is_no_mjpeg_is_refused():
    with pytest.raises(CameraError, match="does not write MJPEG"):
        list(split_frames(io.BytesIO(bytes(1 << 25))))


def test_a_stand_in_for_the_pi_camera(tmp_path, monkeypatch, capsysbinary):
    make_player(tmp_path, "rpicam-vid", [PLAIN, PLAIN, FACE], "time.sleep(0.3)")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [command[0] for command in find_commands()] == ["rpicam-vid"]
    assert main(["--camera", "--every", "0", "--format", "jsonl"]) == OK
    rows = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert 1 <= len(rows) <= 3
    assert len(rows[-1]["faces"]) == 1
    assert rows[-1]["size"] == [320, 240]
    assert rows[-1]["photo"].startswith("camera-20")


def test_only_the_newest_picture_counts(tmp_path):
    player = make_player(tmp_path, "play", [PLAIN] * 30 + [FACE])
    with contextlib.closing(Camera([str(player)])) as camera:
        while camera.received < 31:
            time.sleep(0.01)
        assert list(camera.frames()) == [FACE]


def test_the_next_program_where_the_first_has_no_camera(tmp_path, monkeypatch, capsysbinary):
    broken = tmp_path / "rpicam-vid"
    broken.write_text("#!/bin/sh\necho 'ERROR: *** no cameras available ***' >&2\nexit 255\n")
    broken.chmod(0o755)
    make_player(tmp_path, "ffmpeg", [FACE])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--camera", "--every", "0", "--format", "jsonl"]) == OK
    assert len(capsysbinary.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'ERROR: *** no cameras available ***' >&2; exit 255", "no cameras available"),
        ("exit 3", "no picture (exit status 3)"),
        ("exit 0", "no picture"),
        ("head -c 40000000 /dev/zero", "does not write MJPEG"),
    ],
)
def test_no_camera_is_one_clear_line(tmp_path, capfd, script, reason):
    path = tmp_path / "camera"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    assert main(["--camera", "--camera-command", str(path)]) == CANNOT_RUN
    err = capfd.readouterr().err
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("frames", [[], [PLAIN]])
def test_a_program_that_falls_silent_is_given_up(tmp_path, frames):
    player = make_player(tmp_path, "play", frames, "time.sleep(60)")
    with contextlib.closing(Camera([str(player)], patience=1.5)) as camera:
        pictures = camera.frames()
        assert [next(pictures) for _ in frames] == frames
        with pytest.raises(CameraError, match=r"play: no picture in 1\.5 seconds"):
            next(pictures)


@pytest.mark.parametrize(
    ("command", "reason"),
    [("ffmpeg 'x", "--camera-command cannot be understood (No closing quotation)"),
     ("   ", "--camera-command is blank"), ("", "--camera-command is blank")],
)  # fmt: skip
def test_a_camera_command_that_is_none_is_one_clear_line(capfd, command, reason):
    assert main(["--camera", "--camera-command", command]) == CANNOT_RUN
    assert capfd.readouterr().err == f"emoji-edge: {reason}\n"


def test_no_camera_program_is_one_clear_line(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--camera"]) == CANNOT_RUN
    assert "install rpicam-apps" in capfd.readouterr().err
    assert main(["--camera", "--camera-command", "/nowhere/camera"]) == CANNOT_RUN
    assert "/nowhere/camera: cannot be started (No such file" in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_until_ctrl_c(tmp_path, number):
    rest = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(__import__('os').getpid()))"
    player = make_player(tmp_path, "play", [FACE], f"{rest}\ntime.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-m", "emoji_edge", "--camera", "--camera-command", str(player),
         "--every", "0.01", "--format", "jsonl"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert json.loads(process.stdout.readline())["faces"]
    while not (tmp_path / "pid").exists():
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (OK, b"", b"")
    with pytest.raises(ProcessLookupError):  # the camera program has ended too
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_damaged_picture_is_a_line_and_the_camera_goes_on(tmp_path, capfdbinary):
    tables = FACE.index(b"\xff\xdb")
    damaged = FACE[:tables] + b"\xff\xd9"
    player = make_player(tmp_path, "play", [damaged], "time.sleep(0.5)")
    with player.open("a") as script:
        script.write(f"sys.stdout.buffer.write({PLAIN!r})\n")
    arguments = ["--camera", "--camera-command", str(player), "--every", "0"]
    status = main([*arguments, "--format", "jsonl"])
    out, err = capfdbinary.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == OK
    assert [("error" in row) for row in rows] == [True, False]
    assert err.count(b"\n") == 1
