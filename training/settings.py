"""All that a run depends on besides the data; every setting is an option of `training.train`."""

import argparse
from dataclasses import dataclass, fields

from training.augment import Augmentation
from training.model import DEPTHS, STEM, WIDTHS


@dataclass(frozen=True)
class Settings:
    """All that a run depends on besides the data."""

    start: str = ""  # a finished run, or an .h5, whose network this one goes on from
    teachers: tuple[str, ...] = ()  # runs, or packed ones, whose networks' mean scores are learned
    teacher_share: float = 0.7  # of what is learned, where there are teachers
    teacher_crops: int = 1  # mirrored and shifted crops that a teacher's answer is the mean of
    architecture: str = "emoji"  # the shipped one; or "dlib", a teacher of one shape
    stem: int = STEM  # channels at full size
    widths: tuple[int, ...] = WIDTHS  # channels at a half, a quarter, ... of the size
    depths: tuple[int, ...] = DEPTHS  # residual blocks of each
    phases: tuple[str, ...] = ("32x40", "40x20", "48x30")  # picture size x epochs, in turn
    batch: int = 128
    learning_rate: float = 2e-3  # the peak; cosine down to zero
    warmup: float = 2.0  # epochs of linear rise to it
    weight_decay: float = 0.05  # AdamW, on the kernels only
    ema: float = 0.998  # decay of the weights' moving average, which is what is exported
    export: str = "best"  # its epoch: "best" by validation loss, or "last", where the rate is zero
    label_smoothing: float = 0.0
    validation: float = 0.1  # share of Training held back to choose by; 0 learns from all of it
    dtype: str = "float32"  # mixed_bfloat16 is faster where the processor has it, slower where not
    seed: int = 2013
    rotation: float = Augmentation.rotation
    scale: float = Augmentation.scale
    shift: float = Augmentation.shift
    brightness: float = Augmentation.brightness
    contrast: float = Augmentation.contrast
    gamma: float = Augmentation.gamma
    blur: float = Augmentation.blur
    noise: float = Augmentation.noise
    erase: float = Augmentation.erase
    erase_area: float = Augmentation.erase_area
    mixup: float = Augmentation.mixup


class RunError(Exception):
    """The run cannot start or go on; the message says why."""


def check_settings(settings: Settings) -> None:
    """Raise RunError where settings are impossible or contradict each other."""
    if settings.architecture not in ("emoji", "dlib"):
        raise RunError(f"architecture {settings.architecture!r} is neither emoji nor dlib")
    if settings.export not in ("best", "last"):
        raise RunError(f"export {settings.export!r} is neither best nor last")
    if not 0 <= settings.validation < 1:
        raise RunError(f"validation {settings.validation:g} is not a share of at least 0, below 1")
    if not settings.validation and settings.export == "best":
        raise RunError("without a validation part no epoch is best: add --export last")
    plan_sizes(settings.phases)


def plan_sizes(phases: tuple[str, ...]) -> list[int]:
    """Return the picture size of each epoch, from phases such as 32x40."""
    sizes: list[int] = []
    for phase in phases:
        size, _, epochs = phase.partition("x")
        if not (size.isdigit() and epochs.isdigit() and int(size) >= 16):
            raise RunError(f"phase {phase!r} is not SIZExEPOCHS with a size of at least 16")
        sizes += [int(size)] * int(epochs)
    if not sizes:
        raise RunError("the phases hold no epoch")
    return sizes


def pick_augmentation(settings: Settings) -> Augmentation:
    """Return the settings that say how far pictures are varied."""
    return Augmentation(**{f.name: getattr(settings, f.name) for f in fields(Augmentation)})


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add one option for each setting."""
    for setting in fields(Settings):
        option = "--" + setting.name.replace("_", "-")
        if isinstance(setting.default, tuple):
            kind = type(setting.default[0]) if setting.default else str
            parser.add_argument(option, nargs="+", type=kind, default=setting.default)
        else:
            parser.add_argument(option, type=type(setting.default), default=setting.default)


def read_settings(options: argparse.Namespace) -> Settings:
    """Return the settings that the command's options say."""
    values = {setting.name: getattr(options, setting.name) for setting in fields(Settings)}
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Settings(**values | lists)
