"""Answers from articles: the passages that fit a question, or the articles of a search, each with one passage.

Each takes an :class:`~biomed_agent.answering.pipeline.Answering` and closes its draft.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from biomed_agent.answering import model_step
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import InvalidInput, NotFound
from biomed_agent.core.types import Answer, Article, Evidence
from biomed_agent.sources.literature.library import local_query
from biomed_agent.sources.literature.search import MAX_PASSAGES, labelled, rank_passages, tells_a_finding, words_of

if TYPE_CHECKING:
    from biomed_agent.answering.pipeline import Answering

MOST_LISTED = 100
_PMID = re.compile(r"\bPMID[:\s]\s*([1-9]\d{3,8})\b", re.IGNORECASE)


def pmids_in(question: str) -> list[str]:
    """Return the PMIDs a question names, as in "What does PMID 12377809 say?", each once."""
    return list(dict.fromkeys(_PMID.findall(question)))


def answer(answering: Answering, query: str | None, most: int = MAX_PASSAGES, full_text: bool = False) -> Answer:
    """Answer from passages of articles.

    Args:
        answering: The question.
        query: The search string as given; without one the PMIDs of the question, or its words that may be sent.
        most: Most passages.
        full_text: Read open-access full texts even where abstracts fit the question.
    """
    draft, retriever = answering.draft, answering.rooms.retriever
    draft.kind = "literature"
    pmids = pmids_in(draft.question)
    sent = query or (f"PMID: {', '.join(pmids)}" if pmids else _sendable(answering))
    if not sent:
        raise NotFound(
            "This literature question holds no known name, and its other words may not leave this machine.",
            'Put the search words in "quotes", pass them as the query, or use egress public.',
        )
    found = retriever.literature(sent, draft.question, draft.warnings, most, full_text)
    if not query and not pmids and answering.egress != "public" and not retriever.stays_here:
        draft.warnings.append("Only known names and quoted words of the question were sent; pass a query to send more.")
    if not found:
        return draft.close("not_found", "Articles were found, but no sentence of them fits the question.")
    evidence = _numbered(answering, found)
    if statement := model_step.synthesis(answering, draft.question, evidence):
        evidence = [replace(one, shown_to_model=True) for one in evidence]
        draft.model = statement
    draft.evidence = evidence
    return draft.close("answered", compose.evidence_text(evidence, draft.sources))


def search(answering: Answering, query: str, limit: int) -> Answer:
    """List the articles of a search in its order, each with the passage that fits the query best.

    Args:
        answering: The search.
        query: Search string in PubMed's syntax, or PMIDs.
        limit: Most articles.

    Raises:
        InvalidInput: ``limit`` is out of range.
        BiomedAgentError: Nothing was found, or the look-up was refused or failed.
    """
    if not 1 <= limit <= MOST_LISTED:
        raise InvalidInput(f"limit {limit} is out of range.", f"Expected 1 to {MOST_LISTED}.")
    draft = answering.draft
    draft.kind = "literature"
    articles = answering.rooms.retriever.usable_articles(query, limit, draft.warnings)
    draft.evidence = _numbered(answering, [_passage(query, article) for article in articles])
    lead = f"{compose.counted(len(articles), 'article')}, the most relevant first, one passage of each, verbatim:"
    return draft.close("answered", compose.evidence_text(draft.evidence, draft.sources, lead))


def _passage(query: str, article: Article) -> Evidence:
    """Return the passage of an article that fits best; else a finding, its first sentence, or its title."""
    if fitting := rank_passages(query, [article], 1):
        return fitting[0]
    told = labelled(article.abstract)
    label, text = next((one for one in told if tells_a_finding(*one)), next(iter(told), ("TITLE", article.title)))
    return Evidence(0, text, article, label=label)


def _numbered(answering: Answering, found: Sequence[Evidence]) -> list[Evidence]:
    """Number passages by their article's place among the sources."""
    sources = answering.draft.sources
    return [
        replace(one, number=sources.number(one.article.provenance)) if one.article.provenance else one for one in found
    ]


def _sendable(answering: Answering) -> str:
    """Return the search words the egress policy allows to be taken from the question."""
    names = dict.fromkeys(
        mention.text for mention in answering.mentions if mention.how in ("quoted", "identifier", "lexicon")
    )
    if answering.rooms.retriever.stays_here:
        return local_query(list(names), words_of(answering.draft.question))
    if answering.egress == "public":
        return " ".join(dict.fromkeys(words_of(answering.draft.question)))
    return " AND ".join(f'"{name}"' for name in names)
