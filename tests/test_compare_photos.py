"""The page's and the command's answers, and an annotator's labels, compared."""

import pytest

from web.compare_photos import compare_labels, read_labels


def answer(photo, *labels, not_sure=False):
    expressions = [{"label": label, "score": 0.3} for label in labels]
    faces = [{"not_sure": not_sure, "expressions": expressions}] if labels else []
    return {"photo": photo, "faces": faces}


def test_answers_are_held_against_an_annotator(tmp_path):
    (tmp_path / "labels.csv").write_text("image,expression\na,happy\nb,happy\nc,sad\nd,sad\n")
    labels = read_labels(tmp_path)
    answers = [
        answer("a", "happy", "sad", "fear"),
        answer("b", "sad", "happy", "fear", not_sure=True),
        answer("c"),
        {"photo": "d", "error": "not an image"},
        answer("unknown", "fear"),
    ]
    found = compare_labels(answers, labels)
    assert (found["first"]["pictures"], found["first"]["share"]) == (4, 0.25)
    assert found["top3"]["share"] == 0.5
    assert (found["sure"]["pictures"], found["sure"]["share"]) == (1, 1.0)
    shares = {label: part["share"] for label, part in found["expressions"].items()}
    assert shares == {"happy": 0.5, "sad": 0.0}
    assert found["first"]["interval"][0] == pytest.approx(0.0456, abs=1e-4)


def test_a_folder_without_labels_has_none(tmp_path):
    assert read_labels(tmp_path) == {}
