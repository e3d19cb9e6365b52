"""The server as a process: slow clients, large bodies, SIGTERM, disk, options, its own schema."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from emoji_edge import Classifier, load_contract
from PIL import Image

from tests.helpers.photos import encode
from tests.helpers.running_server import connect, make_photo, make_request, read_answer
from web.server.process import ROOT, RunningServer, run_server
from web.server.uploads import BODY_LIMIT

PHOTO = make_photo()
SLOW_CLIENTS = 200


@pytest.fixture(scope="module")
def server():
    with run_server("--threads", "2") as running:
        yield running


def ask(server: RunningServer, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with connect(server) as connection:
        connection.sendall(request)
        return read_answer(connection)


def test_a_photo_gets_the_libraries_answer(server):
    status, headers, body = ask(server, make_request(PHOTO))
    assert status == 200
    assert json.loads(body) == Classifier().classify(PHOTO).to_dict()
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_slow_uploads_do_not_stop_others(server):
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(server)) for _ in range(SLOW_CLIENTS)]
        request = make_request(PHOTO)
        for connection in slow:
            connection.sendall(request[:-100])
        for _ in range(5):
            assert ask(server, request)[0] == 200
        for connection in slow[:3]:  # and they are answered when they come to an end
            connection.sendall(request[-100:])
            assert read_answer(connection)[0] == 200


def test_an_upload_that_drips_is_cut_off_at_its_deadline():
    with run_server("--threads", "1", "--upload-seconds", "1") as server:
        with connect(server) as connection:
            connection.sendall(make_request(PHOTO)[:300])
            connection.settimeout(0.2)
            answer = b""
            for _ in range(100):  # a byte now and then, so that it is never idle
                with contextlib.suppress(TimeoutError):
                    answer = connection.recv(65536)
                    break
                connection.sendall(b"x")
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"application/problem+json" in answer
            assert b"nosniff" in answer
        assert ask(server, make_request(PHOTO))[0] == 200


def test_a_body_over_the_limit_is_413_and_the_client_gets_to_read_it(server):
    status, headers, body = ask(server, make_request(bytes(BODY_LIMIT + 1)))
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert b'"status": 413' in body
    chunk = b"%X\r\n%s\r\n" % (1_000_000, bytes(1_000_000))
    head = make_request(b"", Transfer_Encoding="chunked").replace(b"Content-Length: 0\r\n", b"")
    assert ask(server, head + 11 * chunk + b"0\r\n\r\n")[0] == 413
    assert ask(server, head + chunk + b"0\r\n\r\n")[0] == 422  # within it: read, and no picture


def test_who_waits_for_a_word_is_told_of_413_before_the_body(server):
    head = make_request(b"", Expect="100-continue")
    large = head.replace(b"Content-Length: 0", b"Content-Length: %d" % (BODY_LIMIT + 1))
    assert ask(server, large)[0] == 413
    with connect(server) as connection:
        connection.sendall(make_request(PHOTO, Expect="100-continue")[: -len(PHOTO)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(PHOTO)
        assert read_answer(connection)[0] == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: odd\r\n\r\n", 501),
        (b"GET /api/model HTTP/1.0\r\n\r\n", 400),  # without a Host
    ],
)
def test_what_is_no_request_gets_problem_details_too(server, request_bytes, status):
    found, headers, body = ask(server, request_bytes)
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-content-type-options"] == "nosniff"
    assert b'"status": %d' % status in body


@pytest.mark.parametrize(
    "lines",
    [
        "GET /healthz HTTP/1.0",
        "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3:8000",
        "GET /healthz HTTP/1.1",
        "HEAD /healthz HTTP/1.0",
        "GET http://10.1.2.3/healthz HTTP/1.1\r\nHost: 10.1.2.3",
    ],
)
def test_a_probe_is_answered_however_it_asks(server, lines):
    with connect(server) as connection:
        connection.sendall(f"{lines}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split(b" ", 2)[1] == b"200"
    assert answer.endswith(b'{"status":"ok"}\n') or lines.startswith("HEAD")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_serves_whatever_standard_streams_are_closed(closed):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"exec {sys.executable} -m web.server --threads 1 --port {port} {closed}"
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        request = make_request(PHOTO)
        for _ in range(2):  # the second after the first has written its line
            assert ask_when_ready(port, request) == 200
        assert ask_when_ready(port, request.replace(b"Host: localhost", b"Host: evil")) == 400
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0
        assert b"Traceback" not in output + errors
        assert (b"Serving" in output) == (">&-" not in closed.replace("2>&-", ""))
        assert (b"POST /api/predict 200" in errors) == ("2>&-" not in closed)
    finally:
        process.kill()
        process.communicate()


def ask_when_ready(port: int, request: bytes) -> int:
    """The status that a server answers, which may still be starting."""
    end = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                connection.sendall(request)
                return read_answer(connection)[0]
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_cannot_run_is_status_2_whatever_standard_streams_are_closed(closed):
    command = f"exec {sys.executable} -m web.server --port 99999 {closed}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == (0 if "2>&-" in closed else 1)


def test_bodies_that_do_not_fit_into_memory_together_are_refused():
    code = (
        "import sys; from web.server import command, listener;"
        "listener.MEMORY_LIMIT = 5_000_000; sys.exit(command.main())"
    )
    with run_server("--threads", "1", command=("-c", code)) as server, connect(server) as slow:
        slow.sendall(make_request(bytes(4_900_000))[:-1])
        health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for _ in range(40):  # each lets the server read more of the slow one's, to its last byte
            assert ask(server, health)[0] == 200
        status, headers, _ = ask(server, make_request(bytes(3_000_000)))
        assert status == 503
        assert headers["retry-after"] == "1"
        slow.sendall(b"\0")
        assert read_answer(slow)[0] == 422
        assert ask(server, make_request(PHOTO))[0] == 200


def test_more_photos_than_may_wait_are_refused_at_once_and_nothing_else_is():
    large = encode(Image.new("RGB", (8000, 8000)), "JPEG")  # takes most of a second
    with (
        run_server("--threads", "1", "--max-queue", "2") as server,
        contextlib.ExitStack() as stack,
    ):
        waiting = []
        for _ in range(3):  # one works, two wait
            waiting.append(stack.enter_context(connect(server)))
            waiting[-1].sendall(make_request(large))
            time.sleep(0.06)  # until it is read
        status, headers, body = ask(server, make_request(PHOTO))
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(body)["detail"] == "Too many photos at once; try again"
        status, headers, page = ask(server, make_request(PHOTO, path="/upload", Accept="text/html"))
        assert (status, headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert b"Too many photos at once" in page
        health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert ask(server, health)[0] == 200
        assert [read_answer(connection)[0] for connection in waiting] == [200] * 3
        assert ask(server, make_request(PHOTO))[0] == 200


def test_no_photo_reaches_the_disk_or_the_log():
    watched = ("-m", "tests.helpers.watch_files")
    with run_server("--threads", "1", command=watched) as server:
        large = PHOTO + bytes(BODY_LIMIT - len(PHOTO))  # a JPEG with much behind its end
        assert ask(server, make_request(large))[0] == 200
        name = b'Content-Disposition: form-data; name="photo"; filename="secret.jpg"'
        body = b"--x\r\n" + name + b"\r\n\r\n" + large[:-1000] + b"\r\n--x--\r\n"
        request = {"Content_Type": "multipart/form-data; boundary=x", "Accept": "text/html"}
        status, _, page = ask(server, make_request(body, path="/upload?top=2", **request))
        assert status == 200
        assert b"secret.jpg" in page
        assert server.stop() == 0
        lines = server.read_log()
    assert [line.split()[:3] for line in lines] == [
        ["POST", "/api/predict", "200"],
        ["POST", "/upload", "200"],
    ]
    assert all(len(line.split()) == 5 and line.endswith(" ms") for line in lines)


def test_the_memory_of_large_photos_is_given_back():
    large = encode(Image.new("RGB", (5000, 4000)), "JPEG")  # 80 MB when decoded
    with run_server("--threads", "1") as server:
        memory = []
        for _ in range(4):
            assert ask(server, make_request(large))[0] == 200
            memory.append(psutil.Process(server.process.pid).memory_info().rss / 1e6)
        assert memory[-1] < memory[0] + 60, memory


def test_the_watch_sees_a_spooled_upload(tmp_path):
    code = (
        "import sys, flask, web.server.app;"
        "web.server.app.PhotoRequest = flask.Request;"
        "sys.argv[0] = 'x'; import tests.helpers.watch_files"
    )
    with run_server("--threads", "1", command=("-c", code)) as server:
        body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        body += PHOTO + bytes(2_000_000) + b"\r\n--x--\r\n"
        request = make_request(body, Content_Type="multipart/form-data; boundary=x")
        assert ask(server, request)[0] == 200
        assert any(line.startswith("WROTE ") for line in server.read_log())


def test_sigterm_answers_what_was_accepted_and_ends_with_0():
    with (
        run_server("--threads", "1", "--max-queue", "32") as server,
        contextlib.ExitStack() as stack,
    ):
        request = make_request(PHOTO)
        idle = stack.enter_context(connect(server))
        idle.sendall(request)
        assert read_answer(idle)[0] == 200
        whole = [stack.enter_context(connect(server)) for _ in range(20)]
        half = [stack.enter_context(connect(server)) for _ in range(5)]
        for connection in whole:
            connection.sendall(request)
        for connection in half:
            connection.sendall(request[:1000])
        server.process.send_signal(signal.SIGTERM)
        for connection in half:
            connection.sendall(request[1000:])
        answers = [read_answer(connection) for connection in whole + half]
        assert [status for status, _, _ in answers] == [200] * 25
        assert {headers.get("connection") for _, headers, _ in answers} <= {"close", None}
        assert answers[-1][1]["connection"] == "close"
        assert server.process.wait(timeout=60) == 0
        assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            connect(server)


def test_a_second_signal_ends_it_at_once():
    with run_server("--threads", "1") as server, connect(server) as slow:
        slow.sendall(make_request(PHOTO)[:-1])
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None  # it waits for the upload
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == -signal.SIGTERM


def run_command(*options: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "web.server", *options], cwd=ROOT, env=os.environ | variables,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        (["--port", "99999"], {}, "Invalid value for '--port': 99999 is not in the range"),
        (["--threads", "0"], {}, "Invalid value for '--threads': 0 is not in the range"),
        (["--backend", "onnx"], {}, "Invalid value for '--backend': 'onnx' is not one of"),
        (["--prot", "1"], {}, "No such option '--prot'"),
        (["--model", "none.tflite"], {}, "none.tflite: no such file, and no artifact"),
        (["--backend", "keras", "--model", "no.h5"], {}, "no.h5: no such file"),
        (["--site", "nowhere"], {}, "Invalid value for '--site': Directory 'nowhere' does not"),
        (["--host", "192.0.2.1"], {}, "cannot listen on 192.0.2.1:8000: "),
        ([], {"EMOJI_PORT": "x"}, "Invalid value for '--port': 'x' is not a valid integer"),
    ],
)
def test_what_cannot_run_is_one_line_and_status_2(options, variables, message):
    done = run_command(*options, **variables)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {message}"), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line_and_status_2(server):
    done = run_command("--port", str(server.port), "--threads", "1")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: cannot listen on 127.0.0.1:{server.port}: Address already in use\n"
    )


def test_variables_are_the_options_alike(monkeypatch):
    for name, value in {
        "MODEL": "int8",
        "THREADS": "1",
        "ALLOW_HOST": "a.example b.example",
    }.items():
        monkeypatch.setenv(f"EMOJI_{name}", value)
    with run_server() as server:
        status, _, body = ask(server, make_request(PHOTO, Host="B.example:80"))
        assert status == 200
        assert b'"artifact":"int8"' in body
        assert ask(server, make_request(PHOTO, Host="c.example"))[0] == 400


def test_the_documents_examples_run(server):
    text = (ROOT / "web/server/README.md").read_text().replace(":8000/", f":{server.port}/")
    shell = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [line for block in shell for line in block.splitlines()]
    assert len(commands) >= 4
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, check=True)
        answer = json.loads(done.stdout)
        assert "results" in answer or answer["faces"], command
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in load_contract().emoji.values()


def test_the_server_keeps_to_its_own_document(server):
    command = [
        Path(sys.executable).with_name("schemathesis"),
        "--config-file", Path(__file__).with_name("schemathesis.toml"), "run",
        f"http://127.0.0.1:{server.port}/api/openapi.json",
        "--max-examples", "60", "--seed", "1", "--generation-deterministic", "--no-color",
        "--suppress-health-check=too_slow",  # a busy machine is no fault of the server
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=server.log.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "No issues found" in done.stdout
    assert " 500 " not in server.log.read_text()


def test_keras_without_tensorflow_is_one_line_and_status_2():
    code = (
        "import sys; sys.modules['tensorflow'] = None; from web.server.command import main;"
        "sys.exit(main(['--backend', 'keras']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: the Keras backend needs Keras and TensorFlow")
    assert done.stderr.count("\n") == 1
