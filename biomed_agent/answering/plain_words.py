"""One question in plain words: each clause is read, its names resolved, and answered, or the unread word is named.

Functions raise only :class:`~biomed_agent.core.errors.BiomedAgentError`; :mod:`biomed_agent.answering.agent` turns that
into an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext, Draft
from biomed_agent.answering.pipeline import NO_FILE, answer_resolved
from biomed_agent.answering.reading.follow_up import Memory, follow
from biomed_agent.answering.reading.frames import may_be_searched
from biomed_agent.answering.reading.mentions import check_whole, misspelled, organism_of
from biomed_agent.answering.reading.reader import Clause, Reading
from biomed_agent.answering.reading.scope import check_unaltered
from biomed_agent.answering.reading.slots import Given
from biomed_agent.answering.reading.tagging import Thing, subjects_of
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import (
    Ambiguous,
    BiomedAgentError,
    Inapplicable,
    InvalidInput,
    NotFound,
    Refused,
    Unavailable,
)
from biomed_agent.core.identifiers import names_a_file
from biomed_agent.core.protein_variants import substitutions_in
from biomed_agent.core.query import EntityKind, Query, Subject
from biomed_agent.core.types import Answer, Candidate, Molecule, Protein, Resolved
from biomed_agent.core.words import listed

_PMID = re.compile(r"\bPMID[:\s]\s*([1-9]\d{3,8})\b", re.IGNORECASE)
_KINDS: tuple[EntityKind, ...] = ("molecule", "protein")


def given_things(molecule: str | None, protein: str | None) -> tuple[Thing, ...]:
    """Return what was given beside a question."""
    pairs = zip(_KINDS, (molecule, protein), strict=True)
    return tuple(Thing(None, text, frozenset({kind})) for kind, text in pairs if text is not None)


def answer_words(
    context: AnswerContext,
    text: str,
    molecule: str | None = None,
    protein: str | None = None,
    search: str | None = None,
    memory: Memory | None = None,
) -> Answer:
    """Answer a question in plain words.

    Args:
        context: The call.
        text: The question.
        molecule: See :meth:`biomed_agent.BioMedAgent.ask`.
        protein: See :meth:`biomed_agent.BioMedAgent.ask`.
        search: Search string of a literature question; makes it one.
        memory: What the conversation was about that the question is a part of; it takes the question in.
    """
    if search is not None and not isinstance(search, str):
        raise InvalidInput(f"the query is {search!r}.", "Expected a search string.")
    given = given_things(molecule, protein)
    last = memory.things if memory is not None and not given else ()
    reading = Reading(text, context.components.index, Given(given, last))
    pmids = list(dict.fromkeys(_PMID.findall(text)))
    if search is not None or pmids:
        return answer_resolved(
            context, papers_query(reading, search or f"PMID: {', '.join(pmids)}" if pmids else search)
        )
    clauses = reading.clauses()
    if memory is not None:
        clauses = [_followed(context, memory, clause, text) for clause in clauses]
    try:
        answer = (
            _answer_clause(context, reading, clauses[0])
            if len(clauses) == 1
            else _answer_clauses(context, reading, clauses)
        )
    except BiomedAgentError as error:
        if memory is not None:
            _remember_failure(memory, clauses, error)
        raise
    if memory is not None:
        _remember(memory, clauses, answer)
    return answer


def _followed(context: AnswerContext, memory: Memory, clause: Clause, text: str) -> Clause:
    """Return a clause that takes something over from the last question as the whole question that it means."""
    if (of_parent := _of_parent(context, memory, clause)) is not None:
        return replace(clause, query=of_parent, unread=())
    query = follow(memory, clause.query, clause.unread, clause.pieces, text)
    return clause if query is None else replace(clause, query=query, unread=())


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


def _remember(memory: Memory, clauses: Sequence[Clause], answer: Answer) -> None:
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
                things.append(Thing(None, _again(resolved), frozenset({resolved.kind})))
    listed_one = {fact.about for fact in answer.facts if fact.kind == "measured" and fact.about}
    if len(listed_one) == 1 and len(clauses) == 1 and clauses[0].query is not None and clauses[0].query.frame == "list":
        (handle,) = listed_one  # "What is its weight?" after the strongest binder was named
        kind: EntityKind = "protein" if clauses[0].query.object == "protein" else "molecule"
        things = [Thing(None, handle, frozenset({kind})), *things]
    things = things or [Thing(None, _again(resolved), frozenset({resolved.kind})) for resolved in answer.entities]
    if not answer.entities and answer.status in ("not_found", "invalid"):
        memory.forget()
        return
    memory.candidates, memory.ambiguous = (), ""
    memory.remember(things)
    if any(clause.unread for clause in clauses):
        memory.query = None
    whole = [clause.query for clause in clauses if clause.query is not None and not clause.unread]
    if whole:
        handles = {resolved.asked: _again(resolved) for resolved in answer.entities}
        memory.query = replace(
            whole[-1],
            subjects=tuple(replace(each, text=handles.get(each.text, each.text)) for each in whole[-1].subjects),
        )


def _remember_failure(memory: Memory, clauses: Sequence[Clause], error: BiomedAgentError) -> None:
    """Remember what an ambiguous name can mean; forget everything after a name that is not known."""
    query = clauses[-1].query
    if isinstance(error, Ambiguous) and query is not None:
        memory.forget()
        memory.query, memory.candidates = query, tuple(error.candidates)
        kinds = {candidate.kind for candidate in error.candidates}
        fitting = [subject for subject in query.subjects if subject.kind in kinds] or list(query.subjects)
        memory.ambiguous = fitting[-1].text if fitting else ""
    elif error.status in ("not_found", "invalid", "ambiguous"):
        memory.forget()


def _again(resolved: Resolved) -> str:
    """Return the string that names an entity again, a variant included."""
    entity = resolved.entity
    if isinstance(entity, Protein) and entity.variant:
        return f"{entity.accession} {entity.variant}" if entity.accession else f"seq:{entity.sequence}"
    return entity.handle


def papers_query(reading: Reading, search: str | None) -> Query:
    """Return the literature query that the words make; ``search`` is sent as it is, if given."""
    names = (thing.text for thing in reading.things if may_be_searched(thing))
    subjects = tuple(Subject(name) for name in dict.fromkeys(names))
    return Query("papers", subjects, object=search or "", text=reading.text, kind="literature")


# -- several clauses ---------------------------------------------------------------------------


def _answer_clauses(context: AnswerContext, reading: Reading, clauses: Sequence[Clause]) -> Answer:
    """Answer each clause; what one of several leaves unanswered is a warning that names the word."""
    answers: list[Answer] = []
    for clause in clauses:
        draft = Draft(context.draft.question, sources=context.draft.sources)
        part = replace(context, draft=draft)
        try:
            answers.append(_answer_clause(part, reading, clause))
        except BiomedAgentError as error:
            answers.append(draft.fail(error))
    told = [answer for answer in answers if answer.status in ("answered", "model_only")]
    if not told:
        return answers[0]
    left = [
        f"Left unanswered: {clause.text.strip()!r}. {answer.text}"
        for clause, answer in zip(clauses, answers, strict=True)
        if answer not in told
    ]
    return _joined(context, told, answers, left)


def _joined(context: AnswerContext, told: Sequence[Answer], answers: Sequence[Answer], left: Sequence[str]) -> Answer:
    """Return the answers of several clauses as one; they share their sources, so that each number means one."""
    first = told[0]
    entities: dict[str, Resolved] = {}
    for answer in answers:
        for resolved in answer.entities:
            entities.setdefault(_again(resolved), resolved)

    return replace(
        first,
        text=" ".join(answer.text for answer in told),
        read_as="; ".join(dict.fromkeys(answer.read_as for answer in told if answer.read_as)),
        entities=tuple(entities.values()),
        facts=_together(answer.facts for answer in told),
        claims=_together(answer.claims for answer in told),
        evidence=_together(answer.evidence for answer in told),
        model=next((answer.model for answer in told if answer.model is not None), None),
        sources=tuple(context.draft.sources.list),
        warnings=(*_together(answer.warnings for answer in told), *left),
        not_looked_up=_together(answer.not_looked_up for answer in told),
        next_steps=_together(answer.next_steps for answer in told),
        unread=_together(answer.unread for answer in answers),
    )


T = TypeVar("T")


def _together(several: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    """Return what several answers hold, each once."""
    return tuple(dict.fromkeys(item for items in several for item in items))


# -- one clause --------------------------------------------------------------------------------


def _answer_clause(context: AnswerContext, reading: Reading, clause: Clause) -> Answer:
    query, draft = clause.query, context.draft
    things = {thing.text: thing for thing in (*reading.things, *reading.given.things, *reading.given.last)}
    if query is not None and query.frame == "papers":
        return answer_resolved(context, replace(_with_names(context, reading, clause, query), text=reading.text))
    names_nothing = not any(piece.thing for piece in clause.pieces)
    unfilled = query is None or not query.subjects
    asks_on = not any(piece.says("pronoun") for piece in clause.pieces) and not reading.given.things
    unknown = bool(clause.unread) and _names_unknown(clause) and asks_on
    lists_things = any(piece.says("kind", "class") for piece in clause.pieces) and bool(clause.unread)
    if names_nothing and not _lists(query) and (unfilled or unknown) and not lists_things:
        raise _nothing_named(context, reading.text)
    subjects = query.subjects if query is not None else _named_in(clause)
    draft.kind = query.kind if query is not None else "other"
    _note_conflicts(context, reading)
    if clause.unread:
        _check_names(context, reading, clause)
        clause = _without_listed(context, clause)
    for subject in subjects:
        _resolve(context, subject, things.get(subject.text), organism_of(reading.text))
    _read_form(context, clause)
    if clause.rivals and query is not None:
        raise _two_readings(context, [query, *clause.rivals])
    if clause.unread:
        _refuse_unknown_partner(context, clause)
    if query is None or (clause.unread and query.frame != "is_a"):
        return _unanswered(context, reading, clause)
    answer = answer_resolved(context, replace(query, text=clause.text, unread=()))
    if clause.unread and answer.status == "inapplicable":
        return _unanswered(context, reading, clause, answer)
    return answer


def _names_unknown(clause: Clause) -> bool:
    """Whether a clause may name something that nobody knows: "What about flurbnitrol?"."""
    return any(not piece.mark and not piece.meanings for piece in clause.pieces)


def _with_names(context: AnswerContext, reading: Reading, clause: Clause, query: Query) -> Query:
    """Return a literature query about what a pronoun stands for, by the name that a record has for it."""
    given = reading.given.things or reading.given.last[:1]
    if query.subjects or not given or not any(piece.says("pronoun") for piece in clause.pieces):
        return query
    names = []
    for thing in given:
        resolved = context.components.resolver.resolve(thing.text, next(iter(thing.kinds)), policy=context.policy)
        entity = resolved.entity
        name = entity.gene or entity.name if isinstance(entity, Protein) else entity.name
        if name and not resolved.given:
            names.append(Subject(name, resolved.kind))
    return replace(query, subjects=tuple(names))


def _lists(query: Query | None) -> bool:
    """Whether a query needs no subject."""
    return query is not None and query.frame in ("list", "count", "unknown")


def _named_in(clause: Clause) -> tuple[Subject, ...]:
    things = [piece.thing for piece in clause.pieces if piece.thing is not None]
    return subjects_of([*{thing.text: thing for thing in things}.values()])


def _resolve(context: AnswerContext, subject: Subject, thing: Thing | None, organism: str) -> None:
    """Find what a subject names; what stands in the question opens no file."""
    organism = "" if subject.kind == "molecule" else organism
    mention = thing.mention if thing is not None else None
    if mention is None:
        context.resolve(subject.text, subject.kind, organism=organism)
    elif mention.how == "lexicon":
        context.resolve_name(subject.text, subject.kind, organism=organism)
    else:
        context.resolve(subject.text, subject.kind, organism=organism, no_file=NO_FILE)


def _check_names(context: AnswerContext, reading: Reading, clause: Clause) -> None:
    """Refuse a name that is only a part of what the question names, which is why a word beside it was not read."""
    partners = any(piece.says("bind", "partner", "measure") for piece in clause.pieces)
    for piece in clause.pieces:
        if piece.thing is not None and piece.thing.mention is not None:
            check_whole(reading.text, piece.thing.mention, context.components.index, partners=partners)


def _two_readings(context: AnswerContext, queries: Sequence[Query]) -> Ambiguous:
    """Return the error that asks back which of several readings is meant."""
    names = [compose.name_of(resolved.entity) for resolved in context.draft.entities]
    candidates = [
        Candidate(
            compose.question_of(query, names), compose.read_as(query, names), "one reading of the question", "other"
        )
        for query in queries
    ]
    return Ambiguous(
        "the question can be read in more than one way.", "Ask one of the questions listed.", candidates=candidates
    )


def _without_listed(context: AnswerContext, clause: Clause) -> Clause:
    """Leave out unknown words that stand in a list with a name, as in "ibuprofen and asprin", and say so."""
    pieces = [piece for piece in clause.pieces if not piece.says("filler")]
    listed_words = []
    for number, piece in enumerate(pieces):
        before = pieces[number - 1] if number else None
        two_before = pieces[number - 2] if number > 1 else None
        joined = before is not None and (before.says("and") or before.text == ",")
        if not piece.meanings and not piece.mark and joined and two_before is not None and two_before.thing is not None:
            listed_words.append(piece.text)
    left = tuple(word for word in clause.unread if word not in listed_words)
    if left or not listed_words or not all(len(word) > 3 for word in listed_words):
        return clause
    context.draft.warnings += [f"{word!r} is not known here and was left out." for word in listed_words]
    context.draft.unread = clause.unread
    return replace(clause, unread=())


def _refuse_unknown_partner(context: AnswerContext, clause: Clause) -> None:
    """Raise :class:`NotFound` when the question names a partner that is not known here."""
    names = [word for word in clause.unread if sum(letter.isupper() for letter in word) > 1]
    if clause.query is None or clause.query.kind != "activity" or not names:
        return
    entity = next(iter(context.draft.entities), None)
    beside = f" to {compose.name_of(entity.entity)}" if entity is not None else ""
    raise NotFound(
        f"{' and '.join(map(repr, names))} is not known here, so its binding{beside} cannot be looked up.",
        'Name it by gene, accession or structure, or put the name in "quotes".',
        candidates=[candidate for word in names for candidate in context.components.index.suggest(word, 3)],
    )


def _note_conflicts(context: AnswerContext, reading: Reading) -> None:
    """Say when the question names another thing of the kind that was given beside it."""
    for given in reading.given.things:
        (kind,) = given.kinds
        for mention in reading.mentions:
            records = context.records_named(mention.text, kind)
            if not records:
                continue
            resolved = context.components.resolver.resolve(given.text, kind, policy=context.policy, notes=[])
            if all(record.handle != resolved.entity.handle for record in records):
                context.draft.warnings.append(
                    f"The question names {mention.text}, but the {kind} given is "
                    f"{compose.name_of(resolved.entity)}; the answer is about the given one."
                )


def _read_form(context: AnswerContext, clause: Clause) -> None:
    """Apply a substitution that the question names apart from its protein; refuse other changed forms and parts."""
    draft = context.draft
    proteins = [resolved.entity for resolved in draft.proteins if isinstance(resolved.entity, Protein)]
    if not proteins:
        return
    whole = [protein for protein in proteins if not protein.variant]
    applied = {change for protein in proteins for change in protein.variant.split("/")}
    named = [change for change in substitutions_in(draft.question) if change not in applied]
    if len(named) > 1 or (named and not whole):
        raise Inapplicable(
            f"the question names {' and '.join(named)} apart from each other, and only one change can be applied.",
            f"Write one protein with all its changes, as in {compose.name_of(proteins[0])} L858R/T790M.",
        )
    if whole and not named and clause.unread:
        check_unaltered(" ".join(clause.unread), compose.name_of(whole[0]))
    elif named and len(whole) == 1 and whole[0].accession:
        draft.proteins = [resolved for resolved in draft.proteins if resolved.entity is not whole[0]]
        context.resolve(f"{whole[0].accession} {named[0]}", "protein", organism=organism_of(draft.question))


# -- what was not read -------------------------------------------------------------------------


def _unanswered(context: AnswerContext, reading: Reading, clause: Clause, checked: Answer | None = None) -> Answer:
    """Say which word was not read, how the question was read without it, and the nearest one that can be asked."""
    if found := _from_literature(context, reading):
        return found
    draft, query = context.draft, clause.query
    draft.unread = clause.unread
    names = [compose.name_of(resolved.entity) for resolved in draft.entities]
    quoted = listed([f'"{word}"' for word in clause.unread])
    was = "was" if len(clause.unread) == 1 else "were"
    lead = f"{quoted} {was} not understood here, so this was not answered." if quoted else (
        f"{listed(names) or 'This'}: no record or computation here answers this question."
    )  # fmt: skip
    read = ""
    if query is not None and checked is None and query.frame not in ("unknown",):
        draft.read_as = compose.read_as(query, names)
        read = f" Without {'it' if len(clause.unread) == 1 else 'them'} the question reads: {draft.read_as}."
        if nearest := compose.question_of(query, names):
            draft.next_steps.append(f"Ask: {nearest}")
    elif checked is not None and draft.claims:
        read = " No rule or record here decides the statement."
    elif checked is None:
        draft.next_steps.append(
            "Ask what it is, for a computed property, its class or role, a description, or what papers say."
        )
    draft.next_steps += _literature_hint(context, reading)
    return draft.close("inapplicable", f"{lead}{read} {model_step.why_unasked(context)}")


def _from_literature(context: AnswerContext, reading: Reading) -> Answer | None:
    """Answer what no record answers from articles, where the words of the question may be used for it."""
    retriever = context.components.retriever
    if any(names_a_file(mention.text) for mention in reading.mentions):
        return None
    if not reading.mentions or not (retriever.stays_here or context.egress == "public"):
        return None
    if not retriever.stays_here and not any(piece.says("effect") for piece in reading.pieces):
        return None
    draft = Draft(context.draft.question, kind="literature", sources=context.draft.sources)
    draft.molecules, draft.proteins = context.draft.molecules, context.draft.proteins
    try:
        answer = answer_resolved(replace(context, draft=draft), papers_query(reading, ""))
    except (NotFound, Refused, Unavailable) as error:
        context.draft.warnings.append(f"No record answers this, and articles did not either: {error.message}")
        return None
    return answer if answer.status == "answered" else None


def _literature_hint(context: AnswerContext, reading: Reading) -> list[str]:
    """Say which words would have to leave for a search of articles, where the question is one for them."""
    if not any(piece.says("effect") for piece in reading.pieces):
        return []
    words = [piece.text for piece in reading.pieces if piece.thing or not piece.meanings or piece.says("effect")]
    return [
        f"A search of articles could answer it; these words would have to leave this machine: {', '.join(words)}. "
        "Allow that with the egress policy public, or pass a search string as the query."
    ]


def _nothing_named(context: AnswerContext, question: str) -> NotFound:
    hits = misspelled(question, context.components.index)
    if hits:
        words = " and ".join(repr(word) for word, _ in hits)
        return NotFound(
            f"No name in this question is known here; {words} {'is' if len(hits) == 1 else 'are'} spelled almost "
            "like one.",
            "Did you mean one of the names listed? Nothing was corrected.",
            candidates=[candidate for _, alike in hits for candidate in alike][:6],
        )
    letters = next((word for word in re.findall(r"\b[BCNOPSFIbcnops]{3,}\b", question)), "")
    peptide = next((word for word in re.findall(r"\b[ACDEFGHIKLMNPQRSTVWY]{5,}\b", question)), "")
    return NotFound(
        "No molecule or protein that is known here is named in this question.",
        'Put a name in "quotes" to have it looked up, or pass it as the molecule or the protein.'
        + (f" If {letters} is a structure, write smiles:{letters}." if letters else "")
        + (f" If {peptide} is a peptide, write seq:{peptide}." if peptide else ""),
    )
