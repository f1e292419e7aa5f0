"""How long a call may take, and whether whoever made it still wants the answer.

The door that starts a call makes one :class:`Deadline` and runs the call within it (:func:`running`). Whatever waits or
works long on the way (transport, resolver, generator, decoding) asks :func:`current` for it, looks at it between its
steps, and never waits longer than what remains. It reaches threads that copy the caller's context.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from biomed_agent.core.errors import Cancelled, InvalidInput, TimedOut


class Deadline:
    """The end of one call: by a time limit, by cancellation, or neither. Safe to share between threads.

    Args:
        seconds: From now; None means no limit.
        clock: Seconds that only grow.

    Raises:
        InvalidInput: ``seconds`` is no number above 0.
    """

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._clock = None if seconds is None else _seconds(seconds), clock
        self._end = None if self.seconds is None else clock() + self.seconds
        self._cancelled = threading.Event()
        self._callbacks: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    @property
    def remaining(self) -> float | None:
        """Seconds until the limit, not below 0; None where there is none."""
        return None if self._end is None else max(0.0, self._end - self._clock())

    @property
    def cancelled(self) -> bool:
        """Whether the caller no longer wants the answer."""
        return self._cancelled.is_set()

    @property
    def over(self) -> bool:
        """Whether work should stop: cancelled, or the time is up."""
        return self.cancelled or self.remaining == 0

    def cancel(self) -> None:
        """Say that the answer is no longer wanted; wakes whoever waits, and calls what :meth:`on_cancel` was given."""
        with self._lock:
            self._cancelled.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], object]) -> Iterator[None]:
        """Call ``callback`` when this is cancelled within the block, at once if it is already.

        It runs in the thread that cancels and must neither block nor raise: so a request that hangs is dropped.
        """
        with self._lock:
            if not (late := self.cancelled):
                self._callbacks.append(callback)
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

    def check(self) -> None:
        """Return if work may go on.

        Raises:
            Cancelled: The caller gave up.
            TimedOut: The time is up.
        """
        if self.cancelled:
            raise Cancelled("the call was cancelled.")
        if self.remaining == 0:
            raise TimedOut(
                f"the call took longer than its timeout of {self.seconds:g} s.",
                "Ask again: what was fetched is kept. Or allow more time.",
            )

    def at_most(self, seconds: float) -> float:
        """Return ``seconds``, or what remains where that is less: the timeout of one step."""
        remaining = self.remaining
        return seconds if remaining is None else min(seconds, remaining)

    def wait(self, seconds: float) -> None:
        """Sleep so long, or until this ends.

        Raises:
            Cancelled: The caller gave up.
            TimedOut: The time is up.
        """
        self._cancelled.wait(self.at_most(seconds))
        self.check()


class ChildDeadline(Deadline):
    """The deadline of a part of a call: over when the call is, and may be cancelled or timed on its own.

    Args:
        parent: The deadline of the call; what ends it ends this one.
        seconds: From now, for this part alone; None means no other limit than the call's.

    Raises:
        InvalidInput: ``seconds`` is no number above 0.
    """

    def __init__(self, parent: Deadline, seconds: float | None = None) -> None:
        super().__init__(seconds)
        self._parent = parent
        left = parent.remaining
        if left is not None and (self.seconds is None or left < self.seconds):
            self.seconds = parent.seconds

    @property
    def remaining(self) -> float | None:
        """Seconds until the first of both limits."""
        limits = [left for left in (super().remaining, self._parent.remaining) if left is not None]
        return min(limits, default=None)

    @property
    def cancelled(self) -> bool:
        """Whether the call was cancelled, or this part of it."""
        return super().cancelled or self._parent.cancelled


def _seconds(seconds: object) -> float:
    """Return a time limit as a number; True is none."""
    try:
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0:
            return float(seconds)
    except OverflowError:
        raise InvalidInput("the timeout is beyond all numbers of seconds; leave it out for no limit.") from None
    raise InvalidInput(f"the timeout is {seconds!r}; expected a number of seconds above 0.")


NEVER = Deadline()
"""the deadline of calls that have none; nobody cancels it"""
CURRENT: ContextVar[Deadline] = ContextVar("deadline", default=NEVER)
"""what :func:`current` reads and :func:`running` sets"""


def current() -> Deadline:
    """Return the deadline of the call that this code works for."""
    return CURRENT.get()


@contextmanager
def running(deadline: Deadline) -> Iterator[Deadline]:
    """Work for a call within the block; :func:`current` returns its deadline."""
    token = CURRENT.set(deadline)
    try:
        yield deadline
    finally:
        CURRENT.reset(token)
