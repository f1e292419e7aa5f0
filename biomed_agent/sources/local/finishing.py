"""From what was read of dumps to an index, in steps that are each done once however often a build is interrupted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local import compounds, schema
from biomed_agent.sources.local.activity_dumps.storing import NO_MOLECULE, NO_PROTEIN, settle
from biomed_agent.sources.local.progress import Report, Tell, progress_of
from biomed_agent.sources.local.structures import complete_structures, verify_sample


def finish(db: sqlite3.Connection, report: Report, digest: str, tell: Tell) -> None:
    """Turn what was read into an index; each step is done once, however often the build is interrupted.

    Args:
        db: The index under construction, all files of which were read.
        report: Gets what was built.
        digest: Of what it is built from.
        tell: Is told how far it is.

    Raises:
        InvalidInput: Nothing that was read can be used, or structures do not belong to their InChIKeys.
    """
    complete_structures(db, lambda done, of, began: tell(progress_of("InChIKeys", done / of, 0.0, done, done, began)))
    _check_stored(db)
    report.verified = verify_sample(db)
    _step(db, "activities", tell, lambda: settle(db))
    _check_stored(db)
    for name, sql in _STEPS:
        _step(db, name, tell, partial(_execute, db, sql))
    _step(db, "terms", tell, lambda: schema.add_terms(db))
    _fill_words(db, tell)
    _step(db, "indexes", tell, partial(_execute, db, schema.INDEXES.split(";")))
    _note(db, report, digest)
    tell(progress_of("analysing and packing", 0.0, 0.0, 0, 0, time.monotonic()))
    db.executescript("PRAGMA analysis_limit = 1000; ANALYZE;")
    free, pages = (int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("freelist_count", "page_count"))
    if free > pages // 5:
        db.execute("VACUUM")
    # Last, so that a build that is killed before goes on; from here on the file is an index.
    db.executescript(
        "BEGIN; DELETE FROM meta WHERE key = 'plan'; DROP TABLE input; DROP TABLE skip; DROP TABLE step; COMMIT;"
    )
    db.execute("PRAGMA journal_mode = DELETE")


def _note(db: sqlite3.Connection, report: Report, digest: str) -> None:
    """Write what the index holds, and what was left out, into the report and the index."""
    report.bad = int(db.execute("SELECT coalesce(sum(bad), 0) FROM input").fetchone()[0])
    rejected = db.execute("SELECT file, line, reason FROM rejected ORDER BY file, line LIMIT 1000").fetchall()
    report.rejected = [(str(file), int(line), str(reason)) for file, line, reason in rejected]
    skipped = db.execute(
        "SELECT i.path, s.reason, s.records FROM skip s JOIN input i ON i.rowid = s.file "
        "ORDER BY i.rowid, s.records DESC, s.reason"
    ).fetchall()
    report.skipped = [(Path(path).name, str(reason), int(count)) for path, reason, count in skipped]
    built_from = [f"{Path(path).name} ({stored:,} of {records:,})" for path, stored, records in
                  db.execute("SELECT path, stored, records FROM input ORDER BY rowid")]  # fmt: skip
    schema.note(
        db,
        built_from="; ".join(built_from) or "the starter set",
        digest=digest,
        rejected=str(report.bad),
        skipped="; ".join(f"{count:,} of {name}: {reason}" for name, reason, count in report.skipped),
        verified=report.verified,
        built=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    for table in ("molecule", "protein", "name", "fact", "article", "activity"):
        report.counts[table] = int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _check_stored(db: sqlite3.Connection) -> None:
    """Refuse dumps of which nothing can be used."""
    files, records, stored = db.execute(
        "SELECT count(*), sum(records), sum(stored) FROM input WHERE kind <> 'targets'"
    ).fetchone()
    if files and not records:
        raise InvalidInput("the files that were given hold no records.", "Check that each is what its name says.")
    if files and not stored:
        first = db.execute("SELECT file || ':' || line || ': ' || reason FROM rejected").fetchone()
        reasons = db.execute(
            "SELECT s.reason, sum(s.records) FROM skip s JOIN input i ON i.rowid = s.file AND i.kind <> 'targets' "
            "GROUP BY 1 ORDER BY 2 DESC LIMIT 3"
        ).fetchall()
        said = [f"{count:,} x {reason}" for reason, count in reasons] + [str(text) for text in first or ()]
        hint = "Check that each file is what its name says."
        if {reason for reason, _ in reasons} & {NO_MOLECULE, NO_PROTEIN}:
            hint = "Give the molecules and proteins too, by --molecules and --proteins or --starter."
        raise InvalidInput(f"no record can be used; {'; '.join(said)}.", hint)


def _execute(db: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        db.execute(statement)


def _step(db: sqlite3.Connection, name: str, tell: Tell, work: Callable[[], None]) -> None:
    """Do a step and note it, in one transaction; not when it was done before."""
    if _begin_step(db, name, tell):
        work()
        db.execute("INSERT INTO step VALUES (?)", (name,))
        db.execute("COMMIT")


def _begin_step(db: sqlite3.Connection, name: str, tell: Tell) -> bool:
    if db.execute("SELECT 1 FROM step WHERE name = ?", (name,)).fetchone():
        return False
    tell(progress_of(name, 0.0, 0.0, 0, 0, time.monotonic()))
    db.execute("BEGIN")
    return True


_PARENT = (
    "coalesce((SELECT p.inchikey FROM raw_molecule p WHERE p.id = x.parent), "
    f"(SELECT p.inchikey FROM molecule p WHERE p.id = x.parent + {schema.FIRST_DUMP_ID}))"
)
"""InChIKey of what a molecule is a salt of"""

# Rows of dumps are numbered after those of the starter set. What holds no structure or key is left out.
_STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "identifiers",
        (
            f"INSERT OR IGNORE INTO molecule_id SELECT namespace, value, molecule + {schema.FIRST_DUMP_ID} FROM raw_id "
            "WHERE molecule < 0 OR EXISTS (SELECT 1 FROM raw_molecule r WHERE r.id = raw_id.molecule) ORDER BY 1, 2, 3",
            "INSERT OR IGNORE INTO molecule_id "
            f"SELECT 'cid', CAST(id AS TEXT), id + {schema.FIRST_DUMP_ID} FROM raw_molecule "
            f"WHERE id < {compounds.FIRST_OWN_ID} ORDER BY 2",
            "DROP TABLE raw_id",
        ),
    ),
    (
        "molecules",
        (
            f"INSERT INTO molecule SELECT r.id + {schema.FIRST_DUMP_ID}, r.inchikey, r.name, r.smiles, r.formula, "
            f"r.weight, CASE WHEN r.id < {compounds.FIRST_OWN_ID} THEN 'cid=' || r.id ELSE '' END, "
            f"nullif({_PARENT}, r.inchikey), CASE WHEN x.id IS NULL THEN NULL ELSE '' END, NULL, "
            "CASE WHEN r.source = 'PubChem' THEN 'PubChem CID ' || r.id ELSE r.source END FROM raw_molecule r "
            "LEFT JOIN raw_parent x ON x.id = r.id WHERE r.inchikey <> '' ORDER BY r.id",
            "DROP TABLE raw_molecule",
            "DROP TABLE raw_parent",
            "DROP TABLE raw_key",
            "DROP TABLE raw_seen",
            "DROP TABLE raw_target",
        ),
    ),
    (
        "names",
        (
            "INSERT OR IGNORE INTO name SELECT key, kind, "
            f"CASE kind WHEN 'm' THEN entity + {schema.FIRST_DUMP_ID} ELSE entity END, "
            "rank, shown, reason FROM raw_name ORDER BY 1, 2, 3, 4",
            "DROP TABLE raw_name",
        ),
    ),
)


def _fill_words(db: sqlite3.Connection, tell: Tell) -> None:
    """Fill the table of words batch by batch; the last step merges it into one piece, which is searched quickest."""
    total = int(db.execute("SELECT count(*) FROM article").fetchone()[0])
    row = db.execute("SELECT name FROM step WHERE name LIKE 'words %'").fetchone()
    last = int(row[0].split(" ")[1]) if row else -1
    began, fresh = time.monotonic(), 0
    if last < 0 and total:
        for setting, value in (("hashsize", 64 << 20), ("automerge", 0)):
            db.execute("INSERT INTO article_text (article_text, rank) VALUES (?, ?)", (setting, value))
        db.execute("INSERT INTO article_text (article_text, rank) VALUES ('rank', 'bm25(4.0, 1.0)')")
    before = int(db.execute("SELECT count(*) FROM article WHERE id <= ?", (last,)).fetchone()[0])
    while numbers := db.execute("SELECT id FROM article WHERE id > ? ORDER BY id LIMIT 20000", (last,)).fetchall():
        db.execute("BEGIN")
        db.execute(
            "INSERT INTO article_text (rowid, title, abstract) SELECT id, title, abstract FROM article "
            "WHERE id > ? AND id <= ?",
            (last, numbers[-1][0]),
        )
        last, fresh = numbers[-1][0], fresh + len(numbers)
        db.execute("DELETE FROM step WHERE name LIKE 'words %'")
        db.execute("INSERT INTO step VALUES (?)", (f"words {last}",))
        db.execute("COMMIT")
        done = before + fresh
        tell(progress_of("words", done / total, before / total, done, fresh, began))
    if total:
        optimize = "INSERT INTO article_text (article_text) VALUES ('optimize')"
        _step(db, "merging", tell, partial(_execute, db, [optimize]))
