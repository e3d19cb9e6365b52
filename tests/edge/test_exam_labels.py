"""Labels as people save them: names, delimiters, encodings, columns, and what fits no photo."""

import pytest
from emoji_edge import load_contract
from emoji_edge.exam.labels import ExamError, read_table
from emoji_edge.exam.names import SYNONYMS, find_expression
from emoji_edge.exam.photos import list_files, match_folders, match_rows

LABELS = load_contract().labels
TABLE = "image,expression,age\na.jpg,happy,20\nb.jpg,sad,30\n"
ROWS = [("a.jpg", "happy", {"age": "20"}), ("b.jpg", "sad", {"age": "30"})]


@pytest.fixture
def read(tmp_path):
    """Read a table of this content, as plain rows."""

    def read_content(content: str | bytes) -> list[tuple]:
        path = tmp_path / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [(row.photo, row.expression, row.groups) for row in read_table(path, LABELS)]

    return read_content


@pytest.fixture
def folder(tmp_path):
    """Make empty photos of these names, and list them."""

    def make(*names: str, arguments: tuple[str, ...] = ("set",)) -> list:
        for name in names:
            path = tmp_path / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        return list_files([str(tmp_path / argument) for argument in arguments])[0]

    return make


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Happiness", "happy"), ("HAPPY", "happy"), (" sadness ", "sad"), ("Anger", "angry"),
        ("disgusted", "disgust"), ("fearful", "fear"), ("surprised", "surprise"),
        ("none", "neutral"), ("No_Emotion", "neutral"), ("\uff28appy", "happy"), ("contempt", ""),
        ("3", ""), ("", ""),
    ],
)  # fmt: skip
def test_names_in_any_case_and_their_synonyms(text, label):
    assert find_expression(text, LABELS) == label


def test_synonyms_are_of_the_contracts_labels_and_mean_one_each():
    assert set(SYNONYMS) == set(LABELS)
    names = [name for label in SYNONYMS for name in (label, *SYNONYMS[label])]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_delimiters_and_encodings(read, delimiter, encoding):
    text = TABLE.replace(",", delimiter).replace("20", "jünger")
    assert read(text.encode(encoding)) == [("a.jpg", "happy", {"age": "jünger"}), ROWS[1]]


@pytest.mark.parametrize(
    "text",
    [
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        "sep=,\n" + TABLE,
        "\n\n" + TABLE + "\n,,\n",
        "age,Emotion,File Name\n20,happy,a.jpg\n30,sad,b.jpg\n",
        '"image" , "expression", "age"\n"a.jpg", "happy", 20\n"b.jpg","sad",30\n',
        "who,what,age\na.jpg,happy,20\nb.jpg,sad,30\n",
        "id,image,label,expression,age\n1,a.jpg,3,happy,20\n2,b.jpg,4,sad,30\n",
    ],
)
def test_the_columns_are_found(read, text):
    rows = read(text)
    assert [row[:2] for row in rows] == [row[:2] for row in ROWS]
    assert [row[2]["age"] for row in rows] == ["20", "30"]


def test_a_table_without_a_header_and_with_short_rows(read):
    rows = read("a.jpg,happy,f\nb.jpg,sad\nc.jpg\n")
    assert rows[0] == ("a.jpg", "happy", {"column 3": "f"})
    assert rows[1] == ("b.jpg", "sad", {"column 3": ""})
    assert rows[2] == ("c.jpg", "", {"column 3": ""})


def test_a_comma_inside_a_cell_does_not_mislead(read):
    rows = read("image;expression;note\na.jpg;happy;one, two, three\nb.jpg;sad;four, five\n")
    assert rows[0] == ("a.jpg", "happy", {"note": "one, two, three"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n\n", "is empty"),
        (b"image,expression\n", "no rows"),
        (b"PK\x03\x04" + bytes(50), "spreadsheet; save it as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\1\2", "not a text file"),
        (b"expression\nhappy\n", "no column of file names"),
        (b"image,expression\n" + b'"' + b"a" * 200_000 + b'"\n', "is not a table"),
        (b"photo,age\na.jpg,20\n", "no column of expressions"),
    ],
)
def test_what_is_no_table_is_one_clear_line(read, content, reason):
    with pytest.raises(ExamError, match=reason) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    assert "labels.csv" in str(caught.value)


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(ExamError, match="No such file"):
        read_table(tmp_path / "none.csv", LABELS)


