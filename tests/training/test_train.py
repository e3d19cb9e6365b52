"""A tiny run end to end: trained, killed and resumed, calibrated, measured, drawn."""

import argparse
import csv
import dataclasses
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import softmax

from tests.helpers.fer_tables import make_faces, write_csv, write_folders, write_parquet
from training import (
    augment,
    average,
    calibrate,
    crops,
    data,
    evaluate,
    figures,
    folder,
    leaderboard,
    model,
    refit,
    runs,
    settings,
    start,
    teachers,
    train,
)

ROOT = Path(__file__).parents[2]
SMALL = ["--stem", "8", "--widths", "8", "8", "12", "--depths", "1", "1", "1"]
TINY = ["--phases", "16x2", "24x4", "--batch", "16", "--validation", "0.2", "--warmup", "1", *SMALL]
COUNTS = {"Training": 16, "PublicTest": 4, "PrivateTest": 3}


@pytest.fixture(scope="module")
def faces_path(tmp_path_factory):
    return write_parquet(make_faces(COUNTS), tmp_path_factory.mktemp("fer"))


@pytest.fixture(scope="module")
def runs_folder(faces_path, tmp_path_factory):
    """A folder with one finished run, `whole`, that nothing interrupted."""
    folder = tmp_path_factory.mktemp("runs")
    process = start_training(faces_path, folder, "whole")
    output = process.communicate()[0].decode()
    assert process.returncode == 0, output
    return folder


def start_training(faces_path, folder, run, *options):
    """The command in a process of its own, as a user starts it, but on one thread."""
    command = [sys.executable, "-m", "training.train", str(faces_path)]
    command += ["--runs", str(folder), "--run", run, *TINY, *options]
    one = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | one, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def read_history(folder):
    """The history without the seconds, which no two runs share."""
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: row[key] for key in row if key != "seconds"} for row in rows]


def read_weights(file):
    return keras.models.load_model(file, compile=False).get_weights()


def wait_for_epochs(folder, count, process):
    """Until so many epochs stand in the history, or the process has ended."""
    history = folder / "history.csv"
    while process.poll() is None:
        if history.exists() and len(history.read_text().splitlines()) > count:
            return
        time.sleep(0.02)
    pytest.fail(f"the run ended early: {process.stdout.read().decode()}")


