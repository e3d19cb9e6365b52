"""The gate: it passes what ships, and fails each kind of damage with a line that tells which."""

import copy
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract
from small_networks import build_network
from tensorflow.lite.tools import flatbuffer_utils

from convert import documents, gate, tflite
from convert.artifacts import describe_artifact, list_detectors, list_networks
from convert.checks import check_models
from convert.compare import Answers, compare_answers
from convert.golden import find_sha256, read_golden
from convert.measure import measure_networks, take_golden
from convert.network import load_network
from convert.report import REPORT, read_report
from convert.runners import Job, Setting, run_jobs
from convert.verify import main

CONTRACT = load_contract()
MODELS = find_models()
FLOAT32 = CONTRACT.artifacts["tflite"]["float32"]
LITERT = ("litert",)


@pytest.fixture
def models(tmp_path):
    """A copy of what ships, to be damaged."""
    shutil.copytree(MODELS, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def section():
    """The shipped report's section, to be changed."""
    return copy.deepcopy(read_report()["artifacts"])


def trust_files(models: Path, section: dict) -> dict:
    """The section as if it had been written for these files, so that hashes say nothing."""
    contract = load_contract(models / "contract.json")
    for artifact in list_networks(contract) + list_detectors(contract):
        section["files"][artifact.name] |= describe_artifact(models, artifact)
    section["inputs"] = {name: find_sha256(models / name) for name in section["inputs"]}
    return section


def change_weight(path: Path) -> None:
    """Add one to one weight of the last convolution of a float32 .tflite."""
    model = flatbuffer_utils.read_model(str(path))
    (graph,) = model.subgraphs
    (last,) = [op for op in graph.operators if isinstance(op.builtinOptions, tflite.CONVOLUTIONS)][
        -1:
    ]
    buffer = model.buffers[graph.tensors[last.inputs[1]].buffer]
    weights = np.frombuffer(bytes(buffer.data), np.float32).copy()
    weights[5] += 1
    buffer.data = np.frombuffer(weights.tobytes(), np.uint8)
    path.write_bytes(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))


def put_network(models: Path, model: keras.Model, source: str) -> None:
    """Ship another network's float32."""
    (models / FLOAT32).write_bytes(tflite.convert_tflite(model, "float32", source))


# ---- what ships ----------------------------------------------------------------------------------


def test_shipped_models_hold_the_gate(section):
    assert check_models(MODELS, section, LITERT) == []


def test_documents_say_what_the_report_says():
    assert documents.main(["--check"]) == 0
    text = (MODELS / "README.md").read_text(encoding="utf-8")
    for name, entry in read_report()["artifacts"]["files"].items():
        assert f"`{name}`" in text
        assert entry["sha256"] in text


def test_report_was_measured_on_every_picture_and_runtime(section):
    assert section["evaluation"]["pictures"] == 3589
    assert len(section["calibration"]["ids"]) == 420
    for artifact in list_networks(CONTRACT):
        runs = section["files"][artifact.name]["runs"]
        whole = {r["runtime"] for r in runs if r.get("evaluation", {}).get("pictures") == 3589}
        assert whole == (
            {"litert", "tflite-runtime"} if artifact.kind == "tflite" else {"node", "chromium"}
        )


def test_browser_says_what_keras_says_in_any_batch():
    inputs = take_golden(read_golden(MODELS / "golden/golden.json", CONTRACT)).thin(6)
    model = MODELS / CONTRACT.artifacts["tfjs"]["float32"]
    settings = [
        Setting("chromium", "wasm"),
        Setting("chromium", "wasm", batch=8),
        Setting("chromium", "webgl", batch=8),
        Setting("node", "cpu", batch=8),
    ]
    for setting, result in zip(
        settings, run_jobs([Job(model, inputs.pixels, s) for s in settings]), strict=True
    ):
        assert result.error == "", setting
        scores = result.outputs[CONTRACT.scores_name].reshape(-1, 7)
        limit = gate.find_limit("float32", setting.backend)
        np.testing.assert_allclose(scores, inputs.expected.scores, rtol=0, atol=limit)


def test_runtimes_of_small_devices_agree():
    inputs = take_golden(read_golden(MODELS / "golden/golden.json", CONTRACT)).thin(4)
    runs = measure_networks(MODELS, CONTRACT, {"golden": inputs}, ("tflite-runtime",))
    assert [run["threads"] for run in runs[FLOAT32]] == [1, 2]
    for name, entries in runs.items():
        for run in entries:
            assert run["version"] == "tflite-runtime 2.14.0"
            assert run["golden"]["scores"]["largest"] < (1e-5 if name == FLOAT32 else 0.3)


