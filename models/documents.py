"""Fill the documents' generated blocks from models/report.json.

    python -m models.documents            rewrite the blocks
    python -m models.documents --check    only say which documents differ

A block stands between `<!-- report:NAME -->` and `<!-- /report:NAME -->`.
"""

import argparse
import re
import sys
from pathlib import Path

from models.render.artifacts import BLOCKS as ARTIFACT_BLOCKS
from models.render.cluster import BLOCKS as SCALE_BLOCKS
from models.render.exams import BLOCKS as EXAM_BLOCKS
from models.render.faces import BLOCKS as FACE_BLOCKS
from models.render.frontends import BLOCKS as DEVICE_BLOCKS
from models.render.peers import BLOCKS as PEER_BLOCKS
from models.render.training import BLOCKS as TRAINING_BLOCKS
from models.render.video import BLOCKS as VIDEO_BLOCKS
from models.report import REPORT, read_report

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md", "models/README.md", "models/MODEL_CARD.md", "training/README.md", "edge/README.md",
    "docs/scale.md", "web/server/README.md",
)  # fmt: skip
BLOCKS = (
    TRAINING_BLOCKS
    | PEER_BLOCKS
    | ARTIFACT_BLOCKS
    | FACE_BLOCKS
    | DEVICE_BLOCKS
    | SCALE_BLOCKS
    | EXAM_BLOCKS
    | VIDEO_BLOCKS
)
BLOCK = re.compile(r"(<!-- report:([\w-]+) -->)(.*?)(<!-- /report:\2 -->)", re.DOTALL)


class DocumentError(Exception):
    """A block cannot be filled; the message names it."""


def fill_blocks(text: str, report: dict) -> str:
    """Render every block of the text anew; a block that stands inline stays inline."""

    def fill(match: re.Match) -> str:
        opening, name, old, closing = match.groups()
        if name not in BLOCKS:
            raise DocumentError(f"no block is called {name!r}")
        try:
            body = BLOCKS[name](report)
        except KeyError as error:
            raise DocumentError(f"block {name!r}: the report has no {error}") from None
        gap = "\n" if old.startswith("\n") else ""
        return f"{opening}{gap}{body}{gap}{closing}"

    return BLOCK.sub(fill, text)


def find_documents(root: Path) -> list[Path]:
    """List the documents that are there."""
    return [root / name for name in DOCUMENTS if (root / name).exists()]


def main(arguments: list[str] | None = None) -> int:
    """Fill or check; return 1 when a document differs, 2 when a block cannot be filled."""
    parser = argparse.ArgumentParser(prog="models.documents", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, report differences")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--root", type=Path, default=ROOT)
    options = parser.parse_args(arguments)
    report = read_report(options.report)
    differ = []
    for file in find_documents(options.root):
        text = file.read_text(encoding="utf-8")
        try:
            filled = fill_blocks(text, report)
        except DocumentError as error:
            print(f"error: {file.name}: {error}", file=sys.stderr)
            return 2
        if filled != text:
            differ.append(file.relative_to(options.root))
            if not options.check:
                file.write_text(filled, encoding="utf-8")
    for name in differ:
        print(f"{name} differs from the report" if options.check else f"wrote {name}")
    return 1 if differ and options.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
