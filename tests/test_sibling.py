"""The sibling for comparison: made of a run, measured, and held to the report."""

import json
import shutil

import numpy as np
import pytest
from emoji_edge.contract import find_models
from fer_tables import make_faces, write_parquet
from small_networks import build_network, save_network

from convert.artifacts import SIBLING, list_networks
from convert.network import predict_network
from convert.report import read_report, write_section
from convert.sibling import CONTRACT, compare_file, main
from convert.verify import main as verify
from training.data import load_faces

MODELS = find_models()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    faces = make_faces({"Training": 10, "PublicTest": 4})
    return write_parquet(faces, tmp_path_factory.mktemp("fer"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run that learned the labels alone."""
    folder = tmp_path_factory.mktemp("runs") / "labels"
    folder.mkdir()
    save_network(folder / "model.h5", build_network())
    settings = {"target_mix": 0.0, "validation": 0.2, "seed": 5}
    network = {"parameters": 1, "multiply_adds": 1}
    (folder / "settings.json").write_text(json.dumps({"settings": settings, "network": network}))
    return folder


@pytest.fixture
def models(tmp_path):
    """A copy of what ships, to be damaged."""
    return shutil.copytree(MODELS, tmp_path / "models")


def test_shipped_sibling_is_the_reported_one_and_no_artifact():
    section = read_report()["sibling"]
    assert compare_file(MODELS, section) == []
    assert section["settings"]["target_mix"] == 0
    assert set(section["splits"]) >= {"Validation", "PublicTest"}
    assert SIBLING.name not in {artifact.name for artifact in list_networks(CONTRACT)}
    ledger = (MODELS / "README.md").read_text(encoding="utf-8")
    assert section["sha256"] in ledger


def test_sibling_is_made_measured_and_checked(data, run, models, capsys):
    assert main([str(data), "--run", str(run), "--models", str(models)]) == 0
    section = read_report(models / "report.json")["sibling"]
    faces = load_faces(data)
    public = faces.select(faces.splits == "PublicTest")
    scores, _ = predict_network(build_network(), public.images, CONTRACT)
    measured = section["splits"]["PublicTest"]
    right = float((scores.argmax(axis=1) == public.labels).mean())
    assert measured["labels"]["accuracy"]["share"] == pytest.approx(right)
    assert measured["parity"]["scores"]["largest"] < 5e-3
    assert section["splits"]["Validation"]["pictures"] == 14

    capsys.readouterr()
    assert main([str(data), "--models", str(models)]) == 0
    assert f"PublicTest: {right:.2%} of 28 labels" in capsys.readouterr().out


def test_another_accuracy_than_reported_is_a_fault(data, run, models, capsys):
    assert main([str(data), "--run", str(run), "--models", str(models)]) == 0
    section = read_report(models / "report.json")["sibling"]
    section["splits"]["PublicTest"]["labels"]["accuracy"]["share"] += 0.25
    write_section(models / "report.json", "sibling", section)
    assert main([str(data), "--models", str(models)]) == 1
    assert "on PublicTest, the report says" in capsys.readouterr().err


def test_data_without_a_reported_split_is_no_proof(models, tmp_path, capsys):
    private = write_parquet(make_faces({"PrivateTest": 2}), tmp_path / "private")
    assert main([str(private), "--models", str(models)]) == 2
    assert "none of the reported splits (Validation, PublicTest)" in capsys.readouterr().err


def test_damaged_or_missing_sibling_is_a_fault(models, capsys):
    section = read_report(models / "report.json")["sibling"]
    file = models / SIBLING.name
    content = np.frombuffer(file.read_bytes(), np.uint8).copy()
    content[len(content) // 2] ^= 1
    file.write_bytes(content.tobytes())
    assert compare_file(models, section) == [f"{SIBLING.name}: its sha256 is not the report's"]
    assert verify(["--models", str(models), "--runtimes", "litert"]) == 1
    assert capsys.readouterr().err.splitlines() == compare_file(models, section)
    file.unlink()
    assert compare_file(models, section) == [f"{SIBLING.name}: no such file"]


def test_what_cannot_be_used_is_said_in_one_line(data, run, models, tmp_path, capsys):
    before = (models / SIBLING.name).read_bytes()
    voters = shutil.copytree(run, tmp_path / "voters")
    settings = json.loads((voters / "settings.json").read_text())
    settings["settings"]["target_mix"] = 0.5
    (voters / "settings.json").write_text(json.dumps(settings))
    for folder, reason in ((voters, "learned votes too"), (tmp_path, "holds no finished run")):
        assert main([str(data), "--run", str(folder), "--models", str(models)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert reason in line
    assert (models / SIBLING.name).read_bytes() == before
    (models / "report.json").write_text("{}")
    assert main([str(data), "--models", str(models)]) == 2
    assert "has no section `sibling`" in capsys.readouterr().err
