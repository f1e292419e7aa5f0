from __future__ import annotations

from biomed_agent.answering.reading.hazards import bearing_on
from biomed_agent.core.predicates import distinct
from biomed_agent.core.types import Fact


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
