"""Frames of a camera, as the JPEGs that a child process writes to its standard output.

So no camera library is needed: `rpicam-vid` is there on Raspberry Pi OS, ffmpeg nearly everywhere.
"""

import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from io import BufferedIOBase, BufferedReader
from typing import cast

from ..errors import EmojiError

SIZE, RATE = (640, 480), 10
PROGRAMS = {
    "rpicam-vid": "--codec mjpeg --timeout 0 --nopreview --width {0} --height {1} --framerate {2}"
    " --output -",
    "libcamera-vid": "--codec mjpeg --timeout 0 --nopreview --width {0} --height {1}"
    " --framerate {2} --output -",
    "ffmpeg": "-loglevel error -nostdin -f v4l2 -framerate {2} -video_size {0}x{1} -i /dev/video0"
    " -f mjpeg -q:v 3 -",
}
CHUNK = 1 << 16
MAX_FRAME = 1 << 24  # bytes; a stream without an end of picture is not MJPEG
PATIENCE = 20.0  # seconds without a picture, which no camera takes to begin


class CameraError(EmojiError):
    """There is no camera, or its program failed; the message says why in one line."""


def find_commands() -> list[list[str]]:
    """The installed camera programs with their arguments, the Pi's own first; CameraError."""
    commands = [
        [name, *arguments.format(*SIZE, RATE).split()]
        for name, arguments in PROGRAMS.items()
        if shutil.which(name)
    ]
    if not commands:
        raise CameraError("no camera program; install rpicam-apps (Raspberry Pi) or ffmpeg")
    return commands


def split_frames(stream: BufferedIOBase) -> Iterator[bytes]:
    """The JPEGs of an MJPEG stream; a last one that is cut short is dropped.

    Raises:
        CameraError: it is no MJPEG.
    """
    data = bytearray()
    since = 0  # bytes without a whole picture
    while chunk := stream.read1(CHUNK):  # what there is: a picture must not wait for the next
        data += chunk
        since += len(chunk)
        while end := find_end(data):
            yield bytes(data[data.find(b"\xff\xd8") : end])
            del data[:end]
            since = 0
        if since > MAX_FRAME:
            raise CameraError("the camera program does not write MJPEG")
        if b"\xff\xd8" not in data:
            del data[:-1]


def find_end(data: bytes | bytearray) -> int:
    """The byte after the first whole JPEG, 0 where there is none yet.

    Walks the segments, whose contents (a thumbnail, say) may look like an end.
    """
    at = data.find(b"\xff\xd8") + 2
    if at < 2:
        return 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:  # the picture itself, where 0xFF 0xD9 is only the end
            at = _find_marker(data, at)
    return at + 2 if data[at : at + 2] == b"\xff\xd9" else 0


def _find_marker(data: bytes | bytearray, at: int) -> int:
    """Where the next marker is that is neither a stuffed 0xFF nor a restart."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at
    return len(data)


class Camera:
    """A camera program running; frames() gives the newest picture each time."""

    def __init__(self, command: Sequence[str], patience: float = PATIENCE) -> None:
        """Start it; CameraError where it cannot be started.

        Args:
            command: the program with its arguments.
            patience: seconds without a picture after which frames() gives up.
        """
        self.name = command[0]
        self.received = 0  # pictures so far, those that were dropped too
        self._patience = patience
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for this program, which ends the other
            )
        except OSError as error:
            raise CameraError(f"{self.name}: cannot be started ({error.strerror})") from None
        self._changed = threading.Condition()
        self._newest = b""
        self._ended = False
        self._complaint = ""
        self._threads = [
            threading.Thread(target=read, daemon=True)
            for read in (self._read_frames, self._read_complaints)
        ]
        for thread in self._threads:
            thread.start()

    def frames(self) -> Iterator[bytes]:
        """JPEGs until the program ends; those that came meanwhile are dropped.

        Raises:
            CameraError: the program failed, or sends nothing.
        """
        while True:
            with self._changed:
                came = self._changed.wait_for(
                    lambda: self._newest or self._ended, timeout=self._patience
                )
                frame, self._newest = self._newest, b""
            if not came:
                raise CameraError(f"{self.name}: no picture in {self._patience:g} seconds")
            if not frame:
                break
            yield frame
        status = self._process.wait()
        self._threads[1].join()
        if status or self._complaint.startswith("the camera program"):
            reason = self._complaint or f"exit status {status}"
            raise CameraError(f"{self.name}: no picture ({reason})")

    def close(self) -> None:
        """End the camera program, by force if it does not listen."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()

    def _read_frames(self) -> None:
        stream = cast(BufferedReader, self._process.stdout)
        with stream:
            try:
                for frame in split_frames(stream):
                    self._show(frame)
            except CameraError as error:
                self._complaint = str(error)
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _show(self, frame: bytes) -> None:
        with self._changed:
            self._newest = frame
            self.received += 1
            self._changed.notify()

    def _read_complaints(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                text = line.decode("utf-8", "replace").strip()
                self._complaint = text[:160] or self._complaint
