"""FER-2013 in every layout, its votes, its duplicates, and what is refused."""

import csv
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.helpers.fer_tables import (
    encode_png,
    make_faces,
    write_csv,
    write_folders,
    write_parquet,
)
from training import data
from training.data import DataError, duplicates, load_faces, votes

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
    faces = load_faces(write_csv(rows, tmp_path / "train.csv", ("emotion", "pixels")))
    assert set(faces.splits) == {"Training"}
    assert len(faces) == len(rows)


def test_parquet_brings_its_votes(rows, tmp_path):
    faces = load_faces(write_parquet(rows, tmp_path))
    given = {f"fer:{i}": row["votes"] for i, row in enumerate(rows)}
    assert all(faces.votes[i].tolist() == given[id] for i, id in enumerate(faces.ids))


def write_votes(path, usages):
    """A FER+ table: ten votes for happiness in every row."""
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Usage", "Image name", *data.VOTE_NAMES])
        for i, usage in enumerate(usages):
            table.writerow([usage, f"fer{i:07}.png", 0, 10, 0, 0, 0, 0, 0, 0, 0, 0])
    return path


def test_votes_are_joined_to_a_complete_table(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(votes, "COMPLETE_ROWS", len(rows))
    table = write_csv(rows, tmp_path / "fer2013.csv")
    faces = load_faces(table, write_votes(tmp_path / "v.csv", [row["usage"] for row in rows]))
    assert (faces.votes[:, 1] == 10).all()
    assert data.find_majority(faces.votes).tolist() == [data.LABELS.index("happy")] * len(rows)


def test_votes_are_refused_where_rows_could_be_misjoined(rows, tmp_path, monkeypatch):
    table = write_csv(rows, tmp_path / "fer2013.csv")
    usages = [row["usage"] for row in rows]
    with pytest.raises(DataError, match="only to the complete table of 35887 rows"):
        load_faces(table, write_votes(tmp_path / "v.csv", usages))
    monkeypatch.setattr(votes, "COMPLETE_ROWS", len(rows))
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
        ("a.csv", b"", "no column emotion or pixels"),
        ("a.csv", b"emotion;pixels;Usage\n", "no column emotion or pixels"),
        ("a.csv", b"emotion,pixels,usag\n", "unknown column 'usag'"),
        ("a.csv", b",emotion,pixels,Usage\n", "unknown column ''"),
        ("a.csv", b"emotion,pixels,Usage, usage\n", "a column stands there twice"),
        ("test.csv", b"emotion,pixels\n", "by its name it is not for training"),
        ("PrivateTest.csv.gz", None, "no such file"),
        ("fer2013.tar.gz", b"x", "an archive; unpack it"),
        ("archive.ZIP", b"x", "an archive; unpack it"),
        ("a.tgz", b"x", "an archive; unpack it"),
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
    table = np.array(
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
    assert data.find_majority(table).tolist() == [neutral, -1, neutral, -1, -1, -1]
    shares, known = data.share_votes(table)
    raw, voted = data.share_raw_votes(table)
    assert raw[2, [neutral, happy]].tolist() == pytest.approx([0.4, 0.1])
    assert voted.tolist() == [True, True, True, False, True, False]
    assert shares[0, neutral] == pytest.approx(0.6)
    assert shares[0, happy] == pytest.approx(0.4)
    assert known.tolist() == [True, True, True, False, True, False]


def test_each_head_learns_its_own_truth(rows, tmp_path):
    faces = load_faces(write_parquet(rows, tmp_path))
    scores, label_scores = data.find_truths(faces).swapaxes(0, 1)
    assert (label_scores == np.eye(7)[faces.labels]).all()
    assert scores == pytest.approx(data.share_votes(faces.votes)[0])
    faces.votes[0] = -1
    assert (data.find_truths(faces)[0, 0] == np.eye(7)[faces.labels[0]]).all()
    faces.votes[:] = -1
    assert (data.find_truths(faces)[:, 0] == np.eye(7)[faces.labels]).all()


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
    assert duplicates.find_duplicates(faces.images).tolist() == [[0, n], [1, n + 1], [2, n + 2]]
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
    assert section["votes"]["Training"]["pictures"] == 21
    assert section["votes"]["Training"]["label_is_majority"] == 1.0
    assert "Training: 21 pictures" in capsys.readouterr().out
    assert '"label_is_majority": 1.0' in report.read_text()


# ---- layouts that people have ----------------------------------------------------------------


def count_splits(faces):
    """Pictures by split."""
    return {str(name): int((faces.splits == name).sum()) for name in np.unique(faces.splits)}


SPLITS = {"Training": 21, "PublicTest": 7, "PrivateTest": 7}
HEADERS = {
    "blanks": ["emotion", "pixels", " Usage"],
    "small letters": ["emotion", "pixels", "usage"],
    "capitals and blanks": [" Emotion ", "PIXELS", "USAGE "],
    "byte order mark": ["\ufeffemotion", "pixels", "Usage"],
    "another order": ["Usage", "emotion", "pixels"],
    "Kaggle's archive": ["emotion", " Usage", " pixels"],
}


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
@pytest.mark.parametrize("header", HEADERS)
def test_a_table_is_read_by_its_columns_whatever_their_case(rows, tmp_path, header, suffix):
    columns = HEADERS[header]
    table = write_csv(rows, tmp_path / f"fer2013.{suffix}", columns=columns)
    faces = load_faces(table)
    assert count_splits(faces) == SPLITS
    assert (faces.images[0] == rows[0]["image"]).all()
    assert faces.labels.tolist() == [row["label"] for row in rows]


@pytest.mark.parametrize("value", ["", "Test", "Validation", "0"])
def test_a_usage_that_is_no_split_is_never_training(rows, tmp_path, value):
    table = write_csv([rows[0] | {"usage": value}, *rows[1:]], tmp_path / "fer2013.csv")
    with pytest.raises(DataError, match=f"row 0: unknown split '{value}'"):
        load_faces(table)


def test_a_row_of_too_many_or_too_few_cells_is_bad(rows, tmp_path):
    table = write_csv(rows, tmp_path / "fer2013.csv")
    with open(table, "a") as file:
        file.write("3," + " ".join(["0"] * 2304) + ",Training,more\n3\n")
    with pytest.raises(DataError) as caught:
        load_faces(table)
    assert f"row {len(rows)}: more cells than columns" in str(caught.value)
    assert f"row {len(rows) + 1}: 0 pixels, expected 2304" in str(caught.value)


def test_pictures_of_16_bits_keep_their_high_byte(rows, tmp_path):
    """The rule of the runner: 16-bit samples lose their low byte, and are not clipped."""
    folder = write_folders(rows, tmp_path / "pictures")
    eight = sort_faces(load_faces(folder))
    for file in folder.rglob("*.png"):
        wide = np.asarray(Image.open(file)).astype(np.uint16) * 257
        Image.fromarray(wide).save(file)
    with Image.open(next(folder.rglob("*.png"))) as picture:
        assert picture.mode.startswith("I;16")
    sixteen = sort_faces(load_faces(folder))
    assert all((a == b).all() for a, b in zip(eight, sixteen, strict=True))


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("validation",), {"PublicTest": 14, "Training": 21}),
        (("VAL",), {"PublicTest": 14, "Training": 21}),
        (("test",), {"PublicTest": 14, "Training": 21}),
        (("validation", "test"), SPLITS),
        (("PublicTest", "private_test"), SPLITS),
    ],
)
def test_every_folder_of_a_split_is_read(rows, tmp_path, names, splits):
    folder = write_folders(rows, tmp_path)
    for file in sorted(folder.rglob("*.png")):
        if file.parts[-3] == "test" and len(names) == 2 and file.name.startswith("Public"):
            target = folder / names[0] / file.parent.name
            target.mkdir(parents=True, exist_ok=True)
            file.rename(target / file.name.split("_")[1])
        else:
            file.rename(file.with_name(file.name.split("_")[1]))
    (folder / "test").rename(folder / names[-1])
    assert count_splits(load_faces(folder)) == splits


