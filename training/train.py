"""Train the network. The same command resumes a run that was stopped or killed.

    python -m training.train DATA [--run NAME] [--target-mix 0.5] [--phases 32x40 40x20 48x30] ...

Every setting below is an option of the command. A run lives in `runs/NAME/`: settings.json,
history.csv, tensorboard/, checkpoint.npz (to resume from), best.npz and, at its end, model.h5.
"""

import argparse
import csv
import json
import os
import platform
import sys
import time
import zipfile
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from tensorboard.summary import Writer
from tqdm import tqdm

from training.augment import Augmentation, augment_batch
from training.data import (
    DataError,
    Faces,
    add_data_arguments,
    find_majority,
    load_faces,
    mix_targets,
    split_training,
)
from training.model import CONTRACT, DEPTHS, STEM, WIDTHS, build_model, count_multiply_adds
from training.trunk import build_trunk


@dataclass(frozen=True)
class Settings:
    """All that a run depends on besides the data."""

    start: str = ""  # name of a finished run whose network this one goes on from
    target_mix: float = 0.5  # what is learned: 0 FER-2013's labels, 1 FER+'s votes
    teachers: tuple[str, ...] = ()  # finished runs whose networks' mean score is learned too
    teacher_share: float = 0.7  # of what is learned, where there are teachers
    architecture: str = "small"  # or "trunk", dlib's (training.transfer), of one shape
    stem: int = STEM  # channels at full size
    widths: tuple[int, ...] = WIDTHS  # channels at a half, a quarter, ... of the size
    depths: tuple[int, ...] = DEPTHS  # residual blocks of each
    phases: tuple[str, ...] = ("32x40", "40x20", "48x30")  # picture size x epochs, in turn
    batch: int = 128
    learning_rate: float = 2e-3  # the peak; cosine down to zero
    warmup: float = 2.0  # epochs of linear rise to it
    weight_decay: float = 0.05  # AdamW, on the kernels only
    sharpness: float = 0.0  # radius of sharpness-aware minimization, which doubles the time
    ema: float = 0.998  # decay of the weights' moving average, which is what is exported
    export: str = "best"  # its epoch: "best" by validation loss, or "last", where the rate is zero
    label_smoothing: float = 0.0
    validation: float = 0.1  # share of Training held back to choose by
    dtype: str = "mixed_bfloat16"  # or float32
    seed: int = 2013
    rotation: float = Augmentation.rotation
    scale: float = Augmentation.scale
    shift: float = Augmentation.shift
    brightness: float = Augmentation.brightness
    contrast: float = Augmentation.contrast
    erase: float = Augmentation.erase
    erase_area: float = Augmentation.erase_area
    mixup: float = Augmentation.mixup


class RunError(Exception):
    """The run cannot start or go on; the message says why."""


# ---- the run folder --------------------------------------------------------------------------


def open_run(folder: Path, settings: Settings) -> None:
    """Create the run's folder, or check that it belongs to the same settings."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    wanted = json.loads(json.dumps(asdict(settings)))
    if file.exists():
        found = json.loads(file.read_text())["settings"]
        if found != wanted:
            odd = sorted(key for key in wanted if found.get(key) != wanted[key])
            raise RunError(f"{folder} is a run with other settings ({', '.join(odd)})")
        return
    backend = keras.backend.backend()  # tensorflow, jax or torch
    versions = {"python": platform.python_version(), "keras": keras.__version__}
    versions |= {backend: import_module(backend).__version__, "numpy": np.__version__}
    run = {"settings": wanted, "versions": versions, "machine": describe_machine()}
    run |= {"network": describe_network(wanted)}
    file.write_text(json.dumps(run, indent=1) + "\n")


def describe_machine() -> str:
    """What the minutes are of: the accelerators that Keras sees, and the processor's cores."""
    devices = [name for name in keras.distribution.list_devices() if not name.startswith("cpu")]
    return ", ".join([*devices, f"{os.cpu_count()} processor cores"])


