"""How a question is explained: each piece in the role in which the frame read it, and never read what was not."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.reading.explain import Explanation, explain
from biomed_agent.answering.reading.phrases import Role
from biomed_agent.answering.reading.reader import Reading
from biomed_agent.answering.wording.explained import _ROLES, FRAMES, taken_for
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.query import Frame
from biomed_agent.sources.local import LocalIndex

QUESTIONS: dict[str, Frame] = {
    "What is the molecular weight of caffeine?": "value",
    "Describe aspirin.": "describe",
    "How many nitrogen atoms does imatinib have?": "count",
    "Is aspirin an ester?": "is_a",
    "Does gefitinib bind EGFR?": "relation",
    "What binds ABL1 with a Kd below 1 nM?": "list",
    "Which is heavier, ibuprofen or naproxen?": "compare",
    "Find molecules similar to caffeine": "similar",
    "Which molecules contain caffeine as a substructure?": "contains",
    "Which papers are about metformin and lifespan?": "papers",
    "thanks": "unknown",
}


def taken(reading: Explanation, clause: int = 0) -> dict[str, str]:
    """Return what each piece of a clause was taken for."""
    return {piece.text: piece.taken_for for piece in reading.clauses[clause].pieces}


def test_a_value_word_by_word(agent: BioMedAgent) -> None:
    reading = explain(agent, "What is the molecular weight of caffeine?")
    assert taken(reading) == {
        "What": "question word", "is": "filler", "the": "filler", "molecular weight": "asks for molecular weight",
        "of": "filler", "caffeine": "names a molecule",
    }  # fmt: skip
    assert reading.clauses[0].read_as == "molecular weight of caffeine"
    assert reading.clauses[0].unread == ()


def test_the_meaning_that_counts_is_the_one_that_is_shown(agent: BioMedAgent) -> None:
    """The table has "long" of a protein's length and "weight" of a molecule's and a protein's."""
    assert taken(explain(agent, "How long is insulin?"))["long"] == "asks for length"
    assert taken(explain(agent, "How heavy is EGFR?"))["heavy"] == "asks for molecular weight"
    assert taken(explain(agent, "Wie hoch ist der Schmelzpunkt von Ethanol?"))["Schmelzpunkt"] == (
        "asks for melting point"
    )


def test_words_that_were_not_read_are_named(agent: BioMedAgent) -> None:
    reading = explain(agent, "Does metformin cause weight gain?")
    (clause,) = reading.clauses
    assert [piece.text for piece in clause.pieces if not piece.read] == ["cause", "gain"]
    assert clause.unread == ("cause", "gain")
    assert {taken(reading)[word] for word in ("cause", "gain")} == {"NOT READ"}
    assert taken(reading)["weight"] == "asks for molecular weight"
    assert 'Without "cause" and "gain", read as a value: molecular weight of metformin.' in str(reading)


def test_a_limit_is_one_whole(agent: BioMedAgent) -> None:
    reading = explain(agent, "What binds ABL1 with a Kd below 1 nM?")
    for word in ("Kd", "below", "1", "nM"):
        assert taken(reading)[word] == "limit: Kd below 1 nM"
    assert "Kd below 1 nM  limit: Kd below 1 nM" in str(reading)


def test_a_word_stands_for_what_was_named_before(agent: BioMedAgent) -> None:
    reading = explain(agent, "How heavy is nilotinib, and does it bind KIT?")
    assert [clause.query.frame for clause in reading.clauses if clause.query] == ["value", "relation"]
    assert taken(reading, 1)["it"] == "stands for nilotinib"
    assert taken(reading, 1)["does"] == "asks yes or no"
    given = explain(agent, "Does it bind?", molecule="imatinib", protein="ABL1")
    assert taken(given)["it"] == "stands for imatinib and ABL1"


def test_a_name_that_is_a_part_is_no_subject(agent: BioMedAgent) -> None:
    reading = explain(agent, "How many phenol groups does estradiol have?")
    assert reading.clauses[0].query is not None
    assert [subject.text for subject in reading.clauses[0].query.subjects] == ["estradiol"]
    assert taken(reading)["estradiol"] == "names a molecule"
    assert {words for text, words in taken(reading).items() if "phenol" in text} == {"what is counted"}


def test_how_many_are_listed(agent: BioMedAgent) -> None:
    assert taken(explain(agent, "List the top 5 targets of sunitinib"))["5"] == "how many are listed"


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_frame_is_explained(question: str, agent: BioMedAgent) -> None:
    (clause,) = explain(agent, question).clauses
    assert clause.query is not None
    assert clause.query.frame == QUESTIONS[question]
    assert FRAMES[clause.query.frame][0] in str(explain(agent, question))
    assert "unread" not in {piece.role for piece in clause.pieces}


@pytest.mark.parametrize("question", [*QUESTIONS, "Which approved drugs inhibit JAK2?", "why is the sky blue?"])
def test_the_explanation_is_of_the_reading_that_answers(question: str, agent: BioMedAgent, cache_dir: Path) -> None:
    with LocalIndex.open(cache_dir) as index:
        clauses = Reading(question, index).clauses()
    reading = explain(agent, question)
    assert [clause.query for clause in reading.clauses] == [clause.query for clause in clauses]
    answer = agent.ask(question)
    if answer.status != "not_found":  # nothing is named
        assert tuple(word for clause in reading.clauses for word in clause.unread) == answer.unread
    for clause in reading.clauses:
        places = [(piece.start, piece.end) for piece in clause.pieces]
        assert places == sorted(places)
        assert all(question[piece.start : piece.end] == piece.text for piece in clause.pieces)


def test_every_content_word_of_a_question_is_shown(agent: BioMedAgent) -> None:
    question = "Could you please tell me which kinases dasatinib binds below 1 nM in children?"
    (clause,) = explain(agent, question).clauses
    shown = " ".join(piece.text for piece in clause.pieces)
    assert shown.split() == question.rstrip("?").split()


def test_a_question_that_no_frame_fits(agent: BioMedAgent) -> None:
    reading = explain(agent, "why is the sky blue?")
    assert reading.clauses[0].query is None
    assert "read as no kind of question that is known here." in str(reading)


def test_as_plain_values(agent: BioMedAgent) -> None:
    plain = explain(agent, "How heavy is caffeine?").to_dict()
    assert plain["question"] == "How heavy is caffeine?"
    (clause,) = plain["clauses"]
    assert clause["query"]["predicates"] == ("molecular weight",)
    assert clause["pieces"][-1] == {
        "text": "caffeine", "start": 13, "end": 21, "role": "thing", "value": ("a molecule",),
        "taken_for": "names a molecule",
    }  # fmt: skip


def test_what_is_no_question_is_refused(agent: BioMedAgent) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        explain(agent, " ")


def test_every_role_and_frame_has_words() -> None:
    assert [role for role in get_args(Role) if role not in _ROLES] == []
    assert set(FRAMES) == set(get_args(Frame))
    assert taken_for("value", ("cid",)) == "asks for PubChem CID"
    assert taken_for("value", ("a", "b", "c", "d", "e")) == "asks for a, b, c and 2 more"
