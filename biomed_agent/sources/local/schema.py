"""The SQLite form of a local index, and how it is built from a folder of tables.

A folder holds any of these tab-separated tables (plain or ``.xz``; first line the header, no quoting, lists
joined by ``|``):

- ``molecules.tsv``: ``inchikey name smiles formula weight cid chebi drugbank cas unii chembl parent salt
  synonyms classes roles source``; ``parent`` is the InChIKey of the molecule a salt or hydrate is made of, ``salt``
  says how (``hydrochloride``).
- ``proteins.tsv``: ``accession entry_name name gene organism taxon_id alternative_names gene_synonyms ec
  families locations topologies go sequence name_source source``; ``go`` holds ``GO:0005524 F ATP binding``.
- ``affinities.tsv``: ``inchikey accession measure relation value unit source`` and any of :data:`MEASUREMENT_COLUMNS`;
  ``relation`` is empty where the source lost it, ``construct`` says which part of the protein was measured (``JH1
  domain``), ``refs`` are ``PMID:15084136|DOI:10.1021/...``; the rest is :class:`biomed_agent.core.types.Measurement`.
- ``drug_facts.tsv``: ``inchikey predicate value source``; predicates are ``approval status``, ``indication``,
  ``mechanism of action``.
- ``brands.tsv``: ``brand name`` (name of a molecule of the same folder).
- ``aliases.tsv``: ``alias accession``.
- ``homonyms.tsv``: ``name label kind handle``.
- ``articles.tsv``: ``pmcid pmid title abstract licence``, the parts of ``abstract`` joined by ``|``, each ``RESULTS:
  ...``; only what its own licence allows to be handed on.
- ``sources.tsv``: ``key name licence url``; a ``source`` column holds a key and an identifier (``ChEBI
  CHEBI:15365``), ``{}`` in ``url`` stands for the identifier's last word.

Classes and roles are ``CHEBI:25384 monocarboxylic acid``, or ``CHEBI: drug metabolite`` where the number is not known.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.name_matching import name_key
from biomed_agent.core.version import __version__

SCHEMA_VERSION = 6
"""Raised whenever the tables below, the name keys or their filling change."""
FIRST_DUMP_ID = 1 << 20
"""number of the first molecule that came from a dump"""
TABLES = (
    "molecules", "proteins", "affinities", "drug_facts", "brands", "aliases", "homonyms", "sources", "articles",
)  # fmt: skip
TERM_PREDICATES = (
    "ChEBI class", "ChEBI role", "protein family", "EC number", "subcellular location", "membrane topology",
    "GO molecular function", "GO biological process", "GO cellular component",
)  # fmt: skip
"""predicates whose values are terms that many things share, so that things are found by them"""
ID_COLUMNS = ("cid", "chebi", "drugbank", "cas", "unii", "chembl")

MEASUREMENT_COLUMNS = (
    "construct", "refs", "replicates", "assay_type", "organism", "validity", "comment", "pchembl", "variant",
)  # fmt: skip
"""columns of an affinity that its table may lack"""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE source (key TEXT PRIMARY KEY, name TEXT, licence TEXT, url TEXT) WITHOUT ROWID;
CREATE TABLE molecule (id INTEGER PRIMARY KEY, inchikey TEXT, name TEXT, smiles TEXT, formula TEXT,
    weight REAL, ids TEXT, parent TEXT, salt TEXT, synonyms TEXT, source TEXT);
CREATE TABLE molecule_id (namespace TEXT, value TEXT, molecule INTEGER,
    PRIMARY KEY (namespace, value, molecule)) WITHOUT ROWID;
CREATE TABLE protein (id INTEGER PRIMARY KEY, accession TEXT UNIQUE, entry_name TEXT, name TEXT, gene TEXT,
    organism TEXT, taxon_id INTEGER, synonyms TEXT, sequence TEXT, checksum TEXT, source TEXT, reviewed INTEGER);
CREATE TABLE name (key TEXT, kind TEXT, entity INTEGER, rank INTEGER, shown TEXT, reason TEXT,
    PRIMARY KEY (key, kind, entity)) WITHOUT ROWID;
CREATE TABLE trigram (gram TEXT, key TEXT, PRIMARY KEY (gram, key)) WITHOUT ROWID;
CREATE TABLE fact (kind TEXT, entity INTEGER, predicate TEXT, value TEXT, source TEXT);
CREATE TABLE term (id INTEGER PRIMARY KEY, kind TEXT, predicate TEXT, value TEXT, UNIQUE (predicate, value));
CREATE TABLE term_of (term INTEGER, entity INTEGER, fact INTEGER, PRIMARY KEY (term, entity, fact)) WITHOUT ROWID;
CREATE TABLE activity (molecule INTEGER, protein INTEGER, measure TEXT, relation TEXT, value REAL, unit TEXT,
    source TEXT, construct TEXT, refs TEXT, replicates INTEGER, assay_type TEXT, organism TEXT, validity TEXT,
    comment TEXT, pchembl REAL, variant TEXT);
CREATE TABLE homonym (key TEXT, position INTEGER, shown TEXT, label TEXT, kind TEXT, handle TEXT,
    PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT, abstract TEXT, pmcid TEXT, doi TEXT, journal TEXT,
    year INTEGER, date TEXT, authors TEXT, types TEXT, mesh TEXT, keywords TEXT, retracted INTEGER, preprint INTEGER,
    notices TEXT, licence TEXT);
CREATE VIRTUAL TABLE article_text USING fts5(title, abstract, content = 'article', content_rowid = 'id',
    tokenize = 'porter unicode61');
CREATE TABLE rejected (file TEXT, line INTEGER, reason TEXT);
"""
INDEXES = """
CREATE INDEX molecule_inchikey ON molecule (inchikey);
CREATE INDEX molecule_id_of ON molecule_id (molecule);
CREATE INDEX name_of ON name (entity, kind);
CREATE INDEX fact_ec ON fact (value) WHERE predicate = 'EC number';
CREATE INDEX protein_gene ON protein (gene COLLATE NOCASE);
CREATE INDEX protein_entry ON protein (entry_name);
CREATE INDEX protein_checksum ON protein (checksum);
CREATE INDEX molecule_parent ON molecule (parent);
CREATE INDEX fact_entity ON fact (kind, entity);
CREATE INDEX activity_molecule ON activity (molecule, protein);
CREATE INDEX activity_protein ON activity (protein);
"""


