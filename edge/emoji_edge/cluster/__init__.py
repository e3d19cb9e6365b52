"""The command emoji-edge-cluster: emoji-edge on many machines, by Ray Data."""

from .command import main

__all__ = ["main"]
