"""Shared by all tests."""

import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What a shell starts in the background ignores Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def built_site() -> Path:
    """The folder of the built page."""
    command = ["make", "--no-print-directory", "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "web/dist"
