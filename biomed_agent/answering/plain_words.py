"""One question in plain words: each clause is read, its names resolved, and answered, or the unread word is named.

Functions raise only :class:`~biomed_agent.core.errors.BiomedAgentError`; :mod:`biomed_agent.answering.agent` turns that
into an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from biomed_agent.answering.context import AnswerContext, Draft
from biomed_agent.answering.pipeline import NO_FILE, answer_resolved, papers_query
from biomed_agent.answering.reading.follow_up import Memory
from biomed_agent.answering.reading.mentions import check_whole, organism_of
from biomed_agent.answering.reading.reader import Clause, Reading
from biomed_agent.answering.reading.scope import check_unaltered
from biomed_agent.answering.reading.slots import Given
from biomed_agent.answering.reading.tagging import Thing, subjects_of
from biomed_agent.answering.reading.unread import searched_for, shown
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import (
    Ambiguous,
    BiomedAgentError,
    Inapplicable,
    InvalidInput,
    NotFound,
)
from biomed_agent.core.protein_variants import substitutions_in
from biomed_agent.core.query import EntityKind, Query, Subject
from biomed_agent.core.types import Answer, Candidate, Entity, Molecule, Protein, Resolved
from biomed_agent.core.words import listed

_PMID = re.compile(r"\bPMID[:\s]\s*([1-9]\d{3,8})\b", re.IGNORECASE)
_KINDS: tuple[EntityKind, ...] = ("molecule", "protein")
_NEARLY = 0.95
"""share of equal residues from which a sequence of equal length is a variant of another"""


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
    before = Given(given) if memory is None or given else Given((), memory.things, memory.together)
    reading = Reading(text, context.components.index, before)
    pmids = list(dict.fromkeys(_PMID.findall(text)))
    if search is not None or pmids:
        return answer_resolved(
            context, papers_query(reading, search or f"PMID: {', '.join(pmids)}" if pmids else search)
        )
    clauses = reading.clauses()
    if memory is not None:
        from biomed_agent.answering import remembering

        clauses = [remembering.followed(context, memory, clause, text) for clause in clauses]
    try:
        answer = (
            _answer_clause(context, reading, clauses[0])
            if len(clauses) == 1
            else _answer_clauses(context, reading, clauses)
        )
    except BiomedAgentError as error:
        if memory is not None:
            remembering.remember_failure(memory, clauses, error)
        raise
    if memory is not None:
        remembering.remember(memory, clauses, answer)
    return answer


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
    left = [
        f"Left unanswered: {clause.text.strip()!r}. {answer.text}"
        for clause, answer in zip(clauses, answers, strict=True)
        if answer not in told
    ]
    if not told:
        return replace(
            answers[0],
            warnings=_together([answers[0].warnings, tuple(left[1:])]),
            unread=_together(answer.unread for answer in answers),
        )
    return _joined(context, told, answers, left)


def _joined(context: AnswerContext, told: Sequence[Answer], answers: Sequence[Answer], left: Sequence[str]) -> Answer:
    """Return the answers of several clauses as one; they share their sources, so that each number means one."""
    from biomed_agent.answering.remembering import again

    first = told[0]
    entities: dict[str, Resolved] = {}
    for answer in answers:
        for resolved in answer.entities:
            entities.setdefault(again(resolved), resolved)

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
    """Answer one clause; whatever refuses it, the words of it that were not read are named as well."""
    try:
        return _answer_alone(context, reading, clause)
    except BiomedAgentError as error:
        draft, query = context.draft, clause.query
        draft.unread = clause.unread
        if query is not None and query.frame == "papers":
            words = listed(shown(reading.text, searched_for(clause.pieces)))
            error.message += f" The question was read as a search of articles for {words}."
        elif clause.unread and query is not None and query.frame not in ("unknown", "is_a"):
            names = {resolved.asked: compose.name_of(resolved.entity) for resolved in draft.entities}
            draft.read_as = compose.read_as(query, [names.get(each.text, each.text) for each in query.subjects])
        raise


def _answer_alone(context: AnswerContext, reading: Reading, clause: Clause) -> Answer:
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
        from biomed_agent.answering.unanswered import nothing_named

        raise nothing_named(context, reading.text)
    subjects = query.subjects if query is not None else _named_in(clause)
    draft.kind = query.kind if query is not None else "other"
    if clause.meant:
        raise _several_meant(context, clause)
    _check_given(context, reading, clause)
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


def _several_meant(context: AnswerContext, clause: Clause) -> Ambiguous:
    """Return the error that asks back which of several things named before a pronoun for one means."""
    said = next(piece.text for piece in clause.pieces if piece.says("pronoun"))
    candidates = []
    for thing in clause.meant:
        kind = next(iter(thing.kinds)) if len(thing.kinds) == 1 else None
        resolved = context.components.resolver.resolve(thing.text, kind, policy=context.policy, notes=[])
        name = compose.name_of(resolved.entity)
        candidates.append(Candidate(resolved.entity.handle, name, "named before", resolved.kind))
    names = listed([candidate.label for candidate in candidates], "or")
    return Ambiguous(f"{said!r} can mean {names}.", "Name the one that is meant.", candidates=candidates)


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


def _check_given(context: AnswerContext, reading: Reading, clause: Clause) -> None:
    """Refuse a question that names another thing of the kind that was given beside it, and does not ask about it.

    A name whose record has the same skeleton, or a sequence that is a stretch of the other, does not contradict what
    was given; that is a warning.

    Raises:
        InvalidInput: What was given is not what the question names, and nothing tells which of the two is meant.
    """
    query = clause.query
    asked = {subject.text for subject in query.subjects} if query is not None else set()
    said = " ".join([query.object, *(each.words for each in query.filters)]) if query is not None else ""
    named = [piece.thing.mention for piece in clause.pieces if piece.thing is not None]
    for given in reading.given.things:
        (kind,) = given.kinds
        for text in dict.fromkeys(mention.text for mention in named if mention is not None):
            records = [] if text in asked or text in said else context.records_named(text, kind)
            if not records:
                continue
            entity = context.components.resolver.resolve(given.text, kind, policy=context.policy, notes=[]).entity
            if any(record.handle == entity.handle for record in records):
                continue
            name = compose.name_of(entity)
            if not clause.unread and not any(_alike(record, entity) for record in records):
                raise InvalidInput(
                    f"the question names {text}, and the {kind} field holds {name}.",
                    f"Give one {kind} only, or name the same one in both.",
                )
            context.draft.warnings.append(
                f"The question names {text}, but the {kind} given is {name}; the answer is about the given one."
            )


def _alike(record: Entity, given: Entity) -> bool:
    """Whether two molecules have one skeleton, or of two sequences one is a stretch of the other or nearly it."""
    if isinstance(record, Molecule) and isinstance(given, Molecule):
        return bool(given.inchikey) and record.inchikey[:14] == given.inchikey[:14]
    if isinstance(record, Protein) and isinstance(given, Protein) and not given.accession:
        one, other = record.sequence, given.sequence
        same = sum(left == right for left, right in zip(one, other, strict=False))
        return one in other or other in one or (len(one) == len(other) and same >= _NEARLY * len(one))
    return False


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


def _unanswered(context: AnswerContext, reading: Reading, clause: Clause, checked: Answer | None = None) -> Answer:
    from biomed_agent.answering.unanswered import unanswered

    return unanswered(context, reading, clause, checked)