def test_stopped_and_killed_run_equals_an_uninterrupted_one(runs_folder, faces_path):
    """Stopped before the second size of pictures, and killed in it: as if nothing had been."""
    run = runs_folder / "stopped"
    process = start_training(faces_path, runs_folder, run.name)
    wait_for_epochs(run, 1, process)
    process.send_signal(signal.SIGINT)
    output = process.communicate()[0].decode()
    assert process.returncode == 130
    assert "the same command goes on" in output
    assert "Traceback" not in output
    assert not (run / "model.h5").exists()
    with np.load(run / "checkpoint.npz") as arrays:
        assert len(json.loads(str(arrays["history"]))) in (1, 2)
    (run / "history.csv").unlink()  # so that the next one is of the process that goes on
    process = start_training(faces_path, runs_folder, run.name)
    wait_for_epochs(run, 1, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    resumed = start_training(faces_path, runs_folder, run.name)
    output = resumed.communicate()[0].decode()
    assert resumed.returncode == 0, output
    assert read_history(run) == read_history(runs_folder / "whole")
    whole, stopped = (read_weights(runs_folder / name / "model.h5") for name in ("whole", run.name))
    assert all((a == b).all() for a, b in zip(whole, stopped, strict=True))


def test_each_head_of_the_exported_network_is_the_one_that_was_validated(runs_folder, faces_path):
    """The heads' weights have the same shapes: nothing else would notice that they were swapped."""
    faces = data.load_faces(faces_path)
    validation = data.split_training(faces, 0.2)[1]
    network = folder.load_run(runs_folder / "whole")
    scores = model.predict_scores(network, validation.images)
    assert not np.allclose(scores[:, 0], scores[:, 1], atol=1e-3)
    losses = -(data.find_truths(validation) * np.log(scores + 1e-7)).sum(axis=2)
    history = folder.read_history(runs_folder / "whole")
    best = min(row["val_loss"] for row in history)
    assert losses.sum(axis=1).mean() == pytest.approx(best, rel=1e-5)
    swapped = -(data.find_truths(validation) * np.log(scores[:, ::-1] + 1e-7)).sum(axis=2)
    assert swapped.sum(axis=1).mean() != pytest.approx(best, rel=1e-4)


def test_every_seed_holds_back_the_same_pictures(tmp_path, faces_path):
    """A teacher with a seed of its own would else have seen what its student is measured on."""
    faces = data.load_faces(faces_path)
    for name, seed in (("one", 1), ("other", 2)):
        chosen = settings.Settings(batch=16, validation=0.2, seed=seed)
        training, validation, _ = train.prepare_run(faces, tmp_path / name, chosen)
        held = data.split_training(faces, 0.2)
        assert (training.images == held[0].images).all()
        assert (validation.images == held[1].images).all()


def test_validation_leaves_the_model_and_its_average_as_they_were(faces_path):
    """And measures the average: Keras's own callback left it in the model."""
    faces = data.load_faces(faces_path)
    training, validation = data.split_training(faces, 0.2)
    chosen = settings.Settings(batch=16, warmup=0.1, learning_rate=0.01, ema=0.9)
    network = model.build_model(size=None, stem=8, widths=(8, 8), depths=(1, 1))
    compiled = train.compile_model(network, chosen, 5, 1)
    train.train_epoch(compiled, training, chosen, epoch=0, size=24, teachers=[])
    own, average = compiled.get_weights(), train.average_weights(compiled, network)
    measured = train.validate(compiled, validation)
    assert train.validate(compiled, validation) == measured
    assert all((a == b).all() for a, b in zip(own, compiled.get_weights(), strict=True))
    after = train.average_weights(compiled, network)
    assert all((a == b).all() for a, b in zip(average, after, strict=True))
    assert any((a != b).any() for a, b in zip(network.get_weights(), average, strict=True))
    network.set_weights(average)
    scores = model.predict_scores(network, validation.images)
    losses = -(data.find_truths(validation) * np.log(scores + 1e-7)).sum(axis=2)
    assert measured["val_loss"] == pytest.approx(losses.sum(axis=1).mean(), rel=1e-4)


def test_run_folder_tells_what_was_run(runs_folder):
    folder = runs_folder / "whole"
    run = json.loads((folder / "settings.json").read_text())
    assert run["settings"]["phases"] == ["16x2", "24x4"]
    assert run["versions"]["keras"] == keras.__version__
    assert run["versions"]["tensorflow"] == sys.modules["tensorflow"].__version__
    assert run["machine"] == f"{os.cpu_count()} processor cores"
    shape = {"stem": 8, "widths": (8, 8, 12), "depths": (1, 1, 1)}
    assert run["network"]["parameters"] == model.build_model(**shape).count_params()
    history = read_history(folder)
    assert [row["size"] for row in history] == ["16"] * 2 + ["24"] * 4
    assert float(history[-1]["learning_rate"]) < float(history[1]["learning_rate"])
    assert list((folder / "tensorboard").rglob("events*"))


def test_run_with_other_settings_is_refused(runs_folder, faces_path, capsys):
    arguments = [str(faces_path), "--runs", str(runs_folder), "--run", "whole", "--seed", "9"]
    assert train.main([*arguments, *TINY]) == 2
    assert "other settings (seed)" in capsys.readouterr().err


def test_damaged_checkpoint_is_refused(runs_folder, faces_path, tmp_path, capsys):
    (tmp_path / "cut").mkdir()
    for name in ("settings.json", "checkpoint.npz"):
        content = (runs_folder / "whole" / name).read_bytes()
        (tmp_path / "cut" / name).write_bytes(
            content[: len(content) // 2 if "npz" in name else None]
        )
    arguments = [str(faces_path), "--runs", str(tmp_path), "--run", "cut", *TINY]
    assert train.main(arguments) == 2
    assert "damaged or of another network" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "message"),
    [(["--phases", "8x1"], "phase '8x1'"), (["--phases", "48x0"], "no epoch"),
     (["--batch", "100000"], "do not fill a batch"),
     (["--export", "first"], "neither best nor last"),
     (["--validation", "0"], "without a validation part no epoch is best"),
     (["--validation", "1"], "validation 1 is not a share"),
     (["--validation", "0.001"], "validation 0.001 cannot be cut"),
     (["--teacher-crops", "3", "--batch", "8"], "teacher crops 3, expected one of 1, 2, 4, 10"),
     (["--start", "nobody", "--batch", "8"], "nobody is no finished run")],
)  # fmt: skip
def test_unusable_settings_are_refused(faces_path, tmp_path, capsys, option, message):
    assert train.main([str(faces_path), "--runs", str(tmp_path), *option]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("export", ["best", "last"])
def test_the_epoch_of_the_settings_is_exported(faces_path, tmp_path, monkeypatch, export):
    """Validation gets worse with every epoch here: the best is the first."""
    losses = iter([1.0, 2.0])
    measured = train.validate
    monkeypatch.setattr(train, "validate", lambda *a: measured(*a) | {"val_loss": next(losses)})
    kept = []
    average = train.average_weights
    monkeypatch.setattr(train, "average_weights", lambda *m: kept.append(average(*m)) or kept[-1])
    options = [
        "--phases",
        "16x2",
        "--batch",
        "16",
        "--validation",
        "0.2",
        "--export",
        export,
        *SMALL,
    ]
    assert train.main([str(faces_path), "--runs", str(tmp_path), *options]) == 0
    assert len(kept) == {"best": 1, "last": 2}[export]
    exported = read_weights(tmp_path / "default" / "model.h5")
    assert all((a == b).all() for a, b in zip(exported, kept[-1], strict=True))


@pytest.mark.parametrize("layout", [write_csv, write_folders])
def test_smoke_run_on_the_other_layouts(tmp_path, layout):
    rows = make_faces({"Training": 5, "PublicTest": 1})
    path = tmp_path / "fer2013.csv" if layout is write_csv else tmp_path / "pictures"
    options = ["--phases", "16x1", "--batch", "8", "--validation", "0.2", *SMALL]
    assert train.main([str(layout(rows, path)), "--runs", str(tmp_path), *options]) == 0
    assert len(read_history(tmp_path / "default")) == 1


EXCERPT = ROOT.parent / "shared/data/fer2013/samples"


@pytest.mark.skipif(not EXCERPT.exists(), reason="the excerpt of FER-2013 is not here")
@pytest.mark.parametrize("name", ["fer2013_excerpt.csv", "folders"])
def test_smoke_run_on_the_excerpt(tmp_path, name):
    options = ["--phases", "24x1", "--batch", "64"]
    assert train.main([str(EXCERPT / name), "--runs", str(tmp_path), *options]) == 0
    assert 0.5 < float(read_history(tmp_path / "default")[0]["val_loss"]) < 4


# ---- what follows a run ----------------------------------------------------------------------


def copy_contract(models, **changes):
    """The shipped contract with these keys as given."""
    contract = json.loads((ROOT / "models/contract.json").read_text(encoding="utf-8"))
    text = json.dumps(contract | changes, indent=2, ensure_ascii=False)
    (models / "contract.json").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def shipped(runs_folder, faces_path, tmp_path_factory):
    """A models folder into which the finished run was calibrated, logged and measured."""
    models = tmp_path_factory.mktemp("models")
    copy_contract(models, temperature=1.0)
    where = [str(faces_path), "--run", "whole", "--runs", str(runs_folder)]
    assert calibrate.main([*where, "--models", str(models)]) == 0
    assert runs.main([*where, "--log", str(models / "runs.csv"), "--note", "tiny"]) == 0
    report, network = models / "report.json", models / "emoji.h5"
    assert data.main([str(faces_path), "--report", str(report)]) == 0
    arguments = [str(faces_path), "--model", str(network), "--report", str(report)]
    assert evaluate.main(arguments) == 0
    assert crops.main(arguments) == 0
    return models


def test_calibration_folds_a_temperature_into_each_head(shipped, runs_folder):
    contract = json.loads((shipped / "contract.json").read_text(encoding="utf-8"))
    history = json.loads((shipped / "report.json").read_text())["history"]
    temperature = history["temperature"]
    assert contract["temperature"] == temperature
    assert set(temperature) == {"scores", "label_scores"}
    assert temperature["scores"] != temperature["label_scores"]
    assert contract["not_sure"]["score_below"] == history["not_sure_below"]
    faces = np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8)
    before, after = (
        np.log(evaluate.make_predictor(file)(faces))
        for file in (runs_folder / "whole" / "model.h5", shipped / "emoji.h5")
    )
    for head, name in enumerate(("scores", "label_scores")):
        change = after[:, head] * temperature[name] - before[:, head]  # a constant a picture
        assert change - change.mean(axis=1, keepdims=True) == pytest.approx(
            np.zeros((5, 7)), abs=1e-4
        )


