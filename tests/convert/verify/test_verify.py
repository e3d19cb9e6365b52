"""Verification: it passes what ships, and fails each kind of damage with a line that tells which.

The damage is done to a small network whose heads differ, so that it takes seconds.
"""

import copy
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from emoji_edge.network import hash_file
from tensorflow.lite.tools import flatbuffer_utils

from convert import tflite
from convert.artifacts import hash_bases, list_detectors, list_networks, weigh_artifact
from convert.network import open_network
from convert.verify.__main__ import main
from convert.verify.checks import check_models
from models.report import read_report
from tests.helpers.small_networks import build_network

SHIPPED = find_models()
CONTRACT = load_contract()
FLOAT32 = CONTRACT.artifacts["tflite"]["float32"]
GRAPH = CONTRACT.artifacts["tfjs"]["float32"]
LITERT = ("litert",)


@pytest.fixture
def models(proved, tmp_path) -> Path:
    """A copy of the small network's models, to be damaged."""
    shutil.copytree(proved, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def section(proved) -> dict:
    """The report's section of the small network, to be changed."""
    return copy.deepcopy(read_report(proved / "report.json")["artifacts"])


def trust_files(models: Path, section: dict) -> dict:
    """The section as if it had been written for these files, so that hashes say nothing."""
    contract = load_contract(models / "contract.json")
    for artifact in list_networks(contract) + list_detectors(contract):
        section["files"][artifact.name] |= weigh_artifact(models, artifact)
    section["inputs"] = hash_bases(models, contract)
    return section


def change_weight(path: Path) -> None:
    """Add one to one weight of the last convolution of a float32 .tflite."""
    model = flatbuffer_utils.read_model(str(path))
    (graph,) = model.subgraphs
    last = [op for op in graph.operators if isinstance(op.builtinOptions, tflite.CONVOLUTIONS)][-1]
    buffer = model.buffers[graph.tensors[last.inputs[1]].buffer]
    weights = np.frombuffer(bytes(buffer.data), np.float32).copy()
    weights[5] += 1
    buffer.data = np.frombuffer(weights.tobytes(), np.uint8)
    path.write_bytes(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))


def swap_heads(path: Path) -> None:
    """Let the signature of a .tflite or a graph model name each head's scores as the other's."""
    first, second = CONTRACT.scores_name, CONTRACT.label_scores_name
    if path.suffix == ".json":
        values = json.loads(path.read_text())
        outputs = values["signature"]["outputs"]
        outputs[first], outputs[second] = outputs[second], outputs[first]
        path.write_text(json.dumps(values))
        return
    model = flatbuffer_utils.read_model(str(path))
    entries = {entry.name.decode(): entry for entry in model.signatureDefs[0].outputs}
    one, other = entries[first], entries[second]
    one.tensorIndex, other.tensorIndex = other.tensorIndex, one.tensorIndex
    path.write_bytes(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))


def put_network(models: Path, model: keras.Model, source: str) -> None:
    """Put another network's float32 in the place of this one's."""
    (models / FLOAT32).write_bytes(tflite.convert_tflite(model, "float32", source))


# ---- what ships ----------------------------------------------------------------------------------


def test_shipped_models_hold_the_gate():
    assert check_models(SHIPPED, read_report()["artifacts"], LITERT) == []


def test_shipped_models_were_measured_on_every_picture_and_runtime():
    shipped = read_report()["artifacts"]
    assert shipped["evaluation"]["pictures"] == 3589
    assert len(shipped["calibration"]["ids"]) == 140
    for artifact in list_networks(CONTRACT):
        runs = shipped["files"][artifact.name]["runs"]
        whole = {r["runtime"] for r in runs if r.get("evaluation", {}).get("pictures") == 3589}
        assert whole == (
            {"litert", "tflite-runtime"} if artifact.kind == "tflite" else {"node", "chromium"}
        )


# ---- measuring -----------------------------------------------------------------------------------


def test_every_run_measures_both_heads_by_their_own_truth(section):
    keras = section["evaluation"]["keras"]
    assert section["evaluation"]["pictures"] == 42
    assert keras["label_scores"]["judged"] == 42
    assert keras["scores"]["judged"] <= 42  # only where the voters have a majority
    assert keras["scores"]["accuracy"] != keras["label_scores"]["accuracy"]
    for artifact in list_networks(CONTRACT):
        for run in section["files"][artifact.name]["runs"]:
            assert "error" not in run, (artifact.name, run)
            for head in ("scores", "label_scores"):
                assert 0 <= run["golden"][head]["largest"] <= 1
                if "evaluation" in run:
                    assert run["evaluation"][head]["top1"] > 0.5
    exact = section["files"][FLOAT32]["runs"][0]["evaluation"]
    assert exact["scores"]["accuracy"] == keras["scores"]["accuracy"]
    assert exact["label_scores"]["macro_f1"] == pytest.approx(keras["label_scores"]["macro_f1"])
    assert exact["latency_ratio"] == 1.0