# ---- negative controls ---------------------------------------------------------------------------


def test_one_changed_weight_fails_by_hash_and_by_scores(models, section):
    change_weight(models / FLOAT32)
    (line,) = check_models(models, section, LITERT)
    assert line.startswith(f"{FLOAT32}: its sha256 is not the report's: some of its bytes were")
    assert "largest score difference" in line
    (line,) = check_models(models, trust_files(models, section), LITERT)
    assert line.startswith(f"{FLOAT32}: now, litert, 1 thread, golden: largest score difference")
    assert "allowed 1e-05" in line


def test_one_changed_weight_of_a_graph_model_fails_in_its_runtime(models, section):
    name = CONTRACT.artifacts["tfjs"]["float32"]
    (weights,) = (models / name).parent.glob("*.bin")
    values = np.fromfile(weights, np.float32)
    values[len(values) // 2] += 3
    values.tofile(weights)
    lines = check_models(models, trust_files(models, section), ("node",))
    assert [line.split(":")[0] for line in lines] == [name]
    assert "now, node wasm, batch 1, golden: largest score difference" in lines[0]


def test_swapped_labels_fail(models, section):
    path = models / "contract.json"
    contract = json.loads(path.read_text())
    contract["labels"][0:2] = contract["labels"][1::-1]
    path.write_text(json.dumps(contract))
    lines = check_models(models, trust_files(models, section), LITERT)
    assert lines == ["contract.json: its labels are not the goldens'; out of place: disgust, angry"]


def test_doubled_rescaling_fails(models, section):
    network = load_network(models / "emoji.h5", CONTRACT)
    image = keras.Input((48, 48, 1), name="image")
    twice = keras.Model(image, network(keras.layers.Rescaling(1 / 127.5, offset=-1)(image)))
    put_network(models, twice, find_sha256(models / "emoji.h5"))
    (line,) = check_models(models, trust_files(models, section), LITERT)
    assert line.startswith(f"{FLOAT32}: now, litert, 1 thread, golden: largest score difference")
    assert "top-1 agreement" in line


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_truncated_file_fails(models, section, variant):
    name = CONTRACT.artifacts["tflite"][variant]
    whole = (models / name).read_bytes()
    (models / name).write_bytes(whole[: len(whole) * 2 // 3])
    (line,) = check_models(models, section, LITERT)
    assert line.startswith(f"{name}: has {len(whole) * 2 // 3} bytes, the report says {len(whole)}")
    assert "; damaged: " in line


def test_truncated_graph_model_fails(models, section):
    name = CONTRACT.artifacts["tfjs"]["uint16"]
    (models / name).write_text((models / name).read_text()[:-100])
    lines = check_models(models, section, LITERT)
    assert lines == [f"{name}: damaged: not a TF.js graph model"]


def test_artifact_of_another_model_fails(models, section):
    put_network(models, build_network(), "0" * 64)
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
    build_network().save(models / "emoji.h5")
    lines = check_models(models, section, LITERT)
    assert lines[0] == "golden/golden.json: holds the answers of another network than emoji.h5"
    assert lines[1].startswith("emoji.h5: its sha256 is not the report's")
    assert sum("was made from another model" in line for line in lines) == len(
        list_networks(CONTRACT)
    )


def test_report_that_misses_a_row_fails(section):
    runs = section["files"]["tflite/emoji-int8.tflite"]["runs"]
    runs[0]["evaluation"]["accuracy_change"] = -0.02
    del section["files"][FLOAT32]["runs"][1]["evaluation"]
    first, second = check_models(MODELS, section, LITERT)
    assert first == f"{FLOAT32}: the report has no full run of it on litert, 2 threads"
    assert second == (
        "tflite/emoji-int8.tflite: litert, 1 thread, evaluation: "
        "accuracy changes by -2.00 points, allowed 0.3"
    )


# ---- the command ---------------------------------------------------------------------------------


def test_check_writes_nothing_and_exits_with_the_gate(models, tmp_path, capsys):
    before = REPORT.read_bytes()
    arguments = ["--models", str(models), "--runtimes", "litert"]
    assert main(arguments) == 0
    assert "every artifact holds its row" in capsys.readouterr().out
    change_weight(models / FLOAT32)
    assert main(arguments) == 1
    assert FLOAT32 in capsys.readouterr().err
    assert main([*arguments, "--report", str(tmp_path / "none.json")]) == 1
    assert "has no section `artifacts`" in capsys.readouterr().err
    assert (models / "report.json").read_bytes() == before == REPORT.read_bytes()


def test_missing_runtime_is_a_fault(models, section, monkeypatch):
    monkeypatch.setattr("convert.runners.OLD_PYTHONS", ("python0",))
    monkeypatch.setattr("convert.runners.make_tflite_env.__defaults__", (models / "none",))
    lines = check_models(models, section, ("tflite-runtime",))
    assert len(lines) == len(CONTRACT.artifacts["tflite"]) + len(CONTRACT.detectors)
    assert "does not run: tflite-runtime 2.14 needs one of python0" in lines[0]


# ---- measures ------------------------------------------------------------------------------------


def test_compare_answers_measures_what_it_says():
    expected = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8]], np.float32)
    found = expected.copy()
    found[1] = [0.35, 0.4, 0.25]
    found[2] = [0.1, 0.2, 0.7]
    logits = np.log(expected)
    values = compare_answers(
        Answers(expected, logits), Answers(found, logits + 0.5), ["a", "b", "c"], decided=0.2
    )
    assert values["pictures"] == 3
    assert values["scores"] == {"largest": 0.1, "mean": 0.05, "p99": 0.099}
    assert values["logits"]["largest"] == pytest.approx(0.5)
    assert values["top1"] == pytest.approx(2 / 3, abs=1e-6)
    assert values["top1_decided"] == 1.0  # Keras scores both labels of "b" within 0.2
    assert values["top3"] == 1.0
    assert values["worst"] == "c"


