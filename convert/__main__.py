"""Turn a Keras network into every artifact: `make convert [MODEL=path] [DATA=path] [OUT=folder]`.

    python -m convert [MODEL] [--data DATA] [--out models]

Everything is converted first and put in place last: a network that is refused leaves the folder as
it was. int8 is calibrated on training pictures of DATA. Without DATA, the int8 that was calibrated
on them for this very network stays; for another network the golden portraits are used instead, and
the ledger says so.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from emoji_edge.contract import Contract, ContractError, find_models, load_contract
from emoji_edge.image import open_photo, resize_face

from convert import blazeface, golden, tfjs, tflite
from convert.network import NetworkError, load_network, predict_network
from training.data import TRAINING, DataError, Faces, load_faces

RECORD = "tflite/calibration.json"  # under models/: what int8 was calibrated on
TRAINED = "FER-2013's Training split"
SUBSTITUTE = "the golden faces, for want of training pictures"
NOT_FACES = ("noise", "constant", "checker", "left", "top", "ramp", "one")


def choose_calibration(
    faces: Faces | None, goldens: golden.Golden, contract: Contract
) -> tuple[np.ndarray, dict]:
    """int8's pictures, uint8 [n, 48, 48], and the record of which they are.

    420 of the Training split, or, where there is no data, the goldens that show a face. All pass
    through the function that prepares a face for inference.
    """
    if faces is None:
        record: dict[str, Any]
        shown = [f for f in goldens.all_faces if not f.id.startswith(NOT_FACES)]
        record = {"source": SUBSTITUTE, "ids": [face.id for face in shown]}
        pictures = [face.pixels for face in shown]
    else:
        training = faces.select(faces.splits == TRAINING)
        rows = tflite.pick_calibration(training.labels)
        record = {"source": TRAINED, "seed": tflite.SEED, "ids": training.ids[rows].tolist()}
        pictures = list(training.images[rows])
    images = [open_photo(pixels, contract.max_pixels) for pixels in pictures]
    return np.stack([resize_face(image, contract) for image in images]), record


def keep_int8(out: Path, new: Path, contract: Contract, source: str) -> bool:
    """Carry over the int8 that was calibrated on training pictures for this very network."""
    record, name = out / RECORD, contract.artifacts["tflite"]["int8"]
    if not record.exists() or not (out / name).exists():
        return False
    values = json.loads(record.read_text(encoding="utf-8"))
    if values["model_sha256"] != source or values["source"] != TRAINED:
        return False
    for file in (RECORD, name):
        tflite.write_artifact(new / file, (out / file).read_bytes())
    print(f"{name}: kept; DATA=path calibrates it again")
    return True


def convert_floats(model: keras.Model, contract: Contract, source: str, new: Path) -> None:
    """Write the TFLite artifacts that need no calibration under `new`."""
    for variant, name in contract.artifacts["tflite"].items():
        if variant != "int8":
            data = tflite.convert_tflite(model, variant, source)
            tflite.write_artifact(new / name, data)
            print(f"{name}: {len(data):,} bytes")


def convert_int8(
    model: keras.Model, contract: Contract, source: str, faces: Faces | None, new: Path
) -> None:
    """Write int8 and the record of its calibration under `new`."""
    goldens = golden.read_golden(golden.GOLDEN, contract)
    pictures, record = choose_calibration(faces, goldens, contract)
    data = tflite.convert_tflite(model, "int8", source, pictures)
    text = json.dumps({"model_sha256": source, **record}, indent=1) + "\n"
    name = contract.artifacts["tflite"]["int8"]
    tflite.write_artifact(new / name, data)
    tflite.write_artifact(new / RECORD, text.encode())
    print(f"{name}: {len(data):,} bytes, calibrated on {len(pictures)} of {record['source']}")


def convert_graphs(model: keras.Model, contract: Contract, source: str, new: Path) -> None:
    """Write the TF.js artifacts under `new`."""
    with TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        tfjs.convert_tfjs(Path(folder), new / "tfjs", tuple(contract.artifacts["tfjs"]), source)
    for name in contract.artifacts["tfjs"].values():
        size = sum(file.stat().st_size for file in (new / name).parent.iterdir())
        print(f"{name}: {size:,} bytes with its weights")


def convert_detectors(contract: Contract, models: Path, new: Path) -> None:
    """Write the face detectors for TF.js under `new`; their weights are float16 as published."""
    for name, detector in contract.detectors.items():
        file = models / detector.file
        with TemporaryDirectory() as saved, TemporaryDirectory() as made:
            blazeface.save_detector(file, Path(saved))
            tfjs.convert_tfjs(Path(saved), Path(made), ("float16",), golden.find_sha256(file))
            copy_files(Path(made) / "float16", new / f"face/tfjs-{name}")
        print(f"face/tfjs-{name}/model.json")


def answer_goldens(model: keras.Model, contract: Contract, source: str, new: Path) -> None:
    """Write the goldens with this network's logits and scores under `new`."""
    goldens = golden.read_golden(golden.GOLDEN, contract)
    golden.answer_faces(goldens, lambda pixels: predict_network(model, pixels, contract))
    goldens.labels, goldens.model_sha256 = contract.labels, source
    golden.write_golden(new / "golden/golden.json", goldens)


def copy_files(source: Path, target: Path) -> None:
    """Copy a folder's files over another's; their permissions are the target's own."""
    for file in sorted(source.rglob("*")):
        if file.is_file():
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def place_artifacts(new: Path, out: Path, model: Path) -> None:
    """Put what was made into `out`, with the network and what every program reads beside it."""
    for folder in ("tflite", "tfjs"):  # nothing of another network stays behind
        shutil.rmtree(out / folder, ignore_errors=True)
    shipped = find_models()
    if out.resolve() != shipped.resolve():
        for folder in ("face", "golden"):
            copy_files(shipped / folder, out / folder)
        shutil.copyfile(shipped / "contract.json", out / "contract.json")
    copy_files(new, out)
    if model.resolve() != (out / "emoji.h5").resolve():
        shutil.copyfile(model, out / "emoji.h5")


def convert_model(model_path: Path, faces: Faces | None, out: Path) -> None:
    """Every artifact of the network into `out`; NetworkError leaves `out` as it was."""
    contract = load_contract()
    model = load_network(model_path, contract)
    source = golden.find_sha256(model_path)
    with TemporaryDirectory() as folder:
        new = Path(folder)
        convert_floats(model, contract, source, new)
        if faces is not None or not keep_int8(out, new, contract, source):
            convert_int8(model, contract, source, faces, new)
        convert_graphs(model, contract, source, new)
        convert_detectors(contract, find_models(), new)
        answer_goldens(model, contract, source, new)
        place_artifacts(new, out, model_path)


def main(arguments: list[str] | None = None) -> int:
    """Convert; 2 when the network, the contract or the data cannot be used."""
    models = find_models()
    parser = argparse.ArgumentParser(prog="convert", description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, nargs="?", default=models / "emoji.h5")
    parser.add_argument("--data", type=Path, help="FER-2013, to calibrate int8 on")
    parser.add_argument("--out", type=Path, default=models, help="where the artifacts go")
    options = parser.parse_args(arguments)
    try:
        faces = load_faces(options.data) if options.data else None
        convert_model(options.model, faces, options.out)
    except (NetworkError, ContractError, DataError, golden.GoldenError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
