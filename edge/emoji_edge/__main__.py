"""python -m emoji_edge is the command emoji-edge."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
