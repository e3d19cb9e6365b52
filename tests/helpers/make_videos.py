"""Write the videos of the page's tests: python -m tests.helpers.make_videos FOLDER."""

import sys
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

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


def main() -> None:
    """Scenes, two people, a variable rate, a phone's turned video, and what cannot be read."""
    folder = Path(sys.argv[1])
    scenes = [happy_shot()] * 8 + [grave_shot()] * 6 + [empty_shot()] * 8 + [happy_shot()] * 4
    two = make_shot((make_person(), 0, 40, 150), (make_person(mirrored=True), 160, 40, 150))
    write_video(folder / "exact.webm", steady(scenes, 10), "libvpx-vp9", "gbrp", lossless="1")
    write_video(folder / "plain.webm", steady(scenes, 10), "libvpx-vp9", "yuv420p", lossless="1")
    write_video(folder / "two.mp4", steady([two] * 15, 25), sound=0.6)
    write_video(
        folder / "wide.webm", steady([wide_shot()] * 2, 10), "libvpx-vp9", "gbrp", lossless="1"
    )
    wide_shot().save(folder / "wide.png")
    moments = [Fraction(n, 100) + 2 for n in (0, 4, 40, 44, 130)]
    write_video(folder / "variable.mp4", [(time, happy_shot()) for time in moments])
    write_video(folder / "scenes.mkv", steady(scenes, 10))
    sideways = happy_shot().transpose(Image.Transpose.ROTATE_90)
    set_matrix(write_video(folder / "phone.mov", steady([sideways] * 4, 25)), 0, 1, -1, 0)
    write_video(folder / "foreign.mkv", steady([happy_shot()] * 2, 25), "ffv1")
    (folder / "broken.mp4").write_bytes(b"no video" * 99)
    cut_within(write_video(folder / "cut.webm", steady(scenes * 2, 10), "libvpx-vp9"), 30)


def cut_within(path: Path, frame: int) -> None:
    """End a video in the middle of a frame, however large the encoder made those before it."""
    with av.open(str(path)) as video:
        packet = list(video.demux(video=0))[frame]
        end = packet.pos + packet.size // 2
    path.write_bytes(path.read_bytes()[:end])


if __name__ == "__main__":
    main()
