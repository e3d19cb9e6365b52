"""The TFLite runtime, whichever of its three packages is installed."""

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import EmojiError

# The maintained successor first; tflite-runtime on 32-bit Arm; TensorFlow where only that is there.
LADDER = (
    ("ai_edge_litert.interpreter", "ai-edge-litert"),
    ("tflite_runtime.interpreter", "tflite-runtime"),
    ("tensorflow.lite", "tensorflow"),
)


MAX_THREADS = 256  # of an interpreter; some thousands end the process


class ModelError(EmojiError):
    """The network cannot be used; the message names it and says why in one line."""


def find_runtime() -> tuple[ModuleType, str]:
    """The first importable runtime and its package's name; ModelError where there is none."""
    for module, package in LADDER:
        with contextlib.suppress(ImportError):
            return importlib.import_module(module), package
    raise ModelError("no TFLite runtime: install ai-edge-litert, or tflite-runtime on 32-bit Arm")


@contextlib.contextmanager
def silence_runtime() -> Iterator[None]:
    """Keep what the runtime's C++ writes to standard error when it loads ("INFO: ...") away."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed or not there
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # closed: nothing can be written to it
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def load_interpreter(path: Path, threads: int = 1) -> Any:
    """An interpreter with its tensors allocated; ModelError for a file that is not a network."""
    runtime, _ = find_runtime()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    return build_interpreter(runtime.Interpreter, content, str(path), threads)


def build_interpreter(make: Callable[..., Any], content: bytes, name: str, threads: int) -> Any:
    """The same from a file's bytes; name is for the message."""
    if content[4:8] != b"TFL3":
        raise ModelError(f"{name}: not a TFLite file")
    try:
        interpreter = make(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{name}: damaged, or too new for this runtime ({reason})") from None
    return interpreter


def describe_device() -> str:
    """The machine, its cores and its Python, for a person."""
    import platform

    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def describe_runtime() -> str:
    """Package and version of the runtime; ModelError where there is none."""
    import importlib.metadata

    _, package = find_runtime()
    for name in (package, f"{package}-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return f"{package} {importlib.metadata.version(name)}"
    return package
