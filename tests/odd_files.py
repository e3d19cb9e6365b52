"""Ask page and command for the upright pixels of odd files, and fail on any difference.

    python -m tests.odd_files [--seed 20] [--count 300] [--report]

Both must refuse a file, or give pixels within the contract's `lossy_pixel`. Chromium reads
web/pipeline as it is; nothing needs to be built.
"""

import argparse
import base64
import json
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from emoji_edge import ImageError, load_contract
from emoji_edge.image import open_photo

from models.report import REPORT, write_section
from tests.helpers.odd_files import make_odd_files

ROOT = Path(__file__).parents[1]


def compare_files(files: dict[str, bytes]) -> tuple[int, dict[str, str]]:
    """How many files both answered, and by name how they differ."""
    limit = load_contract().same_answer.lossy_pixel
    with TemporaryDirectory() as name:
        paths = [Path(name) / file for file in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        done = subprocess.run(
            ["node", str(ROOT / "web/bench/pixels.js")], input="\n".join(map(str, paths)) + "\n",
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        seen = [json.loads(line) for line in done.stdout.splitlines()]
        found = {path.name: compare_file(one, path, limit)
                 for one, path in zip(seen, paths, strict=True)}  # fmt: skip
    answered = sum("pixels" in one for one in seen)
    return answered, {name: reason for name, reason in found.items() if reason}


def compare_file(page: dict, path: Path, limit: int) -> str:
    """How the page's pixels differ from the command's; an empty text where they do not."""
    try:
        image = open_photo(str(path), load_contract().max_pixels)
    except ImageError as error:
        return "" if "error" in page else f"only the command refuses it: {error}"
    if "error" in page:
        return f"only the page refuses it: {page['error']}"
    if page["size"] != list(image.size):
        return f"sizes {page['size']} and {list(image.size)}"
    pixels = np.frombuffer(base64.b64decode(page["pixels"]), np.uint8).astype(int)
    largest = int(np.abs(pixels - np.asarray(image).ravel()).max())
    return "" if largest <= limit else f"pixels differ by {largest}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--report", action="store_true", help="write the report's odd_files")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    files = make_odd_files(options.seed, options.count)
    answered, different = compare_files(files)
    for name, reason in different.items():
        print(f"{name}: {reason}")
    print(f"{len(files)} files of seed {options.seed}: {answered} answered, "
          f"{len(different)} different")  # fmt: skip
    if options.report:
        section = {"seed": options.seed, "files": len(files), "answered": answered}
        write_section(REPORT, "odd_files", section | {"different": different})
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
