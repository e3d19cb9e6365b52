"""Where the server's files are: beside it in an installed package, else in the repository."""

from pathlib import Path

HERE = Path(__file__).parent
IS_PACKAGED = (HERE / "headers.json").is_file()  # the wheel puts it there
SITE = HERE / "site" if IS_PACKAGED else HERE.parent / "dist"  # the built page
HEADERS = HERE / "headers.json" if IS_PACKAGED else HERE.parent / "page/headers.json"
PROGRAM = "emoji-edge-serve" if IS_PACKAGED else "web.server"
