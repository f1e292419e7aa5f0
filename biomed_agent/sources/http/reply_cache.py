"""Replies of databases: those on disk, and those under way."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import Cancelled, TimedOut
from biomed_agent.sources.http.rate_limit import Clock, pause

logger = logging.getLogger(__name__)
_T = TypeVar("_T")
CachedReply: TypeAlias = tuple[bytes, Mapping[str, Any]]
"""the body of a reply, and what is noted of it: JSON that holds the body's ``digest``"""


LEASE_SECONDS = 5.0
"""seconds a process has for a fetch before others no longer wait for it, since it may have died"""


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

    def find(self, key: str) -> CachedReply | None:
        """Return body and note kept under ``key``, or None if they are missing, stale or damaged."""
        return self.find_all([key]).get(key)

    def find_all(self, keys: Sequence[str]) -> dict[str, CachedReply]:
        """Return what is kept, neither stale nor damaged, by key."""

        def read(db: sqlite3.Connection) -> dict[str, CachedReply]:
            replies = {}
            for key in keys:
                row = db.execute(
                    "SELECT body, note FROM reply WHERE key = ? AND expires > ?", (key, self._clock.time())
                ).fetchone()
                if row is not None:
                    body, note = bytes(row[0]), json.loads(row[1])
                    if hashlib.sha256(body).hexdigest() == note["digest"]:
                        replies[key] = body, note
            return replies

        return self._use(read) or {}

    @contextmanager
    def fetching(self, key: str) -> Iterator[CachedReply | None]:
        """Yield what is kept under ``key``, or None if it is to be fetched in the block.

        Processes that look for the same meanwhile wait for it, at most :data:`LEASE_SECONDS` seconds.

        Raises:
            Cancelled: The call that this works for was cancelled while it waited.
            TimedOut: The call's time is up.
        """
        began = self._clock.monotonic()
        claimed = False
        while (reply := self.find(key)) is None and not (claimed := self._claim(key)):
            if self._clock.monotonic() - began > LEASE_SECONDS:
                break
            pause(self._clock, 0.05)
        if claimed:
            reply = self.find(key)  # it may have come just before the claim
        try:
            yield reply
        finally:
            if claimed:
                self._use(lambda db: db.execute("DELETE FROM flight WHERE key = ?", (key,)))

    def _claim(self, key: str) -> bool:
        """Whether nobody else fetches ``key``, as far as is known."""

        def write(db: sqlite3.Connection) -> bool:
            now = self._clock.time()
            db.execute("DELETE FROM flight WHERE NOT expires BETWEEN ? AND ?", (now, now + LEASE_SECONDS))
            return db.execute("INSERT OR IGNORE INTO flight VALUES (?, ?)", (key, now + LEASE_SECONDS)).rowcount == 1

        return self._use(write) is not False

    def store(self, replies: Mapping[str, CachedReply], ttl: float) -> None:
        """Keep bodies and notes by key for ``ttl`` seconds; drop what is stale."""

        def write(db: sqlite3.Connection) -> None:
            now = self._clock.time()
            db.execute("DELETE FROM reply WHERE expires <= ?", (now,))
            rows = [(key, now + ttl, json.dumps(note), body) for key, (body, note) in replies.items()]
            db.executemany("INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?)", rows)

        self._use(write)

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        if self.path is None:
            return None
        try:
            if not self._ready:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=5)) as db, db:
                db.execute("PRAGMA synchronous = NORMAL")
                if not self._ready:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute(
                        "CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, expires REAL, note TEXT, body BLOB)"
                    )
                    db.execute("CREATE INDEX IF NOT EXISTS reply_expires ON reply (expires)")
                    db.execute("CREATE TABLE IF NOT EXISTS flight (key TEXT PRIMARY KEY, expires REAL)")
                    self._ready = True
                return work(db)
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("cache %s is not used: %s", self.path, error)
            self._ready = False
            return None


class SingleFlight(Generic[_T]):
    """One fetch in flight per key: threads that ask for the same thing at the same time share one answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[str, Future[_T]] = {}

    def share(self, key: str, fetch: Callable[[], _T]) -> _T:
        """Return what ``fetch`` returns, or raise what it raises, here or in the thread that came first.

        Each caller waits as long as its own call may. Where the first one's call ends before there is an answer, the
        others ask for themselves.

        Raises:
            Cancelled: The caller's own call was cancelled.
            TimedOut: The time of the caller's own call is up.
        """
        while True:
            with self._lock:
                flying = self._flying.get(key)
                if flying is None:
                    own = self._flying[key] = Future()
            if flying is None:
                return self._fly(key, own, fetch)
            try:
                return _await(flying)
            except (Cancelled, TimedOut):
                current().check()

    def _fly(self, key: str, own: Future[_T], fetch: Callable[[], _T]) -> _T:
        """Fetch for all who wait; the flight is forgotten first, so that who comes back starts one of its own."""
        try:
            answer = fetch()
        except BaseException as error:
            self._forget(key)
            own.set_exception(error)
            raise
        self._forget(key)
        own.set_result(answer)
        return answer

    def _forget(self, key: str) -> None:
        with self._lock:
            del self._flying[key]


def _await(flying: Future[_T]) -> _T:
    """Return what another thread fetches, or raise what it raises; wait no longer than the call of this one may."""
    deadline, landed = current(), threading.Event()
    flying.add_done_callback(lambda _: landed.set())
    with deadline.on_cancel(landed.set):
        while not flying.done():
            deadline.check()
            landed.wait(deadline.remaining)
    return flying.result()
