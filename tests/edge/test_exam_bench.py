"""The exams from outside: pairs of one person, other packages' faces, and what the report keeps."""

import math
import sys

import numpy as np
import pytest
from emoji_edge import Classifier, load_contract
from emoji_edge.exam import run_exam

from edge.bench.causes import (
    AS_IT_IS,
    LIGHTS,
    cut_variants,
    measure_causes,
    measure_change,
    pair_people,
    pick_column,
    summarize_causes,
)
from edge.bench.exams import (
    describe_set,
    list_scores,
    measure_people,
    run_command,
    shorten,
)
from edge.bench.peer_faces import ask_peer
from tests.helpers.photos import ASTRONAUT, open_astronaut

LABELS = load_contract().labels


def make_scores(best: str, happy: float) -> dict[str, float]:
    return dict.fromkeys(LABELS, 0.0) | {best: 0.9, "happy": happy}


def test_a_smile_is_held_against_the_same_persons_neutral_face():
    def result(person, label, scores):
        return {"label": label, "groups": {"person": person}, "scores": scores}

    results = [
        result("1", "happy", make_scores("happy", 0.9)),
        result("1", "neutral", make_scores("neutral", 0.1)),
        result("2", "happy", make_scores("neutral", 0.2)),
        result("2", "neutral", make_scores("sad", 0.3)),
        result("3", "happy", make_scores("happy", 0.9)),
        result("4", "neutral", make_scores("sad", 0.2)),
        result("4", "happy", None),
    ]
    found = measure_people(results)
    assert (found["happier"]["right"], found["happier"]["photos"]) == (1, 2)
    assert (found["not_neutral"]["right"], found["not_neutral"]["photos"]) == (1, 2)
    assert measure_people([results[0] | {"groups": {}}]) is None


def test_another_packages_largest_face_counts_by_its_own_names():
    small = {"box": [0, 0, 5, 5], "scores": {"surprised": 0.9}}
    large = {"box": [0, 0, 9, 9], "scores": {"fearful": 0.7, "disgusted": 0.2, "neutral": 0.1}}
    found = dict(zip(LABELS, list_scores([small, large]), strict=True))
    assert found == dict.fromkeys(LABELS, 0.0) | {"fear": 0.7, "disgust": 0.2, "neutral": 0.1}
    assert all(math.isnan(score) for score in list_scores([]))
    assert all(math.isnan(score) for score in list_scores([{"box": [0, 0, 1, 1], "scores": {}}]))


ECHO = """
import json, sys
print("noise")
for path in sys.stdin:
    if path == "bad\\n":
        sys.exit("lost")
    print(json.dumps({"photo": path.strip(), "faces": []}), flush=True)
"""


def test_a_peer_that_fails_ends_the_exam_and_what_it_saw_is_kept(tmp_path, capfd):
    kept = tmp_path / "kept.jsonl"
    command = [sys.executable, "-c", ECHO]
    with pytest.raises(SystemExit, match="status 1"):
        ask_peer(command, ["a", "bad", "c"], kept)
    assert "lost" in capfd.readouterr().err
    assert kept.read_text() == '{"photo": "a", "faces": []}\n'
    found = ask_peer(command, ["c", "a"], kept)
    assert [line["photo"] for line in found] == ["c", "a"]
    assert len(kept.read_text().splitlines()) == 2
    assert ask_peer([sys.executable, "-c", "1 / 0"], ["a", "c"], kept) == found[::-1]


def test_the_command_and_the_library_find_the_same(tmp_path):
    open_astronaut().save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("image,expression,person\na.png,happy,1\n")
    found = run_command(tmp_path)
    assert found == run_exam(tmp_path, tmp_path / "labels.csv").to_dict()
    kept = shorten(found)
    assert "results" not in kept
    assert kept["scores"] == found["scores"]
    assert "groups" not in kept["label_scores"]
    lines = describe_set({"title": "One", "peers": [], **kept})
    assert lines[0] == "One, 1 photos"
    assert lines[1].split()[:2] == ["scores", "100.0%"]


def test_a_table_that_fits_nothing_ends_the_exam(tmp_path):
    (tmp_path / "labels.csv").write_text("image,expression\na.png,happy\n")
    with pytest.raises(SystemExit, match="no pictures"):
        run_command(tmp_path)


def test_only_a_clear_difference_of_two_groups_has_a_cause_to_look_for(tmp_path):
    clear, unclear = {"difference": {"clear": True}}, {"difference": {"clear": False}}
    assert pick_column({"age": {"a": clear, "b": clear, "c": clear}}) is None
    assert pick_column({"age": {"a": unclear, "b": unclear}}) is None
    assert pick_column({"age": {"a": unclear, "b": unclear}, "g": {"a": clear, "b": clear}}) == "g"
    assert measure_causes(tmp_path, [], {"g": {"a": clear, "b": clear}}) is None


def test_photos_are_paired_by_person():
    def result(person, label, photo, scores=True):
        groups = {"person": person, "gender": "male"}
        return {"photo": photo, "label": label, "groups": groups, "scores": scores}

    results = [result("1", "happy", "a"), result("1", "neutral", "b"), result("2", "happy", "c")]
    results += [result("3", "happy", "d"), result("3", "neutral", "e", None)]
    assert pair_people(results, "gender") == [("male", "b", "a")]


def test_a_smile_changes_the_lower_half():
    neutral, smile = np.full((4, 4), 100, np.uint8), np.full((4, 4), 250, np.uint8)
    smile[2:] = [[90, 90, 100, 100], [100, 100, 100, 140]]
    assert measure_change(neutral, smile) == (10 + 10 + 40) / 8


def test_causes_are_summed_up_by_group():
    kinds = np.array(["f", "f", "m", "m"])
    found = {AS_IT_IS: np.array([1, 1, 1, 0], bool), "closer": np.array([1, 0, 1, 1], bool)}
    values = summarize_causes(kinds, found, np.array([9.0, 7.0, 6.0, 2.0]))
    assert values == {
        "found": {AS_IT_IS: {"f": 1.0, "m": 0.5}, "closer": {"f": 0.5, "m": 1.0}},
        "change": {"f": 8.0, "m": 4.0}, "change_found": 22 / 3, "change_missed": 2.0,
    }  # fmt: skip


def test_a_face_is_cut_as_it_is_and_otherwise():
    cuts = cut_variants(Classifier(), ASTRONAUT)
    plain = cuts[AS_IT_IS]
    assert {cut.shape for cut in cuts.values()} == {plain.shape}
    assert cuts["lighter"].mean() > plain.mean() > cuts["darker"].mean()
    assert cuts["more contrast"].std() > plain.std() > cuts["less contrast"].std()
    assert len({cut.tobytes() for cut in cuts.values()}) == len(cuts) > len(LIGHTS)
