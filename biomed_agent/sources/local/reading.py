"""Reading records from the files of a local index; what several files hold of one thing is one record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from biomed_agent.core.types import Entity, Molecule, Protein
from biomed_agent.sources.local.files import File
from biomed_agent.sources.local.merging import merge_molecules, merge_proteins

HUMAN = 9606
CHUNK_SIZE = 500
"""values asked for by one statement"""
MAX_DOUBLES = 5
"""records of one structure that are read from one file"""


class Reader:
    """The open files, and the records in them."""

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self._files = [File(connection) for connection in connections]

    @property
    def files(self) -> tuple[File, ...]:
        """The open files, in search order."""
        return tuple(self._files)

    def _rows(self, sql: str, values: Sequence[object]) -> Iterable[tuple[File, sqlite3.Row]]:
        for file in self._files:
            for row in file.connection.execute(sql, values):
                yield file, row

    def _molecules(self, sql: str, values: Sequence[object]) -> list[Molecule]:
        """Return the molecules of the rows of a query, each with what all files hold of it."""
        found: dict[str, Molecule] = {}
        for file, row in self._rows(sql, values):
            if row["inchikey"] not in found and (read := file.molecule(row)):
                found[row["inchikey"]] = read
        return [self._whole_molecule(molecule) for molecule in found.values()]

    def _proteins(self, sql: str, values: Sequence[object]) -> list[Protein]:
        """Return the proteins of the rows of a query, each with what all files hold of it."""
        found: dict[str, Protein] = {}
        for file, row in self._rows(sql, values):
            if row["accession"] not in found:
                found[row["accession"]] = file.protein(row)
        return [self._whole_protein(protein) for protein in found.values()]

    def _whole_molecule(self, molecule: Molecule) -> Molecule:
        """Return a molecule of one file with what the others state of it."""
        if len(self._files) == 1:
            return molecule
        sql = f"SELECT * FROM molecule WHERE inchikey = ? ORDER BY id LIMIT {MAX_DOUBLES}"
        records = [read for file, row in self._rows(sql, (molecule.inchikey,)) if (read := file.molecule(row))]
        return merge_molecules(records) if len(records) > 1 else molecule

    def _whole_protein(self, protein: Protein) -> Protein:
        """Return a protein of one file with what the others state of it."""
        if len(self._files) == 1:
            return protein
        rows = self._rows("SELECT * FROM protein WHERE accession = ?", (protein.accession,))
        records = [file.protein(row) for file, row in rows]
        return merge_proteins(records) if len(records) > 1 else protein


def key_of(entity: Entity) -> tuple[str, str, str, str]:
    """Return table, key column, kind and key under which an entity is stored."""
    if isinstance(entity, Molecule):
        return "molecule", "inchikey", "m", entity.inchikey
    return "protein", "accession", "p", "" if entity.variant else entity.accession
