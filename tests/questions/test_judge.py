"""The judge tells a right answer from the same answer with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from biomed_agent import Answer, BioMedAgent
from tests.questions.gold import gold
from tests.questions.judge import Judge, judge_trap, numbers
from tests.questions.subjects import Tables

Change = Callable[[Answer], Answer]


def fact(number: int = 0, **changes: Any) -> Change:
    """Change fields of one fact."""

    def change(answer: Answer) -> Answer:
        facts = [*answer.facts]
        facts[number] = replace(facts[number], **changes)
        return replace(answer, facts=tuple(facts))

    return change


def text(old: str, new: str) -> Change:
    def change(answer: Answer) -> Answer:
        assert old in answer.text
        return replace(answer, text=answer.text.replace(old, new))

    return change


def without_facts(answer: Answer) -> Answer:
    return replace(answer, facts=answer.facts[:-1])


def unread(answer: Answer) -> Answer:
    return replace(answer, unread=("children",))


PAIR = ("What is the Kd of gefitinib for EGFR?", {"op": "pair", "molecule": "gefitinib", "gene": "EGFR"})
BINDS = ("Does imatinib bind ABL1?", {"op": "pair", "molecule": "imatinib", "gene": "ABL1", "yes_no": True})
WEIGHT = ("How heavy is caffeine?", {"op": "values", "molecules": ["caffeine"], "values": ["molecular_weight"]})
LIST = ("What binds ABL1 with Kd < 1 nM", {"op": "binders", "gene": "ABL1", "lt": 1})
COUNT = ("How many molecules bind ABL1 with a Kd < 10 nM?", {"op": "binders", "gene": "ABL1", "lt": 10, "count": True})
LONGER = ("Which is longer, JAK1 or JAK2?", {"op": "rank", "proteins": ["JAK1", "JAK2"], "value": "length"})
GENE = ("Which gene encodes P60484?", {"op": "lookup", "proteins": ["P60484"], "field": "gene"})
CASES: list[tuple[tuple[str, dict[str, Any]], Change]] = [
    (PAIR, fact(value=2.0)), (PAIR, fact(relation=">=")), (PAIR, fact(predicate="Ki")),
    (PAIR, fact(about="UNIPROT:P00519")), (PAIR, fact(subject="CID:5291")), (PAIR, text("1 nM", "3 nM")),
    (PAIR, text("Measured", "Yes. Measured")), (PAIR, without_facts), (PAIR, unread),
    (BINDS, text("Yes", "No")), (BINDS, text("Yes. ", "")), (WEIGHT, fact(value=194.39)),
    (WEIGHT, fact(predicate="monoisotopic mass")), (WEIGHT, text("194.19", "149.19")), (LIST, without_facts),
    (LIST, fact(about="CID:2519")), (LIST, fact(value=0.5)), (LIST, text("2 of 2", "2 of 20")),
    (COUNT, text("5 molecules", "6 molecules")), (LONGER, text("JAK1", "JAK9")),
    (LONGER, text("(JAK1) is", "(JAK2) is")), (LONGER, fact(value=1132)), (GENE, fact(value="PTENP1")),
    (GENE, fact(subject="UNIPROT:P04637")),
    (GENE, fact(predicate="length", value=403)),
]  # fmt: skip


@pytest.mark.parametrize("case", [PAIR, BINDS, WEIGHT, LIST, COUNT, LONGER, GENE], ids=lambda case: case[0])
def test_right_answers_are_right(
    case: tuple[str, dict[str, Any]], agent: BioMedAgent, judge: Judge, tables: Tables
) -> None:
    assert judge.judge(gold(case[1], tables), agent.ask(case[0])) == ("right", "")


@pytest.mark.parametrize(("case", "change"), CASES)
def test_changed_answers_are_wrong(
    case: tuple[str, dict[str, Any]], change: Change, agent: BioMedAgent, judge: Judge, tables: Tables
) -> None:
    verdict, why = judge.judge(gold(case[1], tables), change(agent.ask(case[0])))
    assert verdict == "wrong"
    assert why


def test_left_questions_are_neither(agent: BioMedAgent, judge: Judge, tables: Tables) -> None:
    left = replace(agent.ask(PAIR[0]), status="inapplicable", text="", facts=())
    assert judge.judge(gold(PAIR[1], tables), left) == ("refused", "")
    nothing = gold({"op": "pair", "molecule": "metformin", "gene": "PRKAA1"}, tables)
    assert judge.judge(nothing, left) == ("right", "")
    assert judge.judge(nothing, agent.ask(PAIR[0]))[0] == "wrong"


def test_traps(agent: BioMedAgent) -> None:
    answer = agent.ask(PAIR[0])
    left = replace(answer, status="inapplicable", text='"children" was not understood here.', facts=())
    assert judge_trap("children", answer)[0] == "wrong"
    assert judge_trap("children", replace(answer, warnings=('"children" was not read.',)))[0] == "right"
    assert judge_trap("children", left)[0] == "right"
    assert judge_trap("half-life", left)[0] == "refused"


def test_numbers() -> None:
    assert numbers("Kd 0.21 nM [1]; 1,154 residues, -0.3 and P2 (10 of 86) [2][3].") == [0.21, 1154, -0.3, 10, 86]