def test_a_folder_that_is_no_split_is_refused_by_name(rows, tmp_path, capsys):
    write_folders(rows, tmp_path / "images")
    assert data.main([str(tmp_path)]) == 2
    assert "images: the folder's name is no split" in capsys.readouterr().err
    (tmp_path / "images/more").mkdir()
    assert data.main([str(tmp_path / "images")]) == 2
    assert "more: the folder's name is no split" in capsys.readouterr().err
    (tmp_path / "images/more").rmdir()
    shutil.copytree(tmp_path / "images/test", tmp_path / "images/val")
    shutil.copytree(tmp_path / "images/test", tmp_path / "images/validation")
    assert data.main([str(tmp_path / "images")]) == 2
    assert "two folders of the same split" in capsys.readouterr().err


def test_pictures_outside_a_label_s_folder_are_named(rows, tmp_path):
    folder = write_folders(rows, tmp_path)
    picture = next(folder.rglob("*.png"))
    places = ["a.png", "Train/b.png", "Train/Happy/more/c.png"]
    for place in places:
        (folder / place).parent.mkdir(exist_ok=True)
        shutil.copy(picture, folder / place)
    (folder / "Train/Happy/notes.txt").write_text("no picture")
    with pytest.raises(DataError) as caught:
        load_faces(folder)
    for place in places:
        assert f"{place}: not in a folder of a split and a label" in str(caught.value)
    assert "Train/Happy/notes.txt: not a picture by its name" in str(caught.value)
    assert len(load_faces(folder, skip_bad=True).skipped) == 4


def test_what_file_managers_leave_is_no_data(rows, tmp_path):
    folder = write_folders(rows, tmp_path)
    for place in ("Train/Happy/._a.png", "Train/.DS_Store", "Train/Happy/Thumbs.db", "._Train"):
        (folder / place).write_bytes(b"\0\5\x16\7")
    (folder / "__MACOSX/Train/Happy").mkdir(parents=True)
    (folder / "__MACOSX/Train/Happy/._a.png").write_bytes(b"\0\5\x16\7")
    faces = load_faces(folder)
    assert count_splits(faces) == SPLITS
    assert faces.skipped == []


