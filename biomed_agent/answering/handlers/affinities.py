"""Measured affinities: which of them contradict each other, and what a combined score is.

What is compared are values, units and measures of facts. A constant is a concentration (Kd, Ki, IC50); a KIBA score is
combined from such constants and has no unit, so that no list ranks the two together.
"""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import KIBA_BINDS, SCORE, WEAK, Reading, conflict
from biomed_agent.core.types import Fact

WHAT_A_SCORE_IS = (
    "A KIBA score is combined from Ki, Kd and IC50 (Tang et al. 2014, here on the scale of He et al. 2017): it has no "
    f"unit, higher is stronger, and {KIBA_BINDS} or more counts as binding; scores and concentrations cannot be "
    "compared."
)


def conflict_sentence(facts: Sequence[Fact], sources: compose.Sources) -> str:
    """Say in one sentence which records of a pair disagree, with both values and sources; empty when none do."""
    disagreeing = conflict(facts)
    if disagreeing is None:
        return ""
    first, second = (f"{_valued(reading, sources)}, {_meaning(reading)}" for reading in disagreeing)
    return f"The records disagree: {first}, but {second}."


def _valued(reading: Reading, sources: compose.Sources) -> str:
    fact = reading.fact
    where = f"{table_of(fact)} {sources.cite(fact.provenance)}".strip()
    return compose.measured_text(fact) + (f" ({where})" if where else "")


def _meaning(reading: Reading) -> str:
    """Say what kind of value it is, and what it means for binding."""
    if reading.fact.predicate == SCORE:
        side = "at or above" if reading.binds else "below"
        verdict = "binding" if reading.binds else "no binding"
        return f"a score combined from Ki, Kd and IC50, lies {side} {KIBA_BINDS} and counts as {verdict}"
    if reading.binds is False:
        return "a measured concentration, means that no binding was seen"
    if reading.binds is None:
        return "a measured concentration, is weak or only a bound"
    return f"a measured concentration, means {'weak ' if reading.value > WEAK else ''}binding"


def only_scores(facts: Sequence[Fact]) -> bool:
    """Whether nothing but combined scores is on record, no concentration."""
    return bool(facts) and all(fact.predicate == SCORE for fact in facts)


def partner_of(fact: Fact) -> str:
    """Return how a list calls the partner of an affinity: its name, with the string that names it again."""
    if not fact.about_name:
        return fact.about
    return f"{fact.about_name} ({fact.about})" if fact.about and fact.about != fact.about_name else fact.about_name


def table_of(fact: Fact) -> str:
    """Return the name of the table that a fact is from, without its literature."""
    return fact.provenance.source.partition(" (")[0]
