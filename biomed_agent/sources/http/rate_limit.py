"""How fast a service may be asked: by this thread, this process, and every other process of this machine."""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from biomed_agent.core.deadline import current

logger = logging.getLogger(__name__)

SLACK = 1.025
"""Starts lie this much further apart than the limit asks, because a request does not reach the service the moment it
starts: of 5 a second the sixth starts after 1.025 s, so none may be overtaken by more than 25 ms."""
MAX_LATENESS = 0.010
"""seconds after its time at which a start is missed; part of the slack, the rest is for the way to the service"""
HORIZON_SECONDS = 3600.0
"""seconds; what lies further ahead was written before a restart of the machine, whose clock began anew, or is absurd"""


class Clock(Protocol):
    """What is used of the module ``time``, so that tests need not wait."""

    def time(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds since some moment, the same for all processes of the machine, never going back."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


class SystemClock:
    """The clock of this machine; who sleeps by it wakes when the call that it works for is cancelled."""

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        """Wait; see :meth:`biomed_agent.core.deadline.Deadline.wait`."""
        current().wait(seconds)


def pause(clock: Clock, seconds: float) -> None:
    """Wait so long, or until the call that this works for ends.

    Raises:
        Cancelled: The caller gave up.
        TimedOut: The call's time is up.
    """
    deadline = current()
    deadline.check()
    clock.sleep(deadline.at_most(seconds))
    deadline.check()


class Turn(NamedTuple):
    """When a service may be asked next, in seconds of the monotonic clock."""

    next_start: float = 0.0
    held_until: float = 0.0


Change: TypeAlias = Callable[[Turn], Turn]


class SharedSlots:
    """The turn of every service, in a small SQLite file that all processes of this machine share.

    A change is one transaction, so a process that dies leaves nothing half done and at most one start unused. Where
    the file cannot be used, the turns are kept in memory, for this process alone, and a warning in the log says so.

    Args:
        folder: Where ``pace.sqlite`` lies; made if it is missing. None for memory.
    """

    def __init__(self, folder: Path | str | None) -> None:
        self.path = None if folder is None else Path(folder).expanduser() / "pace.sqlite"
        self._turns: dict[str, Turn] = {}
        self._lock = threading.Lock()

    @property
    def shared(self) -> bool:
        """Whether other processes take part."""
        return self.path is not None

    def change(self, service: str, work: Change) -> Turn:
        """Replace a service's turn by what ``work`` makes of it, and return that."""
        with self._lock:
            if self.path is not None:
                try:
                    self._turns[service] = self._change_file(self.path, service, work)
                    return self._turns[service]
                except (sqlite3.Error, OSError) as error:
                    logger.warning("limits hold for this process only, since %s cannot be used: %s", self.path, error)
                    self.path = None
            self._turns[service] = work(self._turns.get(service, Turn()))
            return self._turns[service]

    @staticmethod
    def _change_file(path: Path, service: str, work: Change) -> Turn:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as db:
            # Nothing here outlives a minute, so nothing is waited for until it is on the disk.
            db.execute("PRAGMA synchronous = OFF")
            db.execute("BEGIN IMMEDIATE")
            db.execute("CREATE TABLE IF NOT EXISTS turn (service TEXT PRIMARY KEY, next_start REAL, held_until REAL)")
            row = db.execute("SELECT next_start, held_until FROM turn WHERE service = ?", (service,)).fetchone()
            before = Turn(*map(float, row)) if row else Turn()
            after = work(before)
            if after != before:
                db.execute("INSERT OR REPLACE INTO turn VALUES (?, ?, ?)", (service, *after))
            db.execute("COMMIT")
        return after


class TooLate(Exception):
    """No start comes in time; one may in ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"in {seconds:.1f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class RateLimiter:
    """Starts of requests to one service, at least ``interval`` seconds apart.

    Holds between the threads of a process and between all processes that share the ledger. To start, reserve a time,
    sleep until then, and claim it once everything is ready: who comes late, or if the service asked for a pause
    meanwhile, needs a new time. :meth:`approach` reserves and sleeps.
    """

    service: str
    """name of the limit in the ledger"""
    interval: float
    clock: Clock
    slots: SharedSlots

    def approach(self, deadline: float) -> float:
        """Wait for a start and return it; it holds when it can be claimed.

        Raises:
            TooLate: None comes before ``deadline``.
            Cancelled: The call that this works for was cancelled meanwhile; the start stays unused.
            TimedOut: The call's time is up.
        """
        start, taken = self.reserve(deadline)
        ahead = max(0.0, start - self.clock.monotonic())
        if not taken:
            raise TooLate(max(ahead, self.interval))
        if ahead:
            pause(self.clock, ahead)
        return start

    def reserve(self, deadline: float) -> tuple[float, bool]:
        """Return the next start, and whether it was taken: it is not if ``deadline`` comes first."""
        now = start = self.clock.monotonic()

        def take(turn: Turn) -> Turn:
            nonlocal start
            turn = _sane(turn, now)
            start = max(now, *turn)
            return turn if start >= deadline else Turn(start + self.interval, turn.held_until)

        self.slots.change(self.service, take)
        return start, start < deadline

    def claim(self, start: float) -> bool:
        """Whether a reserved start, which is now, still holds."""
        now = self.clock.monotonic()
        turn = self.slots.change(self.service, lambda turn: turn)
        return now - start <= MAX_LATENESS and _sane(turn, now).held_until <= now

    def hold(self, seconds: float) -> None:
        """Let nothing start for ``seconds``, at most an hour."""
        if seconds > 0:
            now = self.clock.monotonic()
            until = now + min(seconds, HORIZON_SECONDS)

            def held(turn: Turn) -> Turn:
                turn = _sane(turn, now)
                return Turn(turn.next_start, max(turn.held_until, until))

            self.slots.change(self.service, held)


def _sane(turn: Turn, now: float) -> Turn:
    return Turn(*(0.0 if moment > now + HORIZON_SECONDS else moment for moment in turn))


def asked_pause(header: str) -> float:
    """Seconds to pause after PubChem's ``X-Throttling-Control``, by the worst of its colours.

    Yellow is 50 to 75 percent of what is allowed, red more, black a block (PubChem, dynamic request throttling).
    """
    colours = set(re.findall(r"status:\s*(\w+)", header.lower()))
    return max(
        (pause for colour, pause in (("yellow", 1.0), ("red", 5.0), ("black", 60.0)) if colour in colours), default=0.0
    )


def retry_after(header: str, now: float) -> float | None:
    """Seconds until the moment a ``Retry-After`` header names, as a number or a date; None without one.

    Args:
        header: The header's value.
        now: Seconds since 1970.
    """
    if not header.strip():
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None