def read_table(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of ``name.tsv.xz`` or ``name.tsv`` in ``folder``; nothing when there is neither."""
    packed, plain = folder / f"{name}.tsv.xz", folder / f"{name}.tsv"
    if packed.exists():
        text = lzma.decompress(packed.read_bytes()).decode("utf-8")
    elif plain.exists():
        text = plain.read_text(encoding="utf-8")
    else:
        return
    lines = text.split("\n")
    header = lines[0].split("\t")
    for number, line in enumerate(lines[1:], start=2):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InvalidInput(
                f"{folder / name}.tsv line {number} has {len(cells)} cells; expected {len(header)}: {line[:80]!r}."
            )
        yield dict(zip(header, cells, strict=True))


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 (hexadecimal) of the tables in ``folder``, names and contents."""
    digest = hashlib.sha256()
    for name in TABLES:
        for path in (folder / f"{name}.tsv.xz", folder / f"{name}.tsv"):
            if path.exists():
                digest.update(f"{path.name} {path.stat().st_size}\n".encode())
                digest.update(path.read_bytes())
                break
    return digest.hexdigest()


def sequence_checksum(sequence: str) -> str:
    """Return the checksum under which a protein's sequence is found (SHA-256, hexadecimal)."""
    return hashlib.sha256(sequence.upper().encode()).hexdigest()


def build_index(folder: Path, out: Path) -> Path:
    """Build the SQLite index ``out`` from the tables in ``folder``, all or nothing.

    The file is written beside ``out`` under a temporary name and renamed at the end, so that two processes can
    build the same index at once and nobody opens half of one.

    Raises:
        InvalidInput: The folder holds no table, or a row cannot be read.
    """
    if not any((folder / f"{name}.tsv{end}").exists() for name in TABLES for end in ("", ".xz")):
        raise InvalidInput(
            f"{folder} holds no table to build an index from.",
            f"Expected at least one of {', '.join(f'{name}.tsv' for name in TABLES)}.",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=out.name, suffix=".partial", dir=out.parent)
    os.close(handle)
    try:
        connection = sqlite3.connect(temporary)
        fill(connection, folder)
        connection.close()
        Path(temporary).replace(out)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return out


def fill(connection: sqlite3.Connection, folder: Path) -> None:
    """Create the tables of an index in ``connection`` and fill them from ``folder``."""
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    create(connection)
    fill_tables(connection, folder)
    add_terms(connection)
    add_indexes(connection)
    connection.execute("INSERT INTO article_text (article_text, rank) VALUES ('rank', 'bm25(4.0, 1.0)')")
    connection.execute("INSERT INTO article_text (article_text) VALUES ('rebuild')")
    note(connection, built_from=folder.name, digest=folder_digest(folder))
    connection.commit()


def create(connection: sqlite3.Connection) -> None:
    """Create the empty tables of an index."""
    connection.executescript(_SCHEMA)


def add_terms(connection: sqlite3.Connection) -> None:
    """List each term once, and the facts that state it."""
    listed = ", ".join(f"'{predicate}'" for predicate in TERM_PREDICATES)
    connection.execute(
        "INSERT OR IGNORE INTO term (kind, predicate, value) "
        f"SELECT kind, predicate, value FROM fact WHERE predicate IN ({listed}) ORDER BY fact.rowid"
    )
    connection.execute(
        "INSERT OR IGNORE INTO term_of SELECT t.id, f.entity, f.rowid FROM fact f CROSS JOIN term t "
        f"ON t.predicate = f.predicate AND t.value = f.value WHERE f.predicate IN ({listed}) ORDER BY 1, 2, 3"
    )


def add_indexes(connection: sqlite3.Connection) -> None:
    """Create the indexes, which is quicker when the tables are full."""
    connection.executescript(INDEXES)


def note(connection: sqlite3.Connection, **more: str) -> None:
    """Write what an index is and what it was built from into its table ``meta``."""
    meta = {"schema_version": str(SCHEMA_VERSION), "built_by": f"biomed_agent {__version__}", **more}
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())


