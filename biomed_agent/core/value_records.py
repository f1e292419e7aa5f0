"""Answers as rows of a table: one record for each value that an answer states, numbers as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Answer, Claim, Fact, Measurement, ModelStatement, Relation

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ValueType: TypeAlias = Literal["", "stored", "computed", "measured", "model"]
Cell: TypeAlias = str | int | float | None
IN_WORDS = "no single value: the answer stands in words"
"""why an answered question has no value"""


@dataclass(frozen=True, slots=True)
class ValueRecord:
    """One value of one answer, or why there is none. Its fields are the columns of every table, in their order.

    A text that does not apply is empty, a number None; in tables both are missing.
    """

    row: int
    """number of the question, counted from 1"""
    id: str
    """what the asker calls the question; its number where it was given no name"""
    question: str
    status: str
    """of the answer; ``error`` for a question that met a bug of ours"""
    reason: str = ""
    """why there is no value; empty where there is one"""
    entity: str = ""
    """handle of what the value is stated of"""
    entity_name: str = ""
    target: str = ""
    """handle of the second entity: the protein of an affinity, the parent of a salt that a value is taken from"""
    target_name: str = ""
    predicate: str = ""
    relation: Relation | Literal[""] = ""
    """how the true value lies to the one stated, ``not stated`` where the source lost it; empty without a value"""
    value: float | None = None
    """the number; None for a text"""
    value_text: str = ""
    """the value where it is a text"""
    unit: str = ""
    type: ValueType = ""
    """where the value comes from; ``model`` for a sentence of a model"""
    source: str = ""
    identifier: str = ""
    """the record within the source"""
    link: str = ""
    references: str = ""
    """publications of a measurement, parted by ``; ``"""
    note: str = ""
    construct: str = ""
    replicates: int | None = None
    low: float | None = None
    """least of the replicates, in ``unit``"""
    high: float | None = None
    assay_type: str = ""
    assay_organism: str = ""
    variant: str = ""
    """substitutions of the protein that was measured"""
    validity: str = ""
    """what the source doubts of the value"""
    comment: str = ""
    """the source's own words on the outcome"""
    pchembl: float | None = None
    """-log10 of the molar value, where the source gives it"""
    candidates: str = ""
    """what an ambiguous or misspelled name may mean"""
    warnings: str = ""
    answer: str = ""
    """the answer in words, on one line, beside its first value only; empty where nothing was answered"""

    def cells(self) -> dict[str, Cell]:
        """Return the record by column; what does not apply is None."""
        return {name: None if (value := getattr(self, name)) == "" else value for name in COLUMNS}


COLUMNS: dict[str, type] = {
    field.name: {"int": int, "int | None": int, "float | None": float}.get(str(field.type), str)
    for field in fields(ValueRecord)
}
"""name and type of every column; each may be missing, but for the first four"""


def value_records(
    answer: Answer, row: int = 1, id: str = "", question: str | None = None, status: str = ""
) -> list[ValueRecord]:
    """Return the values of an answer: its facts, then what a model said; one record with the reason where it has none.

    Args:
        answer: Any answer, answered or not.
        row: Number of the question.
        id: What the asker calls it; its number when empty.
        question: As it was asked; the answer's own words for it when None.
        status: In place of the answer's own.
    """
    shared: dict[str, Any] = {
        "row": row,
        "id": id or str(row),
        "question": answer.question if question is None else question,
        "status": status or answer.status,
        "candidates": candidates_text(answer),
        "warnings": " ".join([*answer.warnings, *_withheld(answer.model)]),
    }
    words = _one_line(answer.text) if answer.exit_code == 0 else ""
    names = {resolved.entity.handle: resolved.entity.name for resolved in answer.entities}
    records = [ValueRecord(**shared, **_of_fact(fact, names)) for fact in answer.facts]
    if answer.model is not None:
        handle = answer.entities[0].entity.handle if answer.entities else ""
        about: dict[str, Any] = {"entity": handle, "entity_name": names.get(handle, "")}
        records += [
            ValueRecord(**shared, **about, **_of_sentence(claim, answer.model)) for claim in answer.model.claims
        ]
    if records:
        return [replace(records[0], answer=words), *records[1:]]
    reason = IN_WORDS if answer.exit_code == 0 else _one_line(" ".join([answer.text, *answer.next_steps]))
    only = answer.entities[0].entity if len(answer.entities) == 1 else None
    named: dict[str, Any] = {"entity": only.handle, "entity_name": only.name} if only else {}
    return [ValueRecord(**shared, **named, reason=reason, answer=words)]


