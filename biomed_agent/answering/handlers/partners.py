"""Who was measured to bind one molecule or protein: filtered, ranked, counted, each measure by itself.

What is not known to be exact, as its source lost the relation, is neither filtered nor ranked with the rest: it is
named apart. What a source doubts is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import affinities
from biomed_agent.answering.handlers.bioassays import bioassay_sentences
from biomed_agent.answering.reading.limits import affinity_filters, holds, limits_text
from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import SCORE, doubted, is_open, read
from biomed_agent.core.curation import partner_key, records
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
    apart: list[Fact] = field(default_factory=list)
    """from the smallest value as stated, those whose relation is not stated; each measure by itself, and named only
    where no others are"""
    apart_counts: dict[str, int] = field(default_factory=dict)
    """partners by measure of which only such a value is within the filters, as stated"""
    apart_tables: tuple[str, ...] = ()
    """names of the tables these are from"""
    doubts: tuple[Fact, ...] = ()
    """values left out because their source doubts them"""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on record that a list could name."""
        return not (self.facts or self.beyond or self.apart or self.doubts)


def handle(context: AnswerContext, query: Query) -> Answer:
    """List or count the measured partners of one entity; of a salt those of its parent, where it has none itself."""
    draft = context.draft
    entity = draft.entities[0].entity
    asked, found = partners_of(context, entity, query)
    measured = [*(found.facts or found.beyond), *found.apart]
    linked = _linked_drugs(context, entity) if isinstance(entity, Protein) and not query.filters else []
    draft.facts += [*measured, *linked]
    sentences = []
    if not found.is_empty:
        sentences.append(partners_text(asked, found, draft.sources, query))
    if isinstance(entity, Molecule):
        sentences += bioassay_sentences(
            context, entity, known=not found.is_empty, asked="assay results" in query.predicates
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
    if not found.is_empty:
        return entity, found
    for parent in context.components.retriever.parents(entity) if isinstance(entity, Molecule) else []:
        of_parent = partners(index, parent, query)
        if not of_parent.is_empty:
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
    about: dict[str, set[tuple[str, ...]]] = {}
    for fact in rows:
        about.setdefault(fact.predicate, set()).add(partner_key(fact))
    known = [fact for fact in rows if not is_open(fact) and _is_wanted(limits, fact)]
    loose = [fact for fact in rows if is_open(fact) and not doubted(fact) and _is_wanted(limits, _as_stated(fact))]
    groups = _grouped(known, weakest=query.order == "weakest")
    facts = _listed(groups, query.limit or (MAX_PARTNERS if limits else MAX_NAMED_PARTNERS))
    listed_already = {(fact.predicate, *partner_key(fact)) for group in groups for fact in group}
    others = _grouped(
        [fact for fact in loose if (fact.predicate, *partner_key(fact)) not in listed_already],
        weakest=query.order == "weakest",
    )
    others.sort(key=lambda group: (group[0].predicate == SCORE, -len(group)))
    apart = [] if facts else _listed(others, query.limit or MAX_NAMED_PARTNERS)
    return Partners(
        facts, _counts(groups), {name: len(several) for name, several in about.items()}, query.filters,
        [] if facts or not limits else _strongest_of_each([fact for fact in rows if not is_open(fact)]),
        apart, _counts(others),
        tuple(dict.fromkeys(affinities.table_of(fact) for group in others for fact in group)),
        tuple(fact for fact in rows if doubted(fact)),
    )  # fmt: skip


def _as_stated(fact: Fact) -> Fact:
    """Return a fact as if its value were exact."""
    return replace(fact, relation="=")


def _is_wanted(limits: Sequence[Filter], fact: Fact) -> bool:
    """Whether a value lies within the limits, or where there are none, is exact and means binding."""
    reading = read(fact)
    if not limits and (reading is None or reading.binds is False or reading.sign != "="):
        return False
    return holds(limits, fact)


def _grouped(facts: Iterable[Fact], *, weakest: bool) -> list[list[Fact]]:
    """Return the strongest value of each partner, each measure by itself, concentrations before scores."""
    grouped: dict[str, dict[tuple[str, ...], tuple[float, Fact]]] = {}
    for fact in facts:
        reading, partner = read(fact), partner_key(fact)
        strength = math.inf if reading is None else reading.value * (-1 if fact.predicate == SCORE else 1)
        strongest = grouped.setdefault(fact.predicate, {})
        if partner not in strongest or strength < strongest[partner][0]:
            strongest[partner] = strength, fact
    return [
        [fact for _, fact in sorted(grouped[name].values(), key=lambda pair: pair[0], reverse=weakest)]
        for name in sorted(grouped, key=lambda name: name == SCORE)
    ]


def _listed(groups: Sequence[Sequence[Fact]], limit: int) -> list[Fact]:
    """Return the first of each group up to a limit in all, each partner by one measure."""
    facts: list[Fact] = []
    for group in groups:
        named = {partner_key(fact) for fact in facts}
        facts += [fact for fact in group if partner_key(fact) not in named][: limit - len(facts)]
    return facts


def _counts(groups: Sequence[Sequence[Fact]]) -> dict[str, int]:
    return {group[0].predicate: len(group) for group in groups if group}


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
    sentences = []
    if found.facts:
        sentences.append(_ranked_text(entity, found, sources, query))
    elif found.beyond or not (found.apart or found.doubts):
        sentences.append(_none_within(entity, found, sources))
    elif found.apart and limits_text(found.filters):
        sentences.append(
            f"No affinity of {compose.name_of(entity)} with {limits_text(found.filters)} is on record of which it is "
            "stated that it is exact."
        )
    if found.facts and found.apart_counts:
        sentences.append(_beside_text(found))
    elif found.apart:
        sentences.append(_apart_text(entity, found, sources, query))
    if found.doubts:
        values = "1 value is" if len(found.doubts) == 1 else f"{len(found.doubts)} values are"
        reasons = affinities.doubts_of(found.doubts)
        sentences.append(f"{values} left out that the source itself doubts ({reasons}).")
    if any(fact.predicate == SCORE for fact in (*found.facts, *(() if found.facts else found.beyond))):
        sentences.append(affinities.WHAT_A_SCORE_IS)
    return " ".join(sentences)


def _ranked_text(entity: Entity, found: Partners, sources: compose.Sources, query: Query) -> str:
    """Name the partners whose values can be ranked."""
    name = compose.name_of(entity)
    limited = f" with {limits_text(found.filters)}" if limits_text(found.filters) else ""
    order = "Weakest" if query.order == "weakest" else "Strongest"
    pieces = _pieces(found.facts, found.counts, sources)
    unlisted = [f"{count} by {measure}" for measure, count in found.counts.items() if measure not in
                {fact.predicate for fact in found.facts}]  # fmt: skip
    more = f"; not listed: {listed(unlisted)}" if unlisted else ""
    tables = listed(list(dict.fromkeys(affinities.table_of(fact) for fact in found.facts)))
    lacking = ""
    scores_alone = affinities.only_scores([*found.facts, *found.apart])
    if scores_alone and not limited and SCORE not in query.predicates:
        lacking = f"No Kd, Ki or IC50 of {name} is on record here. "
    if query.aggregate == "count":
        lead = f"{_counted(entity, found)}{limited} ({_what(entity)}; {tables}); the {order.lower()}"
    else:
        lead = f"{order} measured affinities of {name} in {_where(found.facts)}{limited} ({_what(entity)}; {tables})"
    yes = "Yes. " if query.aggregate == "yes_no" else ""
    return f"{yes}{lacking}{lead}: {'; '.join(pieces)}{more}."


def _where(facts: Sequence[Fact]) -> str:
    """Say where affinities are on record."""
    return "ChEMBL" if facts and facts[0].provenance.retrieved else "the local records"


def _beside_text(found: Partners) -> str:
    """Say how many partners stand beside those named, whose values are not known to be exact."""
    limited = f" with {limits_text(found.filters)} as stated" if limits_text(found.filters) else ""
    counts = listed([f"{count} by {measure}" for measure, count in found.apart_counts.items()])
    return f"Apart from these, {listed(found.apart_tables)} has {counts}{limited}, {affinities.NOT_STATED}."


def _apart_text(entity: Entity, found: Partners, sources: compose.Sources, query: Query) -> str:
    """Name the partners whose values are not known to be exact."""
    tables = listed(found.apart_tables)
    limited = f" with {limits_text(found.filters)} as stated" if limits_text(found.filters) else ""
    order = "largest" if query.order == "weakest" else "smallest"
    shown = "; ".join(_pieces(found.apart, found.apart_counts, sources))
    unlisted = [f"{count} by {measure}" for measure, count in found.apart_counts.items() if measure not in
                {fact.predicate for fact in found.apart}]  # fmt: skip
    more = f"; not listed: {listed(unlisted)}" if unlisted else ""
    name, counted = compose.name_of(entity), ""
    if query.aggregate == "count":
        noun = "molecules" if isinstance(entity, Protein) else "proteins"
        counted = f" of {listed([f'{count} {noun} by {name}' for name, count in found.apart_counts.items()])}"
    return (
        f"Measured affinities of {name}{counted} in the local records{limited} ({_what(entity)}), from the {order} "
        f"value, as {tables} lists them {affinities.NOT_STATED}: {shown}{more}."
    )


def _what(entity: Entity) -> str:
    return "measured ligands, not a list of approved drugs" if isinstance(entity, Protein) else "measured targets"


def _pieces(facts: Sequence[Fact], counts: dict[str, int], sources: compose.Sources) -> list[str]:
    """Name partners by measure, each with how many of how many."""
    pieces = []
    for measure in dict.fromkeys(fact.predicate for fact in facts):
        named = [fact for fact in facts if fact.predicate == measure][:MAX_NAMED_PARTNERS]
        shown = "; ".join(f"{affinities.partner_of(fact)} {compose.measured_text(fact)}" for fact in named)
        cited = sources.cite_all(record for fact in named for record in records(fact))
        of = f"the {counts[measure]} read" if named[0].provenance.retrieved else f"{counts[measure]}"
        pieces.append(f"{shown} ({len(named)} of {of} by {measure}) {cited}".rstrip())
    return pieces


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
        if any(name == limits[0].field or (limits[0].field == "affinity" and name != SCORE) for name in found.measured):
            return (
                f"No {measure} of {name} is on record of which it is stated that it is exact, so none is surely within "
                f"the limit {words}; on record: {nearest}."
            )
        text = f"No {measure} of {name} is on record here, so none is within the limit {words}; on record: {nearest}."
    elif words:
        other = "other " if any(condition.field == OTHERS for condition in found.filters) else ""
        sentence = f"No {other}measured affinity of {name} in {_where(found.beyond)} is within the limit {words}"
        text = f"{sentence}; the strongest: {nearest}."
    else:
        text = f"No binding of {name} was seen in what is on record: {nearest}."
    return text


def _of_measure(limit: Filter, fact: Fact) -> bool:
    """Whether an affinity is of the measure that a limit is put on: the one it names, or any concentration."""
    return fact.predicate == limit.field or (limit.field == "affinity" and fact.predicate != SCORE)
