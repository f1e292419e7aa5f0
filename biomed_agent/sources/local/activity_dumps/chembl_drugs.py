"""What ChEMBL's database knows of drugs: mechanism of action, indications, approval."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from biomed_agent.core.drug_facts import APPROVAL, INDICATION, MECHANISM, approval, indication, withdrawal

WITHDRAWN, BLACK_BOX = "withdrawn", "black box warning"


class DrugFact(NamedTuple):
    """One statement about a drug."""

    molregno: int
    predicate: str
    value: str
    record: str
    """of the database, such as ``mechanism 123``"""


def drug_facts(db: sqlite3.Connection) -> Iterator[DrugFact]:
    """Yield what a database of ChEMBL's states of drugs, always in the same order; nothing for tables it lacks."""
    yield from _mechanisms(db)
    yield from _indications(db)
    yield from _approvals(db)


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]).lower() for row in db.execute(f"PRAGMA table_info({table})")}


def _select(db: sqlite3.Connection, table: str, *wanted: str, where: str = "") -> Iterator[tuple[Any, ...]]:
    """Yield columns of a table, None for those that are not there; nothing without the first.

    Args:
        db: ChEMBL's database.
        table: Name of the table.
        wanted: Names of columns; rows without the first are left out.
        where: Column that must be there, and what must hold of it.
    """
    columns = _columns(db, table)
    if wanted[0] in columns and (not where or where.split(" ")[0] in columns):
        listed = ", ".join(column if column in columns else "NULL" for column in wanted)
        also = f" AND {where}" if where else ""
        yield from db.execute(f"SELECT {listed} FROM {table} WHERE {wanted[0]} IS NOT NULL{also} ORDER BY rowid")


def _mechanisms(db: sqlite3.Connection) -> Iterator[DrugFact]:
    for molregno, words, action, number in _select(
        db, "drug_mechanism", "molregno", "mechanism_of_action", "action_type", "mec_id"
    ):
        if value := (words or action or "").strip():
            yield DrugFact(molregno, MECHANISM, value, f"mechanism {number}" if number is not None else "mechanism")


def _indications(db: sqlite3.Connection) -> Iterator[DrugFact]:
    for molregno, mesh, efo, phase, number in _select(
        db, "drug_indication", "molregno", "mesh_heading", "efo_term", "max_phase_for_ind", "drugind_id"
    ):
        if name := (mesh or efo or "").strip():
            yield DrugFact(molregno, INDICATION, indication(name, phase), f"indication {number}")


def _approvals(db: sqlite3.Connection) -> Iterator[DrugFact]:
    """Yield how far molecules came, then where drugs were withdrawn and what their boxes warn of."""
    columns = ("molregno", "max_phase", "first_approval")
    for molregno, phase, year in _select(db, "molecule_dictionary", *columns, where="max_phase + 0 <> 0"):
        yield DrugFact(molregno, APPROVAL, approval(float(phase), year), "molecule")
    warned = set[tuple[int, str]]()
    for molregno, kind, reason, country, year, number in _select(
        db, "drug_warning", "molregno", "warning_type", "warning_class", "warning_country", "warning_year", "warning_id"
    ):
        known = str(kind).strip().lower()
        if known in (WITHDRAWN, BLACK_BOX):
            warned.add((molregno, known))
            words = withdrawal(country or "", year, reason or "") if known == WITHDRAWN else BLACK_BOX
            because = f": {reason}" if reason and known == BLACK_BOX else ""
            yield DrugFact(molregno, APPROVAL, f"{words}{because}", f"drug_warning {number}")
    for flag, known in (("withdrawn_flag", WITHDRAWN), ("black_box_warning", BLACK_BOX)):
        for molregno, _ in _select(db, "molecule_dictionary", "molregno", flag, where=f"{flag} = 1"):
            if (molregno, known) not in warned:
                yield DrugFact(molregno, APPROVAL, known, "molecule")
