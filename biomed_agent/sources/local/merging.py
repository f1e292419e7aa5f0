"""Records of one thing from several index files as one: the first file's fields, completed by the others'.

What a later record adds keeps the later record as its origin (:meth:`biomed_agent.core.types.Molecule.origin`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from biomed_agent.core.name_matching import name_key
from biomed_agent.core.types import Molecule, Protein, Provenance

_OF_MOLECULE = ("name", "formula", "weight")
_OF_PROTEIN = ("entry_name", "name", "gene", "organism", "taxon_id", "reviewed")


def merge_molecules(records: Sequence[Molecule]) -> Molecule:
    """Return the records of one InChIKey as one molecule, the most trusted record first.

    The structure is the first record's, and so is each field and identifier that it has; names are gathered.
    """
    first, origins = records[0], dict(records[0].origins)
    added = _fields(_OF_MOLECULE, records, origins)
    ids = dict(first.ids)
    for record in records[1:]:
        for space, value in record.ids.items():
            if space not in ids:
                ids[space] = value
                _note(origins, space, first, record)
    name = added.get("name", first.name)
    return replace(first, **added, ids=ids, synonyms=_names(name, records, origins), origins=origins)


def merge_proteins(records: Sequence[Protein]) -> Protein:
    """Return the records of one accession as one protein, the most trusted record first; the sequence is its."""
    origins = dict(records[0].origins)
    added = _fields(_OF_PROTEIN, records, origins)
    name = added.get("name", records[0].name)
    return replace(records[0], **added, synonyms=_names(name, records, origins), origins=origins)


def _fields(names: Iterable[str], records: Sequence[Molecule | Protein], origins: dict[str, Provenance]) -> Any:
    """Return the fields that the first record lacks and a later one has."""
    added: dict[str, Any] = {}
    for name in names:
        for record in records:
            value = getattr(record, name)
            if value not in (None, ""):
                if record is not records[0]:
                    added[name] = value
                    _note(origins, name, records[0], record)
                break
    return added


def _names(name: str, records: Sequence[Molecule | Protein], origins: dict[str, Provenance]) -> tuple[str, ...]:
    """Return all names of the records but ``name``, each spelling once."""
    names: dict[str, str] = {}
    for record in records:
        for called in (record.name, *record.synonyms):
            key = name_key(called)
            if key and key != name_key(name) and key not in names:
                names[key] = called
                _note(origins, f"synonym {called}", records[0], record)
    return tuple(names.values())


def _note(origins: dict[str, Provenance], what: str, first: Molecule | Protein, record: Molecule | Protein) -> None:
    own = record.origin(what)
    if record is not first and own is not None and own != first.provenance:
        origins.setdefault(what, own)