def test_report_measures_every_split(shipped):
    section = json.loads((shipped / "report.json").read_text())["evaluation"]
    assert set(section["splits"]) == {"Validation", "PublicTest", "PrivateTest"}
    public = section["splits"]["PublicTest"]
    assert public["pictures"] == 28
    assert sum(map(sum, public["labels"]["confusion"])) == 28
    right = sum(public["labels"]["confusion"][i][i] for i in range(7))
    assert public["labels"]["accuracy"]["share"] == pytest.approx(right / 28)
    assert public["coverage"][0]["coverage"] == 1.0
    assert sum(part["count"] for part in public["reliability"]) == 28
    assert sum(part["count"] for part in public["all_reliability"]) == 28 * 7
    assert public["votes"]["agreement"]["pictures"] <= 28
    assert 0 <= public["votes"]["divergence"] <= 1
    assert set(public["before_temperature"]) == {"scores", "label_scores"}
    weak = [name for name, values in section["splits"].items() if "occlusion" in values]
    assert weak == ["PrivateTest"]  # measured where it is shown
    rows = json.loads((shipped / "report.json").read_text())["crops"]["splits"]["PublicTest"]
    assert [row["crops"] for row in rows] == [1, 2, 4, 10]
    assert rows[0]["labels"] == public["labels"]["accuracy"]
    assert rows[0]["votes"] == public["votes"]["agreement"]


