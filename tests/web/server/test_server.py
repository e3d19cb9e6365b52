"""The Flask application: the API, its refusals, the upload page, the built site, its headers."""

import contextlib
import dataclasses
import gzip
import html
import io
import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from emoji_edge import Classifier, load_contract
from emoji_edge.contract import find_models
from emoji_edge.network import FaceOutputs
from emoji_edge.same_answer import compare_results
from PIL import Image

from tests.helpers.photos import encode, make_scene, open_astronaut
from web.server.app import ServerSettings, create_app
from web.server.forms import recode_heads
from web.server.headers import read_security_headers
from web.server.pool import ClassifierPool, PoolFullError
from web.server.uploads import BODY_LIMIT, PHOTO_LIMIT

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
    return create_app(ServerSettings(site=site, max_queue=2))


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
    assert third["photo"] == "c.pdf"
    assert third["error"].startswith("application/pdf is not an image type; ")


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


class TwoMinds:
    """A network whose people say the first label and whose data says the last."""

    name, sha256 = "two minds", 64 * "0"

    def run_faces(self, pixels):
        scores = np.linspace(0.28, 0, len(CONTRACT.labels), dtype=np.float32)[None]
        evidence = np.zeros((1, 6, 6, len(CONTRACT.labels)), np.float32)
        return FaceOutputs(scores, scores[:, ::-1], evidence)


@pytest.mark.parametrize("where", ["query", "form"])
def test_rank_by_the_labels_says_so_and_gives_the_other_scores(monkeypatch, where):
    pool = ClassifierPool(lambda: Classifier(network=TwoMinds()), 1, 0)
    app = create_app()
    service = dataclasses.replace(app.extensions["emoji"], pool=pool)
    monkeypatch.setitem(app.extensions, "emoji", service)
    found = {}
    for head in ("scores", "label_scores"):
        options = {"rank_by": head, "top": "1"}
        fields = form(PHOTO, **options) if where == "form" else form(PHOTO)
        query = options if where == "query" else {}
        result = post(app.test_client(), fields, query_string=query).get_json()
        found[head] = result["faces"][0]["expressions"][0]["label"], result.get("ranked_by")
    assert found == {
        "scores": (CONTRACT.labels[0], None),
        "label_scores": (CONTRACT.labels[-1], "label_scores"),
    }


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
        ({"rank_by": "labels"}, "`rank_by` is 'labels', not one of scores, label_scores"),
        (
            {"tops": "3"},
            "No option is called `tops`; there are top, face, rank_by, "
            "threshold, smallest_face, tiles, boxes",
        ),
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


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/json", "video/mp4", "application/x-www-form-urlencoded"],
)
def test_a_wrong_type_is_415(client, media_type):
    for response in (
        post(client, PHOTO, content_type=media_type),
        post(client, form((PHOTO, "a", media_type))),
    ):
        detail = check_problem(response, 415)
        assert detail.startswith(f"{media_type} is not an image type; ")
        assert "`Content-Type: image/jpeg`" in detail  # which header, and an example of it
        assert "field `photo`" in detail


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "gzip, br"])
def test_a_compressed_body_is_415_and_says_so(client, coding):
    packed = gzip.compress(PHOTO)
    headers = {"Content-Encoding": coding}
    response = post(client, packed, content_type="image/jpeg", headers=headers)
    detail = check_problem(response, 415)
    assert detail == f"Content-Encoding `{coding}` is not read here; send the photo as it is"
    assert response.headers["Accept-Encoding"] == "identity"
    page = client.post("/upload", data=form(PHOTO), headers=headers)
    assert page.status_code == 415
    assert "is not read here" in page.text


def test_a_body_that_is_declared_as_it_is_is_answered(client):
    for headers in ({"Content-Encoding": "identity"}, {"Content-Encoding": ""}):
        response = post(client, PHOTO, content_type="image/jpeg", headers=headers)
        assert response.get_json()["faces"]


def make_form(name, content=PHOTO, headers=b""):
    """A form's body, whose file has this name, bytes as a client sends them."""
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="' + name + b'"\r\n'
    return head + headers + b"\r\n" + content + b"\r\n--x--\r\n"