def fill_tables(connection: sqlite3.Connection, folder: Path) -> None:
    """Fill the tables of an index from the tables in ``folder``."""
    molecules = _fill_molecules(connection, folder)
    proteins = _fill_proteins(connection, folder)
    _fill_affinities(connection, folder, molecules, proteins)
    _fill_drug_facts(connection, folder, molecules)
    for position, row in enumerate(read_table(folder, "homonyms")):
        cells = (name_key(row["name"]), position, row["name"], row["label"], row["kind"], row["handle"])
        connection.execute("INSERT INTO homonym VALUES (?, ?, ?, ?, ?, ?)", cells)
    for row in read_table(folder, "articles"):
        abstract = "\n".join(_split(row["abstract"]))
        connection.execute(
            "INSERT INTO article VALUES (?, ?, ?, ?, '', '', NULL, '', '', '', '', '', 0, 0, '', ?)",
            (int(row["pmid"]), row["title"], abstract, row["pmcid"], row["licence"]),
        )
    for row in read_table(folder, "sources"):
        connection.execute("INSERT INTO source VALUES (?, ?, ?, ?)", tuple(row[c] for c in _SOURCE_COLUMNS))
    keys = [key for (key,) in connection.execute("SELECT key FROM name UNION SELECT key FROM homonym")]
    grams = sorted({(gram, key) for key in keys if len(key) <= MAX_SUGGESTED_LENGTH for gram in trigrams(key)})
    connection.executemany("INSERT INTO trigram VALUES (?, ?)", grams)


_SOURCE_COLUMNS = ("key", "name", "licence", "url")
MAX_SUGGESTED_LENGTH = 40
"""Longer names (systematic ones) are not offered as a correction."""


def trigrams(key: str) -> set[str]:
    """Return the letter trigrams of a key, its ends marked by spaces."""
    padded = f"  {key} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def _split(cell: str) -> list[str]:
    return [part for part in cell.split("|") if part]


_Names = Iterable[tuple[str, str]]
"""Pairs of a name as shown and the reason it gives, best reason first."""


def _add_names(connection: sqlite3.Connection, kind: str, entity: int, names: _Names) -> None:
    rows: dict[str, tuple[str, str, int, int, str, str]] = {}
    for rank, (shown, reason) in enumerate(names):
        key = name_key(shown)
        if key and key not in rows:
            rows[key] = (key, kind, entity, rank, shown, reason)
    connection.executemany("INSERT OR IGNORE INTO name VALUES (?, ?, ?, ?, ?, ?)", rows.values())


def _fill_molecules(connection: sqlite3.Connection, folder: Path) -> dict[str, int]:
    """Fill molecules, their names, identifiers, classes and roles; return row numbers by InChIKey."""
    brands: dict[str, list[str]] = {}
    for row in read_table(folder, "brands"):
        brands.setdefault(name_key(row["name"]), []).append(row["brand"])
    numbers: dict[str, int] = {}
    for number, row in enumerate(read_table(folder, "molecules"), start=1):
        numbers[row["inchikey"]] = number
        ids = {column: row[column] for column in ID_COLUMNS if row.get(column)}
        synonyms = _split(row["synonyms"])
        marketed = brands.pop(name_key(row["name"]), [])
        connection.execute(
            "INSERT INTO molecule VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, row["inchikey"], row["name"], row["smiles"], row["formula"], float(row["weight"]),
             " ".join(f"{space}={value}" for space, value in ids.items()), row["parent"], row["salt"],
             "|".join(synonyms + marketed), row["source"]),
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO molecule_id VALUES (?, ?, ?)",
            [(space, value.split(":")[-1].upper(), number) for space, value in ids.items()],
        )
        names = [(row["name"], "exact name"), *((brand, "brand name") for brand in marketed)]
        _add_names(connection, "m", number, names + [(synonym, "exact synonym") for synonym in synonyms])
        record = f"ChEBI {row['chebi']}" if row["chebi"] else ""
        for predicate, column in (("ChEBI class", "classes"), ("ChEBI role", "roles")):
            for term in _split(row[column]):
                identifier, _, label = term.partition(" ")
                fact = ("m", number, predicate, label, record or f"ChEBI {identifier}".removesuffix(" CHEBI:"))
                connection.execute("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", fact)
    if brands:
        raise InvalidInput(f"brands.tsv names molecules that {folder} does not hold: {sorted(brands)[:5]}.")
    return numbers


