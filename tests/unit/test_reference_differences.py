"""Every deliberate difference from the reference names tests, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference-differences.md"
CITATION = re.compile(r"`(golden|unit)/(\w+): (test_\w+)`")
FILES = {"golden": "tests/golden/test_golden_{}.py", "unit": "tests/unit/test_{}.py"}


def rows() -> list[list[str]]:
    """Return the cells of every row of the page's tables, headings left out."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if row[0] != "the reference" and not row[0].startswith("---")]


def test_the_page_has_rows() -> None:
    assert len(rows()) > 15


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_a_row_is_complete_and_its_tests_exist(row: list[str]) -> None:
    assert len(row) == 4 and all(row), row
    cited = CITATION.findall(row[3])
    assert cited and not CITATION.sub("", row[3]).strip(", "), f"not a list of tests: {row[3]}"
    for folder, name, function in cited:
        file = ROOT / FILES[folder].format(name)
        assert file.is_file(), file
        assert re.search(rf"^(async )?def {function}\(", file.read_text(encoding="utf-8"), re.MULTILINE), function
