"""Work of blocking callers on an event loop, and of awaiting callers in a thread."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from contextvars import ContextVar

import pytest

from biomed_agent.core.deadline import ChildDeadline, Deadline, current, running
from biomed_agent.core.errors import Cancelled, TimedOut
from biomed_agent.model.async_bridge import EventLoopThread, WorkerThread, until_over

TOPIC: ContextVar[str] = ContextVar("topic", default="")
AT_ONCE = 5.0


def work_until_over() -> None:
    """Work that looks at its deadline as decoding does."""
    while True:
        current().check()
        time.sleep(0.005)


async def sleep_within(deadline: Deadline, seconds: float) -> None:
    """Sleep in a block that ends with a deadline."""
    async with until_over(deadline):
        await asyncio.sleep(seconds)


async def fail_within(deadline: Deadline) -> None:
    """Run out of time in a block for a reason of its own."""
    async with until_over(deadline):
        raise TimeoutError("of its own")


async def test_a_block_is_left_when_the_deadline_is_over() -> None:
    with pytest.raises(TimedOut):
        await sleep_within(Deadline(0.05), AT_ONCE)
    deadline = Deadline()
    threading.Timer(0.05, deadline.cancel).start()
    with pytest.raises(Cancelled):
        await sleep_within(deadline, AT_ONCE)
    await sleep_within(Deadline(60), 0)
    with pytest.raises(TimeoutError, match="of its own"):
        await fail_within(Deadline(60))


def test_a_child_ends_with_its_parent_and_alone() -> None:
    parent = Deadline()
    child, other = ChildDeadline(parent), ChildDeadline(parent)
    child.cancel()
    assert (child.over, other.over, parent.over) == (True, False, False)
    parent.cancel()
    with pytest.raises(Cancelled):
        other.check()
    hurried = ChildDeadline(Deadline(0.001))
    time.sleep(0.01)
    with pytest.raises(TimedOut, match=r"timeout of 0\.001 s"):
        hurried.check()


def test_a_loop_thread_runs_within_the_callers_context() -> None:
    loop = EventLoopThread("loop-of-test")

    async def name() -> tuple[str, str]:
        return TOPIC.get(), threading.current_thread().name

    async def names() -> AsyncGenerator[str, None]:
        yield TOPIC.get()
        yield TOPIC.get()

    token = TOPIC.set("ethanol")
    try:
        assert loop.run(name()) == ("ethanol", "loop-of-test")
        assert list(loop.iterate(names())) == ["ethanol", "ethanol"]
    finally:
        TOPIC.reset(token)
    loop.close()
    loop.close()


def test_a_loop_thread_ends_with_its_owner() -> None:
    loop = EventLoopThread("loop-of-nobody")
    loop.run(asyncio.sleep(0))
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "loop-of-nobody")
    del loop
    gc.collect()
    thread.join(AT_ONCE)
    assert not thread.is_alive()


async def test_a_worker_does_one_call_after_the_other_and_drops_those_whose_time_is_up() -> None:
    worker = WorkerThread("worker-of-test")
    first = Deadline()
    with running(first):
        working = asyncio.create_task(worker.run(work_until_over))
    await asyncio.sleep(0.02)
    started: list[int] = []
    with running(Deadline(0.05)), pytest.raises(TimedOut):
        await worker.run(lambda: started.append(1))
    assert not working.done()
    first.cancel()
    with pytest.raises(Cancelled):
        await working
    assert await worker.run(lambda: threading.current_thread().name.rstrip("_0")) == "worker-of-test"
    assert started == []
    worker.close()
    worker.close()


async def test_a_cancelled_task_stops_the_work_too() -> None:
    worker = WorkerThread("worker-of-test")
    working = asyncio.create_task(worker.run(work_until_over))
    await asyncio.sleep(0.02)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await asyncio.wait_for(worker.run(lambda: "free"), AT_ONCE) == "free"
    worker.close()


async def test_an_iterator_is_read_as_it_grows_and_stops_when_its_reader_leaves() -> None:
    worker = WorkerThread("worker-of-test")

    def numbers() -> Iterator[int]:
        yield 1
        work_until_over()

    items = worker.iterate(numbers)
    assert await anext(items) == 1
    await items.aclose()
    assert await asyncio.wait_for(worker.run(lambda: "free"), AT_ONCE) == "free"

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    items = worker.iterate(failing)
    assert await anext(items) == 1
    with pytest.raises(ValueError, match="no more"):
        await anext(items)
    worker.close()


async def test_closing_a_worker_ends_what_waits_for_its_turn() -> None:
    worker = WorkerThread("worker-of-test")
    first = Deadline()
    with running(first):
        working = asyncio.create_task(worker.run(work_until_over))
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(worker.run(lambda: None))
    reading = asyncio.create_task(anext(worker.iterate(lambda: iter([1]))))
    await asyncio.sleep(0.02)
    worker.close()
    for task in (waiting, reading):
        with pytest.raises(Cancelled):
            await asyncio.wait_for(task, AT_ONCE)
    first.cancel()
    with pytest.raises(Cancelled):
        await working
