"""The converter: what it makes, that it makes it again, and what it refuses."""

import json
import shutil

import keras
import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from emoji_edge.network import hash_file
from tensorflow.lite.python.schema_py_generated import TensorType
from tensorflow.lite.tools import flatbuffer_utils

from convert import blazeface, tfjs, tflite
from convert.__main__ import convert_detectors, main
from convert.artifacts import list_networks, weigh_artifact
from convert.calibration import SUBSTITUTE
from convert.golden.goldens import read_golden_set
from convert.network import NetworkError, open_network, predict_network
from convert.verify.measure import Inputs, measure_networks
from tests.helpers.small_networks import build_network, save_network

CONTRACT = load_contract()
MODELS = find_models()
NETWORK = MODELS / CONTRACT.artifacts["keras"]
GRAPH = CONTRACT.artifacts["tfjs"]["float32"]


def save_graph(model: keras.Model, folder, source: str = "source", variants=("float32",)) -> None:
    """Convert a network to TF.js graph models under `folder`."""
    model.export(folder / "saved", format="tf_saved_model", verbose=False)
    tfjs.convert_tfjs(folder / "saved", folder / "out", variants, source)


# ---- what is refused -----------------------------------------------------------------------------


def test_layer_without_an_operation_is_named(tmp_path):
    model = build_network(middle=lambda x: keras.ops.erfinv(x * 0.01))
    with pytest.raises(NetworkError, match=r"to TFLite: erfinv\w* \(operation Erfinv\)"):
        tflite.convert_tflite(model, "float32", "source")
    with pytest.raises(NetworkError, match=r"to TF\.js: Erfinv"):
        save_graph(model, tmp_path)


def test_refused_network_changes_nothing(tmp_path, capsys):
    out = tmp_path / "models"
    (out / "tflite").mkdir(parents=True)
    (out / "tflite" / "old.tflite").write_bytes(b"old")
    path = save_network(tmp_path / "own.h5", build_network(labels=5))
    assert main([str(path), "--out", str(out)]) == 2
    assert "has 5 values" in capsys.readouterr().err
    assert [file.name for file in out.rglob("*") if file.is_file()] == ["old.tflite"]


def test_data_that_cannot_be_read_is_refused_in_one_line(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "none"), "--out", str(tmp_path / "models")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert not (tmp_path / "models").exists()


# ---- a network of one's own ----------------------------------------------------------------------


def test_own_network_gets_every_artifact(own):
    assert (own.models / "emoji.h5").read_bytes() == own.path.read_bytes()
    sizes = {a.name: weigh_artifact(own.models, a)["bytes"] for a in list_networks(CONTRACT)}
    assert len(sizes) == len(CONTRACT.artifacts["tflite"]) + len(CONTRACT.artifacts["tfjs"])
    assert all(size > 1000 for size in sizes.values())
    record = json.loads((own.models / "tflite/calibration.json").read_text())
    assert record["source"] == SUBSTITUTE
    assert record["model_sha256"] == hash_file(own.path)
    assert len(record["ids"]) >= 40
    assert not any(name.startswith(("noise", "constant")) for name in record["ids"])


def test_own_network_says_what_keras_says(own):
    golden = read_golden_set(own.models, CONTRACT)
    assert golden.model_sha256 == hash_file(own.path)
    faces = golden.all_faces[::4]
    pixels = np.stack([face.pixels for face in faces])
    expected = predict_network(open_network(own.path, CONTRACT), pixels, CONTRACT)
    for head in ("scores", "label_scores"):
        stored = np.array([getattr(face, head) for face in faces])
        np.testing.assert_allclose(stored, getattr(expected, head), atol=1e-6)
    inputs = {"golden": Inputs(pixels[..., None], [face.id for face in faces], expected)}
    runs = measure_networks(own.models, CONTRACT, inputs, ("litert",))
    for head in ("scores", "label_scores"):
        largest = {name: run[0]["golden"][head]["largest"] for name, run in runs.items()}
        assert largest["tflite/emoji-float32.tflite"] < 1e-5
        assert 0 < largest["tflite/emoji-float16.tflite"] < 1e-2
        assert 0 < largest["tflite/emoji-int8.tflite"] < 0.1


def test_every_artifact_names_its_three_outputs(own):
    names = sorted(CONTRACT.output_names)
    for artifact in list_networks(CONTRACT):
        file = own.models / artifact.name
        if artifact.is_graph:
            signature = json.loads(file.read_text())["signature"]["outputs"]
            assert sorted(signature) == names, artifact.name
            assert len({entry["name"] for entry in signature.values()}) == 3
        else:
            from ai_edge_litert.interpreter import Interpreter

            (signature,) = Interpreter(str(file)).get_signature_list().values()
            assert sorted(signature["outputs"]) == names, artifact.name


# ---- the graph's outputs ---------------------------------------------------------------------


def make_signature(*names: str) -> dict[str, dict]:
    tensors = ("Identity:0", "Identity_1:0", "Identity_2:0")
    return {name: {"name": t} for name, t in zip(names, tensors, strict=True)}


def test_outputs_of_one_shape_get_their_names_back():
    found = make_signature("evidence", "Identity_1:0", "Identity_2:0")
    named = tfjs.name_outputs(found, ["evidence", "label_scores", "scores"])
    assert named == make_signature("evidence", "label_scores", "scores")


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (make_signature("scores", "Identity_1:0", "Identity_2:0"), "'evidence' is called 'scores'"),
        ({"evidence": {"name": "Identity:0"}}, r"outputs are \['Identity:0'\], expected"),
    ],
)
def test_outputs_that_are_numbered_otherwise_are_refused(signature, message):
    with pytest.raises(NetworkError, match=message):
        tfjs.name_outputs(signature, ["evidence", "label_scores", "scores"])