def test_log_keeps_one_line_a_run(shipped):
    rows = leaderboard.read_runs(shipped / "runs.csv")
    assert [row["run"] for row in rows] == ["whole"]
    assert tuple(rows[0]) == leaderboard.COLUMNS
    assert rows[0]["note"] == "tiny"
    assert all(0 <= rows[0][f"public_{key}"] <= 1 for key in ("votes", "labels", "divergence"))
    assert (
        subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        == rows[0]["commit"]
    )
    leaderboard.write_run(shipped / "runs.csv", rows[0] | {"note": "again", "minutes": None})
    again = leaderboard.read_runs(shipped / "runs.csv")
    assert again == [rows[0] | {"note": "again", "minutes": None}]


def test_the_committed_leaderboard_has_its_columns():
    rows = leaderboard.read_runs()
    assert tuple(rows[0]) == leaderboard.COLUMNS
    assert len({row["run"] for row in rows}) == len(rows)
    assert all(0.5 < row["public_votes"] < 1 and 0.5 < row["public_labels"] < 1 for row in rows)


def test_figures_are_drawn_and_reproducible(shipped, tmp_path):
    arguments = ["--report", str(shipped / "report.json"), "--output"]
    assert figures.main([*arguments, str(tmp_path / "a")]) == 0
    assert figures.main([*arguments, str(tmp_path / "b")]) == 0
    names = sorted(file.name for file in (tmp_path / "a").iterdir())
    drawn = ["confusion.png", "coverage.png", "history.png", "reliability.png", "runs.png"]
    assert names == drawn
    for name in names:
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
        assert len(first) > 5000