def test_what_is_not_read_beside_a_table_is_said(rows, tmp_path, capsys):
    folder = write_parquet(rows, tmp_path / "fer")
    write_folders(rows, folder / "samples")
    write_csv(rows, folder / "fer2013.csv")
    assert count_splits(load_faces(folder)) == SPLITS
    said = capsys.readouterr().err
    assert "not fer2013.csv, samples/" in said
    assert "training.parquet" in said


# ---- Parquet of other makers -----------------------------------------------------------------


def write_table(tmp_path, **columns):
    """One Parquet file of two faces, with some columns as given."""
    rows = make_faces({"Training": 1})[:2]
    table = {
        "fer_row": [0, 1],
        "emotion": [row["label"] for row in rows],
        "image_png": [encode_png(row["image"]) for row in rows],
        "ferplus_votes": [row["votes"] for row in rows],
    }
    path = tmp_path / "training.parquet"
    pq.write_table(pa.table(table | columns), path)
    return path


def test_unknown_rows_of_the_original_keep_their_place(tmp_path):
    faces = load_faces(write_table(tmp_path, fer_row=[None, -1]))
    assert faces.ids.tolist() == ["training.parquet row 0", "training.parquet row 1"]
    assert load_faces(write_table(tmp_path, fer_row=[7, None])).ids[0] == "fer:7"
    faces = load_faces(write_table(tmp_path, fer_row=[7.0, float("nan")]))  # as pandas writes it
    assert faces.ids.tolist() == ["fer:7", "training.parquet row 1"]


def test_missing_votes_are_none_at_all(tmp_path):
    faces = load_faces(write_table(tmp_path, ferplus_votes=[None, []]))
    assert (faces.votes == -1).all()


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"fer_row": [1.5, 2.5]}, "fer_row 1.5 is no row number"),
        ({"emotion": [None, 3]}, "unknown label None"),
        ({"emotion": [3.0, 1.0]}, "unknown label 3.0"),
        ({"image_png": [None, b"x"]}, "image_png is NoneType"),
        ({"image_png": [{"bytes": b"x"}] * 2}, "image_png is dict"),
        ({"ferplus_votes": [[1] * 9, [1] * 10]}, "9 votes, expected 10"),
        ({"ferplus_votes": [[None] * 10] * 2}, "are not whole numbers"),
        ({"ferplus_votes": [[-1] * 10] * 2}, "are not whole numbers"),
    ],
)
def test_an_odd_cell_is_a_bad_row(tmp_path, columns, problem):
    with pytest.raises(DataError) as caught:
        load_faces(write_table(tmp_path, **columns))
    assert "training.parquet row 0: " in str(caught.value)
    assert problem in str(caught.value)


# ---- votes and report that cannot be used ----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the votes cannot be read (No such file or directory)"),
        ("folder", "the votes cannot be read (Is a directory)"),
        ("Usage,neutral\n", "no column NF, anger"),
        ("\0", "no column"),
    ],
)
def test_votes_that_cannot_be_read_are_one_line(rows, tmp_path, capsys, content, message):
    table = write_csv(rows, tmp_path / "fer2013.csv")
    path = tmp_path / "votes.csv"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    assert data.main([str(table), "--votes", str(path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_votes_are_read_with_blanks_and_a_byte_order_mark(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(votes, "COMPLETE_ROWS", len(rows))
    table = write_csv(rows, tmp_path / "fer2013.csv")
    path = write_votes(tmp_path / "v.csv", [row["usage"] for row in rows])
    path.write_text("\ufeff" + path.read_text().replace(",NF", ", NF "), encoding="utf-8")
    assert (load_faces(table, path).votes[:, 1] == 10).all()
    path.write_text(path.read_text().replace(",10,", ",ten,", 1))
    with pytest.raises(DataError, match="a vote is not a whole number"):
        load_faces(table, path)


def test_a_report_that_cannot_be_written_is_told_before_the_work(rows, tmp_path, capsys):
    table = write_csv(rows, tmp_path / "fer2013.csv")
    (tmp_path / "taken").write_text("a file")
    assert data.main([str(table), "--report", str(tmp_path / "taken/report.json")]) == 2
    captured = capsys.readouterr()
    assert "report.json: cannot be" in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    (tmp_path / "report.json").write_text("{")
    assert data.main([str(table), "--report", str(tmp_path / "report.json")]) == 2
    assert "report.json: not JSON" in capsys.readouterr().err
    assert (tmp_path / "report.json").read_text() == "{"


def test_a_validation_part_of_nothing_cuts_nothing(rows, tmp_path):
    faces = load_faces(write_parquet(rows, tmp_path))
    training, validation = data.split_training(faces, validation=0, seed=3)
    assert len(validation) == 0
    assert set(training.ids) == set(faces.ids[faces.splits == "Training"])
