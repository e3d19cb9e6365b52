"""Write the command's page of the manual and its completions, from its parser, into edge/share.

    python -m edge.manual [FOLDER]

The wheel carries the folder as its `share`, where manual pages and shells look.
"""

import argparse
import sys
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage
from emoji_edge.cli.options import build_parser
from emoji_edge.contract import load_contract

SHARE = Path(__file__).with_name("share")
FILES = ("photos", "model", "output", "labels", "boxes")
FOLDERS = ("annotate",)


def write_manual(folder: Path) -> None:
    """Write the page of the manual and the completions for bash and zsh."""
    parser = build_parser(load_contract())
    mark_files(parser)
    texts = {
        "man/man1/emoji-edge.1": render_page(parser),
        "bash-completion/completions/emoji-edge": shtab.complete(parser, "bash"),
        "zsh/site-functions/_emoji-edge": shtab.complete(parser, "zsh"),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")


def mark_files(parser: argparse.ArgumentParser) -> None:
    """Have the completions offer files and folders where an option takes one."""
    for action in parser._actions:  # argparse has no public way to list them
        if action.dest in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def render_page(parser: argparse.ArgumentParser) -> str:
    """Render the page of the manual, without the day on which it was made."""
    page = Manpage(parser)
    page.date, page.manual = "", "User Commands"
    page.description = "name the expression on a face"
    return str(page)


if __name__ == "__main__":
    write_manual(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARE)