def test_examples_are_drawn_from_the_data(shipped, faces_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["--report", str(shipped / "report.json"), "--output", str(tmp_path / "f")]
    assert figures.main([*arguments, "--examples", str(faces_path)]) == 0
    assert sorted(f.name for f in (tmp_path / "local").iterdir()) == ["right.png", "wrong.png"]


def test_commands_say_what_is_missing(faces_path, tmp_path, capsys):
    nowhere = ["--run", "none", "--runs", str(tmp_path)]
    report = ["--report", str(tmp_path / "report.json")]
    assert calibrate.main([str(faces_path), *nowhere, "--models", str(tmp_path)]) == 2
    assert runs.main([str(faces_path), *nowhere]) == 2
    assert evaluate.main([str(faces_path), *report]) == 2
    assert crops.main([str(faces_path), *report]) == 2
    assert figures.main(report) == 2
    assert folder.main([*nowhere, "--output", str(tmp_path / "packed")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 6
    assert all(line.startswith("error: ") for line in errors)
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize("content", [None, b"", b"\x89HDF\r\n\x1a\n" + bytes(3000)])
def test_a_network_that_cannot_be_read_is_one_line(shipped, faces_path, tmp_path, capsys, content):
    network, report = tmp_path / "cut.h5", tmp_path / "report.json"
    shutil.copy(shipped / "report.json", report)
    if content is not None:
        network.write_bytes(content)
    before = report.read_bytes()
    arguments = [str(faces_path), "--model", str(network), "--report", str(report)]
    assert evaluate.main(arguments) == 2
    error = capsys.readouterr().err
    assert "cut.h5: no " in error
    assert error.count("\n") == 1
    assert report.read_bytes() == before
    where = ["--runs", str(tmp_path), "--start", str(network), *TINY]
    assert train.main([str(faces_path), *where]) == 2
    assert "cut.h5 is no network (" in capsys.readouterr().err


# ---- the label head's second fit ----------------------------------------------------------------


def test_refit_changes_the_label_head_alone(runs_folder, faces_path, capsys):
    where = [str(faces_path), "--runs", str(runs_folder)]
    assert refit.main([*where, "--run", "whole-refit", "--of", "whole"]) == 0
    assert "whole-refit/model.h5" in capsys.readouterr().out
    faces = np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8)
    before, after = (
        evaluate.make_predictor(runs_folder / name / "model.h5")(faces)
        for name in ("whole", "whole-refit")
    )
    assert after[:, 0] == pytest.approx(before[:, 0], abs=1e-6)
    network = folder.load_run(runs_folder / "whole")
    validation = data.split_training(
        data.load_faces(faces_path),
        folder.read_run(runs_folder / "whole")["settings"]["validation"],
    )[1]
    logits = refit.predict_logits(network, validation)
    described = folder.read_run(runs_folder / "whole-refit")["refit"]
    assert described["of"] == described["fitted_on"] == "whole"
    linear = refit.fit_views(logits, validation.labels, described["strength"])
    shown = keras.Model(network.input, network.get_layer("label_scores_logits").output)
    moved = refit.apply_map(shown.predict(faces[..., None].astype("float32"), verbose=0), linear)
    assert after[:, 1] == pytest.approx(softmax(moved, axis=1), abs=1e-5)
    assert np.abs(after[:, 1] - before[:, 1]).max() > 1e-4
    assert folder.read_history(runs_folder / "whole-refit") == folder.read_history(
        runs_folder / "whole"
    )


def test_a_run_without_a_validation_part_takes_the_fit_of_one_with_it(
    runs_folder, faces_path, tmp_path, capsys
):
    shutil.copytree(runs_folder / "whole", tmp_path / "everything")
    shutil.copytree(runs_folder / "whole", tmp_path / "whole")
    settings = json.loads((tmp_path / "everything/settings.json").read_text())
    settings["settings"]["validation"] = 0
    (tmp_path / "everything/settings.json").write_text(json.dumps(settings))
    where = [str(faces_path), "--runs", str(tmp_path), "--run", "new", "--of", "everything"]
    assert refit.main(where) == 2
    assert "everything has no validation part: give --fitted-on" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert refit.main([*where, "--fitted-on", "whole"]) == 0
    assert folder.read_run(tmp_path / "new")["refit"]["fitted_on"] == "whole"
    assert refit.main([*where[:-1], "nowhere"]) == 2
    assert "nowhere is no finished run" in capsys.readouterr().err


def test_no_run_is_overwritten_by_what_is_made_of_it(runs_folder, faces_path, capsys):
    network = (runs_folder / "whole/best.npz").read_bytes()
    where = ["--runs", str(runs_folder), "--run", "whole", "--of", "whole"]
    for command, data_path in ((refit, [str(faces_path)]), (average, [])):
        assert command.main([*data_path, *where]) == 2
        assert "whole would be overwritten" in capsys.readouterr().err
    assert (runs_folder / "whole/best.npz").read_bytes() == network


# ---- the last run ----------------------------------------------------------------------------


def test_the_last_run_learns_from_the_validation_part_too(
    runs_folder, faces_path, tmp_path, capsys
):
    where = [str(faces_path), "--runs", str(runs_folder), "--run", "everything"]
    every = ["--phases", "16x1", "--batch", "16", "--validation", "0", "--export", "last", *SMALL]
    assert train.main([*where, *every]) == 0
    assert "112 training and 0 validation pictures" in capsys.readouterr().out
    assert "val_loss" not in read_history(runs_folder / "everything")[0]
    copy_contract(tmp_path)
    assert calibrate.main([*where, "--models", str(tmp_path)]) == 2
    assert "everything has no validation part: give --temperatures-of" in capsys.readouterr().err
    shipping = [*where, "--models", str(tmp_path), "--temperatures-of"]
    assert calibrate.main([*shipping, "whole"]) == 0
    report = tmp_path / "report.json"
    history = json.loads(report.read_text())["history"]
    assert (history["run"], history["temperatures_of"]) == ("everything", "whole")
    assert history["epochs"] == folder.read_history(runs_folder / "whole")
    assert history["settings"]["validation"] == 0
    arguments = ["--model", str(tmp_path / "emoji.h5"), "--report", str(report)]
    assert evaluate.main([str(faces_path), *arguments]) == 0
    assert set(json.loads(report.read_text())["evaluation"]["splits"]) == {
        "PublicTest",
        "PrivateTest",
    }
    assert figures.main(["--report", str(report), "--output", str(tmp_path / "figures")]) == 0
    log = tmp_path / "runs.csv"
    assert runs.main([*where, "--log", str(log)]) == 0
    row = leaderboard.read_runs(log)[0]
    assert row["validation_votes"] is None
    assert row["public_votes"] is not None


def test_the_script_is_the_way_to_the_shipped_network():
    history = json.loads((ROOT / "models/report.json").read_text())["history"]
    text = (ROOT / "training/ship.sh").read_text().replace("\\\n", " ")
    for name, value in re.findall(r"^(\w+)=([\w-]+)$", text, re.MULTILINE):
        text = text.replace(f"${name}", value)
    lines = [shlex.split(line) for line in text.splitlines() if not line.startswith("#")]
    command = next(words for words in lines if "training.train" in words)
    command += [words for words in lines if words[:1] == ["learn"]][-1]
    parser = argparse.ArgumentParser()
    settings.add_settings(parser)
    chosen = settings.read_settings(parser.parse_known_args(command)[0])
    shipped_settings = dataclasses.asdict(settings.Settings()) | history["settings"]
    assert json.loads(json.dumps(dataclasses.asdict(chosen))) == json.loads(
        json.dumps(shipped_settings)
    )
    (shipping,) = [words for words in lines if "training.calibrate" in words]
    assert shipping[shipping.index("--run") + 1] == history["run"]


def test_a_network_with_one_head_begins_both(tmp_path):
    """The network before this one had `evidence` alone."""
    two = model.build_model(size=48)
    one = keras.Model(two.input, {name: two.output[name] for name in ("scores", "evidence")})
    one.save(tmp_path / "one.h5")
    new = model.build_model(size=None)
    start.start_from(new, tmp_path, "one.h5")
    evidence = two.get_layer("evidence").get_weights()
    for name in model.EVIDENCES:
        weights = new.get_layer(name).get_weights()
        assert all((a == b).all() for a, b in zip(weights, evidence, strict=True))
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48), np.uint8)
    scores = model.predict_scores(new, faces)
    assert scores[:, 0] == pytest.approx(model.predict_scores(two, faces)[:, 0], abs=1e-6)
    assert (scores[:, 0] == scores[:, 1]).all()


