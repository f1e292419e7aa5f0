"""No window holds more starts than a limit allows, whoever asks, whenever, and however late sleepers wake."""

from __future__ import annotations

import heapq
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomed_agent.sources.http.rate_limit import (
    HORIZON_SECONDS,
    MAX_LATENESS,
    SLACK,
    RateLimiter,
    SharedSlots,
    TooLate,
    asked_pause,
    retry_after,
)
from biomed_agent.sources.http.services import SERVICES
from tests.helpers.server import FakeClock, LocalServer
from tests.helpers.simulated_services import Simulated, worst_window

RATES = {"pubchem": ((5, 1.0), (400, 60.0)), "pubmed": ((3, 1.0),), "uniprot": ((5, 1.0),)}


@dataclass
class Crowd:
    """Clients of one service, played on a clock of their own in the order of time.

    Each wants to start at its arrival, reserves, sleeps, wakes late by what ``lateness`` says, and claims.
    """

    pace: RateLimiter
    clock: FakeClock
    lateness: list[float]
    starts: list[float] = field(default_factory=list)

    def run(self, arrivals: list[float], holds: Sequence[tuple[float, float]] = ()) -> None:
        began = self.clock.now
        events: list[tuple[float, int, float]] = [(began + at, 0, -1.0) for at in arrivals]
        events += [(began + at, -1, seconds) for at, seconds in holds]
        heapq.heapify(events)
        woken = 0
        while events:
            self.clock.now, kind, start = heapq.heappop(events)
            if kind == -1:
                self.pace.hold(start)
            elif kind == 1 and self.pace.claim(start):
                self.starts.append(self.clock.now)
            else:
                slot, taken = self.pace.reserve(float("inf"))
                assert taken
                late = self.lateness[woken % len(self.lateness)] if woken < 200 else 0.0
                woken += 1
                heapq.heappush(events, (slot + late, 1, slot))


@settings(max_examples=60, deadline=None)
@given(
    service=st.sampled_from(sorted(RATES)),
    arrivals=st.lists(st.floats(0, 5), max_size=60),
    lateness=st.lists(st.sampled_from([0.0, 0.001, MAX_LATENESS, 0.011, 0.05, 0.3, 1.5]), min_size=1, max_size=20),
    holds=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 8)), max_size=4),
)
def test_no_window_is_over_the_limit(
    service: str, arrivals: list[float], lateness: list[float], holds: list[tuple[float, float]]
) -> None:
    clock = FakeClock()
    clock.now = 1000.0
    crowd = Crowd(RateLimiter(service, SERVICES[service].interval, clock, SharedSlots(None)), clock, lateness)
    crowd.run(arrivals, holds)
    assert len(crowd.starts) == len(arrivals), "everybody starts in the end"
    for limit, window in RATES[service]:
        assert worst_window(crowd.starts, window) <= limit
    for at, seconds in holds:
        assert not [start for start in crowd.starts if 1000 + at < start < 1000 + at + seconds - 1e-6]


def test_a_long_rush_keeps_to_the_minute_too_and_wastes_little() -> None:
    clock = FakeClock()
    clock.now = 0.0
    crowd = Crowd(
        RateLimiter("pubchem", SERVICES["pubchem"].interval, clock, SharedSlots(None)), clock, [0.0, 0.002, 0.009]
    )
    crowd.run([0.0] * 1000)
    assert worst_window(crowd.starts, 1.0) <= 5
    assert worst_window(crowd.starts, 60.0) <= 400
    assert crowd.starts[-1] <= 206


def test_the_service_that_allows_less_in_a_minute_is_asked_so() -> None:
    assert SERVICES["pubchem"].interval == pytest.approx(0.2 * SLACK)
    assert replace(SERVICES["pubchem"], per_minute=60).interval == pytest.approx(1.0 * SLACK)


# -- the ledger


def test_processes_share_turns_and_a_reserved_start_falls_to_a_pause(tmp_path: Path) -> None:
    clock = FakeClock()
    mine, other = (RateLimiter("pubchem", 0.2, clock, SharedSlots(tmp_path)) for _ in range(2))
    now = clock.now
    starts = [mine.reserve(now + 9)[0], other.reserve(now + 9)[0], mine.reserve(now + 9)[0]]
    assert starts == [pytest.approx(now + 0.2 * number) for number in range(3)]
    beyond, taken = other.reserve(now + 0.5)
    assert beyond == pytest.approx(now + 0.6)
    assert not taken, "nothing is taken beyond the deadline"
    mine.hold(5)
    clock.now = starts[1]
    assert not other.claim(starts[1])
    assert other.reserve(now + 9)[0] == pytest.approx(now + 5)
    assert RateLimiter("uniprot", 0.2, clock, SharedSlots(tmp_path)).reserve(now + 9)[0] == clock.now


def test_waiting_says_how_long_it_would_take(tmp_path: Path) -> None:
    clock = FakeClock()
    pace = RateLimiter("pubchem", 0.2, clock, SharedSlots(tmp_path))
    assert pace.claim(pace.approach(clock.now + 1))
    assert pace.claim(pace.approach(clock.now + 1))
    assert clock.slept == [pytest.approx(0.2)]
    pace.hold(60)
    with pytest.raises(TooLate) as late:
        pace.approach(clock.now + 30)
    assert late.value.seconds == pytest.approx(60)
    assert len(clock.slept) == 1


