"""The measures, on cases small enough to work out by hand."""

import numpy as np
import pytest
from scipy.special import softmax

from training import calibrate, crops, evaluate, measures, people, shares, weaknesses
from training.data import LABELS, VOTE_COLUMNS, DataError, Faces


def make_scores(tops, score):
    """Scores [n, 7] with the given class at the given score, the rest shared evenly."""
    scores = np.full((len(tops), 7), (1 - score) / 6)
    scores[np.arange(len(tops)), tops] = score
    return scores


def make_table(labels, votes, images=None):
    """Faces with labels and votes; `votes` gives a dict of class to number, or None, for each."""
    table = np.full((len(labels), 10), -1)
    for row, counts in zip(table, votes, strict=True):
        if counts is not None:
            row[:] = 0
            for label, count in counts.items():
                row[VOTE_COLUMNS[LABELS.index(label)]] = count
    if images is None:
        images = np.zeros((len(labels), 48, 48), np.uint8)
    return Faces(
        images, np.array([LABELS.index(label) for label in labels]), table,
        np.array(["PublicTest"] * len(labels)), np.array([f"{i}" for i in range(len(labels))]),
    )  # fmt: skip


def test_a_part_of_the_pictures_by_the_textbook():
    # Newcombe 1998, table I: 81 of 263.
    part = shares.measure_fraction(np.arange(263) < 81)
    assert (part["pictures"], part["share"]) == (263, 81 / 263)
    assert part["interval"] == pytest.approx([0.2553, 0.3662], abs=5e-5)


