"""The verbs as an application meets them: twins for event loops, timeouts, cancellation, an end; and old spellings."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import Answer, BioMedAgent
from biomed_agent.answering import calls
from biomed_agent.core.deadline import NEVER, current
from biomed_agent.core.errors import Cancelled, InvalidInput, TimedOut
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.contract.generation import Generation, Options
from tests.helpers.agents import with_parts

VERBS = (
    "ask check find_molecule find_protein protein_card search_literature similar_molecules substructure_matches "
    "molecule_properties find_many ask_many"
).split()
DESCRIBE = "Describe this molecule."
UNKNOWN = "smiles:CCCCOC(C)=NC"
SEQUENCE = "seq:MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQWWWNNNCCCHHH"


class Slow:
    """A model that decodes for ever, looking at the deadline of its call as the engine does."""

    stamp = ModelStamp("slow", kinds=("description", "function"), decoding={"mbr_samples": 0})

    def __init__(self, listens: bool = True) -> None:
        self.listens, self.ended, self.running, self.most = listens, list[str](), 0, 0
        self.started, self.free = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def samples(self, _messages: Sequence[Any], _options: Options, _n: int) -> list[Generation]:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.started.set()
        try:
            if not self.listens:
                self.free.wait(30)
            while not self.free.is_set():
                current().wait(0.01)
            return [Generation("It is an ether.")]
        except (Cancelled, TimedOut) as error:
            self.ended.append(type(error).__name__)
            raise
        finally:
            with self._lock:
                self.running -= 1

    def generate(self, messages: Sequence[Any], options: Options = Options()) -> Generation:
        return self.samples(messages, options, 1)[0]

    def stream(self, messages: Sequence[Any], options: Options = Options()) -> Iterator[str]:
        yield self.generate(messages, options).text

    async def agenerate(self, messages: Sequence[Any], options: Options = Options()) -> Generation:
        return self.generate(messages, options)

    async def astream(self, messages: Sequence[Any], options: Options = Options()) -> AsyncIterator[str]:
        yield self.generate(messages, options).text

    def close(self) -> None:
        self.free.set()


class NoExecutor(ThreadPoolExecutor):
    """The default executor of an application, which is not ours to use."""

    def submit(self, *_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("the application's default executor was used")


def slow_agent(cache_dir: Path, model: Slow) -> BioMedAgent:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    return with_parts(agent, generator=model)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_policy_and_timeout_and_has_a_twin(verb: str) -> None:
    own, twin = getattr(BioMedAgent, verb), getattr(BioMedAgent, f"a{verb}")
    assert {"policy", "timeout"} <= set(inspect.signature(own).parameters)
    assert inspect.signature(twin) == inspect.signature(own)
    assert twin.__name__ == f"a{verb}"
    assert verb in twin.__doc__


async def test_the_twins_answer_as_the_verbs_do_and_leave_the_default_executor_alone(agent: BioMedAgent) -> None:
    asyncio.get_running_loop().set_default_executor(NoExecutor())
    answers = await asyncio.gather(
        agent.aask("What is the mass of aspirin?"),
        agent.acheck("It is an ester.", molecule="aspirin"),
        agent.afind_molecule("Gleevec"),
        agent.afind_protein("EGFR", "mouse"),
        agent.aprotein_card("EGFR", about=["function"]),
        agent.asearch_literature("metformin"),
        agent.asimilar_molecules("caffeine", limit=2),
        agent.asubstructure_matches("caffeine", limit=2),
        agent.amolecule_properties("aspirin"),
    )
    again = [
        agent.ask("What is the mass of aspirin?"),
        agent.check("It is an ester.", molecule="aspirin"),
        agent.find_molecule("Gleevec"),
        agent.find_protein("EGFR", "mouse"),
        agent.protein_card("EGFR", about=["function"]),
        agent.search_literature("metformin"),
        agent.similar_molecules("caffeine", limit=2),
        agent.substructure_matches("caffeine", limit=2),
        agent.molecule_properties("aspirin"),
    ]
    assert [(one.status, one.text, one.facts) for one in answers] == [
        (one.status, one.text, one.facts) for one in again
    ]
    many = [answer.status async for answer in agent.afind_many("molecule", ["aspirin", "nonsuchium"])]
    assert many == ["answered", "not_found"]
    asked = [answer.status async for answer in agent.aask_many(["What is aspirin?", "What is EGFR?"])]
    assert asked == ["answered", "answered"]


async def test_a_cancelled_call_stops_its_model_at_once(cache_dir: Path) -> None:
    model = Slow()
    with slow_agent(cache_dir, model) as agent:
        task = asyncio.create_task(agent.aask(DESCRIBE, UNKNOWN))
        await _until(model.started.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _until(lambda: model.ended == ["Cancelled"])


async def test_a_call_that_waits_for_its_turn_is_dropped_when_cancelled(cache_dir: Path) -> None:
    model = Slow()
    with slow_agent(cache_dir, model) as agent:
        tasks = [asyncio.create_task(agent.aask(DESCRIBE, UNKNOWN)) for _ in range(2 * calls.MAX_WORKERS)]
        await _until(lambda: model.running == calls.MAX_WORKERS)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        await _until(lambda: model.running == 0)
    assert model.most == calls.MAX_WORKERS
    assert set(model.ended) == {"Cancelled"}


def test_a_call_that_takes_too_long_says_so(cache_dir: Path) -> None:
    model = Slow()
    with slow_agent(cache_dir, model) as agent:
        answer = agent.ask("What is its function?", protein=SEQUENCE, timeout=0.2)
    assert (answer.status, model.ended) == ("unavailable", ["TimedOut"])
    assert "took longer than its timeout of 0.2 s" in answer.text
    assert answer.seconds < 10


def test_what_was_found_in_time_is_told(cache_dir: Path) -> None:
    with slow_agent(cache_dir, Slow()) as agent:
        answer = agent.ask(DESCRIBE, UNKNOWN, timeout=0.2)
    assert answer.status == "answered"
    assert "Its structure: C7H15NO" in answer.text
    assert any("took longer than its timeout of 0.2 s" in warning for warning in answer.warnings)


async def test_a_twin_answers_in_time_even_where_nothing_listens(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "GRACE", 0.1)
    model = Slow(listens=False)
    with slow_agent(cache_dir, model) as agent:
        started = time.monotonic()
        answer = await agent.aask(DESCRIBE, UNKNOWN, timeout=0.2)
        assert time.monotonic() - started < 10
    assert answer.status == "unavailable"
    assert "took longer than its timeout of 0.2 s" in answer.text


@pytest.mark.parametrize("timeout", [0, -3, "soon"])
async def test_a_timeout_that_is_none_is_an_answer_that_says_so(agent: BioMedAgent, timeout: Any) -> None:
    for answer in (agent.ask("aspirin", timeout=timeout), await agent.aask("aspirin", timeout=timeout)):
        assert answer.status == "invalid"
        assert "expected a number of seconds above 0" in answer.text


def test_a_timeout_leaves_no_deadline_behind(agent: BioMedAgent) -> None:
    assert agent.ask("What is aspirin?", timeout=60).status == "answered"
    assert current() is NEVER


async def test_closing_ends_what_runs_and_what_comes_after(cache_dir: Path) -> None:
    model = Slow()
    agent = slow_agent(cache_dir, model)
    async with agent:
        task = asyncio.create_task(agent.aask(DESCRIBE, UNKNOWN))
        await _until(model.started.is_set)
    answer = await asyncio.wait_for(task, 10)
    assert any("the call was cancelled" in warning for warning in answer.warnings)
    agent.close()
    await agent.aclose()
    for late in (agent.ask("What is aspirin?"), await agent.aask("What is aspirin?")):
        assert late.status == "unavailable"
        assert "this agent was closed" in late.text


def test_the_threads_of_an_agent_end_with_it(cache_dir: Path) -> None:
    with BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none")) as agent:
        assert asyncio.run(agent.aask("What is aspirin?")).status == "answered"
        threads = list(agent._executor._threads)
        assert threads
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda agent: agent.find("molecule", "aspirin"), lambda agent: agent.find_molecule("aspirin")),
        (lambda agent: agent.find("protein", "EGFR"), lambda agent: agent.find_protein("EGFR")),
        (lambda agent: next(agent.find_all("molecule", ["aspirin"])), lambda agent: agent.find_molecule("aspirin")),
        (lambda agent: agent.similar("caffeine"), lambda agent: agent.similar_molecules("caffeine")),
        (lambda agent: agent.containing("caffeine"), lambda agent: agent.substructure_matches("caffeine")),
        (lambda agent: agent.properties("aspirin"), lambda agent: agent.molecule_properties("aspirin")),
        (lambda agent: agent.protein("EGFR"), lambda agent: agent.protein_card("EGFR")),
    ],
)
def test_an_old_spelling_answers_and_names_the_new_one(
    agent: BioMedAgent, old: Callable[[BioMedAgent], Answer], new: Callable[[BioMedAgent], Answer]
) -> None:
    with pytest.warns(DeprecationWarning, match=r"goes in 0\.5; use BioMedAgent\."):
        answer = old(agent)
    assert answer.text == new(agent).text


def test_closing_ends_a_blocking_call_without_a_timeout(cache_dir: Path) -> None:
    model, answers = Slow(), list[Answer]()
    agent = slow_agent(cache_dir, model)
    thread = threading.Thread(target=lambda: answers.append(agent.ask(DESCRIBE, UNKNOWN)), daemon=True)
    thread.start()
    assert model.started.wait(10)
    agent.close()
    thread.join(10)
    assert model.ended == ["Cancelled"]
    assert any("the call was cancelled" in warning for warning in answers[0].warnings)


async def test_a_call_that_waits_for_its_turn_when_the_agent_is_closed_says_so(cache_dir: Path) -> None:
    model = Slow()
    agent = slow_agent(cache_dir, model)
    tasks = [asyncio.create_task(agent.aask(DESCRIBE, UNKNOWN)) for _ in range(2 * calls.MAX_WORKERS)]
    await _until(lambda: model.running == calls.MAX_WORKERS)
    await agent.aclose()
    answers = await asyncio.gather(*tasks)
    assert sum("this agent was closed" in answer.text for answer in answers) == calls.MAX_WORKERS


async def test_a_closed_agent_says_so_of_each_of_many(cache_dir: Path) -> None:
    agent = slow_agent(cache_dir, Slow())
    agent.close()
    names = ["aspirin", "caffeine"]
    for answers in (
        list(agent.find_many("molecule", names)),
        [answer async for answer in agent.afind_many("protein", names)],
        [answer async for answer in agent.aask_many(names)],
    ):
        assert [answer.text for answer in answers] == ["this agent was closed."] * 2


async def test_neither_a_timeout_nor_closing_waits_for_an_index_that_is_being_built(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from biomed_agent.answering import components

    monkeypatch.setattr(calls, "GRACE", 0.1)
    opening, free = threading.Event(), threading.Event()
    opened: list[Any] = []
    real = components.open_components

    def slow(*args: Any, **options: Any) -> Any:
        opening.set()
        free.wait(30)
        opened.append(real(*args, **options))
        return opened[0]

    monkeypatch.setattr(components, "open_components", slow)
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    waiting = asyncio.create_task(agent.aask("What is aspirin?"))
    await _until(opening.is_set)
    late = await asyncio.wait_for(agent.aask("What is aspirin?", timeout=0.1), 10)
    assert "took longer than its timeout of 0.1 s" in late.text
    agent.close()
    assert not opened
    free.set()
    assert "the call was cancelled" in (await waiting).text or "this agent was closed" in (await waiting).text


@pytest.mark.parametrize("listens", [True, False])
def test_a_process_ends_while_a_call_hangs(cache_dir: Path, listens: bool) -> None:
    code = f"""
