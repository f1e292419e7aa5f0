"""Storing what dumps of activities hold: compounds, proteins, measured values and facts about drugs.

A compound of ChEMBL or BindingDB has the database's number, so that it is stored once however many rows name it; one
of a table has a number of its own for each InChIKey or SMILES. Numbers are those of the table ``raw_molecule``;
:func:`settle` gives each value the record that the index keeps of its structure.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from biomed_agent.core.drug_facts import APPROVAL, INDICATION, MECHANISM
from biomed_agent.core.identifiers import MAX_NAME
from biomed_agent.core.name_matching import name_key
from biomed_agent.sources.local import schema
from biomed_agent.sources.local.compounds import FIRST_ACTIVITY_ID
from biomed_agent.sources.local.dumps import Origin, Row, skip
from biomed_agent.sources.local.sequences import insert_proteins

CHEMBL_ID, BINDINGDB_ID, TABLE_ID = FIRST_ACTIVITY_ID, 1 << 43, 1 << 44
"""what is added to the number of a ChEMBL id, of a BindingDB monomer and of a key of a table"""

STAGING = """
CREATE TABLE IF NOT EXISTS raw_key (id INTEGER PRIMARY KEY, key TEXT UNIQUE, file INTEGER);
CREATE TABLE IF NOT EXISTS raw_parent (id INTEGER PRIMARY KEY, parent INTEGER);
CREATE TABLE IF NOT EXISTS raw_seen (activity INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS raw_target (target TEXT, accession TEXT, PRIMARY KEY (target, accession)) WITHOUT ROWID;
"""
NO_PROTEIN = "its protein is not in the index"
NO_MOLECULE = "its molecule is not in the index, or has a structure that cannot be read"
ONLY_PART = "the whole sequence of its protein is not stated"


class Compound(NamedTuple):
    """A molecule with its structure."""

    key: int | str
    """number, or InChIKey or SMILES of a table"""
    smiles: str
    inchikey: str
    """empty where it has to be computed"""
    source: str
    name: str = ""
    names: tuple[tuple[str, str], ...] = ()
    """names and why each is one (``exact synonym``)"""
    ids: tuple[tuple[str, str], ...] = ()
    """namespaces and identifiers, as the table ``molecule_id`` writes them"""
    parent: int | None = None
    """number of the molecule that it is a salt of"""


class Target(NamedTuple):
    """A protein, with what a dump of activities states of one."""

    accession: str
    sequence: str
    """empty where only a part or a variant is stated"""
    source: str
    name: str = ""
    gene: str = ""
    organism: str = ""
    taxon: int | None = None
    reviewed: bool | None = None
    others: tuple[str, ...] = ()
    entry_name: str = ""


class Measured(NamedTuple):
    """One measured value, as the table ``activity`` holds it."""

    molecule: int | str
    """number, or InChIKey or SMILES of a table"""
    accession: str
    measure: str
    relation: str
    value: float
    """in nM"""
    source: str
    more: tuple[object, ...] = (None,) * len(schema.MEASUREMENT_COLUMNS)
    """of :data:`.schema.MEASUREMENT_COLUMNS`"""


class Record(NamedTuple):
    """What one row of a dump states; what other rows have stated before may be left out."""

    line: int
    compounds: tuple[Compound, ...] = ()
    targets: tuple[Target, ...] = ()
    measured: tuple[Measured, ...] = ()
    facts: tuple[tuple[int, str, str, str], ...] = ()
    """number of the molecule, predicate, value and source"""


def more(**stated: object) -> tuple[object, ...]:
    """Return what is stated of a measurement in the order of :data:`.schema.MEASUREMENT_COLUMNS`, None for the rest."""
    return tuple(stated.get(column) or None for column in schema.MEASUREMENT_COLUMNS)


def references(pmid: object = None, doi: object = None, patent: object = None) -> str | None:
    """Return the publications of a row as the table holds them."""
    listed = (("PMID", pmid), ("DOI", doi), ("PATENT", patent))
    return "|".join(f"{kind}:{str(value).strip()}" for kind, value in listed if value) or None


def store(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    """Store records; what is measured of a protein that the index does not hold is counted and left out."""
    given = cast(Sequence[Record], rows)
    _store_targets(db, (target for record in given for target in record.targets))
    proteins = _Proteins(db)
    records = [r for r in given if not r.measured or any(proteins.number(one.accession) for one in r.measured)]
    numbers = _numbers(db, records, origin.file)
    _store_compounds(db, records, numbers, origin.file)
    schema.add_activities(
        db,
        (
            (_number(one.molecule, numbers) + schema.FIRST_DUMP_ID, protein, one.measure, one.relation, one.value, "nM",
             one.source, *one.more)
            for record in records
            for one in record.measured
            if (protein := proteins.number(one.accession))
        ),
    )  # fmt: skip
    facts = [("m", number + schema.FIRST_DUMP_ID, *fact) for record in records for number, *fact in record.facts]
    db.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", facts)
    leave_out(db, origin.file, Counter({NO_PROTEIN: lost} if (lost := len(given) - len(records)) else {}))


def leave_out(db: sqlite3.Connection, file: int, reasons: Counter[str]) -> None:
    """Count records that were taken for stored and are not."""
    skip(db, file, reasons)
    db.execute("UPDATE input SET stored = stored - ? WHERE rowid = ?", (reasons.total(), file))


class _Proteins:
    """Numbers of proteins by accession, each asked for once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, int] = {}

    def number(self, accession: str) -> int:
        """Return the number of a protein, 0 when the index has none."""
        if accession not in self._known:
            row = self._db.execute("SELECT id FROM protein WHERE accession = ?", (accession,)).fetchone()
            self._known[accession] = row[0] if row else 0
        return self._known[accession]