def test_data_without_evaluation_pictures_is_refused(models, tmp_path, capsys):
    missing = tmp_path / "none"
    before = (models / "report.json").read_bytes()
    assert main([str(missing), "--models", str(models)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert (models / "report.json").read_bytes() == before


def test_new_goldens_are_measured_alone_and_the_rest_is_kept(models, section, capsys):
    report, golden = models / "report.json", models / "golden/golden.json"
    values = json.loads(golden.read_text())
    del values["faces"][10:]
    golden.write_text(json.dumps(values))
    (line,) = check_models(models, section, ())
    assert line.startswith("golden/golden.json: is not the one of the report")
    assert main(["--models", str(models), "--goldens"]) == 0
    renewed = read_report(report)["artifacts"]
    assert renewed["golden"]["faces"] == 10
    run, before = (part["files"][FLOAT32]["runs"][0] for part in (renewed, section))
    assert run["evaluation"] == before["evaluation"]
    assert run["golden"]["pictures"] < before["golden"]["pictures"]
    assert check_models(models, renewed, ()) == []
    capsys.readouterr()
    change_weight(models / FLOAT32)
    assert main(["--models", str(models), "--goldens"]) == 2
    assert f"{FLOAT32}: not the one of the report; measure it with DATA" in capsys.readouterr().err
    assert read_report(report)["artifacts"] == renewed


def test_a_key_that_no_measure_rests_on_may_change(models, section):
    path = models / "contract.json"
    contract = json.loads(path.read_text())
    contract["not_sure"]["score_below"] = 0.4
    path.write_text(json.dumps(contract))
    assert check_models(models, section, ()) == []
    contract["gates"]["webgl"] = 0.002
    path.write_text(json.dumps(contract))
    (line,) = check_models(models, section, ())
    assert line.startswith("contract.json: is not the one of the report")


# ---- negative controls ---------------------------------------------------------------------------


def test_one_changed_weight_fails_by_hash_and_by_scores(models, section):
    change_weight(models / FLOAT32)
    (line,) = check_models(models, section, LITERT)
    assert line.startswith(f"{FLOAT32}: its sha256 is not the report's: some of its bytes were")
    assert "largest difference" in line
    (line,) = check_models(models, trust_files(models, section), LITERT)
    assert line.startswith(f"{FLOAT32}: now, litert, 1 thread, golden, ")
    assert "allowed 1e-05" in line


def test_one_changed_weight_of_a_graph_model_fails_in_its_runtime(models, section):
    (weights,) = (models / GRAPH).parent.glob("*.bin")
    values = np.fromfile(weights, np.float32)
    values[len(values) // 2] += 3
    values.tofile(weights)
    lines = check_models(models, trust_files(models, section), ("node",))
    assert [line.split(":")[0] for line in lines] == [GRAPH]
    assert "now, node wasm, batch 1, golden, scores: largest difference" in lines[0]


@pytest.mark.parametrize(
    ("file", "runtime", "title"),
    [(FLOAT32, "litert", "litert, 1 thread"), (GRAPH, "node", "node wasm, batch 1")],
)
def test_swapped_heads_fail_for_both(models, section, file, runtime, title):
    swap_heads(models / file)
    (line,) = check_models(models, trust_files(models, section), (runtime,))
    assert line.startswith(f"{file}: now, {title}, golden, scores: largest difference")
    assert f"{title}, golden, label_scores: " in line or "faults more" in line
    swap_heads(models / file)
    assert check_models(models, trust_files(models, section), (runtime,)) == []


def test_swapped_labels_fail(models, section):
    path = models / "contract.json"
    contract = json.loads(path.read_text())
    contract["labels"][0:2] = contract["labels"][1::-1]
    path.write_text(json.dumps(contract))
    lines = check_models(models, trust_files(models, section), LITERT)
    assert lines == ["contract.json: its labels are not the goldens'; out of place: disgust, angry"]


def test_doubled_rescaling_fails(models, section):
    network = open_network(models / "emoji.h5", CONTRACT)
    image = keras.Input((48, 48, 1), name="image")
    twice = keras.Model(image, network(keras.layers.Rescaling(1 / 127.5, offset=-1)(image)))
    put_network(models, twice, hash_file(models / "emoji.h5"))
    (line,) = check_models(models, trust_files(models, section), LITERT)
    assert line.startswith(f"{FLOAT32}: now, litert, 1 thread, golden, scores: largest difference")
    assert "top-1 agreement" in line


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_truncated_file_fails(models, section, variant):
    name = CONTRACT.artifacts["tflite"][variant]
    whole = (models / name).read_bytes()
    (models / name).write_bytes(whole[: len(whole) * 2 // 3])
    (line,) = check_models(models, section, LITERT)
    assert line.startswith(f"{name}: has {len(whole) * 2 // 3} bytes, the report says {len(whole)}")
    assert "; now, litert, 1 thread: does not run: " in line


def test_truncated_graph_model_fails(models, section):
    name = CONTRACT.artifacts["tfjs"]["uint16"]
    (models / name).write_text((models / name).read_text()[:-100])
    lines = check_models(models, section, LITERT)
    assert lines == [f"{name}: damaged: not a TF.js graph model"]


def test_artifact_of_another_model_fails(models, section):
    put_network(models, build_network(middle=lambda x: x * 2), "0" * 64)
    (line,) = check_models(models, trust_files(models, section), LITERT)
    assert line.startswith(f"{FLOAT32}: was made from another model; now, litert, 1 thread")


def test_missing_stray_and_unreported_files_fail(models, section):
    shutil.rmtree(models / "tfjs" / "float16")
    shutil.copyfile(models / FLOAT32, models / "tflite" / "mine.tflite")
    del section["files"]["face/back.tflite"]
    lines = check_models(models, section, LITERT)
    assert [line.split(":")[0] for line in lines] == [
        "tfjs/float16/model.json", "face/back.tflite", "tflite/mine.tflite",
    ]  # fmt: skip
    assert "no such file" in lines[0]
    assert "is not in the report" in lines[1]
    assert "is no artifact that the contract names" in lines[2]


def test_other_network_beside_the_artifacts_fails(models, section):
    build_network(sharpness=2).save(models / "emoji.h5")
    lines = check_models(models, section, LITERT)
    assert lines[0] == "golden/golden.json: holds the answers of another network than emoji.h5"
    assert lines[1].startswith("emoji.h5: is not the one of the report; measure again")
    made = sum("was made from another model" in line for line in lines)
    assert made == len(list_networks(CONTRACT))


def test_report_that_misses_a_row_fails(models, section):
    runs = section["files"]["tflite/emoji-float16.tflite"]["runs"]
    runs[0]["evaluation"]["label_scores"]["accuracy_change"] = -0.1
    del section["files"][FLOAT32]["runs"][1]["evaluation"]
    first, second = check_models(models, section, LITERT)
    assert first == f"{FLOAT32}: the report has no full run of it on litert, 2 threads"
    assert second == (
        "tflite/emoji-float16.tflite: litert, 1 thread, evaluation, label_scores: "
        "accuracy changes by -10.00 points, allowed 0.1"
    )


def test_the_gate_asks_the_contract_of_what_is_verified(models, section):
    path = models / "contract.json"
    contract = json.loads(path.read_text())
    contract["gates"]["artifacts"]["float16"]["score_difference"] = 1e-9
    path.write_text(json.dumps(contract))
    lines = check_models(models, trust_files(models, section), LITERT)
    assert {line.split(":")[0] for line in lines} == {
        CONTRACT.artifacts[kind]["float16"] for kind in ("tflite", "tfjs")
    }
    assert all("allowed 1e-09" in line for line in lines)


# ---- the command ---------------------------------------------------------------------------------


def test_check_writes_nothing_and_exits_with_the_gate(models, tmp_path, capsys):
    before = (models / "report.json").read_bytes()
    arguments = ["--models", str(models), "--runtimes", "litert"]
    assert main(arguments) == 0
    assert "every artifact holds its row" in capsys.readouterr().out
    change_weight(models / FLOAT32)
    assert main(arguments) == 1
    assert FLOAT32 in capsys.readouterr().err
    assert main([*arguments, "--report", str(tmp_path / "none.json")]) == 1
    assert "has no section `artifacts`" in capsys.readouterr().err
    assert (models / "report.json").read_bytes() == before


def test_missing_runtime_is_a_fault(models, section, monkeypatch):
    monkeypatch.setattr("convert.verify.runners.OLD_PYTHONS", ("python0",))
    monkeypatch.setattr("convert.verify.runners.make_tflite_env.__defaults__", (models / "none",))
    lines = check_models(models, section, ("tflite-runtime",))
    assert len(lines) == len(CONTRACT.artifacts["tflite"]) + len(CONTRACT.detectors)
    assert "does not run: tflite-runtime 2.14 needs one of python0" in lines[0]
