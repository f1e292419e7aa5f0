"""Replies of databases on disk."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from .pace import Clock

logger = logging.getLogger(__name__)
_T = TypeVar("_T")


class ReplyCache:
    """Replies on disk, in one SQLite file that may be deleted at any time.

    Kept here rather than in an HTTP cache library because look-ups are POSTs, because a fault sent with status 200
    must not be kept, and because keys must not hold secrets. A file that cannot be used costs a warning in the log
    and nothing else.

    Args:
        folder: Where ``replies.sqlite`` lies; made if it is missing. None for no cache.
    """

    def __init__(self, folder: Path | str | None, clock: Clock) -> None:
        self.path = None if folder is None else Path(folder).expanduser() / "replies.sqlite"
        self._clock = clock
        self._ready = False

    def find(self, key: str) -> tuple[bytes, dict[str, Any]] | None:
        """Return body and note kept under ``key``, or None if they are missing, stale or damaged."""

        def read(db: sqlite3.Connection) -> tuple[bytes, dict[str, Any]] | None:
            row = db.execute(
                "SELECT body, note FROM reply WHERE key = ? AND expires > ?", (key, self._clock.time())
            ).fetchone()
            if row is None:
                return None
            body, note = bytes(row[0]), json.loads(row[1])
            return (body, note) if hashlib.sha256(body).hexdigest() == note["digest"] else None

        return self._use(read)

    def keep(self, key: str, body: bytes, note: Mapping[str, Any], ttl: float) -> None:
        """Keep ``body`` for ``ttl`` seconds; drop what is stale."""

        def write(db: sqlite3.Connection) -> None:
            now = self._clock.time()
            db.execute("DELETE FROM reply WHERE expires <= ?", (now,))
            db.execute("INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?)", (key, now + ttl, json.dumps(note), body))

        self._use(write)

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        if self.path is None:
            return None
        try:
            if not self._ready:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=5)) as db, db:
                if not self._ready:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute(
                        "CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, expires REAL, note TEXT, body BLOB)"
                    )
                    db.execute("CREATE INDEX IF NOT EXISTS reply_expires ON reply (expires)")
                    self._ready = True
                return work(db)
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("cache %s is not used: %s", self.path, error)
            self._ready = False
            return None
