"""FER-2013 in every layout, its votes, its duplicates, and what is refused."""

import csv

import numpy as np
import pytest
from fer_tables import make_faces, write_csv, write_folders, write_parquet

from training import data
from training.data import DataError, load_faces

COUNTS = {"Training": 3, "PublicTest": 1, "PrivateTest": 1}


@pytest.fixture(scope="module")
def rows():
    return make_faces(COUNTS)


def sort_faces(faces):
    """Pictures, labels and splits in an order that does not depend on the layout."""
    order = np.lexsort(faces.images.reshape(len(faces), -1).T)
    return faces.images[order], faces.labels[order], faces.splits[order]


@pytest.mark.parametrize("layout", ["csv", "gzip", "folders", "parquet", "csv in a folder"])
def test_every_layout_gives_the_same_faces(rows, tmp_path, layout):
    path = {
        "csv": lambda: write_csv(rows, tmp_path / "fer2013.csv"),
        "gzip": lambda: write_csv(rows, tmp_path / "fer2013.csv.gz"),
        "folders": lambda: write_folders(rows, tmp_path),
        "parquet": lambda: write_parquet(rows, tmp_path),
        "csv in a folder": lambda: write_csv(rows, tmp_path / "fer2013.csv").parent,
    }[layout]()
    faces = load_faces(path)
    images, labels, splits = sort_faces(faces)
    order = np.lexsort(np.stack([row["image"] for row in rows]).reshape(len(rows), -1).T)
    assert (images == np.stack([rows[i]["image"] for i in order])).all()
    assert labels.tolist() == [rows[i]["label"] for i in order]
    assert splits.tolist() == [rows[i]["usage"] for i in order]
    assert len(set(faces.ids)) == len(rows)


def test_csv_without_usage_is_one_split(rows, tmp_path):
    faces = load_faces(write_csv(rows, tmp_path / "train.csv", usage=False))
    assert set(faces.splits) == {"Training"}
    assert len(faces) == len(rows)


def test_parquet_brings_its_votes(rows, tmp_path):
    faces = load_faces(write_parquet(rows, tmp_path))
    votes = {f"fer:{i}": row["votes"] for i, row in enumerate(rows)}
    assert all(faces.votes[i].tolist() == votes[id] for i, id in enumerate(faces.ids))


def write_votes(path, usages):
    """A FER+ table: ten votes for happiness in every row."""
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Usage", "Image name", *data.VOTE_NAMES])
        for i, usage in enumerate(usages):
            table.writerow([usage, f"fer{i:07}.png", 0, 10, 0, 0, 0, 0, 0, 0, 0, 0])
    return path


def test_votes_are_joined_to_a_complete_table(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "COMPLETE_ROWS", len(rows))
    table = write_csv(rows, tmp_path / "fer2013.csv")
    faces = load_faces(table, write_votes(tmp_path / "v.csv", [row["usage"] for row in rows]))
    assert (faces.votes[:, 1] == 10).all()
    assert data.find_majority(faces.votes).tolist() == [data.LABELS.index("happy")] * len(rows)


def test_votes_are_refused_where_rows_could_be_misjoined(rows, tmp_path, monkeypatch):
    table = write_csv(rows, tmp_path / "fer2013.csv")
    usages = [row["usage"] for row in rows]
    with pytest.raises(DataError, match="only to the complete table of 35887 rows"):
        load_faces(table, write_votes(tmp_path / "v.csv", usages))
    monkeypatch.setattr(data, "COMPLETE_ROWS", len(rows))
    turned = usages[::-1]
    assert turned != usages
    with pytest.raises(DataError, match="another order"):
        load_faces(table, write_votes(tmp_path / "v.csv", turned))


BAD_CELLS = {
    "3 pixels, expected 2304": ("3", "1 2 3", "Training"),
    "outside 0..255": ("3", " ".join(["0"] * 2303 + ["256"]), "Training"),
    "not a whole number": ("3", " ".join(["0"] * 2303 + ["x"]), "Training"),
    "unknown label '7'": ("7", " ".join(["0"] * 2304), "Training"),
    "unknown label 'joy'": ("joy", " ".join(["0"] * 2304), "Training"),
    "unknown split 'Test'": ("3", " ".join(["0"] * 2304), "Test"),
}


@pytest.mark.parametrize("problem", BAD_CELLS)
def test_bad_row_is_named_or_left_out(rows, tmp_path, problem):
    table = write_csv(rows, tmp_path / "fer2013.csv")
    with open(table, "a", newline="") as file:
        csv.writer(file).writerow(BAD_CELLS[problem])
    with pytest.raises(DataError) as caught:
        load_faces(table)
    where = f"fer2013.csv row {len(rows)}: "
    assert f"1 bad of {len(rows) + 1} rows" in str(caught.value)
    assert where in str(caught.value)
    assert problem in str(caught.value)
    faces = load_faces(table, skip_bad=True)
    assert len(faces) == len(rows)
    assert len(faces.skipped) == 1
    assert problem in faces.skipped[0]


