"""Files of many questions or names: what each kind of file holds, and what is wrong with a line of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.cli.tables import read_rows
from biomed_agent.core.errors import InvalidInput


def rows(folder: Path, name: str, content: str | bytes, *needed: str) -> list[tuple[dict[str, str], str]]:
    """Return columns and problem of every row of a file."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    read = read_rows(path, "name", needed)
    assert [row.number for row in read] == list(range(1, len(read) + 1))
    return [(row.columns, row.problem) for row in read]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "Name,My note\naspirin,x\n", [{"name": "aspirin", "My note": "x"}]),
        ("a.csv", 'Question ; note\n"a,b";y\n', [{"question": "a,b", " note": "y"}]),
        ("a.csv", "name,other;more\na,b\n", [{"name": "a", "other;more": "b"}]),
        ("a.CSV", "\ufeffname\r\naspirin\r\n", [{"name": "aspirin"}]),
        ("a.tsv", "name\tn\na\tb\nc\n", [{"name": "a", "n": "b"}, {"name": "c", "n": ""}]),
        ("a.csv", "name\naspirin\n".encode("utf-16"), [{"name": "aspirin"}]),
        ("a.jsonl", '{"name": "a", "n": 1, "x": null}\n\n{}', [{"name": "a", "n": "1", "x": ""}, {}]),
        ("a.txt", " aspirin \n\ncaffeine", [{"name": "aspirin"}, {"name": "caffeine"}]),
        ("a.smi", "CCO\tethanol, pure\n", [{"title": "ethanol, pure", "molecule": "smiles:CCO"}]),
        ("a.smi", "C", [{"title": "", "molecule": "smiles:C"}]),
        ("a.fa", ">1 a\nMK\nAY\n", [{"title": "1 a", "protein": "seq:MKAY"}]),
        ("a.fasta", ">1\nM\n>2\nK\n", [{"title": "1", "protein": "seq:M"}, {"title": "2", "protein": "seq:K"}]),
        ("a.faa", "MKTAY\n", [{"title": "", "protein": "seq:MKTAY"}]),
        ("a.txt", "", []),
    ],
)  # fmt: skip
def test_a_row_of_each_kind_of_file(
    tmp_path: Path, name: str, content: str | bytes, expected: list[dict[str, str]]
) -> None:
    assert rows(tmp_path, name, content) == [(columns, "") for columns in expected]


@pytest.mark.parametrize(
    ("name", "content", "problems"),
    [
        ("a.csv", "name\na,b\nc\n", ["the line has more fields than the header.", ""]),
        ("a.csv", 'name\n"a"b\nc\n', ["the line cannot be read: ',' expected after '\"'.", ""]),
        ("a.jsonl", '[1]\n{"name": "a"}\n', ['the line is no JSON object; expected {"question": "..."}.', ""]),
        ("a.jsonl", '{"name": ["a"]}\n', ["name holds no text; expected one name or question."]),
        ("a.jsonl", '{"note": ["a"]}\n', [""]),
    ],
)
def test_a_bad_line_is_a_row_with_its_problem(tmp_path: Path, name: str, content: str, problems: list[str]) -> None:
    assert [problem for _, problem in rows(tmp_path, name, content)] == problems


def test_a_line_that_is_no_json_says_why(tmp_path: Path) -> None:
    ((columns, problem),) = rows(tmp_path, "a.jsonl", "{name}\n")
    assert (columns, problem.startswith("the line is not JSON: ")) == ({}, True)


def test_a_record_without_residues_is_named(tmp_path: Path) -> None:
    sound, empty = rows(tmp_path, "a.fasta", ">one\nMK\n>two\n")
    assert sound == ({"title": "one", "protein": "seq:MK"}, "")
    assert (empty[0], empty[1].startswith("FASTA record 'two' holds no residues.")) == ({"title": "two"}, True)


def test_a_byte_that_is_no_text_spoils_its_own_row_only(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.txt", b"a\xff\nb\n") == [({"name": "a\udcff"}, ""), ({"name": "b"}, "")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", "name", r"of unknown kind; expected a name that ends in \.csv, \.tsv, \.jsonl"),
        ("a.csv", "note\nx\n", "the first line names note; expected a column called name or question"),
        ("a.csv", "", "the first line names nothing"),
        ("a.txt", b"a\0b", "is not a text file"),
        ("a.csv", 'na"me\n"a\n', "the first line names"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        rows(tmp_path, name, content, "name", "question")


def test_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder; expected a file of names"):
        read_rows(tmp_path, "name")
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_rows(tmp_path / "none.csv", "name")