def build_network(
    settings: dict, size: int | None = CONTRACT.input_size, dtype: str = "float32"
) -> keras.Model:
    """The network of a run's settings; runs before there was a choice say nothing of it."""
    architecture = settings.get("architecture", "small")
    if architecture == "trunk":
        return build_trunk(size, dtype)
    if architecture != "small":
        raise RunError(f"architecture {architecture!r} is neither small nor trunk")
    shape = {key: settings[key] for key in ("stem", "widths", "depths") if key in settings}
    return build_model(size, dtype, **shape)


def describe_network(settings: dict) -> dict[str, int]:
    """Size of the network: parameters, and multiply-adds for one picture."""
    network = build_network(settings)
    return {"parameters": network.count_params(), "multiply_adds": count_multiply_adds(network)}


def save_arrays(file: Path, **arrays) -> None:
    """Write an .npz that is either the old one or the new one, never half of it."""
    partial = file.with_suffix(".partial")
    with open(partial, "wb") as stream:
        np.savez(stream, **arrays)
    os.replace(partial, file)


def save_checkpoint(file: Path, model: keras.Model, history: list[dict]) -> None:
    """All that the next epoch depends on."""
    state = model.weights + model.optimizer.variables
    arrays = {f"v{i}": keras.ops.convert_to_numpy(value) for i, value in enumerate(state)}
    save_arrays(file, history=np.array(json.dumps(history)), **arrays)


