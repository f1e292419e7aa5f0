"""A service that is down is left alone for a while."""

from __future__ import annotations

import threading

from biomed_agent.sources.http.rate_limit import Clock

MAX_FAILURES = 5
"""failures in a row (no connection, or a status from 500) after which a service counts as down; more than one call's
tries, so that no single request can bring it about"""
REST_SECONDS = 30.0
"""seconds until it is tried again"""


class CircuitBreaker:
    """Counts the failures of one service and says whether it may be asked.

    After :data:`MAX_FAILURES` in a row it may not for :data:`REST_SECONDS` seconds; then it is tried: an answer
    closes the matter, the first failure means another rest. What the caller did wrong (a status of 4xx) is an answer.
    Safe to share between threads; kept within a process, since another one may have a working way to the service.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opens = 0.0
        self.last = ""
        """the latest failure in words"""

    def refusal(self) -> float:
        """Return 0 if the service may be asked now, or the seconds until it may."""
        with self._lock:
            down = self._failures >= MAX_FAILURES
            return max(0.0, self._opens - self._clock.monotonic()) if down else 0.0

    def answered(self) -> None:
        """Note that the service answered."""
        with self._lock:
            self._failures = 0

    def failed(self, reason: str) -> None:
        """Note a failure."""
        with self._lock:
            self._failures += 1
            self.last = reason
            if self._failures >= MAX_FAILURES:
                self._opens = self._clock.monotonic() + REST_SECONDS
