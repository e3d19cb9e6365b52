"""The converter: what it makes, that it makes it again, and what it refuses."""

import json

import h5py
import keras
import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from keras import layers
from small_networks import build_network, save_network

from convert import blazeface, golden, tfjs, tflite
from convert.__main__ import SUBSTITUTE, TRAINED, choose_calibration, keep_int8, main
from convert.artifacts import describe_artifact, list_networks
from convert.compare import Answers
from convert.measure import Inputs, measure_networks
from convert.network import NetworkError, load_network, predict_network, softmax

CONTRACT = load_contract()
MODELS = find_models()


# ---- networks that are refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 64}, "takes input [64, 64, 1], the contract says [48, 48, 1]"),
        ({"channels": 3}, "takes input [48, 48, 3], the contract says [48, 48, 1]"),
        ({"labels": 8}, "has 8 values, but the contract names 7 labels (angry, disgust"),
        ({"name": "face"}, "its input is named 'face', the contract says 'image'"),
        ({"sharpness": 0.5}, "are not the softmax of the mean of its 'evidence'"),
    ],
)
def test_network_that_breaks_the_contract_is_refused(tmp_path, change, message):
    path = save_network(tmp_path / "own.h5", build_network(**change))
    with pytest.raises(NetworkError) as caught:
        load_network(path, CONTRACT)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_network_without_named_outputs_is_refused(tmp_path):
    image = keras.Input((48, 48, 1), name="image")
    scores = layers.Dense(7, "softmax", name="predictions")(layers.Flatten()(image))
    path = save_network(tmp_path / "own.h5", keras.Model(image, {"predictions": scores}))
    with pytest.raises(NetworkError, match="no output named 'scores', only predictions"):
        load_network(path, CONTRACT)


