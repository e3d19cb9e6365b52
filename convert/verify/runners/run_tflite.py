"""Run TFLite jobs: python run_tflite.py ai_edge_litert|tflite_runtime JOBS.json

JOBS.json: [{model, input, shape, kind, threads, out}], paths. Writes OUT.NAME.bin (float32) for
each output and OUT.json with the facts, or with {error}. It stands alone, so that an environment
with nothing but numpy and a runtime can run it.
"""

import importlib
import importlib.metadata
import json
import sys
import time
from pathlib import Path

import numpy as np


def open_model(runtime, job):
    """Open a model; returns a function from one input to outputs by name."""
    interpreter = runtime.Interpreter(job["model"], num_threads=job["threads"])
    if interpreter.get_signature_list():
        run = interpreter.get_signature_runner()
        (name,) = run.get_input_details()
        return lambda x: run(**{name: x})
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()

    def run_plain(x):
        interpreter.set_tensor(entry["index"], x)
        interpreter.invoke()
        outputs = interpreter.get_output_details()
        return {output["name"]: interpreter.get_tensor(output["index"]) for output in outputs}

    return run_plain


def run_job(runtime, job):
    """Run a job, one input at a time; returns outputs by name, and milliseconds for each."""
    run = open_model(runtime, job)
    values = np.fromfile(job["input"], job["kind"]).reshape(job["shape"])
    outputs: dict = {}
    times = []
    for i in range(len(values)):
        x = values[i : i + 1].astype(np.float32)
        start = time.perf_counter()
        result = run(x)
        times.append(1000 * (time.perf_counter() - start))
        for name, array in result.items():
            outputs.setdefault(name, []).append(np.array(array))
    return {name: np.concatenate(arrays) for name, arrays in outputs.items()}, times


def main(package, jobs):
    """Run every job; one that fails is recorded and the others go on."""
    runtime = importlib.import_module(package + ".interpreter")
    distribution = package.replace("_", "-")
    version = f"{distribution} {importlib.metadata.version(distribution)}"
    for job in json.loads(Path(jobs).read_text()):
        try:
            outputs, times = run_job(runtime, job)
        except Exception as error:  # whatever a damaged file makes a runtime raise
            facts = {"error": str(error).strip().splitlines()[0]}
        else:
            for name, array in outputs.items():
                array.astype(np.float32).tofile("{}.{}.bin".format(job["out"], name))
            facts = {"times": times, "version": version}
        Path(job["out"] + ".json").write_text(json.dumps(facts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
