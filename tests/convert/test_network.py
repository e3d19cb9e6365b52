"""A network is converted only if it keeps the contract; what it breaks is said in one line."""

import h5py
import numpy as np
import pytest
from emoji_edge.contract import load_contract

from convert.network import NetworkError, open_network, predict_network, softmax
from tests.helpers.small_networks import build_network, save_network

CONTRACT = load_contract()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 64}, "takes input [64, 64, 1], the contract says [48, 48, 1]"),
        ({"channels": 3}, "takes input [48, 48, 3], the contract says [48, 48, 1]"),
        ({"labels": 8}, "has 8 values, but the contract names 7 labels (angry, disgust"),
        ({"name": "face"}, "its input is named 'face', the contract says 'image'"),
        ({"sharpness": 0.5}, "are not the softmax of the mean of its 'evidence'"),
        ({"label_sum": 2.0}, "its 'label_scores' are no shares that add up to 1"),
        ({"leave_out": ("scores",)}, "has no output named 'scores', only evidence, label_scores"),
        ({"leave_out": ("label_scores",)}, "has no output named 'label_scores', only evidence, "),
    ],
)
def test_network_that_breaks_the_contract_is_refused(tmp_path, change, message):
    path = save_network(tmp_path / "own.h5", build_network(**change))
    with pytest.raises(NetworkError) as caught:
        open_network(path, CONTRACT)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


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
            open_network(path, CONTRACT)


def test_unknown_layer_is_refused_by_name(tmp_path):
    path = save_network(tmp_path / "own.h5", build_network())
    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        file.attrs["model_config"] = config.replace('"ReLU"', '"Swirl"')
    with pytest.raises(NetworkError, match=r"Keras cannot load it: .*Swirl"):
        open_network(path, CONTRACT)


def test_a_prediction_has_both_heads_and_the_logits_of_scores():
    pixels = np.random.default_rng(1).integers(0, 256, (3, 48, 48), np.uint8)
    found = predict_network(build_network(), pixels, CONTRACT)
    assert len(found) == 3
    np.testing.assert_allclose(softmax(found.logits), found.scores, atol=1e-6)
    np.testing.assert_allclose(found.label_scores.sum(axis=1), 1, atol=1e-6)
    assert np.abs(found.scores - found.label_scores).max() > 0.01
    last = found.select(slice(2, None))
    np.testing.assert_array_equal(last.label_scores, found.label_scores[2:])
