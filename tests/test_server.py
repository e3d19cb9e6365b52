"""The Flask application: the API, its refusals, the upload page, the built site, its headers."""

import io
import json
import tempfile
import threading

import pytest
from emoji_edge import Classifier, load_contract
from emoji_edge.contract import find_models
from PIL import Image

from tests.edge_photos import encode, make_scene, open_astronaut
from web.photos import BODY_LIMIT, PHOTO_LIMIT
from web.pool import ClassifierPool, PoolFullError
from web.server import Settings, create_app, read_security_headers

CONTRACT = load_contract()
PHOTO = encode(make_scene((320, 240), (40, 0, 240)), "JPEG")
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A built site, made up."""
    folder = tmp_path_factory.mktemp("dist")
    files = {
        "index.html": "<title>page</title>",
        "dashboard.html": "<title>dashboard</title>",
        "sw.js": "self",
        "manifest.webmanifest": "{}",
        "assets/index-B7L0lmM2.js": "1",
        "wasm/a.wasm": "\0asm",
        "models/contract.json": "{}",
        "models/group1-shard1of1.bin": "weights",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def app(site):
    return create_app(Settings(site=site, max_queue=2))


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


@pytest.fixture(scope="module")
def classifier():
    return Classifier()


def form(*photos, **options):
    """A form's fields; each photo is bytes, or (bytes, name), or (bytes, name, type)."""
    files = []
    for photo in photos:
        content, *rest = photo if isinstance(photo, tuple) else (photo, "photo.jpg")
        files.append((io.BytesIO(content), *rest))
    return {"photo": files, **options}


def post(client, data, **options):
    return client.post("/api/predict", data=data, **options)


def post_large(client, path, content):
    """A form with one large photo; the test client's own would write a temporary file."""
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'
    body = head + content + b"\r\n--x--\r\n"
    return client.post(path, data=body, content_type="multipart/form-data; boundary=x")


