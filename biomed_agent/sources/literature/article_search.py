"""Where articles come from: PubMed and Europe PMC, and the articles of a local index where those may not be asked.

The local index always holds the shelf: the abstracts that ship with the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import Refused, Unavailable
from biomed_agent.core.types import Article
from biomed_agent.sources.literature.coverage import Asked
from biomed_agent.sources.literature.search import counted_pmids, not_given, pmids_of
from biomed_agent.sources.literature.terms import alike

if TYPE_CHECKING:
    from biomed_agent.sources.literature.europepmc import FullText
    from biomed_agent.sources.literature.search import Literature
    from biomed_agent.sources.local import LocalIndex


class ArticleSearch:
    """Searches the live services, and the local index when they are switched off, refused or give no answer.

    Where a service fails, a search string is only tried on an index of the user's own: of 300 abstracts a list of hits
    would say nothing.

    Args:
        index: The local index; it may hold no articles but the shelf, or none at all.
        live: PubMed and Europe PMC; None when look-ups are switched off.
        closed: Whether the egress policy lets nothing out, so that ``live`` would refuse every search.
    """

    def __init__(self, index: LocalIndex, live: Literature | None, closed: bool = False) -> None:
        self.index, self.live, self.closed = index, live, closed

    @property
    def stays_here(self) -> bool:
        """Whether a search leaves nothing of the question outside, because only the local index is searched."""
        return (self.live is None or self.closed) and self.index.has_own_articles

    def search(self, query: str, limit: int, notes: list[str]) -> list[Article]:
        """Return the articles of a query; see :meth:`biomed_agent.sources.literature.search.Literature.search`.

        Raises:
            Refused: Look-ups are switched off or refused, and the local index holds no articles of the user's own.
            Unavailable: No service gave an answer, and the local index holds no articles of the user's own.
        """
        if self.live is None and not self.index.has_own_articles:
            raise Refused(
                "looking in the literature needs PubMed, and look-ups are switched off (offline).",
                "Run without offline, or build an index of articles: biomed-agent index build --articles.",
            )
        if self.live is not None and not self.stays_here:
            try:
                return self.live.search(query, limit, notes)
            except (Refused, Unavailable) as error:
                current().check()
                if not self.index.has_own_articles:
                    raise
                notes.append(f"{error.message} The local index was searched instead.")
        if pmids := pmids_of(query):
            articles = self.index.articles_by_pmid(pmids[:limit])
            notes.append(f"The local index was asked for {counted_pmids(pmids[:limit])}.")
            notes += not_given("The local index", pmids, articles, limit)
            return articles
        hits = self.index.articles(query, limit)
        count = f"{hits.count:,} articles" if hits.count != 1 else "1 article"
        only = f"more than {count}, of which the newest {hits.count:,} were ranked" if hits.more else count
        notes.append(f"The local index was searched for {query!r} ({only}).")
        return hits.articles

    def full_texts(self, articles: Sequence[Article], notes: list[str]) -> dict[str, FullText]:
        """Return open-access full texts; see :meth:`biomed_agent.sources.literature.search.Literature.full_texts`."""
        return self.live.full_texts(articles, notes) if self.live is not None and not self.stays_here else {}


def local_query(asked: Asked) -> str:
    """Return a query for an index on this machine: every name under one of its spellings, and any of the other words.

    Args:
        asked: What a question asks about.
    """
    required = [_any_of(sorted(spelling.strip() for spelling in spellings)) for spellings in asked.names.values()]
    others = [spelling for word in asked.words.values() for spelling in alike(word.replace(" ", ""))]
    return " AND ".join([*required, *([_any_of(others)] if others else [])])


def _any_of(words: Sequence[str]) -> str:
    quoted = " OR ".join(f'"{word}"' for word in words)
    return f"({quoted})"