def _number(key: int | str, numbers: dict[str, int]) -> int:
    """Return the number of a molecule by its key; a number is its own."""
    return numbers[key] if isinstance(key, str) else key


def _numbers(db: sqlite3.Connection, records: Iterable[Record], file: int) -> dict[str, int]:
    """Return the number of every key of a table."""
    numbers = dict[str, int]()
    for record in records:
        for key in (*(compound.key for compound in record.compounds), *(value.molecule for value in record.measured)):
            if isinstance(key, str) and key not in numbers:
                db.execute("INSERT OR IGNORE INTO raw_key (key, file) VALUES (?, ?)", (key, file))
                row = db.execute("SELECT id FROM raw_key WHERE key = ?", (key,)).fetchone()
                numbers[key] = TABLE_ID + row[0]
    return numbers


def _store_compounds(db: sqlite3.Connection, records: Iterable[Record], numbers: dict[str, int], file: int) -> None:
    names, ids, parents = list[Row](), list[Row](), list[Row]()
    for record in records:
        for compound in record.compounds:
            number = _number(compound.key, numbers)
            done = db.execute(
                "INSERT OR IGNORE INTO raw_molecule (id, smiles, inchikey, name, formula, source, file, line) "
                "VALUES (?, ?, ?, ?, '', ?, ?, ?)",
                (number, compound.smiles, compound.inchikey, compound.name, compound.source, file, record.line),
            )
            if not done.rowcount:
                continue
            known = {value for _, value in compound.ids}  # a name that is an identifier is found as one
            called = [(compound.name, "exact name"), *compound.names] if compound.name not in known else compound.names
            names += [
                (key, "m", number, rank, shown, reason)
                for rank, (shown, reason) in enumerate(called)
                if len(shown) <= MAX_NAME and (key := name_key(shown))
            ]
            ids += [(space, value, number) for space, value in compound.ids]
            parents += [(number, compound.parent)] if compound.parent is not None else []
    db.executemany("INSERT INTO raw_name VALUES (?, ?, ?, ?, ?, ?)", names)
    db.executemany("INSERT INTO raw_id VALUES (?, ?, ?)", ids)
    db.executemany("INSERT OR IGNORE INTO raw_parent VALUES (?, ?)", parents)


def _store_targets(db: sqlite3.Connection, targets: Iterable[Target]) -> None:
    """Store proteins; the first whole sequence of an accession counts."""
    listed: dict[str, Target] = {}
    for target in targets:
        if target.accession not in listed or (target.sequence and not listed[target.accession].sequence):
            listed[target.accession] = target
    rows: list[Row] = [
        (0, one.accession, one.entry_name, one.name, one.gene, one.organism, one.taxon, one.reviewed, list(one.others),
         [], [], one.sequence)
        for one in listed.values()
    ]  # fmt: skip
    insert_proteins(db, rows, [target.source for target in listed.values()])
    db.executemany(
        "UPDATE protein SET sequence = ?, checksum = ? WHERE accession = ? AND sequence = ''",
        [
            (one.sequence, schema.sequence_checksum(one.sequence), one.accession)
            for one in listed.values()
            if one.sequence
        ],
    )


# -- when all files are read


