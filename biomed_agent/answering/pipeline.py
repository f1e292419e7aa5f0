"""One question from its words, or from a query that was filled in, to its answer: read, resolve, hand over.

What is named is resolved into the draft of an :class:`~biomed_agent.answering.context.AnswerContext`; then the handler
of the query's frame answers. Functions raise only :class:`~biomed_agent.core.errors.BiomedAgentError`;
:mod:`biomed_agent.answering.agent` turns that into an answer.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import HANDLERS
from biomed_agent.answering.query_rules import check_rules, check_subjects, organism_filter
from biomed_agent.answering.reading.mentions import (
    Mention,
    check_whole,
    find_mentions,
    kind_in_words,
    listed_unknown,
    misspelled,
    organism_of,
    refers_back,
    unknown_words,
)
from biomed_agent.answering.reading.question import PROTEIN_KINDS, Words, parts_asked
from biomed_agent.answering.reading.scope import check_unaltered
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import Inapplicable, InvalidInput, NotFound
from biomed_agent.core.identifiers import MAX_NAME, ORGANISMS
from biomed_agent.core.predicates import SECTIONS, predicate_row
from biomed_agent.core.protein_variants import substitutions_in
from biomed_agent.core.query import EntityKind, Filter, Frame, Kind, Query, Subject, check_query
from biomed_agent.core.types import Answer, Protein, Resolved
from biomed_agent.sources.local import LocalIndex

_NO_FILE = "Words of a question open no file; pass it as --molecule @FILE or --protein @FILE."
_PMID = re.compile(r"\bPMID[:\s]\s*([1-9]\d{3,8})\b", re.IGNORECASE)


class Reading:
    """The words of a question as far as they can be read before anything is resolved.

    Args:
        text: The question as asked.
        index: Its names are the lexicon.
    """

    def __init__(self, text: str, index: LocalIndex) -> None:
        self.text = text
        self.mentions = find_mentions(text, index)
        rest = text
        for mention in reversed(self.mentions):
            rest = f"{rest[: mention.start]} it {rest[mention.end :]}"
        self.words = Words(" ".join(rest.split()))
        """the question with ``it`` for every name, so that a name cannot decide what is asked"""

    @property
    def pmids(self) -> list[str]:
        """The PMIDs that are named, as in "What does PMID 12377809 say?", each once."""
        return list(dict.fromkeys(_PMID.findall(self.text)))

    def asks_on(self, molecule: str | None, protein: str | None) -> bool:
        """Whether the question names nothing and is about what was last named.

        Without an "it", a word nobody knows may be a name, and a question that asks for nothing is no follow-up.
        """
        if self.mentions:
            return False
        if refers_back(self.text):
            return True
        kind, predicates = self.words.kind(molecule=molecule is not None, protein=protein is not None)
        return not unknown_words(self.text) and (kind not in ("identity", "other") or bool(predicates))

    def papers(self, search: str) -> Query:
        """Return the literature query that the words make; ``search`` is sent as it is, if given."""
        names = (mention.text for mention in self.mentions if mention.how in ("quoted", "identifier", "lexicon"))
        subjects = tuple(Subject(name) for name in dict.fromkeys(names))
        sent = search or (f"PMID: {', '.join(self.pmids)}" if self.pmids else "")
        return Query("papers", subjects, object=sent, text=self.words.text, kind="literature")


def statement_query(statement: str, molecule: str | None, protein: str | None) -> Query:
    """Return the query that checks a statement about one thing.

    Raises:
        InvalidInput: Not exactly one of the two is given.
    """
    if (molecule is None) == (protein is None):
        raise InvalidInput(
            "a statement is checked against one molecule or one protein"
            + (", and both were given." if molecule is not None else ", and none was given."),
            "Pass the molecule or the protein it is about.",
        )
    subject = Subject(protein or "", "protein") if molecule is None else Subject(molecule, "molecule")
    return Query("is_a", (subject,), object=statement, aggregate="yes_no", kind="claim")


def protein_query(name: str, organism: str = "", about: Sequence[str] = ()) -> Query:
    """Return the query that looks a protein up, with sections of its record.

    Args:
        name: See :meth:`biomed_agent.BioMedAgent.protein_card`.
        organism: Scientific name, or a word of :data:`biomed_agent.core.identifiers.ORGANISMS`; human by default.
        about: Keys of :data:`biomed_agent.core.predicates.SECTIONS`; none means that no record is read beyond what the
            name needs.

    Raises:
        InvalidInput: A section is unknown, or the organism no name.
    """
    if isinstance(about, str) or not isinstance(about, Sequence):
        raise InvalidInput(f"about is {about!r}.", f"Expected a list of some of {', '.join(SECTIONS)}.")
    if not isinstance(organism, str):
        raise InvalidInput(f"the organism is {organism!r}.", "Expected its name.")
    if unknown := [section for section in about if section not in SECTIONS]:
        raise InvalidInput(f"section {unknown[0]!r} is unknown.", f"Expected some of {', '.join(SECTIONS)}.")
    if len(organism) > MAX_NAME:
        raise InvalidInput(f"the organism has {len(organism):,} characters; expected at most {MAX_NAME}.")
    wanted = ORGANISMS.get(organism.strip().lower(), organism.strip()) or organism_of(name)
    filters = (Filter("organism", "=", wanted),) if wanted else ()
    predicates = tuple(dict.fromkeys(predicate for section in about for predicate in SECTIONS[section]))
    return Query("locate", (Subject(name, "protein"),), predicates, filters=filters, kind="identity")


def structure_query(
    frame: Literal["similar", "contains"], molecule: str, limit: int, threshold: float | None = None
) -> Query:
    """Return the query that searches for molecules by structure.

    Raises:
        InvalidInput: The threshold is out of range.
    """
    if threshold is not None and not (isinstance(threshold, int | float) and 0 < threshold <= 1):
        raise InvalidInput(f"the threshold is {threshold!r}; expected a similarity above 0 and up to 1, such as 0.8.")
    filters = () if threshold is None else (Filter("similarity", ">=", threshold),)
    return Query(frame, (Subject(molecule, "molecule"),), filters=filters, limit=limit, kind="search")


def answer_words(
    context: AnswerContext,
    reading: Reading,
    molecule: str | None = None,
    protein: str | None = None,
    search: str | None = None,
) -> Answer:
    """Answer a question in plain words.

    Args:
        context: The call.
        reading: Its words.
        molecule: See :meth:`biomed_agent.BioMedAgent.ask`.
        protein: See :meth:`biomed_agent.BioMedAgent.ask`.
        search: Search string of a literature question; makes it one.
    """
    words, draft = reading.words, context.draft
    if search is not None and not isinstance(search, str):
        raise InvalidInput(f"the query is {search!r}.", "Expected a search string.")
    if search is not None or words.literature or reading.pmids:
        return _answer(context, reading.papers(search or ""))
    _read_entities(context, reading, molecule, protein)
    _read_form(context, words.text)
    query = words.query(molecule=bool(draft.molecules), protein=bool(draft.proteins), names=len(reading.mentions))
    if not draft.entities:
        draft.kind = query.kind
        raise _nothing_named(context, reading.text)
    unread = tuple(listed_unknown(words.text))
    draft.warnings += [f"{word!r} is not known here and was left out." for word in unread]
    subjects = tuple(Subject(resolved.asked, resolved.kind) for resolved in draft.entities)
    return _answer(context, replace(query, subjects=subjects, unread=unread))


def answer_query(context: AnswerContext, query: Query, *, no_file: str = _NO_FILE) -> Answer:
    """Answer a query that was filled in: its subjects are resolved, and its frame's handler answers.

    Args:
        context: The call.
        query: What is asked.
        no_file: What to pass in place of a file; empty where ``file:`` in a subject may open one.

    Raises:
        BiomedAgentError: A part has a value that it cannot have or that the frame does not use, or no answer is found.
    """
    check_query(query)
    check_rules(query)
    if unknown := [name for name in query.predicates if predicate_row(name) is None]:
        raise InvalidInput(
            f"the predicate {unknown[0][:80]!r} of the query is unknown.", "See biomed_agent.core.predicates."
        )
    query = replace(query, predicates=tuple(row.name for name in query.predicates if (row := predicate_row(name))))
    query = replace(query, kind=_kind_of(query))
    context.draft.kind = query.kind
    if query.frame != "papers":
        organism = organism_filter(query)
        for subject in query.subjects:
            context.resolve(subject.text, subject.kind, organism=organism, no_file=no_file)
        if not context.draft.entities:
            raise InvalidInput("the query names no subject.", "Give a molecule or a protein as one of its subjects.")
        check_subjects(context, query)
    return _answer(context, query)


def _answer(context: AnswerContext, query: Query) -> Answer:
    """Hand a query over whose subjects are resolved."""
    draft = context.draft
    draft.kind, draft.unread = query.kind, query.unread
    draft.read_as = compose.read_as(query, [compose.name_of(resolved.entity) for resolved in draft.entities])
    if query.kind in PROTEIN_KINDS and not draft.proteins:
        raise Inapplicable(
            f"{query.kind} is asked of a protein, and the question names only a molecule.",
            "Name the protein by gene, accession or sequence.",
        )
    if query.frame not in HANDLERS:
        raise Inapplicable(
            f"a query of frame {query.frame!r} is not answered here yet.", f"Use one of {', '.join(HANDLERS)}."
        )
    module, _, function = HANDLERS[query.frame].partition(".")
    handler = getattr(importlib.import_module(f"biomed_agent.answering.handlers.{module}"), function)
    answer: Answer = handler(context, query)
    return answer


def _kind_of(query: Query) -> Kind:
    """Return the kind of question that a query is which states none."""
    if query.kind != "other":
        return query.kind
    if query.frame == "value":
        rows = [row for name in query.predicates if (row := predicate_row(name))]
        return "computed" if any(row.table == "computed" for row in rows) else "stored"
    return _KINDS.get(query.frame, "other")


_KINDS: dict[Frame, Kind] = {
    "describe": "identity",
    "locate": "identity",
    "relation": "activity",
    "list": "activity",
    "papers": "literature",
    "is_a": "claim",
    "similar": "search",
    "contains": "search",
}


# -- what is named


def _read_entities(context: AnswerContext, reading: Reading, molecule: str | None, protein: str | None) -> None:
    """Resolve what is given, then what the question names and the given does not cover."""
    organism = organism_of(reading.text)
    if molecule is not None:
        context.resolve(molecule, "molecule")
    if protein is not None:
        context.resolve(protein, "protein", organism=organism)
    given, words = context.draft.entities, reading.words
    _note_conflicts(context, reading.mentions, given)
    kind, _ = words.kind(molecule=bool(given or reading.mentions), protein=bool(context.draft.proteins))
    if len(given) == 2 or (given and kind != "activity"):
        return  # a name in the question is about what is given
    missing: EntityKind | None = None
    if given:
        missing = "protein" if given[0].kind == "molecule" else "molecule"
    elif words.kind(molecule=False, protein=True)[0] in PROTEIN_KINDS and _names_a_protein(context, reading.mentions):
        missing = "protein"
    for mention in reading.mentions:
        check_whole(reading.text, mention, context.components.index, partners=kind == "activity")
        _read_mention(context, mention, missing or _kind_meant(context, reading, mention), organism)


def _read_mention(context: AnswerContext, mention: Mention, kind: EntityKind | None, organism: str) -> None:
    try:
        organism = "" if kind == "molecule" else organism
        if mention.how == "lexicon":
            context.resolve_name(mention.text, kind, organism=organism)
        else:
            context.resolve(mention.text, kind, organism=organism, no_file=_NO_FILE)
    except (InvalidInput, NotFound):
        known = mention.how in ("lexicon", "identifier")
        if kind is None or not known or context.records_named(mention.text, kind):
            raise  # else it is a known thing of the other kind, and not what is asked about


def _kind_meant(context: AnswerContext, reading: Reading, mention: Mention) -> EntityKind | None:
    """Return the kind that the question's words decide, for a name that is known here as both or as neither."""
    molecule, protein = (bool(context.records_named(mention.text, kind)) for kind in ("molecule", "protein"))
    if molecule != protein:
        return None
    return kind_in_words(reading.text, mention) or (reading.words.kind_named if molecule else None)


