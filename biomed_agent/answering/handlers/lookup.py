"""Which entity a name names, and what the sections asked for of a protein's record state."""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.evidence import matching
from biomed_agent.answering.gaps import Gap, unread_notes
from biomed_agent.answering.handlers import partners
from biomed_agent.answering.handlers.described import identify
from biomed_agent.answering.wording import compose
from biomed_agent.core.predicates import SECTIONS
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Entity, Fact, Protein

_SIZE = ("length", "molecular weight")


def handle(context: AnswerContext, query: Query) -> Answer:
    """Say which entity is named; of a protein also the sections whose predicates the query names."""
    draft, components = context.draft, context.components
    resolved = draft.entities[0]
    entity = resolved.entity
    if not isinstance(entity, Protein):
        return identify(context, query)
    identity = [fact for fact in components.retriever.identity(resolved) if fact.predicate != "sequence"]
    beside = [*identity, *components.retriever.computed(entity, _SIZE)]
    lead = compose.identity_sentence(entity, draft.sources)
    if sections := _sections(query.predicates):
        return _with_sections(context, entity, sections, lead, beside)
    stated = components.index.facts(entity)
    known = compose.facts_sentence(entity, matching(stated, ("protein family", "EC number")), draft.sources)
    draft.facts += [*stated, *beside]
    return draft.close("answered", f"{lead} {known}")


def _sections(predicates: Sequence[str]) -> list[str]:
    """Return the sections all of whose predicates are asked for, in the order in which they are."""
    asked = [section for section, names in SECTIONS.items() if set(names) <= set(predicates)]
    return sorted(asked, key=lambda section: predicates.index(SECTIONS[section][0]))


def _with_sections(
    context: AnswerContext, entity: Entity, about: Sequence[str], lead: str, beside: Sequence[Fact]
) -> Answer:
    """Close with what is stated in the sections asked for, and of each other one whose silence that is."""
    draft = context.draft
    predicates = tuple(dict.fromkeys(predicate for section in about for predicate in SECTIONS[section]))
    stated = context.stored(entity, predicates)
    sentences = [lead, compose.facts_sentence(entity, stated, draft.sources)]
    measured: list[Fact] = []
    found = partners.partners(context.components.index, entity, Query("list")) if "drugs" in about else None
    if found is not None and (found.facts or found.apart):
        measured = [*found.facts, *found.apart]
        sentences.append(partners.partners_text(entity, found, draft.sources, Query("list")))
    lacking = [
        section
        for section in about
        if not matching(stated, SECTIONS[section]) and not (section == "drugs" and measured)
    ]
    for section in about:
        draft.call_gaps(entity, SECTIONS[section], section if section in lacking else f"{section} (in part)")
    draft.facts += [*stated, *measured, *beside]
    gaps = _of_sources([gap for gap in draft.gaps if gap.asked in lacking])
    text = " ".join(part for part in sentences if part)
    if set(lacking) == set(about):
        return draft.close_empty(after=text, gaps=gaps)
    draft.warnings += unread_notes(gaps)
    return draft.close("answered", " ".join([text, *compose.gap_sentences(gaps, its=True)]))


def _of_sources(gaps: Sequence[Gap]) -> list[Gap]:
    """Leave out what only the local index could state of a section of which a record or a live source tells."""
    of_sources = {gap.asked for gap in gaps if gap.source}
    return [gap for gap in gaps if gap.source or gap.asked not in of_sources]
