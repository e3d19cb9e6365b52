"""What the documents say of the exams on outside photos, from a report of known numbers."""

import pytest
from emoji_edge.exam.measures import find_difference

from models.render.exams import BLOCKS


def make_measure(right, photos):
    return {"photos": photos, "right": right, "share": right / photos, "interval": [0.1, 0.9]}


def make_values(right, photos, groups=None):
    share = make_measure(right, photos)
    certainty = {"mean_score": 0.9, "too_sure": 0.1, "interval": [0.05, 0.15], "right": share}
    return {
        "first": share, "top3": share, "sure": share, "no_face": 0, "photos": photos,
        "balanced_accuracy": right / photos, "certainty": certainty, "groups": groups or {},
        "expressions": {"happy": make_measure(right, photos), "neutral": make_measure(3, 4)},
        "reliability": [{"says": 0.8, "mean_score": 0.8, **make_measure(4, 5)}],
    }  # fmt: skip


def make_report(women=90, men=50, peer=0.5):
    import numpy as np

    def mask(right):
        return np.arange(100) < right

    groups = {"gender": {
        "female": make_values(women, 100)
        | {"difference": find_difference(mask(women), mask(men))},
        "male": make_values(men, 100) | {"difference": find_difference(mask(men), mask(women))},
    }}  # fmt: skip
    values = make_values(women + men, 200, groups)
    other = {"package": "fer", "version": "1", **make_values(int(200 * peer), 200)}
    people = {"happier": make_measure(99, 100), "not_neutral": make_measure(2, 100)}
    section = {
        "title": "The set", "about": "a hundred people", "source": "Somebody (2000)",
        "photos": 200, "scores": values, "label_scores": values, "people": people,
        "peers": [other],
    }  # fmt: skip
    pages = {"photos": 180, "same": 179, "browser": "Chromium 1"}
    return {"photos": {"sets": {"london": section}}, "page_photos": pages}


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_text(name):
    assert BLOCKS[name](make_report()).strip()


def test_a_group_that_is_clearly_worse_is_named_and_no_other():
    text = BLOCKS["exam-factors"](make_report())
    assert "less often for gender male (by 40 points, 28 to 51; 50 of 100 smiles found)" in text
    assert "female" not in text
    assert "no group is clearly worse" in BLOCKS["exam-factors"](make_report(70, 68))


def test_a_peer_that_is_ahead_is_named():
    assert "this project agrees most often" in BLOCKS["exam-peers"](make_report())
    text = BLOCKS["exam-peers"](make_report(peer=0.9))
    assert "**ahead of this project** is `fer` (90.0%)" in text


def test_people_are_compared_with_themselves():
    text = BLOCKS["exam-people"](make_report())
    assert "99 of 100" in text
    assert "2 of 100 neutral faces are called anything else" in text


def test_the_cause_of_a_difference_is_told_by_crop_light_and_smile():
    assert BLOCKS["exam-causes"](make_report()).startswith("No group of two is clearly worse")
    report = make_report()
    report["photos"]["sets"]["london"]["causes"] = {
        "column": "gender",
        "found": {
            "as it is": {"female": 0.8, "male": 0.4},
            "closer": {"female": 0.9, "male": 0.4},
            "darker": {"female": 0.8, "male": 0.5},
        },
        "change": {"female": 14.0, "male": 11.5},
        "change_found": 14.5, "change_missed": 10.0,
    }  # fmt: skip
    text = BLOCKS["exam-causes"](report)
    assert text.startswith("Why male smiles are found less often")
    assert "(closer and darker), the difference stays between 30 and 50 points; it is 40" in text
    assert "male smiles change the lower half of the face by 11.5 gray levels and female" in text
    assert "found change it by 14.5, missed ones by 10.0" in text
