"""Tables that batches write: the same values in CSV, TSV, JSON lines and Parquet, whole or not at all."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.cli import main, value_files
from biomed_agent.cli.value_files import journal_line, journal_of, write_table
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.value_records import COLUMNS, ValueRecord, cells_of

OFFLINE = ("--offline", "--model", "none", "--quiet")
QUESTIONS = """ID,question,molecule,My note
x1,"What is the Kd of gefitinib and EGFR, ABL1?",,=1+1
,What is its molecular weight?,smiles:CCO,
x3,How heavy is asprin?,,@b
x4,What is PCP?,,
x5,Is aspirin an ester?,,
x6,What is its molecular formula?,caffeine,"two
lines"
x7,What is its logP?,caffeine,-c
"""
KINDS = ("csv", "tsv", "jsonl", "parquet")


def read(path: Path) -> list[dict[str, Any]]:
    """Read a table with the libraries that others would read it with; what is missing is None."""
    if path.suffix == ".parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
        return rows
    with path.open(encoding="utf-8", newline="") as stream:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in stream]
        lines = list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ","))
    more = [name for name in lines[0] if name not in COLUMNS]
    return [{**cells_of(line), **{name: line[name] or None for name in more}} for line in lines]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "questions.csv"
    path.write_text(QUESTIONS)
    return path


def written(source: Path, kind: str, *more: str) -> list[dict[str, Any]]:
    out = source.with_name(f"out.{kind}")
    assert main([*OFFLINE, "ask", "--input", str(source), "--output", str(out), *more]) == 0
    return read(out)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_holds_the_same_rows_one_a_value(source: Path, kind: str) -> None:
    rows = written(source, kind)
    assert list(rows[0]) == [*COLUMNS, "input_ID", "input_question", "input_molecule", "input_My note"]
    assert [(row["row"], row["id"], row["status"], row["value"], row["value_text"]) for row in rows] == [
        (1, "x1", "answered", 1.0, None),
        (1, "x1", "answered", 2200.0, None),
        (2, "2", "answered", 46.07, None),
        (3, "x3", "not_found", None, None),
        (4, "x4", "ambiguous", None, None),
        (5, "x5", "answered", None, None),
        (6, "x6", "answered", None, "C8H10N4O2"),
        (7, "x7", "answered", -1.03, None),
    ]
    first, second = rows[:2]
    assert [row["target"] for row in (first, second)] == ["UNIPROT:P00533", "UNIPROT:P00519"]
    assert [row["target_name"] for row in (first, second)] == ["EGFR", "ABL1"]
    assert {first["unit"], second["unit"], first["type"], first["relation"]} == {"nM", "measured", "="}
    assert first["identifier"] == "EGFR x CID 123631" and first["link"].startswith("https://")
    assert "Kd 1 nM" in first["answer"] and second["answer"] is None
    assert "CID:992" in rows[4]["candidates"] and "Ask again" in rows[4]["reason"]
    assert rows[5]["answer"].startswith("Yes.") and rows[5]["reason"] == "no single value: the answer stands in words"
    notes = [row["input_My note"] for row in rows]
    assert notes == ["=1+1", "=1+1", None, "@b", None, None, "two\nlines", "-c"], "cells are written as they are"
    assert sorted(path.name for path in source.parent.iterdir()) == sorted([f"out.{kind}", "questions.csv"])


def test_parquet_has_types_and_frames_read_it(source: Path) -> None:
    pandas, parquet = pytest.importorskip("pandas"), pytest.importorskip("pyarrow.parquet")
    written(source, "parquet")
    schema = parquet.read_schema(source.with_name("out.parquet"))
    kinds = {str: "string", int: "int64", float: "double"}
    assert {name: str(schema.field(name).type) for name in COLUMNS} == {
        name: kinds[kind] for name, kind in COLUMNS.items()
    }
    frame = pandas.read_parquet(source.with_name("out.parquet"))
    assert frame[frame["predicate"] == "Kd"].set_index("target_name")["value"].to_dict() == {"EGFR": 1, "ABL1": 2200}


def test_many_batches_of_rows_become_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_files, "BATCH_ROWS", 3)
    lines = [journal_line({"n": str(at)}, [ValueRecord(at, str(at), "q", "answered", value=at / 3)]) for at in range(8)]
    for kind in KINDS:
        journal, out = tmp_path / "j.partial", tmp_path / f"out.{kind}"
        journal.write_text("".join(lines))
        write_table(journal, out, ["n"])
        assert [row["value"] for row in read(out)] == [at / 3 for at in range(8)], "to the last digit"
        assert list(journal_of(out)) == lines
        assert not journal.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_no_question_makes_a_table_without_rows(tmp_path: Path, kind: str) -> None:
    (tmp_path / "in.csv").write_text("question\n")
    out = tmp_path / f"out.{kind}"
    assert main([*OFFLINE, "ask", "--input", str(tmp_path / "in.csv"), "--output", str(out)]) == 0
    assert list(journal_of(out)) == []
    assert out.stat().st_size > 0 or kind == "jsonl"


def test_whole_answers_are_json_lines_only(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = written(source, "jsonl", "--json")
    assert len(rows) == 7 and len(rows[0]["facts"]) == 2
    assert main([*OFFLINE, "ask", "--input", str(source), "--output", str(source.with_name("x.csv")), "--json"]) == 2
    assert "--json writes whole answers as JSON lines" in capsys.readouterr().err
    out = source.with_name("out.jsonl")
    assert main([*OFFLINE, "ask", "--input", str(source), "--output", str(out), "--resume"]) == 2
    assert "is no table of values" in capsys.readouterr().err, "whole answers are not gone on with as values"


def test_a_table_of_the_former_layout_is_not_gone_on_with(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("out.csv", "question,status,answer\n"), ("out.csv.partial", "question,status\nq,answered\n")):
        source.with_name(name).write_text(text + "What is PCP?,ambiguous,\n")
        command = ["ask", "--input", str(source), "--output", str(source.with_name("out.csv")), "--resume"]
        assert main([*OFFLINE, *command]) == 2
        assert "Leave out --resume" in capsys.readouterr().err


def test_what_cannot_be_written_stays_in_the_journal(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    out = source.with_name("out.csv")
    command = [*OFFLINE, "ask", "--input", str(source), "--output", str(out)]
    with monkeypatch.context() as patched:
        patched.setattr(csv.DictWriter, "writerows", full)
        assert main(command) == 2
    assert "No space left on device. What was answered is kept in" in capsys.readouterr().err
    assert sorted(path.name for path in source.parent.iterdir()) == ["out.csv.partial", "questions.csv"]
    assert main([*command, "--resume"]) == 0
    assert len(read(out)) == 8


def test_parquet_without_the_extra_is_refused_before_any_work(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main([*OFFLINE, "ask", "--input", str(source), "--output", str(source.with_name("out.parquet"))]) == 2
    assert capsys.readouterr().err.count("pip install 'biomed-agent[tables]'") == 1
    assert [path.name for path in source.parent.iterdir()] == ["questions.csv"]


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    for kind in KINDS:
        path = tmp_path / f"x.{kind}"
        path.write_text("a,b\n1,2\n")
        with pytest.raises(InvalidInput, match="is no table of values"):
            list(journal_of(path))