def check_problem(response, status):
    """The response is that problem; returns its detail."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    problem = response.get_json(force=True)
    assert list(problem) == ["type", "title", "status", "detail"]
    assert problem["status"] == status
    assert problem["title"]
    assert "\n" not in problem["detail"]
    return problem["detail"]


def test_one_photo_gets_the_commands_result(client, classifier):
    expected = classifier.classify(PHOTO, "ann.jpg").to_dict()
    assert expected["faces"]
    response = post(client, form((PHOTO, "ann.jpg")))
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.get_json() == expected
    assert list(response.get_json()) == ["photo", "size", "faces", "model"]
    emoji = expected["faces"][0]["expressions"][0]["emoji"]
    assert emoji in response.text  # readable, not escaped


def test_a_raw_image_is_a_photo_without_a_name(client, classifier):
    expected = classifier.classify(PHOTO).to_dict()
    for media_type in ("image/jpeg", "application/octet-stream"):
        response = post(client, PHOTO, content_type=media_type)
        assert response.get_json() == expected


def test_several_photos_get_results_and_failures_in_order(client):
    response = post(
        client, form((PHOTO, "a.jpg"), (b"no", "b.jpg"), (b"no", "c.pdf", "application/pdf"))
    )
    assert response.status_code == 200
    first, second, third = response.get_json()["results"]
    assert first["photo"] == "a.jpg"
    assert first["faces"]
    assert second == {"photo": "b.jpg", "error": "not a picture"}
    assert third == {"photo": "c.pdf", "error": "application/pdf is not an image type"}


@pytest.mark.parametrize("where", ["query", "form"])
def test_options_stand_in_the_query_or_in_the_form(client, where):
    options = {"top": "7", "face": "whole"}
    if where == "query":
        response = post(client, form(PHOTO), query_string=options)
    else:
        response = post(client, form(PHOTO, **options))
    (face,) = response.get_json()["faces"]
    assert face["box"] == [0, 0, 320, 240]
    assert face["detection"] is None
    assert sorted(e["label"] for e in face["expressions"]) == sorted(CONTRACT.labels)


def test_largest_keeps_one_face(client):
    scene = encode(make_scene((640, 480), (0, 0, 300), (340, 0, 260)), "JPEG")
    assert len(post(client, form(scene)).get_json()["faces"]) == 2
    (face,) = post(client, form(scene), query_string={"face": "largest"}).get_json()["faces"]
    assert face["box"][0] < 300


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"top": "0"}, "`top` is '0', not a whole number from 1 to 7"),
        ({"top": "8"}, "`top` is '8', not a whole number from 1 to 7"),
        ({"top": "+3"}, "`top` is '+3', not a whole number from 1 to 7"),
        ({"face": "both"}, "`face` is 'both', not one of auto, whole, largest"),
        ({"tops": "3"}, "No option is called `tops`; there are top, face"),
    ],
)
def test_a_wrong_option_is_400(client, options, detail):
    assert check_problem(post(client, form(PHOTO), query_string=options), 400) == detail
    assert check_problem(post(client, form(PHOTO, **options)), 400) == detail


def test_a_wrong_option_in_the_form_is_seen_beside_a_right_one_in_the_query(client):
    response = post(client, form(PHOTO, face="both"), query_string={"face": "auto"})
    check_problem(response, 400)


def test_no_photo_is_400(client):
    assert "field `photo`" in check_problem(client.post("/api/predict"), 400)
    assert "No photo" in check_problem(post(client, b"", content_type="image/png"), 400)
    assert "no file" in check_problem(post(client, form((b"", ""))), 400)  # a browser's empty form
    wrong = {"picture": (io.BytesIO(PHOTO), "a.jpg")}
    assert check_problem(post(client, wrong), 400) == "The photo's field is `photo`, not `picture`"
    text = {"photo": "text", "a": (io.BytesIO(b""), "a.jpg")}
    assert "is text" in check_problem(post(client, text), 400)
    many = [(b"x", "a.jpg")] * (PHOTO_LIMIT + 1)
    assert str(PHOTO_LIMIT) in check_problem(post(client, form(*many)), 400)


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "video/mp4"])
def test_a_wrong_type_is_415(client, media_type):
    detail = f"{media_type} is not an image type"
    assert check_problem(post(client, PHOTO, content_type=media_type), 415) == detail
    assert check_problem(post(client, form((PHOTO, "a", media_type))), 415) == detail


def test_what_cannot_be_decoded_is_422(client):
    assert check_problem(post(client, form((b"no", "a.jpg"))), 422) == "not a picture"
    cut = encode(open_astronaut())[:5000]
    assert check_problem(post(client, cut, content_type="image/png"), 422).startswith("damaged")
    assert check_problem(post(client, form((b"", "a.jpg"))), 422) == "empty file"


@pytest.mark.filterwarnings("ignore:.*decompression bomb:Warning")
def test_more_than_the_contracts_pixels_is_422(client):
    huge = encode(Image.new("1", (10_001, 10_000)))
    assert check_problem(post(client, huge, content_type="image/png"), 422) == (
        "10001x10000 is more than 100 megapixels"
    )


def test_more_than_the_body_limit_is_413(client):
    assert "10 MB" in check_problem(
        post(client, b"x" * (BODY_LIMIT + 1), content_type="image/png"), 413
    )
    check_problem(post_large(client, "/api/predict", b"x" * BODY_LIMIT), 413)
    check_problem(post(client, b"x" * BODY_LIMIT, content_type="image/png"), 422)


def test_a_large_form_stays_in_memory(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    large = PNG_HEAD + b"\0" * (BODY_LIMIT - 1000)
    for path in ("/api/predict", "/upload"):
        assert post_large(client, path, large).status_code == 422


def test_a_full_queue_is_503_and_says_when_to_come_again(app, client):
    pool = app.extensions["emoji"].pool
    release, held = threading.Event(), []

    def hold():
        with pool.borrow():
            held.append(1)
            release.wait(30)

    threads = [threading.Thread(target=hold) for _ in range(3)]  # one works, two wait
    for thread in threads:
        thread.start()
    while pool._places._value:  # until all have their places
        pass
    try:
        response = post(client, form(PHOTO))
        assert check_problem(response, 503) == "Too many photos at once; try again"
        assert response.headers["Retry-After"] == "1"
        page = client.post("/upload", data=form(PHOTO), headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert page.mimetype == "text/html"
        assert client.get("/healthz").get_json() == {"status": "ok"}
    finally:
        release.set()
        for thread in threads:
            thread.join()
    assert post(client, form(PHOTO)).status_code == 200


def test_a_pool_gives_each_thread_a_classifier_of_its_own():
    pool = ClassifierPool(Classifier, 2, 0)
    with pool.borrow() as first, pool.borrow() as second:
        assert first is not second
        assert first.network is not second.network
        with pytest.raises(PoolFullError), pool.borrow():
            pass
    with pytest.raises(ZeroDivisionError), pool.borrow():
        1 / 0  # noqa: B018 - a classifier comes back from a failure too
    with pool.borrow(), pool.borrow():
        pass


def test_who_waits_longest_is_next():
    pool, order = ClassifierPool(Classifier, 1, 8), []

    def work(number):
        with pool.borrow():
            order.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with pool.borrow():
        for number, thread in enumerate(threads):
            thread.start()
            while len(pool._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(8))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/api/predict", 405),
        ("DELETE", "/api/model", 405),
        ("POST", "/dashboard.html", 405),
        ("TRACE", "/", 405),
    ],
)
def test_other_errors_are_problems_too(client, method, path, status):
    response = client.open(path, method=method)
    check_problem(response, status)
    assert (status != 405) or response.headers["Allow"]


def test_a_browser_gets_its_errors_as_a_page(client):
    page = client.get("/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 404
    assert "There is nothing at this address" in page.text
    assert page.mimetype == "text/html"


def test_a_crash_is_500_and_tells_nothing_of_the_photo(app, client, monkeypatch, capsys):
    def crash(*args):
        raise ZeroDivisionError("secret.jpg")

    monkeypatch.setattr("web.api.classify_upload", crash)
    response = post(client, form((PHOTO, "secret.jpg")))
    check_problem(response, 500)
    errors = capsys.readouterr().err
    assert "secret" not in response.text + errors
    assert "ZeroDivisionError at " in errors


def test_options_and_head(client):
    response = client.options("/api/predict")
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert client.head("/healthz").status_code == 200
    assert client.head("/healthz").data == b""


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST:8000", 200), ("127.0.0.1:1", 200), ("[::1]:8000", 200),
        ("evil.example", 400), ("localhost.evil.example", 400), ("", 400), ("[::1", 400),
    ],
)  # fmt: skip
def test_the_host_is_checked(client, host, status):
    response = client.get("/healthz", headers={"Host": host})
    assert response.status_code == status
    if status == 400:
        assert "--allow-host" in check_problem(response, 400)


def test_every_answer_has_the_security_headers(client):
    headers = read_security_headers()
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert {"X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"} <= set(headers)
    fresh = client.get("/", buffered=True)
    answers = [
        fresh,
        client.get("/", headers={"If-None-Match": fresh.headers["ETag"]}, buffered=True),
        client.get("/api/model"),
        client.get("/nothing"),
        client.get("/static/server.css", buffered=True),
        client.get("/healthz", headers={"Host": "evil"}),
        post(client, form(PHOTO)),
    ]
    assert [answer.status_code for answer in answers] == [200, 304, 200, 404, 200, 400, 200]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in headers} == headers
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_cors_is_for_the_origins_that_are_named():
    app = create_app(Settings(origins=("https://a.example",)))
    client = app.test_client()
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    allowed = client.options("/api/predict", headers=asked)
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    assert allowed.headers["Vary"] == "Origin"
    refused = client.get("/api/model", headers={"Origin": "https://b.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert refused.headers["Vary"] == "Origin"
    page = client.get("/upload", headers={"Origin": "https://a.example"})
    assert "Access-Control-Allow-Origin" not in page.headers


def test_a_request_is_one_line_without_its_query(client, capsys):
    post(client, form((PHOTO, "secret.jpg")), query_string={"top": "1"})
    client.get("/a%0Ab")
    first, second = capsys.readouterr().err.splitlines()
    method, path, status, milliseconds, unit = first.split(" ")
    assert (method, path, status, unit) == ("POST", "/api/predict", "200", "ms")
    assert float(milliseconds) >= 0
    assert second.startswith("GET /a%0Ab 404 ")


def test_model_tells_contract_hashes_and_report(client):
    response = client.get("/api/model")
    facts = response.get_json()
    contract = json.loads((find_models() / "contract.json").read_text())
    report = json.loads((find_models() / "report.json").read_text())
    assert facts["backend"] == "tflite"
    assert facts["contract"] == contract
    assert facts["report"] == report
    name = contract["artifacts"]["tflite"][facts["model"]["artifact"]]
    assert facts["artifacts"][name] == facts["model"]["sha256"]
    assert response.headers["Cache-Control"] == "no-cache"
    again = client.get("/api/model", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_the_document_knows_labels_limits_and_statuses(client):
    document = client.get("/api/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    predict = document["paths"]["/api/predict"]["post"]
    assert {"200", "400", "413", "415", "422", "503"} <= set(predict["responses"])
    result = document["components"]["schemas"]["Result"]
    face = result["properties"]["faces"]["items"]["properties"]
    expression = face["expressions"]["items"]["properties"]
    assert expression["label"]["enum"] == list(CONTRACT.labels)
    assert predict["parameters"][0]["schema"]["maximum"] == len(CONTRACT.labels)
    examples = predict["responses"]["200"]["content"]["application/json"]["examples"]
    assert set(examples["one photo"]["value"]) == set(result["properties"])


def test_the_docs_page_shows_each_operation(client):
    page = client.get("/api/docs")
    assert page.mimetype == "text/html"
    for text in ("/api/predict", "/api/model", "/healthz", "curl -F photo=@"):
        assert text in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_the_upload_page_shows_picture_emoji_and_table(client, classifier):
    empty = client.get("/upload").text
    assert 'enctype="multipart/form-data"' in empty
    assert 'name="photo"' in empty
    page = client.post("/upload", data=form((PHOTO, "<ann>.jpg")))
    assert page.status_code == 200
    assert 'src="data:image/jpeg;base64,' in page.text
    assert "&lt;ann&gt;.jpg" in page.text
    assert ">Expression</th>" in page.text
    assert ">EmoScore</th>" in page.text
    (face,) = classifier.classify(PHOTO).faces
    for expression in face.expressions:
        name = CONTRACT.display_names[expression.label]
        picture = f"/emoji/{ord(expression.emoji):x}.png"
        assert f'<img src="{picture}" alt="{expression.emoji} {name}"' in page.text
        assert client.get(picture, buffered=True).data.startswith(PNG_HEAD)
        assert f'<th scope="row">{name}</th><td>{expression.emo_score} %</td>' in page.text
    for text in (empty, page.text):
        assert "<script" not in text
        assert "style=" not in text
        assert "<style" not in text


def test_the_upload_page_tells_what_is_wrong(client):
    for data, status, detail in (
        (form((b"no", "a.jpg")), 422, "not a picture"),
        (form((b"no", "a.pdf", "application/pdf")), 415, "not an image type"),
        (form((b"", "")), 400, "No photo"),
    ):
        page = client.post("/upload", data=data)
        assert page.status_code == status
        assert page.mimetype == "text/html"
        assert detail in page.text
    mixed = client.post("/upload", data=form(PHOTO, (b"no", "b.jpg")))
    assert mixed.status_code == 200
    assert "not a picture" in mixed.text
    assert "data:image/jpeg" in mixed.text
    plain = encode(Image.new("RGB", (300, 200)))
    assert "No face was found" in client.post("/upload", data=form((plain, "a.png"))).text


@pytest.mark.parametrize(
    ("path", "media_type", "cache"),
    [
        ("/", "text/html", "no-cache"),
        ("/dashboard.html", "text/html", "no-cache"),
        ("/sw.js", "text/javascript", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/assets/index-B7L0lmM2.js", "text/javascript", "public, max-age=31536000, immutable"),
        ("/wasm/a.wasm", "application/wasm", "no-cache"),
        ("/models/contract.json", "application/json", "no-cache"),
        ("/models/group1-shard1of1.bin", "application/octet-stream", "no-cache"),
    ],
)
def test_the_site_has_its_types_and_caching(client, path, media_type, cache):
    response = client.get(path, buffered=True)
    assert response.status_code == 200
    assert response.mimetype == media_type
    assert set(response.headers["Cache-Control"].split(", ")) == set(cache.split(", "))
    again = client.get(path, headers={"If-None-Match": response.headers["ETag"]}, buffered=True)
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/assets", "/..%5c"],
)
def test_nothing_outside_the_site_is_served(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert b"secret" not in response.data


def test_without_a_built_site_the_api_works(tmp_path):
    client = create_app(Settings(site=tmp_path)).test_client()
    page = client.get("/")
    assert page.status_code == 503
    assert "make site" in page.text
    assert client.get("/dashboard.html").status_code == 404
    assert post(client, form(PHOTO)).status_code == 200


def check_same_answer(found, expected):
    """By the contract's own measure: boxes, scores, and the order where it is decided."""
    limits = CONTRACT.same_answer
    assert found["size"] == expected["size"]
    for face, other in zip(found["faces"], expected["faces"], strict=True):
        assert face["box"] == pytest.approx(other["box"], abs=limits.box)
        scores = {e["label"]: e["score"] for e in face["expressions"]}
        others = {e["label"]: e["score"] for e in other["expressions"]}
        assert scores == pytest.approx(others, abs=limits.score)
        for mine, its in zip(face["expressions"], other["expressions"], strict=True):
            near = abs(scores[mine["label"]] - scores[its["label"]]) < limits.score
            assert mine["label"] == its["label"] or near


def test_keras_gives_the_same_answer(client):
    pytest.importorskip("tensorflow")
    keras = create_app(Settings(backend="keras")).test_client()
    assert keras.get("/api/model").get_json()["backend"] == "keras"
    faces = 0
    for path in sorted((find_models() / "golden" / "photos").iterdir()):
        found, expected = (
            post(one, form(path.read_bytes()), query_string={"top": "7"}).get_json()
            for one in (keras, client)
        )
        assert found["model"]["artifact"] == "keras"
        assert found["model"]["sha256"] != expected["model"]["sha256"]
        check_same_answer(found, expected)
        faces += len(found["faces"])
    assert faces >= 8