def _of_fact(fact: Fact, names: Mapping[str, str]) -> dict[str, Any]:
    number = not isinstance(fact.value, str)
    measured = fact.measurement or Measurement(replicates=None)
    return {
        "entity": fact.subject,
        "entity_name": names.get(fact.subject, ""),
        "target": fact.about,
        "target_name": fact.about_name,
        "predicate": fact.predicate,
        "relation": fact.relation,
        "value": float(fact.value) if number else None,
        "value_text": "" if number else str(fact.value),
        "unit": fact.unit,
        "type": fact.kind,
        "source": fact.provenance.source,
        "identifier": fact.provenance.identifier,
        "link": fact.provenance.url,
        "references": "; ".join(measured.references),
        "note": fact.note,
        "construct": fact.construct,
        "replicates": measured.replicates,
        "low": measured.low,
        "high": measured.high,
        "assay_type": measured.assay_type,
        "assay_organism": measured.organism,
        "variant": measured.variant,
        "validity": measured.validity,
        "comment": measured.comment,
        "pchembl": measured.pchembl,
    }


def _of_sentence(claim: Claim, model: ModelStatement) -> dict[str, Any]:
    return {
        "predicate": "statement",
        "relation": "=",
        "value_text": _one_line(claim.text),
        "type": "model",
        "source": model.stamp.name,
        "identifier": model.stamp.revision,
        "note": f"{claim.verdict}: {claim.why}" if claim.why else claim.verdict,
    }


def _withheld(model: ModelStatement | None) -> Iterator[str]:
    if model is not None and model.withheld:
        yield f"Of what the model said is withheld: {model.withheld_summary}."


def candidates_text(answer: Answer) -> str:
    """Return what an ambiguous name may mean, for one cell of a table."""
    return "; ".join(f"{candidate.handle} ({candidate.label}: {candidate.why})" for candidate in answer.candidates)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def cells_of(texts: Mapping[str, Any]) -> dict[str, Cell]:
    """Return a record from cells that may be texts, as a CSV file or JSON holds them.

    Raises:
        ValueError: A cell is of another type than its column, or a column is missing.
    """
    cells: dict[str, Cell] = {}
    for name, kind in COLUMNS.items():
        if name not in texts:
            raise ValueError(f"there is no column {name}")
        cells[name] = None if texts[name] in (None, "") else kind(texts[name])
    return cells


def frame_of(rows: Iterable[Mapping[str, Cell]]) -> pd.DataFrame:
    """Return records as a pandas frame: texts as ``string``, numbers as ``float64``, whole numbers as ``Int64``.

    Raises:
        InvalidInput: pandas is not installed; says what to install.
    """
    pandas: Any = _optional("pandas", "a data frame")
    listed = list(rows)
    kinds = {str: "string", int: "Int64", float: "float64"}
    series = {
        name: pandas.array(
            [math.nan if kind is float and row[name] is None else row[name] for row in listed], dtype=kinds[kind]
        )
        for name, kind in COLUMNS.items()
    }
    frame: pd.DataFrame = pandas.DataFrame(series, columns=list(COLUMNS))
    return frame


def arrow_schema(more: Sequence[str] = ()) -> pa.Schema:
    """Return the schema of a Parquet file of records, with further columns of texts.

    Raises:
        InvalidInput: pyarrow is not installed; says what to install.
    """
    arrow: Any = _optional("pyarrow", "a Parquet file")
    kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64()}
    columns = [(name, kinds[kind]) for name, kind in COLUMNS.items()]
    schema: pa.Schema = arrow.schema([*columns, *((name, arrow.string()) for name in more)])
    return schema


def _optional(package: str, what: str) -> Any:
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InvalidInput(
            f"{what} needs {package}, which is not installed.", "Try: pip install 'biomed-agent[tables]'"
        ) from error
