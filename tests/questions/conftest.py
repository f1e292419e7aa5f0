"""What the tests of questions share: tables, judge, and each question asked once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rdkit.rdBase import BlockLogs

from biomed_agent import Answer, BioMedAgent
from tests.questions.judge import Judge, Verdict
from tests.questions.rows import Question, Turn, questions
from tests.questions.subjects import Tables


@dataclass(frozen=True, slots=True)
class Judged:
    """A turn with its answer and the verdict on it."""

    row: Question
    turn: Turn
    answer: Answer
    verdict: Verdict
    why: str

    def __str__(self) -> str:
        return f"{self.turn.name}: {self.turn.question!r} {self.why} | {self.answer.status}: {self.answer.text[:200]}"


@pytest.fixture(scope="session")
def tables() -> Tables:
    return Tables()


@pytest.fixture(scope="session")
def judge(tables: Tables) -> Judge:
    return Judge(tables)


@pytest.fixture(scope="session")
def judged(agent: BioMedAgent, judge: Judge) -> list[Judged]:
    """Every turn of every file, asked and judged."""
    with BlockLogs():
        return [*_judge_all(agent, judge)]


def _judge_all(agent: BioMedAgent, judge: Judge) -> Iterator[Judged]:
    for row in questions():
        ask = agent.chat().ask if row.is_chat else agent.ask
        verdict: Verdict = "right"
        for turn in row.turns:
            lost = turn.needs_last and verdict == "refused"
            answer = ask(turn.question)
            verdict, why = judge.judge(turn.gold, answer)
            if lost and verdict == "wrong":
                verdict = "refused"
            yield Judged(row, turn, answer, verdict, why)
