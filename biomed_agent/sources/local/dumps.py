"""Dumps of databases as streams of records: opening them, where one stands in them, and what is wrong in them."""

from __future__ import annotations

import csv
import gzip
import io
import lzma
import sqlite3
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, TypeAlias, cast

from biomed_agent.core.errors import InvalidInput

Source: TypeAlias = tuple[str, str, str, str]
"""key, name, licence and address of a database; ``{}`` in the address stands for an identifier's last word"""


class Bad(NamedTuple):
    """A record that cannot be used."""

    line: int
    reason: str


class Skipped(NamedTuple):
    """A record that is sound but not wanted; these are counted by their reason."""

    reason: str


Row: TypeAlias = tuple[Any, ...]


class Origin(NamedTuple):
    """Where the records that are stored come from."""

    source: str
    """key of the table ``source``"""
    file: int
    """number of the file in the table ``input``"""
    first: int
    """number of the first of them in the file, from 1"""


UNREADABLE = (EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
"""what reading a packed file raises that is cut off or damaged"""
MAX_REJECTED = 10_000
"""records that cannot be used of which file and line are kept; all are counted"""


def reject(db: sqlite3.Connection, file: int, bad: Sequence[Bad]) -> None:
    """Count records of a file of the table ``input`` that cannot be used, and keep what is wrong with them."""
    db.execute("UPDATE input SET bad = bad + ? WHERE rowid = ?", (len(bad), file))
    room = max(0, MAX_REJECTED - int(db.execute("SELECT count(*) FROM rejected").fetchone()[0]))
    name = Path(db.execute("SELECT path FROM input WHERE rowid = ?", (file,)).fetchone()[0]).name
    db.executemany("INSERT INTO rejected VALUES (?, ?, ?)", ((name, *record) for record in bad[:room]))


def skip(db: sqlite3.Connection, file: int, reasons: Counter[str]) -> None:
    """Count records of a file of the table ``input`` that are not wanted, by their reasons."""
    db.executemany(
        "INSERT INTO skip VALUES (?, ?, ?) "
        "ON CONFLICT (file, reason) DO UPDATE SET records = records + excluded.records",
        [(file, reason, count) for reason, count in reasons.items()],
    )


class Dump:
    """One file, plain or packed by gzip, xz or zip (one file in it), read from its beginning.

    Args:
        path: The file; what packed it is told by its first bytes.

    Raises:
        InvalidInput: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._raw = path.open("rb")
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error
        self.size = path.stat().st_size
        self.done: float | None = None
        """part that has been read, set by readers that do not read bytes"""
        self.skipped = 0
        """records that are read again only to come to where the last try stopped; a reader need not look at them"""
        magic = self._raw.read(6)
        self._raw.seek(0)
        self.stream: IO[bytes] = self._raw
        self._text: io.TextIOWrapper | None = None
        if magic[:2] == b"\x1f\x8b":
            self.stream = cast(IO[bytes], gzip.GzipFile(fileobj=self._raw))
        elif magic == b"\xfd7zXZ\x00":
            self.stream = cast(IO[bytes], lzma.open(self._raw))  # noqa: SIM115 - closed with what it reads
        elif magic[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            self.stream = self._zipped()

    def _zipped(self) -> IO[bytes]:
        """Return the one file in a zip archive."""
        try:
            archive = zipfile.ZipFile(self._raw)
            inside = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
            if len(inside) != 1:
                names = ", ".join(info.filename for info in inside[:5])
                self._raw.close()
                raise InvalidInput(
                    f"{self.path} holds {len(inside)} files: {names}." if inside else f"{self.path} holds no file.",
                    "Unpack it and give the one that is wanted.",
                )
            return archive.open(inside[0])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            self._raw.close()
            raise self.damaged(1, error) from error

    @property
    def fraction(self) -> float:
        """The part of the file that has been read, from 0 to 1."""
        return self.done if self.done is not None else self._raw.tell() / max(1, self.size)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines with their numbers, without their ends; what is no UTF-8 becomes U+FFFD.

        Raises:
            InvalidInput: The packed file is cut off or damaged.
        """
        number = 0
        try:
            for number, line in enumerate(self.text(), start=1):
                yield number, line.rstrip("\r\n")
        except UNREADABLE as error:
            raise self.damaged(number + 1, error) from error

    def text(self) -> io.TextIOWrapper:
        """Return the file as text."""
        if self._text is None:  # kept, because it closes the file when it goes
            # "-sig", because spreadsheets begin what they save as UTF-8 with a mark
            self._text = io.TextIOWrapper(self.stream, encoding="utf-8-sig", errors="replace", newline="\n")
        return self._text

    def damaged(self, line: int, error: Exception) -> InvalidInput:
        """Return the error that says where the file ends too early or cannot be read."""
        return InvalidInput(
            f"{self.path} is cut off or damaged at line {line:,}: {error}.",
            "Fetch it again and repeat the command, which goes on with it.",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()


def cells_of(line: str, separator: str) -> list[str]:
    """Return the cells of a line of a table; one cell when its quotes cannot be read."""
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error:
        return [line]


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of dump is read and stored."""

    name: str
    order: int
    """files of a smaller number are read first, because others add to what they hold"""
    read: Callable[[Dump], Iterator[Row | Bad | Skipped]]
    """yields records from the file's beginning, each always at the same place"""
    store: Callable[[sqlite3.Connection, Sequence[Row], Origin], None]
    source: Source | None = None
    """the database, for the table ``source``; None for a source of the file's own"""
    keyed: bool = True
    """whether records have numbers of their database, so that a file can be read again over what is stored of it"""
    sources: tuple[Source, ...] = ()
    """what else its rows are from"""
