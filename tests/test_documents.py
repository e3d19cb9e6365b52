"""Numbers in the documents are the report's."""

import json
import re
import shutil
from pathlib import Path

import pytest

from convert import documents
from convert.report import read_report, write_section

ROOT = Path(__file__).parents[1]


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
    assert len(rows) == 24
    for row in rows:
        named = re.findall(r"`(tests/[^:`]+)::([^`]*)`", row.rsplit("|", 2)[1])
        assert named, row
        for file, name in named:
            code = (ROOT / file).read_text(encoding="utf-8")
            wanted = f"def {name}(" if file.endswith(".py") else name
            assert wanted in code, (file, name)
