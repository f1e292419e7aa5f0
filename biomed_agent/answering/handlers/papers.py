"""Answers from articles: the passages that fit a question, or the articles of a search, each with one passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import NotFound
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Article, Evidence
from biomed_agent.core.words import counted
from biomed_agent.sources.literature.article_search import local_query
from biomed_agent.sources.literature.passages import MAX_PASSAGES, labelled, rank_passages, tells_a_finding, words_of

USUAL_ARTICLES = 10


def handle(context: AnswerContext, query: Query) -> Answer:
    """Answer from passages of articles; with the aggregate ``list`` list the articles instead.

    Raises:
        BiomedAgentError: Nothing was found, or the look-up was refused or failed.
    """
    if query.aggregate == "list":
        return _list_articles(context, query)
    draft, retriever = context.draft, context.components.retriever
    sent = query.object or _sendable(context, query)
    if not sent:
        raise NotFound(
            "This literature question holds no known name, and its other words may not leave this machine.",
            'Put the search words in "quotes", pass them as the query, or use egress public.',
        )
    passages = retriever.literature(
        sent, draft.question, draft.warnings, query.limit or MAX_PASSAGES, context.full_text
    )
    if not query.object and context.egress != "public" and not retriever.stays_here:
        draft.warnings.append("Only known names and quoted words of the question were sent; pass a query to send more.")
    if not passages:
        return draft.close("not_found", "Articles were found, but no sentence of them fits the question.")
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
    names = [subject.text for subject in query.subjects]
    if context.components.retriever.stays_here:
        return local_query(names, words_of(context.draft.question))
    if context.egress == "public":
        return " ".join(dict.fromkeys(words_of(context.draft.question)))
    return " AND ".join(f'"{name}"' for name in names)