def test_label_measures_by_hand():
    labels = np.array([0, 0, 3, 3])
    values = measures.measure_labels(make_scores([0, 3, 3, 3], 0.7), labels)
    assert values["accuracy"]["share"] == 0.75
    assert values["classes"]["happy"]["precision"] == pytest.approx(2 / 3)
    assert values["classes"]["happy"]["recall"] == 1.0
    assert values["classes"]["angry"]["f1"] == pytest.approx(2 / 3)
    assert values["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert values["confusion"][0][3] == 1
    assert values["top3"] == 1.0  # ties follow the label order: 0 is among the first three


def test_calibration_error_by_hand():
    truth = np.eye(7)[[0, 0, 0, 1]]
    scores = make_scores([0, 0, 0, 0], 0.9)
    assert measures.measure_ece(scores, truth) == pytest.approx(0.9 - 0.75)
    divided = np.full((4, 7), 0.1)
    divided[:, 0] = 0.4  # people are divided: the answer is right 0.4 of the time
    assert measures.measure_ece(scores, divided) == pytest.approx(0.5)
    assert measures.measure_nll(scores, np.eye(7)[[0] * 4]) == pytest.approx(-np.log(0.9))


def test_vote_measures_by_hand():
    votes = np.zeros((3, 10), int)
    votes[0, 1] = 10  # all happy
    votes[1, 0] = 10  # all neutral
    votes[2, :2] = 5  # divided: no majority
    scores = np.eye(7)[[LABELS.index("happy")] * 3]
    values = measures.measure_votes(scores, votes)
    assert values["agreement"]["share"] == 0.5
    assert values["agreement"]["pictures"] == 2
    # Jensen-Shannon in bits: 0 if the same, 1 if disjoint, 0.3113 of (1) and (1/2, 1/2).
    assert values["divergence"] == pytest.approx((0 + 1 + 0.31128) / 3, abs=1e-5)
    assert measures.measure_votes(scores, np.full((3, 10), -1)) is None


def test_right_means_as_most_voters_say():
    votes = np.full((3, 10), -1)
    votes[1] = [0, 10, 0, 0, 0, 0, 0, 0, 0, 0]
    votes[2] = [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]
    happy = LABELS.index("happy")
    faces = Faces(
        np.zeros((3, 48, 48), np.uint8), np.array([happy, 0, happy]), votes,
        np.array(["PublicTest"] * 3), np.array(["a", "b", "c"]),
    )  # fmt: skip
    assert measures.find_right(make_scores([happy] * 3, 0.9), faces).tolist() == [True, True, False]


def test_reliability_over_all_seven_by_hand():
    """A network that says 0.4 of one word and 0.1 of the others, where 6 and 4 of 10 chose two."""
    votes = np.zeros((5, 10), int)
    votes[:, VOTE_COLUMNS[0]], votes[:, VOTE_COLUMNS[1]] = 6, 4
    faces = make_table(["angry"] * 5, [{"angry": 6, "disgust": 4}] * 5)
    scores = np.stack([make_scores([0] * 5, 0.4), make_scores([1] * 5, 0.7)], axis=1)
    values = measures.measure_heads(scores, faces)
    assert [(b["low"], b["count"]) for b in values["all_reliability"]] == [(1 / 15, 30), (0.4, 5)]
    low, high = values["all_reliability"]
    assert (low["score"], high["score"]) == pytest.approx((0.1, 0.4))
    assert (low["share"], high["share"]) == pytest.approx((0.4 / 6, 0.6))
    assert values["all_ece"] == pytest.approx((30 * (0.1 - 0.4 / 6) + 5 * 0.2) / 35)
    assert values["ece"] == pytest.approx(0.2)
    assert values["labels"]["ece"] == pytest.approx(0.7)
    assert values["labels"]["accuracy"]["share"] == 0
    assert values["votes"]["agreement"]["share"] == 1
    assert values["votes"]["recall"]["angry"]["pictures"] == 5
    assert values["named"]["scores"]["angry"] == values["named"]["label_scores"]["disgust"] == 1


def test_single_votes_count_where_they_are_measured_raw():
    faces = make_table(["happy"], [{"happy": 9, "sad": 1}])
    scores = make_scores([LABELS.index("happy")], 1.0)
    values = measures.measure_votes(scores, faces.votes)
    assert values["raw_ece"] == pytest.approx(0.1)
    assert values["divergence"] == pytest.approx(0)


def test_without_votes_both_heads_are_held_against_the_labels():
    faces = make_table(["angry", "happy"], [None, None])
    scores = np.stack([make_scores([0, 0], 0.8), make_scores([0, 3], 0.8)], axis=1)
    values = measures.measure_heads(scores, faces)
    assert values["votes"] is None
    assert values["ece"] == pytest.approx(0.3)
    assert values["labels"]["accuracy"]["share"] == 1


def test_not_sure_by_hand():
    """Of two faces below one half people are divided on one, of two above on none."""
    tables = [{"happy": 5, "sad": 5}, {"happy": 8, "sad": 2}, {"happy": 9}, {"sad": 9}]
    faces = make_table(["happy"] * 4, tables)
    happy = LABELS.index("happy")
    scores = np.concatenate([make_scores([happy] * 2, 0.49), make_scores([happy] * 2, 0.5)])
    rule = measures.measure_not_sure(scores, faces, 0.5)
    assert rule["not_sure"]["share"] == 0.5
    assert rule["divided"]["share"] == 0.25
    assert rule["divided_when_not_sure"]["share"] == 0.5
    assert rule["divided_when_sure"]["share"] == 0
    assert rule["right_when_sure"]["share"] == 0.5
    assert rule["chosen_when_not_sure"] == pytest.approx((0.5 + 0.8) / 2)
    assert rule["chosen_when_sure"] == pytest.approx(0.5)
    assert rule["separation"]["best"] == rule["separation"]["entropy"] == pytest.approx(5 / 6)
    assert set(rule["separation"]) == {"best", "lead", "entropy"}
    curve = {point["score_below"]: point for point in measures.trace_coverage(scores, faces)}
    assert curve[0.0] == {
        "score_below": 0.0, "coverage": 1.0, "right": 0.5, "divided": 0.25, "divided_below": None,
    }  # fmt: skip
    assert curve[0.5]["coverage"] == 0.5
    assert curve[0.5]["divided_below"] == 0.5
    assert 0.52 not in curve  # nothing is left to answer
    unvoted = measures.measure_not_sure(scores, make_table(["happy"] * 4, [None] * 4), 0.5)
    assert unvoted["divided_when_not_sure"] is None
    assert unvoted["right_when_sure"]["share"] == 1
    assert unvoted["chosen_when_sure"] is None
    assert unvoted["separation"] is None


def test_temperature_is_found_again():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20000, 7))
    drawn = (softmax(logits, axis=1).cumsum(axis=1) > rng.random((20000, 1))).argmax(axis=1)
    hot = softmax(logits * 2.5, axis=1)
    assert calibrate.fit_temperature(hot, np.eye(7)[drawn]) == pytest.approx(2.5, rel=0.03)
    assert evaluate.undo_temperature(softmax(logits / 2.5, axis=1), 2.5) == pytest.approx(
        softmax(logits, axis=1)
    )


