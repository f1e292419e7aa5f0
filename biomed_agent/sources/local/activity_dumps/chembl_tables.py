"""Tables of activities as ChEMBL's web site and its clients write them, and its list of targets.

Columns have the names of the web service (``standard_value``) or of the web site (``Standard Value``). A table made of
few columns may have ``type``, ``value`` and ``units`` in place of the standardised ones. Targets are ChEMBL ids; which
protein one is says ``chembl_uniprot_mapping.txt``, which has no header and begins with a comment.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import ACCESSION
from biomed_agent.sources.local.activity_dumps import storing, tabular
from biomed_agent.sources.local.activity_dumps.chembl_words import (
    assay_type,
    chembl_sources,
    comment,
    ranged,
    truth,
)
from biomed_agent.sources.local.activity_dumps.storing import CHEMBL_ID, Compound, Measured, Record
from biomed_agent.sources.local.activity_dumps.values import DUPLICATE, number, value_of
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Origin, Row, Skipped

NO_TARGET = "its target is no single protein of the list of targets"
REPEATED = "an activity that an earlier row states, as pages that overlap do"
_ACTIVITY = re.compile(r"CHEMBL_ACT_(\d{1,18}) ")
_IDENTIFIER = re.compile(r"CHEMBL(\d{1,12})")
_SOURCE = chembl_sources()[0]
_OTHER_NAMES = {
    "smiles": "canonical_smiles",
    "molecule_name": "molecule_pref_name",
    "comment": "activity_comment",
}
"""columns of the web site that the web service calls otherwise"""
SINGLE_PROTEIN = "SINGLE PROTEIN"


def is_activities(columns: Sequence[str]) -> bool:
    """Return whether a table with these columns is one of ChEMBL's activities."""
    return "molecule_chembl_id" in columns and ("target_chembl_id" in columns or "assay_chembl_id" in columns)


def check(dump_path: object, columns: Sequence[str]) -> None:
    """Refuse a table of activities that lacks what a value needs."""
    standard, plain = ("standard_type", "standard_value", "standard_units"), ("type", "value", "units")
    missing = [] if "target_chembl_id" in columns else ["target_chembl_id"]
    missing += [] if "standard_value" in columns or "value" in columns else ["standard_value"]
    missing += [] if {standard[0], plain[0]} & set(columns) else ["standard_type"]
    missing += [] if {standard[2], plain[2]} & set(columns) else ["standard_units"]
    if missing:
        raise InvalidInput(
            f"{dump_path}, line 1: the table has no column {', '.join(missing)}; its columns are "
            f"{', '.join(columns)[:200]}.",
            "Expected molecule_chembl_id, target_chembl_id, standard_type, standard_relation, standard_value and "
            "standard_units, as ChEMBL's web site and web service write them.",
        )


# -- tables and JSON


def _read_table(dump: Dump) -> Iterator[Row | Bad | Skipped]:
    for row in tabular.rows_of(dump):
        yield row if isinstance(row, Bad) else _record(*row)


def _read_json(dump: Dump) -> Iterator[Row | Bad | Skipped]:
    for row in tabular.objects_of(dump):
        if isinstance(row, Bad):
            yield row
        elif not is_activities(list(row[1])):
            yield Bad(row[0], f"expected an activity with molecule_chembl_id and target_chembl_id, got {_keys(row[1])}")
        else:
            yield _record(row[0], {name: "" if cell is None else str(cell) for name, cell in row[1].items()})


def _keys(row: Mapping[str, Any]) -> str:
    return ", ".join(row)[:60]


