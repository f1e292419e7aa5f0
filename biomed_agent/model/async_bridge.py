"""Between callers that block and callers that await: an event loop in a thread, and a thread for blocking work.

Nothing here uses the default executor of asyncio, which whoever fills it with calls that wait would block.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from biomed_agent.core.deadline import ChildDeadline, Deadline, current, running
from biomed_agent.core.errors import Cancelled

_T = TypeVar("_T")
_END = object()
CLOSE_SECONDS = 5.0
"""seconds that closing waits for what still runs"""


@asynccontextmanager
async def until_over(deadline: Deadline) -> AsyncIterator[None]:
    """Interrupt what the block awaits when the deadline is over. A generator must not yield within the block.

    Raises:
        Cancelled: The deadline was cancelled, by whatever thread.
        TimedOut: Its time is up.
    """
    deadline.check()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(deadline.remaining) as limit:

            def interrupt() -> None:
                with suppress(RuntimeError):  # the block has ended meanwhile
                    limit.reschedule(loop.time())

            def interrupt_from_any_thread() -> None:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(interrupt)

            with deadline.on_cancel(interrupt_from_any_thread):
                yield
    except TimeoutError:
        while limit.expired():  # a clock that ticks coarsely may be a moment early
            deadline.wait(0.01)
        raise


class EventLoopThread:
    """An event loop in a daemon thread of its own, for blocking callers of asynchronous code.

    The thread starts at the first use, and again when it is used after :meth:`close`. What runs on it sees the
    caller's context variables.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Return what a coroutine returns; it is cancelled when the caller is interrupted.

        Raises:
            Cancelled: :meth:`close` was called meanwhile.
        """
        future = self._submit(coroutine)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Cancelled("the call was cancelled.") from None
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncGenerator[_T, None]) -> Iterator[_T]:
        """Yield what an asynchronous generator yields; it is closed when the reader leaves."""

        async def following() -> Any:
            return await anext(items, _END)

        try:
            while (item := self.run(following())) is not _END:
                yield item
        finally:
            closing = self._submit(items.aclose())
            if threading.current_thread().name != self._name:  # the garbage collector may call from that very thread
                # RuntimeError: the step that was just interrupted has not ended yet, and will close them
                with suppress(concurrent.futures.CancelledError, RuntimeError):
                    closing.result()

    def close(self) -> None:
        """Cancel what still runs and end the thread; harmless twice."""
        ended = self._stop()
        if ended is not None and threading.current_thread().name != self._name:
            with suppress(TimeoutError):
                ended.result(CLOSE_SECONDS)

    async def aclose(self) -> None:
        """Like :meth:`close`."""
        ended = self._stop()
        if ended is not None:
            await asyncio.wait([asyncio.wrap_future(ended)], timeout=CLOSE_SECONDS)

    def _submit(self, coroutine: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        with self._lock:
            if self._loop is None:
                self._loop, self._ended = asyncio.new_event_loop(), concurrent.futures.Future()
                threading.Thread(target=_serve, args=(self._loop, self._ended), name=self._name, daemon=True).start()
                weakref.finalize(self, _halt, self._loop)
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _stop(self) -> concurrent.futures.Future[None] | None:
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None:
            return None
        _halt(loop)
        return self._ended


def _serve(loop: asyncio.AbstractEventLoop, ended: concurrent.futures.Future[None]) -> None:
    """Run a loop until it is stopped; then cancel what is left on it, and close it."""
    try:
        with asyncio.Runner(loop_factory=lambda: loop):
            loop.run_forever()
    finally:
        ended.set_result(None)


def _halt(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(loop.stop)


class WorkerThread:
    """A thread that does blocking work for callers that await, one call after the other.

    It starts at the first use, and again when it is used after :meth:`close`. Work runs within the caller's context
    variables. Its deadline (:func:`biomed_agent.core.deadline.current`) is over when the caller's is, when the awaiting
    task is cancelled, or when the reader of an iterator leaves.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None

    async def run(self, function: Callable[[], _T]) -> _T:
        """Return what ``function`` returns.

        Raises:
            Cancelled: The call was cancelled, or :meth:`close` was called before its turn came.
            TimedOut: Its time is up, be it while it waited for its turn.
        """
        deadline = current()
        child = ChildDeadline(deadline)
        future = self._submit(function, child)
        try:
            async with until_over(deadline):
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if future.cancelled() and not (task and task.cancelling()):
                raise Cancelled("the call was cancelled.") from None
            raise
        finally:
            child.cancel()

    def iterate(self, start: Callable[[], Iterator[_T]]) -> AsyncGenerator[_T, None]:
        """Yield what the iterator that ``start`` returns yields, as soon as it does.

        Raises:
            Cancelled: As :meth:`run`.
            TimedOut: As :meth:`run`.
        """
        return self._items(start, current())

    async def _items(self, start: Callable[[], Iterator[_T]], deadline: Deadline) -> AsyncGenerator[_T, None]:
        loop, child = asyncio.get_running_loop(), ChildDeadline(deadline)
        items: asyncio.Queue[Any] = asyncio.Queue()

        def hand_over(item: Any) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(items.put_nowait, item)

        def work() -> None:
            for item in start():
                hand_over(item)

        future = self._submit(work, child)
        future.add_done_callback(hand_over)
        try:
            while True:
                async with until_over(deadline):
                    item = await items.get()
                if item is future:
                    break
                yield item
            future.result()
        except concurrent.futures.CancelledError:
            raise Cancelled("the call was cancelled.") from None
        finally:
            child.cancel()
            future.cancel()

    def _submit(self, function: Callable[[], _T], deadline: Deadline) -> concurrent.futures.Future[_T]:
        context = contextvars.copy_context()

        def work() -> _T:
            with running(deadline):
                deadline.check()
                return function()

        with self._lock:
            if self._pool is None:
                self._pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix=self._name)
            return self._pool.submit(context.run, work)

    def close(self) -> None:
        """Drop what waits for its turn, and end the thread after the work it is at; harmless twice."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
