"""A call ends in time, or when nobody wants it any more."""

from __future__ import annotations

import contextvars
import math
import threading
import time
from typing import Any

import pytest

from biomed_agent.core.deadline import NEVER, ChildDeadline, Deadline, current, running
from biomed_agent.core.errors import Cancelled, InvalidInput, TimedOut


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_deadline_without_a_limit_never_ends() -> None:
    deadline = Deadline()
    deadline.check()
    assert (deadline.remaining, deadline.over, deadline.at_most(7)) == (None, False, 7)


def test_what_remains_shrinks_to_nothing() -> None:
    clock = Clock()
    deadline = Deadline(2, clock)
    clock.now += 0.5
    assert (deadline.remaining, deadline.at_most(7), deadline.at_most(1)) == (1.5, 1.5, 1)
    deadline.check()
    clock.now += 9
    assert (deadline.remaining, deadline.over) == (0, True)
    with pytest.raises(TimedOut, match="longer than its timeout of 2 s"):
        deadline.check()


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "5"])
def test_a_timeout_is_a_number_above_zero(seconds: float) -> None:
    with pytest.raises(InvalidInput, match="timeout"):
        Deadline(seconds)


def test_cancelling_wakes_a_sleeper_and_calls_back_once() -> None:
    deadline, calls = Deadline(), []
    threading.Timer(0.05, deadline.cancel).start()
    started = time.monotonic()
    with deadline.on_cancel(lambda: calls.append("dropped")), pytest.raises(Cancelled):
        deadline.wait(30)
    deadline.cancel()
    assert calls == ["dropped"] and time.monotonic() - started < 10


def test_a_callback_counts_only_within_its_block_and_comes_late_at_once() -> None:
    deadline, calls = Deadline(), []
    with deadline.on_cancel(lambda: calls.append("left")):
        pass
    deadline.cancel()
    with deadline.on_cancel(lambda: calls.append("late")):
        assert calls == ["late"]


def test_the_current_deadline_is_that_of_the_block_and_reaches_copied_contexts() -> None:
    seen = []
    with running(Deadline(5)) as deadline:
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: seen.append(context.run(current)))
        thread.start()
        thread.join()
        assert current() is deadline
    assert current() is NEVER and seen == [deadline]


@pytest.mark.parametrize("seconds", [True, False, math.nan, -1, 10**400, "1"])
def test_what_is_no_time_limit_is_refused(seconds: Any) -> None:
    with pytest.raises(InvalidInput, match="the timeout is"):
        Deadline(seconds)


def test_a_part_of_a_call_ends_with_the_first_of_both_limits() -> None:
    short, long = ChildDeadline(Deadline(100), 1), ChildDeadline(Deadline(1), 100)
    for child in (short, long):
        assert child.remaining is not None and child.remaining <= 1
        assert child.seconds == 1
    parent = Deadline()
    child = ChildDeadline(parent)
    assert child.remaining is None
    parent.cancel()
    assert child.cancelled