# ---- augmentation ----------------------------------------------------------------------------


def test_augmentation_follows_its_generator_and_settings():
    rows = make_faces({"Training": 2})
    images = np.stack([row["image"] for row in rows])
    targets = np.eye(7, dtype=np.float32)[[[row["label"]] * 2 for row in rows]]
    how = augment.Augmentation()

    def draw(seed, size=48):
        return augment.augment_batch(images, targets, np.random.default_rng(seed), how, size)

    first, again, other = draw(1), draw(1), draw(2)
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
    assert not (first[0] == other[0]).all()
    assert first[1].sum(axis=2) == pytest.approx(np.ones((len(rows), 2)))
    assert first[0].min() >= 0
    assert first[0].max() <= 255
    assert draw(1, size=32)[0].shape == (len(rows), 32, 32, 1)


def test_no_augmentation_leaves_pictures_or_mirrors_them():
    rows = make_faces({"Training": 3})
    images = np.stack([row["image"] for row in rows])
    none = augment.Augmentation(*[0.0] * 11)
    targets = np.eye(7, dtype=np.float32)[[[row["label"]] * 2 for row in rows]]
    x, y = augment.augment_batch(images, targets, np.random.default_rng(0), none, 48)
    same = np.abs(x[..., 0] - images).max(axis=(1, 2)) < 0.5
    mirrored = np.abs(x[..., 0] - images[:, :, ::-1]).max(axis=(1, 2)) < 0.5
    assert (same | mirrored).all()
    assert same.any()
    assert mirrored.any()
    assert (y == targets).all()


def test_shift_moves_the_picture_and_fills_with_black():
    none = augment.Augmentation(*[0.0] * 11)
    rng = np.random.default_rng(0)
    transforms = augment.draw_transforms(1, 48, rng, none)
    transforms[0, :3] = [1, 0, 5]
    image = np.full((1, 48, 48, 1), 200, np.float32)
    moved = keras.ops.image.affine_transform(image, transforms, fill_mode="constant")
    moved = np.asarray(moved)[0, :, :, 0]
    assert (moved[:, :43] == 200).all()
    assert (moved[:, 43:] == 0).all()


