"""Measure what several crops of a picture are worth, into the report's section `crops`.

    python -m training.crops DATA [--model models/emoji.h5] [--report models/report.json]

The answer is the mean of a network's scores over mirrored and shifted crops of 44 of 48 pixels.
What ships answers from one crop; these figures are marked as what they are.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from models.report import REPORT, ReportError, check_writable, write_section
from training.data import DataError, Faces, add_data_arguments, load_faces

CUT = 12  # a crop leaves out one in so many pixels of each axis
# Where crops begin, down and right, in what is left out; each is taken as it is and mirrored.
PLACES = {
    4: ((0.0, 0.0), (1.0, 1.0)),
    10: ((0.5, 0.5), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)),
}
COUNTS = (1, 2, *PLACES)  # 1 is the whole picture, 2 it and its mirror image


def cut_crops(images: np.ndarray, count: int) -> list[np.ndarray]:
    """Cut so many crops of pictures [n, s, s, ...]: views [n, t, t, ...], all of one size."""
    if count not in COUNTS:
        raise ValueError(f"{count} crops, expected one of {', '.join(map(str, COUNTS))}")
    side = images.shape[1]
    cut = side // CUT if count in PLACES else 0
    crops = []
    for down, right in PLACES.get(count, ((0.0, 0.0),)):
        top, left = round(down * cut), round(right * cut)
        crops.append(images[:, top : top + side - cut, left : left + side - cut])
    return crops if count == 1 else [*crops, *(crop[:, :, ::-1] for crop in crops)]


def average_crops(
    predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, count: int
) -> np.ndarray:
    """Return the mean of what `predict` says of so many crops of each picture."""
    return np.mean([predict(crop) for crop in cut_crops(images, count)], axis=0)


def measure_crops(predict: Callable[[np.ndarray], np.ndarray], faces: Faces) -> list[dict]:
    """Measure both heads for each number of crops, each head by its own truth."""
    from training.measures import measure_heads

    rows = []
    for count in COUNTS:
        values = measure_heads(average_crops(predict, faces.images, count), faces)
        votes, labels = values["votes"], values["labels"]
        rows.append(
            {
                "crops": count,
                "votes": votes and votes["agreement"],
                "divergence": votes and votes["divergence"],
                "ece": values["ece"],
                "labels": labels["accuracy"],
                "macro_f1": labels["macro_f1"],
            }
        )
    return rows


def load_any_size(model_path: Path, settings: dict) -> Callable[[np.ndarray], np.ndarray]:
    """Load the network of an .h5, made by a run of these settings, for pictures of any size."""
    import keras

    from training.folder import build_network
    from training.model import predict_scores
    from training.start import copy_network

    network = build_network(settings, None)
    try:
        copy_network(keras.models.load_model(model_path, compile=False), network)
    except (OSError, ValueError) as error:
        raise DataError(f"{model_path}: not the network of the report's run ({error})") from None
    return lambda images: predict_scores(network, images)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and store; return 2 when data, network or report cannot be used."""
    from training.evaluate import collect_splits, read_run_description

    parser = argparse.ArgumentParser(prog="training.crops", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--model", type=Path, default=REPORT.parent / "emoji.h5")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args(arguments)
    try:
        check_writable(options.report)
        settings = read_run_description(options.report)["settings"]
        faces = load_faces(options.data, options.votes, options.skip_bad)
        predict = load_any_size(options.model, settings)
        splits = collect_splits(faces, settings).items()
        section = {name: measure_crops(predict, part) for name, part in splits}
        write_section(options.report, "crops", {"splits": section})
    except (DataError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, rows in section.items():
        for row in rows:
            votes = f"votes {row['votes']['share']:.1%}  " if row["votes"] else ""
            print(f"{name}: {row['crops']} crops  {votes}labels {row['labels']['share']:.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
