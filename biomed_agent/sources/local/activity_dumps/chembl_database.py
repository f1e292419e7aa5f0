"""ChEMBL's release as a SQLite file (``chembl_36.db``): measured activities, and what is known of drugs.

Rows of ``activities`` are read in the order of the table, one record each; molecules and proteins come with the first
of their rows. Columns that other releases lack are empty. What is kept in memory are the single proteins of
``target_dictionary`` and one byte for each molecule.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from biomed_agent.core.drug_facts import APPROVAL
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.fasta import RESIDUES
from biomed_agent.core.identifiers import ACCESSION, INCHIKEY
from biomed_agent.sources.local.activity_dumps import storing
from biomed_agent.sources.local.activity_dumps.chembl_drugs import drug_facts
from biomed_agent.sources.local.activity_dumps.chembl_words import (
    assay_type,
    chembl_sources,
    comment,
    ranged,
    truth,
)
from biomed_agent.sources.local.activity_dumps.storing import CHEMBL_ID, Compound, Measured, Record, Target
from biomed_agent.sources.local.activity_dumps.values import DUPLICATE, MEASURES, OTHER_MEASURE, value_of
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Row, Skipped

NO_STRUCTURE = "its molecule has no structure"
MAX_NAMES = 100
"""names of a molecule that are kept"""
PROGRESS_ROWS = 1_000

_NEEDED = {
    "activities": ("activity_id", "assay_id", "molregno", "standard_type", "standard_relation", "standard_value",
                   "standard_units"),
    "assays": ("assay_id", "tid"),
    "target_dictionary": ("tid", "target_type"),
    "target_components": ("tid", "component_id"),
    "component_sequences": ("component_id", "accession", "sequence"),
    "molecule_dictionary": ("molregno", "chembl_id"),
    "compound_structures": ("molregno", "canonical_smiles", "standard_inchi_key"),
}  # fmt: skip
"""tables and columns without which nothing can be read; all others may be missing"""


class Tables:
    """The tables of a database and their columns.

    Args:
        db: ChEMBL's database.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        self.columns = {
            str(name).lower(): {str(row[1]).lower() for row in db.execute(f'PRAGMA table_info("{name}")')}
            for name in names
        }

    def has(self, table: str, *columns: str) -> bool:
        """Return whether a table and columns of it are there."""
        return set(columns) <= self.columns.get(table, set()) and table in self.columns

    def pick(self, table: str, alias: str, *columns: str) -> str:
        """Return columns for a SELECT, NULL for those that are not there."""
        return ", ".join(f"{alias}.{column}" if self.has(table, column) else "NULL" for column in columns)

    def join(self, table: str, condition: str, *columns: str) -> str:
        """Return a LEFT JOIN of a table, nothing when it or one of the columns is not there."""
        return f"LEFT JOIN {table} {condition}" if self.has(table, *columns) else ""


