"""Lists: who was measured to bind a thing, and which molecules or proteins have a class, a part or a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import approved, partners
from biomed_agent.answering.handlers.values import compared
from biomed_agent.answering.wording import compose
from biomed_agent.core.chemistry.counts import count_part
from biomed_agent.core.chemistry.descriptors import computed_facts
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.chemistry.structures import RDKIT
from biomed_agent.core.deadline import current
from biomed_agent.core.errors import InvalidInput, NotFound
from biomed_agent.core.predicates import COMPUTED
from biomed_agent.core.query import Filter, Query
from biomed_agent.core.sequence_values import facts_of_sequence
from biomed_agent.core.types import Answer, Entity, Fact, Molecule, Protein
from biomed_agent.core.words import counted, listed

USUAL = 10
"""things named where the question states no limit"""
EVERY = 1_000_000
_STORED = ("ChEBI class", "ChEBI role")


def handle(context: AnswerContext, query: Query) -> Answer:
    """List the measured partners of a subject; without a subject the things that meet the filters."""
    if query.subjects:
        return approved.handle(context, query) if approved.agency_of(query.filters) else partners.handle(context, query)
    if not query.filters:
        raise InvalidInput("the list has no condition.", "Give a filter, such as a role, a part or a value.")
    kind = query.object or "molecule"
    if kind not in ("molecule", "protein"):
        raise InvalidInput(f"a list of {kind!r} is not made here.", "Expected molecule or protein as the object.")
    terms = [condition for condition in query.filters if not (_computes(condition) or approved.restricts(condition))]
    others = [condition for condition in query.filters if _computes(condition)]
    things, facts, notes = _of_terms(context, kind, terms)
    for condition in others:
        things, more = _filtered(things, condition)
        facts = {**facts, **{handle: [*facts.get(handle, []), *of_it] for handle, of_it in more.items()}}
    if agency := approved.agency_of(query.filters):
        things, more, told = approved.among(context, things, agency)
        facts = {**facts, **{handle: [*facts.get(handle, []), *of_it] for handle, of_it in more.items()}}
        notes += told
        named = approved.called([fact for of_it in more.values() for fact in of_it])
        query = replace(query, filters=tuple(
            replace(one, words=named) if approved.restricts(one) else one for one in query.filters
        ))  # fmt: skip
    return _close(context, query, things, facts, notes)


def _computes(condition: Filter) -> bool:
    return condition.field in ("structure", *COMPUTED)


def _of_terms(
    context: AnswerContext, kind: str, terms: Sequence[Filter]
) -> tuple[list[Entity], dict[str, list[Fact]], list[str]]:
    """Return the things of which records state every term; all things where there is none."""
    index = context.components.index
    things: list[Entity] = []
    facts: dict[str, list[Fact]] = {}
    notes: list[str] = []
    if not terms:
        every: Iterable[Entity] = index.every_molecule() if kind == "molecule" else index.every_protein()
        return list(every), {}, []
    for number, condition in enumerate(terms):
        find = index.molecules_with if kind == "molecule" else index.proteins_with
        found = find(condition.field if condition.field in _fields(kind) else "", str(condition.value), EVERY)
        if not found.total:
            alike = f"It may be one of {listed(found.candidates[:5], 'or')}." if found.candidates else ""
            raise NotFound(f"no {kind} is recorded here as {condition.value!r}.", alike or "Use the words of a record.")
        handles = {thing.handle for thing in found.things}
        things = list(found.things) if not number else [thing for thing in things if thing.handle in handles]
        for fact in found.facts if condition.field != "organism" else ():
            facts.setdefault(fact.subject, []).append(fact)
        if found.candidates:
            notes.append(
                f"Taken for {listed(found.terms[:3])}; records also know {listed(found.candidates[:4])}, which are not "
                "counted here."
            )
        if found.passed_over:
            notes.append(f"Of {counted(found.passed_over, kind)} it is not known here.")
    return things, facts, notes


def _fields(kind: str) -> tuple[str, ...]:
    if kind == "molecule":
        return _STORED
    return ("protein family", "protein class", "EC number", "subcellular location", "organism", "name",
            "GO molecular function", "GO biological process", "GO cellular component")  # fmt: skip


def _filtered(things: Sequence[Entity], condition: Filter) -> tuple[list[Entity], dict[str, list[Fact]]]:
    """Return the things whose structure or sequence meets a condition, and the values that decide."""
    decide = partial(_with_part, condition) if condition.field == "structure" else partial(_with_value, condition)
    kept: list[Entity] = []
    facts: dict[str, list[Fact]] = {}
    deadline = current()
    for thing in things:
        deadline.check()
        if (fact := decide(thing)) is not None:
            kept.append(thing)
            facts[thing.handle] = [fact]
    return kept, facts


def _with_part(condition: Filter, thing: Entity) -> Fact | None:
    part = part_of(str(condition.value))
    if part is None:
        raise InvalidInput(f"{condition.value!r} is no part that is counted.", "Name an element, a group or a ring.")
    count = count_part(thing, part) if isinstance(thing, Molecule) else None
    if count is None or (count.number > 0) != (condition.relation != "lacks"):
        return None
    return Fact(thing.handle, "count", count.number, count.part.plural, "computed", RDKIT, count.definition)


def _with_value(condition: Filter, thing: Entity) -> Fact | None:
    if isinstance(thing, Molecule):
        facts = computed_facts(thing, (condition.field,))
    else:
        facts = facts_of_sequence(thing, (condition.field,)) if condition.field not in ("length",) else [
            Fact(thing.handle, "length", thing.length, "residues", "computed", RDKIT)
        ]  # fmt: skip
    fact = next((fact for fact in facts if fact.predicate == condition.field and not fact.about), None)
    if fact is None or not isinstance(fact.value, int | float) or not compared(float(fact.value), condition):
        return None
    return fact


def _close(
    context: AnswerContext, query: Query, things: Sequence[Entity], facts: dict[str, list[Fact]], notes: Sequence[str]
) -> Answer:
    """Close with the total and the things named, each with what puts it on the list."""
    draft = context.draft
    kind = query.object or "molecule"
    conditions = listed([_said(condition) for condition in query.filters])
    shown = list(things[: query.limit or USUAL])
    for thing in shown:
        draft.facts += facts.get(thing.handle, [])
    draft.warnings += notes
    if not things:
        return draft.close("not_found", f"No {kind} in the records here meets {conditions}.")
    cited = draft.sources.cite_all(
        fact.provenance for thing in shown for fact in facts.get(thing.handle, [])[:1] if fact.provenance
    )
    if any(_computes(condition) for condition in query.filters):
        cited = cited or draft.sources.cite(RDKIT)
    draft.facts += [_listed_fact(thing, kind) for thing in shown if not facts.get(thing.handle)]
    named = "; ".join(_named(thing, query, facts.get(thing.handle, [])) for thing in shown)
    lead = f"{counted(len(things), kind)} in the records here: {conditions}"
    of = f" ({len(shown)} of {len(things):,})"
    return draft.close("answered", f"{lead}: {named}{of} {cited}.")


def _said(condition: Filter) -> str:
    if approved.restricts(condition):
        return condition.words
    if condition.field == "structure":
        return f"{'without' if condition.relation == 'lacks' else 'with'} {condition.value}"
    if _computes(condition):
        words = condition.words or str(condition)
        named = compose.label_of(condition.field).lower() in words.lower() or " than " in words
        return words if named else f"{compose.label_of(condition.field)} {words}"
    return f"{condition.value}"


def _listed_fact(thing: Entity, kind: str) -> Fact:
    return Fact(thing.handle, f"listed {kind}", compose.name_of(thing), provenance=thing.provenance or RDKIT)


def _named(thing: Entity, query: Query, facts: Sequence[Fact]) -> str:
    name = compose.name_of(thing)
    handle = f" ({thing.handle})" if isinstance(thing, Molecule) and thing.ids else ""
    handle = f" ({thing.accession})" if isinstance(thing, Protein) else handle
    values = [fact for fact in facts if fact.kind == "computed" and fact.predicate != "count"]
    amount = f" {compose.number(values[0].value)} {values[0].unit}".rstrip() if values else ""
    return f"{name}{handle}{amount}"
