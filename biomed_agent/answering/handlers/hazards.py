"""Hazards of molecules as depositors state them: all of them, or whether a molecule has a certain one."""

from __future__ import annotations

from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.gaps import Gap, unread_notes
from biomed_agent.answering.reading.hazards import bearing_on
from biomed_agent.answering.wording import compose
from biomed_agent.core.predicates import HAZARDS, STATEMENT
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Fact, Molecule

_LED_BY = ("GHS signal word", "GHS remark")


def handle(context: AnswerContext, query: Query) -> Answer:
    """Answer what the hazards of molecules are, or whether one has a certain hazard."""
    draft = context.draft
    topic, sentences = query.object, []
    lacking: list[Gap] = []
    for molecule in [resolved.entity for resolved in draft.molecules if isinstance(resolved.entity, Molecule)]:
        facts = context.stored(molecule, query.predicates)
        draft.facts += facts
        if facts:
            sentences.append(_hazards_of(molecule, facts, topic, draft.sources))
        else:
            draft.call_gaps(molecule, HAZARDS, "hazards")
            lacking += [gap for gap in draft.gaps if gap.entity is molecule]
    asked = "safe" if topic in ("", "hazardous") else f"not {topic}"
    silence = f"That does not mean that it is {asked}."
    if not sentences:
        return draft.close_empty(after=silence)
    if lacking:
        sentences += [*compose.gap_sentences(lacking), silence]
        draft.warnings += unread_notes(lacking)
    return draft.close("answered", " ".join(sentences))


def _hazards_of(molecule: Molecule, facts: list[Fact], topic: str, sources: compose.Sources) -> str:
    name = compose.name_of(molecule)
    statements = [fact for fact in facts if fact.predicate == STATEMENT]
    chosen = bearing_on(topic, facts) if topic else statements
    if topic and not chosen:
        count = len(bearing_on("hazardous", facts))
        other = "its 1 statement speaks" if count == 1 else f"its {count} statements speak"
        listed = f"{other} of other hazards" if count else "none was classified"
        return (
            f"No depositor classifies {name} as {topic}: {listed}, which does not prove that it is not "
            f"{sources.cite_all(fact.provenance for fact in facts)}."
        )
    first = [fact for fact in facts if fact.predicate != STATEMENT and fact.predicate in _LED_BY] if not topic else []
    lead = f"Yes: depositors classify {name} as {topic}. " if topic and topic != "hazardous" else ""
    return f"{lead}{compose.facts_sentence(molecule, [*first, *_without_shares(chosen)], sources)}"


def _without_shares(facts: list[Fact]) -> list[Fact]:
    """Return the statements as one group for a sentence; classes and shares stay in the facts."""
    return [replace(fact, note="") for fact in facts]
