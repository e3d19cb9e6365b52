"""Convert a network to TF.js graph models: float32, and weights of 16 and 8 bits.

    python -m convert.tfjs SAVED_MODEL OUT SOURCE VARIANT...

`convert_tfjs` runs this in a process of its own: TensorFlow must start without oneDNN, whose fused
operations no TF.js backend knows, and tensorflowjs imports packages that a graph model never uses,
which are stood in for.
"""

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import types
import warnings
from collections.abc import Sequence
from pathlib import Path

from convert.network import NetworkError

ROOT = Path(__file__).parents[1]
VARIANTS = ("float32", "uint16", "float16", "uint8")
UNUSED = (
    "tensorflow_decision_forests", "tensorflow_hub", "tf_keras", "jax", "jax.experimental",
    "jax.experimental.jax2tf", "flax", "jaxlib",
)  # fmt: skip
ONE_SHARD = 1 << 30  # bytes; a network of a few MB is one file
SMALL = 10_000  # tensors of fewer numbers stay float32 in 8 bits: they weigh least and cost most


def convert_tfjs(saved: Path, out: Path, variants: Sequence[str], source: str) -> None:
    """Convert a SavedModel: OUT/VARIANT/model.json and its weights for each variant.

    source, the sha256 of what the SavedModel was made from, is kept in each model.json.
    Raises NetworkError where TF.js has no operation for a layer.
    """
    command = [sys.executable, "-m", "convert.tfjs", str(saved), str(out), source, *variants]
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        raise NetworkError(explain_failure(done.stderr))


def is_made_from(topology: Path, source: str) -> bool:
    """Tell whether a graph model is there and was made from the file of this sha256."""
    try:
        values = json.loads(topology.read_text(encoding="utf-8"))
        return values["userDefinedMetadata"]["source"] == source
    except (OSError, ValueError, KeyError, TypeError):
        return False


def explain_failure(log: str) -> str:
    """Find the one line of the converter's log that says why it failed."""
    if unsupported := re.search(r"^ValueError: Unsupported Ops.*\n(.+)", log, re.MULTILINE):
        return f"a layer cannot be converted to TF.js: {unsupported[1].strip()}"
    lines = [line for line in log.splitlines() if line.strip()]
    return f"the TF.js converter failed: {lines[-1] if lines else 'it said nothing'}"


def stub_unused() -> None:
    """Stand empty modules in for what tensorflowjs imports and a graph model never uses.

    Call it after TensorFlow and Keras are imported: they would take the stubs for real.
    """
    for name in UNUSED:
        sys.modules.setdefault(name, types.ModuleType(name))


def write_graph_model(saved: Path, out: Path, variant: str, source: str) -> None:
    """Convert a SavedModel into the folder `out`: model.json and its weights."""
    weights: str | list[str] = "*"
    if variant == "uint8":
        write_graph_model(saved, out, "float32", source)
        weights = list_large(out / "model.json")
        shutil.rmtree(out)
    from tensorflowjs.converters.tf_saved_model_conversion_v2 import (
        convert_tf_saved_model,
    )

    convert_tf_saved_model(
        str(saved),
        str(out),
        quantization_dtype_map=None if variant == "float32" else {variant: weights},
        weight_shard_size_bytes=ONE_SHARD,
        metadata={"source": source},
    )
    topology = out / "model.json"
    values = json.loads(topology.read_text(encoding="utf-8"))
    signature = values["signature"]
    signature["outputs"] = name_outputs(signature["outputs"], list_outputs(saved))
    # The converter writes the keys of its maps in any order: sorted, the same network gives the
    # same bytes.
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    topology.write_text(text + "\n", encoding="utf-8")


def list_large(topology: Path) -> list[str]:
    """List the weights of a graph model that hold at least SMALL numbers."""
    groups = json.loads(topology.read_text(encoding="utf-8"))["weightsManifest"]
    weights = [weight for group in groups for weight in group["weights"]]
    return [weight["name"] for weight in weights if math.prod(weight["shape"]) >= SMALL]


def list_outputs(saved: Path) -> list[str]:
    """List a SavedModel's outputs by name, in the order in which TensorFlow numbers them."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(saved)).signatures["serving_default"]
    return sorted(signature.structured_outputs)  # as tf.nest flattens a dictionary


def name_outputs(signature: dict[str, dict], names: list[str]) -> dict[str, dict]:
    """Give the graph's outputs their names back.

    tensorflowjs tells outputs by type and shape; of several alike it calls each by its tensor,
    `Identity_1:0`. TensorFlow numbers these tensors in the sorted order of the outputs' names:
    Identity, Identity_1, and so on. NetworkError where that does not fit what has kept its name.
    """
    tensors = [f"Identity_{i}:0" if i else "Identity:0" for i in range(len(names))]
    found = {entry["name"]: (key, entry) for key, entry in signature.items()}
    if sorted(found) != sorted(tensors):
        raise NetworkError(f"the graph's outputs are {sorted(found)}, expected {sorted(tensors)}")
    for name, tensor in zip(names, tensors, strict=True):
        if found[tensor][0] not in (name, tensor):
            raise NetworkError(f"the graph's output {name!r} is called {found[tensor][0]!r}")
    return {name: found[tensor][1] for name, tensor in zip(names, tensors, strict=True)}


def main(arguments: list[str] | None = None) -> int:
    """Convert one SavedModel; a failure stays a traceback, for `convert_tfjs` to explain."""
    parser = argparse.ArgumentParser(prog="convert.tfjs", description=__doc__.split("\n")[0])
    parser.add_argument("saved", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("source")
    parser.add_argument("variants", nargs="+", choices=VARIANTS)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # tensorflowjs 4.22 is older than NumPy 2 and says so
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    stub_unused()
    for variant in options.variants:
        write_graph_model(options.saved, options.out / variant, variant, options.source)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
