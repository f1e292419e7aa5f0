"""The working file of a build: pages are stored whole or not at all, and the result is written when all are there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from biomed_agent.core.errors import InvalidInput

WORKING = ".building"
"""ending of the working file, a SQLite database beside the output"""
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entity (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, structure TEXT);
CREATE TABLE IF NOT EXISTS pair (number INTEGER PRIMARY KEY, entity INTEGER NOT NULL, question TEXT NOT NULL,
    answer TEXT NOT NULL, UNIQUE (entity, question, answer));
CREATE TABLE IF NOT EXISTS skipped (reason TEXT PRIMARY KEY, records INTEGER NOT NULL);
"""

Tell: TypeAlias = Callable[[str], None]
"""Is told how far a build is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a record gives."""

    key: str
    """accession or CID"""
    pairs: tuple[tuple[str, str], ...]
    """questions with answers"""
    structure: str | None = None
    """sequence or SMILES; None when it is still to be looked up"""


@dataclass(frozen=True, slots=True)
class Page:
    """One part of a database."""

    entries: list[Found]
    next: str
    """mark of the next page; empty at the end"""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """records that give no pair, by reason"""
    of: int | None = None
    """records or pages there are in all, where that is told"""
    release: str = ""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build came to."""

    path: Path
    entities: int
    """molecules or proteins written"""
    pairs: int
    skipped: dict[str, int]
    """records without a pair, by reason"""
    release: str
    resumed: bool


class Draft:
    """The pairs found so far and the mark of the next page, in one SQLite file.

    A page and its mark are stored in one transaction, so that a build that is killed goes on with the page it was at.

    Args:
        output: File that will be written; the working file lies beside it.
        what: Describes the build; a working file of another one is not gone on with.
        restart: Forget what was found.

    Raises:
        InvalidInput: The working file belongs to another build, or cannot be written.
    """

    def __init__(self, output: Path, what: Mapping[str, Any], restart: bool = False) -> None:
        if output.is_dir():
            raise InvalidInput(f"{output} is a folder; expected a file to write.")
        self.output = output
        self.file = output.with_name(output.name + WORKING)
        with self._writing():
            if restart:
                self.file.unlink(missing_ok=True)
            self._open = sqlite3.connect(self.file)
            self._open.executescript(_TABLES)
        described = json.dumps(dict(what), sort_keys=True)
        begun = self._get("what")
        self.resumed = bool(begun)
        if begun and begun != described:
            self._open.close()
            raise InvalidInput(
                f"{self.file} was begun by another build: {begun}.",
                "Give that build's options, another --output, or --restart to begin anew.",
            )
        self._finished = False
        self._set("what", described)
        self._open.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        over = self._finished or not (self._get("mark") or self.entities)
        self._open.close()
        if over:
            self.file.unlink(missing_ok=True)

    @property
    def mark(self) -> str | None:
        """Mark of the next page: "" for the first, None when all pages were read."""
        return None if self._get("done") else self._get("mark")

    @property
    def release(self) -> str:
        """Release of the database the pages are from."""
        return self._get("release")

    @property
    def entities(self) -> int:
        """Number of molecules or proteins found."""
        return int(self._open.execute("SELECT count(*) FROM entity").fetchone()[0])

    def add(self, page: Page, limit: int | None = None) -> None:
        """Store a page and the mark of the one behind it; at ``limit`` entities the rest is left out."""
        with self._writing(), self._open:
            room = None if limit is None else limit - self.entities
            for entry in page.entries:
                number = self._number(entry.key)
                if number is None:
                    if room == 0:
                        break
                    room = None if room is None else room - 1
                    insert = "INSERT INTO entity (key, structure) VALUES (?, ?)"
                    number = self._open.execute(insert, (entry.key, entry.structure)).lastrowid
                self._open.executemany(
                    "INSERT OR IGNORE INTO pair (entity, question, answer) VALUES (?, ?, ?)",
                    [(number, question, answer) for question, answer in entry.pairs],
                )
            self._skip(page.skipped)
            self._set("mark", page.next)
            self._set("release", page.release or self.release)
            if not page.next or (limit is not None and self.entities >= limit):
                self._set("done", "yes")

    def unknown(self, limit: int) -> list[str]:
        """Return keys whose structure is still to be looked up, the first found first."""
        rows = self._open.execute("SELECT key FROM entity WHERE structure IS NULL ORDER BY number LIMIT ?", (limit,))
        return [key for (key,) in rows]

    def place(self, structures: Mapping[str, str], missing: Mapping[str, str]) -> None:
        """Store structures by key, and why there is none for others."""
        with self._writing(), self._open:
            known = [(structure, key) for key, structure in structures.items()]
            known += [("", key) for key in missing]
            self._open.executemany("UPDATE entity SET structure = ? WHERE key = ?", known)
            for reason in missing.values():
                self._skip({reason: 1})

    def finish(self, entries: Callable[[Draft], Iterator[tuple[str, Any]]]) -> BuildReport:
        """Write the members of the JSON object that is the result, one a line; the working file is over with."""
        partial = self.output.with_name(f"{self.output.name}.partial")
        with self._writing(), partial.open("w", encoding="utf-8") as stream:
            stream.write("{")
            entities = pairs = 0
            for name, value in entries(self):
                between = ",\n" if entities else "\n"
                stream.write(f"{between}{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}")
                entities += 1
                pairs += len(value["data"] if isinstance(value, dict) else value)
            stream.write("\n}\n")
        with self._writing():
            partial.replace(self.output)
        self._finished = True
        return BuildReport(self.output, entities, pairs, self._skipped(), self.release, self.resumed)

    def by_key(self) -> Iterator[tuple[str, str, list[list[str]]]]:
        """Yield key, structure and pairs of each entity in the order found."""
        for number, key, structure in self._open.execute("SELECT number, key, structure FROM entity ORDER BY number"):
            yield key, structure or "", self._pairs([number])

    def by_structure(self) -> Iterator[tuple[str, list[list[str]]]]:
        """Yield each structure with the pairs of all entities that have it; entities without one are left out."""
        self._open.execute("CREATE INDEX IF NOT EXISTS structures ON entity (structure)")
        first = "SELECT structure FROM entity WHERE structure <> '' GROUP BY structure ORDER BY min(number)"
        for (structure,) in self._open.execute(first):
            rows = self._open.execute("SELECT number FROM entity WHERE structure = ? ORDER BY number", (structure,))
            yield structure, self._pairs([number for (number,) in rows])

    def _pairs(self, numbers: Iterable[int]) -> list[list[str]]:
        pairs: dict[tuple[str, str], None] = {}
        for number in numbers:
            rows = self._open.execute("SELECT question, answer FROM pair WHERE entity = ? ORDER BY number", (number,))
            pairs |= dict.fromkeys(rows.fetchall())
        return [list(pair) for pair in pairs]

    def _number(self, key: str) -> int | None:
        row = self._open.execute("SELECT number FROM entity WHERE key = ?", (key,)).fetchone()
        return None if row is None else int(row[0])

    def _skip(self, skipped: Mapping[str, int]) -> None:
        added = (
            "INSERT INTO skipped VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET records = records + excluded.records"
        )
        self._open.executemany(added, list(skipped.items()))

    def _skipped(self) -> dict[str, int]:
        return dict(self._open.execute("SELECT reason, records FROM skipped ORDER BY records DESC, reason"))

    def _get(self, key: str) -> str:
        row = self._open.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _set(self, key: str, value: str) -> None:
        self._open.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InvalidInput(
                f"{self.output} cannot be written: {reason}.", "Give a file in a writable folder."
            ) from error


def read_pages(
    draft: Draft, ask: Callable[[str], Page], limit: int | None, tell: Callable[[Draft, Page], None]
) -> None:
    """Ask for the pages a draft lacks and store them.

    Args:
        draft: Where they go.
        ask: Returns the page of a mark.
        limit: Most entities to find.
        tell: Is told after each page.
    """
    while (mark := draft.mark) is not None:
        page = ask(mark)
        if draft.release and page.release and page.release != draft.release:
            raise InvalidInput(
                f"the database moved from release {draft.release} to {page.release} while it was read.",
                "Begin anew with --restart, so that all pairs are from one release.",
            )
        draft.add(page, limit)
        tell(draft, page)