def test_erasing_hides_a_rectangle():
    x = np.full((40, 48, 48, 1), 100, np.float32)
    how = augment.Augmentation(erase=1.0, erase_area=0.2)
    changed = (augment.erase_rectangles(x, np.random.default_rng(0), how) != 100).mean(axis=(1, 2))
    assert (changed > 0).all()
    assert changed.max() < 0.25


def test_light_bends_and_stays_within_its_range():
    x = np.stack([np.full((4, 4, 1), value, np.float32) for value in (0, 64, 255)] * 50)
    bent = augment.bend_light(x, np.random.default_rng(0), 0.5)
    power = np.log(bent[1::3, 0, 0, 0] / 255) / np.log(64 / 255)
    assert (bent[0::3] == 0).all()
    assert bent[2::3] == pytest.approx(np.full((50, 4, 4, 1), 255))
    assert np.exp(-0.5) <= power.min() < 0.7
    assert 1.4 < power.max() <= np.exp(0.5)
    assert augment.bend_light(x, np.random.default_rng(0), 0) is x


def test_some_pictures_are_blurred_and_keep_their_mean():
    x = np.zeros((60, 21, 21, 1), np.float32)
    x[:, 10, 10] = 200
    blurred = augment.blur_pictures(x, np.random.default_rng(0), 1.5)
    same = (blurred == x).all(axis=(1, 2, 3))
    assert 15 < same.sum() < 45
    assert blurred.sum(axis=(1, 2, 3)) == pytest.approx(np.full(60, 200), rel=1e-3)
    assert blurred[:, 10, 10].min() < 20
    assert augment.blur_pictures(x, np.random.default_rng(0), 0) is x


def test_noise_is_of_the_strength_asked_for():
    x = np.full((80, 32, 32, 1), 128, np.float32)
    noisy = augment.add_noise(x, np.random.default_rng(0), 10)
    deviations = noisy.std(axis=(1, 2, 3))
    assert deviations.min() < 1
    assert 8 < deviations.max() < 10.5
    assert augment.add_noise(x + 125, np.random.default_rng(0), 10).max() <= 255
    assert augment.add_noise(x, np.random.default_rng(0), 0) is x


# ---- teachers --------------------------------------------------------------------------------


def test_teachers_answer_for_the_pictures_as_they_were_augmented(runs_folder):
    chosen = settings.Settings(teachers=("whole", "whole"), dtype="float32")
    networks = teachers.load_teachers(runs_folder, chosen)
    images = np.random.default_rng(1).uniform(0, 255, (3, 48, 48, 1)).astype(np.float32)
    truth = np.eye(7, dtype=np.float32)[[[0, 1], [3, 4], [6, 5]]]
    own = keras.models.load_model(runs_folder / "whole" / "model.h5", compile=False)
    scores = model.predict_scores(own, images[..., 0])
    learned = teachers.ask_teachers(networks, images, truth, 0.7)
    assert learned == pytest.approx(0.3 * truth + 0.7 * scores, abs=1e-5)
    mirrored = model.predict_scores(own, images[:, :, ::-1, 0])
    twice = teachers.ask_teachers(networks, images, truth, 0.7, crops=2)
    assert twice == pytest.approx(0.3 * truth + 0.35 * (scores + mirrored), abs=1e-5)
    ten = teachers.ask_teachers(networks, images, truth, 1.0, crops=10)
    assert ten.sum(axis=2) == pytest.approx(np.ones((3, 2)), abs=1e-5)
    assert not np.allclose(ten, twice)
    assert teachers.ask_teachers([], images, truth, 0.7) is truth


