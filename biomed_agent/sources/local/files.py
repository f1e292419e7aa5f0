"""The SQLite files of the local index: opening them, building the starter set's, and rows as our types."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from biomed_agent.errors import InvalidInput
from biomed_agent.types import Molecule, Protein, Provenance

from ..schema import SCHEMA_VERSION, build_index, fill, folder_digest

STARTER = Path(__file__).parents[2] / "data" / "starter"
"""Folder of the tables that ship with the package."""

_log = logging.getLogger(__name__)


class File:
    """One open SQLite file and its table of sources."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self.connection = connection
        self.sources = {row["key"]: row for row in connection.execute("SELECT * FROM source")}

    def provenance(self, source: str) -> Provenance:
        """Return the provenance that a source cell such as ``ChEBI CHEBI:15365`` stands for."""
        key, _, identifier = source.partition(" ")
        row = self.sources.get(key)
        if row is None:
            return Provenance(source=key, identifier=identifier)
        url = row["url"].replace("{}", identifier.split(" ")[-1])
        return Provenance(source=row["name"], identifier=identifier, url=url, licence=row["licence"])

    def molecule(self, row: sqlite3.Row) -> Molecule:
        """Return the molecule of one row of table ``molecule``."""
        ids = dict(pair.split("=", 1) for pair in row["ids"].split(" ") if pair)
        return Molecule(
            smiles=row["smiles"],
            inchikey=row["inchikey"],
            name=row["name"],
            formula=row["formula"],
            weight=row["weight"],
            ids=ids,
            synonyms=tuple(part for part in row["synonyms"].split("|") if part),
            provenance=self.provenance(row["source"]),
        )

    def protein(self, row: sqlite3.Row) -> Protein:
        """Return the protein of one row of table ``protein``."""
        return Protein(
            sequence=row["sequence"],
            accession=row["accession"],
            entry_name=row["entry_name"],
            name=row["name"],
            gene=row["gene"],
            organism=row["organism"],
            taxon_id=row["taxon_id"],
            reviewed=True if row["entry_name"] else None,
            synonyms=tuple(part for part in row["synonyms"].split("|") if part),
            provenance=self.provenance(row["source"]),
        )


def open_file(path: Path) -> sqlite3.Connection:
    """Open an index immutable; raise :class:`InvalidInput` when it is none of ours."""
    if not path.is_file():
        raise InvalidInput(f"index {path} does not exist.", "Build one with `biomed-agent index build`.")
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    try:
        version = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    except sqlite3.DatabaseError as exc:
        connection.close()
        raise InvalidInput(f"{path} is not a biomed_agent index: {exc}.") from exc
    if version is None or version[0] != str(SCHEMA_VERSION):
        connection.close()
        raise InvalidInput(
            f"index {path} has schema version {version and version[0]}; expected {SCHEMA_VERSION}.",
            "Build it again with `biomed-agent index build`.",
        )
    return connection


def open_starter(cache_dir: Path) -> sqlite3.Connection:
    """Open the starter set's SQLite file, building it when it is missing or unreadable."""
    folder = STARTER
    path = cache_dir / f"starter-v{SCHEMA_VERSION}-{folder_digest(folder)[:16]}.sqlite"
    if path.is_file():
        try:
            return open_file(path)
        except InvalidInput as exc:
            _log.warning("building the starter index again: %s", exc)
    _log.info("building the local index (once, a few seconds) ...")
    try:
        return open_file(build_index(folder, path))
    except OSError as exc:
        _log.warning("cannot write %s (%s): the starter index is built in memory", path, exc)
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        fill(connection, folder)
        return connection
