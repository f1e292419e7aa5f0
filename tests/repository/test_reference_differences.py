"""Every deliberate difference from the reference names tests, and they exist."""

from __future__ import annotations

import re

import pytest

from tests.helpers.places import ROOT

PAGE = ROOT / "docs" / "reference-differences.md"
CITATION = re.compile(r"`([\w/]+)/(\w+): (test_\w+)`")


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
        file = ROOT / "tests" / folder / (f"test_golden_{name}.py" if folder == "golden" else f"test_{name}.py")
        assert file.is_file(), file
        assert re.search(rf"^(async )?def {function}\(", file.read_text(encoding="utf-8"), re.MULTILINE), function
