"""int8's pictures: as many of each label, the same again, and what stands in for them."""

import json

import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract

from convert.calibration import (
    RECORD,
    SUBSTITUTE,
    TRAINED,
    choose_calibration,
    is_calibrated,
    pick_balanced,
)
from convert.golden.goldens import read_golden_set
from training.data import DataError

CONTRACT = load_contract()
MODELS = find_models()


def test_calibration_is_balanced_and_repeatable():
    labels = np.random.default_rng(0).integers(0, 7, 4000)
    rows = pick_balanced(labels)
    assert np.bincount(labels[rows]).tolist() == [20] * 7
    assert len(set(rows.tolist())) == 140
    np.testing.assert_array_equal(rows, pick_balanced(labels))
    assert not np.array_equal(rows, pick_balanced(labels, seed=1))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.repeat([0, 1], [200, 12]), "12 pictures of label 1, int8 needs 20"),
        (np.array([], int), "no picture of the Training split"),
    ],
)
def test_too_few_pictures_are_refused(labels, message):
    with pytest.raises(DataError, match=message):
        pick_balanced(labels)


def test_goldens_stand_in_for_calibration_pictures():
    by_id = {face.id: face.pixels for face in read_golden_set(MODELS, CONTRACT).all_faces}
    pictures, record = choose_calibration(None, by_id, CONTRACT)
    assert record["source"] == SUBSTITUTE
    assert pictures.shape == (len(record["ids"]), 48, 48)
    for pixels, name in zip(pictures, record["ids"], strict=True):
        np.testing.assert_array_equal(pixels, by_id[name])  # 48x48 gray passes unchanged


@pytest.mark.parametrize(
    ("source", "network", "kept"),
    [(TRAINED, "abc", True), (TRAINED, "x", False), (SUBSTITUTE, "abc", False)],
)
def test_int8_is_kept_for_its_own_network_only(tmp_path, source, network, kept):
    name = CONTRACT.artifacts["tflite"]["int8"]
    (tmp_path / RECORD).parent.mkdir()
    (tmp_path / RECORD).write_text(json.dumps({"source": source, "model_sha256": network}))
    assert not is_calibrated(tmp_path, name, "abc")  # no file yet
    (tmp_path / name).write_bytes(b"calibrated")
    assert is_calibrated(tmp_path, name, "abc") == kept
