"""Which kind of dump of activities a file is, told by what is in it."""

from __future__ import annotations

import tarfile
from itertools import islice
from pathlib import Path

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local.activity_dumps import bindingdb, chembl_database, chembl_tables, own_tables, tabular
from biomed_agent.sources.local.dumps import Dump, Format

EXPECTED = (
    "Expected chembl_NN.db, activities of ChEMBL's as CSV, TSV or JSON, BindingDB_All.tsv, or a table with inchikey or "
    "smiles, accession, measure, relation, value, unit."
)
_FIRST_LINES = 5


def format_of(path: Path) -> Format:
    """Return how a dump of activities is read.

    Raises:
        InvalidInput: It is of no known kind, lacks a column, or cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if start == b"SQLite format 3\x00":
        return chembl_database.format_of(path)
    if start[:3] in (b"\x1f\x8b\x08", b"\xfd7z", b"BZh") and tarfile.is_tarfile(path):
        raise InvalidInput(
            f"{path} is an archive (tar).", f"Unpack it and give the .db file in it: tar -xf {path.name}"
        )
    with Dump(path) as dump:
        if dump.stream.read(16) == b"SQLite format 3\x00":
            raise InvalidInput(f"{path} is a packed SQLite file.", "Unpack it and give the .db file.")
    with Dump(path) as dump:
        lines = [line for _, line in islice(dump.lines(), _FIRST_LINES)]
    return _of_text(path, lines)


def _of_text(path: Path, lines: list[str]) -> Format:
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise InvalidInput(f"{path} holds no text.", EXPECTED)
    if "\x00" in first or "\ufffd" in first:
        raise InvalidInput(f"{path} is no text, and no SQLite file; it begins with {first[:20]!r}.", EXPECTED)
    if first.lstrip()[0] in "[{":
        return chembl_tables.JSON
    if chembl_tables.is_targets(lines):
        return chembl_tables.TARGETS
    if bindingdb.is_bindingdb(bindingdb.titles_of(first)):
        return bindingdb.FORMAT
    _, columns = tabular.columns_of(first)
    if chembl_tables.is_activities(columns):
        chembl_tables.check(path, columns)
        return chembl_tables.TABLE
    return own_tables.format_of(path, columns)


def needs_targets(kind: Format) -> bool:
    """Return whether files of a kind name their targets by ids that only a list of targets explains."""
    return kind in (chembl_tables.TABLE, chembl_tables.JSON)


def gives_targets(kind: Format) -> bool:
    """Return whether a file of a kind is a list of targets."""
    return kind is chembl_tables.TARGETS
