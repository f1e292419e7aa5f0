"""Answers from articles: the passages that fit a question, or the articles of a search, each with one passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.wording import compose
from biomed_agent.core.deadline import current
from biomed_agent.core.errors import NotFound, Refused, Unavailable
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Article, Evidence
from biomed_agent.core.words import counted, listed
from biomed_agent.sources.literature.passages import MAX_PASSAGES, labelled, rank_passages, tells_a_finding, words_of
from biomed_agent.sources.literature.search import pmids_of

USUAL_ARTICLES = 10


def handle(context: AnswerContext, query: Query) -> Answer:
    """Answer from passages of articles; with the aggregate ``list`` list the articles instead.

    Raises:
        BiomedAgentError: Nothing was found, or the look-up was refused or failed.
    """
    if query.aggregate == "list":
        return _list_articles(context, query)
    if not (passages := _passages(context, query)):
        return context.draft.close("not_found", "Articles were found, but no sentence of them fits the question.")
    return _answered(context, passages)


def at_hand(context: AnswerContext, query: Query) -> Answer | None:
    """Answer from the articles on this machine alone; None where they do not, or the question only names things."""
    asked = context.components.retriever.asked(context.draft.question, [subject.text for subject in query.subjects])
    passages = _here(context, query) if asked.words else []
    return _answered(context, passages) if passages else None


def _passages(context: AnswerContext, query: Query) -> list[Evidence]:
    """Return the passages of a service, or of this machine where none may be asked, answers, or could be told enough.

    Raises:
        BiomedAgentError: Nothing was found, or the look-up was refused or failed and nothing at hand answers.
    """
    draft, retriever = context.draft, context.components.retriever
    if retriever.stays_here and not pmids_of(query.object):
        if passages := _here(context, query):
            return passages
        raise NotFound(_not_answered(context, query), "Use other words, or pass a search string as the query.")
    try:
        sent = query.object or _sendable(context, query)
        if not sent and retriever.asks_services:
            raise NotFound(
                "This literature question holds no known name, and its other words may not leave this machine.",
                'Put the search words in "quotes", pass them as the query, or use egress public.',
            )
        passages = retriever.literature(
            sent or draft.question, draft.question, draft.warnings, query.limit or MAX_PASSAGES, context.full_text
        )
    except (NotFound, Refused, Unavailable) as error:
        current().check()
        searched = isinstance(error, NotFound) and bool(query.object or query.subjects)
        if searched or pmids_of(query.object):
            raise
        if passages := _here(context, query):
            return passages
        raise type(error)(f"{_not_answered(context, query)} {compose.capital(error.message)}", error.hint) from error
    if not query.object and context.egress != "public" and not retriever.stays_here:
        draft.warnings.append("Only known names and quoted words of the question were sent; pass a query to send more.")
    return passages


def _here(context: AnswerContext, query: Query) -> list[Evidence]:
    """Return the passages of articles on this machine that answer, and say that no others were searched."""
    draft, retriever = context.draft, context.components.retriever
    asked = retriever.asked(draft.question, [subject.text for subject in query.subjects])
    limit = query.limit or MAX_PASSAGES
    if not (asked.words or query.object or retriever.stays_here):
        return []  # of 300 abstracts one that only has the name says something, not what is asked
    if passages := retriever.literature_here(draft.question, asked, draft.warnings, limit, query.object):
        draft.warnings.append("Only the articles on this machine were searched; newer or better ones may exist.")
    return passages


def _not_answered(context: AnswerContext, query: Query) -> str:
    """Say that no article on this machine speaks of all that is asked about."""
    asked = context.components.retriever.asked(context.draft.question, [subject.text for subject in query.subjects])
    together = " together" if len(asked.things) > 1 else ""
    return (
        "The evidence at hand does not answer this: no article on this machine is about "
        f"{listed(asked.things)}{together}."
        if asked.words or context.components.retriever.stays_here
        else "The evidence at hand does not answer this: the question holds nothing but names to compare articles with."
    )


def _answered(context: AnswerContext, passages: Sequence[Evidence]) -> Answer:
    """Quote the passages, and let the model answer from them where it is offered for that."""
    draft = context.draft
    evidence = _numbered(context, passages)
    if statement := model_step.synthesis(context, draft.question, evidence):
        evidence = [replace(passage, shown_to_model=True) for passage in evidence]
        draft.model = statement
    draft.evidence = evidence
    return draft.close("answered", compose.evidence_text(evidence, draft.sources))


def _list_articles(context: AnswerContext, query: Query) -> Answer:
    """List the articles of a search in its order, each with the passage that fits the query best."""
    draft, limit = context.draft, query.limit or USUAL_ARTICLES
    articles = context.components.retriever.usable_articles(query.object, limit, draft.warnings)
    draft.evidence = _numbered(context, [_passage(query.object, article) for article in articles])
    lead = f"{counted(len(articles), 'article')}, the most relevant first, one passage of each, verbatim:"
    return draft.close("answered", compose.evidence_text(draft.evidence, draft.sources, lead))


def _passage(query: str, article: Article) -> Evidence:
    """Return the passage of an article that fits best; else a finding, its first sentence, or its title."""
    if fitting := rank_passages(query, [article], 1):
        return fitting[0]
    parts = labelled(article.abstract)
    label, text = next((part for part in parts if tells_a_finding(*part)), next(iter(parts), ("TITLE", article.title)))
    return Evidence(0, text, article, label=label)


def _numbered(context: AnswerContext, passages: Sequence[Evidence]) -> list[Evidence]:
    """Return passages that the answer will quote, numbered by their article's place among the sources."""
    sources = context.draft.sources
    quoted = [replace(passage, quoted=True) for passage in passages]
    return [
        replace(passage, number=sources.number(origin)) if (origin := passage.article.provenance) else passage
        for passage in quoted
    ]


def _sendable(context: AnswerContext, query: Query) -> str:
    """Return the search words the egress policy allows to be taken from the question."""
    if context.egress == "public":
        return " ".join(dict.fromkeys(words_of(context.draft.question)))
    return " AND ".join(f'"{subject.text}"' for subject in query.subjects)
