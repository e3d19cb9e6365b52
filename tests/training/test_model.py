"""The network's promises, and those of the shipped one."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from training.dlib import build_dlib
from training.folder import build_network
from training.model import (
    CONTRACT,
    EVIDENCES,
    HEADS,
    build_model,
    count_multiply_adds,
    predict_scores,
)

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def shipped():
    return keras.models.load_model(MODELS / "emoji.h5", compile=False)


def test_shipped_network_has_the_contract_s_input_and_outputs(shipped):
    assert shipped.input.name == CONTRACT.input_name
    assert shipped.input.shape == (None, 48, 48, 1)
    assert set(shipped.output) == {"scores", "label_scores", "evidence"}
    assert shipped.output["scores"].shape == shipped.output["label_scores"].shape == (None, 7)
    assert shipped.output["evidence"].shape[-1] == 7
    assert shipped.count_params() <= 2_000_000


def test_scores_are_the_softmax_of_the_mean_evidence(shipped):
    faces = np.random.default_rng(0).uniform(0, 255, (4, 48, 48, 1)).astype(np.float32)
    outputs = {name: np.asarray(value) for name, value in shipped(faces).items()}
    logits = outputs["evidence"].mean(axis=(1, 2))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert outputs["scores"] == pytest.approx(expected, abs=1e-5)


def test_rescaling_is_inside_the_network(shipped):
    layer = next(layer for layer in shipped.layers if isinstance(layer, keras.layers.Rescaling))
    assert np.asarray(layer(np.array([[0.0, 255.0]]))) == pytest.approx(np.array([[-1.0, 1.0]]))


def test_report_describes_the_shipped_network(shipped):
    history = json.loads((MODELS / "report.json").read_text())["history"]
    assert history["network"]["parameters"] == shipped.count_params()
    network = build_network(history["settings"])
    assert history["network"]["multiply_adds"] == count_multiply_adds(network)
    assert history["temperature"] == CONTRACT.temperature
    assert history["not_sure_below"] == CONTRACT.not_sure_below


@pytest.mark.parametrize("build", [build_model, build_dlib])
def test_any_picture_size_gives_the_same_network(build):
    small, any_size = build(size=32), build(size=None)
    any_size.set_weights(small.get_weights())
    faces = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype(np.float32)
    for name in ("scores", "label_scores", "evidence"):
        assert np.asarray(any_size(faces)[name]) == pytest.approx(np.asarray(small(faces)[name]))


def test_each_head_reads_the_same_last_map():
    network = build_model(size=32)
    faces = np.random.default_rng(0).uniform(0, 255, (2, 32, 32)).astype(np.float32)
    before = predict_scores(network, faces)
    assert before.shape == (2, 2, 7)
    assert [network.get_layer(name).count_params() for name in EVIDENCES] == [1239, 1239]
    layer = network.get_layer(EVIDENCES[HEADS.index("label_scores")])
    layer.set_weights([values + 1 for values in layer.get_weights()[:1]] + [np.arange(7.0)])
    after = predict_scores(network, faces)
    assert (after[:, 0] == before[:, 0]).all()
    assert (after[:, 1] != before[:, 1]).any()
