"""Measured affinities in words: what was measured of a pair, what contradicts what, and what a combined score is.

What is compared are values, units and measures of facts. A constant is a concentration (Kd, Ki, IC50); a KIBA score is
combined from such constants and has no unit, so that no list ranks the two together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import KIBA_BINDS, SCORE, WEAK, Reading, conflict, doubted, is_open
from biomed_agent.core.curation import records
from biomed_agent.core.types import Fact, Protein, Provenance
from biomed_agent.core.words import counted, listed, plural

WHAT_A_SCORE_IS = (
    "A KIBA score is combined from Ki, Kd and IC50 (Tang et al. 2014, here on the scale of He et al. 2017): it has no "
    f"unit, higher is stronger, and {KIBA_BINDS} or more counts as binding; scores and concentrations cannot be "
    "compared."
)

NOT_STATED = "without saying whether a value is exact or a bound such as >"
"""what is said of sources that lost the relation"""
MAX_PAPERS = 3
"""publications cited behind one value; the fact names all"""


def pair_sentences(molecule: str, protein: Protein, facts: Sequence[Fact], sources: compose.Sources) -> str:
    """State the measured affinities of a pair: those whose relation is stated first, then the others, named as such."""
    exact = [fact for fact in facts if not is_open(fact)]
    apart = [fact for fact in facts if is_open(fact) and not doubted(fact)]
    doubts = [fact for fact in facts if doubted(fact)]
    of = f"{molecule} and {compose.name_of(protein)}"
    sentences = []
    if exact:
        sentences.append(f"Measured for {of}: {_several(exact, sources)}.")
    if apart:
        tables = listed(list(dict.fromkeys(table_of(fact) for fact in apart)))
        what = f"{tables} also states, {NOT_STATED}" if exact else f"Measured for {of}, as {tables} states {NOT_STATED}"
        sentences.append(f"{what}: {_several(apart, sources)}.")
    if doubts:
        reasons, values = doubts_of(doubts), counted(len(doubts), "value")
        lead = "Left out of means and ranks" if exact or apart else f"Of {of} nothing is on record but"
        sentences.append(f"{lead}: {values} that the source itself doubts ({reasons}): {_several(doubts, sources)}.")
    return " ".join(sentences)


def doubts_of(facts: Sequence[Fact]) -> str:
    """Say what sources doubt of values, each doubt once."""
    return listed(list(dict.fromkeys(fact.measurement.validity for fact in facts if fact.measurement)))


def _several(facts: Sequence[Fact], sources: compose.Sources) -> str:
    shown = [one_text(fact, sources) for fact in facts[: compose.MAX_LISTED]]
    rest = len(facts) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest else "")


def one_text(fact: Fact, sources: compose.Sources) -> str:
    """Return a value with what qualifies it, its records and publications: ``Ki 2.2 nM (mean of 61 values) [1][2]``."""
    measured = fact.measurement
    notes = [] if is_open(fact) and not fact.construct else [fact.note] if fact.note else []
    if is_open(fact) and fact.construct:
        notes = [fact.construct]
    if measured is not None and (measured.replicates or 1) > 1:
        spread = ""
        if measured.low is not None and measured.high is not None:
            spread = f", {compose.number(measured.low)} to {compose.number(measured.high)} {fact.unit}".rstrip()
        notes.append(f"geometric mean of {measured.replicates} values{spread}")
    noted = f" ({'; '.join(notes)})" if notes else ""
    cited = sources.cite_all([*records(fact), *papers(fact)[:MAX_PAPERS]])
    more = len(papers(fact)) - MAX_PAPERS
    others = f" and {more} more {plural('publication') if more > 1 else 'publication'}" if more > 0 else ""
    return f"{compose.measured_text(fact)}{noted} {cited}{others}".rstrip()


def papers(fact: Fact) -> list[Provenance]:
    """Return the publications of an affinity, each with the address where it is found."""
    found = []
    for reference in fact.measurement.references if fact.measurement else ():
        kind, _, number = reference.partition(":")
        if kind == "PMID":
            found.append(Provenance("PubMed", f"PMID {number}", f"https://pubmed.ncbi.nlm.nih.gov/{number}/"))
        elif kind == "DOI":
            found.append(Provenance("DOI", number, f"https://doi.org/{number}"))
    return found


def searched_text(names: Sequence[str]) -> str:
    """Say which tables were searched, and as of when where their names tell.

    >>> searched_text(["DAVIS kinase assay (Davis et al. 2011, as released with DeepDTA)", "BindingDB of March 2015"])
    'DAVIS kinase assay (2011) and BindingDB of March 2015'
    """
    shown = []
    for name in names:
        head, _, rest = name.partition(" (")
        year = re.search(r"\b(?:19|20)\d\d\b", rest)
        shown.append(head if year is None or re.search(r"\b(?:19|20)\d\d\b", head) else f"{head} ({year[0]})")
    return listed(list(dict.fromkeys(shown)))


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
    if reading.sign == "?":
        return "a measured concentration, means binding even if it is a bound" if reading.binds else _UNDECIDED
    if reading.binds is None:
        return "a measured concentration, is weak or only a bound"
    return f"a measured concentration, means {'weak ' if reading.value > WEAK else ''}binding"


_UNDECIDED = "a measured concentration, is weak or a bound"


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
