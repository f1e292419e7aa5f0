"""Decoding looks at the deadline of the call before each token, and so does whoever waits for the model."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from biomed_agent.core.deadline import Deadline, running
from biomed_agent.core.errors import Cancelled, TimedOut
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.inference.engine import LocalEngine
from biomed_agent.model.local import LocalModel

QUESTION = [user_message("What is this?", smiles=["CCO"])]
LONG = Options(max_new_tokens=150)
AT_ONCE = 5.0
WAYS = {
    "greedy": LONG,
    "beams": Options(max_new_tokens=150, num_beams=3),
    "sampled": Options(max_new_tokens=150, temperature=1.0, seed=1),
    "samples": Options(max_new_tokens=150, temperature=1.0, seed=1, mbr_samples=3),
}


@pytest.fixture(scope="module")
def engine(tiny_folder):
    return LocalEngine(tiny_folder, device="cpu")


@pytest.fixture
def steps(engine):
    """Counts the forward passes of the model; ``at`` maps their number to what happens then."""

    steps = SimpleNamespace(count=0, at={})

    def step(_module, _inputs, _output):
        steps.count += 1
        steps.at.get(steps.count, lambda: None)()

    handle = engine.model.register_forward_hook(step)
    yield steps
    handle.remove()


@pytest.mark.parametrize("way", WAYS)
def test_a_cancelled_call_decodes_one_token_more_at_most(engine, steps, way):
    deadline = Deadline()
    steps.at = {5: deadline.cancel}
    with running(deadline), pytest.raises(Cancelled):
        engine.generate(QUESTION, WAYS[way])
    assert steps.count <= 6
    assert engine.generate(QUESTION, Options(max_new_tokens=3)).new_tokens == 3


def test_a_call_whose_time_is_up_stops(engine, steps):
    steps.at = {5: lambda: time.sleep(0.5)}
    engine.generate(QUESTION, Options(max_new_tokens=3))
    steps.count = 0
    with running(Deadline(0.4)), pytest.raises(TimedOut):
        engine.generate(QUESTION, LONG)
    assert steps.count <= 6


def test_a_stream_stops_by_the_deadline_of_its_call(engine, steps):
    deadline = Deadline()
    steps.at = {5: deadline.cancel}
    with running(deadline):
        pieces = engine.stream(QUESTION, LONG)
    with pytest.raises(Cancelled):
        list(pieces)
    assert steps.count <= 6


@pytest.mark.parametrize("ask", ["generate", "stream", "samples"])
def test_waiting_for_the_model_ends_too(engine, ask):
    calls = {
        "generate": lambda: engine.generate(QUESTION, LONG),
        "stream": lambda: list(engine.stream(QUESTION, LONG)),
        "samples": lambda: engine.samples(QUESTION, WAYS["sampled"], 2),
    }
    with engine._lock:
        with running(Deadline(0.1)), pytest.raises(TimedOut):
            calls[ask]()
        deadline = Deadline()
        threading.Timer(0.1, deadline.cancel).start()
        started = time.monotonic()
        with running(deadline), pytest.raises(Cancelled):
            calls[ask]()
        assert time.monotonic() - started < AT_ONCE


def test_a_reader_who_leaves_need_not_wait_for_the_model(engine):
    with engine._lock, ThreadPoolExecutor(1) as pool:
        deadline = Deadline(0.2)
        with running(deadline):
            pieces = engine.stream(QUESTION, LONG)
        waiting = pool.submit(next, pieces)
        with pytest.raises(TimedOut):
            waiting.result(AT_ONCE)
        pieces.close()
    assert not any(thread.name == "biomed-agent-stream" for thread in threading.enumerate())


@pytest.fixture
def model(engine, tiny_folder):
    model = LocalModel(tiny_folder)
    model._engine = engine
    yield model
    model.close()


async def test_asynchronous_calls_stop_within_a_token_and_leave_the_default_executor_alone(model, steps):
    class Forbidden(ThreadPoolExecutor):
        def submit(self, *_args, **_options):
            raise AssertionError("the default executor was used")

    asyncio.get_running_loop().set_default_executor(Forbidden())
    whole = await model.agenerate(QUESTION, Options(max_new_tokens=12))
    pieces = [piece async for piece in model.astream(QUESTION, Options(max_new_tokens=12))]
    assert "".join(pieces) == whole.text
    sampled = Options(max_new_tokens=4, temperature=1.0, seed=1)
    assert await model.asamples(QUESTION, sampled, 2) == model.samples(QUESTION, sampled, 2)
    for call in (lambda: model.agenerate(QUESTION, LONG), lambda: anext(model.astream(QUESTION, LONG))):
        deadline = Deadline()
        steps.count, steps.at = 0, {1: deadline.cancel}
        with running(deadline), pytest.raises(Cancelled):
            await call()
        await asyncio.wait_for(model.agenerate(QUESTION, Options(max_new_tokens=1)), AT_ONCE)
        assert steps.count <= 3


async def test_a_cancelled_task_stops_decoding(model, steps):
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(model.agenerate(QUESTION, LONG))
    cancelled = threading.Event()

    def cancel():
        loop.call_soon_threadsafe(task.cancel)
        loop.call_soon_threadsafe(lambda: loop.call_soon(cancelled.set))
        cancelled.wait(AT_ONCE)

    steps.at = {3: cancel}
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(model.agenerate(QUESTION, Options(max_new_tokens=1)), AT_ONCE)
    assert steps.count <= 7


def test_a_closed_model_lets_go_of_its_weights_and_loads_them_anew(tiny_folder):
    model = LocalModel(tiny_folder)
    answer = model.generate(QUESTION, Options(max_new_tokens=3))
    model.close()
    assert model._engine is None
    model.close()
    asyncio.run(model.aclose())
    assert model.generate(QUESTION, Options(max_new_tokens=3)) == answer
    model.close()