def test_answers_that_are_no_numbers_fail():
    expected = np.full((4, 7), 1 / 7, np.float32)
    found = expected.copy()
    found[2] = np.nan
    values = compare_answers(
        Answers(expected, expected), Answers(found, found), list("abcd"), decided=0.2
    )
    assert values["scores"]["largest"] == 1.0
    assert values["logits"]["largest"] is None
    assert values["worst"] == "c"
    assert gate.check_scores("float32", "wasm", values) == [
        "largest score difference 1 at c, allowed 1e-05"
    ]


@pytest.mark.parametrize(
    ("artifact", "largest", "missed", "changed", "faults"),
    [
        (("float32", "wasm"), 1e-5, 0, 0, []),
        (("float32", "wasm"), 1.1e-5, 0, 0, ["largest"]),
        (("float32", "webgl"), 9e-4, 0, 0, []),
        (("float32", "wasm"), 0, 1, 0, ["top-1"]),
        (("float32", "wasm"), 0, 0, 1, ["accuracy"]),
        (("uint16", "wasm"), 1e-3, 3, 1, []),
        (("uint16", "wasm"), 2e-3, 4, 2, ["largest", "top-1", "accuracy"]),
        (("float16", "wasm"), 1e-2, 17, 3, []),
        (("float16", "wasm"), 2e-2, 18, 4, ["largest", "top-1", "accuracy"]),
        (("int8", ""), 0.9, 53, -10, []),
        (("int8", ""), 0.9, 54, -11, ["top-1", "accuracy"]),
    ],
)
def test_gate_on_the_whole_evaluation(artifact, largest, missed, changed, faults):
    measures = {
        "pictures": 3589,
        "scores": {"largest": largest},
        "top1": 1 - missed / 3589,
        "accuracy_change": changed / 3589,
        "worst": "fer:1",
    }
    found = gate.check_scores(*artifact, measures)
    assert [line.split()[0] for line in found] == faults


def test_gate_on_a_few_pictures_allows_one_where_the_row_allows_any():
    assert [gate.count_allowed(share, 50) for share in (1.0, 0.999, 0.985)] == [0, 1, 1]
    assert gate.count_allowed(0.985, 3589) == 53


def test_gate_of_the_detectors():
    good = {"lost": [], "raw": 1e-4, "box": 0.01, "detection": 1e-5}
    assert gate.check_boxes(good) == []
    bad = {"lost": ["far.webp"], "raw": 1.0, "box": 0.6, "detection": 0.1}
    assert [line.split()[0] for line in gate.check_boxes(bad)] == ["finds", *["largest"] * 3]


def test_job_that_crashes_a_runtime_spares_the_others(tmp_path):
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes((MODELS / FLOAT32).read_bytes()[:3000])
    pixels = np.zeros((2, 48, 48, 1), np.uint8)
    first, second = run_jobs(
        [Job(damaged, pixels, Setting("litert")), Job(MODELS / FLOAT32, pixels, Setting("litert"))]
    )
    assert first.error
    assert second.error == ""
    assert len(second.times) == 2
