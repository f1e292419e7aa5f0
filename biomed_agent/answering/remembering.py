"""What a conversation takes over from the questions before, and what it remembers of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.reading.follow_up import Memory, follow
from biomed_agent.answering.reading.reader import Clause
from biomed_agent.answering.reading.tagging import Thing
from biomed_agent.core.errors import Ambiguous, BiomedAgentError
from biomed_agent.core.query import OTHERS, EntityKind, Query, Subject
from biomed_agent.core.types import Answer, Molecule, Protein, Resolved


def followed(context: AnswerContext, memory: Memory, clause: Clause, text: str) -> Clause:
    """Return a clause that takes something over from the last question as the whole question that it means."""
    if (of_parent := _of_parent(context, memory, clause)) is not None:
        return replace(clause, query=of_parent, unread=())
    query = follow(memory, clause.query, clause.unread, clause.pieces, text)
    if query is not None:
        return replace(clause, query=query, unread=(), meant=())
    others = [piece.text for piece in clause.pieces if "else" in piece.text.lower().split()]
    if others and memory.query is not None and others[0] not in clause.unread:
        return replace(clause, unread=(*clause.unread, *others[:1]))  # what was named before is not left out
    return clause


def _of_parent(context: AnswerContext, memory: Memory, clause: Clause) -> Query | None:
    """Return the last values asked of the parent of the last molecule: "and of its parent?"."""
    last, query = memory.query, clause.query
    opening = next((piece.text.lower() for piece in clause.pieces if not piece.mark), "")
    if last is None or query is None or query.predicates != ("parent compound",) or opening != "and":
        return None
    things = memory.of_kind("molecule")
    if last.frame != "value" or "parent compound" in last.predicates or not things:
        return None
    entity = context.components.resolver.resolve(things[0].text, "molecule", notes=[]).entity
    parents = context.components.retriever.parents(entity) if isinstance(entity, Molecule) else []
    return replace(last, subjects=(Subject(parents[0].handle, "molecule"),)) if parents else None


def remember(memory: Memory, clauses: Sequence[Clause], answer: Answer) -> None:
    """Take a question that was answered, or at least read, into the memory of its conversation."""
    talk = all(clause.query is not None and clause.query.frame == "unknown" for clause in clauses)
    if talk:
        return
    by_asked = {resolved.asked: resolved for resolved in answer.entities}
    things: list[Thing] = []
    for clause in clauses:
        for subject in clause.query.subjects if clause.query is not None else ():
            resolved = by_asked.get(subject.text)
            if resolved is not None:
                things.append(Thing(None, again(resolved), frozenset({resolved.kind})))
    listed_one = {fact.about for fact in answer.facts if fact.kind == "measured" and fact.about}
    if len(listed_one) == 1 and len(clauses) == 1 and clauses[0].query is not None and clauses[0].query.frame == "list":
        (handle,) = listed_one  # "What is its weight?" after the strongest binder was named
        kind: EntityKind = "protein" if clauses[0].query.object == "protein" else "molecule"
        things = [Thing(None, handle, frozenset({kind})), *things]
    things = things or [Thing(None, again(resolved), frozenset({resolved.kind})) for resolved in answer.entities]
    if not answer.entities and answer.status in ("not_found", "invalid"):
        memory.forget()
        return
    memory.candidates, memory.ambiguous = (), ""
    memory.remember(things)
    memory.together = tuple(things) if len(clauses) == 1 else _of_last(clauses, by_asked)
    if any(clause.unread for clause in clauses):
        memory.query = None
    memory.told = _told(memory, clauses, answer)
    whole = [clause.query for clause in clauses if clause.query is not None and not clause.unread]
    if whole:
        handles = {resolved.asked: again(resolved) for resolved in answer.entities}
        memory.query = replace(
            whole[-1],
            subjects=tuple(replace(each, text=handles.get(each.text, each.text)) for each in whole[-1].subjects),
        )
    measured = memory.query is not None and bool(whole) and memory.query.kind == "activity"
    asked = memory.query if measured and memory.query is not None and memory.query.frame != "list" else None
    memory.series = (*memory.series, asked) if asked is not None else ()


def _of_last(clauses: Sequence[Clause], by_asked: Mapping[str, Resolved]) -> tuple[Thing, ...]:
    """Return what the last clause is about that is about anything."""
    subjects = next((c.query.subjects for c in reversed(clauses) if c.query is not None and c.query.subjects), ())
    found = [by_asked[subject.text] for subject in subjects if subject.text in by_asked]
    return tuple(Thing(None, again(resolved), frozenset({resolved.kind})) for resolved in found)


def _told(memory: Memory, clauses: Sequence[Clause], answer: Answer) -> tuple[str, ...]:
    """Return the handles of what an answer about affinities named, with those that it left out."""
    query = clauses[-1].query
    before = memory.told if query is not None and any(f.field == OTHERS for f in query.filters) else ()
    ends = [end for fact in answer.facts if fact.kind == "measured" for end in (fact.subject, fact.about) if end]
    return tuple(dict.fromkeys([*before, *ends]))


def remember_failure(memory: Memory, clauses: Sequence[Clause], error: BiomedAgentError) -> None:
    """Remember what an ambiguous name can mean; forget everything after a name that is not known."""
    query = clauses[-1].query
    if isinstance(error, Ambiguous) and query is not None:
        memory.forget()
        if clauses[-1].unread and query.frame != "is_a":
            return  # whoever picks a candidate would be answered without the word
        memory.query, memory.candidates = query, tuple(error.candidates)
        kinds = {candidate.kind for candidate in error.candidates}
        fitting = [subject for subject in query.subjects if subject.kind in kinds] or list(query.subjects)
        memory.ambiguous = fitting[-1].text if fitting else ""
    elif error.status in ("not_found", "invalid", "ambiguous"):
        memory.forget()


def again(resolved: Resolved) -> str:
    """Return the string that names an entity again, a variant included."""
    entity = resolved.entity
    if isinstance(entity, Protein) and entity.variant:
        return f"{entity.accession} {entity.variant}" if entity.accession else f"seq:{entity.sequence}"
    return entity.handle