def test_a_packed_run_is_a_teacher_and_half_as_large(runs_folder, faces_path, tmp_path):
    packed = tmp_path / "teachers" / "whole"
    options = ["--runs", str(runs_folder), "--run", "whole", "--output", str(packed)]
    assert folder.main(options) == 0
    assert sorted(file.name for file in packed.iterdir()) == ["best.npz", "settings.json"]
    original = (runs_folder / "whole" / "best.npz").stat().st_size
    assert (packed / "best.npz").stat().st_size < 0.6 * original
    whole, half = (folder.load_run(place) for place in (runs_folder / "whole", packed))
    for a, b in zip(whole.get_weights(), half.get_weights(), strict=True):
        assert b == pytest.approx(a, rel=1e-3, abs=1e-6)
    fit = [str(faces_path), "--runs", str(runs_folder), "--of", str(packed), "--run"]
    assert refit.main([*fit, "packed-refit"]) == 0
    assert folder.read_run(runs_folder / "packed-refit")["refit"]["of"] == "whole"
    assert folder.find_network(runs_folder / "packed-refit")
    where = [str(faces_path), "--runs", str(runs_folder), *TINY, "--phases", "24x1"]
    assert train.main([*where, "--run", "by-packed", "--teachers", str(packed)]) == 0
    run = json.loads((runs_folder / "by-packed" / "settings.json").read_text())
    assert run["settings"]["teachers"] == [str(packed)]


def test_a_run_learns_from_its_teachers(runs_folder, faces_path, capsys):
    where = [str(faces_path), "--runs", str(runs_folder), "--start", "whole", *TINY]
    short = ["--phases", "24x1", "--mixup", "0", "--run"]
    for name, options in (("alone", []), ("taught", ["--teachers", "whole"])):
        assert train.main([*where, *short, name, *options]) == 0
    losses = [float(read_history(runs_folder / name)[0]["loss"]) for name in ("alone", "taught")]
    assert losses[0] != losses[1]
    assert calibrate.name_teachers(runs_folder / "taught") == {"whole": "emoji"}
    assert calibrate.name_teachers(runs_folder / "alone") == {}
    capsys.readouterr()
    wide = ["wide", "--widths", "8", "8", "16"]
    assert train.main([*where, *short, *wide]) == 2
    assert "whole has a network of another shape" in capsys.readouterr().err
    assert train.main([*where, *short, "lost", "--teachers", "nobody"]) == 2
    assert "nobody is no finished run" in capsys.readouterr().err


def test_a_teacher_may_be_of_another_shape(runs_folder, faces_path):
    where = [str(faces_path), "--runs", str(runs_folder), *TINY, "--phases", "24x1", "--run"]
    shape = ["--stem", "8", "--widths", "8", "16", "--depths", "1", "2"]
    assert train.main([*where, "narrow", *shape]) == 0
    teacher = folder.load_run(runs_folder / "narrow")
    run = json.loads((runs_folder / "narrow" / "settings.json").read_text())
    assert run["network"]["parameters"] == teacher.count_params()
    assert [layer.filters for layer in teacher.layers if hasattr(layer, "filters")][:3] == [8, 8, 8]
    assert train.main([*where, "taught-by-it", "--teachers", "narrow"]) == 0
    taught = read_weights(runs_folder / "taught-by-it" / "model.h5")
    own = folder.load_run(runs_folder / "whole")
    assert sum(value.size for value in taught) == own.count_params()
    assert own.count_params() != teacher.count_params()


def test_average_is_the_mean_of_runs_that_went_on(runs_folder, faces_path, capsys):
    where = [str(faces_path), "--runs", str(runs_folder)]
    on = ["--run", "on", "--start", "whole", *TINY, "--learning-rate", "0.05", "--phases", "24x1"]
    assert train.main([*where, *on]) == 0
    arguments = ["--runs", str(runs_folder), "--run", "mean", "--of"]
    assert average.main([*arguments, "whole", "on"]) == 0
    mean, *both = (read_weights(runs_folder / run / "model.h5") for run in ("mean", "whole", "on"))
    assert any((a != b).any() for a, b in zip(*both, strict=True))
    for value, first, second in zip(mean, *both, strict=True):
        assert value == pytest.approx((first + second) / 2, abs=1e-6)
    assert [row["epoch"] for row in read_history(runs_folder / "mean")] == list("1234567")
    capsys.readouterr()
    assert average.main([*arguments, "whole", "nowhere"]) == 2
    assert "no finished run called nowhere" in capsys.readouterr().err


def test_runs_that_held_back_other_pictures_are_not_averaged(runs_folder, tmp_path, capsys):
    for name, seed in (("one", 2013), ("other", 7)):
        shutil.copytree(runs_folder / "whole", tmp_path / name)
        file = tmp_path / name / "settings.json"
        run = json.loads(file.read_text())
        file.write_text(json.dumps(run | {"settings": run["settings"] | {"seed": seed}}))
    arguments = ["--runs", str(tmp_path), "--run", "mean", "--of", "one", "other"]
    assert average.main(arguments) == 2
    assert "the runs differ in seed" in capsys.readouterr().err