def test_files_that_are_no_network_are_refused(tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("not a network")
    weights = tmp_path / "weights.h5"
    with h5py.File(weights, "w") as file:
        file["kernel"] = np.zeros(3)
    for path, message in (
        (tmp_path / "none.h5", "no such file"),
        (text, "not an HDF5 file"),
        (weights, "holds weights only"),
    ):
        with pytest.raises(NetworkError, match=message):
            load_network(path, CONTRACT)


def test_unknown_layer_is_refused_by_name(tmp_path):
    path = save_network(tmp_path / "own.h5", build_network())
    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        file.attrs["model_config"] = config.replace('"ReLU"', '"Swirl"')
    with pytest.raises(NetworkError, match=r"Keras cannot load it: .*Swirl"):
        load_network(path, CONTRACT)


def test_layer_without_an_operation_is_named(tmp_path):
    model = build_network(middle=lambda x: keras.ops.erfinv(x * 0.01))
    with pytest.raises(NetworkError, match=r"to TFLite: erfinv\w* \(operation Erfinv\)"):
        tflite.convert_tflite(model, "float32", "source")
    model.export(tmp_path / "saved", format="tf_saved_model", verbose=False)
    with pytest.raises(NetworkError, match=r"to TF\.js: Erfinv"):
        tfjs.convert_tfjs(tmp_path / "saved", tmp_path / "out", ("float32",), "source")


def test_refused_network_changes_nothing(tmp_path, capsys):
    out = tmp_path / "models"
    (out / "tflite").mkdir(parents=True)
    (out / "tflite" / "old.tflite").write_bytes(b"old")
    path = save_network(tmp_path / "own.h5", build_network(labels=5))
    assert main([str(path), "--out", str(out)]) == 2
    assert "has 5 values" in capsys.readouterr().err
    assert [file.name for file in out.rglob("*") if file.is_file()] == ["old.tflite"]


# ---- a network of one's own ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """What `make convert MODEL=own.h5` makes, without data."""
    folder = tmp_path_factory.mktemp("own")
    path = save_network(folder / "own.h5", build_network())
    assert main([str(path), "--out", str(folder / "models")]) == 0
    return path, folder / "models"


def test_own_network_gets_every_artifact(own):
    path, models = own
    assert (models / "emoji.h5").read_bytes() == path.read_bytes()
    sizes = {a.name: describe_artifact(models, a)["bytes"] for a in list_networks(CONTRACT)}
    assert len(sizes) == len(CONTRACT.artifacts["tflite"]) + len(CONTRACT.artifacts["tfjs"])
    assert all(size > 1000 for size in sizes.values())
    record = json.loads((models / "tflite/calibration.json").read_text())
    assert record["source"] == SUBSTITUTE
    assert record["model_sha256"] == golden.find_sha256(path)
    assert len(record["ids"]) >= 40
    assert not any(name.startswith(("noise", "constant")) for name in record["ids"])


def test_own_network_says_what_keras_says(own):
    path, models = own
    goldens = golden.read_golden(models / "golden/golden.json", CONTRACT)
    assert goldens.model_sha256 == golden.find_sha256(path)
    faces = goldens.all_faces[::4]
    pixels = np.stack([face.pixels for face in faces])
    expected = Answers(*predict_network(load_network(path, CONTRACT), pixels, CONTRACT))
    stored = np.array([face.scores for face in faces])
    np.testing.assert_allclose(stored, expected.scores, atol=1e-6)
    inputs = {"golden": Inputs(pixels[..., None], [face.id for face in faces], expected)}
    runs = measure_networks(models, CONTRACT, inputs, ("litert",))
    largest = {name: run[0]["golden"]["scores"]["largest"] for name, run in runs.items()}
    assert largest["tflite/emoji-float32.tflite"] < 1e-5
    assert 0 < largest["tflite/emoji-float16.tflite"] < 1e-2
    assert 0 < largest["tflite/emoji-int8.tflite"] < 0.1


# ---- reproducible --------------------------------------------------------------------------------


def test_same_network_gives_the_same_tflite():
    source = golden.find_sha256(MODELS / "emoji.h5")
    model = load_network(MODELS / "emoji.h5", CONTRACT)
    for variant in ("float32", "dynamic"):
        data = tflite.convert_tflite(model, variant, source)
        assert data == (MODELS / CONTRACT.artifacts["tflite"][variant]).read_bytes()


def test_same_network_gives_the_same_graph_models(tmp_path):
    source = golden.find_sha256(MODELS / "emoji.h5")
    model = load_network(MODELS / "emoji.h5", CONTRACT)
    model.export(tmp_path / "saved", format="tf_saved_model", verbose=False)
    variants = tuple(CONTRACT.artifacts["tfjs"])
    tfjs.convert_tfjs(tmp_path / "saved", tmp_path / "out", variants, source)
    for variant, name in CONTRACT.artifacts["tfjs"].items():
        shipped = {f.name: f.read_bytes() for f in (MODELS / name).parent.iterdir()}
        made = {f.name: f.read_bytes() for f in (tmp_path / "out" / variant).iterdir()}
        assert made == shipped, variant


def test_same_detector_gives_the_same_graph_model(tmp_path):
    file = MODELS / CONTRACT.detectors["short"].file
    blazeface.save_detector(file, tmp_path / "saved")
    tfjs.convert_tfjs(tmp_path / "saved", tmp_path, ("float16",), golden.find_sha256(file))
    for made in (tmp_path / "float16").iterdir():
        assert made.read_bytes() == (MODELS / "face/tfjs-short" / made.name).read_bytes()


def test_unknown_operation_of_a_detector_is_named(monkeypatch, tmp_path):
    monkeypatch.delitem(blazeface.BUILDERS, "MAX_POOL_2D")
    with pytest.raises(blazeface.RebuildError, match="MAX_POOL_2D"):
        blazeface.save_detector(MODELS / CONTRACT.detectors["short"].file, tmp_path)


# ---- calibration -------------------------------------------------------------------------------


def test_calibration_is_balanced_and_repeatable():
    labels = np.random.default_rng(0).integers(0, 7, 2000)
    rows = tflite.pick_calibration(labels)
    assert np.bincount(labels[rows]).tolist() == [60] * 7
    assert len(set(rows.tolist())) == 420
    np.testing.assert_array_equal(rows, tflite.pick_calibration(labels))
    assert not np.array_equal(rows, tflite.pick_calibration(labels, seed=1))
    with pytest.raises(ValueError, match="12 pictures of label 1, int8 needs 60"):
        tflite.pick_calibration(np.repeat([0, 1], [100, 12]))


def test_goldens_stand_in_for_calibration_pictures():
    goldens = golden.read_golden(MODELS / "golden/golden.json", CONTRACT)
    pictures, record = choose_calibration(None, goldens, CONTRACT)
    assert record["source"] == SUBSTITUTE
    assert pictures.shape == (len(record["ids"]), 48, 48)
    by_id = {face.id: face.pixels for face in goldens.all_faces}
    for pixels, name in zip(pictures, record["ids"], strict=True):
        np.testing.assert_array_equal(pixels, by_id[name])  # 48x48 gray passes unchanged


def test_int8_is_kept_for_its_own_network_only(tmp_path):
    out, new = tmp_path / "out", tmp_path / "new"
    name = CONTRACT.artifacts["tflite"]["int8"]
    tflite.write_artifact(out / name, b"calibrated")
    assert not keep_int8(out, new, CONTRACT, "abc")
    for source, network, kept in (
        (TRAINED, "abc", True),
        (TRAINED, "x", False),
        ("", "abc", False),
    ):
        record = json.dumps({"source": source, "model_sha256": network})
        (out / "tflite/calibration.json").write_text(record)
        assert keep_int8(out, new, CONTRACT, "abc") == kept
    assert (new / name).read_bytes() == b"calibrated"


def test_int8_keeps_its_ends_float():
    data = tflite.convert_tflite(build_network(), "float32", "source")
    names = tflite.find_ends(data)
    assert len(names) == 6  # rescaling (2), first and last convolution, mean, softmax
    assert "rescaling" in names[0]


# ---- goldens -----------------------------------------------------------------------------------


def test_goldens_are_what_the_project_promises():
    goldens = golden.read_golden(MODELS / "golden/golden.json", CONTRACT)
    assert len(goldens.faces) >= 48
    assert len({face.id for face in goldens.faces}) == len(goldens.faces)
    assert len(goldens.photos) == 8
    assert goldens.labels == CONTRACT.labels
    assert goldens.model_sha256 == golden.find_sha256(MODELS / "emoji.h5")
    files = [file for file in (MODELS / "golden").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 700_000
    counts = {photo.file: len(photo.faces) for photo in goldens.photos}
    assert counts["photos/group.jpg"] == 4
    assert sum(counts.values()) == 11


def test_goldens_hold_keras_answers():
    goldens = golden.read_golden(MODELS / "golden/golden.json", CONTRACT)
    faces = goldens.all_faces
    model = load_network(MODELS / "emoji.h5", CONTRACT)
    scores, logits = predict_network(model, np.stack([f.pixels for f in faces]), CONTRACT)
    np.testing.assert_allclose([f.scores for f in faces], scores, atol=2e-6)
    np.testing.assert_allclose([f.logits for f in faces], logits, atol=5e-5)
    np.testing.assert_allclose(softmax(logits), scores, atol=1e-6)


def test_new_network_changes_answers_only(tmp_path):
    goldens = golden.read_golden(MODELS / "golden/golden.json", CONTRACT)
    golden.answer_faces(goldens, lambda x: (np.full((len(x), 7), 1 / 7), np.zeros((len(x), 7))))
    golden.write_golden(tmp_path / "golden.json", goldens)
    before = json.loads((MODELS / "golden/golden.json").read_text())
    after = json.loads((tmp_path / "golden.json").read_text())
    assert after["faces"][0]["scores"] == [0.142857143] * 7
    for values in (before, after):
        for face in values["faces"] + [f for p in values["photos"] for f in p["faces"]]:
            del face["scores"], face["logits"]
    assert before == after


def test_damaged_goldens_are_refused(tmp_path):
    path = tmp_path / "golden.json"
    path.write_text("{")
    with pytest.raises(golden.GoldenError, match="cannot be read"):
        golden.read_golden(path, CONTRACT)
    with pytest.raises(golden.GoldenError, match="has 3 pixels, expected 2304"):
        golden.decode_pixels(golden.encode_pixels(np.zeros(3, np.uint8)), 48)
