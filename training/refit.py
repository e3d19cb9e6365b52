"""Fit a run's label head again, on pictures that the network has not learned.

    python -m training.refit DATA --run NAME --of RUN [--fitted-on RUN]

A network knows its training pictures by heart, and its last layer relies on that. Fitting that
layer alone again on pictures left out makes up for it (Kirichenko et al. 2023). Here the validation
part is small, so the new logits of `label_scores` are a linear map of the old ones (matrix scaling,
Guo et al. 2017), held as near to the identity as cross-validation says. The map is folded into the
head's convolution: the network keeps its shape. Writes `runs/NAME/` as a run of its own. A run
without a validation part takes the map of the same run with one.
"""

import argparse
import json
import sys
from pathlib import Path

import keras
import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.model_selection import KFold

from training.data import LABELS, DataError, Faces, add_data_arguments, load_faces, split_training
from training.folder import (
    export_network,
    find_run,
    load_run,
    read_history,
    read_run,
    save_arrays,
    write_history,
)
from training.model import HEADS, LABEL_EVIDENCE
from training.settings import RunError

STRENGTHS = (1.0, 0.3, 0.1, 0.06, 0.03, 0.01)  # of the pull towards the identity
BIAS_PULL = 0.1  # of the bias, beside the matrix: it is seven numbers only
FOLDS = 5
IDENTITY = np.eye(len(LABELS) + 1, len(LABELS))  # its last row is the bias


def apply_map(logits: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Map logits [n, 7] by [8, 7], whose last row is the bias."""
    return logits @ linear[:-1] + linear[-1]


def measure_map(logits: np.ndarray, labels: np.ndarray, linear: np.ndarray) -> float:
    """Return the mean negative log-likelihood of labels [n] under the mapped logits."""
    likely = log_softmax(apply_map(logits, linear), axis=1)
    return float(-likely[np.arange(len(labels)), labels].mean())


def fit_map(logits: np.ndarray, labels: np.ndarray, strength: float) -> np.ndarray:
    """Find the map [8, 7] that makes labels [n] likeliest, pulled to the identity."""
    inputs = np.concatenate([logits, np.ones((len(logits), 1))], axis=1)
    wanted = np.eye(len(LABELS))[labels]
    pull = strength * np.append(np.ones(len(LABELS)), BIAS_PULL)[:, None]

    def measure_loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        linear = flat.reshape(IDENTITY.shape)
        away = linear - IDENTITY
        shares = np.exp(log_softmax(inputs @ linear, axis=1))
        slope = inputs.T @ (shares - wanted) / len(labels) + 2 * pull * away
        return measure_map(logits, labels, linear) + (pull * away**2).sum(), slope.ravel()

    return minimize(measure_loss, IDENTITY.ravel(), jac=True, method="L-BFGS-B").x.reshape(
        IDENTITY.shape
    )


def choose_strength(logits: np.ndarray, labels: np.ndarray) -> float:
    """Choose the pull by cross-validation, for logits [views, n, 7] of views of n pictures."""

    def measure_strength(strength: float) -> float:
        folds = KFold(FOLDS, shuffle=True, random_state=0).split(labels)
        return sum(
            measure_map(logits[0, test], labels[test], fit_views(logits, labels, strength, fit))
            for fit, test in folds
        )

    return min(STRENGTHS, key=measure_strength)


def fit_views(
    logits: np.ndarray, labels: np.ndarray, strength: float, rows: np.ndarray | slice = slice(None)
) -> np.ndarray:
    """Fit the map to all views of these pictures."""
    views = logits[:, rows]
    return fit_map(np.concatenate(views), np.tile(labels[rows], len(views)), strength)


def predict_logits(network: keras.Model, faces: Faces) -> np.ndarray:
    """Predict the label head's logits of pictures and of their mirror images: [2, n, 7]."""
    layer = network.get_layer(f"{HEADS[1]}_logits")
    head = keras.Model(network.input, layer.output)
    images = faces.images[..., None].astype(np.float32)
    return np.stack(
        [head.predict(view, batch_size=256, verbose=0) for view in (images, images[:, :, ::-1])]
    )


def fold_map(network: keras.Model, linear: np.ndarray) -> None:
    """Put the map into the label head's convolution."""
    layer = network.get_layer(LABEL_EVIDENCE)
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel @ linear[:-1], apply_map(bias, linear)])


def refit_run(faces: Faces, source: Path, fitted_on: Path, target: Path) -> Path:
    """Write the run folder `target`: the run `source` with its label head fitted again."""
    if target in (source, fitted_on):
        raise RunError(f"{target.name} would be overwritten: give the new run a name of its own")
    share = read_run(fitted_on)["settings"]["validation"]
    if not share:
        raise RunError(f"{fitted_on.name} has no validation part: give --fitted-on")
    validation = split_training(faces, share)[1]
    logits = predict_logits(load_run(fitted_on), validation)
    strength = choose_strength(logits, validation.labels)
    network = load_run(source)
    fold_map(network, fit_views(logits, validation.labels, strength))
    target.mkdir(parents=True, exist_ok=True)
    save_arrays(
        target / "best.npz", **{f"v{i}": value for i, value in enumerate(network.get_weights())}
    )
    refit = {"of": source.name, "fitted_on": fitted_on.name, "strength": strength}
    described = json.dumps(read_run(source) | {"refit": refit}, indent=1)
    (target / "settings.json").write_text(described + "\n")
    if (source / "history.csv").exists():  # a packed run has none
        write_history(target / "history.csv", read_history(source))
    return export_network(target)


def main(arguments: list[str] | None = None) -> int:
    """Refit; return 2 when the data or a run cannot be used."""
    parser = argparse.ArgumentParser(prog="training.refit", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", required=True, help="name of the new run's folder")
    parser.add_argument(
        "--of", required=True, metavar="RUN", help="the run to go on from, or a packed one's path"
    )
    parser.add_argument("--fitted-on", metavar="RUN", help="the same run with a validation part")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    options = parser.parse_args(arguments)
    source = find_run(options.runs, options.of)
    fitted_on = find_run(options.runs, options.fitted_on or options.of)
    try:
        read_run(source)
        faces = load_faces(options.data, options.votes, options.skip_bad)
        print(f"wrote {refit_run(faces, source, fitted_on, options.runs / options.run)}")
    except (DataError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
