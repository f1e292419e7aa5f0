"""The SQLite files of the local index: opening them, building the starter set's, and rows as our types."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.privacy.credentials import redact_path
from biomed_agent.core.types import Molecule, Protein, Provenance
from biomed_agent.sources.local.schema import SCHEMA_VERSION, build_index, fill, folder_digest
from biomed_agent.sources.local.terms import Term

STARTER = Path(__file__).parents[2] / "data" / "starter"
"""Folder of the tables that ship with the package."""

MAX_SYNONYMS = 20
"""of a molecule from a dump; all of them are found"""
MMAP_BYTES = 4 << 30
"""bytes of an index that may be mapped into memory, which saves a call for each page read"""

_log = logging.getLogger(__name__)


class File:
    """One open SQLite file and its table of sources."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self.connection = connection
        self.plain = connection.cursor()
        """reads rows as tuples, for many at once"""
        self.plain.row_factory = None
        self.sources = {row["key"]: row for row in connection.execute("SELECT * FROM source")}

    def tuples(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query as tuples."""
        cursor = self.connection.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values).fetchall()

    @cached_property
    def terms(self) -> dict[str, list[Term]]:
        """Its terms by predicate; the file does not change, so they are read once."""
        terms: dict[str, list[Term]] = {}
        for number, predicate, value in self.tuples("SELECT id, predicate, value FROM term"):
            terms.setdefault(predicate, []).append(Term(number, predicate, value))
        return terms

    @cached_property
    def affinity_sources(self) -> list[str]:
        """Names of the sources of its affinities."""
        noted = self.tuples("SELECT value FROM meta WHERE key = 'affinity_sources'")
        keys = noted[0][0].split("|") if noted else []
        return [self.sources[key]["name"] if key in self.sources else key for key in keys if key]

    @lru_cache(maxsize=4096)  # noqa: B019 - a file is open as long as its index
    def provenance(self, source: str) -> Provenance:
        """Return the provenance that a source cell such as ``ChEBI CHEBI:15365`` stands for."""
        key, _, identifier = source.partition(" ")
        row = self.sources.get(key)
        if row is None:
            return Provenance(source=key, identifier=identifier)
        url = row["url"].replace("{}", identifier.split(" ")[-1]) if identifier else ""
        return Provenance(source=row["name"], identifier=identifier, url=url, licence=row["licence"])

    def molecule(self, row: sqlite3.Row) -> Molecule | None:
        """Return the molecule of one row of table ``molecule``.

        A row of a dump holds the structure as the dump writes it; it is read now, and counts only if it has the
        skeleton (first block) of the InChIKey on record. None, with a warning in the log, when it does not.
        """
        if row["synonyms"] is None:
            return self._of_dump(row)
        return Molecule(
            smiles=row["smiles"],
            inchikey=row["inchikey"],
            name=row["name"],
            formula=row["formula"],
            weight=row["weight"],
            ids=_ids(row["ids"]),
            synonyms=tuple(part for part in row["synonyms"].split("|") if part),
            provenance=self.provenance(row["source"]),
        )

    def _of_dump(self, row: sqlite3.Row) -> Molecule | None:
        read = Molecule(row["smiles"], formula=row["formula"], weight=row["weight"])
        if row["weight"] is None:  # believed when the index was built
            from biomed_agent.core.chemistry.structures import molecule_from_smiles

            try:
                read = molecule_from_smiles(row["smiles"])
            except InvalidInput as error:
                _log.warning("the record %s of the index is left out: %s", row["inchikey"], error.message)
                return None
            if read.inchikey[:14] != row["inchikey"][:14]:
                _log.warning("the record %s of the index is left out: it is %s", row["inchikey"], read.inchikey)
                return None
        number = row["id"]
        listed = self.connection.execute("SELECT namespace, value FROM molecule_id WHERE molecule = ?", (number,))
        ids = dict(reversed(listed.fetchall())) | _ids(row["ids"])
        named = self.connection.execute(
            "SELECT shown FROM name WHERE entity = ? AND kind = 'm' ORDER BY rank LIMIT ?", (number, MAX_SYNONYMS + 1)
        )
        names = [shown for (shown,) in named]
        name = row["name"] or next(iter(names), "")
        return replace(
            read,
            inchikey=row["inchikey"],
            name=name,
            ids=ids,
            synonyms=tuple(synonym for synonym in names if synonym != name)[:MAX_SYNONYMS],
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
            reviewed=None if row["reviewed"] is None else bool(row["reviewed"]),
            synonyms=tuple(part for part in row["synonyms"].split("|") if part),
            provenance=self.provenance(row["source"]),
        )


def _ids(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(" ") if pair)


def open_file(path: Path) -> sqlite3.Connection:
    """Open an index immutable; raise :class:`InvalidInput` when it is none of ours, or not finished."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; expected an index file.", "`biomed-agent index build` writes one.")
    if not path.is_file():
        begun = path.with_name(f"{path.name}.partial").is_file()
        hint = _UNFINISHED if begun else "Build one with `biomed-agent index build`."
        raise InvalidInput(f"index {redact_path(path)} does not exist.", hint)
    try:
        connection, meta = _opened(path)
    except sqlite3.DatabaseError as exc:
        raise InvalidInput(
            f"{path} is not a biomed_agent index: {exc}.", "`biomed-agent index build` makes one of dumps."
        ) from exc
    version = meta.get("schema_version")
    if version == str(SCHEMA_VERSION) and "plan" not in meta:
        return connection
    connection.close()
    if "plan" in meta:
        raise InvalidInput(f"{path} is an index that is not finished.", _UNFINISHED)
    raise InvalidInput(
        f"index {path} has schema version {version}; expected {SCHEMA_VERSION}.",
        "Build it again with `biomed-agent index build`.",
    )


_UNFINISHED = "Its build was interrupted or is running; the same `biomed-agent index build` goes on where it stopped."


def made_by_us(path: Path) -> bool:
    """Return whether a file is an index of any version, or empty."""
    if not path.stat().st_size:
        return True
    try:
        connection, meta = _opened(path)
    except sqlite3.DatabaseError:
        return False
    connection.close()
    return "schema_version" in meta


def _opened(path: Path) -> tuple[sqlite3.Connection, dict[str, str]]:
    """Open a file immutable and return what its table ``meta`` says."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA mmap_size = {MMAP_BYTES}")
        return connection, dict(connection.execute("SELECT key, value FROM meta").fetchall())
    except sqlite3.DatabaseError:
        connection.close()
        raise


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
