"""Where the faces are, or how to find them, as a request to the API says it."""

import io
import json

import pytest
from emoji_edge import Classifier
from emoji_edge.face import FinderOptions

from tests.helpers.photos import encode, make_scene
from web.server.app import ServerSettings, create_app
from web.server.choices import BOX_LIMIT

PHOTO = encode(make_scene((640, 480), (0, 40, 300), (340, 60, 200)), "JPEG")
BOX, OTHER = [103.0, 80.0, 165.0, 145.0], [400.0, 70.5, 460.0, 140.0]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return create_app(ServerSettings(site=tmp_path_factory.mktemp("none"))).test_client()


def ask(client, where, photos=1, path="/api/predict", **options):
    """Send so many photos with options in the query or in the form."""
    files = {"photo": [(io.BytesIO(PHOTO), f"{number}.jpg") for number in range(photos)]}
    in_query = options if where == "query" else {}
    in_form = options if where == "form" else {}
    return client.post(path, data=files | in_form, query_string=in_query)


@pytest.fixture(scope="module")
def classifier():
    return Classifier()


@pytest.mark.parametrize("where", ["query", "form"])
def test_boxes_are_answered_as_the_library_does(client, classifier, where):
    response = ask(client, where, boxes=json.dumps([OTHER, BOX]))
    assert response.status_code == 200
    expected = classifier.classify(PHOTO, "0.jpg", boxes=[OTHER, BOX]).to_dict()
    assert response.get_json() == expected
    assert expected["face_mode"] == "boxes"
    assert [face["box"] for face in expected["faces"]] == [OTHER, BOX]
    assert ask(client, where, boxes="[]").get_json()["faces"] == []


def test_several_photos_have_a_list_each(client):
    answer = ask(client, "form", 3, boxes=json.dumps([[BOX], None, [OTHER, BOX]])).get_json()
    assert [len(result["faces"]) for result in answer["results"]] == [1, 2, 2]
    assert [r.get("face_mode") for r in answer["results"]] == ["boxes", None, "boxes"]
    assert [f["detection"] is None for r in answer["results"] for f in r["faces"]] == [
        True, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("where", ["query", "form"])
def test_the_finders_options_are_the_librarys(client, classifier, where):
    options = {"threshold": "0.5", "smallest_face": "80", "tiles": "false"}
    answer = ask(client, where, **options).get_json()
    finder = FinderOptions(tiles=False, smallest_face=80, threshold=0.5)
    expected = classifier.change_options(finder=finder).classify(PHOTO, "0.jpg").to_dict()
    assert answer == expected
    assert answer["finder"] == {"tiles": False, "smallest_face": 80, "threshold": 0.5}
    assert len(answer["faces"]) < len(ask(client, where).get_json()["faces"])


MANY = json.dumps([BOX] * (BOX_LIMIT + 1))


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"threshold": "high"}, "`threshold` is 'high', not a number"),
        ({"threshold": "true"}, "`threshold` is 'true', not a number"),
        ({"threshold": "1"}, "`threshold` is 1.0, not 0.01 to 0.99"),
        ({"threshold": "NaN"}, "`threshold` is nan, not 0.01 to 0.99"),
        ({"smallest_face": "0"}, "`smallest_face` is 0.0, not 1 to 1000000 pixels"),
        ({"smallest_face": "1" + "0" * 400}, "`smallest_face`int too large to convert to float"),
        ({"tiles": "yes"}, "`tiles` is 'yes', not true or false"),
        ({"boxes": "1,2,3,4"}, f"`boxes` is a JSON list of at most {BOX_LIMIT} boxes"),
        ({"boxes": MANY}, f"`boxes` is a JSON list of at most {BOX_LIMIT} boxes"),
        ({"boxes": "[1, 2, 3, 4]"}, "`boxes`: the box 1 is not x0, y0, x1, y1"),
        ({"boxes": "[[9, 2, 3, 4]]"}, "`boxes`: the box [9, 2, 3, 4] is not x0 < x1"),
        ({"boxes": f"[[1, 2, 3, {'9' * 400}]]"}, "`boxes`: the box [1, 2, 3, 999"),
        ({"boxes": "[" * 100_000}, "`boxes` is a JSON list"),
        ({"boxes": "[]", "face": "largest"}, "leave out how to find them"),
        ({"boxes": "[]", "threshold": "0.5"}, "leave out how to find them"),
    ],
)
def test_a_wrong_choice_is_400_and_says_why(client, options, detail):
    for path in ("/api/predict", "/upload"):
        response = ask(client, "form", path=path, **options)
        assert response.status_code == 400
    problem = ask(client, "form", **options)
    assert problem.mimetype == "application/problem+json"
    assert detail in problem.get_json()["detail"]


def test_the_docs_page_shows_the_values(client):
    text = " ".join(client.get("/api/docs").text.split())
    for values in (
        "0.01 to 0.99; default 0.65", "1 to 1000000", "true, false; default true",
        "JSON: <code>[[x0, y0, x1, y1], ...]</code>", "auto, whole, largest; default auto",
    ):  # fmt: skip
        assert f"<td>{values}</td>" in text


def test_boxes_of_another_number_of_photos_are_400(client):
    for boxes in ([[BOX]], [BOX, OTHER, BOX], 3):
        response = ask(client, "form", 2, boxes=json.dumps(boxes))
        assert response.status_code == 400
        assert "`boxes`" in response.get_json()["detail"]


def test_a_box_outside_the_photo_is_422_or_that_photos_failure(client):
    far = [[900, 900, 950, 950]]
    response = ask(client, "form", boxes=json.dumps(far))
    assert response.status_code == 422
    assert response.get_json()["detail"].endswith("lies outside the picture of 640x480")
    first, second = ask(client, "form", 2, boxes=json.dumps([far, [BOX]])).get_json()["results"]
    assert first["error"].endswith("lies outside the picture of 640x480")
    assert len(second["faces"]) == 1


def test_a_box_too_long_for_the_photo_is_422_or_that_photos_failure(client):
    long = [[0, 0, 20000, 30]]
    detail = "the box [0.0, 0.0, 20000.0, 30.0] is over 4 times as long as the picture of 640x480"
    response = ask(client, "form", boxes=json.dumps(long))
    assert (response.status_code, response.get_json()["detail"]) == (422, detail)
    first, second = ask(client, "form", 2, boxes=json.dumps([long, [BOX]])).get_json()["results"]
    assert first["error"] == detail
    assert len(second["faces"]) == 1
