"""Video files: every frame with its own time, upright, and one clear line where there is none."""

import builtins
import gc
from fractions import Fraction

import av
import numpy as np
import pytest
from emoji_edge.video import PQ, Video, VideoError, make_tone_table
from PIL import Image

from tests.helpers.videos import (
    SIZE,
    empty_shot,
    grave_shot,
    happy_shot,
    make_shot,
    set_matrix,
    steady,
    write_video,
)

LIMIT = 100_000_000
NTSC = Fraction(30000, 1001)


def read_video(path, every=0.0):
    """Times, gray levels of the first pixel, and what is wrong."""
    with Video(str(path), LIMIT) as video:
        frames = [(f.time, f.to_image().getpixel((0, 0))[0]) for f in video.iterate_frames(every)]
        return [time for time, _ in frames], [level for _, level in frames], video.damage


def gray_shots(count, rate, begin=0):
    """Each frame another gray."""
    return steady((Image.new("RGB", SIZE, (8 * n,) * 3) for n in range(count)), rate, begin)


CONTAINERS = [
    ("clip.mp4", "libx264", "yuv420p"),
    ("clip.mkv", "ffv1", "yuv420p"),
    ("clip.webm", "libvpx-vp9", "yuv420p"),
    ("clip.mov", "libx264", "yuv420p"),
    ("clip.ts", "libx264", "yuv420p"),
]


@pytest.mark.parametrize(("name", "codec", "pixels"), CONTAINERS)
@pytest.mark.parametrize("rate", [25, NTSC, 60])
def test_times_are_the_frames_own(tmp_path, name, codec, pixels, rate):
    shots = gray_shots(24, rate, begin=2)
    path = write_video(tmp_path / name, shots, codec, pixels)
    times, levels, damage = read_video(path)
    clock = 0.001 if name.endswith(("mkv", "webm")) else 1e-5  # Matroska counts milliseconds
    assert times == pytest.approx([float(time) for time, _ in shots], abs=clock)
    assert levels == pytest.approx([8 * n for n in range(24)], abs=4)
    assert damage == ""


def test_a_variable_rate(tmp_path):
    moments = [Fraction(n, 100) for n in (0, 4, 8, 50, 54, 300, 301, 302, 700)]
    shots = [(time, Image.new("RGB", SIZE)) for time in moments]
    times, _, damage = read_video(write_video(tmp_path / "clip.mp4", shots))
    assert times == pytest.approx([float(time) for time in moments], abs=1e-5)
    assert damage == ""


def test_an_edit_list_leaves_out_what_players_leave_out(tmp_path):
    path = write_video(tmp_path / "clip.mp4", gray_shots(20, 25, begin=Fraction(-5, 25)))
    assert b"elst" in path.read_bytes()
    times, levels, _ = read_video(path)
    assert times == pytest.approx([n / 25 for n in range(15)], abs=1e-5)
    assert levels == pytest.approx([8 * n for n in range(5, 20)], abs=4)


def test_avi_has_an_order_but_no_times(tmp_path):
    path = write_video(tmp_path / "clip.avi", gray_shots(12, 25), bf="2")
    times, levels, _ = read_video(path)
    assert times == pytest.approx([times[0] + n / 25 for n in range(12)], abs=1e-5)
    assert levels == pytest.approx([8 * n for n in range(12)], abs=4)


@pytest.mark.parametrize("every", [0.1, 0.5, 1.0])
def test_every_takes_the_first_frame_of_each_interval(tmp_path, every):
    path = write_video(tmp_path / "clip.mp4", gray_shots(31, 10, begin=1))
    times, _, _ = read_video(path, every)
    assert times == pytest.approx(np.arange(1, 4.01, every), abs=1e-5)
    with Video(str(path), LIMIT) as video:
        assert video.count_frames(every) == pytest.approx(len(times), abs=1)
        assert video.count_frames() == 31
        assert video.duration == pytest.approx(3.1, abs=0.1)


