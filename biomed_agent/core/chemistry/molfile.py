"""MOL blocks and SDF files (V2000 and V3000): records one by one, each with its number, title and identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rdkit import Chem, rdBase

from biomed_agent.core.chemistry.structures import describe, refuse_invalid
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Molecule, Provenance

_COUNTS = re.compile(r"^[ \d]{6}.*V[23]000\s*$")
_TAG = re.compile(r"^>.*<([^<>]+)>")
_IDS = {
    "pubchem_compound_cid": "cid",
    "drugbank_id": "drugbank",
    "chembl_id": "chembl",
    "chebi id": "chebi",
    "chebi_id": "chebi",
}
"""tags of the databases' own files, in lower case -> identifiers of :class:`~biomed_agent.core.types.Molecule`"""
_NAMES = (
    "generic_name", "chebi name", "chembl_pref_name", "name", "pubchem_iupac_traditional_name", "pubchem_iupac_name",
)  # fmt: skip
_POLYMER = frozenset({"SRU", "MON", "MER", "COP", "CRO", "MOD", "GRA", "ANY"})
"""types of substance groups that stand for repeat units"""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an SDF file."""

    number: int
    """counted from 1"""
    title: str
    """its first line, or a name among its tags; empty when it has none"""
    molecule: Molecule | None
    """None when it cannot be read"""
    problem: str = ""
    """why it cannot be read, with what to do"""


def read_records(lines: Iterable[str]) -> Iterator[Record]:
    """Read the records of an SDF file, or of a MOL file, one at a time; one that cannot be read stops none.

    Args:
        lines: The file's lines, with or without their ends.
    """
    for number, record in enumerate(split_records(lines), 1):
        title, _ = title_and_ids(record)
        try:
            yield Record(number, title, _read(record, f"record {number}"))
        except InvalidInput as error:
            yield Record(number, title, None, str(error))


def molecule_from_molblock(
    text: str, name: str = "", ids: Mapping[str, str] | None = None, provenance: Provenance | None = None
) -> Molecule:
    """Read a MOL block, or an SDF text that holds exactly one record.

    R groups are read as open positions: formula, weight and InChIKey are then left empty.

    Args:
        text: The file's text (V2000 or V3000).
        name: Name to carry along; by default its title line or a name among its tags.
        ids: Identifiers by lower-case namespace to carry along; by default those among its tags.
        provenance: The record it came from; None for a structure the user gave.

    Raises:
        InvalidInput: No record, several records (the message says how many), no atoms, a polymer, a query, or no
            valid structure.
    """
    records = list(split_records(text.splitlines()))
    if len(records) != 1:
        raise InvalidInput(
            f"the SDF text holds {len(records)} records; expected exactly one.",
            "Ask about every record with: biomed-agent ask QUESTION --input FILE.sdf"
            if records
            else "Was the file saved empty?",
        )
    return _read(records[0], "the MOL block", name, ids, provenance)


def split_records(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines of each record, without the ``$$$$`` that ends it; blank ones at the end of a file are none."""
    record: list[str] = []
    for line in lines:
        line = line.rstrip("\r\n")
        if line.startswith("$$$$"):
            yield record
            record = []
        else:
            record.append(line)
    if any(line.strip() for line in record):
        yield record


def _read(
    record: list[str],
    called: str,
    name: str = "",
    ids: Mapping[str, str] | None = None,
    provenance: Provenance | None = None,
) -> Molecule:
    title, tagged = title_and_ids(record)
    shown = f"{called} {title[:60]!r}" if title else called
    block = _block(record)
    with rdBase.BlockLogs():
        try:
            raw = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
        except RuntimeError:  # RDKit throws on some malformed headers instead of returning None
            raw = None
        if raw is None:
            raise InvalidInput(
                f"{shown} cannot be read: its counts, atom or bond lines are malformed.",
                "A MOL block has three header lines, then the counts line; was it copied whole?",
            )
        if not raw.GetNumAtoms():
            raise InvalidInput(f"{shown} holds no atoms.", "Export it with its structure.")
        _refuse_no_molecule(raw, shown)
        refuse_invalid(raw, shown)
        return describe(Chem.MolFromMolBlock(block), name or title, tagged if ids is None else ids, provenance)


def _refuse_no_molecule(raw: Chem.Mol, shown: str) -> None:
    """Raise for what is drawn like a molecule and is none: a polymer's repeat unit, a query."""
    groups = {str(group.GetProp("TYPE")) for group in Chem.GetMolSubstanceGroups(raw)}
    if groups & _POLYMER:
        raise InvalidInput(
            f"{shown} is a polymer (substance group {', '.join(sorted(groups & _POLYMER))}), which has no single "
            "structure.",
            "Give its monomer, or a chain of stated length.",
        )
    for atom in raw.GetAtoms():
        if atom.HasQuery() and not atom.DescribeQuery().startswith("AtomNull"):  # a null query is an R group
            raise InvalidInput(
                f"{shown} is a query: its atom {atom.GetIdx() + 1} stands for several elements.",
                "Give one structure with every element stated.",
            )


def _block(record: list[str]) -> str:
    """Return the lines up to ``M  END`` under exactly three header lines, which white space trimming may have taken."""
    end = next((number for number, line in enumerate(record) if line.startswith("M  END")), len(record))
    counts = next((number for number, line in enumerate(record[:end]) if _COUNTS.match(line)), 3)
    header = record[max(0, counts - 3) : counts]
    return "\n".join([*[""] * (3 - len(header)), *header, *record[counts : end + 1]]) + "\n"


def untitled(record: list[str]) -> str:
    """Return the MOL block of a record without its title, which messages quote."""
    return "\n" + _block(record).partition("\n")[2]


def title_and_ids(record: list[str]) -> tuple[str, dict[str, str]]:
    """Return what a record calls itself, and the identifiers among its tags."""
    tags: dict[str, str] = {}
    for number, line in enumerate(record[:-1]):
        if match := _TAG.match(line):
            tags.setdefault(match[1].strip().lower(), record[number + 1].strip())
    ids = {namespace: tags[tag] for tag, namespace in _IDS.items() if tags.get(tag)}
    name = next((tags[tag] for tag in _NAMES if tags.get(tag)), "")
    counts = next((number for number, line in enumerate(record) if _COUNTS.match(line)), 3)
    first = record[0].strip() if record and counts >= 3 else ""
    return (name or first if first in ids.values() else first or name), ids