def test_moments_of_before_a_restart_are_forgotten(tmp_path: Path) -> None:
    clock = FakeClock()
    RateLimiter("pubchem", 0.2, clock, SharedSlots(tmp_path)).hold(1e9)
    clock.now -= 2 * HORIZON_SECONDS  # the machine's clock began anew
    pace = RateLimiter("pubchem", 0.2, clock, SharedSlots(tmp_path))
    assert pace.reserve(clock.now + 9) == (clock.now, True)


@pytest.mark.parametrize("damage", ["folder", "garbage"])
def test_a_file_that_cannot_be_used_costs_a_warning_and_no_limit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    if damage == "folder":
        (tmp_path / "pace.sqlite").mkdir()
    else:
        (tmp_path / "pace.sqlite").write_bytes(b"this is no database" * 100)
    slots = SharedSlots(tmp_path)
    clock = FakeClock()
    pace = RateLimiter("pubchem", 0.2, clock, slots)
    assert [pace.reserve(clock.now + 9)[0] - clock.now for _ in range(3)] == [
        pytest.approx(0.2 * number) for number in range(3)
    ]
    assert not slots.shared
    assert len([record for record in caplog.records if "limits hold for this process only" in record.message]) == 1


def test_a_process_killed_in_the_middle_of_a_change_leaves_the_turn_as_it_was(tmp_path: Path) -> None:
    clock = FakeClock()
    pace = RateLimiter("pubchem", 0.2, clock, SharedSlots(tmp_path))
    pace.reserve(clock.now + 9)
    killed = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('UPDATE turn SET next_start = 9e9')\n"
        "os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path / "pace.sqlite")], check=False)
    assert pace.reserve(clock.now + 9)[0] - clock.now == pytest.approx(0.2)
    assert pace.slots.shared


ASKER = """
import sys, time
from dataclasses import replace
from biomed_agent.sources.http.rate_limit import RateLimiter
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.http.transport import Transport

class Noted:
    time, sleep = staticmethod(time.time), staticmethod(time.sleep)
    def monotonic(self):
        self.last = time.monotonic()
        return self.last

def noted(pace, start):
    held = claim(pace, start)
    starts.extend([clock.last] if held else [])  # the moment at which it was held to be in time
    return held

clock, starts, claim, RateLimiter.claim = Noted(), [], RateLimiter.claim, noted
url, folder, rate, who = sys.argv[1:]
service = replace(SERVICES["pubchem"], url=url, per_second=float(rate), per_minute=float("inf"))
with Transport(folder, clock=clock, services={"pubchem": service}) as transport:
    print("ready", flush=True)
    number, until = 0, float(input())
    while time.monotonic() < until:
        reply = transport.get("pubchem", f"any/{who}/{number}", discloses="identifier", log_line="any", ttl=0)
        assert reply.status == 200, reply
        number += 1
print(number, *starts)
"""
ON_THE_WAY = 0.010
"""seconds a request may be on its way so that the service sees no more than started (SLACK leaves 15 ms for it)"""


def test_four_processes_keep_one_limit_in_real_time(tmp_path: Path) -> None:
    """They ask as fast as they may; the service counts and refuses what exceeds its limit.

    What started is counted exactly. What arrived can only be held against the clients while this machine carries
    requests in time: it may be too busy for that.
    """
    rate, seconds = 50, 5.0
    service = Simulated(time, latency=0.02, limits={"pubchem": rate})
    with LocalServer(service) as server:
        arguments = [sys.executable, "-c", ASKER, f"{server.url}/pubchem", str(tmp_path), str(rate)]
        environment = os.environ | {"no_proxy": "*"}
        askers = [
            subprocess.Popen(
                [*arguments, str(who)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
            )
            for who in range(4)
        ]
        assert [asker.stdout and asker.stdout.readline() for asker in askers] == ["ready\n"] * 4
        until = time.monotonic() + seconds
        for asker in askers:
            print(until, file=asker.stdin, flush=True)
        reports = [asker.communicate(timeout=30)[0].split() for asker in askers]
    done = [int(report[0]) for report in reports]
    started = sorted(float(start) for report in reports for start in report[1:])
    arrived = sorted(service.arrivals["pubchem"])
    assert len(started) == len(arrived) == sum(done) + service.violations["pubchem"], "nothing was lost or asked twice"
    assert worst_window(started, 1.0) <= rate
    if max(arrival - start for start, arrival in zip(started, arrived, strict=True)) <= ON_THE_WAY:
        assert service.violations["pubchem"] == 0
        assert worst_window(arrived, 1.0) <= rate
    assert min(done) > 0
    assert len(started) >= rate * seconds / 4, "and what is allowed is used"


# -- headers


def test_headers() -> None:
    assert asked_pause("Request Count status: Green (0%), Service status: Red (80%)") == 5.0
    assert asked_pause("") == 0.0
    assert retry_after("7", 0.0) == 7.0
    assert retry_after("Thu, 01 Jan 1970 00:00:09 GMT", 2.0) == 7.0
    assert retry_after("Thu, 01 Jan 1970 00:00:01 GMT", 2.0) == 0.0
    assert retry_after("soon", 0.0) is None
    assert retry_after(" ", 0.0) is None
    assert json.dumps(retry_after("120", 0.0)) == "120.0"
