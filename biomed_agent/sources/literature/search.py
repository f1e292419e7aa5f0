"""Articles for a query.

PubMed is asked first. Europe PMC answers in its place when PubMed cannot, is asked beside it when PubMed has few
articles, and hands out open-access full texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import BiomedAgentError, NotFound, Refused, Unavailable
from biomed_agent.core.types import Article
from biomed_agent.core.words import counted

if TYPE_CHECKING:
    from biomed_agent.sources.literature.europepmc import EuropePMC, FullText, Page
    from biomed_agent.sources.literature.pubmed import PubMed, SearchResult

MIN_ARTICLES = 3
"""usable articles of PubMed below which Europe PMC is asked as well"""
MAX_EXTRA_HITS = 25
"""articles taken from Europe PMC beside those of PubMed at most"""
MAX_FULL_TEXTS = 3
"""full texts read for one question"""
MAX_LISTED_PMIDS = 20
"""PMIDs named in one note"""
MAX_FULL_TEXT_TRIES = 6
"""full texts asked for, of which some are not handed out"""
_NO_WORDS = frozenset(
    """
    a about again all almost also although always among an and another any are as at be because been before being
    between both but by can could did do does done due during each either enough especially etc for found from further
    had has have having here how however i if in into is it its itself just kg km made mainly make may mg might ml mm
    most mostly must nearly neither no nor not obtained of often on or our overall perhaps pmid quite rather really
    regarding seem seen several should show showed shown shows significantly since so some such than that the their
    theirs them then there therefore these they this those through thus to upon use used using various very was we were
    what when which while with within without would
    """.split()
)
"""PubMed's own stop words (https://pubmed.ncbi.nlm.nih.gov/help/#stopwords): that it ignores them changes nothing."""