def match(read, files, text):
    """The matched names with their labels, and what was left out."""
    from emoji_edge.exam.labels import Row

    found, left = match_rows(files, [Row(*row) for row in read(text)], LABELS)
    return {one.photo.path.rsplit("/", 1)[-1]: one.label for one in found}, left


def test_unknown_missing_double_and_contradicting_rows_are_counted(read, folder):
    files = folder("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg")
    text = (
        "image,expression\na.jpg,happy\na.jpg,Happiness\nb.jpg,sad\nb.jpg,fear\n"
        "c.jpg,contempt\nd.jpg,\ngone.jpg,happy\ne.jpg,neutral\n"
    )
    found, left = match(read, files, text)
    assert found == {"a.jpg": "happy", "e.jpg": "neutral"}
    assert left.missing == ["gone.jpg"]
    assert left.unknown == {"contempt": 1, "(no expression)": 1}
    assert [name.rsplit("/", 1)[-1] for name in left.repeated] == ["a.jpg"]
    assert [name.rsplit("/", 1)[-1] for name in left.contradicting] == ["b.jpg"]
    assert [name.rsplit("/", 1)[-1] for name in left.unlabelled] == ["f.jpg"]


@pytest.mark.parametrize(
    "name", ["sub/a.jpg", "./sub/a.jpg", "sub\\a.jpg", "a.jpg", "a", "SUB/A.JPG", "/old/a.jpg"]
)
def test_a_photo_is_found_by_many_spellings_of_its_path(read, folder, name):
    files = folder("sub/a.jpg", "sub/b.jpg")
    assert match(read, files, f"image,expression\n{name},happy\n")[0] == {"a.jpg": "happy"}


def test_composed_and_decomposed_letters_are_the_same(read, folder):
    files = folder("u\u0308.jpg")
    found, _ = match(read, files, "image,expression\n\u00fc.jpg,happy\n")
    assert list(found.values()) == ["happy"]


def test_a_name_that_fits_two_photos_is_left_out_and_a_longer_one_decides(read, folder):
    files = folder("train/1.jpg", "test/1.jpg")
    found, left = match(read, files, "image,expression\n1.jpg,happy\ntest/1.jpg,sad\n")
    assert found == {"1.jpg": "sad"}
    assert left.ambiguous == ["1.jpg"]


def test_rows_of_another_folder_do_not_take_its_photos_by_name_alone(read, folder):
    files = folder("test/1.jpg", "train/2.jpg", arguments=("set/test",))
    found, left = match(read, files, "image,expression\ntrain/1.jpg,sad\ntest/1.jpg,happy\n")
    assert found == {"1.jpg": "happy"}
    assert left.missing == ["train/1.jpg"]


def test_a_photo_that_two_arguments_name_is_listed_once(folder):
    assert len(folder("a/1.jpg", "2.jpg", arguments=("set", "set/a", "set/a/1.jpg"))) == 2


def test_folders_are_labels_and_the_other_folders_groups(folder):
    files = folder(
        "test/Angry/1.jpg", "test/happiness/2.jpg", "train/sad/3.jpg", "test/contempt/4.jpg",
        "5.jpg",
    )  # fmt: skip
    found, left = match_folders(files, LABELS)
    assert [(one.label, one.groups) for one in found] == [
        ("angry", {"folder": "test"}), ("happy", {"folder": "test"}), ("sad", {"folder": "train"}),
    ]  # fmt: skip
    assert left.unknown == {"contempt": 1}
    assert [name.rsplit("/", 1)[-1] for name in left.unlabelled] == ["5.jpg"]


def test_the_folder_that_is_named_counts_and_those_above_it_do_not(folder):
    found, _ = match_folders(folder("joy/x/1.jpg", arguments=("set/joy",)), LABELS)
    assert [one.label for one in found] == ["happy"]
    found, _ = match_folders(folder("joy/x/1.jpg", arguments=("set/joy/x",)), LABELS)
    assert found == []
