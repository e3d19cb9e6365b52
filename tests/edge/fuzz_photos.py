"""Feed mutated photos to the runner: each must give a result or a clear error, never a crash.

    python -m tests.edge.fuzz_photos [COUNT] [--seed N]

JPEG, PNG, WebP, GIF, BMP and TIFF files of many kinds are cut, flipped, stretched and spliced. They
run in child processes, so that a crash of a decoder is seen and counted. Exit status 1 if any.
"""

import argparse
import random
import signal
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator

from emoji_edge import Classifier
from emoji_edge.batch import Failure, classify_source
from PIL import Image

from tests.helpers.photos import encode, make_scene

BATCH = 500  # files of one child process
PATIENCE = 30  # seconds for one file
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def make_seeds() -> list[bytes]:
    """Small photos in every format and in many of its kinds."""
    photo = make_scene((160, 120), (20, 0, 120))
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = photo.convert("L").convert("I").convert("I;16")
    more = {"save_all": True, "append_images": [photo.rotate(90, expand=False)]}
    kinds: list[tuple[Image.Image, str, dict]] = [
        (photo, "JPEG", {"exif": exif}),
        (photo, "JPEG", {"progressive": True, "quality": 60}),
        (photo.convert("CMYK"), "JPEG", {}),
        (photo.convert("L"), "JPEG", {"optimize": True}),
        (photo, "PNG", {"exif": exif}),
        (photo.convert("RGBA"), "PNG", {}),
        (photo.quantize(64), "PNG", {"transparency": 3}),
        (deep, "PNG", {}),
        (photo, "PNG", more),
        (photo, "WEBP", {"exif": exif}),
        (photo.convert("RGBA"), "WEBP", {"lossless": True}),
        (photo, "WEBP", more),
        (photo.quantize(32), "GIF", {}),
        (photo.quantize(32), "GIF", {"save_all": True, "append_images": [photo.quantize(8)]}),
        (photo, "BMP", {}),
        (photo.quantize(16), "BMP", {}),
        (photo, "TIFF", {}),
        (photo, "TIFF", {"compression": "tiff_lzw"}),
        (photo, "TIFF", {"compression": "jpeg"}),
        (photo.convert("1"), "TIFF", {"compression": "group4"}),
        (deep, "TIFF", {"compression": "tiff_deflate"}),
    ]
    return [encode(image, kind, **options) for image, kind, options in kinds]


def mutate(rng: random.Random, seeds: list[bytes]) -> bytes:
    """One of the seeds with one to four wounds, many of them near its start."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 4)):
        reach = rng.choice([64, 1024, len(data), len(data)])
        at = rng.randrange(max(1, min(reach, len(data))))
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data = data[: max(1, at)]
            case 2:
                size = rng.choice([1, 2, 4])
                value = rng.choice(NUMBERS) & ((1 << 8 * size) - 1)
                data[at : at + size] = value.to_bytes(size, rng.choice(["big", "little"]))
            case 3:
                del data[at : at + rng.randint(1, 40)]
            case 4:
                data[at:at] = data[at : at + rng.randint(1, 400)]
            case 5:
                data[at:] = rng.choice(seeds)[at:]
    return bytes(data)


def make_files(seed: int, first: int, count: int) -> Iterator[tuple[int, bytes]]:
    """So many mutated files from number first on; each depends on its number and seed alone."""
    seeds = make_seeds()
    for number in range(first, first + count):
        yield number, mutate(random.Random(f"{seed}/{number}"), seeds)


def run_worker(seed: int, first: int, count: int) -> None:
    """Classify the files; a line with number and outcome for each, on standard output."""
    warnings.simplefilter("ignore")  # as the command does
    classifier = Classifier()
    for number, data in make_files(seed, first, count):
        print(number, end=" ", flush=True)
        signal.alarm(PATIENCE)
        answer = classify_source(classifier, data, "fuzz")
        signal.alarm(0)
        if isinstance(answer, Failure):
            assert answer.error.isprintable(), answer.error
            print("refused", answer.error.split(" (")[0], flush=True)
        else:
            print("answered", flush=True)


def fuzz(seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Outcomes of so many files, and a line for each crash."""
    outcomes: Counter[str] = Counter()
    crashes = []
    first = 0
    while first < count:
        size = min(BATCH, count - first)
        arguments = ["--seed", str(seed), "--worker", str(first), str(size)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.edge.fuzz_photos", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        outcomes.update(line.split(" ", 1)[1] for line in lines if len(line.split()) > 1)
        first += len(lines) if done.returncode else size
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
            crashes.append(f"file {first - 1}: status {done.returncode}, {reason}")
            outcomes["crashed"] += 1
            if not lines:
                break
    return outcomes, crashes


def main() -> int:
    """Fuzz; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        run_worker(options.seed, *options.worker)
        return 0
    outcomes, crashes = fuzz(options.seed, options.count)
    for outcome, files in outcomes.most_common():
        print(f"{files:6} {outcome}")
    print("\n".join([*crashes, f"{sum(outcomes.values())} files, {len(crashes)} crashes"]))
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
