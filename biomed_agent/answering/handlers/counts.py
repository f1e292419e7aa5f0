"""How many of a part a molecule or a protein has, whether it has any, and how much is on record here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.wording import compose
from biomed_agent.core.chemistry.counts import facts_of_count, facts_of_smarts
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.errors import Inapplicable, InvalidInput
from biomed_agent.core.query import Filter, Query
from biomed_agent.core.sequence_values import facts_of_residue, residue_of
from biomed_agent.core.types import Answer, Entity, Fact, Molecule, Protein
from biomed_agent.core.words import listed

_WITH_HYDROGENS = " with hydrogens"


def handle(context: AnswerContext, query: Query) -> Answer:
    """Count the parts that the filters of a query name in each of its subjects."""
    if not query.subjects:
        return _known_here(context, query)
    if not query.filters:
        raise InvalidInput("the query counts nothing.", "Name a part as the value of a filter on structure.")
    draft, sentences = context.draft, []
    for resolved in draft.entities:
        entity = resolved.entity
        counted = [(condition, count_of(entity, condition)) for condition in query.filters]
        facts = [_named(context, entity, fact) for _, found in counted for fact in found]
        draft.facts += facts
        if query.aggregate == "yes_no":
            sentences += [_yes_or_no(context, entity, condition, found) for condition, found in counted]
        else:
            sentences.append(_sentence(context, entity, facts))
    return draft.close("answered", " ".join(sentences))


def count_of(entity: Entity, condition: Filter) -> list[Fact]:
    """Return the count of one part: of the whole, and of the parent of a salt where that differs.

    Raises:
        Inapplicable: The part cannot be counted exactly.
        InvalidInput: The pattern cannot be read.
    """
    words = str(condition.value)
    if isinstance(entity, Protein):
        letter = residue_of(words)
        if letter is None:
            raise Inapplicable(f"{words!r} is not counted in a protein here.", "Name an amino acid.")
        return facts_of_residue(entity, letter)
    if not isinstance(entity, Molecule):
        return []
    if condition.field == "SMARTS":
        return facts_of_smarts(entity, words)
    part = part_of(words.removesuffix(_WITH_HYDROGENS))
    facts = facts_of_count(entity, part) if part is not None else []
    if not facts:
        raise Inapplicable(f"{words!r} cannot be counted exactly here.", "Name an element, a group or a ring, or give "
                           "a SMARTS pattern.")  # fmt: skip
    return facts


def _named(context: AnswerContext, entity: Entity, fact: Fact) -> Fact:
    """Name the parent of a salt as a record does, in place of its structure."""
    if not fact.about or not isinstance(entity, Molecule):
        return fact
    return next(iter(context.components.retriever.name_parents(entity, [fact])), fact)


def _sentence(context: AnswerContext, entity: Entity, facts: Sequence[Fact]) -> str:
    """Say each number with its definition: "Aspirin: 1 ester (...)"."""
    clauses = [f"{fact.amount} {fact.unit}{_note(fact)}" for fact in facts]
    cited = context.draft.sources.cite_all(fact.provenance for fact in facts)
    return f"{compose.capital(compose.name_of(entity))}: {'; '.join(clauses)} {cited}.".replace(" .", ".")


def _note(fact: Fact) -> str:
    return f" ({fact.note})" if fact.note else ""


def _yes_or_no(context: AnswerContext, entity: Entity, condition: Filter, facts: Sequence[Fact]) -> str:
    """Say whether there is any, with the number as the reason."""
    whole = facts[0]
    some = isinstance(whole.value, int | float) and whole.value > 0
    cited = context.draft.sources.cite(whole.provenance)
    name = compose.name_of(entity)
    if some:
        return f"Yes: {name} has {whole.amount} {whole.unit}{_note(whole)} {cited}."
    what = part_of(str(condition.value)) if isinstance(entity, Molecule) else None
    return f"No: {name} has no {what.name if what else condition.value}{_note(whole)} {cited}."


def _known_here(context: AnswerContext, query: Query) -> Answer:
    """Say how many molecules or proteins the records at hand hold."""
    totals = context.components.index.totals()
    if query.object not in totals:
        raise InvalidInput(f"{query.object!r} is not counted here.", f"Expected one of {listed(sorted(totals), 'or')}.")
    draft = context.draft
    from biomed_agent.core.types import Provenance

    record = Provenance(source="the local index", identifier="its tables, counted")
    fact = Fact("local index", "count", totals[query.object], query.object, "computed", record)
    draft.facts.append(replace(fact))
    return draft.close(
        "answered", f"The records at hand hold {totals[query.object]:,} {query.object} {draft.sources.cite(record)}."
    )
