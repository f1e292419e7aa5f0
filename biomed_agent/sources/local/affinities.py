"""Measured affinities of the local index: of a pair, and of all partners of one molecule or protein."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from biomed_agent.core.affinity import KIBA_BINDS, SCORE
from biomed_agent.core.types import Entity, Fact, Measurement, Molecule, Protein, Relation
from biomed_agent.sources.local.files import File
from biomed_agent.sources.local.reading import Reader, key_of


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one molecule or protein."""

    facts: tuple[Fact, ...]
    """every row, ``about`` the partner; concentrations from the smallest, then scores from the largest"""
    totals: dict[str, int]
    """partners by measure"""


class Affinities(Reader):
    """Reads measured affinities."""

    def activities(self, molecule: Molecule, protein: Protein) -> list[Fact]:
        """Return the measured affinities of one pair, of the molecule and about the protein.

        Where only a bound was found, its ``relation`` says which, and a note what it means. Where a source measured a
        part of the protein, ``construct`` says which.
        """
        sql = f"{_ACTIVITY} WHERE m.inchikey = ? AND p.accession = ? ORDER BY {_STRONGEST}"
        rows = self._rows(sql, (molecule.inchikey, "" if protein.variant else protein.accession))
        partner = protein.handle, protein.gene or protein.name
        return _distinct([_activity(molecule.handle, file, row, partner) for file, row in rows])

    def activities_of(self, entity: Entity, limit: int = 10) -> list[Fact]:
        """Return the strongest measured affinities of a molecule or a protein; ``about`` and the note name the partner.

        What was measured as no binding, a bound or a low KIBA score, is left out; :meth:`partners` returns all.
        """
        table, column, _, value = key_of(entity)
        sql = (
            f"{_ACTIVITY} WHERE {table[0]}.{column} = ? AND a.relation = '=' "
            f"AND (a.measure <> 'KIBA score' OR a.value >= {KIBA_BINDS}) ORDER BY {_STRONGEST} LIMIT {int(limit)}"
        )
        return self._of_one(entity, sql, value)[:limit]

    def partners(self, entity: Entity, measure: str = "", relations: Collection[Relation] = ()) -> Measured:
        """Return every measured affinity of a molecule or a protein, bounds and low scores among them.

        Args:
            entity: Whose partners are wanted.
            measure: Only this one, such as ``Kd``; empty for all.
            relations: Only values that lie so to what is stated, such as ``=``; empty for all.
        """
        table, column, _, value = key_of(entity)
        sql = f"{_ACTIVITY} WHERE {table[0]}.{column} = ? ORDER BY {_STRONGEST}"
        facts = [
            fact
            for fact in self._of_one(entity, sql, value)
            if (not measure or fact.predicate == measure) and (not relations or fact.relation in relations)
        ]
        about: dict[str, set[str]] = {}
        for fact in facts:
            about.setdefault(fact.predicate, set()).add(fact.about)
        return Measured(tuple(facts), {name: len(partners) for name, partners in about.items()})

    def _of_one(self, entity: Entity, sql: str, value: str) -> list[Fact]:
        facts, handles = list[Fact](), dict[str, str]()
        for file, row in self._rows(sql, (value,)):
            if isinstance(entity, Molecule):
                handle, name = f"UNIPROT:{row['accession']}", row["gene"] or row["protein_name"]
            else:
                name = row["molecule_name"]
                if (handle := handles.get(row["inchikey"], "")) == "":
                    read = file.molecule(row)
                    handle = self._whole_molecule(read).handle if read else row["inchikey"]
                    handles[row["inchikey"]] = handle
            facts.append(_activity(entity.handle, file, row, (handle, name), f"{name} ({handle})"))
        return _distinct(facts)


_ACTIVITY = (
    "SELECT a.measure, a.relation, a.value, a.unit, a.source AS measured, a.construct, a.refs, a.replicates, "
    "a.assay_type, a.organism AS assay_organism, a.validity, a.comment, a.pchembl, a.variant, m.*, "
    "m.name AS molecule_name, p.accession, p.gene, p.name AS protein_name "
    "FROM activity a JOIN molecule m ON m.id = a.molecule JOIN protein p ON p.id = a.protein"
)
_STRONGEST = "a.measure = 'KIBA score', CASE a.measure WHEN 'KIBA score' THEN -a.value ELSE a.value END"
"""Constants in nM from the smallest, then scores from the largest."""
_RELATIONS: dict[str, Relation] = {
    "≥": ">=",
    "≤": "<=",
    "": "not stated",
    **{relation: relation for relation in get_args(Relation)},
}
"""how tables write a relation"""


def _distinct(facts: list[Fact]) -> list[Fact]:
    """Return the facts without those that a second file repeats."""
    return list(dict.fromkeys(facts))


def _activity(subject: str, file: File, row: sqlite3.Row, partner: tuple[str, str], note: str = "") -> Fact:
    """Return one measured affinity; the ``relation`` of a bound is none of equality.

    Args:
        subject: Handle of the thing it is stated of.
        file: Where the row is from.
        row: Of the affinity.
        partner: Handle and name of the other thing.
        note: Goes before what is said of the construct, and of a value that means no binding.
    """
    value: float | str = row["value"]
    relation = _RELATIONS.get(row["relation"])
    if relation is None:
        value, relation = f"{row['relation']}{row['value']:g}", "="
    notes = [note, row["construct"] or ""]
    if relation == "not stated":
        notes.append("its source does not say whether the value is exact or a bound")
    elif row["relation"] != "=":
        notes.append(f"no binding seen up to {row['value'] / 1000:g} uM" if row["unit"] == "nM" else "a bound")
    elif row["measure"] == SCORE and row["value"] < KIBA_BINDS:
        notes.append(f"counted as no binding, being below {KIBA_BINDS}")
    return Fact(
        subject,
        row["measure"],
        value,
        row["unit"],
        "measured",
        file.provenance(row["measured"]),
        "; ".join(part for part in notes if part),
        relation,
        *partner,
        construct=row["construct"] or "",
        measurement=_measurement(row),
    )


def _measurement(row: sqlite3.Row) -> Measurement | None:
    """Return how an affinity was measured; None where its row says nothing of it."""
    refs = tuple(part for part in (row["refs"] or "").split("|") if part)
    measured = Measurement(
        refs,
        row["replicates"],
        assay_type=row["assay_type"] or "",
        organism=row["assay_organism"] or "",
        validity=row["validity"] or "",
        comment=row["comment"] or "",
        pchembl=row["pchembl"],
        variant=row["variant"] or "",
    )
    return None if measured == Measurement(replicates=row["replicates"]) and row["replicates"] is None else measured
