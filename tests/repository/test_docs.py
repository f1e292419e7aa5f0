"""The pages say what is so: decisions are numbered, releases agree, links lead somewhere, named files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from biomed_agent.cli.parser import build_parser
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.version import __version__
from tests.helpers.places import ROOT

DECISIONS = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^## (\d+)\. (.+) \((\d{4}-\d\d-\d\d)\)$", re.MULTILINE)
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASE = re.compile(r"^## (?:\[Unreleased\]|(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d))$", re.MULTILINE)
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
GONE = {"generator.py", "sentences.py"}
"""files that decisions name because they are no more, or never were"""
CODE = ("benchmarks", "biomed_agent", "examples", "scripts", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_decisions_are_numbered_and_dated_in_order() -> None:
    headings = HEADING.findall(DECISIONS)
    assert len(headings) == len(re.findall(r"^#{2,} ", DECISIONS, re.MULTILINE)), "a heading is no numbered decision"
    assert [int(number) for number, _, _ in headings] == list(range(1, len(headings) + 1))
    assert [date for _, _, date in headings] == sorted(date for _, _, date in headings)


def test_a_superseded_decision_names_a_later_one() -> None:
    sections = re.split(r"(?m)^## (?=\d)", DECISIONS)[1:]
    superseded = [
        (number, int(later))
        for number, section in enumerate(sections, 1)
        for later in re.findall(r"[Ss]uperseded\s+by\s+(\w+)", section)
    ]
    assert superseded
    assert all(number < later <= len(sections) for number, later in superseded), superseded


def test_releases_fall_and_the_newest_is_the_version() -> None:
    assert [line for line in re.findall(r"(?m)^## .*$", CHANGELOG) if not RELEASE.fullmatch(line)] == []
    assert re.findall(r"(?m)^## (.*)$", CHANGELOG)[0] == "[Unreleased]"
    releases = [(number, date) for number, date in RELEASE.findall(CHANGELOG) if number]
    order = [tuple(map(int, number.split("."))) for number, _ in releases]
    assert order == sorted(set(order), reverse=True)
    assert [date for _, date in releases] == sorted((date for _, date in releases), reverse=True)
    assert releases[0][0] == __version__


def test_changes_stand_under_the_usual_headings() -> None:
    for release in re.split(r"(?m)^## ", CHANGELOG)[1:]:
        kinds = re.findall(r"(?m)^### (.*)$", release)
        assert kinds == [kind for kind in KINDS if kind in kinds], release.splitlines()[0]


def test_the_citation_names_the_newest_release() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    stated = dict(re.findall(r"(?m)^(version|date-released): (.*)$", citation))
    date = next(date for number, date in RELEASE.findall(CHANGELOG) if number == __version__)
    assert stated == {"version": __version__, "date-released": date}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", page.read_text(encoding="utf-8")):
        path, _, anchor = "".join(target).partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        file = page.parent / path if path else page
        assert file.exists(), f"{page.name}: {path}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.*)$", file.read_text(encoding="utf-8"))
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{page.name}: {path}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_python_files_exist(page: Path) -> None:
    files = {f"/{path.relative_to(ROOT).as_posix()}" for folder in CODE for path in (ROOT / folder).rglob("*.py")}
    named = set(re.findall(r"`([\w./-]+\.py)(?:::\w+)?`", page.read_text(encoding="utf-8")))
    assert {name for name in named if not any(file.endswith(f"/{name}") for file in files)} <= GONE


def exists(dotted: str) -> bool:
    """Whether a dotted name leads to a module, or to a name that its module's text holds."""
    *parts, last = dotted.split(".")
    folder = ROOT.joinpath(*parts)
    if folder.joinpath(last).is_dir() or folder.joinpath(f"{last}.py").is_file():
        return True
    module = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    if module.is_file():
        return re.search(rf"\b{last}\b", module.read_text(encoding="utf-8")) is not None
    return len(parts) > 1 and exists(".".join(parts))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_modules_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\bbiomed_agent(?:\.[A-Za-z_]\w*)+", text)) - {"biomed_agent.py"}
    for module, names in re.findall(r"(?m)^from (biomed_agent[\w.]*) import (.*)$", text):
        named |= {f"{module}.{name.strip()}" for name in names.partition("#")[0].split(",")}
    assert [name for name in sorted(named) if not exists(name)] == []


def commands(page: Path) -> list[str]:
    """Return the command lines of a page's blocks, without comments and settings of the environment before them."""
    blocks = page.read_text(encoding="utf-8").replace("\\\n", " ").split("```")[1::2]
    return [line for block in blocks for line in re.findall(r"(?m)^(?:\$ )?(?:\w+=\S+ )*biomed-agent (.*)$", block)]


def test_commands_of_the_pages_are_read_by_the_program() -> None:
    exact = [
        (page.name, line)
        for page in PAGES
        for line in commands(page)
        if not re.search(r"[|\[]", line.partition("#")[0])  # alternatives and options left open
    ]
    assert len(exact) > 40
    for name, line in exact:
        try:
            build_parser().parse_args(shlex.split(line, comments=True))
        except InvalidInput as error:
            pytest.fail(f"{name}: biomed-agent {line}\n{error}")
