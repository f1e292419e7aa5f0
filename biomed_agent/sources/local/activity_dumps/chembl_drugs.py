"""What ChEMBL's database knows of drugs: mechanism of action, indications, approval."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

MECHANISM, INDICATION, APPROVAL = "mechanism of action", "indication", "approval status"
WITHDRAWN, BLACK_BOX = "withdrawn", "black box warning"
_APPROVED = 4


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
            yield DrugFact(molregno, INDICATION, f"{name} ({phase_words(phase)})", f"indication {number}")


def phase_words(phase: float | None) -> str:
    """Return a clinical phase in words: 0.5 is early phase 1, -1 not known, 0 and None are before the clinic."""
    if not phase:
        return "preclinical"
    if phase < 0:
        return "phase not known"
    return "early phase 1" if phase == 0.5 else f"phase {phase:g}"


def _approvals(db: sqlite3.Connection) -> Iterator[DrugFact]:
    """Yield how far molecules came, then where drugs were withdrawn and what their boxes warn of."""
    columns = ("molregno", "max_phase", "first_approval")
    for molregno, phase, year in _select(db, "molecule_dictionary", *columns, where="max_phase + 0 <> 0"):
        yield DrugFact(molregno, APPROVAL, approval_words(phase, year), "molecule")
    warned = set[tuple[int, str]]()
    for molregno, kind, reason, country, year, number in _select(
        db, "drug_warning", "molregno", "warning_type", "warning_class", "warning_country", "warning_year", "warning_id"
    ):
        known = str(kind).strip().lower()
        if known in (WITHDRAWN, BLACK_BOX):
            warned.add((molregno, known))
            words = withdrawal_words(country or "", year, reason or "") if known == WITHDRAWN else BLACK_BOX
            because = f": {reason}" if reason and known == BLACK_BOX else ""
            yield DrugFact(molregno, APPROVAL, f"{words}{because}", f"drug_warning {number}")
    for flag, known in (("withdrawn_flag", WITHDRAWN), ("black_box_warning", BLACK_BOX)):
        for molregno, _ in _select(db, "molecule_dictionary", "molregno", flag, where=f"{flag} = 1"):
            if (molregno, known) not in warned:
                yield DrugFact(molregno, APPROVAL, known, "molecule")


def approval_words(phase: Any, first_approval: int | None) -> str:
    """Return how far a molecule came, by its highest phase, which is not 0.

    >>> approval_words(4, 2012), approval_words(2.0, None), approval_words(-1, None)
    ('approved (max phase 4, first approval 2012)', 'in clinical trials (max phase 2)', 'clinical phase not known')
    """
    number = float(phase)
    if number == _APPROVED:
        return f"approved (max phase 4{f', first approval {first_approval}' if first_approval else ''})"
    if number < 0:
        return "clinical phase not known"
    return f"in clinical trials (max phase {number:g}{', early phase 1' if number == 0.5 else ''})"


def withdrawal_words(countries: str, year: int | None, reason: str) -> str:
    """Return that a drug was withdrawn, and where (countries are separated by semicolons), when and why if stated."""
    named = [part.strip() for part in countries.split(";") if part.strip()]
    where = f" in {' and '.join(named)}" if named else ""
    return f"{WITHDRAWN}{where}{f' ({year})' if year else ''}{f': {reason}' if reason else ''}"
