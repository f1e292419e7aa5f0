"""What is said of a question that was not answered: the words that were not read, and what could be asked instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext, Draft
from biomed_agent.answering.handlers import papers
from biomed_agent.answering.pipeline import answer_resolved, papers_query
from biomed_agent.answering.reading.mentions import misspelled
from biomed_agent.answering.reading.reader import Clause, Reading
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import NotFound, Refused, Unavailable
from biomed_agent.core.identifiers import names_a_file
from biomed_agent.core.types import Answer, Resolved
from biomed_agent.core.words import listed


def unanswered(context: AnswerContext, reading: Reading, clause: Clause, checked: Answer | None = None) -> Answer:
    """Say which words were not read, how the question was read without them, and the nearest that can be asked.

    Args:
        context: The call.
        reading: The question.
        clause: The clause of it that was not answered.
        checked: What checking it as a statement gave.
    """
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
        read = f" {compose.without_sentence(clause.unread, draft.read_as)}{_taken_for(draft.entities, reading)}"
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


def _taken_for(entities: Sequence[Resolved], reading: Reading) -> str:
    """Say which proteins names were taken for where the record's own name does not show it: "EMA" for MUC1."""
    known = {mention.text for mention in reading.mentions if mention.how == "lexicon"}
    told = [
        f'"{resolved.asked}" was taken for {name}.'
        for resolved in entities
        if resolved.kind == "protein"
        and resolved.asked in known
        and resolved.asked.lower() not in (name := compose.name_of(resolved.entity)).lower()
    ]
    return "".join(f" {sentence}" for sentence in told)


def _from_literature(context: AnswerContext, reading: Reading) -> Answer | None:
    """Answer what no record answers from articles: those on this machine, or a service's where the words may leave."""
    if not reading.mentions or any(names_a_file(mention.text) for mention in reading.mentions):
        return None
    if any(piece.value("wh") in (("when",), ("who",)) for piece in reading.pieces):
        return None  # a date or a person: a passage that holds the words does not state it
    draft = Draft(context.draft.question, kind="literature", sources=context.draft.sources)
    draft.molecules, draft.proteins = context.draft.molecules, context.draft.proteins
    part, query = replace(context, draft=draft), papers_query(reading, "")
    public = context.egress == "public" and any(piece.says("effect") for piece in reading.pieces)
    if not public or context.components.retriever.stays_here:
        draft.read_as = compose.read_as(query, ())
        return papers.at_hand(part, query)
    try:
        answer = answer_resolved(part, query)
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


def nothing_named(context: AnswerContext, question: str) -> NotFound:
    """Return the error that no name in a question is known, with what it may be a misspelling or a structure of."""
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
