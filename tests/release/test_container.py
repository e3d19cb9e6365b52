"""The Dockerfile's steps, run as a script where no container engine is at hand.

Its paths are moved into a folder; its programs run as its user on a file system that is read-only,
where that may be mounted.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.helpers.running_server import make_photo

ROOT = Path(__file__).parents[2]
READ_ONLY = ("unshare", "--mount", "sh", "-c",
             'mount --make-rprivate / && mount -o remount,ro,bind / && exec "$0" "$@"')  # fmt: skip


def read_steps(path: Path) -> list[tuple[str, str]]:
    """The file's instructions with their arguments."""
    text = re.sub(r"(?m)^#.*\n", "", path.read_text()).replace("\\\n", " ")
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if line.strip()]


STEPS = read_steps(ROOT / "Dockerfile")


def find_steps(name: str) -> list[str]:
    return [argument for step, argument in STEPS if step == name]


def can_mount() -> bool:
    """Whether this process may make its file system read-only for another."""
    tools = all(map(shutil.which, ("unshare", "mount", "setpriv")))
    return tools and run(*READ_ONLY, "true").returncode == 0


def run(*command: object, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        list(map(str, command)), env=variables or None, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """The folder that stands for the image's root after its steps have run."""
    root = tmp_path_factory.mktemp("image")
    (root / "wheels").mkdir()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", root / "wheels"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for step in find_steps("RUN"):
        done = subprocess.run(
            ["sh", "-ec", move(step, root)], env=os.environ | {"PATH": path},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return root


def move(text: str, root: Path) -> str:
    return text.replace("/opt/", f"{root}/opt/").replace("/wheels", f"{root}/wheels")


def read_command(text: str, root: Path) -> list[str]:
    """A command that is given as JSON, after its options."""
    return json.loads(move(text[text.index("[") :], root))


def test_the_steps_are_those_of_a_small_safe_image():
    assert find_steps("FROM") == ["${BASE} AS build", "${BASE}"]
    (user,) = find_steps("USER")
    assert all(int(number) >= 1000 for number in user.split(":"))
    last = [step for step, _ in STEPS][len(STEPS) - STEPS[::-1].index(("FROM", "${BASE}")) :]
    assert "RUN" not in last  # so pip and the wheel stay behind
    assert find_steps("COPY")[-1] == "--from=build /opt/emoji /opt/emoji"


@pytest.mark.skipif(not can_mount(), reason="may not mount")
def test_it_serves_read_only_as_its_user_and_its_health_check_knows(image):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = dict(pair.split("=") for pair in find_steps("ENV")[0].split())
    variables |= {"EMOJI_PORT": str(port), "EMOJI_THREADS": "1"}
    user, group = find_steps("USER")[0].split(":")
    # It may read what only root may: here Python itself can lie in root's home.
    as_user = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups",
               "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
               "--bounding-set=-all,+dac_read_search"]  # fmt: skip
    command = read_command(find_steps("ENTRYPOINT")[0], image)
    (health,) = find_steps("HEALTHCHECK")
    check = read_command(health[health.index("CMD") :], image)
    server = subprocess.Popen(
        [*READ_ONLY, *as_user, *command], env=variables, cwd="/",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert f"http://0.0.0.0:{port}/" in server.stdout.readline()
        assert Path(f"/proc/{server.pid}/status").read_text().split("Uid:\t")[1].startswith(user)
        assert run(*check, **variables).returncode == 0
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/predict", make_photo(), {"Content-Type": "image/jpeg"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert len(json.load(answer)["faces"]) == 1
        server.terminate()
        assert server.wait(timeout=60) == 0
        assert run(*check, **variables).returncode == 1
    finally:
        server.kill()
        server.communicate()


@pytest.mark.skipif(not can_mount(), reason="may not mount")
def test_the_file_system_really_is_read_only(image):
    assert "Read-only file system" in run(*READ_ONLY, "touch", image / "x").stderr


def test_the_image_holds_nothing_that_only_builds(image):
    packages = {path.name.split("-")[0] for path in image.rglob("*.dist-info")}
    assert {"emoji_edge", "flask", "waitress"} <= packages
    assert not packages & {"pip", "tensorflow", "tensorflow_cpu", "keras", "ray"}
