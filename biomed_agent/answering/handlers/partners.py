"""Who was measured to bind one molecule or protein: filtered, ranked, counted, each measure by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import affinities
from biomed_agent.answering.handlers.bioassays import bioassay_sentences
from biomed_agent.answering.reading.limits import affinity_filters, holds, limits_text
from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import SCORE, read
from biomed_agent.core.errors import Inapplicable
from biomed_agent.core.predicates import DRUG_LINKS
from biomed_agent.core.query import OTHERS, Filter, Query
from biomed_agent.core.types import Answer, Entity, Fact, Molecule, Protein
from biomed_agent.core.words import listed
from biomed_agent.sources.local import LocalIndex

MAX_NAMED_PARTNERS = 10
"""named in a sentence, and returned where the question states no limit"""
MAX_PARTNERS = 100


@dataclass(frozen=True, slots=True)
class Partners:
    """Who was measured to bind one entity, the strongest first."""

    facts: list[Fact]
    """one for each partner and measure, concentrations before scores"""
    counts: dict[str, int]
    """partners by measure, those that the filters leave out not counted"""
    measured: dict[str, int]
    """partners by measure that were measured at all, bounds among them"""
    filters: tuple[Filter, ...] = ()
    beyond: list[Fact] = field(default_factory=list)
    """the strongest of each measure where none is within the filters"""


def handle(context: AnswerContext, query: Query) -> Answer:
    """List or count the measured partners of one entity; of a salt those of its parent, where it has none itself."""
    draft = context.draft
    entity = draft.entities[0].entity
    asked, found = partners_of(context, entity, query)
    measured = found.facts or found.beyond
    linked = _linked_drugs(context, entity) if isinstance(entity, Protein) and not query.filters else []
    draft.facts += [*measured, *linked]
    sentences = []
    if measured:
        sentences.append(partners_text(asked, found, draft.sources, query))
    if isinstance(entity, Molecule):
        sentences += bioassay_sentences(
            context, entity, known=bool(measured), asked="assay results" in query.predicates
        )
    if sentences or linked:
        sentences.append(compose.facts_sentence(entity, linked, draft.sources))
        return draft.close("answered", " ".join(sentences))
    if any(condition.field == OTHERS for condition in query.filters):
        return draft.close_empty(f"No other measured binding of {compose.name_of(entity)} is in the local index.")
    others = " How proteins interact with each other is not recorded here." if isinstance(entity, Protein) else ""
    return draft.close_empty(f"No measured binding of {compose.name_of(entity)} is in the local index.{others}")


def partners_of(context: AnswerContext, entity: Entity, query: Query) -> tuple[Entity, Partners]:
    """Return the partners of an entity, or of the parent of a salt that has none, and whose they are.

    Where the local index has nothing of either, ChEMBL is asked, but for how many there are: it is not read to its end.
    """
    index = context.components.index
    found = partners(index, entity, query)
    if found.facts or found.beyond:
        return entity, found
    for parent in context.components.retriever.parents(entity) if isinstance(entity, Molecule) else []:
        of_parent = partners(index, parent, query)
        if of_parent.facts or of_parent.beyond:
            context.draft.warnings.append(
                f"Nothing is on record of {compose.name_of(entity)} itself; the values are those of its parent "
                f"{compose.name_of(parent)}."
            )
            return parent, of_parent
    return entity, _in_chembl(context, entity, query) or found


def _in_chembl(context: AnswerContext, entity: Entity, query: Query) -> Partners | None:
    """Return the partners that ChEMBL has of an entity without any here; None where it has none, or was not asked."""
    draft, retriever = context.draft, context.components.retriever
    if query.aggregate == "count":
        draft.not_looked_up.append(f"how many partners of {compose.name_of(entity)} ChEMBL has (ask what binds it)")
        return None
    rows = retriever.live_partners(entity, draft.warnings, draft.gaps, weakest=query.order == "weakest")
    return partners(context.components.index, entity, query, rows) if rows else None


def partners(index: LocalIndex, entity: Entity, query: Query, live: Sequence[Fact] = ()) -> Partners:
    """Return the measured affinities of an entity that a query asks for, each measure ranked by itself.

    Args:
        index: Where they are recorded.
        entity: Whose partners are wanted.
        query: Its predicates name measures, its filters limit the values and the class of the partner; ``order``
            ``weakest`` turns the ranking round.
        live: Affinities of a live record, in place of those of the index.
    """
    limits = affinity_filters(query.filters)
    rows = list(live or index.partners(entity).facts)
    if members := _members(index, query.filters):
        rows = [fact for fact in rows if fact.about in members[0]]
    left_out = [value for f in query.filters if f.field == OTHERS and isinstance(f.value, tuple) for value in f.value]
    rows = [fact for fact in rows if fact.about not in left_out]
    wanted = {name for name in query.predicates if name != "assay results"}
    rows = [fact for fact in rows if not wanted or fact.predicate in wanted]
    grouped: dict[str, dict[str, tuple[float, Fact]]] = {}
    about: dict[str, set[str]] = {}
    for fact in rows:
        reading = read(fact)
        about.setdefault(fact.predicate, set()).add(fact.about)
        if not limits and (reading is None or reading.binds is False or reading.sign != "="):
            continue
        if not holds(limits, fact):
            continue
        strength = math.inf if reading is None else reading.value * (-1 if fact.predicate == SCORE else 1)
        strongest = grouped.setdefault(fact.predicate, {})
        if fact.about not in strongest or strength < strongest[fact.about][0]:
            strongest[fact.about] = strength, fact
    weakest = query.order == "weakest"
    groups = [
        [fact for _, fact in sorted(grouped[name].values(), key=lambda pair: pair[0], reverse=weakest)]
        for name in sorted(grouped, key=lambda name: name == SCORE)
    ]
    limit = query.limit or (MAX_PARTNERS if limits else MAX_NAMED_PARTNERS)
    facts: list[Fact] = []
    for group in groups:
        named = {fact.about for fact in facts}
        facts += [fact for fact in group if fact.about not in named][: limit - len(facts)]
    counts = {group[0].predicate: len(group) for group in groups if group}
    return Partners(
        facts, counts, {name: len(several) for name, several in about.items()}, query.filters,
        [] if facts or not limits else _strongest_of_each(rows),
    )  # fmt: skip


def _strongest_of_each(rows: Sequence[Fact]) -> list[Fact]:
    """Return the strongest exact value of each measure, else the first bound."""
    found: dict[str, Fact] = {}
    for fact in sorted(rows, key=lambda fact: fact.relation != "="):
        found.setdefault(fact.predicate, fact)
    return sorted(found.values(), key=lambda fact: fact.predicate == SCORE)


def _members(index: LocalIndex, filters: Sequence[Filter]) -> list[set[str]]:
    """Return the handles of the proteins of a class that the filters ask for; nothing where they ask for none.

    Raises:
        Inapplicable: The class is not known here.
    """
    names = [str(condition.value) for condition in filters if condition.field == "protein class"]
    handles: list[set[str]] = []
    for name in names:
        found = index.proteins_with("protein class", name, limit=100_000)
        if not found.total:
            raise Inapplicable(f"which proteins are a {name} is not known here.", "Leave the class out.")
        handles.append({protein.handle for protein in found.things})
    return [set.intersection(*handles)] if handles else []


def _linked_drugs(context: AnswerContext, protein: Protein) -> list[Fact]:
    """Return the drugs and ligands that a protein's record links to; a variant has none of its own."""
    if protein.variant:
        return []
    linked = context.stored(protein, DRUG_LINKS)
    if not linked:
        context.draft.call_gaps(protein, DRUG_LINKS, "drugs")
    return linked


