"""The self-test passes on the shipped artifacts, and fails on each thing it is there to notice."""

import base64
import dataclasses
import json
import shutil

import numpy as np
import pytest
from emoji_edge import Classifier
from emoji_edge.cli import main
from emoji_edge.console import CANNOT_RUN, OK, SOME_FAILED
from emoji_edge.contract import find_models, load_contract
from emoji_edge.result import HEADS
from emoji_edge.selftest import (
    GoldenError,
    agree_on_best,
    decode_pixels,
    measure_photos,
    read_goldens,
    report_artifact,
    report_labels,
    report_place,
)

CONTRACT = load_contract()
DEFAULT = CONTRACT.artifacts["default"]["tflite"]
GOLDENS = read_goldens()


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def copy_goldens():
    return dataclasses.replace(
        GOLDENS, faces=json.loads(json.dumps(GOLDENS.faces)),
        photos=json.loads(json.dumps(GOLDENS.photos)),
    )  # fmt: skip


def check_artifact(model, goldens) -> tuple[bool, str]:
    lines: list[str] = []
    return report_artifact(str(model), 1, goldens, CONTRACT, lines.append), lines[0]


def check_place(classifier, goldens) -> tuple[bool, list[str]]:
    lines: list[str] = []
    place = measure_photos(classifier, goldens)
    return report_place(place, len(goldens.photos), CONTRACT, lines.append), lines


def test_the_command_passes_and_says_so(capsys):
    assert main(["--self-test", "--threads", "2"]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "self-test passed"
    for model in CONTRACT.artifacts["tflite"]:
        assert sum(line.startswith(f"ok   {model}, ") for line in lines) == 2


def test_goldens_are_worth_the_name():
    assert len(GOLDENS.faces) >= 20
    assert len(GOLDENS.photos) == 11
    for face in GOLDENS.all_faces:
        powers = np.exp(np.subtract(face["logits"], max(face["logits"])))
        assert np.allclose(powers / powers.sum(), face["scores"], atol=1e-5)
    best = {int(np.argmax(face["scores"])) for face in GOLDENS.all_faces}
    assert len(best) >= 3


def test_a_network_with_a_damaged_weight_fails(tmp_path):
    content = bytearray((find_models() / CONTRACT.artifacts["tflite"][DEFAULT]).read_bytes())
    start = len(content) // 2 // 4 * 4
    weights = np.frombuffer(content, np.float32, 20_000, start).copy()
    usable = np.isfinite(weights) & (np.abs(weights) > 1e-3) & (np.abs(weights) < 10)
    weights[usable] *= -1
    content[start : start + weights.nbytes] = weights.tobytes()
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(content)
    ok, line = check_artifact(damaged, GOLDENS)
    assert not ok
    assert line.startswith("FAIL ")


def test_the_wrong_artifact_in_its_place_fails(tmp_path):
    copy = tmp_path / "int8-as-own.tflite"
    shutil.copy(find_models() / CONTRACT.artifacts["tflite"]["int8"], copy)
    assert not check_artifact(copy, GOLDENS)[0]


def test_a_missing_artifact_fails(tmp_path):
    ok, line = check_artifact(tmp_path / "gone.tflite", GOLDENS)
    assert not ok
    assert "no such file" in line


@pytest.mark.parametrize("head", HEADS)
def test_one_wrong_golden_score_fails(head):
    goldens = copy_goldens()
    assert check_artifact(DEFAULT, goldens)[0]
    goldens.faces[3][head][0] += 2e-5
    assert not check_artifact(DEFAULT, goldens)[0]


def test_swapped_heads_fail():
    goldens = copy_goldens()
    for face in goldens.all_faces:
        face["label_scores"] = face["label_scores"][::-1]  # another truth than `scores`
    assert not check_artifact(DEFAULT, goldens)[0]


def test_swapped_labels_fail(capsys):
    swapped = dataclasses.replace(GOLDENS, labels=GOLDENS.labels[::-1])
    assert report_labels(GOLDENS, CONTRACT, print)
    assert not report_labels(swapped, CONTRACT, print)
    assert "FAIL labels" in capsys.readouterr().out


def test_a_box_that_is_off_fails(classifier):
    goldens = copy_goldens()
    assert check_place(classifier, goldens)[0]
    goldens.photos[0]["faces"][0]["box"][2] += 0.6
    assert not check_place(classifier, goldens)[0]


def test_a_lost_face_or_photo_fails(classifier):
    goldens = copy_goldens()
    goldens.photos[0]["faces"].append(goldens.photos[0]["faces"][0])
    goldens.photos[1]["file"] = "photos/gone.jpg"
    ok, lines = check_place(classifier, goldens)
    assert not ok
    assert "1 faces in (512, 512), expected 2" in lines[0]
    assert "gone.jpg: cannot be read" in lines[1]


@pytest.mark.parametrize(("suffix", "level", "passes"), [(".jpg", 2, True), (".jpg", 3, False),
                                                         (".png", 1, False)])  # fmt: skip
def test_pixels_may_differ_by_what_decoders_differ(classifier, suffix, level, passes):
    goldens = copy_goldens()
    photo = next(photo for photo in goldens.photos if photo["file"].endswith(suffix))
    pixels = decode_pixels(photo["faces"][0], 48).astype(int)
    pixels[5, 5] += level if pixels[5, 5] < 128 else -level
    photo["faces"][0]["pixels"] = base64.b64encode(pixels.astype(np.uint8).tobytes()).decode()
    assert check_place(classifier, goldens)[0] is passes


def test_agreement_forgives_only_near_ties():
    expected = np.array([0.5, 0.495, 0.005])
    assert agree_on_best(np.array([0.49, 0.5, 0.01]), expected, 0.01)
    assert not agree_on_best(np.array([0.4, 0.2, 0.4001]), expected, 0.01)


def test_a_failing_self_test_is_exit_status_1(tmp_path, capsys):
    assert main(["--self-test", "--model", str(tmp_path / "gone.tflite")]) in (
        SOME_FAILED, CANNOT_RUN,
    )  # fmt: skip
    copy = tmp_path / "own.tflite"
    shutil.copy(find_models() / CONTRACT.artifacts["tflite"]["int8"], copy)
    assert main(["--self-test", "--model", str(copy)]) == SOME_FAILED
    assert capsys.readouterr().out.splitlines()[-1] == "self-test FAILED"


@pytest.mark.parametrize("text", [None, "{", '{"labels": []}'])
def test_missing_or_damaged_goldens_are_one_clear_line(tmp_path, text):
    (tmp_path / "golden").mkdir()
    if text is not None:
        (tmp_path / "golden" / "golden.json").write_text(text)
    with pytest.raises(GoldenError, match=r"golden\.json: "):
        read_goldens(tmp_path)