def _record(line: int, cells: Mapping[str, str]) -> Record | Bad | Skipped:
    """Return a row as a record, its target's ChEMBL id in place of an accession."""
    row = {_OTHER_NAMES.get(name, name): cell for name, cell in cells.items()}

    def cell(*names: str) -> str:
        return next((row[name] for name in names if row.get(name)), "")

    standard = "standard_value" in row
    said = comment(cell("activity_comment"), cell("standard_text_value"))
    value = value_of(
        cell("standard_type", "type"),
        row["standard_relation"] if "standard_relation" in row else cell("relation"),
        row["standard_value"] if standard else cell("value"),
        row["standard_units"] if standard and "standard_units" in row else cell("units"),
        said,
    )
    if isinstance(value, Skipped):
        return value
    if truth(cell("potential_duplicate")):
        return Skipped(DUPLICATE)
    molecule, parent = (_IDENTIFIER.fullmatch(cell(name)) for name in
                        ("molecule_chembl_id", "parent_molecule_chembl_id"))  # fmt: skip
    target = cell("target_chembl_id")
    if molecule is None or not _IDENTIFIER.fullmatch(target):
        wrong = "target" if molecule else "molecule"
        return Bad(line, f"expected the ChEMBL id of a {wrong}, got {cell(f'{wrong}_chembl_id')[:40]!r}")
    key = CHEMBL_ID + int(molecule[1])
    own = f"CHEMBL_ACT_{row['activity_id']}" if row.get("activity_id", "").isdecimal() else f"line {line}"
    measured = Measured(
        key, target, value.measure, value.relation, value.nanomolar, f"{_SOURCE[0]} {own} {molecule[0]}",
        storing.more(
            replicates=1,
            assay_type=assay_type(cell("assay_type")),
            organism=cell("target_organism", "assay_organism"),
            validity=cell("data_validity_comment"),
            comment=ranged(said, cell("standard_upper_value"), cell("standard_units")),
            pchembl=number(cell("pchembl_value")),
            variant=cell("assay_variant_mutation"),
        ),
    )  # fmt: skip
    smiles = cell("canonical_smiles")
    compound = Compound(
        key, smiles, "", f"{_SOURCE[0]} {molecule[0]}", cell("molecule_pref_name") or molecule[0], (),
        (("chembl", molecule[0]),),
        CHEMBL_ID + int(parent[1]) if parent and parent[1] != molecule[1] else None,
    )  # fmt: skip
    return Record(line, (compound,) if smiles else (), (), (measured,))


def _store_activities(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    """Store records whose targets are ChEMBL ids; which protein one is was stored before."""
    kept, left = list[Row](), Counter[str]()
    proteins: dict[str, str] = {}
    for row in cast(Sequence[Record], rows):
        [measured] = row.measured
        target, activity = measured.accession, _ACTIVITY.search(measured.source)
        if activity and not db.execute("INSERT OR IGNORE INTO raw_seen VALUES (?)", (int(activity[1]),)).rowcount:
            left[REPEATED] += 1
            continue
        if target not in proteins:
            listed = db.execute("SELECT accession FROM raw_target WHERE target = ?", (target,)).fetchall()
            proteins[target] = listed[0][0] if len(listed) == 1 else ""
        if proteins[target]:
            kept.append(row._replace(measured=(measured._replace(accession=proteins[target]),)))
        else:
            left[NO_TARGET] += 1
    storing.leave_out(db, origin.file, left)
    storing.store(db, kept, origin)


# -- the list of targets


def is_targets(lines: Sequence[str]) -> bool:
    """Return whether the first lines are those of ``chembl_uniprot_mapping.txt``."""
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return bool(rows) and all(
        len(row) >= 2 and ACCESSION.fullmatch(row[0]) and _IDENTIFIER.fullmatch(row[1].strip()) for row in rows
    )


def _read_targets(dump: Dump) -> Iterator[Row | Bad | Skipped]:
    """Yield (line, target, accession) of single proteins; old lists state no types, but several rows of a complex."""
    for line, text in dump.lines():
        cells = [cell.strip() for cell in text.split("\t")]
        other = len(cells) > 3 and cells[3] != SINGLE_PROTEIN
        if other or text.startswith("#") or not text.strip():
            continue
        if len(cells) < 2 or not ACCESSION.fullmatch(cells[0]) or not _IDENTIFIER.fullmatch(cells[1]):
            yield Bad(line, f"expected an accession, a tab and a ChEMBL id, got {text[:60]!r}")
        else:
            yield line, cells[1], cells[0]


def _store_targets(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    db.executemany("INSERT OR IGNORE INTO raw_target VALUES (?, ?)", ((target, one) for _, target, one in rows))


TARGETS = Format("list of ChEMBL's targets", 1, _read_targets, _store_targets, _SOURCE)
TABLE = Format("table of ChEMBL's activities", 2, _read_table, _store_activities, _SOURCE, keyed=False)
JSON = Format("JSON of ChEMBL's activities", 2, _read_json, _store_activities, _SOURCE, keyed=False)
