"""How a verb of the agent is awaited: in a thread of the agent's own, stopped when the awaiting task is."""

from __future__ import annotations

import atexit
import contextvars
import functools
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

from biomed_agent.answering.answer_table import Answers, AsyncAnswers
from biomed_agent.core.deadline import Deadline, running
from biomed_agent.core.errors import BiomedAgentError

if TYPE_CHECKING:
    import asyncio

MAX_WORKERS = 8
"""calls of one agent that run at the same time; further ones wait"""
GRACE = 1.0
"""seconds after its timeout that a call may take to stop, before its caller is told without it"""


class DaemonThreads(Executor):
    """Threads for calls that are awaited, started as they are needed.

    Those of :mod:`concurrent.futures` are joined when the interpreter ends, so that one call that hangs would keep the
    process for ever. For these it waits :data:`GRACE` seconds at most, and they also end when nobody holds this object
    any more.

    Args:
        count: Most threads.
        name: What their names begin with.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name
        self._lock = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._work: SimpleQueue[_Item | None] = SimpleQueue()
        self._threads: set[threading.Thread] = set()
        self._ended = False
        weakref.finalize(self, self._work.put, None)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a call.

        Raises:
            RuntimeError: The threads were told to end.
        """
        with self._lock:
            if self._ended:
                raise RuntimeError("cannot schedule new futures after shutdown")
            future: Future[Any] = Future()
            self._work.put((future, functools.partial(fn, *args, **kwargs)))
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._count:
                thread = threading.Thread(
                    target=_work_on,
                    args=(self._work, self._idle),
                    name=f"{self._name}_{len(self._threads)}",
                    daemon=True,
                )
                self._threads.add(thread)
                thread.start()
        return future

    def join(self, end: float) -> None:
        """Wait for the threads to end, until ``time.monotonic()`` is ``end``."""
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads once they have nothing to do; see :meth:`concurrent.futures.Executor.shutdown`."""
        with self._lock:
            self._ended = True
            while cancel_futures:
                try:
                    item = self._work.get_nowait()
                except Empty:
                    break
                if item is not None:
                    item[0].cancel()
            self._work.put(None)
        for thread in self._threads if wait else ():
            thread.join()


_Item: TypeAlias = tuple[Future[Any], Callable[[], Any]]


def _work_on(items: SimpleQueue[_Item | None], idle: threading.Semaphore) -> None:
    """Do what is queued until None is; it does not know the executor, which may be dropped meanwhile."""
    while (item := items.get()) is not None:
        future, work = item
        if future.set_running_or_notify_cancel():
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
                del result
        del item, future, work
        idle.release()
    items.put(None)  # for the next thread


class Calls(Protocol):
    """Whose verbs are awaited: it owns threads, and knows which calls run."""

    _closed: bool

    def _register(self, deadline: Deadline) -> None: ...

    @property
    def _executor(self) -> DaemonThreads: ...

    def close(self) -> None:
        """Cancel the calls that run."""
        ...


_AWAITED: weakref.WeakSet[Calls] = weakref.WeakSet()
"""agents whose verbs were awaited"""


@atexit.register
def _end_calls() -> None:
    """Cancel what runs when the interpreter ends; a thread that is killed within native code aborts the process."""
    agents = list(_AWAITED)
    for agent in agents:
        agent.close()
    end = time.monotonic() + GRACE
    for agent in agents:
        agent._executor.join(end)


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
        limit: Any = kwargs.get("timeout")
        try:
            deadline = Deadline(limit)
        except BiomedAgentError:
            return verb(self, *args, **kwargs)  # which says so in its own way, at once
        if (future := _start(self, deadline, functools.partial(verb, self, *args, **kwargs))) is None:
            return verb(self, *args, **kwargs)
        waiting = None if deadline.remaining is None else deadline.remaining + GRACE
        await _wait(future, deadline, waiting)
        if future.cancelled():  # the agent was closed before its turn came, and the verb says so
            return verb(self, *args, **kwargs)
        if future.done():
            return future.result()
        future.cancel()
        with running(deadline):  # which has ended: the verb does nothing but say so
            late = verb(self, *args, **kwargs)
        deadline.cancel()
        return late

    _name_twin(call, verb)
    return call


def async_answers_twin(verb: Callable[Concatenate[S, P], Answers]) -> Callable[Concatenate[S, P], AsyncAnswers]:
    """Return the asynchronous twin of a verb that makes many answers; each is awaited as in :func:`async_twin`."""

    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> AsyncAnswers:
        return AsyncAnswers(_awaited(self, verb(self, *args, **kwargs).items))

    _name_twin(call, verb)
    return call


async def _awaited(agent: Calls, steps: Generator[R, None, None]) -> AsyncIterator[R]:
    """Yield what a generator yields, each of its steps made in a thread of the agent."""
    end = object()
    while True:
        deadline = Deadline()
        future = _start(agent, deadline, functools.partial(next, steps, end))
        if future is not None:
            await _wait(future, deadline)
        closed = future is None or future.cancelled()  # the verb says so, at once
        step: Any = next(steps, end) if future is None or closed else future.result()
        if step is end:
            return
        yield step


def _name_twin(call: Callable[..., Any], verb: Callable[..., Any]) -> None:
    functools.update_wrapper(call, verb)
    call.__name__ = f"a{verb.__name__}"
    call.__doc__ = f"Like :meth:`{verb.__name__}`, without blocking the event loop."


async def _wait(future: asyncio.Future[Any], deadline: Deadline, timeout: float | None = None) -> None:
    """Wait for a call of :func:`_start` for so many seconds; it is stopped when the awaiting task is cancelled."""
    import asyncio

    try:
        await asyncio.wait({future}, timeout=timeout)
    except asyncio.CancelledError:
        deadline.cancel()
        future.cancel()
        raise


def _start(agent: Calls, deadline: Deadline, work: Callable[[], R]) -> asyncio.Future[R] | None:
    """Start work in a thread of the agent, within a deadline and in a copy of the caller's context.

    Returns:
        None where the agent is closed.
    """
    import asyncio

    agent._register(deadline)
    _AWAITED.add(agent)

    def within() -> R:
        with running(deadline):
            return work()

    context = contextvars.copy_context()
    try:
        return asyncio.get_running_loop().run_in_executor(agent._executor, functools.partial(context.run, within))
    except RuntimeError:
        if agent._closed:
            return None
        raise