# -- in words ----------------------------------------------------------------------------------


def partners_text(entity: Entity, found: Partners, sources: compose.Sources, query: Query) -> str:
    """Say which partners were measured, how many there are in all, and what a score is where one is listed."""
    if not found.facts:
        return _none_within(entity, found, sources)
    name = compose.name_of(entity)
    limited = f" with {limits_text(found.filters)}" if limits_text(found.filters) else ""
    order = "Weakest" if query.order == "weakest" else "Strongest"
    pieces = [_piece(measure, found, sources) for measure in dict.fromkeys(fact.predicate for fact in found.facts)]
    unlisted = [f"{count} by {measure}" for measure, count in found.counts.items() if measure not in
                {fact.predicate for fact in found.facts}]  # fmt: skip
    more = f"; not listed: {listed(unlisted)}" if unlisted else ""
    tables = listed(list(dict.fromkeys(affinities.table_of(fact) for fact in found.facts)))
    what = "measured ligands, not a list of approved drugs" if isinstance(entity, Protein) else "measured targets"
    lacking = ""
    if affinities.only_scores(found.facts) and not limited and SCORE not in query.predicates:
        lacking = f"No Kd, Ki or IC50 of {name} is on record here. "
    scores = affinities.WHAT_A_SCORE_IS if any(fact.predicate == SCORE for fact in found.facts) else ""
    if query.aggregate == "count":
        lead = f"{_counted(entity, found)}{limited} ({what}; {tables}); the {order.lower()}"
    else:
        lead = f"{order} measured affinities of {name} in {_where(found.facts)}{limited} ({what}; {tables})"
    yes = "Yes. " if query.aggregate == "yes_no" else ""
    return f"{yes}{lacking}{lead}: {'; '.join(pieces)}{more}. {scores}".rstrip()