def _fill_proteins(connection: sqlite3.Connection, folder: Path) -> dict[str, int]:
    """Fill proteins, their names and facts; return row numbers by accession."""
    aliases: dict[str, list[str]] = {}
    for row in read_table(folder, "aliases"):
        aliases.setdefault(row["accession"], []).append(row["alias"])
    numbers: dict[str, int] = {}
    for number, row in enumerate(read_table(folder, "proteins"), start=1):
        numbers[row["accession"]] = number
        alternative, genes = _split(row["alternative_names"]), _split(row["gene_synonyms"])
        known = aliases.pop(row["accession"], [])
        synonyms = list(dict.fromkeys(alternative + genes + known))
        connection.execute(
            "INSERT INTO protein VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, row["accession"], row["entry_name"], row["name"], row["gene"], row["organism"],
             int(row["taxon_id"]) if row["taxon_id"] else None, "|".join(synonyms), row["sequence"],
             sequence_checksum(row["sequence"]), row["source"], 1 if row["entry_name"] else None),
        )  # fmt: skip
        names = [(row["gene"], "gene"), (row["name"], "recommended name")]
        names += [(alias, "alias") for alias in known]
        names += [(synonym, "gene synonym") for synonym in genes]
        _add_names(connection, "p", number, names + [(name, "alternative name") for name in alternative])
        facts = [(predicate, value) for predicate, column in _PROTEIN_FACTS for value in _split(row[column])]
        facts += [(_GO_ASPECTS[term.split(" ")[1]], term.split(" ", 2)[2]) for term in _split(row["go"])]
        for predicate, value in facts:
            connection.execute("INSERT INTO fact VALUES ('p', ?, ?, ?, ?)", (number, predicate, value, row["source"]))
    if aliases:
        raise InvalidInput(f"aliases.tsv names accessions that {folder} does not hold: {sorted(aliases)[:5]}.")
    return numbers


_PROTEIN_FACTS = (
    ("EC number", "ec"),
    ("protein family", "families"),
    ("subcellular location", "locations"),
    ("membrane topology", "topologies"),
)
_GO_ASPECTS = {"F": "GO molecular function", "P": "GO biological process", "C": "GO cellular component"}


def _fill_affinities(
    connection: sqlite3.Connection, folder: Path, molecules: dict[str, int], proteins: dict[str, int]
) -> None:
    """Fill measured affinities whose molecule and protein are both in the index."""
    rows = (
        (molecules[row["inchikey"]], proteins[row["accession"]], row["measure"], row["relation"], float(row["value"]),
         row["unit"], row["source"], *(row.get(column) or None for column in MEASUREMENT_COLUMNS))
        for row in read_table(folder, "affinities")
        if row["inchikey"] in molecules and row["accession"] in proteins
    )  # fmt: skip
    add_activities(connection, rows)


def _fill_drug_facts(connection: sqlite3.Connection, folder: Path, molecules: dict[str, int]) -> None:
    """Fill what is stated of molecules as drugs, of those that are in the index."""
    rows = (
        ("m", molecules[row["inchikey"]], row["predicate"], row["value"], row["source"])
        for row in read_table(folder, "drug_facts")
        if row["inchikey"] in molecules
    )
    connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", rows)


def add_activities(connection: sqlite3.Connection, rows: Iterable[Sequence[object]]) -> None:
    """Store measured affinities, one row for each measurement as published, and in ``meta`` the keys of their sources.

    Args:
        connection: Of an index.
        rows: Number of the molecule, number of the protein, measure, relation (empty where not stated), value, unit,
            source and its identifier (``ChEMBL CHEMBL_ACT 31863``), then :data:`MEASUREMENT_COLUMNS`, None where not
            stated.
    """
    known = connection.execute("SELECT value FROM meta WHERE key = 'affinity_sources'").fetchone()
    sources = dict.fromkeys(known[0].split("|") if known else ())

    def noted() -> Iterator[Sequence[object]]:
        for row in rows:
            sources.setdefault(str(row[6]).partition(" ")[0])
            yield row

    marks = ", ".join("?" * (7 + len(MEASUREMENT_COLUMNS)))
    connection.executemany(f"INSERT INTO activity VALUES ({marks})", noted())
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('affinity_sources', ?)", ("|".join(sources),))