def load_checkpoint(file: Path, model: keras.Model) -> list[dict]:
    """Put a checkpoint back into the model and its optimizer; the history until there."""
    state = model.weights + model.optimizer.variables
    try:
        with open(file, "rb") as stream, np.load(stream) as arrays:
            for i, variable in enumerate(state):
                variable.assign(arrays[f"v{i}"])
            return json.loads(str(arrays["history"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{file} is damaged or of another network ({error})") from None


def write_history(file: Path, history: list[dict]) -> None:
    """The history as CSV, one epoch a line."""
    with open(file, "w", newline="") as stream:
        table = csv.DictWriter(stream, fieldnames=list(history[0]))
        table.writeheader()
        table.writerows(history)


def write_board(board: Writer, row: dict) -> None:
    """An epoch's line of the history as TensorBoard scalars."""
    for name, value in row.items():
        if name != "epoch":
            board.add_scalar(name, value, row["epoch"])
    board.flush()


# ---- training --------------------------------------------------------------------------------


def plan_sizes(phases: tuple[str, ...]) -> list[int]:
    """The picture size of each epoch, from phases such as 32x40."""
    sizes: list[int] = []
    for phase in phases:
        size, _, epochs = phase.partition("x")
        if not (size.isdigit() and epochs.isdigit() and int(size) >= 16):
            raise RunError(f"phase {phase!r} is not SIZExEPOCHS with a size of at least 16")
        sizes += [int(size)] * int(epochs)
    if not sizes:
        raise RunError("the phases hold no epoch")
    return sizes


def connect_model(image, scores, sharpness: float) -> keras.Model:
    """The model from image to scores, whose training step minds the sharpness where it is asked."""
    if sharpness < 0:
        raise RunError(f"sharpness {sharpness:g} is below zero")
    if sharpness == 0:
        return keras.Model(image, scores)
    if keras.backend.backend() != "tensorflow":
        raise RunError("sharpness needs Keras's TensorFlow backend")
    from training.sharpness import SharpnessAwareModel

    return SharpnessAwareModel(image, scores, sharpness)


def compile_model(settings: Settings, steps: int, epochs: int) -> keras.Model:
    """The network with its loss and optimizer, built so that a checkpoint can be put in."""
    network = build_network(asdict(settings), None, settings.dtype)
    model = connect_model(network.input, network.output[CONTRACT.scores_name], settings.sharpness)
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
    model.compile(optimizer, loss, metrics=["categorical_accuracy"])
    optimizer.build(model.trainable_variables)
    return model


def load_teachers(runs: Path, settings: Settings) -> list[keras.Model]:
    """The networks of the runs to learn from."""
    teachers = []
    for name in settings.teachers:
        network = load_network(runs / name, None, settings.dtype)
        teachers.append(keras.Model(network.input, network.output[CONTRACT.scores_name]))
    return teachers


def ask_teachers(
    teachers: list[keras.Model], images: np.ndarray, targets: np.ndarray, share: float
) -> np.ndarray:
    """Targets [n, 7] with so much of the teachers' mean score of these very pictures, as they were
    augmented (Hinton et al. 2015; Beyer et al. 2022)."""
    if not teachers:
        return targets
    scores = np.mean([teacher.predict_on_batch(images) for teacher in teachers], axis=0)
    return (1 - share) * targets + share * scores


def train_epoch(
    model: keras.Model,
    faces: Faces,
    settings: Settings,
    *,
    epoch: int,
    size: int,
    teachers: list[keras.Model],
) -> dict[str, float]:
    """One pass over the training pictures; the epoch's mean loss and accuracy."""
    # A run that goes on from another draws anew, not what that one has seen in the same epoch.
    rng = np.random.default_rng([settings.seed, epoch, *settings.start.encode()])
    how = Augmentation(**{f.name: getattr(settings, f.name) for f in fields(Augmentation)})
    targets = mix_targets(faces, settings.target_mix)
    order = rng.permutation(len(faces))
    results = []
    starts = range(0, len(order) - settings.batch + 1, settings.batch)
    bar = tqdm(starts, desc=f"epoch {epoch + 1}", unit="batch", leave=False, disable=None)
    for start in bar:
        rows = order[start : start + settings.batch]
        images, truth = augment_batch(faces.images[rows], targets[rows], rng, how, size)
        truth = ask_teachers(teachers, images, truth, settings.teacher_share)
        model.reset_metrics()  # a batch's own, so that a resumed epoch adds up the same
        result = model.train_on_batch(images, truth, return_dict=True)
        results.append([result["loss"], result["categorical_accuracy"]])
        bar.set_postfix(loss=f"{results[-1][0]:.3f}", refresh=False)
    loss, accuracy = np.mean(results, axis=0)
    return {"loss": float(loss), "accuracy": float(accuracy)}


def predict_average(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Scores [n, 7] of the averaged weights; the model keeps its own."""
    swap = keras.callbacks.SwapEMAWeights()
    x = images[..., None].astype(np.float32)
    return model.predict(x, batch_size=256, verbose=0, callbacks=[swap])


def validate(model: keras.Model, faces: Faces, target_mix: float) -> dict[str, float]:
    """The averaged network on the validation part: loss, accuracy, agreement with the voters.

    Always at the full size, the one it will be used at, whatever size the epoch trained on.
    """
    scores = predict_average(model, faces.images)
    truth = mix_targets(faces, target_mix)
    majority = find_majority(faces.votes)
    clear = majority >= 0
    top = scores.argmax(axis=1)
    return {
        "val_loss": float(-(truth * np.log(scores + 1e-7)).sum(axis=1).mean()),
        "val_accuracy": float((top == faces.labels).mean()),
        "val_ferplus": float((top == majority)[clear].mean()) if clear.any() else 0.0,
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
    """Train and validate once; the epoch's line of the history, without its seconds."""
    if epoch and sizes[epoch] != sizes[epoch - 1]:
        # Traced for this size alone, as after a resume: a trace for any size rounds otherwise.
        model.make_train_function(force=True)
    row: dict[str, float] = {"epoch": epoch + 1, "size": sizes[epoch]}
    row |= train_epoch(model, training, settings, epoch=epoch, size=sizes[epoch], teachers=teachers)
    row |= validate(model, validation, settings.target_mix)
    row["learning_rate"] = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    return row


def average_weights(model: keras.Model) -> list[np.ndarray]:
    """The averaged weights, in the order of `model.get_weights()`; the model keeps its own."""
    own = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    averaged = model.get_weights()
    model.set_weights(own)
    return averaged


def load_network(
    folder: Path, size: int | None = CONTRACT.input_size, dtype: str = "float32"
) -> keras.Model:
    """A finished run's network, with the weights of the epoch that its settings choose."""
    try:
        settings = json.loads((folder / "settings.json").read_text())["settings"]
        network = build_network(settings, size, dtype)
        with open(folder / "best.npz", "rb") as stream, np.load(stream) as arrays:
            network.set_weights([arrays[f"v{i}"] for i in range(len(network.weights))])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{folder} is no finished run ({error})") from None
    return network


def start_from(model: keras.Model, folder: Path) -> None:
    """Give the model the weights of a finished run's network of the same shape."""
    try:
        model.set_weights(load_network(folder).get_weights())
    except ValueError:
        raise RunError(f"{folder} has a network of another shape") from None


def export_best(folder: Path) -> Path:
    """Write model.h5, the network of the epoch that the settings choose."""
    file = folder / "model.h5"
    load_network(folder).save(file)
    return file


def print_epoch(row: dict, epochs: int) -> None:
    """One line an epoch, with the time left at this epoch's pace."""
    left = time.strftime("%H:%M:%S", time.gmtime(row["seconds"] * (epochs - row["epoch"])))
    print(
        f"epoch {row['epoch']}/{epochs}  {row['size']} px  loss {row['loss']:.3f}  "
        f"accuracy {row['accuracy']:.3f}  |  validation loss {row['val_loss']:.3f}  labels "
        f"{row['val_accuracy']:.3f}  votes {row['val_ferplus']:.3f}  |  "
        f"rate {row['learning_rate']:.1e}  {row['seconds']:.0f} s  left {left}",
        flush=True,
    )


def train(faces: Faces, folder: Path, settings: Settings) -> Path:
    """Train until the last epoch, from the last checkpoint if there is one; the .h5's path."""
    sizes = plan_sizes(settings.phases)
    if settings.export not in ("best", "last"):
        raise RunError(f"export {settings.export!r} is neither best nor last")
    open_run(folder, settings)
    keras.utils.set_random_seed(settings.seed)
    if keras.backend.backend() == "tensorflow":
        import_module("tensorflow").config.experimental.enable_op_determinism()
    training, validation = split_training(faces, settings.validation, settings.seed)
    steps = len(training) // settings.batch
    if steps == 0:
        raise RunError(f"{len(training)} training pictures do not fill a batch")
    model = compile_model(settings, steps, len(sizes))
    print(f"{len(training)} training and {len(validation)} validation pictures")

    checkpoint = folder / "checkpoint.npz"
    if not checkpoint.exists():
        if settings.start:
            start_from(model, folder.parent / settings.start)
        save_checkpoint(checkpoint, model, [])
    history = load_checkpoint(checkpoint, model)
    teachers = load_teachers(folder.parent, settings)
    board = Writer(str(folder / "tensorboard"))
    for epoch in range(len(history), len(sizes)):
        started = time.monotonic()
        row = run_epoch(
            model, training, validation, settings, sizes=sizes, epoch=epoch, teachers=teachers
        )
        best = min((past["val_loss"] for past in history), default=np.inf)
        if settings.export == "last" or row["val_loss"] < best:
            weights = {f"v{i}": value for i, value in enumerate(average_weights(model))}
            save_arrays(folder / "best.npz", **weights)
        row["seconds"] = round(time.monotonic() - started, 1)
        history.append(row)
        save_checkpoint(checkpoint, model, history)
        write_history(folder / "history.csv", history)
        write_board(board, row)
        print_epoch(row, len(sizes))
    board.close()
    return export_best(folder)


# ---- the command -----------------------------------------------------------------------------


def add_settings(parser: argparse.ArgumentParser) -> None:
    """One option for each setting."""
    for setting in fields(Settings):
        option = "--" + setting.name.replace("_", "-")
        if isinstance(setting.default, tuple):
            kind = type(setting.default[0]) if setting.default else str
            parser.add_argument(option, nargs="+", type=kind, default=setting.default)
        else:
            parser.add_argument(option, type=type(setting.default), default=setting.default)


def main(arguments: list[str] | None = None) -> int:
    """Train; 2 when the data or the run cannot be used, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="training.train", description=__doc__.split("\n")[0])
    add_data_arguments(parser)
    parser.add_argument("--run", default="default", help="name of the run's folder in runs/")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    add_settings(parser)
    options = parser.parse_args(arguments)
    values = {setting.name: getattr(options, setting.name) for setting in fields(Settings)}
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    settings = Settings(**values | lists)
    folder = options.runs / options.run
    try:
        faces = load_faces(options.data, options.votes, options.skip_bad)
        print(f"wrote {train(faces, folder, settings)}")
    except (DataError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on from {folder / 'checkpoint.npz'}")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
