"""python -m emoji_edge.cluster is the command emoji-edge-cluster."""

import sys

from .command import main

if __name__ == "__main__":
    sys.exit(main())
