"""The library: Classifier and its results, and networks that cannot be used."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from emoji_edge import Classifier, ContractError, ImageError, ModelError, load_contract
from emoji_edge.classify import rank_scores
from emoji_edge.contract import find_models
from emoji_edge.crop import crop_face
from emoji_edge.network import FaceOutputs, Network
from emoji_edge.result import HEADS, Expression
from PIL import Image

from tests.helpers.photos import ASTRONAUT, make_scene, open_astronaut

CONTRACT = load_contract()
FLOAT32 = find_models() / CONTRACT.artifacts["tflite"]["float32"]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def test_the_result_has_the_shared_shape(classifier):
    result = classifier.classify(ASTRONAUT)
    values = result.to_dict()
    assert list(values) == ["photo", "size", "faces", "model"]
    assert values["photo"] == str(ASTRONAUT)
    assert values["size"] == [512, 512]
    assert values["model"]["artifact"] == "float32"
    assert len(values["model"]["sha256"]) == 64
    (face,) = values["faces"]
    assert list(face) == ["box", "roll", "detection", "not_sure", "expressions"]
    assert [list(e) for e in face["expressions"]] == [["label", "emoji", "score"]] * 3
    assert json.loads(json.dumps(values)) == values
    scores = [e["score"] for e in face["expressions"]]
    assert scores == sorted(scores, reverse=True)
    for expression in face["expressions"]:
        assert expression["emoji"] == CONTRACT.emoji[expression["label"]]


def test_scores_add_up_and_evidence_explains_them(classifier):
    (face,) = classifier.classify(ASTRONAUT).faces
    assert face.scores.shape == (7,)
    assert face.scores.sum() == pytest.approx(1, abs=1e-5)
    logits = face.evidence.mean(axis=(0, 1))
    powers = np.exp(logits - logits.max())
    assert np.allclose(powers / powers.sum(), face.scores, atol=1e-5)


def test_the_face_is_what_crop_face_cuts(classifier):
    image = open_astronaut()
    (face,) = classifier.classify(image).faces
    assert np.array_equal(face.pixels, crop_face(image, face.box, CONTRACT, face.roll))
    outputs = classifier.network.run_faces(face.pixels[None])
    assert np.array_equal(outputs.scores[0], face.scores)
    assert np.array_equal(outputs.label_scores[0], face.label_scores)
    assert np.array_equal(outputs.evidence[0], face.evidence)


def test_no_face_is_an_answer(classifier):
    result = classifier.classify(Image.new("RGB", (300, 200), "gray"), "plain")
    assert result.to_dict()["faces"] == []
    assert result.photo == "plain"


@pytest.mark.parametrize(("side", "whole"), [(64, True), (65, False)])
def test_a_small_picture_is_a_face(classifier, side, whole):
    picture = Image.new("RGB", (side, side // 2), (80, 90, 100))
    faces = classifier.classify(picture).faces
    assert len(faces) == int(whole)
    if whole:
        assert faces[0].box == (0, 0, side, side // 2)
        assert faces[0].detection is None


def test_face_modes():
    scene = make_scene((900, 600), (20, 20, 280), (450, 100, 420))
    every = Classifier(face="auto").classify(scene).faces
    largest = Classifier(face="largest").classify(scene).faces
    whole = Classifier(face="whole").classify(scene).faces
    assert len(every) == 2
    assert largest == every[:1]
    assert [face.box for face in whole] == [(0, 0, 900, 600)]


def test_top_and_ties_follow_the_labels():
    scores = np.array([0.1, 0.3, 0.05, 0.3, 0.05, 0.1, 0.1], np.float32)
    ranked = [expression.label for expression in rank_scores(scores, CONTRACT)]
    order = [1, 3, 0, 5, 6, 2, 4]
    assert ranked == [CONTRACT.labels[i] for i in order]
    (face,) = Classifier(top=7).classify(ASTRONAUT).faces
    assert len(face.expressions) == 7


@pytest.mark.parametrize(
    ("score", "shown"), [(0.0, 0), (0.004, 0), (0.005, 1), (0.126, 13), (0.995, 100), (1.0, 100)]
)
def test_emo_score_rounds_half_up(score, shown):
    assert Expression("happy", "😄", score).emo_score == shown


def test_not_sure_is_below_the_contract_threshold(classifier):
    (face,) = classifier.classify(ASTRONAUT).faces
    best = float(face.scores.max())
    for threshold, expected in [(best, False), (float(np.nextafter(best, 1)), True)]:
        unsure = Classifier()
        unsure.contract = dataclasses.replace(CONTRACT, not_sure_below=threshold)
        assert unsure.classify(ASTRONAUT).faces[0].not_sure is expected


@pytest.mark.parametrize("model", list(CONTRACT.artifacts["tflite"]))
def test_every_artifact_answers_on_any_threads(model):
    answers = [Classifier(model, threads).classify(ASTRONAUT).faces[0] for threads in (1, 2)]
    for face in answers:
        assert face.scores.sum() == pytest.approx(1, abs=0.02)
    assert np.allclose(answers[0].scores, answers[1].scores, atol=1e-5)


def test_a_path_is_a_model_too(tmp_path, classifier):
    copy = tmp_path / "own.tflite"
    shutil.copy(FLOAT32, copy)
    result = Classifier(copy).classify(ASTRONAUT)
    assert result.model["artifact"] == "own.tflite"
    assert result.faces == classifier.classify(ASTRONAUT).faces


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"face": "both"}, "face is"), ({"top": 0}, "top is"), ({"top": 8}, "top is"),
     ({"threads": 0}, "threads is 0, not 1 to"), ({"threads": 100_000}, "threads is 100000"),
     ({"rank_by": "votes"}, "rank_by is 'votes', not one of")],
)  # fmt: skip
def test_arguments_out_of_range(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        Classifier(**arguments)


def make_damaged(content: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "text": b"this is not a network at all",
        "short": content[: len(content) // 2],
        "detector": (find_models() / "face" / "short.tflite").read_bytes(),
    }


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("empty", "not a TFLite file"), ("text", "not a TFLite file"), ("short", "damaged"),
     ("detector", "not an expression network")],
)  # fmt: skip
def test_a_damaged_or_foreign_network_is_one_clear_line(tmp_path, kind, reason):
    path = tmp_path / "bad.tflite"
    path.write_bytes(make_damaged(FLOAT32.read_bytes())[kind])
    with pytest.raises(ModelError) as caught:
        Classifier(path)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_network_for_other_labels_is_refused():
    six = dataclasses.replace(CONTRACT, labels=CONTRACT.labels[:6])
    with pytest.raises(ModelError, match="its outputs are not 6 scores"):
        Network(FLOAT32, six)


def test_a_model_that_does_not_exist():
    with pytest.raises(ModelError, match=r"float99: no such file, and no artifact \(float32"):
        Classifier("float99")


def test_bad_input_raises_image_error(classifier):
    with pytest.raises(ImageError, match="not a picture"):
        classifier.classify(b"nothing of the kind")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.pop("labels"), "it must contain ['labels'] properties"),
        (
            lambda c: c["detector"]["models"]["short"].pop("file"),
            "short` must contain ['file'] properties",
        ),
        (lambda c: c["gates"]["artifacts"].pop("int8"), "gates.artifacts.int8"),
        (
            lambda c: c["same_answer"].update(box=-1),
            "`same_answer.box` must be bigger",
        ),
        (lambda c: c["gray"].update(weights=[1, 2, 3]), "`gray.weights` add up to 6"),
    ],
)
def test_a_damaged_contract_is_one_clear_line(tmp_path, change, reason):
    values = json.loads((find_models() / "contract.json").read_text())
    change(values)
    (tmp_path / "contract.json").write_text(json.dumps(values))
    with pytest.raises(ContractError) as caught:
        Classifier(models=tmp_path)
    assert reason in str(caught.value)


def test_options_change_on_the_same_networks(classifier):
    other = classifier.change_options(top=7, face="whole")
    assert other.network is classifier.network
    assert other.finder is classifier.finder
    (face,) = other.classify(ASTRONAUT).faces
    assert (face.detection, len(face.expressions)) == (None, 7)
    (face,) = classifier.classify(ASTRONAUT).faces  # which keeps its own
    assert (face.detection is None, len(face.expressions)) == (False, 3)
    with pytest.raises(ValueError, match="top is 8, not 1 to 7"):
        classifier.change_options(top=8)


class TwoMinds:
    """A network whose heads do not agree: the first is sure of angry, the second of neutral."""

    name, sha256 = "two minds", "0" * 64
    sure = np.array([[0.94, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]], np.float32)

    def run_faces(self, pixels):
        return FaceOutputs(self.sure, self.sure[:, ::-1], np.zeros((1, 6, 6, 7), np.float32))


def test_the_other_head_ranks_where_asked_and_the_result_says_so():
    people = Classifier(network=TwoMinds()).classify(ASTRONAUT)
    labels = Classifier(network=TwoMinds(), rank_by="label_scores").classify(ASTRONAUT)
    assert [r.faces[0].expressions[0].label for r in (people, labels)] == ["angry", "neutral"]
    assert "ranked_by" not in people.to_dict()
    assert labels.to_dict()["ranked_by"] == "label_scores"
    for result in (people, labels):
        assert list(result.faces[0].scores) == list(TwoMinds.sure[0])
        assert list(result.faces[0].label_scores) == list(TwoMinds.sure[0, ::-1])
        assert result.faces[0].not_sure is False


def test_not_sure_is_what_people_would_say_whichever_head_ranks():
    class Divided(TwoMinds):
        def run_faces(self, pixels):
            divided = np.full((1, 7), 1 / 7, np.float32)
            return FaceOutputs(divided, self.sure, np.zeros((1, 6, 6, 7), np.float32))

    for head in HEADS:
        (face,) = Classifier(network=Divided(), rank_by=head).classify(ASTRONAUT).faces
        assert face.not_sure is True


def test_a_loaded_network_runs_instead_of_a_model(classifier):
    result = Classifier(model="no such model", network=TwoMinds()).classify(ASTRONAUT)
    assert result.model == {"artifact": "two minds", "sha256": "0" * 64}
    assert [e.label for e in result.faces[0].expressions] == ["angry", "disgust", "fear"]
    assert result.faces[0].box == classifier.classify(ASTRONAUT).faces[0].box
