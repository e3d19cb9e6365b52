"""Numbers in the documents are the report's, and what the documents point at is there."""

import json
import re
import shutil
from pathlib import Path

import pytest

from models import documents
from models.report import read_report, write_section

ROOT = Path(__file__).parents[2]


def test_documents_equal_the_report(capsys):
    assert documents.main(["--check"]) == 0, capsys.readouterr().out


def test_a_changed_number_is_noticed_and_mended(tmp_path, capsys):
    (tmp_path / "models").mkdir()
    card = tmp_path / "models/MODEL_CARD.md"
    shutil.copy(ROOT / "models/MODEL_CARD.md", card)
    text = card.read_text()
    card.write_text(text.replace("| PublicTest | ", "| PublicTest | 1", 1))
    assert card.read_text() != text
    assert documents.main(["--check", "--root", str(tmp_path)]) == 1
    assert "MODEL_CARD.md differs" in capsys.readouterr().out
    assert documents.main(["--root", str(tmp_path)]) == 0
    assert card.read_text() == text


@pytest.mark.parametrize(
    ("block", "message"), [("nonsense", "no block is called 'nonsense'"), ("counts", "no 'data'")]
)
def test_a_block_that_cannot_be_filled_is_named(tmp_path, capsys, block, message):
    (tmp_path / "README.md").write_text(f"<!-- report:{block} --><!-- /report:{block} -->")
    report = tmp_path / "report.json"
    report.write_text("{}")
    assert documents.main(["--root", str(tmp_path), "--report", str(report)]) == 2
    assert message in capsys.readouterr().err


def test_a_section_replaces_itself_alone(tmp_path):
    report = tmp_path / "report.json"
    write_section(report, "evaluation", {"a": 1})
    write_section(report, "data", {"b": 2})
    write_section(report, "evaluation", {"a": 3})
    assert read_report(report) == {"data": {"b": 2}, "evaluation": {"a": 3}}
    assert list(json.loads(report.read_text())) == ["data", "evaluation"]
    with pytest.raises(ValueError, match="no section 'other'"):
        write_section(report, "other", {})


def test_complaints_name_tests_that_are_there():
    text = (ROOT / "docs/known-complaints.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| [\w-]+(/| ModelAssistant)", line)]
    assert len(rows) >= 33
    for row in rows:
        named = re.findall(r"`(tests/[^:`]+)::([^`]*)`", row.rsplit("|", 2)[1])
        assert named, row
        for file, name in named:
            code = (ROOT / file).read_text(encoding="utf-8")
            wanted = f"def {name}(" if file.endswith(".py") else name
            assert wanted in code, (file, name)


def list_documents():
    """Every document of the repository, without those of installed packages and builds."""
    left_out = re.compile(r"(^|/)(node_modules|dist|runs|local|\.[^/]*)/")
    names = (file.relative_to(ROOT).as_posix() for file in ROOT.rglob("*.md"))
    return [ROOT / name for name in names if not left_out.search(name)]


def find_dead_links(file, text):
    """The links of a document to files and headings that are not there."""
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = file.parent / path if path else file
        if "://" in link or (target.exists() and not anchor):
            continue
        lines = target.read_text(encoding="utf-8").splitlines() if target.exists() else []
        heads = (line.lstrip("#").strip().lower() for line in lines if line.startswith("#"))
        if anchor not in {re.sub(r"[^\w -]", "", head).replace(" ", "-") for head in heads}:
            dead.append(link)
    return dead


def test_links_lead_to_files_and_headings_that_are_there():
    documents = {file: file.read_text(encoding="utf-8") for file in list_documents()}
    assert len(documents) >= 15
    dead = {str(file): find_dead_links(file, text) for file, text in documents.items()}
    assert {file: links for file, links in dead.items() if links} == {}


def test_a_dead_link_is_noticed():
    text = "[a](README.md) [b](README.md#the-numbers) [c](README.md#no-such) [d](none.md)"
    assert find_dead_links(ROOT / "other.md", text) == ["README.md#no-such", "none.md"]


def test_what_is_named_as_the_place_of_a_change_is_there():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:edge|web|training|convert|models|tests)/[\w./-]*)`", text)
    assert len(named) >= 20
    assert [path for path in named if not (ROOT / path).exists()] == []
