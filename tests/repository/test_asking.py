"""The page of what can be asked is what the tables and the records say now."""

from __future__ import annotations

import runpy
from typing import get_args

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.predicates import PREDICATES
from biomed_agent.core.query import Frame
from tests.helpers.places import ROOT

ASKING = runpy.run_path(str(ROOT / "scripts" / "asking.py"))
PAGE = (ROOT / "docs" / "asking.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(agent: BioMedAgent) -> str:
    made: str = ASKING["page"](agent)
    return made


def test_the_page_is_the_one_that_is_made_now(page: str) -> None:
    assert page == PAGE, "run python scripts/asking.py --write"


def test_every_frame_has_an_example_or_a_reason() -> None:
    ASKING["check_frames"]()
    for frame in get_args(Frame):
        assert f"`{frame}`" in PAGE, frame
    assert not set(ASKING["EXAMPLES"]) & set(ASKING["NOT_IN_WORDS"])


def test_an_example_that_is_read_as_another_kind_stops_the_page(agent: BioMedAgent) -> None:
    examples = ASKING["_kind"].__globals__["EXAMPLES"]
    kept = dict(examples)
    try:
        examples["similar"] = ("How heavy is caffeine?",)
        with pytest.raises(ValueError, match="is read as value; expected similar"):
            list(ASKING["_kind"](agent, "similar"))
    finally:
        examples.update(kept)


def test_examples_are_answered_but_those_that_need_a_source(agent: BioMedAgent) -> None:
    for frame, questions in ASKING["EXAMPLES"].items():
        for question in questions:
            expected = "refused" if frame == "papers" else "answered"
            assert agent.ask(question).status == expected, question
    for question in ASKING["REFUSED"]:
        answer = agent.ask(question)
        assert answer.status == "inapplicable"
        assert answer.unread
        assert all(f'"{word}"' in answer.text for word in answer.unread)


def test_every_value_that_words_ask_for_stands_in_the_table() -> None:
    table = ASKING["values_table"]()
    missing = [row.name for row in PREDICATES if row.asked and f"| {row.label or row.name} |" not in table]
    assert missing == []
    assert "| melting point | molecule |" in table
    assert "| PubChem |" in next(line for line in table.splitlines() if line.startswith("| melting point"))
    assert next(line for line in table.splitlines() if line.startswith("| logP")).endswith("|  |")


def test_a_phrase_is_shown_in_its_shortest_spelling() -> None:
    assert ASKING["shortest"]("{topological |}polar surface{ area|}") == "polar surface"
    assert ASKING["shortest"]("{molecular|molar} {weight|mass}") == "molecular weight"
