"""How a verb of the agent is awaited: in a thread of the agent's own, stopped when the awaiting task is."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from biomed_agent.core.deadline import Deadline, running
from biomed_agent.core.errors import BiomedAgentError

if TYPE_CHECKING:
    import asyncio
    from weakref import WeakSet

MAX_WORKERS = 8
"""calls of one agent that run at the same time; further ones wait"""
GRACE = 1.0
"""seconds after its timeout that a call may take to stop, before its caller is told without it"""


class Calls(Protocol):
    """Whose verbs are awaited: it owns threads, and knows which calls run."""

    _calls: WeakSet[Deadline]
    _closed: bool

    @property
    def _executor(self) -> Executor: ...


S = TypeVar("S", bound=Calls)
P = ParamSpec("P")
R = TypeVar("R")


def async_twin(
    verb: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Return the asynchronous twin of a verb.

    It runs the verb in the agent's own threads. When its task is cancelled, the call's deadline is, so that decoding
    stops, and a request that runs is dropped; when the call's timeout is over and the call hangs where nothing can stop
    it, the verb's own answer to a timeout is returned without it.

    Args:
        verb: A method that takes ``timeout`` by name.
    """

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        import asyncio

        limit: Any = kwargs.get("timeout")
        try:
            deadline = Deadline(limit)
        except BiomedAgentError:
            return verb(self, *args, **kwargs)  # which says so in its own way, at once
        if self._closed:
            return verb(self, *args, **kwargs)
        future = _start(self, deadline, functools.partial(verb, self, *args, **kwargs))
        waiting = None if deadline.remaining is None else deadline.remaining + GRACE
        try:
            await asyncio.wait({future}, timeout=waiting)
        except asyncio.CancelledError:
            deadline.cancel()
            future.cancel()
            raise
        if future.done():
            return future.result()
        future.cancel()
        with running(deadline):  # which has ended: the verb does nothing but say so
            late = verb(self, *args, **kwargs)
        deadline.cancel()
        return late

    functools.update_wrapper(call, verb)
    call.__name__ = f"a{verb.__name__}"
    call.__doc__ = f"Like :meth:`{verb.__name__}`, without blocking the event loop."
    return call


def async_iterator_twin(
    verb: Callable[Concatenate[S, P], Iterator[R]],
) -> Callable[Concatenate[S, P], AsyncIterator[R]]:
    """Return the asynchronous twin of a verb that yields; each of its steps is awaited as in :func:`async_twin`."""

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        import asyncio

        steps = verb(self, *args, **kwargs)
        end = object()
        while True:
            deadline = Deadline()
            future = _start(self, deadline, functools.partial(next, steps, end))
            try:
                await asyncio.wait({future})
            except asyncio.CancelledError:
                deadline.cancel()
                future.cancel()
                raise
            step: Any = future.result()
            if step is end:
                return
            yield step

    functools.update_wrapper(call, verb)
    call.__name__ = f"a{verb.__name__}"
    call.__doc__ = f"Like :meth:`{verb.__name__}`, without blocking the event loop."
    return call


def _start(agent: Calls, deadline: Deadline, work: Callable[[], R]) -> asyncio.Future[R]:
    """Start work in a thread of the agent, within a deadline and in a copy of the caller's context."""
    import asyncio

    agent._calls.add(deadline)

    def within() -> R:
        with running(deadline):
            return work()

    context = contextvars.copy_context()
    return asyncio.get_running_loop().run_in_executor(agent._executor, functools.partial(context.run, within))