import asyncio
from pathlib import Path
from tests.answering.test_calls import DESCRIBE, UNKNOWN, Slow, slow_agent
model = Slow({listens})
agent = slow_agent(Path({str(cache_dir)!r}), model)
loop = asyncio.new_event_loop()
task = loop.create_task(agent.aask(DESCRIBE, UNKNOWN))
while not model.started.is_set():
    loop.run_until_complete(asyncio.sleep(0.01))
print("end", flush=True)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=25, check=True)
    assert ended.stdout == "end\n"


def test_an_agent_that_nobody_closes_ends_its_threads_when_it_is_dropped(cache_dir: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    assert asyncio.run(agent.aask("What is aspirin?")).status == "answered"
    [thread] = agent._executor._threads
    del agent
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()


def test_of_many_names_one_that_is_none_costs_only_itself(agent: BioMedAgent) -> None:
    names: Any = [None, 5, "EGFR"]
    assert [answer.status for answer in agent.find_many("protein", names)] == ["invalid", "invalid", "answered"]
    with pytest.raises(InvalidInput, match="the names are one string"):
        next(agent.find_many("molecule", "aspirin"))
    kind: Any = "metal"
    with pytest.raises(InvalidInput, match="the kind is 'metal'"):
        next(agent.find_many(kind, names))


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("ask", {"question": "What is aspirin?", "policy": "bogus"}, "policy is 'bogus'"),
        ("ask", {"question": "What is aspirin?", "full_text": "no"}, "full_text is 'no'"),
        ("ask", {"question": "What is it?", "molecule": 5}, "5 names nothing"),
        ("ask", {"question": "What is it?", "protein": b"x"}, "b'x' names nothing"),
        ("ask", {"question": "What do papers say?", "query": 5}, "the query is 5"),
        ("find_protein", {"name": "EGFR", "organism": 5}, "the organism is 5"),
        ("protein_card", {"name": "EGFR", "about": 5}, "about is 5"),
        ("protein_card", {"name": "EGFR", "about": "function"}, "about is 'function'"),
        ("similar_molecules", {"molecule": "aspirin", "threshold": "much"}, "the threshold is 'much'"),
    ],
)
async def test_an_argument_of_a_wrong_type_is_an_answer_that_names_it(
    agent: BioMedAgent, verb: str, arguments: dict[str, Any], message: str
) -> None:
    for answer in (getattr(agent, verb)(**arguments), await getattr(agent, f"a{verb}")(**arguments)):
        assert answer.status == "invalid"
        assert message in answer.text


def test_a_deep_copy_opens_parts_of_its_own(cache_dir: Path) -> None:
    with BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none")) as agent:
        assert agent.ask("What is aspirin?").status == "answered"
        twin = copy.deepcopy(agent)
    with twin:
        assert twin.ask("What is aspirin?").status == "answered"
    with pytest.raises(TypeError, match="given its components"):
        copy.deepcopy(slow_agent(cache_dir, Slow()))


async def _until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        await asyncio.sleep(0.005)