def settle(db: sqlite3.Connection) -> None:
    """Give each value and fact the molecule that the index keeps of its structure; leave out what has none.

    It is the one with the smallest number among those of the same InChIKey: the starter set's, then one of a dump of
    molecules, then one that came with activities. The table ``raw_molecule`` must hold every InChIKey by now.
    """
    first = schema.FIRST_DUMP_ID
    if not db.execute("SELECT 1 FROM input WHERE kind = 'activities'").fetchone():
        return
    for statement in (
        "CREATE INDEX IF NOT EXISTS raw_molecule_key ON raw_molecule (inchikey)",
        "CREATE INDEX IF NOT EXISTS starter_molecule_key ON molecule (inchikey)",
        "CREATE TABLE raw_same (id INTEGER PRIMARY KEY, keep INTEGER)",
        # Numbers of the starter set's molecules are below 0 among those of raw_molecule.
        f"INSERT OR IGNORE INTO raw_same SELECT id, coalesce((SELECT min(m.id) - {first} FROM molecule m "
        "WHERE m.inchikey = r.inchikey), (SELECT min(o.id) FROM raw_molecule o WHERE o.inchikey = r.inchikey)) "
        f"FROM raw_molecule r WHERE id >= {FIRST_ACTIVITY_ID}",
        f"INSERT OR IGNORE INTO raw_same SELECT {TABLE_ID} + id, coalesce((SELECT min(m.id) - {first} FROM molecule m "
        "WHERE m.inchikey = raw_key.key), (SELECT min(o.id) FROM raw_molecule o WHERE o.inchikey = raw_key.key)) "
        "FROM raw_key",
        # Rows without a structure name molecules by ids of ChEMBL that other records state.
        f"INSERT OR IGNORE INTO raw_same SELECT {CHEMBL_ID} + CAST(substr(value, 7) AS INTEGER), molecule - {first} "
        "FROM molecule_id WHERE namespace = 'chembl' ORDER BY molecule",
        f"INSERT OR IGNORE INTO raw_same SELECT {CHEMBL_ID} + CAST(substr(value, 7) AS INTEGER), "
        "coalesce((SELECT keep FROM raw_same s WHERE s.id = molecule), molecule) FROM raw_id "
        "WHERE namespace = 'chembl' AND molecule IN (SELECT id FROM raw_molecule) ORDER BY molecule",
        "DELETE FROM raw_same WHERE keep IS NULL OR keep = id",
        f"UPDATE activity SET molecule = s.keep + {first} FROM raw_same s WHERE s.id = activity.molecule - {first}",
        f"UPDATE fact SET entity = s.keep + {first} FROM raw_same s WHERE kind = 'm' AND s.id = entity - {first}",
        "UPDATE raw_name SET entity = s.keep FROM raw_same s WHERE kind = 'm' AND s.id = entity",
        "UPDATE raw_id SET molecule = s.keep FROM raw_same s WHERE s.id = molecule",
        "UPDATE OR IGNORE raw_parent SET id = s.keep FROM raw_same s WHERE s.id = raw_parent.id",
        "UPDATE raw_parent SET parent = s.keep FROM raw_same s WHERE s.id = raw_parent.parent",
        "DELETE FROM raw_molecule WHERE id IN (SELECT id FROM raw_same)",
    ):
        db.execute(statement)
    _leave_out_unknown(db)
    _leave_out_parts(db)
    # A salt and its parent, or two records, may state the same.
    db.execute(
        "DELETE FROM fact WHERE predicate IN (?, ?, ?) AND kind = 'm' AND rowid NOT IN "
        "(SELECT min(rowid) FROM fact WHERE kind = 'm' GROUP BY entity, predicate, value)",
        (MECHANISM, INDICATION, APPROVAL),
    )
    db.execute("DROP TABLE raw_same")
    db.execute("DROP INDEX starter_molecule_key")


def _leave_out_unknown(db: sqlite3.Connection) -> None:
    """Leave out the values of molecules that are not in the index, or whose structure could not be read."""
    first = schema.FIRST_DUMP_ID
    db.execute(
        f"CREATE TEMP TABLE lost AS SELECT rowid AS row, source FROM activity "
        f"WHERE molecule >= {first + FIRST_ACTIVITY_ID} AND molecule - {first} NOT IN (SELECT id FROM raw_molecule)"
    )
    _count(db, NO_MOLECULE)
    db.execute("DELETE FROM activity WHERE rowid IN (SELECT row FROM lost)")
    db.execute(
        f"DELETE FROM fact WHERE kind = 'm' AND entity >= {first + FIRST_ACTIVITY_ID} "
        f"AND entity - {first} NOT IN (SELECT id FROM raw_molecule)"
    )
    db.execute("DROP TABLE lost")


def _leave_out_parts(db: sqlite3.Connection) -> None:
    """Leave out proteins of which no whole sequence was found, and what was measured of them."""
    db.execute(
        "CREATE TEMP TABLE lost AS SELECT rowid AS row, source FROM activity "
        "WHERE protein IN (SELECT id FROM protein WHERE sequence = '')"
    )
    _count(db, ONLY_PART)
    db.execute("DELETE FROM activity WHERE rowid IN (SELECT row FROM lost)")
    db.execute("DELETE FROM raw_name WHERE kind = 'p' AND entity IN (SELECT id FROM protein WHERE sequence = '')")
    db.execute("DELETE FROM protein WHERE sequence = ''")
    db.execute("DROP TABLE lost")


def _count(db: sqlite3.Connection, reason: str) -> None:
    """Count the records whose values are lost, under the file whose source they name."""
    key = "substr(lost.source, 1, instr(lost.source || ' ', ' ') - 1)"
    for file, count in db.execute(
        "SELECT coalesce((SELECT min(i.rowid) FROM input i WHERE i.kind = 'activities' "
        f"AND instr({key} || '-', i.source || '-') = 1), "
        "(SELECT min(rowid) FROM input WHERE kind = 'activities')), count(DISTINCT source) FROM lost GROUP BY 1"
    ).fetchall():
        leave_out(db, file, Counter({reason: count}))
