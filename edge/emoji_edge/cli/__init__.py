"""The command emoji-edge: name the expression on every face of a photo."""

from .command import main

__all__ = ["main"]