def _names_a_protein(context: AnswerContext, mentions: Sequence[Mention]) -> bool:
    """Whether some mention can be a protein, so that a protein question is about it."""
    index = context.components.index
    return any(
        mention.how in ("identifier", "sequence")
        or index.proteins_named(mention.text)
        or any(candidate.kind == "protein" for candidate in index.homonyms(mention.text))
        for mention in mentions
    )


def _note_conflicts(context: AnswerContext, mentions: Sequence[Mention], given: Sequence[Resolved]) -> None:
    """Say when the question names another thing of the kind that was given beside it."""
    for resolved in given:
        for mention in mentions:
            records = context.records_named(mention.text, resolved.kind)
            if records and all(record.handle != resolved.entity.handle for record in records):
                context.draft.warnings.append(
                    f"The question names {mention.text}, but the {resolved.kind} given is "
                    f"{compose.name_of(resolved.entity)}; the answer is about the given one."
                )


def _read_form(context: AnswerContext, rest: str) -> None:
    """Apply a substitution named anywhere in the question; refuse other changed forms and parts.

    Args:
        context: The call.
        rest: The question without its names.
    """
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
    if whole and not named:
        if draft.molecules or not parts_asked(rest):  # a record lists the parts, and says no more of them
            check_unaltered(rest, compose.name_of(whole[0]))
    elif len(whole) == 1 and whole[0].accession:
        draft.proteins = [resolved for resolved in draft.proteins if resolved.entity is not whole[0]]
        context.resolve(f"{whole[0].accession} {named[0]}", "protein", organism=organism_of(draft.question))


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
    return NotFound(
        "No molecule or protein that is known here is named in this question.",
        'Put a name in "quotes" to have it looked up, or pass it as the molecule or the protein.'
        + (f" If {letters} is a structure, write smiles:{letters}." if letters else ""),
    )