class Literature:
    """Searches PubMed, and Europe PMC in its place or beside it.

    Args:
        pubmed: Asked first.
        europepmc: Asked when PubMed is unavailable or has few articles, or None.
    """

    def __init__(self, pubmed: PubMed, europepmc: EuropePMC | None = None) -> None:
        self.pubmed, self.europepmc = pubmed, europepmc

    def search(self, query: str, limit: int, notes: list[str]) -> list[Article]:
        """Return the articles of a query, the most relevant first, retracted ones and notices among them and marked.

        Args:
            query: The search string in PubMed's syntax, sent as it is; or PMIDs, which are read one by one.
            limit: Most articles.
            notes: Receives which service was asked for what, how it read the query, and what it ignored or did not
                give.

        Raises:
            NotFound: PubMed does not know a word and would answer from the rest of the query.
            Refused: The egress policy forbids the look-up.
            Unavailable: Neither service gave an answer.
        """
        try:
            articles = self._pubmed(query, limit, notes)
        except Unavailable as error:
            current().check()  # who no longer waits needs no second service
            if self.europepmc is None:
                raise
            return self._europepmc(self.europepmc, query, limit, notes, error)
        abstracts = sum(bool(article.abstract) for article in usable(articles, []))
        if abstracts < min(MIN_ARTICLES, limit) and self.europepmc is not None and not pmids_of(query):
            articles += self._extra_hits(self.europepmc, query, min(limit, MAX_EXTRA_HITS), articles, notes)
        return articles[:limit]

    def full_texts(self, articles: Sequence[Article], notes: list[str]) -> dict[str, FullText]:
        """Return open-access full texts of the first articles that have one, by the article's handle.

        Args:
            articles: In the order of the search; those whose record says that they are not open are not asked for.
            notes: Receives what was read, and why others were not.
        """
        if self.europepmc is None:
            return {}
        texts: dict[str, FullText] = {}
        open_ones = [article for article in articles if article.pmcid and article.open_access is not False]
        for article in open_ones[:MAX_FULL_TEXT_TRIES]:
            if len(texts) == MAX_FULL_TEXTS:
                break
            try:
                texts[article.handle] = self.europepmc.full_text(article.pmcid)
            except NotFound:
                continue
            except (Refused, Unavailable) as error:
                notes.append(f"Full texts were not read: {error.message}")
                break
        named = ", ".join(texts) or "none of these articles is open access"
        notes.append(f"Open-access full texts read: {named}.")
        if retracted := [handle for handle, text in texts.items() if text.retracted]:
            notes.append(f"Passed over because their full texts tell of a retraction: {', '.join(retracted)}.")
        return texts

    def _pubmed(self, query: str, limit: int, notes: list[str]) -> list[Article]:
        if pmids := pmids_of(query):
            articles = self.pubmed.fetch(pmids[:limit])
            notes.append(f"PubMed was asked for {counted_pmids(pmids[:limit])}.")
            notes += not_given("PubMed", pmids, articles, limit)
            return articles
        result = self.pubmed.search(query, limit=limit)
        ignored = [word for word in result.ignored if _tells(word)]
        if ignored:
            raise NotFound(
                f"PubMed does not know {', '.join(ignored)} and would answer from the rest of the query.",
                "Check the spelling, or leave the word out.",
            )
        articles = self.pubmed.articles(result)
        notes.append(
            f"PubMed was asked for {query!r} ({counted(result.count, 'article')}; read as: {result.translation})."
        )
        notes += [*_notes_of(result), *not_given("PubMed", result.pmids, articles, limit)]
        return articles

    def _extra_hits(
        self, europepmc: EuropePMC, query: str, limit: int, known: Sequence[Article], notes: list[str]
    ) -> list[Article]:
        """Return what Europe PMC finds that is not among ``known``; its failure costs a note."""
        untagged = without_tags(query)
        if untagged is None:
            return []
        try:
            page = europepmc.search(untagged, limit=limit)
        except BiomedAgentError as error:
            notes.append(f"Europe PMC was not asked beside PubMed: {error.message}")
            return []
        new = not_among(page.articles, known)
        notes.append(
            f"PubMed has few articles of this, so Europe PMC was asked for {untagged!r} as well "
            f"({counted(page.count, 'article')}, preprints among them; {len(new)} added)."
        )
        notes += _unread_of(page)
        return new

    def _europepmc(
        self, europepmc: EuropePMC, query: str, limit: int, notes: list[str], first: Unavailable
    ) -> list[Article]:
        pmids = pmids_of(query)[:limit]
        untagged = f"SRC:MED AND ({' OR '.join(f'EXT_ID:{pmid}' for pmid in pmids)})" if pmids else without_tags(query)
        if untagged is None:
            raise Unavailable(
                f"{first.message} Europe PMC was not asked, because the query's field tags are PubMed's own.",
                "Try again later, or leave the tags in square brackets out.",
            ) from first
        try:
            page = europepmc.search(untagged, limit=limit)
        except Unavailable as second:
            raise Unavailable(f"{first.message} {second.message}", "Try again later.") from second
        notes.append(
            f"PubMed gave no answer; Europe PMC was asked for {untagged!r} instead ({counted(page.count, 'article')}, "
            "preprints among them)."
        )
        notes += _unread_of(page)
        if not pmids:
            return list(page.articles)
        notes += not_given("Europe PMC", pmids_of(query), page.articles, limit)
        return sorted(page.articles, key=lambda article: pmids.index(article.pmid) if article.pmid in pmids else limit)


def not_among(articles: Sequence[Article], known: Sequence[Article]) -> list[Article]:
    """Return the articles that are not known already: by PMID, DOI or PMCID, or as a preprint of a known article."""
    seen = {name for article in known for name in _names(article)}
    new = []
    for article in articles:
        published = {f"pmid {number}" for notice in article.notices for number in _PUBLISHED.findall(notice)}
        if not seen & (_names(article) | published):
            seen |= _names(article)
            new.append(article)
    return new


_PUBLISHED = re.compile(r"^Published since\b.*\(PMID (\d+)\)")


def _names(article: Article) -> set[str]:
    named = (("pmid", article.pmid), ("doi", article.doi.lower()), ("pmcid", article.pmcid))
    return {f"{space} {value}" for space, value in named if value}