def test_bad_pictures_are_named(rows, tmp_path):
    folder = write_folders(rows, tmp_path)
    (folder / "Train" / "Happy" / "text.png").write_text("no picture")
    (folder / "Train" / "joy").mkdir()
    first = next((folder / "Train" / "Happy").glob("Training_*.png"))
    (folder / "Train" / "joy" / "a.png").write_bytes(first.read_bytes())
    with pytest.raises(DataError) as caught:
        load_faces(folder)
    assert "2 bad of" in str(caught.value)
    assert "Train/Happy/text.png: unreadable picture" in str(caught.value)
    assert "Train/joy/a.png: unknown label 'joy'" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no such file"),
        ("a.csv", b"a,b\n1,2\n", "no column emotion or pixels"),
        ("a.csv.gz", b"no gzip", "not a readable CSV"),
        ("a.csv", b"\xff\xfe\x00", "not a readable CSV"),
        ("training.parquet", b"no parquet", "training.parquet"),
        ("a.txt", b"", "neither .csv"),
        ("a.csv", b"emotion,pixels\n", "no FER-2013 pictures found"),
    ],
)
def test_what_is_not_fer_2013_is_refused(tmp_path, capsys, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert data.main([str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_majority_follows_the_ferplus_rule():
    votes = np.array(
        [
            # neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown, no face
            [6, 4, 0, 0, 0, 0, 0, 0, 0, 0],  # over half
            [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],  # exactly half is none
            [4, 1, 1, 1, 1, 1, 1, 0, 0, 0],  # single votes are dropped: 4 of 4
            [0, 0, 0, 0, 0, 0, 0, 8, 2, 0],  # contempt is no class
            [2, 0, 0, 0, 0, 0, 0, 0, 0, 8],  # not a face
            [-1] * 10,  # no votes at all
        ]
    )
    happy, neutral = data.LABELS.index("happy"), data.LABELS.index("neutral")
    assert data.find_majority(votes).tolist() == [neutral, -1, neutral, -1, -1, -1]
    shares, known = data.vote_distribution(votes)
    assert shares[0, neutral] == pytest.approx(0.6)
    assert shares[0, happy] == pytest.approx(0.4)
    assert known.tolist() == [True, True, True, False, True, False]


def test_targets_mix_labels_and_votes(rows, tmp_path):
    faces = load_faces(write_parquet(rows, tmp_path))
    labels, votes = data.mix_targets(faces, 0), data.mix_targets(faces, 1)
    assert (labels.argmax(axis=1) == faces.labels).all()
    assert votes == pytest.approx(data.vote_distribution(faces.votes)[0])
    assert data.mix_targets(faces, 0.25) == pytest.approx(0.75 * labels + 0.25 * votes)
    faces.votes[:] = -1
    assert (data.mix_targets(faces, 1) == labels).all()


def plant_duplicates(rows):
    """Rows with an exact copy, a faint variant and a mirrored one of the first three."""
    exact, faint, mirrored = (dict(row) for row in rows[:3])
    faint["image"] = np.clip(faint["image"].astype(int) + 3, 0, 255).astype(np.uint8)
    mirrored["image"] = mirrored["image"][:, ::-1]
    for row, source in zip((exact, faint, mirrored), rows, strict=False):
        row["usage"] = "PrivateTest"
        source["usage"] = "Training"
    exact["label"] = (exact["label"] + 1) % 7
    return [*rows, exact, faint, mirrored]


def test_duplicates_are_found_and_training_loses_them(tmp_path):
    rows = plant_duplicates(make_faces(COUNTS))
    faces = load_faces(write_csv(rows, tmp_path / "fer2013.csv"))
    n = len(faces) - 3
    assert data.find_duplicates(faces.images).tolist() == [[0, n], [1, n + 1], [2, n + 2]]
    section = data.describe_faces(faces)
    assert section["duplicates"]["pairs"] == [
        {"splits": ["PrivateTest", "Training"], "exact": 1, "near": 2, "conflicting_labels": 1}
    ]
    training, validation = data.split_training(faces, validation=0.34, seed=1)
    kept = set(training.ids) | set(validation.ids)
    assert not kept & {"fer:0", "fer:1", "fer:2"}
    assert not set(training.ids) & set(validation.ids)
    planted = sum(row["usage"] == "Training" for row in rows)
    assert len(training) + len(validation) == planted - 3


def test_training_loses_what_voters_call_no_face(rows, tmp_path):
    faces = load_faces(write_parquet(rows, tmp_path))
    happy = faces.labels == data.LABELS.index("happy")
    faces.votes[happy] = [0, 2, 0, 0, 0, 0, 0, 0, 0, 8]
    training, validation = data.split_training(faces, validation=0.34, seed=3)
    assert set(training.labels) == set(range(7)) - {data.LABELS.index("happy")}
    assert set(validation.labels) == set(range(7))


def test_report_counts_what_is_there(rows, tmp_path, capsys):
    report = tmp_path / "report.json"
    assert data.main([str(write_parquet(rows, tmp_path / "p")), "--report", str(report)]) == 0
    section = data.describe_faces(load_faces(tmp_path / "p"))
    for split, count in COUNTS.items():
        assert section["counts"][split] == dict.fromkeys(data.LABELS, count)
    assert section["ferplus"]["Training"]["pictures"] == 21
    assert section["ferplus"]["Training"]["label_is_majority"] == 1.0
    assert "Training: 21 pictures" in capsys.readouterr().out
    assert '"label_is_majority": 1.0' in report.read_text()
