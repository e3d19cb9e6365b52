"""Time videos on one core, PyPI `fer`'s Video beside them, into the report's `benchmark_video`.

    python -m edge.bench.video [--peers] [--no-report]

Two clips of 640x480, H.264: one whose face is near, so that the first face detector suffices, and
one whose face is so small that both run. Each process is bound to one core, loads its networks, and
then reads every frame; the rounds alternate. Processor time counts, of all threads, so that what
else the machine does matters little.
"""

import argparse
import io
import json
import os
import platform
import statistics
import sys
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
from emoji_edge.benchmark import load_photo, make_near_photo
from emoji_edge.runtime import describe_runtime
from PIL import Image, ImageChops

from models.report import REPORT, write_section

from .peer_environment import make_peer_environment, run_python

RATE, FRAMES, ROUNDS = 25, 100, 3
LONG = 10 * 60 * RATE  # frames of the long clip, over which memory must stay flat
FASTER = 5.0  # times, at least
OURS = """
import json, os, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from emoji_edge import Classifier
from emoji_edge.timeline import classify_video
classifier = Classifier()
classifier.finder.load_detector("short"), classifier.finder.load_detector("back")
begin = time.process_time()
rows = list(classify_video(classifier, sys.argv[1]))
seconds = time.process_time() - begin
print(json.dumps({"rows": len(rows), "seconds": seconds}))
"""
MEMORY = """
import json, os, sys
from emoji_edge import Classifier
from emoji_edge.timeline import classify_video
import psutil
process, levels = psutil.Process(), []
for number, row in enumerate(classify_video(Classifier(), sys.argv[1])):
    if number % 250 == 0:
        levels.append(process.memory_info().rss / 1e6)
print(json.dumps({"rows": number + 1, "early_mb": levels[2], "late_mb": max(levels[-10:])}))
"""
FER = """
import json, os, sys, tempfile, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from importlib.metadata import version
from fer.fer import FER
from fer.classes import Video
import numpy
detector = FER(mtcnn=sys.argv[2] == "mtcnn")
detector.detect_emotions(numpy.zeros((480, 640, 3), numpy.uint8))
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)  # where it writes what it found
    video = Video(sys.argv[1], outdir=folder)
    begin = time.process_time()
    data = video.analyze(detector, save_frames=False, save_video=False, annotate_frames=False,
                         zip_images=False)
    seconds = time.process_time() - begin
rows = sum(sum(key.startswith("box") for key in frame) for frame in data)
print(json.dumps({"version": version("fer"), "rows": rows, "seconds": seconds}))
"""


def write_clip(path: Path, photo: bytes, frames: int) -> None:
    """Write the photo as a video in which it sways a few pixels to and fro."""
    with Image.open(io.BytesIO(photo)) as image, av.open(str(path), "w") as file:
        picture = image.convert("RGB")
        stream = file.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *picture.size, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for n in range(frames):
            frame = av.VideoFrame.from_image(ImageChops.offset(picture, abs(n % 20 - 10), 0))
            frame.pts, frame.time_base = n, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


def measure_clip(path: Path, peers: bool) -> dict[str, Any]:
    """Frames a second of the runner and, if wanted, of fer with each of its face detectors."""
    codes = {"ours": (sys.executable, OURS)}
    if peers:
        python = str(make_peer_environment())
        codes |= dict.fromkeys(("haar", "mtcnn"), (python, FER))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name, (python, code) in codes.items():
            found[name].append(json.loads(run_python(python, code, path, name)))
    clip: dict[str, Any] = {"peers": []}
    for name, rounds in found.items():
        rate = round(FRAMES / statistics.median(one["seconds"] for one in rounds), 1)
        entry = {"frames_per_s": rate, "faces": rounds[0]["rows"]}
        print(f"{path.stem:<5} {name:<6} {rate:.1f} frames a second, {entry['faces']} faces")
        if name == "ours":
            clip |= entry
        else:
            version = rounds[0]["version"]
            times = round(clip["frames_per_s"] / rate, 1)
            clip["peers"].append({"finder": name, "version": version, "times": times, **entry})
    return clip


def measure_section(folder: Path, peers: bool) -> dict[str, Any]:
    """Measure all that stands in the report's section."""
    clips = {}
    for name, photo in (("near", make_near_photo()), ("far", load_photo())):
        write_clip(folder / f"{name}.mp4", photo, FRAMES)
        clips[name] = measure_clip(folder / f"{name}.mp4", peers)
    write_clip(folder / "long.mp4", make_near_photo(), LONG)
    memory = json.loads(run_python(sys.executable, MEMORY, folder / "long.mp4"))
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "runtime": describe_runtime(),
        "library": f"PyAV {av.__version__}",
        "frames": FRAMES,
        "rounds": ROUNDS,
        "clips": clips,
        "memory": {"minutes": LONG / RATE / 60} | memory,
    }


def list_misses(section: dict[str, Any]) -> list[str]:
    """A line for each target that is missed."""
    misses = [
        f"{name}: {peer['times']:g} times as fast as fer with {peer['finder']}, target {FASTER:g}"
        for name, clip in section["clips"].items()
        for peer in clip["peers"]
        if peer["times"] < FASTER
    ]
    early, late = (section["memory"][key] for key in ("early_mb", "late_mb"))
    if late > early * 1.05:
        misses.append(f"memory grows from {early:.0f} to {late:.0f} MB")
    return misses


def main() -> int:
    """Measure, print and write; exit status 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", action="store_true", help="install PyPI fer and time it too")
    parser.add_argument("--no-report", action="store_true", help="leave models/report.json alone")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        section = measure_section(Path(name), options.peers)
    section["missed"] = list_misses(section)
    if not options.no_report:
        write_section(REPORT, "benchmark_video", section)
    print("\n".join(section["missed"] or ["every target is met"]))
    return 1 if section["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
