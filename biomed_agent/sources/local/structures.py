"""Structures of a dump: the InChIKeys that it lacks are computed, and a sample of those it has is tried.

A dump that states an InChIKey for each structure is believed while the index is built, because reading a million
structures takes longer than everything else; what is believed is tried on a sample, and again on each structure when it
is used (:meth:`.files.File.molecule`).
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local.dumps import Bad, reject

SAMPLE_SIZE = 1_000
"""structures that are tried"""
MAX_BAD_SHARE = 0.05
"""part of the sample that may differ from its key; more means that keys and structures do not belong together"""
CHUNK_SIZE = 500


def complete_structures(db: sqlite3.Connection, tell: Callable[[int, int, float], None]) -> None:
    """Compute the InChIKeys that are missing, in one process for each core; what cannot be read is left out.

    Args:
        db: The index under construction.
        tell: Is told how many of how many are done, and when that began.
    """
    if not _exists(db, "raw_molecule"):
        return
    of = int(db.execute("SELECT count(*) FROM raw_molecule WHERE inchikey = ''").fetchone()[0])
    if not of:
        return
    began, done = time.monotonic(), 0
    with _spread(of) as apply:
        while chunks := _missing(db):
            for results in apply(_describe_all, chunks):
                db.execute("BEGIN")
                db.executemany(
                    "UPDATE raw_molecule SET smiles = ?, inchikey = ?, formula = ?, weight = ? WHERE id = ?",
                    (row[1:] for row in results if not row[0]),
                )
                _leave_out(db, [(row[-1], row[0]) for row in results if row[0]])
                db.execute("COMMIT")
                done += len(results)
                tell(done, of, began)


def _leave_out(db: sqlite3.Connection, failed: Iterable[tuple[int, str]]) -> None:
    """Move structures, each with what is wrong with it, to the records that cannot be used."""
    bad: dict[int, list[Bad]] = defaultdict(list)
    for number, wrong in failed:
        file, line = db.execute("SELECT file, line FROM raw_molecule WHERE id = ?", (number,)).fetchone()
        bad[file].append(Bad(line, wrong))
        db.execute("DELETE FROM raw_molecule WHERE id = ?", (number,))
    for file, several in bad.items():
        reject(db, file, several)
        # Rows of activities are counted when what was measured of a molecule is left out.
        db.execute(
            "UPDATE input SET stored = stored - ? WHERE rowid = ? AND kind <> 'activities'", (len(several), file)
        )


_Rows: TypeAlias = list[tuple[Any, ...]]


@contextmanager
def _spread(count: int) -> Iterator[Callable[[Callable[[Any], _Rows], Iterable[Any]], Iterable[_Rows]]]:
    """Yield a ``map`` over processes, one for each core; a plain one when they would take longer to start."""
    if count <= CHUNK_SIZE:
        yield map
        return
    with ProcessPoolExecutor(max_workers=os.cpu_count(), initializer=_follow, initargs=(os.getpid(),)) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _follow(parent: int) -> None:
    """Make a process leave interrupting to the one that started it, and end when that one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _missing(db: sqlite3.Connection) -> list[list[tuple[int, str]]]:
    rows = db.execute("SELECT id, smiles FROM raw_molecule WHERE inchikey = '' LIMIT ?", (CHUNK_SIZE * 40,)).fetchall()
    return [rows[start : start + CHUNK_SIZE] for start in range(0, len(rows), CHUNK_SIZE)]


def _describe_all(rows: Sequence[tuple[int, str]]) -> list[tuple[Any, ...]]:
    """Return (what is wrong, SMILES, InChIKey, formula, weight, number) of each structure."""
    from biomed_agent.core.chemistry.structures import molecule_from_smiles

    results: list[tuple[Any, ...]] = []
    for number, smiles in rows:
        try:
            read = molecule_from_smiles(smiles)
        except InvalidInput as error:
            results.append((error.message, "", "", "", None, number))
            continue
        wrong = "" if read.inchikey and read.weight is not None else f"no InChIKey is defined for {smiles[:60]!r}"
        results.append((wrong, read.smiles, read.inchikey, read.formula, read.weight, number))
    return results


def verify_sample(db: sqlite3.Connection) -> str:
    """Read a sample of the structures that were believed, and say in how many the InChIKey is theirs.

    Raises:
        InvalidInput: In more than :data:`MAX_BAD_SHARE` of them it is not.
    """
    verified = db.execute("SELECT value FROM meta WHERE key = 'verified'").fetchone()
    if verified is not None or not _exists(db, "raw_molecule"):
        return str(verified[0]) if verified else ""
    believed = int(
        db.execute("SELECT count(*) FROM raw_molecule WHERE weight IS NULL AND inchikey <> ''").fetchone()[0]
    )
    if not believed:
        return ""
    rows = db.execute(
        "SELECT id, smiles, inchikey FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM raw_molecule "
        "WHERE weight IS NULL AND inchikey <> '') WHERE (place - 1) % ? = 0",
        (max(1, believed // SAMPLE_SIZE),),
    ).fetchall()
    read = _describe_all([(number, smiles) for number, smiles, _ in rows])
    differ = [
        (number, key, result[2] or result[0])
        for (number, _, key), result in zip(rows, read, strict=True)
        if result[2][:14] != key[:14]
    ]
    if len(differ) > max(1, MAX_BAD_SHARE * len(rows)):
        number, key, got = differ[0]
        path, line = db.execute(
            "SELECT path, line FROM raw_molecule r JOIN input ON input.rowid = r.file WHERE r.id = ?", (number,)
        ).fetchone()
        raise InvalidInput(
            f"{len(differ)} of {len(rows)} structures that were tried do not have the InChIKey stated for them, first "
            f"that of {Path(path).name}:{line}: {key} is stated, {got} was read.",
            "The files may be of different releases, or columns mixed up.",
        )
    exact = sum(result[2] == key for (_, _, key), result in zip(rows, read, strict=True))
    shares = (
        f"{len(rows):,} of {believed:,} structures with a stated InChIKey were read: {exact:,} have that key, "
        f"{len(rows) - exact - len(differ):,} the same skeleton, {len(differ):,} another or none"
    )
    db.execute("INSERT OR REPLACE INTO meta VALUES ('verified', ?)", (shares,))
    return shares


def _exists(db: sqlite3.Connection, table: str) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None
