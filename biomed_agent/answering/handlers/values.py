"""Values that a question names: computed from the structure, of the identity, and stored in records."""

from __future__ import annotations

import re
from collections.abc import Sequence

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import hazards, properties
from biomed_agent.core.predicates import COMPUTED, IDENTITY, VALUES
from biomed_agent.answering.wording import compose
from biomed_agent.core.chemistry.descriptors import computed_facts
from biomed_agent.core.errors import Inapplicable
from biomed_agent.core.predicates import STATEMENT
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Fact, Molecule, Resolved
from biomed_agent.core.words import listed

_CHANGES_WITH_PH = frozenset({"formal charge", "logP"})


def handle(context: AnswerContext, query: Query) -> Answer:
    """State the values that a query names; without any, all that is computed from the structure of a molecule."""
    if not query.predicates:
        return properties.handle(context, query)
    computed = [name for name in query.predicates if name in COMPUTED]
    if STATEMENT in query.predicates:
        context.leave_out(computed)
        return hazards.handle(context, query)
    if _CHANGES_WITH_PH & set(computed) and re.search(r"\bpH\b", query.text):
        raise Inapplicable(
            f"{' and '.join(computed)} at a pH is not computed here, only that of the structure as drawn.",
            "Ask without the pH, or give the SMILES of the form that is present at it.",
        )
    draft, sentences = context.draft, []
    for resolved in draft.entities:
        facts = _computed(context, resolved, computed) + _recorded(context, resolved, query.predicates)
        draft.facts += facts
        sentences.append(compose.facts_sentence(resolved.entity, facts, draft.sources))
    if any(sentences):
        _tell_gaps(context, query, sentences)
    return context.close_stated(query, sentences)


def _computed(context: AnswerContext, resolved: Resolved, wanted: Sequence[str]) -> list[Fact]:
    """Return the computed values that are wanted, judgements of drug-likeness when one of them is."""
    if not wanted:
        return []
    retriever, entity = context.components.retriever, resolved.entity
    if not isinstance(entity, Molecule):
        return retriever.computed(entity, wanted)
    facts = computed_facts(entity, wanted)
    if any(fact.about for fact in facts):
        facts = retriever.name_parents(entity, facts)
    known = {fact.predicate for fact in facts}
    if (properties.JUDGED & set(wanted)) - known:
        facts += [fact for fact in properties.judgements(retriever, entity) if fact.predicate not in known]
    return [fact for name in wanted for fact in facts if fact.predicate == name]


def _recorded(context: AnswerContext, resolved: Resolved, predicates: Sequence[str]) -> list[Fact]:
    """Return what records state of the wanted values; of the identity without asking anybody."""
    wanted = [name for name in predicates if name not in COMPUTED]
    if not wanted:
        return []
    facts = context.components.retriever.identity(resolved, wanted)
    stated = {fact.predicate for fact in facts}
    if asked := [name for name in wanted if name not in stated & IDENTITY]:
        facts += context.stored(resolved.entity, asked)
    for predicate in stated:  # such as synonyms, of which a source has more
        context.draft.call_gaps(resolved.entity, (predicate,), f"{predicate} (in part)")
    return facts


def _tell_gaps(context: AnswerContext, query: Query, sentences: Sequence[str]) -> None:
    """Warn of the values that nothing states beside those that are stated."""
    draft = context.draft
    for resolved, sentence in zip(draft.entities, sentences, strict=True):
        gaps = [gap for gap in draft.gaps if gap.entity is resolved.entity]
        # Each value was asked for; of the predicates that answer one question together, one is enough.
        missing = [gap for gap in gaps if not sentence or gap.asked in VALUES]
        draft.drop_notes(missing)
        draft.warnings += compose.gap_sentences(missing)
    stated = {fact.predicate.lower() for fact in draft.facts} | {gap.asked.lower() for gap in draft.gaps}
    if lacking := [name for name in query.predicates if name in VALUES and name.lower() not in stated]:
        draft.warnings.append(f"Nothing here states the {listed(lacking, 'or')}.")
