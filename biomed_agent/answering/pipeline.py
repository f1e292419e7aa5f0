"""One question from its words, or from a query that was filled in, to its answer: read, resolve, hand over.

What is named is resolved into the draft of an :class:`~biomed_agent.answering.context.AnswerContext`; then the handler
of the query's frame answers. Functions raise only :class:`~biomed_agent.core.errors.BiomedAgentError`;
:mod:`biomed_agent.answering.agent` turns that into an answer.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import HANDLERS
from biomed_agent.answering.query_rules import check_rules, check_subjects, organism_filter
from biomed_agent.answering.reading.frames import PROTEIN_KINDS, may_be_searched
from biomed_agent.answering.reading.mentions import organism_of
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import Inapplicable, InvalidInput
from biomed_agent.core.identifiers import MAX_NAME, ORGANISMS
from biomed_agent.core.predicates import SECTIONS, predicate_row
from biomed_agent.core.query import Filter, Frame, Kind, Query, Subject, check_query
from biomed_agent.core.types import Answer

if TYPE_CHECKING:
    from biomed_agent.answering.reading.reader import Reading

NO_FILE = "Words of a question open no file; pass it as --molecule @FILE or --protein @FILE."


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


def papers_query(reading: Reading, search: str | None) -> Query:
    """Return the literature query that the words make; ``search`` is sent as it is, if given."""
    names = (thing.text for thing in reading.things if may_be_searched(thing))
    subjects = tuple(Subject(name) for name in dict.fromkeys(names))
    return Query("papers", subjects, object=search or "", text=reading.text, kind="literature")


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


def answer_query(context: AnswerContext, query: Query, *, no_file: str = NO_FILE) -> Answer:
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
    return answer_resolved(context, query)


def answer_resolved(context: AnswerContext, query: Query) -> Answer:
    """Hand a query over whose subjects are resolved."""
    draft = context.draft
    draft.kind, draft.unread = query.kind, query.unread or draft.unread
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
