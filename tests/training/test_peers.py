"""The peers' figures are checked before they reach the report."""

import json

import pytest

from models.render.peers import describe_ours
from models.report import read_report
from training import peers


def write_source(tmp_path, **changes):
    """The committed source with its first network changed."""
    section = json.loads(peers.SOURCE.read_text())
    section["networks"][0] |= changes
    path = tmp_path / "peers.json"
    path.write_text(json.dumps(section))
    return path


def test_the_section_is_the_source(tmp_path, capsys):
    report = tmp_path / "report.json"
    assert peers.main(["--report", str(report)]) == 0
    section = read_report(report)["peers"]
    assert section == json.loads(peers.SOURCE.read_text())
    rows = {row["name"]: row for row in section["networks"]}
    assert rows["facex 1.1.0"]["public_labels"] == 0.439
    assert rows["VGGNet"]["how"] == "published"
    assert (rows["VGGNet"]["crops"], rows["VGGNet"]["chosen_on_test"]) == ("many", True)
    assert rows["ESR-9"]["pretrained"] == "faces"
    assert f"{len(rows)} networks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"public_labels": 65.4}, "`public_labels` is 65.4, expected a share of at most 1"),
        ({"bytes": -1}, "`bytes` is -1, expected a positive number"),
        ({"parameters": "56 k"}, "`parameters` is '56 k'"),
        ({"private_votes": None}, "measured, but without private_votes"),
        ({"how": "guessed"}, "`how` is 'guessed', expected one of measured, published"),
        ({"size": 3}, "keys missing or unknown: size"),
        ({"crops": "ten"}, '`crops` is \'ten\', expected one of "one", "many", null'),
        ({"chosen_on_test": "yes"}, "`chosen_on_test` is 'yes'"),
        ({"pretrained": "VGG"}, "`pretrained` is 'VGG'"),
        ({"name": "facex 1.1.0"}, "a name stands there twice"),
    ],
)
def test_an_impossible_figure_is_refused(tmp_path, capsys, changes, message):
    report = tmp_path / "report.json"
    source = write_source(tmp_path, **changes)
    assert peers.main(["--source", str(source), "--report", str(report)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not report.exists()


def test_a_source_that_is_no_json_is_named(tmp_path, capsys):
    source = tmp_path / "peers.json"
    source.write_text("{")
    assert peers.main(["--source", str(source)]) == 2
    assert "peers.json" in capsys.readouterr().err


def test_our_row_says_that_a_teacher_was_pretrained_on_faces():
    shares = {"share": 0.5, "interval": [0.4, 0.6]}
    split = {"labels": {"accuracy": shares}, "votes": {"agreement": shares}}
    history = {"network": {"parameters": 1_360_000}, "teachers": {"a": "emoji"}}
    report = {"evaluation": {"splits": {"PublicTest": split}}, "history": history}
    assert "pretrained" not in describe_ours(report)[1]
    history["teachers"]["b"] = "dlib"
    assert describe_ours(report)[1].endswith(", a teacher pretrained on faces")
