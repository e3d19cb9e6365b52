"""Read FER-2013 in every form people have it in, and report what is in it.

    python -m training.data DATA [--votes fer2013new.csv] [--skip-bad] [--report models/report.json]

DATA is Kaggle's `fer2013.csv` (also gzip'd, also without `Usage`), a folder of image folders
(`train/angry/*.jpg`, `test/...`), a Parquet file, or a folder that holds any of these.
"""

import argparse
import sys
from pathlib import Path

from models.report import ReportError, check_writable, write_section
from training.data.describe import describe_faces, print_description
from training.data.read import add_data_arguments, load_faces
from training.data.split import split_training
from training.data.table import (
    LABELS,
    PRIVATE,
    PUBLIC,
    SPLITS,
    TRAINING,
    VOTE_COLUMNS,
    VOTE_NAMES,
    DataError,
    Faces,
)
from training.data.votes import find_majority, find_truths, share_raw_votes, share_votes

__all__ = (
    "LABELS", "PRIVATE", "PUBLIC", "SPLITS", "TRAINING", "VOTE_COLUMNS", "VOTE_NAMES", "DataError",
    "Faces", "add_data_arguments", "describe_faces", "find_majority", "find_truths", "load_faces",
    "main", "share_raw_votes", "share_votes", "split_training",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print and store the data's description; return 2 when the data cannot be used."""
    parser = argparse.ArgumentParser(prog="training.data", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--report", type=Path, help="write the section `data` of this report")
    options = parser.parse_args(arguments)
    try:
        if options.report:
            check_writable(options.report)
        faces = load_faces(options.data, options.votes, options.skip_bad)
        for line in faces.skipped:
            print(f"skipped {line}", file=sys.stderr)
        section = describe_faces(faces)
        print_description(section)
        if options.report:
            write_section(options.report, "data", section)
    except (DataError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
