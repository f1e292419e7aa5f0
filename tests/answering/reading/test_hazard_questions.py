from __future__ import annotations

import pytest

from biomed_agent.answering.reading.hazard_questions import bearing_on, topic_of
from biomed_agent.answering.reading.question import Words
from biomed_agent.core.predicates import HAZARDS, distinct
from biomed_agent.core.types import Fact


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Is it flammable?", "flammable"),
        ("Is it highly flammable", "flammable"),
        ("is this compound a carcinogen?", "carcinogenic"),
        ("Is it toxic to aquatic life?", "hazardous to the environment"),
        ("Is it poisonous?", "acutely toxic"),
        ("Is it dangerous?", "hazardous"),
        ("Is it toxic to dogs?", ""),
        ("Is it flammable in the presence of oxygen?", ""),
        ("Is it safe?", ""),
        ("Why is it flammable?", ""),
        ("Is it an acid?", ""),
    ],
)
def test_only_a_plain_yes_or_no_question_is_about_one_hazard(text: str, topic: str) -> None:
    assert topic_of(text) == topic


@pytest.mark.parametrize(
    ("text", "predicates"),
    [
        ("melting point of it", ("melting point",)),
        ("boiling and melting points of it", ("melting point",)),
        ("How soluble is it in water? solubility", ("solubility",)),
        ("What colour is it?", ("colour and form",)),
        ("hazard statements of it", HAZARDS),
        ("What hazards does it have?", HAZARDS),
        ("What is it used for?", ()),
        ("Is it an occupational hazard story?", ()),
    ],
)
def test_what_is_asked(text: str, predicates: tuple[str, ...]) -> None:
    assert Words(text).deposited == predicates


def test_statements_are_chosen_by_their_codes() -> None:
    said = [Fact("x", "GHS hazard statement", text) for text in ("H225: burns", "H351: cancer", "H300+H310: deadly")]
    assert [fact.value for fact in bearing_on("flammable", said)] == ["H225: burns"]
    assert [fact.value for fact in bearing_on("carcinogenic", said)] == ["H351: cancer"]
    assert [fact.value for fact in bearing_on("acutely toxic", said)] == ["H300+H310: deadly"]
    assert bearing_on("hazardous", said) == said
    own = [
        Fact("x", "GHS hazard statement", "EUH071: airways"),
        Fact("x", "GHS hazard statement", "H302 + H361d: both"),
    ]
    assert bearing_on("corrosive", own) == own[:1]
    assert bearing_on("toxic for reproduction", own) == own[1:]
    assert bearing_on("hazardous", own) == own
    unread = Fact("x", "GHS remark", "H361d suspected, without a colon")
    assert bearing_on("toxic for reproduction", [unread, Fact("x", "GHS remark", "Not H361")]) == [unread]
    signal = Fact("x", "GHS signal word", "H225 is no statement")
    assert bearing_on("flammable", [signal]) == []


def test_what_several_depositors_say_is_said_once() -> None:
    facts = [
        Fact("x", "GHS hazard statement", "H225: Highly flammable liquid", note="a"),
        Fact("x", "GHS hazard statement", "H225: highly flammable", note="b"),
        Fact("x", "melting point", 135.0, "°C"),
        Fact("x", "melting point", 135.0, "°C", note="again"),
        Fact("x", "melting point", 135.0, "°F"),
    ]
    assert distinct(facts) == [facts[0], facts[2], facts[4]]
