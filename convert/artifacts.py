"""The shipped artifacts: which there are, what each is for, and what its files hold."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from emoji_edge.contract import Contract
from emoji_edge.network import hash_file

PURPOSES = {
    ("tflite", "float32"): "the reference on any device: the same answer everywhere",
    ("tflite", "float16"): "half the size; computes in float32",
    ("tflite", "dynamic"): "a quarter of the size: 8-bit weights, float activations",
    ("tflite", "int8"): "a quarter of the size: 8-bit arithmetic, float input and output",
    ("tfjs", "float32"): "the reference in the browser",
    ("tfjs", "uint16"): "half the download, nearly float32's answer",
    ("tfjs", "float16"): "half the download, weights as float16",
    ("tfjs", "uint8"): "a quarter of the download, weights of 8 bits",
    ("face", "short"): "finds faces near the camera",
    ("face", "back"): "finds small faces, when the short model does not",
    ("face-tfjs", "short"): "the short face detector for the browser",
    ("face-tfjs", "back"): "the back face detector for the browser",
}


# The contract's keys that an artifact's measures rest on; others change nothing of them.
MEASURED = ("labels", "input", "outputs", "detector", "same_answer", "artifacts", "gates")
GOLDENS = "golden/golden.json"


class ArtifactError(Exception):
    """A file is missing or damaged; the message says what."""


@dataclass(frozen=True)
class Artifact:
    """One thing that ships: its main file under models/, of one kind and variant."""

    name: str
    kind: str  # tflite, tfjs, face or face-tfjs
    variant: str

    @property
    def purpose(self) -> str:
        """Say in a few words what the artifact is for."""
        return PURPOSES[self.kind, self.variant]

    @property
    def is_graph(self) -> bool:
        """Tell whether it is a TF.js graph model: model.json and weights beside it."""
        return self.kind in ("tfjs", "face-tfjs")


def list_networks(contract: Contract) -> list[Artifact]:
    """List the expression network's artifacts."""
    return [
        Artifact(name, kind, variant)
        for kind in ("tflite", "tfjs")
        for variant, name in contract.artifacts[kind].items()
    ]


def list_detectors(contract: Contract) -> list[Artifact]:
    """List the face detectors, as TFLite and as TF.js graph models."""
    return [
        Artifact(name, kind, variant)
        for kind in ("face", "face-tfjs")
        for variant, detector in contract.detectors.items()
        for name in [detector.file if kind == "face" else detector.tfjs]
    ]


def list_artifact_files(models: Path, artifact: Artifact) -> list[Path]:
    """List the artifact's files, the main one first; ArtifactError where one is missing."""
    main = models / artifact.name
    if not main.exists():
        raise ArtifactError("no such file")
    if not artifact.is_graph:
        return [main]
    try:
        manifest = json.loads(main.read_text(encoding="utf-8"))["weightsManifest"]
        weights = [main.parent / path for group in manifest for path in group["paths"]]
    except (ValueError, KeyError, TypeError):
        raise ArtifactError("damaged: not a TF.js graph model") from None
    for file in weights:
        if not file.exists():
            raise ArtifactError(f"its weights {file.name} are missing")
    return [main, *weights]


def weigh_artifact(models: Path, artifact: Artifact) -> dict[str, Any]:
    """Weigh an artifact: size and sha256, a graph model's of model.json and its weights."""
    contents = [file.read_bytes() for file in list_artifact_files(models, artifact)]
    return {
        "kind": artifact.kind,
        "variant": artifact.variant,
        "for": artifact.purpose,
        "bytes": sum(map(len, contents)),
        "gzip_bytes": sum(len(gzip.compress(content, mtime=0)) for content in contents),
        "sha256": hashlib.sha256(b"".join(contents)).hexdigest(),
    }


def hash_bases(models: Path, contract: Contract) -> dict[str, str]:
    """Hash what the measures rest on, by file: network, goldens, and those keys of the contract."""
    values = json.loads((models / "contract.json").read_text(encoding="utf-8"))
    kept = json.dumps({key: values[key] for key in MEASURED}, sort_keys=True)
    files = {name: hash_file(models / name) for name in (contract.artifacts["keras"], GOLDENS)}
    return files | {"contract.json": hashlib.sha256(kept.encode()).hexdigest()}


def read_source(models: Path, artifact: Artifact) -> str:
    """Read the sha256 of the file that the artifact was made from, which the converter kept in it.

    Raises ArtifactError where the file is damaged.
    """
    content = (models / artifact.name).read_bytes()
    try:
        if artifact.is_graph:
            return json.loads(content)["userDefinedMetadata"]["source"]
        return schema.Model.GetRootAs(content).Description().decode("ascii")
    except Exception:  # flatbuffers raises whatever a wrong offset leads to
        raise ArtifactError("damaged: the sha256 of its source cannot be read") from None
