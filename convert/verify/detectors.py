"""Compare the face detectors of every runtime with the published .tflite on LiteRT."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from emoji_edge.contract import Contract, Detector
from emoji_edge.detector import FaceDetector
from emoji_edge.face import Face, place_face
from emoji_edge.resize import fit_square
from PIL import Image

from convert.artifacts import list_detectors
from convert.verify.runners import RUNTIMES, Job, Result, RuntimeOptions, run_jobs

REFERENCE = RuntimeOptions("litert")
RUNS = {
    "face": tuple(
        RuntimeOptions(runtime, threads=threads)
        for runtime in ("litert", "tflite-runtime")
        for threads in (1, 2)
    ),
    "face-tfjs": (
        RuntimeOptions("node", "wasm"),
        RuntimeOptions("chromium", "wasm"),
        RuntimeOptions("chromium", "webgl"),
        RuntimeOptions("chromium", "cpu"),
    ),
}


class RecordedDetector(FaceDetector):
    """Decodes boxes as the library does, out of raw outputs that another runtime gave."""

    def __init__(self, detector: Detector, contract: Contract, models: Path) -> None:
        super().__init__(detector, contract, models, threads=1)
        self.recorded: dict[str, np.ndarray] = {}

    def detect_recorded(self, image: Image.Image, raw: dict[str, np.ndarray]) -> list[Face]:
        """Find the faces of the picture in raw outputs by name, each flat."""
        self.recorded = raw
        _, frame = fit_square(image, self.size, self._contract.reduce_to)
        return [
            place_face(found, frame, image.size, self.size)
            for found in self._decode(self._contract.detector_threshold)
        ]

    def _read(self, name: str) -> np.ndarray:
        columns = 16 if name == self._contract.detector_boxes_name else 1
        return self.recorded[name].reshape(-1, columns).astype(np.float64)


def fit_photos(images: list[Image.Image], size: int, contract: Contract) -> np.ndarray:
    """Scale the photos as a detector takes them, float32 [n, size, size, 3]."""
    low, high = contract.detector_range
    squares = np.stack(
        [np.asarray(fit_square(image, size, contract.reduce_to)[0]) for image in images]
    )
    return squares.astype(np.float32) * ((high - low) / 255) + low


def compare_detections(
    detector: RecordedDetector,
    images: dict[str, Image.Image],
    expected: dict[str, np.ndarray],
    found: dict[str, np.ndarray],
) -> dict[str, Any]:
    """Measure the largest differences of raw outputs, boxes and scores over all photos.

    Raw outputs differ by a share of the largest value, boxes by pixels of the upright photo.
    expected and found are the runtimes' outputs by name over all images. `lost` names the photos
    where the number of faces differs.
    """
    raw = [
        float(np.abs(found[name] - values).max() / np.abs(values).max())
        for name, values in expected.items()
    ]
    boxes, scores, lost, faces = [0.0], [0.0], [], 0
    for i, (name, image) in enumerate(images.items()):
        a, b = (
            detector.detect_recorded(
                image, {k: v.reshape(len(images), -1)[i] for k, v in outputs.items()}
            )
            for outputs in (expected, found)
        )
        faces += len(a)
        if len(a) != len(b):
            lost.append(name)
            continue
        for first, second in zip(a, b, strict=True):
            boxes.append(float(np.abs(np.subtract(first.box, second.box)).max()))
            scores.append(abs(first.score - second.score))
    return {
        "photos": len(images),
        "faces": faces,
        "lost": lost,
        "raw": float(f"{np.nan_to_num(max(raw), nan=1e9):.3g}"),
        "box": float(f"{max(boxes):.3g}"),
        "detection": float(f"{max(scores):.3g}"),
    }


def measure_detectors(
    models: Path,
    contract: Contract,
    images: dict[str, Image.Image],
    runtimes: Sequence[str] = RUNTIMES,
) -> dict[str, list[dict[str, Any]]]:
    """Measure the runs of each face detector, by artifact: version and differences in `photos`.

    images are upright RGB photos by name. A run that fails has `error` instead.
    """
    runs: dict[str, list[dict[str, Any]]] = {}
    for name, detector in contract.detectors.items():
        inputs = fit_photos(list(images.values()), detector.size, contract)
        planned = [
            (artifact.name, options)
            for artifact in list_detectors(contract)
            if artifact.variant == name
            for options in RUNS[artifact.kind]
            if options.runtime in runtimes
        ]
        jobs = [Job(models / file, inputs, options) for file, options in planned]
        reference, *results = run_jobs([Job(models / detector.file, inputs, REFERENCE), *jobs])
        decoder = RecordedDetector(detector, contract, models)
        for (file, options), result in zip(planned, results, strict=True):
            run = options.describe() | describe_run(decoder, images, reference, result)
            runs.setdefault(file, []).append(run)
    return runs


def describe_run(
    decoder: RecordedDetector, images: dict[str, Image.Image], reference: Result, result: Result
) -> dict[str, Any]:
    """Describe a runtime's version, latency and differences from the reference."""
    if error := reference.error or result.error:
        return {"error": error}
    compared = compare_detections(decoder, images, reference.outputs, result.outputs)
    latency = float(np.median(result.times))
    return {"version": result.version, "latency_ms": latency, "photos": compared}
