"""Answers as rows of a table: which values they hold, of which type, and what stands in place of a value."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import (
    Answer,
    Candidate,
    Claim,
    Fact,
    Measurement,
    ModelStamp,
    ModelStatement,
    Molecule,
    Provenance,
    Resolved,
    Withheld,
)
from biomed_agent.core.value_records import (
    COLUMNS,
    IN_WORDS,
    ValueRecord,
    arrow_schema,
    cells_of,
    frame_of,
    value_records,
)

SOURCE = Provenance("ChEMBL", "CHEMBL_ACT_1", "https://example.org/1")
HOW = Measurement(("PMID:1", "DOI:10.1/x"), 3, 0.5, 2.0, "binding", "Homo sapiens", "Outside typical range", "", 9.0)
KD = Fact("CID:1", "Kd", 1, "nM", "measured", SOURCE, "a note", "not stated", "UNIPROT:P1", "ABC1", (), "JH1", HOW)
MELTING = Fact("CID:1", "melting point", "138 to 140", "°C", "measured", SOURCE)
ENTITY = Resolved(Molecule("C", name="methane", ids={"cid": "1"}), "methane", "exact name")
ANSWERED = Answer("What?", "answered", "Both\nare known.", entities=(ENTITY,), facts=(KD, MELTING), warnings=("Mind.",))


def test_each_value_is_a_record_with_its_source_and_how_it_was_measured() -> None:
    first, second = value_records(ANSWERED, 7, "x")
    assert (first.row, first.id, first.question, first.status, first.reason) == (7, "x", "What?", "answered", "")
    assert (first.entity, first.entity_name, first.target, first.target_name) == (
        "CID:1", "methane", "UNIPROT:P1", "ABC1",
    )  # fmt: skip
    assert (first.predicate, first.relation, first.value, first.value_text) == ("Kd", "not stated", 1.0, "")
    assert type(first.value) is float
    assert (first.unit, first.type, first.construct, first.note) == ("nM", "measured", "JH1", "a note")
    assert (first.source, first.identifier, first.link) == ("ChEMBL", "CHEMBL_ACT_1", "https://example.org/1")
    assert (first.references, first.replicates, first.low, first.high) == ("PMID:1; DOI:10.1/x", 3, 0.5, 2.0)
    assert (first.assay_type, first.assay_organism, first.validity, first.pchembl) == (
        "binding", "Homo sapiens", "Outside typical range", 9.0,
    )  # fmt: skip
    assert (second.value, second.value_text, second.relation) == (None, "138 to 140", "=")
    assert (second.replicates, second.target) == (None, "")
    assert [record.answer for record in (first, second)] == ["Both are known.", ""], "the words stand once"
    assert [record.warnings for record in (first, second)] == ["Mind."] * 2, "a warning holds for every value"


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer("q", "answered", "Yes."), IN_WORDS, "Yes."),
        (Answer("q", "not_found", "No such name.", next_steps=("Check it.",)), "No such name. Check it.", ""),
        (Answer("q", "invalid", "a bug"), "a bug", ""),
    ],
)
def test_an_answer_without_a_value_is_one_record_that_says_why(answer: Answer, reason: str, words: str) -> None:
    (record,) = value_records(answer)
    assert (record.id, record.status, record.reason, record.answer) == ("1", answer.status, reason, words)
    assert (record.value, record.value_text, record.relation, record.type) == (None, "", "", "")


def test_candidates_and_another_status_are_told() -> None:
    candidates = (Candidate("CID:1", "one", "homonym"), Candidate("CID:2", "two", "homonym"))
    (record,) = value_records(Answer("q", "ambiguous", "Two."), status="error")
    assert record.status == "error"
    (record,) = value_records(Answer("q", "ambiguous", "Two.", candidates=candidates))
    assert record.candidates == "CID:1 (one: homonym); CID:2 (two: homonym)"


def test_sentences_of_a_model_are_records_of_their_own_type_and_what_is_withheld_is_counted() -> None:
    claims = (Claim("It is an alkane.", "supported", "it has no other bond"), Claim("It burns.", "unverified", ""))
    model = ModelStatement("", ModelStamp("tiny", "1"), claims, (Withheld("contradicted", "no"),))
    first, second = value_records(Answer("q", "model_only", "It said.", entities=(ENTITY,), model=model))
    assert (first.type, first.predicate, first.value_text) == ("model", "statement", "It is an alkane.")
    assert (first.note, second.note) == ("supported: it has no other bond", "unverified")
    assert (first.source, first.identifier, first.entity) == ("tiny", "1", "CID:1")
    assert first.warnings == "Of what the model said is withheld: 1 sentence contradicted."


def test_columns_are_the_fields_in_their_order_and_cells_come_back_from_texts() -> None:
    assert list(COLUMNS) == [field.name for field in fields(ValueRecord)]
    assert {name for name, kind in COLUMNS.items() if kind is not str} == {
        "row", "value", "replicates", "low", "high", "pchembl",
    }  # fmt: skip
    cells = value_records(ANSWERED)[0].cells()
    assert (cells["value"], cells["row"], cells["candidates"]) == (1.0, 1, None)
    texts = {name: "" if cell is None else str(cell) for name, cell in cells.items()}
    assert cells_of(texts) == cells
    with pytest.raises(ValueError, match="no column value"):
        cells_of({name: text for name, text in texts.items() if name != "value"})
    with pytest.raises(ValueError, match="much"):
        cells_of({**texts, "value": "much"})


def test_a_frame_has_numbers_and_missing_values() -> None:
    pandas = pytest.importorskip("pandas")
    frame = frame_of([record.cells() for record in value_records(ANSWERED)])
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds == {name: {str: "string", int: "Int64", float: "float64"}[kind] for name, kind in COLUMNS.items()}
    assert list(frame["value"].fillna(-1)) == [1.0, -1]
    assert frame["replicates"][0] == 3 and frame["replicates"][1] is pandas.NA
    assert list(frame["target"].isna()) == [False, True]
    assert list(frame_of([]).dtypes) == list(frame.dtypes), "a frame without rows has the same columns"


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    calls: list[Any] = [lambda: frame_of([]), arrow_schema]
    for call, package in zip(calls, ("pandas", "pyarrow"), strict=True):
        with pytest.raises(InvalidInput, match=rf"needs {package}, .* pip install 'biomed-agent\[tables\]'"):
            call()