# ---- reproducible --------------------------------------------------------------------------------


# A batch normalization is folded into its convolution while converting, and processors round that
# differently: the same bytes on one, the same network but for the last bits on another.
STORED = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16, None: np.float32}


def read_tensors(data: bytes) -> list[np.ndarray]:
    """What a .tflite stores, tensor by tensor: float32, int32 or int8."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    kinds = {TensorType.FLOAT32: np.float32, TensorType.INT32: np.int32, TensorType.INT8: np.int8}
    stored = [(model.buffers[t.buffer].data, kinds[t.type]) for t in model.subgraphs[0].tensors]
    return [np.frombuffer(bytes(values), kind) for values, kind in stored if values is not None]


def read_graph(folder) -> tuple[dict, dict[str, np.ndarray]]:
    """A graph model without its weights, and the weights as numbers."""
    graph = json.loads((folder / "model.json").read_text())
    (group,) = graph.pop("weightsManifest")
    data = b"".join((folder / path).read_bytes() for path in group["paths"])
    weights, at = {}, 0
    for entry in group["weights"]:
        how = entry.get("quantization", {})
        kind = STORED[how.get("dtype")] if entry["dtype"] == "float32" else np.dtype(entry["dtype"])
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(data, kind, count, at).astype(np.float64)
        weights[entry["name"]] = values * how.get("scale", 1) + how.get("min", 0)
        at += count * np.dtype(kind).itemsize
    assert at == len(data)
    return graph, weights


def test_same_network_gives_the_same_tflite():
    source = hash_file(NETWORK)
    model = open_network(NETWORK, CONTRACT)
    for variant in ("float32", "dynamic"):
        made = tflite.convert_tflite(model, variant, source)
        assert made == tflite.convert_tflite(model, variant, source)
        shipped = (MODELS / CONTRACT.artifacts["tflite"][variant]).read_bytes()
        assert len(made) == len(shipped)
        for one, other in zip(read_tensors(made), read_tensors(shipped), strict=True):
            assert one.dtype == other.dtype
            step = 1 if one.dtype == np.int8 else 1e-6
            np.testing.assert_allclose(one.astype(float), other, rtol=1e-5, atol=step)


def test_same_network_gives_the_same_graph_models(tmp_path):
    variants = tuple(CONTRACT.artifacts["tfjs"])
    save_graph(open_network(NETWORK, CONTRACT), tmp_path, hash_file(NETWORK), variants)
    for variant, name in CONTRACT.artifacts["tfjs"].items():
        graph, weights = read_graph(tmp_path / "out" / variant)
        shipped_graph, shipped = read_graph((MODELS / name).parent)
        assert graph == shipped_graph
        assert list(weights) == list(shipped)
        for key, values in shipped.items():
            step = {"uint8": np.ptp(values) / 255, "uint16": np.ptp(values) / 65535}.get(variant, 0)
            near = {"rtol": 1e-3 if variant == "float16" else 1e-5, "atol": step + 1e-6}
            np.testing.assert_allclose(weights[key], values, **near, err_msg=f"{variant} {key}")


def test_a_detector_is_made_again_where_its_file_is_another(tmp_path, capsys):
    """The same file gives the same graph model; one that is there already is left alone."""
    models, new = tmp_path / "models", tmp_path / "new"
    shutil.copytree(MODELS / "face", models / "face")
    topology = models / CONTRACT.detectors["short"].tfjs
    topology.write_text(topology.read_text().replace(hash_file(models / "face/short.tflite"), "x"))
    convert_detectors(CONTRACT, models, new)
    said = capsys.readouterr().out
    assert "face/tfjs-short/model.json: made from face/short.tflite" in said
    assert "face/tfjs-back/model.json: kept" in said
    (made,) = {file.parent for file in new.rglob("*") if file.is_file()}
    for file in (MODELS / CONTRACT.detectors["short"].tfjs).parent.iterdir():
        assert (made / file.name).read_bytes() == file.read_bytes()


def test_a_graph_model_that_cannot_be_read_is_made_from_nothing(tmp_path):
    assert tfjs.is_made_from(MODELS / GRAPH, hash_file(NETWORK))
    for text in ("", "[]", "{}", '{"userDefinedMetadata": null}'):
        (tmp_path / "model.json").write_text(text)
        assert not tfjs.is_made_from(tmp_path / "model.json", hash_file(NETWORK))
    assert not tfjs.is_made_from(tmp_path / "none.json", hash_file(NETWORK))


def test_unknown_operation_of_a_detector_is_named(monkeypatch, tmp_path):
    monkeypatch.delitem(blazeface.BUILDERS, "MAX_POOL_2D")
    with pytest.raises(blazeface.RebuildError, match="MAX_POOL_2D"):
        blazeface.save_detector(MODELS / CONTRACT.detectors["short"].file, tmp_path)


def test_int8_keeps_its_ends_float():
    data = tflite.convert_tflite(build_network(), "float32", "source")
    names = tflite.find_ends(data)
    # Rescaling (2) and the first convolution; convolution, mean and softmax of each head.
    assert len(names) == 9
    assert "rescaling" in names[0]
