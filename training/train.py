"""Train the network. The same command resumes a run that was stopped or killed.

    python -m training.train DATA [--run NAME] [--start RUN] [--phases 48x40] ...

Every setting of `training.settings` is an option of the command. A run lives in `runs/NAME/`
(`training.folder`). Both heads are learned at once: `scores` from the voters' shares,
`label_scores` from FER-2013's labels, each by its cross-entropy.
"""

import argparse
import os
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from tensorboard.summary import Writer
from tqdm import tqdm

from training.augment import augment_batch
from training.data import (
    DataError,
    Faces,
    add_data_arguments,
    find_majority,
    find_truths,
    load_faces,
    split_training,
)
from training.folder import (
    build_network,
    export_network,
    load_checkpoint,
    open_run,
    save_arrays,
    save_checkpoint,
    write_history,
)
from training.model import HEADS, predict_scores
from training.settings import (
    RunError,
    Settings,
    add_settings,
    check_settings,
    pick_augmentation,
    plan_sizes,
    read_settings,
)
from training.start import start_from
from training.teachers import ask_teachers, connect_heads, load_teachers


def compile_model(network: keras.Model, settings: Settings, steps: int, epochs: int) -> keras.Model:
    """Give the network's heads a loss and an optimizer, so that a checkpoint can be put in."""
    model = connect_heads(network)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=max(1, round(steps * (epochs - settings.warmup))),
        warmup_target=settings.learning_rate,
        warmup_steps=max(1, round(steps * settings.warmup)),
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=settings.weight_decay, use_ema=True, ema_momentum=settings.ema
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing)
    model.compile(optimizer, dict.fromkeys(HEADS, loss))
    optimizer.build(model.trainable_variables)
    return model


def train_epoch(
    model: keras.Model,
    faces: Faces,
    settings: Settings,
    *,
    epoch: int,
    size: int,
    teachers: list[keras.Model],
) -> float:
    """Learn from every training picture once; return the epoch's mean loss."""
    # A run that goes on from another draws anew, not what that one has seen in the same epoch.
    rng = np.random.default_rng([settings.seed, epoch, *settings.start.encode()])
    how, truths = pick_augmentation(settings), find_truths(faces)
    order = rng.permutation(len(faces))
    losses = []
    starts = range(0, len(order) - settings.batch + 1, settings.batch)
    bar = tqdm(starts, desc=f"epoch {epoch + 1}", unit="batch", leave=False, disable=None)
    for start in bar:
        rows = order[start : start + settings.batch]
        images, truth = augment_batch(faces.images[rows], truths[rows], rng, how, size)
        truth = ask_teachers(
            teachers, images, truth, settings.teacher_share, settings.teacher_crops
        )
        targets = {name: truth[:, head] for head, name in enumerate(HEADS)}
        model.reset_metrics()  # a batch's own, so that a resumed epoch adds up the same
        losses.append(model.train_on_batch(images, targets, return_dict=True)["loss"])
        bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    return float(np.mean(losses))


