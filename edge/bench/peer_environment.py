"""Make the environment of PyPI `fer`, which this project is measured beside, and run code there."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers"
PEER_PACKAGES = ("fer==25.10.3", "setuptools<81")  # it imports pkg_resources


def make_peer_environment() -> Path:
    """Return the Python of fer's environment, which is made on first use."""
    python = PEERS / "bin" / "python"
    if not (PEERS / "ready").exists():
        shutil.rmtree(PEERS, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEER_PACKAGES], check=True)
        (PEERS / "ready").touch()
    return python


def run_python(python: str | Path, code: str, *arguments: object) -> str:
    """Run code in a process of its own; the last line it prints."""
    done = subprocess.run(
        [str(python), "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise SystemExit(f"error: a measured process failed: {lines[-1]}")
    return done.stdout.strip().splitlines()[-1]
