"""Tables of one's own: a row for each measured value, with a header."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import cast

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import ACCESSION, INCHIKEY
from biomed_agent.sources.local.activity_dumps import storing, tabular
from biomed_agent.sources.local.activity_dumps.storing import Compound, Measured, Record
from biomed_agent.sources.local.activity_dumps.values import split_relation, value_of
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Origin, Row, Skipped
from biomed_agent.sources.local.schema import MEASUREMENT_COLUMNS

COLUMNS = {
    "inchikey": ("inchikey", "inchi_key", "standard_inchikey", "standard_inchi_key"),
    "smiles": ("smiles", "canonical_smiles", "isomeric_smiles"),
    "accession": ("accession", "uniprot", "uniprot_id", "uniprot_accession"),
    "measure": ("measure", "type", "standard_type"),
    "relation": ("relation", "operator", "qualifier", "standard_relation"),
    "value": ("value", "standard_value"),
    "unit": ("unit", "units", "standard_units"),
    "name": ("name", "molecule_name", "compound_name"),
    "pmid": ("pmid", "pubmed_id"),
    "doi": ("doi",),
    **{column: (column,) for column in MEASUREMENT_COLUMNS},
}
"""titles of a column in lower case with underscores, by what it holds"""
_NEEDED = ("accession", "measure", "relation", "value", "unit")


def check(path: object, titles: Sequence[str]) -> None:
    """Refuse a header that lacks a column.

    Raises:
        InvalidInput: It does; every missing column is named.
    """
    places = _places(titles)
    missing = [name for name in _NEEDED if name not in places]
    if "inchikey" not in places and "smiles" not in places:
        missing.insert(0, "inchikey (or smiles)")
    if missing:
        raise InvalidInput(
            f"{path}, line 1: the table has no column {', '.join(missing)}; its columns are "
            f"{', '.join(repr(title) for title in titles)[:200]}.",
            f"Expected a header with inchikey or smiles, {', '.join(_NEEDED)}; leave relation empty where it is not "
            "known. ChEMBL's and BindingDB's own files are known by their headers.",
        )


def _places(titles: Sequence[str]) -> dict[str, str]:
    """Return the title that is there for each column."""
    return {
        name: next(title for title in several if title in titles)
        for name, several in COLUMNS.items()
        if set(several) & set(titles)
    }


def _read(places: Mapping[str, str], dump: Dump) -> Iterator[Row | Bad | Skipped]:
    for row in tabular.rows_of(dump):
        if isinstance(row, Bad):
            yield row
        else:
            yield _record(row[0], {name: row[1][title] for name, title in places.items()})


def _record(line: int, row: Mapping[str, str]) -> Record | Bad:
    """Return a row as a record without its source, or what is wrong with it."""
    inchikey, smiles = row.get("inchikey", ""), row.get("smiles", "")
    if inchikey and not INCHIKEY.fullmatch(inchikey):
        return Bad(line, f"inchikey: expected an InChIKey, got {inchikey[:60]!r}")
    if not inchikey and not smiles:
        return Bad(line, "neither an InChIKey nor a SMILES is stated")
    if not ACCESSION.fullmatch(row["accession"]):
        return Bad(line, f"accession: expected a UniProt accession, got {row['accession'][:40]!r}")
    inside, amount = split_relation(row["value"])
    if inside and row["relation"] and inside != row["relation"]:
        return Bad(line, f"value: {row['value'][:40]!r} and the relation {row['relation']!r} do not go together")
    value = value_of(row["measure"], inside or row["relation"], amount, row["unit"], row.get("comment", ""))
    if isinstance(value, Skipped):
        return Bad(line, f"{value.reason}; got {row['measure']} {row['relation']}{row['value']} {row['unit']}"[:200])
    stated: dict[str, object] = {column: row.get(column, "") for column in MEASUREMENT_COLUMNS}
    try:
        stated["replicates"] = int(row.get("replicates") or 1)
        stated["pchembl"] = float(row["pchembl"]) if row.get("pchembl") else None
    except ValueError:
        return Bad(line, f"replicates or pchembl is no number: {row.get('replicates')!r}, {row.get('pchembl')!r}")
    stated["refs"] = stated["refs"] or storing.references(row.get("pmid"), row.get("doi"))
    molecule = inchikey or smiles
    compound = Compound(molecule, smiles, inchikey, "", row.get("name", ""))
    measured = Measured(
        molecule, row["accession"], value.measure, value.relation, value.nanomolar, "",
        storing.more(**stated),
    )  # fmt: skip
    return Record(line, (compound,) if smiles else (), (), (measured,))


def _store(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    """Store records with the file and line that each is from."""
    named = list[Row]()
    for row in cast(Sequence[Record], rows):
        source = f"{origin.source} line {row.line}"
        compounds = tuple(compound._replace(source=source) for compound in row.compounds)
        measured = tuple(one._replace(source=source) for one in row.measured)
        named.append(row._replace(compounds=compounds, measured=measured))
    storing.store(db, named, origin)


def format_of(path: object, titles: Sequence[str]) -> Format:
    """Return how a table of these columns, in lower case with underscores, is read; ``path`` is named in errors."""
    check(path, titles)
    return Format("table of activities", 3, partial(_read, _places(titles)), _store, keyed=False)
