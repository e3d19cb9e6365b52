"""Ask a browser package what it sees on photos: paths as lines in, faces as JSON lines out.

    python -m web.bench.peer_faces PACKAGE [--most N] < paths.txt

Each line holds `package`, `version`, `photo` and `faces`, each with its `box` [x0, y0, x1, y1] and
its `scores` by the package's own names of expressions. The package runs in headless Chromium with
the detector and the settings that its documentation begins with, but for the number of faces.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from web.bench.peer_packages import PEER_PACKAGES, install_peers

PROGRAM = Path(__file__).with_name("peer_faces.js")


def main() -> int:
    """Install the packages where they are not yet, and ask one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    names = [package.rsplit("@", 1)[0] for package in PEER_PACKAGES]
    parser.add_argument("package", choices=names)
    parser.add_argument("--most", default="", help="faces of a photo; the package's own number")
    options = parser.parse_args()
    command = ["node", str(PROGRAM), options.package, str(install_peers()), options.most]
    return subprocess.run(command, stdin=sys.stdin, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
