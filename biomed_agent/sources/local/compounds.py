"""Dumps of molecules: PubChem's column files and SDF, and tables with a header.

PubChem (https://ftp.ncbi.nlm.nih.gov/pubchem/Compound/Extras/) spreads a compound over several files, one line for a
CID and a value. The files of structures are read first; names and keys are kept for molecules that have a structure.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import INCHIKEY, MAX_NAME
from biomed_agent.core.name_matching import name_key
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Origin, Row, cells_of

STAGING = """
CREATE TABLE IF NOT EXISTS raw_molecule (id INTEGER PRIMARY KEY, smiles TEXT, inchikey TEXT, name TEXT, formula TEXT,
    weight REAL, source TEXT, file INTEGER, line INTEGER);
CREATE TABLE IF NOT EXISTS raw_name (key TEXT, kind TEXT, entity INTEGER, rank INTEGER, shown TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS raw_id (namespace TEXT, value TEXT, molecule INTEGER);
"""
FIRST_OWN_ID = 1 << 40
"""number of the first molecule without a CID; those with one have it as their number"""
FIRST_ACTIVITY_ID = 1 << 42
"""number of the first molecule that came with measured activities"""
PUBCHEM = (
    "PubChem",
    "PubChem",
    "public domain; depositors' terms may apply",
    "https://pubchem.ncbi.nlm.nih.gov/compound/{}",
)

_CID = re.compile(r"[0-9]{1,12}")
_SMILES = re.compile(r"[A-Za-z0-9@+\-\[\]()=#$:/\\.%*~]+")
_FORMULA = re.compile(r"[A-Za-z0-9+\-.()]+")
_NAME_IDS = (
    (re.compile(r"(\d{2,7}-\d{2}-\d)"), "cas"),
    (re.compile(r"CHEBI:(\d+)"), "chebi"),
    (re.compile(r"(CHEMBL\d+)"), "chembl"),
    (re.compile(r"(DB\d{5})"), "drugbank"),
    (re.compile(r"UNII-([A-Z0-9]{10})"), "unii"),
)
"""identifiers that PubChem lists among the synonyms"""


def _columns(take: Callable[[str], str | None], wanted: str) -> Callable[[Dump], Iterator[Row | Bad]]:
    """Return a reader of lines of a CID, a tab and a value of which ``take`` returns what is wanted of it.

    It yields ``(line, CID, what is wanted)``.
    """

    def read(dump: Dump) -> Iterator[Row | Bad]:
        for number, line in dump.lines():
            cid, _, rest = line.partition("\t")
            value = take(rest) if _CID.fullmatch(cid) else None
            if value is None:
                yield Bad(number, f"expected a CID, a tab and {wanted}, got {line[:60]!r}")
            else:
                yield number, int(cid), value

    return read


def _smiles(text: str) -> str | None:
    return text if _SMILES.fullmatch(text) else None


def _inchikey(text: str) -> str | None:
    key = text.rpartition("\t")[2]
    return key if INCHIKEY.fullmatch(key) else None


def _formula(text: str) -> str | None:
    formula = text.partition("\t")[0]
    return formula if _FORMULA.fullmatch(formula) else None


def _name(text: str) -> str | None:
    return text if text.strip() and "\ufffd" not in text else None


_REPLACED = "ON CONFLICT (id) DO UPDATE SET smiles = excluded.smiles, file = excluded.file, line = excluded.line"


def _store_structures(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    db.executemany(
        "INSERT INTO raw_molecule (line, id, smiles, inchikey, name, formula, source, file) "
        f"VALUES (?, ?, ?, '', '', '', 'PubChem', {origin.file}) {_REPLACED}",
        rows,
    )


def _store_column(column: str) -> Callable[[sqlite3.Connection, Sequence[Row], Origin], None]:
    sql = f"UPDATE raw_molecule SET {column} = ? WHERE id = ?"

    def store(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
        db.executemany(sql, ((value, cid) for _, cid, value in rows))

    return store


def _store_titles(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    db.executemany("UPDATE raw_molecule SET name = ? WHERE id = ?", ((name, cid) for _, cid, name in rows))
    add_names(db, ((cid, 0, name, "exact name") for _, cid, name in rows))


def _store_names(reason: str, rank: int) -> Callable[[sqlite3.Connection, Sequence[Row], Origin], None]:
    def store(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
        start = rank + origin.first
        add_names(db, ((cid, start + number, name, reason) for number, (_, cid, name) in enumerate(rows)))
        identifiers = [
            (space, match[1], cid)
            for _, cid, name in rows
            for pattern, space in _NAME_IDS
            if (match := pattern.fullmatch(name))
        ]
        db.executemany("INSERT INTO raw_id VALUES (?, ?, ?)", identifiers)

    return store


def add_names(db: sqlite3.Connection, names: Iterator[tuple[int, int, str, str]]) -> None:
    """Add names, each with the number of its molecule, its rank and its reason, for molecules that have a structure."""
    db.executemany(
        "INSERT INTO raw_name SELECT ?, 'm', ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM raw_molecule WHERE id = ?)",
        (
            (key, molecule, rank, name, reason, molecule)
            for molecule, rank, name, reason in names
            if len(name) <= MAX_NAME and (key := name_key(name))
        ),
    )


# -- whole records: SDF and tables

_SDF_TAGS = {
    "smiles": ("PUBCHEM_SMILES", "PUBCHEM_OPENEYE_ISO_SMILES", "PUBCHEM_ISO_SMILES", "SMILES"),
    "inchikey": ("PUBCHEM_IUPAC_INCHIKEY", "INCHI_KEY", "INCHIKEY"),
    "formula": ("PUBCHEM_MOLECULAR_FORMULA", "FORMULA"),
    "cid": ("PUBCHEM_COMPOUND_CID", "CID"),
    "name": ("PUBCHEM_IUPAC_TRADITIONAL_NAME", "PUBCHEM_IUPAC_NAME", "GENERIC_NAME", "NAME"),
    "synonyms": ("PUBCHEM_IUPAC_NAME", "SYNONYMS"),
}
_HEADERS = {
    "smiles": ("smiles", "isomeric smiles", "canonical smiles", "structure"),
    "inchikey": ("inchikey", "inchi key", "standard inchikey", "standard inchi key"),
    "formula": ("formula", "molecular formula"),
    "cid": ("cid", "pubchem cid", "compound cid"),
    "name": ("name", "title", "common name", "preferred name"),
    "synonyms": ("synonyms", "synonym"),
    "cas": ("cas", "cas number", "cas rn"),
    "chebi": ("chebi", "chebi id"),
    "chembl": ("chembl", "chembl id", "molecule chembl id"),
    "drugbank": ("drugbank", "drugbank id"),
    "unii": ("unii",),
}
"""headers of a table, in lower case with spaces for underscores, by what they hold"""
_FIELDS = tuple(_HEADERS)


def _row(line: int, fields: dict[str, str]) -> Row | Bad:
    """Return a record as a row of :data:`_FIELDS` after its line, or what is wrong with it."""
    smiles, key, cid = (fields.get(name, "").strip() for name in ("smiles", "inchikey", "cid"))
    if not _SMILES.fullmatch(smiles):
        return Bad(line, f"expected a SMILES, got {smiles[:60]!r}")
    if key and not INCHIKEY.fullmatch(key):
        return Bad(line, f"expected an InChIKey, got {key[:60]!r}")
    if cid and not _CID.fullmatch(cid):
        return Bad(line, f"expected a CID, got {cid[:60]!r}")
    return (line, *(fields.get(name, "").strip() for name in _FIELDS))


def _read_table(dump: Dump) -> Iterator[Row | Bad]:
    lines = dump.lines()
    _, header = next(lines, (0, ""))
    separator = max("\t,;", key=header.count)
    columns = [cell.strip().lower().replace("_", " ") for cell in cells_of(header, separator)]
    places = {
        name: columns.index(title)
        for name, titles in _HEADERS.items()
        for title in reversed(titles)
        if title in columns
    }
    if "smiles" not in places:
        raise InvalidInput(
            f"{dump.path} has no column of structures; its header is {header[:80]!r}.",
            f"Expected a header with one of {', '.join(_HEADERS['smiles'])}, or a file of PubChem's.",
        )
    for number, line in lines:
        cells = cells_of(line, separator)
        if len(cells) != len(columns):
            yield Bad(number, f"expected {len(columns)} cells, got {len(cells)}")
        else:
            yield _row(number, {name: cells[place] for name, place in places.items()})


def _read_sdf(dump: Dump) -> Iterator[Row | Bad]:
    tags: dict[str, str] = {}
    tag, block, start = "", list[str](), 1
    for number, line in dump.lines():
        if line == "$$$$":
            fields = {name: next((tags[key] for key in keys if key in tags), "") for name, keys in _SDF_TAGS.items()}
            if not fields["smiles"]:
                fields["smiles"] = _smiles_of("\n".join(block))
            yield _row(start, fields) if fields["smiles"] else Bad(start, "no SMILES, and its MOL block cannot be read")
            tags, tag, block, start = {}, "", [], number + 1
        elif line.startswith("> "):
            tag = line[line.find("<") + 1 : line.rfind(">")].upper()
        elif tag and line:
            tags[tag] = f"{tags[tag]}|{line}" if tag in tags else line
        elif not tag and not tags:
            block.append(line)
        else:
            tag = ""


def _smiles_of(block: str) -> str:
    from biomed_agent.core.chemistry.molfile import molecule_from_molblock

    try:
        return molecule_from_molblock(block).smiles
    except InvalidInput:
        return ""


def _store_records(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    source = origin.source
    own = FIRST_OWN_ID + (int(source.rpartition("D")[2] or 0) << 32) if source.startswith("D") else FIRST_OWN_ID
    place = {name: number for number, name in enumerate(_FIELDS, start=1)}
    molecules, names, ids = [], [], []
    for offset, row in enumerate(rows):
        cid = row[place["cid"]]
        number = int(cid) if cid else own + origin.first + offset
        record = source if cid and source == "PubChem" else f"{source} line {row[0]}"
        columns = (row[place[name]] for name in ("smiles", "inchikey", "name", "formula"))
        molecules.append((number, *columns, record, origin.file, row[0]))
        listed = [part.strip() for part in re.split(r"\s*\|\s*|;\s+", row[place["synonyms"]]) if part.strip()]
        names += [(number, 0, row[place["name"]], "exact name")] if row[place["name"]] else []
        names += [(number, 1 + rank, name, "exact synonym") for rank, name in enumerate(listed)]
        ids += [
            (space, row[place[space]].split(":")[-1].upper(), number) for _, space in _NAME_IDS if row[place[space]]
        ]
    db.executemany(
        "INSERT INTO raw_molecule (id, smiles, inchikey, name, formula, source, file, line) "
        f"VALUES (?, ?, ?, ?, ?, ?, ?, ?) {_REPLACED}",
        molecules,
    )
    add_names(db, iter(names))
    db.executemany("INSERT INTO raw_id VALUES (?, ?, ?)", ids)


_TABLE = Format("table with a header", 1, _read_table, _store_records, keyed=False)
_SDF = Format("SDF", 1, _read_sdf, _store_records, PUBCHEM, keyed=False)
COLUMN_FILES = {
    "cid-smiles": Format("PubChem CID-SMILES", 0, _columns(_smiles, "a SMILES"), _store_structures, PUBCHEM),
    "cid-inchi-key": Format(
        "PubChem CID-InChI-Key", 2, _columns(_inchikey, "an InChIKey"), _store_column("inchikey"), PUBCHEM
    ),
    "cid-mass": Format("PubChem CID-Mass", 2, _columns(_formula, "a formula"), _store_column("formula"), PUBCHEM),
    "cid-title": Format("PubChem CID-Title", 3, _columns(_name, "a name"), _store_titles, PUBCHEM),
    "cid-synonym": Format(
        "PubChem CID-Synonym", 4, _columns(_name, "a name"), _store_names("exact synonym", 100), PUBCHEM
    ),
    "cid-iupac": Format("PubChem CID-IUPAC", 5, _columns(_name, "a name"), _store_names("exact synonym", 1), PUBCHEM),
}


def format_of(path: Path) -> Format:
    """Return how a dump of molecules is read, by its name.

    Raises:
        InvalidInput: The name tells nothing.
    """
    name = path.name.lower()
    for start, file in COLUMN_FILES.items():
        if name.startswith(start):
            return file
    if ".sdf" in name:
        return _SDF
    if re.search(r"\.(tsv|csv|tab|txt)\b", name):
        return _TABLE
    raise InvalidInput(
        f"{path.name} is no dump of molecules that is known by its name.",
        "Expected a name that begins with one of CID-SMILES, CID-InChI-Key, CID-Mass, CID-Title, CID-Synonym, "
        "CID-IUPAC, or .sdf, .tsv or .csv (with a header), each also as .gz or .xz.",
    )
