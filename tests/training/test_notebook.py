"""The Colab notebook is executed as it stands, on drawn faces."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.helpers.fer_tables import make_faces, write_parquet

ROOT = Path(__file__).parents[2]


def test_notebook_trains_measures_and_shows_figures(tmp_path):
    data = write_parquet(make_faces({"Training": 8, "PublicTest": 2}), tmp_path / "fer")
    environment = os.environ | {
        "FER2013": str(data),
        "RUNS": str(tmp_path / "runs"),
        "OPTIONS": "--phases 16x1 --batch 8 --validation 0.2 --stem 8 --widths 8 12 --depths 1 1",
    }
    command = [sys.executable, "-m", "jupyter", "execute", "--output", str(tmp_path / "done.ipynb")]
    result = subprocess.run(
        [*command, str(ROOT / "training/colab.ipynb")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    notebook = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 5
    printed = "".join(output.get("text", "") for output in outputs)
    assert "PublicTest: 14 pictures" in printed
    assert "emoji.h5: " in printed
