"""How fast a service may be asked."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """What is used of the module :mod:`time`, so that tests need not wait."""

    def time(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds since some moment, never going back."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


@dataclass(slots=True)
class Pace:
    """Starts of requests to one service, at least ``interval`` seconds apart.

    Holds between threads, not between processes.
    """

    interval: float
    clock: Clock
    next_start: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(self, deadline: float) -> float | None:
        """Take the next start and return the seconds until it; None, taking nothing, if ``deadline`` comes first."""
        with self.lock:
            now = self.clock.monotonic()
            start = max(now, self.next_start)
            if start >= deadline:
                return None
            self.next_start = start + self.interval
            return start - now

    def hold(self, seconds: float) -> None:
        """Let nothing start for ``seconds``."""
        with self.lock:
            self.next_start = max(self.next_start, self.clock.monotonic() + seconds)


def asked_pause(header: str) -> float:
    """Seconds to pause after PubChem's ``X-Throttling-Control``, by the worst of its colours.

    Yellow is 50 to 75 percent of what is allowed, red more, black a block (PubChem, dynamic request throttling).
    """
    colours = set(re.findall(r"status:\s*(\w+)", header.lower()))
    return max(
        (pause for colour, pause in (("yellow", 1.0), ("red", 5.0), ("black", 60.0)) if colour in colours), default=0.0
    )