def predict_average(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Predict both heads' scores [n, 2, 7] with the averaged weights; the model keeps its own.

    Keras's SwapEMAWeights swaps them in before a prediction and never back (3.15), so that the next
    epoch would go on from the average.
    """
    own = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    scores = predict_scores(model, images)
    model.set_weights(own)
    return scores


def validate(model: keras.Model, faces: Faces) -> dict[str, float]:
    """Measure the averaged network on the validation part: loss, and each head by its own truth.

    Always at the full size, the one it will be used at, whatever size the epoch trained on. Empty
    without a validation part.
    """
    if not len(faces):
        return {}
    scores = predict_average(model, faces.images)
    majority = find_majority(faces.votes)
    clear = majority >= 0
    votes_right, labels_right = (scores.argmax(axis=2) == np.stack([majority, faces.labels], 1)).T
    losses = -(find_truths(faces) * np.log(scores + 1e-7)).sum(axis=2)
    return {
        "val_loss": float(losses.sum(axis=1).mean()),
        "val_votes": float(votes_right[clear].mean()) if clear.any() else 0.0,
        "val_labels": float(labels_right.mean()),
    }


def run_epoch(
    model: keras.Model,
    training: Faces,
    validation: Faces,
    settings: Settings,
    *,
    sizes: list[int],
    epoch: int,
    teachers: list[keras.Model],
) -> dict[str, float]:
    """Train and validate once; return the epoch's line of the history, without its seconds."""
    if epoch and sizes[epoch] != sizes[epoch - 1]:
        # Traced for this size alone, as after a resume: a trace for any size rounds otherwise.
        model.make_train_function(force=True)
    row: dict[str, float] = {"epoch": epoch + 1, "size": sizes[epoch]}
    row["loss"] = train_epoch(
        model, training, settings, epoch=epoch, size=sizes[epoch], teachers=teachers
    )
    row |= validate(model, validation)
    row["learning_rate"] = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    return row


def average_weights(model: keras.Model, network: keras.Model) -> list[np.ndarray]:
    """Return the averaged weights in the network's order; the model keeps its own.

    The model is the network's two heads alone, and its weights stand in another order.
    """
    own = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    averaged = network.get_weights()
    model.set_weights(own)
    return averaged


def print_epoch(row: dict, epochs: int) -> None:
    """Print one line an epoch, with the time left at this epoch's pace."""
    left = time.strftime("%H:%M:%S", time.gmtime(row["seconds"] * (epochs - row["epoch"])))
    validation = (
        f"validation loss {row['val_loss']:.3f}  votes {row['val_votes']:.3f}  "
        f"labels {row['val_labels']:.3f}  |  "
        if "val_loss" in row
        else ""
    )
    print(
        f"epoch {row['epoch']}/{epochs}  {row['size']} px  loss {row['loss']:.3f}  |  {validation}"
        f"rate {row['learning_rate']:.1e}  {row['seconds']:.0f} s  left {left}",
        flush=True,
    )


def write_board(board: Writer, row: dict) -> None:
    """Write an epoch's line of the history as TensorBoard scalars."""
    for name, value in row.items():
        if name != "epoch":
            board.add_scalar(name, value, row["epoch"])
    board.flush()


def is_exported(row: dict, history: list[dict], export: str) -> bool:
    """Tell whether the epoch of this line is the one to export until now."""
    best = min((past["val_loss"] for past in history if "val_loss" in past), default=np.inf)
    return export == "last" or row["val_loss"] < best


def prepare_run(faces: Faces, folder: Path, settings: Settings) -> tuple[Faces, Faces, int]:
    """Open the run's folder and cut its data: training, validation, and steps an epoch."""
    check_settings(settings)
    open_run(folder, settings)
    keras.utils.set_random_seed(settings.seed)
    if keras.backend.backend() == "tensorflow":
        import_module("tensorflow").config.experimental.enable_op_determinism()
    training, validation = split_training(faces, settings.validation)
    steps = len(training) // settings.batch
    if steps == 0:
        raise RunError(f"{len(training)} training pictures do not fill a batch")
    print(f"{len(training)} training and {len(validation)} validation pictures")
    return training, validation, steps


def train(faces: Faces, folder: Path, settings: Settings) -> Path:
    """Train until the last epoch, from the last checkpoint if there is one; return the .h5."""
    training, validation, steps = prepare_run(faces, folder, settings)
    sizes = plan_sizes(settings.phases)
    network = build_network(asdict(settings), None, settings.dtype)
    model = compile_model(network, settings, steps, len(sizes))
    checkpoint = folder / "checkpoint.npz"
    if not checkpoint.exists():
        if settings.start:
            start_from(model, folder.parent, settings.start)
        save_checkpoint(checkpoint, model, [])
    history = load_checkpoint(checkpoint, model)
    teachers = load_teachers(folder.parent, settings)
    board = Writer(str(folder / "tensorboard"))
    for epoch in range(len(history), len(sizes)):
        started = time.monotonic()
        row = run_epoch(
            model, training, validation, settings, sizes=sizes, epoch=epoch, teachers=teachers
        )
        if is_exported(row, history, settings.export):
            weights = {f"v{i}": value for i, value in enumerate(average_weights(model, network))}
            save_arrays(folder / "best.npz", **weights)
        row["seconds"] = round(time.monotonic() - started, 1)
        history.append(row)
        save_checkpoint(checkpoint, model, history)
        write_history(folder / "history.csv", history)
        write_board(board, row)
        print_epoch(row, len(sizes))
    board.close()
    return export_network(folder)


def main(arguments: list[str] | None = None) -> int:
    """Train; return 2 when the data or the run cannot be used, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="training.train", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", default="default", help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    add_settings(parser)
    options = parser.parse_args(arguments)
    folder = options.runs / options.run
    try:
        faces = load_faces(options.data, options.votes, options.skip_bad)
        print(f"wrote {train(faces, folder, read_settings(options))}")
    except (DataError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on from {folder / 'checkpoint.npz'}")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
