"""Time the stages of one photo on this device, for each artifact and number of threads."""

import io
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .classify import Classifier
from .contract import find_models
from .crop import crop_face
from .image import open_photo
from .runtime import ModelError, silence_runtime

STAGES = ("decode", "find", "crop", "network", "whole")
PHOTO_SIZE = (640, 480)
WARM, ROUNDS = 3, 30


@dataclass(frozen=True)
class Timing:
    """One artifact on a number of threads: median ms of each stage, start in ms, peak MB, faces."""

    model: str
    threads: int
    stages: dict[str, float]
    start: float
    peak: float
    faces: int


def load_photo(path: str = "") -> bytes:
    """The file to time with: the path's, else the golden portrait as a JPEG of 640x480."""
    if path:
        return Path(path).read_bytes()
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as portrait:
        portrait.thumbnail(PHOTO_SIZE)
        photo = Image.new("RGB", PHOTO_SIZE, (96, 96, 96))
        photo.paste(portrait, ((PHOTO_SIZE[0] - portrait.width) // 2, 0))
    return encode_jpeg(photo)


def make_near_photo() -> bytes:
    """The golden portrait's head and shoulders, 640x480: the short model suffices."""
    with Image.open(find_models() / "golden" / "photos" / "portrait.jpg") as portrait:
        photo = portrait.convert("RGB").crop((60, 20, 380, 260)).resize(PHOTO_SIZE)
    return encode_jpeg(photo)


def encode_jpeg(picture: Image.Image) -> bytes:
    """The bytes of a picture's JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def measure_model(model: str, threads: int, photo: bytes) -> Timing:
    """Time the stages in this process; ModelError, ImageError."""
    begin = time.perf_counter()
    with silence_runtime():
        classifier = Classifier(model, threads)
    classifier.classify(photo)
    start = 1000 * (time.perf_counter() - begin)
    contract, finder = classifier.contract, classifier.finder
    image = open_photo(photo, contract.max_pixels)
    faces = finder.find_faces(image)
    box = faces[0].box if faces else (0.0, 0.0, float(image.width), float(image.height))
    roll = faces[0].roll if faces else 0.0
    face = crop_face(image, box, contract, roll)
    work: dict[str, Callable[[], object]] = {
        "decode": lambda: open_photo(photo, contract.max_pixels),
        "find": lambda: finder.find_faces(image),
        "crop": lambda: crop_face(image, box, contract, roll),
        "network": lambda: classifier.network.run_faces(face[None]),
        "whole": lambda: classifier.classify(photo),
    }
    stages = {stage: time_median(work[stage]) for stage in STAGES}
    return Timing(model, threads, stages, start, read_peak_memory(), len(faces))


def time_median(work: Callable[[], object]) -> float:
    """Median time of a call in ms, after a few to warm up."""
    times = []
    for _ in range(WARM + ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[WARM:])


def read_peak_memory() -> float:
    """This process's largest resident memory so far, in MB of a million bytes; 0 if unknown."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):  # unlike getrusage, not the parent's
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def run_benchmark(
    models: Sequence[str], threads: Sequence[int], photo: bytes, say: Callable[[str], None]
) -> bool:
    """Time each artifact and number of threads in a process of its own; False if one fails."""
    say(f"{'artifact':<12}{'threads':>7}" + "".join(f"{s + ' ms':>12}" for s in STAGES))
    ok = True
    context = multiprocessing.get_context("spawn")
    for model in models:
        for count in threads:
            with ProcessPoolExecutor(1, context) as pool:
                try:
                    say(format_timing(pool.submit(measure_model, model, count, photo).result()))
                except (ModelError, BrokenProcessPool) as error:
                    say(f"{model:<12}{count:>7}  {error}")
                    ok = False
    return ok


def format_timing(timing: Timing) -> str:
    """One line of the table."""
    stages = "".join(f"{timing.stages[stage]:>12.2f}" for stage in STAGES)
    return (
        f"{timing.model:<12}{timing.threads:>7}{stages}"
        f"   load and first photo {timing.start:.0f} ms, peak memory {timing.peak:.0f} MB"
    )
