"""Measured affinities: which of them contradict each other, what a combined score is, and who binds one entity.

What is compared are values, units and measures of facts. A constant is a concentration (Kd, Ki, IC50); a KIBA score is
combined from such constants and has no unit, so that no list ranks the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from biomed_agent.answering.reading.limits import Limit
from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import KIBA_BINDS, SCORE, WEAK, Reading, conflict, read
from biomed_agent.core.types import Entity, Fact, Protein
from biomed_agent.core.words import listed
from biomed_agent.sources.local import LocalIndex

MAX_NAMED_PARTNERS = 10
"""named in a sentence, and returned where the question states no limit"""
MAX_PARTNERS = 100
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
    where = f"{_table(fact)} {sources.cite(fact.provenance)}".strip()
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


@dataclass(frozen=True, slots=True)
class Partners:
    """Who was measured to bind one entity."""

    facts: list[Fact]
    """the strongest of each measure, concentrations before scores; one for each partner"""
    counts: dict[str, int]
    """partners on record by measure, those left out by the limit not counted"""
    limit: Limit | None = None
    beyond: list[Fact] = field(default_factory=list)
    """the strongest of each measure where none lies within the limit"""


def partners(index: LocalIndex, entity: Entity, limit: Limit | None = None, count: int | None = None) -> Partners:
    """Return the strongest measured affinities of an entity, each measure ranked by itself.

    Args:
        index: Where they are recorded.
        entity: Whose partners are wanted.
        limit: Leaves out what does not lie within it; then up to :data:`MAX_PARTNERS` partners are returned.
        count: Most partners returned; None for the usual number.
    """
    grouped: dict[str, dict[str, tuple[float, Fact]]] = {}
    for fact in index.activities_of(entity, limit=100_000):
        reading = read(fact)
        strength = math.inf if reading is None else reading.value * (-1 if fact.predicate == SCORE else 1)
        strongest_by = grouped.setdefault(fact.predicate, {})
        if fact.about not in strongest_by or strength < strongest_by[fact.about][0]:
            strongest_by[fact.about] = strength, fact
    strongest = [sorted(grouped[measure].values(), key=lambda pair: pair[0]) for measure in sorted(grouped, key=_rank)]
    within = [
        [pair for pair in group if limit is None or limit.holds(pair[1].predicate, abs(pair[0]))] for group in strongest
    ]
    facts: list[Fact] = []
    limit_count = count or (MAX_NAMED_PARTNERS if limit is None else MAX_PARTNERS)
    for group in within:
        named = {fact.about for fact in facts}
        facts += [fact for _, fact in group if fact.about not in named][: limit_count - len(facts)]
    counts = {group[0][1].predicate: len(group) for group in within if group}
    beyond = [] if facts else [group[0][1] for group in strongest]
    return Partners(facts, counts, limit, beyond)


def _rank(measure: str) -> bool:
    return measure == SCORE


def partners_text(entity: Entity, partners: Partners, sources: compose.Sources) -> str:
    """List measured partners: what they are, how many there are in all, and what a score is where one is listed."""
    if not partners.facts:
        return _none_within(entity, partners, sources)
    name, shown = compose.name_of(entity), {fact.predicate: 0 for fact in partners.facts}
    pieces = []
    for measure in shown:
        group = [fact for fact in partners.facts if fact.predicate == measure]
        strongest = group[:MAX_NAMED_PARTNERS]
        named = "; ".join(f"{fact.note or fact.subject} {compose.measured_text(fact)}" for fact in strongest)
        cited = sources.cite_all(fact.provenance for fact in strongest)
        pieces.append(f"{named} ({len(strongest)} of {partners.counts[measure]} by {measure}) {cited}".rstrip())
    unlisted = [f"{count} by {measure}" for measure, count in partners.counts.items() if measure not in shown]
    more = f"; not listed: {listed(unlisted)}" if unlisted else ""
    tables = listed(list(dict.fromkeys(_table(fact) for fact in partners.facts)))
    what = "measured ligands, not a list of approved drugs" if isinstance(entity, Protein) else "measured targets"
    limited = f" with {partners.limit.words}" if partners.limit else ""
    lacking = f"No Kd, Ki or IC50 of {name} is on record here. " if only_scores(partners.facts) and not limited else ""
    lead = f"{lacking}Strongest measured affinities of {name} in the local records{limited} ({what}; {tables})"
    return f"{lead}: {'; '.join(pieces)}{more}. {WHAT_A_SCORE_IS if SCORE in shown else ''}".rstrip()


def _none_within(entity: Entity, partners: Partners, sources: compose.Sources) -> str:
    """Say that no partner lies within the limit, and which comes nearest."""
    words = partners.limit.words if partners.limit else ""
    values = (
        f"{fact.note} {compose.measured_text(fact)} {sources.cite(fact.provenance)}".rstrip()
        for fact in partners.beyond
    )
    nearest, name = "; ".join(values), compose.name_of(entity)
    sentence = f"No measured affinity of {name} in the local records is within the limit {words}"
    text = f"{sentence}; the strongest: {nearest}."
    if partners.limit and not any(_of_measure(partners.limit, fact) for fact in partners.beyond):
        measure = partners.limit.measure or "Kd, Ki or IC50"
        text = f"No {measure} of {name} is on record here, so none is within the limit {words}; on record: {nearest}."
    return f"{text} {WHAT_A_SCORE_IS}" if any(fact.predicate == SCORE for fact in partners.beyond) else text


def _of_measure(limit: Limit, fact: Fact) -> bool:
    """Whether an affinity is of the measure that a limit is put on: the one it names, or any concentration."""
    return fact.predicate == limit.measure or (not limit.measure and fact.predicate != SCORE)


def _table(fact: Fact) -> str:
    """Return the name of the table that a fact is from, without its literature."""
    return fact.provenance.source.partition(" (")[0]