def open_chembl(path: Path) -> sqlite3.Connection:
    """Open a database of ChEMBL's for reading.

    Raises:
        InvalidInput: It is damaged, or has not ChEMBL's tables.
    """
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        tables = Tables(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise _unreadable(path, error) from error
    missing = [
        f"{table}.{column}" if table in tables.columns else table
        for table, columns in _NEEDED.items()
        for column in columns
        if not tables.has(table, column)
    ]
    if missing:
        db.close()
        listed = list(dict.fromkeys(missing))
        others = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
        raise InvalidInput(
            f"{path} is a SQLite file, but no release of ChEMBL's: it lacks {', '.join(listed[:4])}{others}.",
            "Expected chembl_NN.db as unpacked from chembl_NN_sqlite.tar.gz.",
        )
    return db


def _unreadable(path: Path, error: sqlite3.DatabaseError) -> InvalidInput:
    return InvalidInput(f"{path} is a SQLite file that cannot be read: {error}.", "Fetch or unpack it again.")


def release(db: sqlite3.Connection) -> str:
    """Return the number of the release, ``36``; empty where the database does not say."""
    if not Tables(db).has("version", "name"):
        return ""
    names = [str(name) for (name,) in db.execute("SELECT name FROM version") if str(name).lower().startswith("chembl_")]
    number = names[0].partition("_")[2] if names else ""
    return number if number.isdigit() else ""


def format_of(path: Path) -> Format:
    """Return how a SQLite file is read; raise :class:`InvalidInput` when it is none of ChEMBL's."""
    with closing(open_chembl(path)) as db:
        number = release(db)
    source, targets = chembl_sources(number)
    return Format(f"ChEMBL {number} SQLite".replace("  ", " "), 0, partial(_read, source[0], targets[0]), storing.store,
                  source, keyed=False, sources=(targets,))  # fmt: skip


def _read(source: str, target_source: str, dump: Dump) -> Iterator[Row | Bad | Skipped]:
    try:
        with closing(open_chembl(dump.path)) as db:
            reader = _Reader(db, source, target_source)
            yield from reader.activities(dump)
            yield from reader.drugs()
    except sqlite3.DatabaseError as error:
        raise _unreadable(dump.path, error) from error


class _Row(NamedTuple):
    """One activity with what belongs to it."""

    activity: int
    chembl_id: str | None
    molregno: int | None
    tid: int | None
    measure: str | None
    relation: str | None
    value: Any
    unit: str | None
    upper: Any
    pchembl: Any
    validity: str | None
    duplicate: Any
    comment: str | None
    text: str | None
    assay_type: str | None
    assay_organism: str | None
    mutation: str | None
    pmid: Any
    doi: str | None


_MEASURE = 1 + _Row._fields.index("measure")
"""place of the measure behind the number of the row"""
_OTHER = Skipped(OTHER_MEASURE)
_OF_ACTIVITY = (
    "standard_upper_value", "pchembl_value", "data_validity_comment", "potential_duplicate", "activity_comment",
    "standard_text_value",
)  # fmt: skip


class _Marks:
    """A small number for each of many numbers, in pages."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def __getitem__(self, number: int) -> int:
        page = self._pages.get(number >> 12)
        return page[number & 4095] if page else 0

    def __setitem__(self, number: int, mark: int) -> None:
        self._pages.setdefault(number >> 12, bytearray(4096))[number & 4095] = mark


_STATED, _WITHOUT = 1, 2
"""marks of a molecule whose structure was stated, and of one that has none"""


class _Reader:
    """Reads a database from its beginning."""

    def __init__(self, db: sqlite3.Connection, source: str, target_source: str) -> None:
        self.db, self.tables, self.source, self.target_source = db, Tables(db), source, target_source
        self._molecules = _Marks()
        self._targets_seen = set[int]()
        self._types = dict(db.execute("SELECT tid, target_type FROM target_dictionary"))
        self._targets = self._single_proteins()

    # -- activities

    def activities(self, dump: Dump) -> Iterator[Record | Skipped]:
        """Yield one record for each row of ``activities``."""
        of = int(self.db.execute("SELECT max(rowid) FROM activities").fetchone()[0] or 0)
        for number, values in enumerate(self.db.execute(self._sql()), start=1):
            if number % PROGRESS_ROWS == 0:
                dump.done = values[0] / max(1, of)
            if values[_MEASURE] in _KEPT:
                yield self._record(_Row(*values[1:]), fresh=number > dump.skipped)
            else:
                yield _OTHER
        dump.done = 1.0

    def _sql(self) -> str:
        tables = self.tables
        variants = tables.has("assays", "variant_id") and tables.has("variant_sequences", "variant_id", "mutation")
        docs = tables.has("activities", "doc_id") and tables.has("docs", "doc_id")
        measures = ", ".join(f"'{measure}'" for measure in sorted(_KEPT))
        stated = (
            tables.pick("activities", "a", *_OF_ACTIVITY),
            tables.pick("assays", "s", "assay_type", "assay_organism"),
            "v.mutation" if variants else "NULL",
            tables.pick("docs", "d", "pubmed_id", "doi") if docs else "NULL, NULL",
        )
        return (
            "SELECT a.rowid, a.activity_id, m.chembl_id, a.molregno, s.tid, a.standard_type, a.standard_relation, "
            f"a.standard_value, a.standard_units, {', '.join(stated)} "
            # What belongs to a row is looked up only for measures that are kept.
            f"FROM activities a LEFT JOIN assays s ON s.assay_id = a.assay_id AND a.standard_type IN ({measures}) "
            "LEFT JOIN molecule_dictionary m ON s.assay_id IS NOT NULL AND m.molregno = a.molregno "
            + ("LEFT JOIN variant_sequences v ON v.variant_id = s.variant_id " if variants else "")
            + ("LEFT JOIN docs d ON s.assay_id IS NOT NULL AND d.doc_id = a.doc_id " if docs else "")
            + "ORDER BY a.rowid"
        )

    def _record(self, row: _Row, *, fresh: bool) -> Record | Skipped:
        said = comment(row.comment, row.text)
        value = value_of(row.measure or "", row.relation or "", row.value, row.unit or "", said)
        if isinstance(value, Skipped):
            return value
        if truth(row.duplicate):
            return Skipped(DUPLICATE)
        if row.tid is None or row.tid not in self._targets:
            return Skipped(self._why_not(row.tid))
        compounds = self._compounds(row.molregno, fresh=fresh)
        if row.molregno is None or self._molecules[row.molregno] == _WITHOUT:
            return Skipped(NO_STRUCTURE)
        target = self._targets[row.tid]
        name = str(row.chembl_id)
        measured = Measured(
            CHEMBL_ID + _number(name), target.accession, value.measure, value.relation, value.nanomolar,
            f"{self.source} CHEMBL_ACT_{row.activity} {name}",
            storing.more(
                refs=storing.references(row.pmid, row.doi),
                replicates=1,
                assay_type=assay_type(row.assay_type),
                organism=target.organism or row.assay_organism,
                validity=row.validity,
                comment=ranged(said, row.upper, row.unit),
                pchembl=None if row.pchembl is None else float(row.pchembl),
                variant=row.mutation,
            ),
        )  # fmt: skip
        targets = () if row.tid in self._targets_seen else (target,)
        self._targets_seen.add(row.tid)
        return Record(row.activity, compounds, targets, (measured,))

    def _why_not(self, tid: int | None) -> str:
        kind = self._types.get(tid) if tid is not None else None
        if kind is None:
            return "no target is stated"
        return f"target type {kind}" if kind != "SINGLE PROTEIN" else "a target without accession and sequence"

    # -- proteins

    def _single_proteins(self) -> dict[int, Target]:
        """Return the targets that are one protein of a known sequence."""
        tables = self.tables
        rows = self.db.execute(
            f"SELECT t.tid, {tables.pick('target_dictionary', 't', 'chembl_id', 'pref_name', 'organism', 'tax_id')}, "
            f"s.accession, s.sequence, {tables.pick('component_sequences', 's', 'organism', 'tax_id', 'db_source')}, "
            "s.component_id FROM target_dictionary t JOIN target_components c ON c.tid = t.tid "
            "JOIN component_sequences s ON s.component_id = c.component_id WHERE t.target_type = 'SINGLE PROTEIN' "
            "ORDER BY t.tid, s.component_id"
        ).fetchall()
        targets: dict[int, Target] = {}
        several = set[int]()
        for tid, chembl_id, name, organism, taxon, accession, sequence, own_organism, own_taxon, kind, part in rows:
            if tid in targets:
                several.add(tid)
            residues = str(sequence or "").upper()
            if not ACCESSION.fullmatch(str(accession or "")) or not residues or set(residues) - RESIDUES:
                continue
            genes, others = self._protein_names(part, str(name or ""))
            targets[tid] = Target(
                str(accession), residues, f"{self.target_source} {chembl_id or accession}", str(name or ""),
                genes[0] if genes else "", str(own_organism or organism or ""), own_taxon or taxon,
                {"SWISS-PROT": True, "TREMBL": False}.get(str(kind or "").upper()), (*genes[1:], *others),
            )  # fmt: skip
        return {tid: target for tid, target in targets.items() if tid not in several}

    def _protein_names(self, component: int, name: str) -> tuple[list[str], list[str]]:
        """Return the gene symbols and the other names of a protein."""
        if not self.tables.has("component_synonyms", "component_id", "component_synonym", "syn_type"):
            return [], []
        rows = self.db.execute(
            "SELECT component_synonym, syn_type FROM component_synonyms WHERE component_id = ? ORDER BY rowid",
            (component,),
        ).fetchall()
        genes = [word for word, kind in rows if word and kind == "GENE_SYMBOL"]
        others = [word for word, kind in rows if word and kind in ("GENE_SYMBOL_OTHER", "UNIPROT") and word != name]
        return list(dict.fromkeys(genes)), list(dict.fromkeys(others))

    # -- molecules

    def _compounds(self, molregno: int | None, *, fresh: bool = True) -> tuple[Compound, ...]:
        """Return a molecule and what it is a salt of, those of them that were not returned before.

        Args:
            molregno: Number of the molecule in the database.
            fresh: False where it was stored before, so that only whether it has a structure is wanted.
        """
        if molregno is None or self._molecules[molregno]:
            return ()
        found = self._molecule(molregno, named=fresh)
        self._molecules[molregno] = _STATED if found else _WITHOUT
        if found is None:
            return ()
        compound, parent = found
        if parent is None or parent == molregno:
            return (compound,)
        others = self._compounds(parent, fresh=fresh)
        if self._molecules[parent] == _STATED:
            compound = compound._replace(parent=CHEMBL_ID + _number(self._chembl_id(parent)))
        return compound, *others

    def _molecule(self, molregno: int, *, named: bool) -> tuple[Compound, int | None] | None:
        """Return a molecule and the number of its parent; None when it has no structure."""
        tables = self.tables
        parents = tables.has("molecule_hierarchy", "molregno", "parent_molregno")
        row = self.db.execute(
            f"SELECT m.chembl_id, {tables.pick('molecule_dictionary', 'm', 'pref_name')}, s.canonical_smiles, "
            f"s.standard_inchi_key, {'h.parent_molregno' if parents else 'NULL'} FROM molecule_dictionary m "
            "JOIN compound_structures s ON s.molregno = m.molregno "
            + ("LEFT JOIN molecule_hierarchy h ON h.molregno = m.molregno " if parents else "")
            + "WHERE m.molregno = ?",
            (molregno,),
        ).fetchone()
        if row is None or not row[2] or not _number(str(row[0])):
            return None
        chembl_id, name, smiles, key, parent = row
        names = self._names(molregno) if named else []
        # pref_name is in capitals; another table often has the same name as it is written.
        same = [word for word, _ in names if name and word != word.upper() and word.lower() == name.lower()]
        name = same[0] if same else name or chembl_id
        return Compound(
            CHEMBL_ID + _number(chembl_id), smiles, key if INCHIKEY.fullmatch(key or "") else "",
            f"{self.source} {chembl_id}", name, tuple(pair for pair in names if pair[0] != name),
            (("chembl", chembl_id),),
        ), parent  # fmt: skip

    def _names(self, molregno: int) -> list[tuple[str, str]]:
        if not self.tables.has("molecule_synonyms", "molregno", "synonyms", "syn_type"):
            return []
        rows = self.db.execute(
            "SELECT synonyms, syn_type FROM molecule_synonyms WHERE molregno = ? AND syn_type <> 'ATC' "
            "ORDER BY syn_type = 'TRADE_NAME', rowid LIMIT ?",
            (molregno, MAX_NAMES),
        )
        return [(word, "brand name" if kind == "TRADE_NAME" else "exact synonym") for word, kind in rows if word]

    def _chembl_id(self, molregno: int) -> str:
        row = self.db.execute("SELECT chembl_id FROM molecule_dictionary WHERE molregno = ?", (molregno,)).fetchone()
        return str(row[0]) if row else ""

    # -- drugs

    def drugs(self) -> Iterator[Record | Skipped]:
        """Yield one record for each fact about a drug, stated of the form that it is about and of its parent."""
        parents = self.tables.has("molecule_hierarchy", "molregno", "parent_molregno")
        for number, fact in enumerate(drug_facts(self.tables.db), start=1):
            forms = [fact.molregno]
            if parents and fact.predicate != APPROVAL:  # which a parent has of its own
                sql = (
                    "SELECT parent_molregno FROM molecule_hierarchy WHERE molregno = ? AND parent_molregno <> molregno"
                )
                forms += [parent for (parent,) in self.db.execute(sql, (fact.molregno,)) if parent is not None]
            compounds = tuple(compound for form in forms for compound in self._compounds(form))
            cited = f"{self.source} {fact.record} {self._chembl_id(fact.molregno)}"
            facts = tuple(
                (CHEMBL_ID + _number(self._chembl_id(form)), fact.predicate, fact.value, cited)
                for form in forms
                if self._molecules[form] == _STATED
            )
            yield Record(number, compounds, facts=facts) if facts else Skipped(f"{fact.predicate}: {NO_STRUCTURE}")


_KEPT = frozenset(word for measure in MEASURES for word in (measure, measure.upper(), f"p{measure}"))
"""types as the database writes them, of rows that are looked at"""


def _number(chembl_id: str) -> int:
    """Return the number of a ChEMBL id, 0 when it is none."""
    digits = chembl_id.removeprefix("CHEMBL")
    return int(digits) if digits.isdecimal() and digits != chembl_id else 0
