"""What is approved: whether one molecule is, and the approved ones among the partners of a protein or on a list.

That nothing is on record of an approval is never said to mean that there is none; it is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import affinities, partners
from biomed_agent.answering.reading.limits import limits_text
from biomed_agent.answering.wording import compose
from biomed_agent.core.drug_facts import APPROVAL, FDA, approving, as_of, is_withdrawn
from biomed_agent.core.errors import BiomedAgentError, InvalidInput
from biomed_agent.core.query import Filter, Query
from biomed_agent.core.types import Answer, Entity, Fact, Molecule, Protein
from biomed_agent.core.words import counted

ANY = "approved"
"""value of a filter that asks for an approval by whatever agency"""
USUAL = 10
"""molecules named where the question states no limit"""
EVERY = 1_000_000


def restricts(condition: Filter) -> bool:
    """Whether a filter asks for an approval."""
    return condition.field == APPROVAL


def agency_of(filters: Sequence[Filter]) -> str:
    """Return whose approval is asked for: :data:`ANY` for anyone's; empty where none is asked for.

    Raises:
        InvalidInput: A filter on the approval asks for something else.
    """
    for condition in filters:
        if not restricts(condition):
            continue
        if condition.relation not in ("has", "=") or condition.value not in (ANY, FDA):
            raise InvalidInput(f"the filter {condition} cannot be applied.", f"Expected has, and {ANY} or {FDA}.")
        return str(condition.value)
    return ""


def verdict(facts: Sequence[Fact], agency: str) -> str:
    """Answer whether a molecule is approved; nothing where a record was withdrawn from, or speaks of the past alone."""
    stated = approving(facts, agency)
    if not stated or any(is_withdrawn(fact) for fact in facts) or all(as_of(fact) for fact in stated):
        return ""
    return "Yes. "


def qualified(facts: Sequence[Fact]) -> str:
    """Say what a list of approved drugs does not tell, behind the sentence that quotes it; else nothing."""
    years = list(dict.fromkeys(year for fact in facts if (year := as_of(fact))))
    if not years:
        return ""
    return (
        f" That list holds what the FDA had approved by {years[0]}, also what was withdrawn; it does not tell what is "
        "approved now."
    )


def handle(context: AnswerContext, query: Query) -> Answer:
    """List the approved molecules among the measured ligands of a protein, and count the others.

    Raises:
        InvalidInput: The subject is no protein.
    """
    draft, agency = context.draft, agency_of(query.filters)
    entity = draft.entities[0].entity
    if not isinstance(entity, Protein):
        raise InvalidInput("proteins are not approved.", "Ask which approved molecules bind a protein.")
    others = tuple(condition for condition in query.filters if not restricts(condition))
    _, found = partners.partners_of(context, entity, replace(query, filters=others, limit=EVERY, aggregate="list"))
    if not found.facts:
        return partners.handle(context, replace(query, filters=others))
    known, error = context.components.retriever.approvals([fact.about for fact in found.facts], draft.warnings)
    approvals = {handle: stated for handle, facts in known.items() if (stated := _of(facts, agency))}
    kept = [fact for fact in found.facts if fact.about in approvals]
    shown = kept[: query.limit or USUAL]
    draft.facts += [one for fact in shown for one in (fact, *approvals[fact.about][:1])]
    if error is not None:
        _tell_unread(context, len(found.facts) - len(known), error)
    limited = f" with {limits_text(others)}" if limits_text(others) else ""
    sentences = [_listed(context, entity, limited, shown, approvals)] if shown else []
    if len(shown) < len(kept):
        sentences.append(f"Named are the {len(shown)} strongest of {len(kept)}.")
    told = [fact for facts in approvals.values() for fact in facts]
    sentences.append(_counts(context, entity, limited, len(found.facts), known, approvals) + qualified(told))
    return draft.close("answered" if kept else "not_found", " ".join(sentences))


def among(
    context: AnswerContext, things: Sequence[Entity], agency: str
) -> tuple[list[Entity], dict[str, list[Fact]], list[str]]:
    """Return the things of a list that are approved by the local records, what says so, and what is not known.

    A list may hold every molecule, so that ChEMBL is not asked.
    """
    molecules = [thing for thing in things if isinstance(thing, Molecule)]
    recorded = context.components.index.stated(APPROVAL, [molecule.inchikey for molecule in molecules])
    facts = {
        molecule.handle: [replace(fact, subject=molecule.handle) for fact in stated]
        for molecule in molecules
        if (stated := _of(recorded.get(molecule.inchikey, []), agency))
    }
    unknown = sum(molecule.inchikey not in recorded for molecule in molecules)
    notes = [f"Of {counted(unknown, 'more molecule')} the approval is not known here."] if unknown else []
    notes += [text.strip()] if (text := qualified([fact for stated in facts.values() for fact in stated])) else []
    return [molecule for molecule in molecules if molecule.handle in facts], facts, notes


def called(facts: Sequence[Fact]) -> str:
    """Return how a list calls its approved things: by the one value that all of them have, else ``approved``."""
    values = {str(fact.value) for fact in facts if fact.predicate == APPROVAL}
    return values.pop() if len(values) == 1 else ANY


def _of(facts: Sequence[Fact], agency: str) -> list[Fact]:
    return approving(facts, "" if agency == ANY else agency)


def _tell_unread(context: AnswerContext, unknown: int, error: BiomedAgentError) -> None:
    why = getattr(error, "why", "") or error.status
    context.draft.not_looked_up.append(f"approval of {counted(unknown, 'molecule')} in ChEMBL ({why})")
    context.draft.next_steps += [error.hint] if error.hint else []


def _listed(
    context: AnswerContext, entity: Protein, limited: str, shown: Sequence[Fact], approvals: Mapping[str, list[Fact]]
) -> str:
    """Name approved ligands with what was measured, each with the record of both."""
    sources = context.draft.sources
    named = [
        f"{affinities.partner_of(fact)} {compose.measured_text(fact)} "
        f"{sources.cite_all((fact.provenance, approvals[fact.about][0].provenance))}".rstrip()
        for fact in shown
    ]
    tables = ", ".join(dict.fromkeys(affinities.table_of(fact) for fact in shown))
    return f"Approved ligands of {compose.name_of(entity)}{limited} ({tables}): {'; '.join(named)}."


def _counts(
    context: AnswerContext,
    entity: Protein,
    limited: str,
    total: int,
    known: Mapping[str, list[Fact]],
    approvals: Mapping[str, list[Fact]],
) -> str:
    """Say of how many ligands an approval is on record, of how many something else, and of how many nothing."""
    by_value: dict[str, int] = {}
    for facts in approvals.values():
        value = str(facts[0].value) if as_of(facts[0]) else "approved by ChEMBL's record"
        by_value[value] = by_value.get(value, 0) + 1
    parts = [f"{count} {'is' if count == 1 else 'are'} {value}" for value, count in by_value.items()]
    if not parts:
        parts = ["none is known here to be approved"]
    other, unknown = len(known) - len(approvals), total - len(known)
    if other:
        parts.append(f"of {other} something else is on record")
    if unknown:
        parts.append(f"of the other {unknown} the approval is not known here")
    noun = "measured ligand" if total == 1 else "measured ligands"
    return f"Of {total} {noun} of {compose.name_of(entity)}{limited}, {'; '.join(parts)}."