def post_form(client, body, path="/api/predict", content_type="multipart/form-data; boundary=x"):
    return client.post(path, data=body, content_type=content_type)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_file_as_text_is_415_and_says_so(client, encoding):
    body = make_form(b"a.jpg", headers=f"Content-Transfer-Encoding: {encoding}\r\n".encode())
    detail = check_problem(post_form(client, body), 415)
    assert detail.startswith(f"Content-Transfer-Encoding `{encoding}` is not read here")
    binary = make_form(b"a.jpg", headers=b"Content-Transfer-Encoding: binary\r\n")
    assert post_form(client, binary).get_json()["faces"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("über.png", "utf-8"),
        ("写真 😀.png", "utf-8"),
        ("t'es't.png", "utf-8"),
        ("über.png", "latin-1"),
        ("фото.png", "cp1251"),
        ("写真.png", "shift-jis"),
        ("表示.png", "shift-jis"),  # the second byte of its first letter is a backslash
        ("発表", "shift-jis"),  # and here the last before the quotation mark
        ("照片.png", "gb18030"),
    ],
)
def test_a_file_name_in_any_encoding_is_answered(client, name, encoding):
    sent = name.encode(encoding)
    result = post_form(client, make_form(sent)).get_json()
    assert result["faces"]
    shown = result["photo"]
    # Nobody says which encoding it is: what is no UTF-8 comes back with its bytes as Latin-1.
    assert shown.encode("utf-8" if encoding == "utf-8" else "latin-1") == sent
    page = post_form(client, make_form(sent), "/upload")
    assert page.status_code == 200
    assert shown in html.unescape(page.text)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        (b"filename*=UTF-8''%c3%bcber.jpg", "über.jpg"),
        (b"filename*=iso-8859-1''%fcber.jpg", "über.jpg"),
        (b"filename=\"u.jpg\"; filename*=UTF-8''%c3%bcber.jpg", "über.jpg"),
        (b"filename=plain.jpg", "plain.jpg"),
        (b'filename="a%22b.jpg"', 'a"b.jpg'),  # as browsers write it
        (rb'filename="a\"b.jpg"', 'a"b.jpg'),
    ],
)
def test_a_file_name_is_read_however_it_is_written(client, parameters, name):
    body = make_form(b"X").replace(b'filename="X"', parameters)
    result = post_form(client, body).get_json()
    assert result["photo"] == name
    assert result["faces"]


def test_each_part_of_a_form_has_its_own_encoding(client):
    first, second = make_form("ü.jpg".encode("latin-1")), make_form("ü.png".encode())
    body = first.removesuffix(b"--x--\r\n") + second
    results = post_form(client, body).get_json()["results"]
    assert [result["photo"] for result in results] == ["ü.jpg", "ü.png"]
    assert all(result["faces"] for result in results)


@pytest.mark.parametrize(
    ("body", "content_type", "detail"),
    [
        (make_form(b"a.jpg"), "multipart/form-data", "no boundary in its Content-Type"),
        (make_form(b"a.jpg")[:-20], "multipart/form-data; boundary=x", "ends before its last"),
        (make_form(b"a.jpg"), "multipart/form-data; boundary=y", "ends before its last"),
        (b"", "multipart/form-data; boundary=x", "No photo"),
    ],
)
def test_a_damaged_form_is_400_and_says_what_is_wrong(client, body, content_type, detail):
    assert detail in check_problem(post_form(client, body, content_type=content_type), 400)
    page = post_form(client, body, "/upload", content_type)
    assert page.status_code == 400
    assert detail in page.text


@pytest.mark.parametrize(
    ("number", "status", "detail"),
    [(80_000, 400, "ends before its last"), (1_900_000, 413, "A request takes 10 MB")],
)
def test_a_form_of_boundaries_alone_is_answered_at_once(client, number, status, detail):
    """A search from each of them to the end of the form would take minutes, and hours."""
    assert detail in check_problem(post_form(client, b"--x\r\n" * number), status)


def test_heads_of_a_form_are_recoded_and_nothing_else_is():
    name, content = "ü".encode("latin-1"), "ü--x: ü\r\r".encode("latin-1")
    for end in (b"\r\n", b"\n", b"\r"):
        head = b"--x \t" + end + b"a: %b" + end + end
        tail = b"--x--" + end + name + end + end
        sent = name + end + (head % name + content + end) * 2 + tail
        expected = name + end + (head % "ü".encode() + content + end) * 2 + tail
        assert recode_heads(sent, b"x") == expected
    assert recode_heads(b"--x\r\n" + name, b"x") == b"--x\r\n" + name