def test_every_in_a_variable_rate_keeps_to_its_grid(tmp_path):
    moments = [Fraction(n, 100) for n in (0, 30, 90, 110, 199, 250, 260)]
    shots = [(time, Image.new("RGB", SIZE)) for time in moments]
    times, _, _ = read_video(write_video(tmp_path / "clip.mp4", shots), 1.0)
    assert times == pytest.approx([0, 1.1, 2.5], abs=1e-5)


CORNERS = {  # where the picture's red corner, left above, must come out
    (1, 0, 0, 1): (0, 0), (0, 1, -1, 0): (1, 0), (-1, 0, 0, -1): (1, 1), (0, -1, 1, 0): (0, 1),
    (-1, 0, 0, 1): (1, 0), (1, 0, 0, -1): (0, 1), (0, 1, 1, 0): (0, 0), (0, -1, -1, 0): (1, 1),
}  # fmt: skip


@pytest.mark.parametrize(("matrix", "corner"), CORNERS.items())
def test_phones_videos_come_upright(tmp_path, matrix, corner):
    image = Image.new("RGB", SIZE, "black")
    image.paste((255, 0, 0), (0, 0, 80, 80))
    path = write_video(tmp_path / "clip.mov", steady([image] * 3, 25))
    set_matrix(path, *matrix)
    with Video(str(path), LIMIT) as video:
        upright = next(video.iterate_frames()).to_image()
    assert upright.size == (SIZE if matrix[0] else SIZE[::-1])
    place = [
        10 if part == 0 else side - 10 for part, side in zip(corner, upright.size, strict=True)
    ]
    assert upright.getpixel(tuple(place))[0] > 200
    assert sum(upright.convert("L").point(lambda v: v > 40).histogram()[1:]) == pytest.approx(
        6400, rel=0.1
    )


def test_pixels_that_are_not_square_become_so(tmp_path):
    shots = steady([happy_shot()] * 3, 25)
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for _, image in shots:
            file.mux(stream.encode(av.VideoFrame.from_image(image)))
        file.mux(stream.encode())
    with Video(str(path), LIMIT) as video:
        assert next(video.iterate_frames()).to_image().size == (427, 240)


def test_odd_sizes_and_one_frame(tmp_path):
    image = make_shot(size=(157, 119))
    path = write_video(tmp_path / "clip.mkv", steady([image], 25), "ffv1", "yuv420p")
    with Video(str(path), LIMIT) as video:
        (frame,) = video.iterate_frames()
    assert frame.to_image().size == (157, 119)
    assert np.abs(np.asarray(frame.to_image(), int) - np.asarray(image, int)).max() < 6


def test_a_lossless_rgb_video_keeps_every_pixel(tmp_path):
    path = write_video(tmp_path / "clip.mkv", steady([happy_shot()], 25), "ffv1", "bgr0")
    with Video(str(path), LIMIT) as video:
        (frame,) = video.iterate_frames()
    assert np.array_equal(np.asarray(frame.to_image()), np.asarray(happy_shot()))


def test_hdr_is_brought_to_the_range_of_a_plain_picture(tmp_path):
    """A plain picture as PQ (white at 203 nits), 10 bits: nearly the same grays come back."""
    table = make_tone_table().astype(int)
    coded = np.array([np.abs(table - level).argmin() for level in range(256)], np.uint8)
    image = Image.fromarray(coded[np.asarray(happy_shot())])
    plain = write_video(tmp_path / "plain.mkv", steady([image], 25), "ffv1", "yuv420p10le")
    with Video(str(plain), LIMIT) as video:
        (frame,) = video.iterate_frames()
        flat = np.asarray(frame.to_image(), int)
        frame.decoded.color_trc = PQ
        shown = np.asarray(frame.to_image(), int)
    expected = np.asarray(happy_shot(), int)
    assert np.abs(shown - expected).mean() < 6
    assert np.abs(flat - expected).mean() > 15
    assert (table[0], table[255]) == (0, 255)
    assert (np.diff(table) >= 0).all()


