"""The contract is read and checked, and a bad one is named in one line."""

import copy
import json
from pathlib import Path

import fastjsonschema
import pytest
from emoji_edge.contract import ContractError, load_contract

SHIPPED = Path(__file__).parents[2] / "models/contract.json"


def test_shipped_contract_is_read():
    contract = load_contract(SHIPPED)
    assert contract.labels == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    assert "".join(contract.emoji[label] for label in contract.labels) == "😡🤢😨😄😢😲😐"
    assert contract.input_size == 48
    assert contract.scores_name == "scores"
    assert contract.label_scores_name == "label_scores"
    assert contract.evidence_name == "evidence"
    assert set(contract.temperature) == {"scores", "label_scores"}
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
    "it must contain ['labels'] properties": lambda v: remove(v, "labels"),
    "it must not contain {'colour'} properties": lambda v: put(v, "colour", 1),
    "`input` must contain ['size'] properties": lambda v: remove(v, "input.size"),
    "`labels` must contain unique items": lambda v: put(v, "labels", ["a", "a"]),
    "`labels` must contain at least 2 items": lambda v: put(v, "labels", ["happy"]),
    "`emoji` and `labels` differ in sad": lambda v: remove(v, "emoji.sad"),
    "`display_names.sad` must be string": lambda v: put(v, "display_names.sad", 3),
    "`temperature.scores` must be bigger than or equal to 0.05": lambda v: put(
        v, "temperature.scores", 0
    ),
    "`temperature.label_scores` must be number": lambda v: put(v, "temperature.label_scores", "1"),
    "`not_sure.score_below` must be smaller than or equal to 1": lambda v: put(
        v, "not_sure.score_below", 2
    ),
    "`top` must be integer": lambda v: put(v, "top", True),
    "`top` is 8, there are 7 labels": lambda v: put(v, "top", 8),
    "`gray.weights` add up to 3, not 2^16": lambda v: put(v, "gray.weights", [1, 1, 1]),
    "`version` is 9, this program reads 1": lambda v: put(v, "version", 9),
    "it must contain ['version'] properties": lambda v: remove(v, "version"),
    "`artifacts.tflite.best` is missing": lambda v: put(v, "artifacts.default.tflite", "best"),
    "`gates.artifacts.int8` is missing": lambda v: remove(v, "gates.artifacts.int8"),
    "`detector.models.back.grids[0]` must be array": lambda v: put(
        v, "detector.models.back.grids", [1]
    ),
}


def test_a_checker_without_the_quick_choice_serves(tmp_path, monkeypatch):
    """As Debian 12's fastjsonschema: it has no detailed_exceptions."""
    newer = fastjsonschema.compile

    def compile_as_before(definition, handlers=None, formats=None, use_default=True):
        return newer(definition, handlers or {}, formats or {}, use_default)

    monkeypatch.setattr(fastjsonschema, "compile", compile_as_before)
    assert load_contract(SHIPPED).input_size == 48
    values = json.loads(SHIPPED.read_text(encoding="utf-8"))
    remove(values, "labels")
    (tmp_path / "contract.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ContractError, match="it must contain"):
        load_contract(tmp_path / "contract.json")


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
    [
        (None, "cannot be read"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "must be object"),
    ],
)
def test_unreadable_contract_is_named(tmp_path, content, message):
    path = tmp_path / "contract.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ContractError, match=message) as caught:
        load_contract(path)
    assert "\n" not in str(caught.value)


def test_the_schema_explains_every_key_at_the_top():
    schema = json.loads(SHIPPED.with_name("contract.schema.json").read_text(encoding="utf-8"))
    unexplained = [key for key, rule in schema["properties"].items() if not rule.get("description")]
    assert unexplained == []
    assert set(schema["properties"]) == set(schema["required"])


def test_every_file_that_the_contract_names_is_there():
    values = json.loads(SHIPPED.read_text(encoding="utf-8"))
    files = [values["artifacts"]["keras"]]
    files += [*values["artifacts"]["tflite"].values(), *values["artifacts"]["tfjs"].values()]
    for detector in values["detector"]["models"].values():
        files += [detector["file"], detector["tfjs"]]
    assert [file for file in files if not (SHIPPED.parent / file).is_file()] == []
