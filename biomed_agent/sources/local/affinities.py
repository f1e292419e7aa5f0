"""Measured affinities of the local index: of a pair, and of all partners of one molecule or protein.

What is returned is curated (:mod:`biomed_agent.core.curation`): replicates as one value, repeated rows once. A row
that names a variant speaks for that variant alone, and a row that names none for the wild type alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import get_args

from biomed_agent.core.affinity import KIBA_BINDS, SCORE, is_open, read
from biomed_agent.core.curation import curate, partner_key, variant_key
from biomed_agent.core.types import Entity, Fact, Measurement, Molecule, Protein, Relation
from biomed_agent.sources.local.files import File
from biomed_agent.sources.local.reading import Reader, key_of


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one molecule or protein."""

    facts: tuple[Fact, ...]
    """``about`` the partner; concentrations from the smallest, then scores from the largest, and at the end in the same
    order those whose relation is not stated or whose value is doubted"""
    totals: dict[str, int]
    """partners by measure"""


class Affinities(Reader):
    """Reads measured affinities."""

    def activities(self, molecule: Molecule, protein: Protein) -> list[Fact]:
        """Return the measured affinities of one pair, of the molecule and about the protein.

        Where only a bound was found, its ``relation`` says which, and a note what it means. Where a source measured a
        part of the protein, ``construct`` says which. Values whose relation is not stated or that are doubted come
        last. A variant has those that were measured with it, and none of the wild type.
        """
        sql = f"{_ACTIVITY} WHERE m.inchikey = ? AND p.accession = ? ORDER BY {_STRONGEST}"
        rows = self._rows(sql, (molecule.inchikey, protein.accession))
        partner = protein.handle, _called(protein.gene or protein.name, protein.variant)
        wanted = variant_key(protein.variant)
        return _curated(
            _activity(molecule.handle, file, row, partner)
            for file, row in rows
            if variant_key(row["variant"] or "") == wanted
        )

    def activities_of(self, entity: Entity, limit: int = 10) -> list[Fact]:
        """Return the strongest measured affinities of a molecule or a protein; ``about`` and the note name the partner.

        What was measured as no binding, a bound or a low KIBA score, is left out, and so is what is not known to be
        exact; :meth:`partners` returns all.
        """
        found = [fact for fact in self.partners(entity, relations=_EXACT).facts if not is_open(fact)]
        return [fact for fact in found if fact.predicate != SCORE or float(fact.value) >= KIBA_BINDS][:limit]

    def partners(self, entity: Entity, measure: str = "", relations: Collection[Relation] = ()) -> Measured:
        """Return every measured affinity of a molecule or a protein, bounds and low scores among them.

        Args:
            entity: Whose partners are wanted.
            measure: Only this one, such as ``Kd``; empty for all.
            relations: Only values that lie so to what is stated, such as ``=``; empty for all.
        """
        facts = [
            fact
            for fact in self._of_one(entity)
            if (not measure or fact.predicate == measure) and (not relations or fact.relation in relations)
        ]
        about: dict[str, set[tuple[str, ...]]] = {}
        for fact in facts:
            about.setdefault(fact.predicate, set()).add(partner_key(fact))
        return Measured(tuple(facts), {name: len(partners) for name, partners in about.items()})

    def affinity_sources(self) -> list[str]:
        """Return the names of the sources of affinities, in search order, as their rows name them."""
        return list(dict.fromkeys(name for file in self._files for name in file.affinity_sources))

    def _of_one(self, entity: Entity) -> list[Fact]:
        table, column, _, value = key_of(entity)
        value = entity.accession if isinstance(entity, Protein) else value
        sql = f"{_ACTIVITY} WHERE {table[0]}.{column} = ? ORDER BY {_STRONGEST}"
        wanted = variant_key(entity.variant) if isinstance(entity, Protein) else None
        facts, handles = list[Fact](), dict[str, str]()
        for file, row in self._rows(sql, (value,)):
            variant = row["variant"] or ""
            if isinstance(entity, Molecule):
                handle, name = f"UNIPROT:{row['accession']}", _called(row["gene"] or row["protein_name"], variant)
            elif variant_key(variant) != wanted:
                continue
            else:
                name = row["molecule_name"]
                if (handle := handles.get(row["inchikey"], "")) == "":
                    read = file.molecule(row)
                    handle = self._whole_molecule(read).handle if read else row["inchikey"]
                    handles[row["inchikey"]] = handle
            facts.append(_activity(entity.handle, file, row, (handle, name), f"{name} ({handle})"))
        return _curated(facts)


_EXACT: tuple[Relation, ...] = ("=",)
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


def _curated(facts: Iterable[Fact]) -> list[Fact]:
    """Return curated affinities, the strongest first, those that cannot be ranked at the end."""
    curated = curate(dict.fromkeys(facts))
    return sorted(curated, key=lambda fact: (is_open(fact), fact.predicate == SCORE, _rank(fact)))


def _rank(fact: Fact) -> float:
    reading = read(fact)
    return 0.0 if reading is None else -reading.value if fact.predicate == SCORE else reading.value


def _called(name: str, variant: str) -> str:
    return f"{name} {variant}".strip()


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
    measured = _measurement(row)
    if measured is not None and measured.validity:
        notes.append(f"its source remarks: {measured.validity}")
    if relation == "not stated":
        notes.append("relation not stated")
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
        measurement=measured,
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