def test_no_frame_stays_in_memory(tmp_path):
    path = write_video(tmp_path / "clip.mov", gray_shots(20, 25))
    set_matrix(path, 0, 1, -1, 0)
    gc.collect()
    gc.disable()  # what refers to itself would now stay for ever
    try:
        with Video(str(path), LIMIT) as video:
            pictures = [frame.to_image().size for frame in video.iterate_frames()]
            alive = sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())
    finally:
        gc.enable()
    assert pictures == [SIZE[::-1]] * 20
    assert alive <= 2


def cut(path, part):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_a_cut_end_gives_what_is_there(tmp_path, name):
    options = {"movflags": "faststart"} if name == "clip.mp4" else {}
    noise = np.random.default_rng(0)
    pictures = [Image.fromarray(noise.integers(0, 255, (120, 160, 3), np.uint8)) for _ in range(75)]
    with av.open(str(tmp_path / name), "w", options=options) as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for image in pictures:
            file.mux(stream.encode(av.VideoFrame.from_image(image)))
        file.mux(stream.encode())
    cut(tmp_path / name, 0.5)
    times, _, damage = read_video(tmp_path / name)
    assert 25 < len(times) < 50
    if name == "clip.mp4":
        assert damage.startswith("damaged: ")


def test_damage_in_the_middle_is_counted(tmp_path):
    path = write_video(tmp_path / "clip.mkv", gray_shots(20, 25), "ffv1", "yuv420p")
    whole = path.read_bytes()
    data = bytearray(whole)
    half = len(data) // 2
    data[half : half + 400] = bytes(400)
    path.write_bytes(data)
    times, _, damage = read_video(path)
    assert 0 < len(times) <= 20
    assert damage.startswith("damaged: ") or len(times) < 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a video, or damaged"),
        (b"hello, this is no video at all" * 40, "not a video, or damaged"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_no_video_is_one_clear_line(tmp_path, content, reason):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError) as caught:
        read_video(path)
    assert str(caught.value) == reason


def test_a_video_without_its_index_is_one_clear_line(tmp_path):
    path = write_video(tmp_path / "clip.mp4", steady([grave_shot()] * 5, 25))
    cut(path, 0.9)
    with pytest.raises(VideoError, match="not a video, or damaged"):
        read_video(path)


def test_only_sound_is_one_clear_line(tmp_path):
    with av.open(str(tmp_path / "clip.mp4"), "w") as file:
        stream = file.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate = 48000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with pytest.raises(VideoError, match="no pictures in it, only sound"):
        read_video(tmp_path / "clip.mp4")


def test_a_frame_too_large_is_refused_before_it_is_decoded(tmp_path):
    path = write_video(tmp_path / "clip.mp4", steady([empty_shot()], 25))
    with pytest.raises(VideoError, match=r"320x240 is more than 0\.0767 megapixels"):
        Video(str(path), 76_700)


def test_without_the_library_one_line_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **named):
        if name.partition(".")[0] == "av":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(VideoError, match=r"videos need PyAV: pip install 'emoji-edge\[video\]'"):
        Video(str(tmp_path / "clip.mp4"), LIMIT)


def change_bytes(path, old, new):
    data = path.read_bytes()
    assert data.count(old)
    path.write_bytes(data.replace(old, new))
    return path


def test_a_codec_without_a_decoder_is_one_clear_line(tmp_path):
    path = write_video(tmp_path / "clip.mp4", steady([empty_shot()] * 2, 25))
    with pytest.raises(VideoError, match="its codec is not known here"):
        Video(str(change_bytes(path, b"avc1", b"drmi")), LIMIT)


def test_a_title_that_is_not_utf8_does_not_matter(tmp_path):
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as file:
        file.metadata["title"] = "caf_"
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        file.mux(stream.encode(av.VideoFrame.from_image(empty_shot())))
        file.mux(stream.encode())
    times, _, damage = read_video(change_bytes(path, b"caf_", b"caf\xe9"))
    assert (len(times), damage) == (1, "")


@pytest.mark.parametrize("name", ["12:30:05.mp4", "http:x.mp4", "50%d.mp4"])
def test_a_name_is_never_an_address(tmp_path, monkeypatch, name):
    write_video(tmp_path / "clip.mp4", steady([empty_shot()] * 3, 25)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read_video(name)[0]) == 3