def test_each_head_has_a_temperature_of_its_own():
    """`scores` are fitted to the votes and `label_scores` to the labels of the same pictures."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 7, 4000)
    names = [LABELS[label] for label in labels]
    faces = make_table(names, [{name: 8, "neutral": 2} for name in names])
    logits = np.eye(7)[labels] * 2
    scores = softmax(np.stack([logits, logits], axis=1), axis=2)
    temperature = calibrate.fit_heads(scores, faces)
    assert list(temperature) == ["scores", "label_scores"]
    assert temperature["label_scores"] < 0.1  # the labels are always right
    assert temperature["scores"] > 0.4


def test_contract_keeps_all_but_the_temperatures(tmp_path):
    path = tmp_path / "contract.json"
    temperature = {"scores": 1.25, "label_scores": 0.9}
    for old in ("1.0", '{ "scores": 1.0263, "label_scores": 1 }'):
        text = f'{{ "temperature": {old},\n "odd": [1,2], "not_sure": {{"score_below": 0.5}} }}\n'
        path.write_text(text)
        assert calibrate.update_contract(path, temperature) == 0.5
        assert path.read_text() == text.replace(old, '{ "scores": 1.25, "label_scores": 0.9 }')
    path.write_text('{"not_sure": {"score_below": 0.5}}')
    with pytest.raises(DataError, match="`temperature` stands there 0 times"):
        calibrate.update_contract(path, temperature)
    path.write_text("{}")
    with pytest.raises(DataError, match="no contract"):
        calibrate.update_contract(path, temperature)


def test_crops_by_hand():
    images = np.arange(24 * 24).reshape(1, 24, 24)
    whole, mirrored = crops.cut_crops(images, 2)
    assert (whole == images).all()
    assert (mirrored == images[:, :, ::-1]).all()
    four = crops.cut_crops(images, 4)
    assert [crop.shape for crop in four] == [(1, 22, 22)] * 4
    assert [int(crop[0, 0, 0]) for crop in four] == [0, 2 * 24 + 2, 21, 2 * 24 + 23]
    ten = crops.cut_crops(images, 10)
    assert [int(crop[0, 0, 0]) for crop in ten[:5]] == [25, 0, 2, 48, 50]
    assert all((a == b[:, :, ::-1]).all() for a, b in zip(ten[:5], ten[5:], strict=True))
    with pytest.raises(ValueError, match="3 crops, expected one of 1, 2, 4, 10"):
        crops.cut_crops(images, 3)
    assert crops.average_crops(lambda x: x[:, 0, 0], images, 2) == pytest.approx([11.5])


def test_several_crops_are_measured_by_both_heads():
    """Of a network that names happy only where the picture is mirrored, and then for sure."""

    def predict(images):
        answer = np.where(images[:, 0, 0, None] > 0, 0.0, np.eye(7)[LABELS.index("happy")])
        rest = np.full(7, 1 / 7) * (images[:, 0, 0, None] > 0)
        return np.stack([answer + rest] * 2, axis=1)

    image = np.zeros((1, 48, 48), np.uint8)
    image[:, :, :24] = 9
    faces = make_table(["happy"], [{"happy": 10}], image)
    rows = crops.measure_crops(predict, faces)
    assert [row["crops"] for row in rows] == [1, 2, 4, 10]
    assert [row["votes"]["share"] for row in rows] == [0, 1, 1, 1]
    assert [row["labels"]["share"] for row in rows] == [0, 1, 1, 1]


def test_slices_by_hand():
    dark, light = np.full((2, 48, 48), 30, np.uint8), np.full((2, 48, 48), 200, np.uint8)
    faces = make_table(
        ["happy", "sad", "happy", "sad"],
        [{"happy": 10}, {"happy": 7, "sad": 3}, {"sad": 10}, {"happy": 5, "sad": 5}],
        np.concatenate([dark, light]),
    )
    scores = make_scores([LABELS.index("happy")] * 4, 0.7)
    scores[1] = make_scores([LABELS.index("happy")], 0.4)
    scores = np.stack([scores, make_scores([LABELS.index("sad")] * 4, 0.7)], axis=1)
    slices = weaknesses.slice_faces(scores, faces)
    darkest, lightest = slices["brightness"]  # empty bins are left out
    assert (darkest["low"], darkest["high"], darkest["pictures"]) == (0, 64, 2)
    assert darkest["share"] == 1.0
    assert darkest["labels"]["share"] == 0.5
    assert darkest["score"] == pytest.approx(0.55)
    # The fourth has no majority: of the light ones only the third counts.
    assert (lightest["low"], lightest["pictures"], lightest["share"]) == (160, 1, 0.0)
    assert [(part["low"], part["pictures"]) for part in slices["voters_agreeing"]] == [
        (0.6, 1),
        (0.999, 2),
    ]
    assert weaknesses.slice_faces(scores, make_table(["sad"] * 4, [None] * 4)) == {}


def test_hidden_pixels_are_the_share_asked_for():
    images = np.full((200, 48, 48), 9, np.uint8)
    for share in weaknesses.HIDDEN:
        hidden = weaknesses.hide_pixels(images, share, np.random.default_rng(1)) == 0
        assert np.abs(hidden.mean(axis=(1, 2)) - share).max() < 0.01
        for mask in hidden[:20]:  # one rectangle
            assert (mask == np.outer(mask.any(axis=1), mask.any(axis=0))).all()
    assert images.min() == 9


def test_occlusion_by_hand():
    """Of a network that answers happy while a pixel of ten is hidden, and sad after that."""

    def predict(images):
        happy = (images == 0).mean(axis=(1, 2)) < 0.15
        answers = np.where(happy, LABELS.index("happy"), LABELS.index("sad"))
        return np.eye(7)[np.stack([answers, answers], axis=1)]

    faces = make_table(
        ["happy", "happy", "sad"],
        [{"happy": 9}, {"sad": 9}, None],
        np.full((3, 48, 48), 100, np.uint8),
    )
    rows = weaknesses.measure_occlusion(predict, faces)
    assert [row["hidden"] for row in rows] == [0.0, 0.05, 0.1, 0.2, 0.3, 0.4]
    assert [row["labels"]["share"] for row in rows] == pytest.approx([2 / 3] * 3 + [1 / 3] * 3)
    assert [row["votes"]["share"] for row in rows] == [0.5] * 6
    assert rows[0]["votes"]["pictures"] == 2


def test_a_moved_crop_by_hand():
    image = np.random.default_rng(0).integers(1, 256, (48, 48)).astype(np.uint8)
    assert (weaknesses.move_crop(image, 0, 0, 0) == image).all()
    right = weaknesses.move_crop(image, 6 / 48, 0, 0)
    assert (right[:, :42] == image[:, 6:]).all()
    assert (right[:, 42:] == 0).all()
    down = weaknesses.move_crop(image, 0, 6 / 48, 0)
    assert (down[:42] == image[6:]).all()
    wide = weaknesses.move_crop(np.full((48, 48), 7, np.uint8), 0, 0, 1 / 3)  # a border of 6
    assert (wide[6:42, 6:42] == 7).all()
    assert wide.sum() == 7 * 36 * 36


def test_crops_are_seeded_and_within_the_bounds():
    crops = weaknesses.draw_crops(500)
    assert crops.shape == (8, 500, 3)
    assert (crops == weaknesses.draw_crops(500)).all()
    largest = np.abs(crops).max(axis=(0, 1))
    assert (largest <= [0.08, 0.08, 0.15]).all()
    assert (largest > [0.079, 0.079, 0.148]).all()


def test_changes_by_hand():
    changed = np.array([[True, False], [True, False]])
    crops = np.array([[[0.07, 0, 0.1], [0.01, 0, 0]], [[0, -0.05, -0.1], [0.01, 0.01, 0]]])
    summary = weaknesses.summarize_changes(changed, crops)
    assert summary["changed"] == 0.5
    assert [draw["share"] for draw in summary["draws"]] == [0.5, 0.5]
    assert summary["ever_changed"]["share"] == 0.5
    assert [(part["low"], part["crops"], part["changed"]) for part in summary["shift"]] == [
        (0, 2, 0.0),
        (0.04, 1, 1.0),
        (0.06, 1, 1.0),
    ]
    assert [(part["low"], part["changed"]) for part in summary["scale"]] == [
        (-0.15, 1.0),
        (-0.03, 0.0),
        (0.09, 1.0),
    ]


def test_a_network_that_sees_no_crop_never_changes():
    faces = make_table(["sad"] * 3, [None] * 3)
    crop = weaknesses.measure_crop(lambda images: np.eye(7)[[[0, 1]] * len(images)], faces)
    assert crop["changed"] == crop["labels"]["changed"] == 0
    assert crop["ever_changed"]["interval"][1] > 0


def test_people_beside_scores_by_hand():
    faces = make_table(
        ["happy", "happy", "sad", "sad"],
        [{"happy": 10}, {"happy": 5, "neutral": 5}, {"neutral": 6, "sad": 4}, None],
    )
    scores = make_scores([LABELS.index("happy")] * 4, 1.0)
    values = people.compare_people(scores, faces)
    assert values["pictures"] == 3
    assert values["unanimous"]["share"] == pytest.approx(1 / 3)
    assert values["no_majority"]["share"] == pytest.approx(1 / 3)
    assert values["label_is_majority"] == shares.measure_fraction(np.array([True, False]))
    happy = np.zeros(7)
    happy[[LABELS.index("happy"), LABELS.index("neutral")]] = 0.75, 0.25
    assert values["mean_votes"]["happy"] == pytest.approx(happy)
    assert list(values["mean_votes"]) == ["happy", "sad"]
    assert values["mean_scores"]["sad"] == pytest.approx(np.eye(7)[LABELS.index("happy")])
    # 0 bits, 1 bit, and 0.971 bits of 6 : 4.
    assert values["entropy"]["votes"]["mean"] == pytest.approx((0 + 1 + 0.97095) / 3, abs=1e-5)
    assert values["entropy"]["votes"]["counts"] == [1, 0, 0, 1, 1] + [0] * 7
    assert values["entropy"]["scores"] == {"counts": [3] + [0] * 11, "mean": 0.0}
    assert people.compare_people(scores, make_table(["sad"] * 4, [None] * 4)) is None
