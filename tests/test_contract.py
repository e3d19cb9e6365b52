"""The contract is read and checked, and a bad one is named in one line."""

import copy
import json
from pathlib import Path

import pytest
from emoji_edge.contract import ContractError, load_contract

SHIPPED = Path(__file__).parents[1] / "models/contract.json"


def test_shipped_contract_is_read():
    contract = load_contract(SHIPPED)
    assert contract.labels == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    assert "".join(contract.emoji[label] for label in contract.labels) == "😡🤢😨😄😢😲😐"
    assert contract.input_size == 48
    assert (contract.scores_name, contract.evidence_name) == ("scores", "evidence")
    assert contract.top == 3


def remove(values, key):
    *path, last = key.split(".")
    for part in path:
        values = values[part]
    del values[last]


def put(values, key, value):
    *path, last = key.split(".")
    for part in path:
        values = values[part]
    values[last] = value


BAD = {
    "`labels` is missing": lambda v: remove(v, "labels"),
    "`input.size` is missing": lambda v: remove(v, "input.size"),
    "`labels` names one expression twice": lambda v: put(v, "labels", ["a", "a"]),
    "`labels` is not a list of at least two names": lambda v: put(v, "labels", ["happy"]),
    "`emoji` and `labels` differ in sad": lambda v: remove(v, "emoji.sad"),
    "`display_names` has an entry that is not a text": lambda v: put(v, "display_names.sad", 3),
    "`temperature` is 0, not within 0.05 to 20": lambda v: put(v, "temperature", 0),
    "`temperature` is '1', which has the wrong type": lambda v: put(v, "temperature", "1"),
    "`not_sure.score_below` is 2, not within 0 to 1": lambda v: put(v, "not_sure.score_below", 2),
    "`top` is 8, not within 1 to 7": lambda v: put(v, "top", 8),
    "`gray.weights` add up to 3, not 2^16": lambda v: put(v, "gray.weights", [1, 1, 1]),
    "`version` is 9, this program reads 1": lambda v: put(v, "version", 9),
    "`artifacts.tflite.best` is missing": lambda v: put(v, "artifacts.default.tflite", "best"),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_contract_is_named_in_one_line(tmp_path, message):
    values = copy.deepcopy(json.loads(SHIPPED.read_text(encoding="utf-8")))
    BAD[message](values)
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"{", "not JSON"), (b"\xff", "not JSON"), (b"[]", "is missing")],
)
def test_unreadable_contract_is_named(tmp_path, content, message):
    path = tmp_path / "contract.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ContractError, match=message) as caught:
        load_contract(path)
    assert "\n" not in str(caught.value)