def _piece(measure: str, found: Partners, sources: compose.Sources) -> str:
    group = [fact for fact in found.facts if fact.predicate == measure]
    named = group[:MAX_NAMED_PARTNERS]
    shown = "; ".join(f"{affinities.partner_of(fact)} {compose.measured_text(fact)}" for fact in named)
    cited = sources.cite_all(fact.provenance for fact in named)
    of = f"the {found.counts[measure]} read" if named[0].provenance.retrieved else f"{found.counts[measure]}"
    return f"{shown} ({len(named)} of {of} by {measure}) {cited}".rstrip()


def _where(facts: Sequence[Fact]) -> str:
    """Say where affinities are on record."""
    return "ChEMBL" if facts and facts[0].provenance.retrieved else "the local records"


def _counted(entity: Entity, found: Partners) -> str:
    """Say how many partners there are: ``86 proteins are measured to bind staurosporine``."""
    noun = "molecules" if isinstance(entity, Protein) else "proteins"
    counts = [f"{count} by {measure}" for measure, count in found.counts.items()]
    total = f"{next(iter(found.counts.values()))}" if len(counts) == 1 else f"{listed(counts)}:"
    of = "; ".join(f"{measure} of {number} is on record" for measure, number in found.measured.items())
    return f"{total} {noun} are measured to bind {compose.name_of(entity)} ({of})"


def _none_within(entity: Entity, found: Partners, sources: compose.Sources) -> str:
    """Say that no partner lies within the limits, and which comes nearest."""
    words, name = limits_text(found.filters), compose.name_of(entity)
    values = (
        f"{affinities.partner_of(fact)} {compose.measured_text(fact)} {sources.cite(fact.provenance)}".rstrip()
        for fact in found.beyond
    )
    nearest = "; ".join(values)
    limits = affinity_filters(found.filters)
    of_measure = [fact for fact in found.beyond if any(_of_measure(limit, fact) for limit in limits)]
    if limits and not of_measure:
        measure = limits[0].field if limits[0].field != "affinity" else "Kd, Ki or IC50"
        text = f"No {measure} of {name} is on record here, so none is within the limit {words}; on record: {nearest}."
    elif words:
        other = "other " if any(condition.field == OTHERS for condition in found.filters) else ""
        sentence = f"No {other}measured affinity of {name} in {_where(found.beyond)} is within the limit {words}"
        text = f"{sentence}; the strongest: {nearest}."
    else:
        text = f"No binding of {name} was seen in what is on record: {nearest}."
    scores = any(fact.predicate == SCORE for fact in found.beyond)
    return f"{text} {affinities.WHAT_A_SCORE_IS}" if scores else text


def _of_measure(limit: Filter, fact: Fact) -> bool:
    """Whether an affinity is of the measure that a limit is put on: the one it names, or any concentration."""
    return fact.predicate == limit.field or (limit.field == "affinity" and fact.predicate != SCORE)
