"""The workflows, checked by their linters, and the linters, checked by a damaged workflow."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def run(*command: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False
    )


def lint(folder: Path) -> str:
    """What the linter of workflows finds."""
    rules = ROOT / ".github/zizmor.yml"
    done = run(TOOLS / "zizmor", "--offline", "--no-progress", "--config", rules, folder)
    return "" if done.returncode == 0 else done.stdout


def test_the_linter_finds_nothing():
    assert lint(ROOT / ".github") == ""


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        (r"checkout@\w+ # \S+", "checkout@v4", "unpinned-uses"),
        (r"permissions:\n +contents: read", "permissions: write-all", "excessive-permissions"),
        (r"run: make release", "run: make ${{ github.event.head_commit.message }}", "template-inj"),
    ],
)
def test_the_linter_finds_a_damaged_workflow(tmp_path, right, wrong, finding):
    text = (ROOT / ".github/workflows/release.yml").read_text()
    damaged = tmp_path / ".github/workflows/release.yml"
    damaged.parent.mkdir(parents=True)
    damaged.write_text(re.sub(right, lambda _: wrong, text, count=1))
    assert damaged.read_text() != text
    assert finding in lint(damaged)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_commands_exist(path):
    text = path.read_text()
    uses = re.findall(r"uses: .*", text)
    assert all(PINNED.fullmatch(use.strip()) for use in uses)
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in re.findall(r"run: make (.*)", text):
        assert {word for word in line.split() if "/" not in word} <= targets


def test_an_action_has_one_pin_everywhere():
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for action, pin in re.findall(r"uses: (\S+)@(.*)", path.read_text()):
            pins.setdefault(action, set()).add(pin)
    assert len(pins) >= 8
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("github-workflows", "workflows/test.yml"),
        ("dependabot", "dependabot.yml"),
        ("github-issue-forms", "ISSUE_TEMPLATE/fault.yml"),
    ],
)
def test_files_follow_their_schemas_and_the_check_can_fail(tmp_path, schema, name):
    check = (TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}")
    path = ROOT / ".github" / name
    assert run(*check, path).returncode == 0
    damaged = tmp_path / "damaged.yml"
    damaged.write_text(re.sub(r"(?m)^(jobs|updates|body):", r"other:", path.read_text()))
    assert run(*check, damaged).returncode == 1


def test_forms_ask_for_what_a_report_needs():
    for name in ("fault", "answer"):
        text = (ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text()
        assert "emoji-edge --info" in text


def test_the_reference_is_made_from_the_docstrings(tmp_path):
    done = run("make", "--no-print-directory", "api-docs", f"API_DOCS={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "Warn" not in done.stderr
    page = (tmp_path / "emoji_edge/classify.html").read_text()
    assert "Classify every face of a photo" in page
    assert "the picture cannot be used" in page  # a section of the docstring
    names = {path.stem for path in (tmp_path / "emoji_edge").iterdir()}
    assert {"classify", "contract", "exam", "image", "result", "video"} <= names
    assert str(ROOT) not in page
