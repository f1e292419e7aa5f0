"""Many questions from Python: what a question may be, order, what runs side by side, and records and frames of all."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import Answer, BioMedAgent, Query
from biomed_agent.answering.answer_table import Answers, AnswerTable
from biomed_agent.answering.calls import MAX_WORKERS
from biomed_agent.answering.many import AHEAD, ask_each, parts_of
from biomed_agent.core.deadline import Deadline, current
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.query import Subject

PAIRS = "What is the Kd of gefitinib and EGFR, ABL1?"
ASKED: list[Any] = [
    PAIRS,
    {"id": "b", "question": "What is its molecular weight?", "smiles": "CCO"},
    Query("value", (Subject("caffeine", "molecule"),), predicates=("logP",)),
    {"questoin": "x"},
    5,
    "How heavy is asprin?",
]


def test_records_keep_the_order_and_no_value_loses_its_target(agent: BioMedAgent) -> None:
    table = agent.ask_many(ASKED).table()
    assert [answer.status for answer in table] == [
        "answered", "answered", "answered", "invalid", "invalid", "not_found",
    ]  # fmt: skip
    records = table.records()
    assert [(one.id, one.target, one.value, one.unit) for one in records[:3]] == [
        ("1", "UNIPROT:P00533", 1.0, "nM"),
        ("1", "UNIPROT:P00519", 2200.0, "nM"),
        ("b", "", 46.07, "g/mol"),
    ]
    assert [one.row for one in records] == [1, 1, 2, 3, 4, 5, 6]
    assert "a question has no part 'questoin'" in records[4].reason
    assert "a question is of type int" in records[5].reason
    assert isinstance(table[1:3], AnswerTable) and table[1:3].records()[0].id == "b"
    assert [one.value for one in agent.ask_many(ASKED[:2]).records()] == [1.0, 2200.0, 46.07]


def test_a_frame_of_questions_and_one_of_names(agent: BioMedAgent) -> None:
    pytest.importorskip("pandas")
    frame = agent.ask_many(ASKED).to_frame()
    assert frame.groupby("row")["value"].max().dropna().to_dict() == {1: 2200.0, 2: 46.07, 3: -1.03}
    assert agent.ask_many(ASKED).table().to_frame().equals(frame)
    found = agent.find_many("molecule", ["aspirin", "nonsuchium"]).to_frame()
    keys = found[found["predicate"] == "InChIKey"]["value_text"]
    assert list(keys) == ["BSYNRYMUTXBXSQ-UHFFFAOYSA-N"]
    assert list(found["status"].drop_duplicates()) == ["answered", "not_found"]
    as_rows = frame[["id", "question"]].drop_duplicates().head(2).assign(smiles=[None, "CCO"]).to_dict("records")
    again = agent.ask_many(as_rows).to_frame()
    assert list(again["value"])[:2] == [1.0, 2200.0], "rows of a frame can be asked, an empty cell is none"


async def test_the_twin_gives_the_same(agent: BioMedAgent) -> None:
    pytest.importorskip("pandas")
    answers = [answer.text async for answer in agent.aask_many(ASKED)]
    assert answers == [answer.text for answer in agent.ask_many(ASKED)]
    assert (await agent.aask_many(ASKED).table()).records() == agent.ask_many(ASKED).table().records()
    assert (await agent.aask_many(ASKED).to_frame()).equals(agent.ask_many(ASKED).to_frame())
    assert [one.row async for one in agent.aask_many(ASKED[:2]).records()] == [1, 1, 2]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"question": "q", "sequence": "MK", "query": "x"}, {"question": "q", "protein": "seq:MK", "query": "x"}),
        ({"question": "q", "molecule": " ", "protein": None, "smiles": float("nan")}, {"question": "q"}),
    ],
)
def test_a_mapping_is_read(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    assert parts_of(asked) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"molecule": "x"}, "the question is missing"),
        ({"question": "q", "molecule": "x", "smiles": "C"}, "both molecule and smiles"),
        ({"question": "q", "note": "n"}, "no part 'note'. Expected some of id, question"),
        (None, "a question is of type NoneType"),
    ],
)
def test_what_is_no_question_is_named(asked: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parts_of(asked)


@pytest.mark.parametrize("asked", ["What is aspirin?", {"question": "What is aspirin?"}])
def test_one_question_is_not_many(agent: BioMedAgent, asked: Any) -> None:
    with pytest.raises(InvalidInput, match="the questions are one question"):
        next(agent.ask_many(asked))


def test_no_cell_opens_a_file(agent: BioMedAgent, tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CCO\n")
    asked: dict[str, Any] = {"question": "What is its molecular weight?", "molecule": f"file:{tmp_path / 'a.smi'}"}
    (answer,) = agent.ask_many([asked])
    assert (answer.status, "file: is not allowed here" in answer.text) == ("invalid", True)
    assert agent.ask(**asked).status == "answered", "one that is asked alone opens it"


# -- side by side


class Asking:
    """Answers as a service would: after some time, or not at all."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.running, self.most, self.begun = seconds, 0, 0, 0
        self._lock = threading.Lock()

    def __call__(self, question: str, **_options: Any) -> Answer:
        with self._lock:
            self.running, self.begun = self.running + 1, self.begun + 1
            self.most = max(self.most, self.running)
        try:
            current().wait(self.seconds * (3 if question == "slow" else 1))
            if question == "bug":
                raise ZeroDivisionError("a bug")
            return Answer(question, "answered", question)
        finally:
            with self._lock:
                self.running -= 1


