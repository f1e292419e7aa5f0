"""Where articles come from: PubMed and Europe PMC, and the articles of a local index where those may not be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import Refused, Unavailable
from biomed_agent.core.types import Article
from biomed_agent.sources.literature.search import counted_pmids, not_given, pmids_of

if TYPE_CHECKING:
    from biomed_agent.sources.literature.europepmc import FullText
    from biomed_agent.sources.literature.search import Literature
    from biomed_agent.sources.local import LocalIndex


class ArticleSearch:
    """Searches the live services, and the local index when they are switched off, refused or give no answer.

    Args:
        index: The local index; it may hold no articles.
        live: PubMed and Europe PMC; None when look-ups are switched off.
        closed: Whether the egress policy lets nothing out, so that ``live`` would refuse every search.
    """

    def __init__(self, index: LocalIndex, live: Literature | None, closed: bool = False) -> None:
        self.index, self.live, self.closed = index, live, closed

    @property
    def stays_here(self) -> bool:
        """Whether a search leaves nothing of the question outside, because only the local index is searched."""
        return (self.live is None or self.closed) and self.index.has_articles

    def search(self, query: str, limit: int, notes: list[str]) -> list[Article]:
        """Return the articles of a query; see :meth:`biomed_agent.sources.literature.search.Literature.search`.

        Raises:
            Refused: Look-ups are switched off or refused, and the local index holds no articles.
            Unavailable: No service gave an answer, and the local index holds no articles.
        """
        if self.live is None and not self.index.has_articles:
            raise Refused(
                "looking in the literature needs PubMed, and look-ups are switched off (offline).",
                "Run without offline, or build an index of articles: biomed-agent index build --articles.",
            )
        if self.live is not None and not self.stays_here:
            try:
                return self.live.search(query, limit, notes)
            except (Refused, Unavailable) as error:
                current().check()
                if not self.index.has_articles:
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


def local_query(names: Sequence[str], words: Sequence[str]) -> str:
    """Return a query for an index on this machine: all names, and as many of the other words as an article has.

    Args:
        names: Names the question holds.
        words: Its content words, those of the names among them.
    """
    of_names = {part for name in names for part in name.lower().replace("-", " ").split()} | {
        name.lower() for name in names
    }
    others = [word for word in dict.fromkeys(words) if word not in of_names]
    required = " AND ".join(f'"{name}"' for name in names)
    if not required:
        return " ".join(others)
    return f"{required} AND ({' OR '.join(others)})" if others else required
