"""A small network with two heads that differ, converted and proved once for all tests."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from convert.__main__ import main as convert
from convert.calibration import PER_LABEL
from convert.verify import detectors
from convert.verify.__main__ import main as verify
from tests.helpers.fer_tables import make_faces, write_parquet
from tests.helpers.small_networks import build_network, save_network


@pytest.fixture(scope="session")
def own(tmp_path_factory) -> SimpleNamespace:
    """What `make convert MODEL=own.h5` makes, without data: the network's path and the folder."""
    folder = tmp_path_factory.mktemp("own")
    path = save_network(folder / "own.h5", build_network())
    assert convert([str(path), "--out", str(folder / "models")]) == 0
    return SimpleNamespace(path=path, models=folder / "models")


@pytest.fixture(scope="session")
def fer(tmp_path_factory) -> Path:
    """A folder of drawn faces that is read as FER-2013 with votes."""
    rows = make_faces({"Training": PER_LABEL, "PublicTest": 6})
    return write_parquet(rows, tmp_path_factory.mktemp("fer"))


@pytest.fixture(scope="session", autouse=True)
def quick_detectors():
    """Measure the detectors without the browser: they are the shipped ones, not the network's."""
    quick = [run for run in detectors.RUNS["face-tfjs"] if run.runtime == "node"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(detectors.RUNS, "face-tfjs", tuple(quick))
        yield


@pytest.fixture(scope="session")
def proved(own, fer, tmp_path_factory) -> Path:
    """Models of the small network as `make convert` and `make verify` leave them, with data.

    Nobody trained it, so 8 bits may change its answers: its own contract lets them.
    """
    models = tmp_path_factory.mktemp("proved") / "models"
    assert convert([str(own.path), "--data", str(fer), "--out", str(models)]) == 0
    contract = json.loads((models / "contract.json").read_text())
    for variant in ("uint8", "dynamic", "int8"):
        contract["gates"]["artifacts"][variant] |= {"agreement": 0.0, "accuracy_change": 1.0}
    (models / "contract.json").write_text(json.dumps(contract))
    assert verify([str(fer), "--models", str(models)]) == 0
    return models