def many(asking: Asking, questions: Any, several: bool = True, life: Deadline | None = None) -> Answers:
    return Answers(ask_each(asking, questions, {}, lambda: several, life or Deadline()))


@pytest.mark.parametrize("several", [True, False])
def test_a_bug_in_one_costs_no_other_and_the_order_is_kept(several: bool, caplog: pytest.LogCaptureFixture) -> None:
    asked = ["slow", "bug", *(str(number) for number in range(20))]
    answers = list(many(Asking(0.01), asked, several))
    assert [answer.question for answer in answers] == asked
    assert (answers[1].status, answers[1].text) == ("invalid", "internal error, ZeroDivisionError: a bug")
    assert {answer.status for answer in answers[2:]} == {"answered"}
    assert "a question met a bug" in caplog.text


def test_several_wait_at_the_same_time_and_the_input_is_read_as_answers_are_taken() -> None:
    asking, taken = Asking(0.05), 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for taken in itertools.count(1):
            yield str(taken)

    answers = many(asking, endless())
    first = [next(answers).text for _ in range(10)]
    assert first == [str(number) for number in range(1, 11)]
    assert asking.most == MAX_WORKERS
    assert taken <= 10 + AHEAD * MAX_WORKERS
    answers.close()
    begun = asking.begun
    time.sleep(0.15)
    assert asking.begun == begun, "no further question is asked"
    alone = Asking()
    assert len(list(many(alone, ["a", "b"], several=False))) == 2
    assert alone.most == 1


def test_closing_cancels_what_is_under_way() -> None:
    asking = Asking(0.2)
    answers = many(asking, ["quick", *["slow"] * 100])
    assert next(answers).text == "quick"
    began = time.monotonic()
    answers.close()
    while asking.running:
        assert time.monotonic() - began < 0.35, "a call goes on although nobody wants its answer"
        time.sleep(0.005)


async def test_a_cancelled_task_stops_what_it_waits_for(cache_dir: Path, agent: BioMedAgent) -> None:
    asking = Asking(30)
    with BioMedAgent(settings=agent.settings) as waiting:
        waiting.ask = asking  # type: ignore[method-assign, assignment]
        waiting._waits_for_others = lambda: True  # type: ignore[method-assign]
        task = asyncio.create_task(waiting.aask_many(["a"] * 20).table())
        while asking.running < MAX_WORKERS:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        began = time.monotonic()
        while asking.running:
            assert time.monotonic() - began < 5
            await asyncio.sleep(0.01)
    assert asking.begun <= AHEAD * MAX_WORKERS