def test_a_probe_is_answered_whatever_its_host(client):
    for host in ("10.1.2.3:8000", "pod.cluster.local", "[fe80::1]:80", "", "a b"):
        for method in ("GET", "HEAD"):
            response = client.open("/healthz", method=method, headers={"Host": host})
            assert response.status_code == 200
        assert check_problem(client.get("/api/model", headers={"Host": host}), 400)


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


@contextlib.contextmanager
def fill_pool(pool, places):
    """Hold all of a pool's places; who holds one is told apart from who gets none."""
    release, refused, results = threading.Event(), threading.Event(), []

    def hold(number):
        try:
            results.append(pool.run(lambda _: release.wait(30) and number))
        except PoolFullError:
            refused.set()

    threads = [threading.Thread(target=hold, args=(n,)) for n in range(places + 1)]
    for thread in threads:
        thread.start()
    try:
        assert refused.wait(30)  # one too many came, so every place is taken
        yield results
    finally:
        release.set()
        for thread in threads:
            thread.join(30)


def test_a_full_queue_is_503_and_says_when_to_come_again(app, client):
    with fill_pool(app.extensions["emoji"].pool, 3):  # one works, two wait
        response = post(client, form(PHOTO))
        assert check_problem(response, 503) == "Too many photos at once; try again"
        assert response.headers["Retry-After"] == "1"
        page = client.post("/upload", data=form(PHOTO), headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert page.mimetype == "text/html"
        assert client.get("/healthz").get_json() == {"status": "ok"}
    assert post(client, form(PHOTO)).status_code == 200


def test_a_pool_has_so_many_places_and_gives_them_back():
    pool = ClassifierPool(Classifier, 1, 1)
    with fill_pool(pool, 2) as results, pytest.raises(PoolFullError):
        pool.run(lambda _: None)
    assert len(results) == 2
    with pytest.raises(ZeroDivisionError):  # a failure gives its place back too
        pool.run(lambda _: 1 / 0)
    with fill_pool(pool, 2) as results:
        pass
    assert len(results) == 2


def test_each_thread_of_a_pool_has_a_classifier_of_its_own():
    pool, both = ClassifierPool(Classifier, 2, 0), threading.Barrier(2)
    with ThreadPoolExecutor(2) as callers:

        def meet(classifier):
            both.wait(30)  # so that two run at once
            return classifier

        first, second = callers.map(pool.run, [meet, meet])
    assert first is not second
    assert first.network is not second.network


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

    monkeypatch.setattr("web.server.api.classify_upload", crash)
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
    response = client.get("/api/openapi.json", headers={"Host": host})
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
        client.get("/upload", headers={"Host": "evil"}),
        post(client, form(PHOTO)),
    ]
    assert [answer.status_code for answer in answers] == [200, 304, 200, 404, 200, 400, 200]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in headers} == headers
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_cors_is_for_the_origins_that_are_named():
    app = create_app(ServerSettings(origins=("https://a.example",)))
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
    assert set(examples["one photo"]["value"]) == set(result["required"])
    assert set(result["properties"]) - set(result["required"]) == {
        "ranked_by", "face_mode", "finder",
    }  # fmt: skip
    rank_by = next(option for option in predict["parameters"] if option["name"] == "rank_by")
    assert rank_by["schema"]["enum"] == ["scores", "label_scores"]


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
    client = create_app(ServerSettings(site=tmp_path)).test_client()
    page = client.get("/")
    assert page.status_code == 503
    assert "make site" in page.text
    assert client.get("/dashboard.html").status_code == 404
    assert post(client, form(PHOTO)).status_code == 200


def test_keras_gives_the_same_answer(client):
    pytest.importorskip("tensorflow")
    keras = create_app(ServerSettings(backend="keras")).test_client()
    assert keras.get("/api/model").get_json()["backend"] == "keras"
    faces = 0
    for path in sorted((find_models() / "golden" / "photos").iterdir()):
        found, expected = (
            post(one, form(path.read_bytes()), query_string={"top": "7"}).get_json()
            for one in (keras, client)
        )
        assert found["model"]["artifact"] == "keras"
        assert found["model"]["sha256"] != expected["model"]["sha256"]
        assert compare_results(found, expected, CONTRACT).reason == ""
        faces += len(found["faces"])
    assert faces >= 8
