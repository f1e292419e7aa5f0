"""The golds on file are those that the tables give, and the questions are many, of many wordings and subjects."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from rdkit.rdBase import BlockLogs

from tests.questions.gold import OPERATIONS, gold
from tests.questions.rows import FILES, Question, questions, read_lines
from tests.questions.subjects import Tables

MOST_OF_A_SUBJECT = 5
LEAST = {"affinity": 120, "lists": 60, "chat": 60, "molecules": 160, "proteins": 100, "comparisons": 60, "more": 30}


@pytest.mark.parametrize("file", FILES)
def test_golds_are_recomputed(file: str, tables: Tables) -> None:
    with BlockLogs():
        differ = {
            turn.name: recomputed
            for row in questions(file)
            for turn in row.turns
            if (recomputed := json.loads(json.dumps(gold(turn.asks, tables)))) != turn.gold
        }
    assert differ == {}


def test_every_operation_is_used() -> None:
    assert {turn.asks["op"] for row in questions() for turn in row.turns} == OPERATIONS.keys()


def test_no_name_stands_twice_and_no_question() -> None:
    rows = [*questions()]
    names = Counter(turn.name for row in rows for turn in row.turns)
    names.update(row["id"] for row in read_lines("traps"))
    asked = Counter(row.turns[0].question.lower() for row in rows if not row.is_chat)
    asked.update(row["question"].lower() for row in read_lines("traps"))
    assert [name for name, count in (*names.items(), *asked.items()) if count > 1] == []


@pytest.mark.parametrize("file", FILES)
def test_files_are_large_and_no_subject_stands_often(file: str, tables: Tables) -> None:
    rows = [*questions(file)]
    assert len(rows) >= LEAST[file]
    counts = Counter(subject for row in rows for subject in subjects(row, tables))
    assert {subject: count for subject, count in counts.items() if count > MOST_OF_A_SUBJECT} == {}


def subjects(row: Question, tables: Tables) -> set[str]:
    """Return the keys of what a row is about; a conversation counts once."""
    molecules, proteins = set(), set()
    for turn in row.turns:
        asks = turn.asks
        molecules |= {asks[part] for part in ("molecule",) if part in asks} | {*asks.get("molecules", ())}
        proteins |= {asks[part] for part in ("gene",) if part in asks} | {*asks.get("proteins", ())}
        molecules |= {pair[0] for pair in asks.get("pairs", ())}
        proteins |= {pair[1] for pair in asks.get("pairs", ())}
    return {tables.molecule(name)["inchikey"] for name in molecules} | {
        tables.protein(name)["accession"] for name in proteins
    }
