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

import keras
from emoji_edge.contract import Contract, find_models, load_contract
from emoji_edge.errors import EmojiError
from emoji_edge.network import hash_file

from convert import blazeface, tfjs, tflite
from convert.calibration import RECORD, choose_calibration, is_calibrated
from convert.golden import goldens
from convert.network import NetworkError, open_network, predict_network
from models.report import write_whole
from training.data import DataError, Faces, load_faces


def keep_int8(out: Path, new: Path, contract: Contract) -> None:
    """Carry over the int8 that is there, and its record."""
    name = contract.artifacts["tflite"]["int8"]
    for file in (RECORD, name):
        write_whole(new / file, (out / file).read_bytes())
    print(f"{name}: kept; DATA=path calibrates it again")


def convert_floats(model: keras.Model, contract: Contract, source: str, new: Path) -> None:
    """Write the TFLite artifacts that need no calibration under `new`."""
    for variant, name in contract.artifacts["tflite"].items():
        if variant != "int8":
            data = tflite.convert_tflite(model, variant, source)
            write_whole(new / name, data)
            print(f"{name}: {len(data):,} bytes")


def convert_int8(
    model: keras.Model, contract: Contract, source: str, faces: Faces | None, new: Path
) -> None:
    """Write int8 and the record of its calibration under `new`."""
    golden = goldens.read_golden_set(find_models(), contract).all_faces
    shown = {face.id: face.pixels for face in golden}
    pictures, record = choose_calibration(faces, shown, contract)
    data = tflite.convert_tflite(model, "int8", source, pictures)
    text = json.dumps({"model_sha256": source, **record}, indent=1) + "\n"
    name = contract.artifacts["tflite"]["int8"]
    write_whole(new / name, data)
    write_whole(new / RECORD, text.encode())
    print(f"{name}: {len(data):,} bytes, calibrated on {len(pictures)} of {record['source']}")


def convert_graphs(model: keras.Model, contract: Contract, source: str, new: Path) -> None:
    """Write the TF.js artifacts under `new`."""
    with TemporaryDirectory() as saved, TemporaryDirectory() as made:
        model.export(saved, format="tf_saved_model", verbose=False)
        tfjs.convert_tfjs(Path(saved), Path(made), tuple(contract.artifacts["tfjs"]), source)
        for variant, name in contract.artifacts["tfjs"].items():
            copy_files(Path(made) / variant, (new / name).parent)
            size = sum(file.stat().st_size for file in (new / name).parent.iterdir())
            print(f"{name}: {size:,} bytes with its weights")


def convert_detectors(contract: Contract, models: Path, new: Path) -> None:
    """Write the face detectors for TF.js under `new`; their weights are float16 as published.

    One whose graph model was made from the very file that is there stays: no network changes it.
    """
    for detector in contract.detectors.values():
        file = models / detector.file
        if tfjs.is_made_from(models / detector.tfjs, hash_file(file)):
            print(f"{detector.tfjs}: kept; remove its folder to make it again")
            continue
        with TemporaryDirectory() as saved, TemporaryDirectory() as made:
            blazeface.save_detector(file, Path(saved))
            tfjs.convert_tfjs(Path(saved), Path(made), ("float16",), hash_file(file))
            copy_files(Path(made) / "float16", (new / detector.tfjs).parent)
        print(f"{detector.tfjs}: made from {detector.file}")


def answer_goldens(model: keras.Model, contract: Contract, source: str, new: Path) -> None:
    """Write the goldens with what this network says of them under `new`."""
    golden = goldens.read_golden_set(find_models(), contract)
    goldens.answer_faces(golden, lambda pixels: predict_network(model, pixels, contract))
    golden.labels, golden.model_sha256 = contract.labels, source
    goldens.write_golden_set(new / goldens.FILE, golden)


def copy_files(source: Path, target: Path) -> None:
    """Copy a folder's files over another's; their permissions are the target's own."""
    for file in sorted(source.rglob("*")):
        if file.is_file():
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def place_artifacts(new: Path, out: Path, model: Path, network: str) -> None:
    """Put what was made into `out`, with what every program reads, and the model as `network`."""
    for folder in ("tflite", "tfjs"):  # nothing of another network stays behind
        shutil.rmtree(out / folder, ignore_errors=True)
    shipped = find_models()
    if out.resolve() != shipped.resolve():
        for folder in ("face", "golden"):
            copy_files(shipped / folder, out / folder)
        for file in shipped.glob("contract*.json"):
            shutil.copyfile(file, out / file.name)
    copy_files(new, out)
    if model.resolve() != (out / network).resolve():
        shutil.copyfile(model, out / network)


def convert_model(model_path: Path | None, faces: Faces | None, out: Path) -> None:
    """Make every artifact of the network in `out`; NetworkError leaves `out` as it was."""
    contract = load_contract()
    model_path = model_path or find_models() / contract.artifacts["keras"]
    model = open_network(model_path, contract)
    source = hash_file(model_path)
    with TemporaryDirectory() as folder:
        new = Path(folder)
        convert_floats(model, contract, source, new)
        if faces is None and is_calibrated(out, contract.artifacts["tflite"]["int8"], source):
            keep_int8(out, new, contract)
        else:
            convert_int8(model, contract, source, faces, new)
        convert_graphs(model, contract, source, new)
        convert_detectors(contract, find_models(), new)
        answer_goldens(model, contract, source, new)
        place_artifacts(new, out, model_path, contract.artifacts["keras"])


def main(arguments: list[str] | None = None) -> int:
    """Convert; return 2 when the network, the contract or the data cannot be used."""
    parser = argparse.ArgumentParser(prog="convert", description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, nargs="?", help="the .h5, where not the shipped one")
    parser.add_argument("--data", type=Path, help="FER-2013, to calibrate int8 on")
    parser.add_argument("--out", type=Path, default=find_models(), help="where the artifacts go")
    options = parser.parse_args(arguments)
    try:
        faces = load_faces(options.data) if options.data else None
        convert_model(options.model, faces, options.out)
    except (NetworkError, blazeface.RebuildError, DataError, EmojiError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