def usable(articles: Sequence[Article], notes: list[str]) -> list[Article]:
    """Return the articles that may be evidence; the others are named in ``notes``, with the reason."""
    if retracted := [article.handle for article in articles if article.retracted]:
        notes.append(f"Passed over because retracted: {', '.join(retracted)}.")
    left = [article for article in articles if not article.retracted]
    if about_others := [f"{article.handle} ({article.kind})" for article in left if article.is_notice]:
        notes.append(f"Passed over because they only tell of another article: {', '.join(about_others)}.")
    return [article for article in left if not article.is_notice]


def not_given(service: str, pmids: Sequence[str], articles: Sequence[Article], limit: int) -> Iterator[str]:
    """Yield which records that were asked for did not come, and which were not asked for."""
    came = {article.pmid for article in articles}
    if missing := [pmid for pmid in pmids[:limit] if pmid not in came]:
        yield f"{service} gave no record that can be read of {counted_pmids(missing)}: {_named(missing)}."
    if beyond := pmids[limit:]:
        yield f"Not read, because the limit is {limit}: {_named(beyond)}."


def _unread_of(page: Page) -> list[str]:
    if not page.unread:
        return []
    return [f"Europe PMC sent {page.unread} record{'s' if page.unread > 1 else ''} that cannot be read; left out."]


def counted_pmids(pmids: Sequence[str]) -> str:
    """Return ``1 PMID``, ``2 PMIDs``."""
    return f"{len(pmids)} PMID{'s' if len(pmids) > 1 else ''}"


def _named(pmids: Sequence[str]) -> str:
    return ", ".join(pmids[:MAX_LISTED_PMIDS]) + (
        f" and {len(pmids) - MAX_LISTED_PMIDS} more" if len(pmids) > MAX_LISTED_PMIDS else ""
    )


def pmids_of(query: str) -> list[str]:
    """Return the PMIDs of a query that holds nothing else, as in ``PMID:12377809, 11237011``, each once."""
    if not re.match(r"PMID", query.strip(), re.IGNORECASE):
        return []
    parts = [part for part in re.split(r"(?:PMIDs?[:\s]*|[\s,;]+|\bOR\b)+", query.strip(), flags=re.IGNORECASE) if part]
    return list(dict.fromkeys(parts)) if all(re.fullmatch(r"[1-9]\d{0,8}", part) for part in parts) else []


def _tells(ignored: str) -> bool:
    """Whether a word or phrase that PubMed ignored holds more than stop words."""
    words = re.findall(r"\w+", re.sub(r"\[[^\]]*\]", " ", ignored.lower()))
    return any(word not in _NO_WORDS for word in words) or (not words and "[" in ignored)


def _notes_of(result: SearchResult) -> list[str]:
    """Return what else PubMed said of a query: ignored stop words and its messages."""
    notes = [f"PubMed left out: {', '.join(result.ignored)}."] if result.ignored else []
    return notes + [f"PubMed says: {message}" for message in result.messages if "No items found" not in message]


_FIELD_TAG = re.compile(r"\[([a-z][a-z /:~-]*)\]", re.IGNORECASE)
_FIELDS_OF_WORDS = frozenset(
    ("all", "all fields", "ti", "title", "tiab", "title/abstract", "tw", "text word", "mh", "mesh", "mesh terms",
     "majr", "mesh major topic", "nm", "supplementary concept", "ot", "other term")
)  # fmt: skip


def without_tags(query: str) -> str | None:
    """Return a PubMed query without the tags that only say where its words stand; None when it has others.

    Without ``[tiab]`` a query finds more, and what is found is still about its words; without ``[dp]`` or ``[au]``
    a date or an author would become a word.
    """
    tags = {tag.lower().partition(":")[0].strip() for tag in _FIELD_TAG.findall(query)}
    return _FIELD_TAG.sub("", query) if tags <= _FIELDS_OF_WORDS else None
