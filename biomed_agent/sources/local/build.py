"""Building an index from dumps: in streams, with progress, and going on where it was interrupted.

``NAME.partial`` is a SQLite file that holds what was read so far and, in the same transaction, how many records of
which file that was. When all files are read its tables become those of an index (:mod:`.schema`), in steps that are
noted as well, and it is renamed.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local import articles, compounds, schema, sequences
from biomed_agent.sources.local.activity_dumps import formats, storing
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Origin, Skipped, reject, skip
from biomed_agent.sources.local.files import STARTER, made_by_us
from biomed_agent.sources.local.finishing import finish
from biomed_agent.sources.local.progress import Report, Tell, progress_of

BATCH_SIZE = 20_000
"""records that are stored at once"""
ARTICLE_BATCH_SIZE = 2_000
STATE_VERSION = "5"
"""of the files ``NAME.partial``; another one is built anew"""

TARGETS = "targets"
"""kind of a list of targets, of which nothing is kept by itself"""
_PROGRESS = """
CREATE TABLE IF NOT EXISTS input (path TEXT PRIMARY KEY, kind TEXT, size INTEGER, modified INTEGER, source TEXT,
    records INTEGER DEFAULT 0, stored INTEGER DEFAULT 0, bad INTEGER DEFAULT 0, done INTEGER DEFAULT 0,
    damaged INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS skip (file INTEGER, reason TEXT, records INTEGER, PRIMARY KEY (file, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS step (name TEXT PRIMARY KEY);
"""


@dataclass(frozen=True, slots=True)
class _Input:
    path: Path
    kind: str
    format: Format

    @property
    def state(self) -> tuple[str, str, int, int]:
        """What tells whether it is the same file as before."""
        status = self.path.stat()
        return str(self.path.resolve()), self.kind, status.st_size, status.st_mtime_ns


def build_from_dumps(
    output: Path,
    *,
    molecules: Sequence[Path] = (),
    proteins: Sequence[Path] = (),
    articles_in: Sequence[Path] = (),
    activities: Sequence[Path] = (),
    starter: bool = False,
    restart: bool = False,
    tell: Tell = lambda progress: None,
) -> Report:
    """Build the index ``output`` from dumps.

    See :mod:`.compounds`, :mod:`.sequences`, :mod:`.articles` and :mod:`.activity_dumps`.

    Args:
        output: The SQLite file to write; one that is there is replaced at the end.
        molecules: Dumps of molecules.
        proteins: Dumps of proteins.
        articles_in: Dumps of articles, the oldest first; later records replace earlier ones.
        activities: Dumps of measured activities, and ChEMBL's list of targets.
        starter: Whether the starter set's tables go in first.
        restart: Begin anew even if an interrupted build of the same files could go on.
        tell: Is told how far it is, after every batch.

    Raises:
        InvalidInput: There is nothing to build from, a file is of no known kind, cannot be read, is damaged or holds no
            record that can be used, the structures do not belong to their InChIKeys, or ``output`` cannot be written or
            is no index that could be replaced.
    """
    began = time.monotonic()
    inputs = _inputs(molecules, proteins, articles_in, activities)
    if not inputs and not starter:
        raise InvalidInput(
            "there is nothing to build an index from.", "Give --molecules, --proteins, --articles or --activities."
        )
    _check_output(output, inputs)
    partial = output.with_name(f"{output.name}.partial")
    plan = _plan(inputs, starter)
    with _written(partial):
        resumed = _same_plan(partial, plan, inputs) and not restart
        if not resumed:
            _delete(partial)
        with closing(sqlite3.connect(partial, isolation_level=None, timeout=0)) as db:
            db.executescript(_PRAGMAS)
            if resumed:
                _read_again(db, inputs)
            else:
                _begin(db, inputs, starter, plan)
            report = Report(output, resumed=resumed)
            try:
                for number, input_ in enumerate(inputs, start=1):
                    _read(db, number, input_, tell)
                finish(db, report, _digest([str(input_.state) for input_ in inputs] + [plan]), tell)
            except InvalidInput:
                if not db.execute(f"SELECT 1 FROM input WHERE stored > 0 AND kind <> '{TARGETS}'").fetchone():
                    _delete(partial)  # nothing that another try could go on with
                raise
        partial.replace(output)
    report.seconds = time.monotonic() - began
    return report


# The lock is kept, so that a second build of the same file is told rather than let in between.
_PRAGMAS = """
PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
"""


@contextmanager
def _written(partial: Path) -> Iterator[None]:
    """Say in words why the file cannot be written."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to it
        if code == sqlite3.SQLITE_BUSY:
            message, hint = "is being written by another build", "Wait until it is done, or give another --output."
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            message, hint = f"is damaged: {error}", "Begin anew with --restart."
        elif code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            message = f"cannot be written: {error}"
            hint = "Is there room, and may you write there? The same command goes on where it stopped."
        else:
            raise
        raise InvalidInput(f"{partial} {message}.", hint) from error


def _check_output(output: Path, inputs: Sequence[_Input]) -> None:
    """Refuse to write where something lies that is no index."""
    if output.is_dir():
        raise InvalidInput(f"{output} is a folder; expected a file to write.", f"Try {output / 'mine.sqlite'}.")
    if output.resolve() in {input_.path.resolve() for input_ in inputs}:
        raise InvalidInput(f"{output} is one of the dumps that are read.", "Give another file to write.")
    if output.exists() and not made_by_us(output):
        raise InvalidInput(f"{output} is no index, and is not replaced by one.", "Give another file, or delete it.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"the folder {output.parent} cannot be made: {error.strerror or error}.",
            "Give a file in a writable folder.",
        ) from error


def _inputs(
    molecules: Sequence[Path], proteins: Sequence[Path], articles_in: Sequence[Path], activities: Sequence[Path]
) -> list[_Input]:
    """Return the files in the order in which they are read."""
    kinds: tuple[tuple[str, Sequence[Path], Callable[[Path], Format]], ...] = (
        ("molecules", molecules, compounds.format_of),
        ("proteins", proteins, sequences.format_of),
        ("articles", articles_in, articles.format_of),
        ("activities", activities, formats.format_of),  # last, because they name molecules and proteins
    )
    inputs: list[_Input] = []
    for kind, paths, format_of in kinds:
        for path in paths:
            _check_dump(path)
        formats_of = [(path, format_of(path)) for path in {path.resolve(): path for path in paths}.values()]
        several = [
            _Input(path, TARGETS if formats.gives_targets(format_) else kind, format_) for path, format_ in formats_of
        ]
        known = {input_.path.resolve(): input_.kind for input_ in inputs}
        for path in paths:
            if path.resolve() in known:
                raise InvalidInput(f"{path} is given as {known[path.resolve()]} and as {kind}.", "Give it once.")
        if kind == "molecules" and several and min(input_.format.order for input_ in several) > 1:
            raise InvalidInput(
                f"{several[0].path.name} holds no structures, and no other file that was given does.",
                "Give CID-SMILES, an SDF file or a table with SMILES as well.",
            )
        if kind == "activities":
            _check_targets(several)
        inputs += sorted(several, key=lambda input_: input_.format.order)
    return inputs


def _check_targets(several: Sequence[_Input]) -> None:
    """Refuse tables that name targets by ids of ChEMBL without the list that says which protein each is."""
    named = [input_.path for input_ in several if formats.needs_targets(input_.format)]
    lists = [input_.path for input_ in several if input_.kind == TARGETS]
    if lists and not named:
        raise InvalidInput(
            f"{lists[0]} is ChEMBL's list of targets, and no table that names targets was given.",
            "Give the table of activities to --activities too.",
        )
    if named and not lists:
        raise InvalidInput(
            f"{named[0]} names targets by ChEMBL ids, and nothing that was given says which proteins they are.",
            "Give chembl_uniprot_mapping.txt (in the folder of each release on ChEMBL's FTP site) to --activities too.",
        )


def _check_dump(path: Path) -> None:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", f"Give the files in it: {path / '*'}.")
    if not path.exists():
        raise InvalidInput(f"{path} does not exist.", "Check the path.")
    if not path.is_file():
        raise InvalidInput(f"{path} is no regular file.", "A build may read a dump again; write it to a file.")
    if not path.stat().st_size:
        raise InvalidInput(f"{path} is empty.", "Fetch it again.")


def _plan(inputs: Sequence[_Input], starter: bool) -> str:
    """Return a digest of what is built, the same for files of the same names and this version of the tables."""
    return _digest([str(input_.state[:2]) for input_ in inputs] + [str(starter), STATE_VERSION])


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join((*parts, str(schema.SCHEMA_VERSION))).encode()).hexdigest()


def _same_plan(partial: Path, plan: str, inputs: Sequence[_Input]) -> bool:
    """Return whether what was begun is the same build, of files that are as they were or could not be read to the end.

    A file that was cut off may have been fetched again, if what was stored of it is replaced by reading it again.
    """
    if not partial.is_file():
        return False
    try:
        with closing(sqlite3.connect(partial, timeout=0)) as db:
            row = db.execute(_PLAN).fetchone()
            if row is None or row[0] != plan:
                return False
            before = db.execute(f"SELECT {_STATE}, records, damaged FROM input ORDER BY rowid").fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise
        return False
    return all(
        input_.state == tuple(state) or (damaged and (input_.format.keyed or not records))
        for input_, (*state, records, damaged) in zip(inputs, before, strict=True)
    )


_STATE = "path, kind, size, modified"
_PLAN = "SELECT value FROM meta WHERE key = 'plan'"


def _read_again(db: sqlite3.Connection, inputs: Sequence[_Input]) -> None:
    """Let files that were fetched again be read from their beginning."""
    for number, input_ in enumerate(inputs, start=1):
        if db.execute(f"SELECT {_STATE} FROM input WHERE rowid = ?", (number,)).fetchone() == input_.state:
            continue
        db.execute("BEGIN")
        db.execute("DELETE FROM rejected WHERE file = ?", (input_.path.name,))
        db.execute("DELETE FROM skip WHERE file = ?", (number,))
        db.execute(
            "UPDATE input SET size = ?, modified = ?, records = 0, stored = 0, bad = 0, damaged = 0 WHERE rowid = ?",
            (*input_.state[2:], number),
        )
        db.execute("COMMIT")


def _delete(partial: Path) -> None:
    for path in (partial, partial.with_name(f"{partial.name}-journal")):
        path.unlink(missing_ok=True)


def _begin(db: sqlite3.Connection, inputs: Sequence[_Input], starter: bool, plan: str) -> None:
    schema.create(db)
    db.executescript(_PROGRESS + compounds.STAGING + storing.STAGING)
    db.execute("BEGIN")
    if starter:
        schema.fill_tables(db, STARTER)
    for number, input_ in enumerate(inputs, start=1):
        key, name, licence, url = input_.format.source or (
            f"D{number}",
            input_.path.name,
            "as of the file's origin",
            "",
        )
        known = [(key, name, licence, url), *input_.format.sources]
        db.executemany("INSERT OR IGNORE INTO source VALUES (?, ?, ?, ?)", known)
        db.execute(
            "INSERT INTO input (path, kind, size, modified, source) VALUES (?, ?, ?, ?, ?)", (*input_.state, key)
        )
    schema.note(db, plan=plan)
    db.execute("COMMIT")


def _read(db: sqlite3.Connection, number: int, input_: _Input, tell: Tell) -> None:
    """Read a file from where it was left; ``number`` is its row in the table ``input``."""
    try:
        _read_on(db, number, input_, tell)
    except InvalidInput:
        db.execute("UPDATE input SET damaged = 1 WHERE rowid = ?", (number,))
        raise


def _read_on(db: sqlite3.Connection, number: int, input_: _Input, tell: Tell) -> None:
    read, done, source = db.execute("SELECT records, done, source FROM input WHERE rowid = ?", (number,)).fetchone()
    if done:
        return
    began, size = time.monotonic(), ARTICLE_BATCH_SIZE if input_.kind == "articles" else BATCH_SIZE
    with Dump(input_.path) as dump:
        dump.skipped = read
        records = input_.format.read(dump)
        start = sum(1 for _ in islice(records, read))
        before = dump.fraction
        while True:
            batch = list(islice(records, size))
            good = [record for record in batch if not isinstance(record, Bad | Skipped)]
            unwanted = Counter(record.reason for record in batch if isinstance(record, Skipped))
            bad = [record for record in batch if isinstance(record, Bad)]
            if not start and len(bad) == size:
                raise _useless(input_, f"the first {size:,} records", bad[0])
            db.execute("BEGIN")
            input_.format.store(db, good, Origin(source, number, start + 1))
            reject(db, number, bad)
            skip(db, number, unwanted)
            db.execute(
                "UPDATE input SET records = records + ?, stored = stored + ?, done = ? WHERE rowid = ?",
                (len(batch), len(good), len(batch) < size, number),
            )
            db.execute("COMMIT")
            start += len(batch)
            tell(progress_of(input_.path.name, dump.fraction, before, start, start - read, began))
            if len(batch) < size:
                return


def _useless(input_: _Input, which: str, bad: Bad) -> InvalidInput:
    return InvalidInput(
        f"none of {which} of {input_.path} can be used; line {bad.line:,}: {bad.reason}.",
        f"It was read as {input_.format.name}, which its {'content' if input_.kind == 'activities' else 'name'} stands "
        "for; rename it if it is something else.",
    )
