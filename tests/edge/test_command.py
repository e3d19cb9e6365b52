"""The command's modes: each has its function, and none is loaded before it runs."""

import subprocess
import sys

import pytest
from emoji_edge.cli.command import MODES, find_mode


@pytest.mark.parametrize("name", MODES)
def test_every_mode_has_its_function(name):
    assert callable(find_mode(name))


def test_a_mode_is_imported_only_when_it_runs():
    code = "import sys, emoji_edge.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("emoji_edge.cli.")}
    assert "emoji_edge.cli.options" in loaded
    assert loaded.isdisjoint(f"emoji_edge.cli.{module}" for module, _ in MODES.values())
