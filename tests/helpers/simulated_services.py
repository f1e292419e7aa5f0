"""PubChem, UniProt, PubMed and Europe PMC simulated: latency, limits that are enforced, and all that goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from biomed_agent.sources.http.rate_limit import Clock
from tests.helpers.server import Asked, Said

BUSY = Said.json({"Fault": {"Code": "PUGREST.ServerBusy", "Message": "Too many requests"}}, status=503)
TROUBLES = {
    "503": BUSY,
    "503 with a pause": Said(BUSY.body, 503, {"Retry-After": "2"}),
    "429 with a pause": Said(b"", 429, {"Retry-After": "1"}),
    "an HTML error": Said(b"<html><h1>503 Service Unavailable</h1></html>", 503, {"content-type": "text/html"}),
    "an HTML page with 200": Said(b"<!DOCTYPE html><html>Please log in</html>", 200, {"content-type": "text/html"}),
    "a truncated body": Said(b'{"PropertyTable": {"Properties": [{"CID": 1}]}}', cut=12),
    "a fault with 200": Said.json({"Fault": {"Code": "PUGREST.Timeout", "Message": "The request timed out"}}),
    "a fault with 400": Said.json({"Fault": {"Code": "PUGREST.ServerBusy"}}, status=400),
}
"""What a busy service answers instead of an answer; another try mends each of them."""


def worst_window(moments: Sequence[float], window: float) -> int:
    """The most moments that lie in any window of that many seconds (its end not included)."""
    moments = sorted(moments)
    worst = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= window:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


class Simulated:
    """Plays the services, each below a path of its name (``/pubchem/...``).

    Args:
        clock: The module :mod:`time` or a stand-in.
        latency: Seconds until an answer.
        limits: Requests in one second by service; what exceeds it is counted in ``violations`` and answered with 503.
        troubles: What to answer instead, by the number of the request (from 0).
        answer: What to answer otherwise; gets the request without the service's part of its path.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        latency: float = 0.3,
        limits: Mapping[str, int] = {},
        troubles: Mapping[int, Said] = {},
        answer: Callable[[Asked], Said] = lambda asked: Said.json({}),
    ) -> None:
        self.clock, self.latency, self.limits, self.troubles, self.answer = clock, latency, limits, troubles, answer
        self.arrivals: dict[str, list[float]] = {}
        self.violations: dict[str, int] = {}
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Said:
        now = self.clock.monotonic()
        service, _, path = asked.path.lstrip("/").partition("/")
        with self._lock:
            number = sum(len(arrival) for arrival in self.arrivals.values())
            arrived = self.arrivals.setdefault(service, [])
            arrived.append(now)
            recent = sum(now - moment < 1.0 for moment in arrived[-1000:])
            over = recent > self.limits.get(service, 10**9)
            self.violations[service] = self.violations.get(service, 0) + over
        self.clock.sleep(self.latency)
        if over:
            return BUSY
        plain = Asked(asked.method, path, asked.query, asked.form, asked.headers)
        return self.troubles.get(number) or self.answer(plain)


class VirtualClock:
    """Time for several threads that passes only when each of them sleeps.

    A thread that waits for the simulated service sleeps by its proxy: the server's thread, which sleeps through the
    latency. The threads that count are the workers (their names begin with ``look-up``); without any, the one that
    sleeps.
    """

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self._asleep: list[float] = []
        self._changed = threading.Condition()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        with self._changed:
            wake = self.now + seconds
            self._asleep.append(wake)
            while self.now < wake:
                if not self._pass():
                    self._changed.wait(0.01)  # a worker may have ended, of which nobody tells
            self._asleep.remove(wake)

    def _pass(self) -> bool:
        asleep = [wake for wake in self._asleep if wake > self.now]
        workers = sum(thread.name.startswith("look-up") for thread in threading.enumerate())
        if len(asleep) < max(1, workers):
            return False
        self.now = min(asleep)
        self._changed.notify_all()
        return True


def services(url: str) -> dict[str, Any]:
    """Where a transport finds the simulated services."""
    return {name: f"{url}/{name}" for name in ("pubchem", "uniprot", "pubmed", "europepmc")}
