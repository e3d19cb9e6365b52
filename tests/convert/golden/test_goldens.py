"""The goldens: what they hold, and that a new network changes what Keras says and nothing else."""

import json

import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from emoji_edge.network import hash_file
from emoji_edge.selftest import GoldenError

from convert.golden.goldens import FILE, answer_faces, read_golden_set, write_golden_set
from convert.network import open_network, predict_network, softmax
from convert.prediction import Prediction

CONTRACT = load_contract()
MODELS = find_models()
NETWORK = MODELS / CONTRACT.artifacts["keras"]


def test_goldens_are_what_the_project_promises():
    golden = read_golden_set(MODELS, CONTRACT)
    assert len(golden.faces) >= 48
    assert len({face.id for face in golden.faces}) == len(golden.faces)
    assert len(golden.photos) == 11
    assert golden.labels == CONTRACT.labels
    assert golden.model_sha256 == hash_file(NETWORK)
    files = [file for file in (MODELS / "golden").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 800_000
    counts = {photo.file: len(photo.faces) for photo in golden.photos}
    assert counts["photos/group.jpg"] == 4
    assert counts["photos/crowd.webp"] == 12
    assert sum(counts.values()) == 26
    rolls = {face.roll for photo in golden.photos for face in photo.faces if face.roll}
    assert any(abs(roll) > 90 for roll in rolls)


def test_goldens_hold_what_keras_says():
    golden = read_golden_set(MODELS, CONTRACT)
    pixels = np.stack([face.pixels for face in golden.all_faces])
    found = predict_network(open_network(NETWORK, CONTRACT), pixels, CONTRACT)
    stored = golden.predict()
    np.testing.assert_allclose(stored.scores, found.scores, atol=2e-6)
    np.testing.assert_allclose(stored.label_scores, found.label_scores, atol=2e-6)
    np.testing.assert_allclose(stored.logits, found.logits, atol=5e-5)
    np.testing.assert_allclose(softmax(stored.logits), stored.scores, atol=1e-6)


def test_new_network_changes_what_keras_says_only(tmp_path):
    golden = read_golden_set(MODELS, CONTRACT)
    zeros = np.zeros((len(golden.all_faces), 7))
    answer_faces(golden, lambda _: Prediction(zeros + 1 / 7, zeros + np.eye(7)[3], zeros))
    write_golden_set(tmp_path / FILE, golden)
    before = json.loads((MODELS / FILE).read_text())
    after = json.loads((tmp_path / FILE).read_text())
    assert after["faces"][0]["scores"] == [0.142857143] * 7
    assert after["faces"][0]["label_scores"] == [0, 0, 0, 1, 0, 0, 0]
    for values in (before, after):
        for face in values["faces"] + [f for p in values["photos"] for f in p["faces"]]:
            del face["scores"], face["label_scores"], face["logits"]
    assert before == after


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: "{", "damaged"),
        (lambda text: text.replace('"label_scores"', '"scores_2"', 1), "damaged.*label_scores"),
        (lambda text: text.replace('"pixels": "', '"pixels": "AAAA', 1), "pixels, not 2304"),
    ],
)
def test_damaged_goldens_are_refused(tmp_path, damage, message):
    path = tmp_path / FILE
    path.parent.mkdir()
    path.write_text(damage((MODELS / FILE).read_text()))
    with pytest.raises(GoldenError, match=message):
        read_golden_set(tmp_path, CONTRACT)
