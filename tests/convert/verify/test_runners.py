"""The real runtimes: they run what ships, in any batch, and one that crashes spares the others."""

import numpy as np
import pytest
from emoji_edge.contract import find_models, load_contract

from convert.golden.goldens import read_golden_set
from convert.verify import gate
from convert.verify.measure import measure_networks, read_prediction, take_golden
from convert.verify.runners import Job, RuntimeOptions, run_jobs

CONTRACT = load_contract()
MODELS = find_models()
FLOAT32 = CONTRACT.artifacts["tflite"]["float32"]
LIMITS = {"float32": 1e-5, "float16": 1e-2, "dynamic": 0.3, "int8": 0.5}


def test_browser_says_what_keras_says_in_any_batch():
    inputs = take_golden(read_golden_set(MODELS, CONTRACT)).thin(6)
    model = MODELS / CONTRACT.artifacts["tfjs"]["float32"]
    runs = [
        RuntimeOptions("chromium", "wasm"),
        RuntimeOptions("chromium", "wasm", batch=8),
        RuntimeOptions("chromium", "webgl", batch=8),
        RuntimeOptions("node", "cpu", batch=8),
    ]
    results = run_jobs([Job(model, inputs.pixels, options) for options in runs])
    for options, result in zip(runs, results, strict=True):
        assert result.error == "", options
        found = read_prediction(result, CONTRACT)
        limit = gate.find_limit("float32", options.backend, CONTRACT)
        for head in ("scores", "label_scores"):
            expected = getattr(inputs.expected, head)
            np.testing.assert_allclose(getattr(found, head), expected, rtol=0, atol=limit)


def test_runtimes_of_small_devices_agree():
    inputs = take_golden(read_golden_set(MODELS, CONTRACT)).thin(4)
    runs = measure_networks(MODELS, CONTRACT, {"golden": inputs}, ("tflite-runtime",))
    assert [run["threads"] for run in runs[FLOAT32]] == [1, 2]
    for variant, name in CONTRACT.artifacts["tflite"].items():
        for run in runs[name]:
            assert run["version"] == "tflite-runtime 2.14.0"
            for head in ("scores", "label_scores"):
                assert run["golden"][head]["largest"] < LIMITS[variant]


def test_job_that_crashes_a_runtime_spares_the_others(tmp_path):
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes((MODELS / FLOAT32).read_bytes()[:3000])
    pixels = np.zeros((2, 48, 48, 1), np.uint8)
    litert = RuntimeOptions("litert")
    first, second = run_jobs([Job(damaged, pixels, litert), Job(MODELS / FLOAT32, pixels, litert)])
    assert first.error
    assert second.error == ""
    assert len(second.times) == 2


@pytest.mark.parametrize(
    ("options", "title"),
    [
        (RuntimeOptions("litert"), "litert, 1 thread"),
        (RuntimeOptions("tflite-runtime", threads=2), "tflite-runtime, 2 threads"),
        (RuntimeOptions("chromium", "webgl", batch=8), "chromium webgl, batch 8"),
    ],
)
def test_options_are_named_once_for_report_and_documents(options, title):
    assert options.describe()["title"] == title
