"""PubMed (NCBI E-utilities): search for articles and read their records."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.types import Article, Provenance
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.services import DAY
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.retractions import Link, read_standing
from biomed_agent.sources.markup import parse_reply, text_of

MAX_HITS = 10_000
"""PubMed hands out no further hits of one search"""
MAX_GET_IDS = 200
"""identifiers a GET may carry (NCBI asks for POST beyond); a search for more is kept on NCBI's history server"""
MAX_POST_IDS = 1_000
"""records asked for at once by POST or from the history server; about 15 MB"""
NO_SUCH_IDS = "ID list is empty"
"""what efetch says when none of the identifiers exists"""
HISTORY_GONE = "Unable to obtain query"
"""what efetch says when the history server has forgotten a list, after some hours"""
_MONTHS = {
    name: f"{number:02}" for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}


@dataclass(frozen=True, slots=True)
class History:
    """A list of records that NCBI's history server keeps for some hours."""

    web_env: str
    query_key: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found."""

    pmids: tuple[str, ...]
    """identifiers, the most relevant first"""
    count: int
    """hits in all, of which ``pmids`` are the first"""
    translation: str
    """the query as PubMed understood it"""
    ignored: tuple[str, ...] = ()
    """words, phrases and fields PubMed dropped: the hits answer the query without them"""
    messages: tuple[str, ...] = ()
    """what else PubMed says of the query"""
    history: History | None = None
    """where NCBI keeps all hits, if it was asked to"""


def check_json(reply: Reply) -> None:
    """Raise for anything that is no answer of esearch; errors come with status 200 as well.

    Raises:
        InvalidInput: NCBI refuses the key.
        Unavailable: Anything else; it may be mended by another try.
    """
    body = reply.json()
    message = str(body.get("error") or "") if isinstance(body, dict) else "no object"
    if "API key invalid" in message:
        raise InvalidInput("NCBI does not accept the API key.", "Check NCBI_API_KEY, or unset it.")
    if message or reply.status != 200:
        raise Unavailable(f"NCBI answered status {reply.status}: {message or 'no reason given'}")
    if failed := (body.get("esearchresult") or {}).get("ERROR"):
        raise Unavailable(f"PubMed could not search: {failed}")


def check_search(reply: Reply) -> None:
    """Raise for anything that is no answer of esearch, in JSON or (what it falls back on) XML, or cannot be read."""
    if reply.text.lstrip()[:1] == "<" and "<eSearchResult" in reply.text[:1000]:
        read_search_xml(reply.text)
    else:
        check_json(reply)
        read_search(reply.json())


def check_xml(reply: Reply) -> None:
    """Raise for anything that is no answer of efetch; errors come with status 200 as well."""
    if reply.text.lstrip()[:1] == "{":
        check_json(reply)
    if NO_SUCH_IDS in reply.text[:1000] or HISTORY_GONE in reply.text[:1000]:
        return
    if reply.status != 200:
        raise Unavailable(f"NCBI answered status {reply.status}: {reply.text[:200].strip()}")
    _root(reply.text)


@well_formed("PubMed")
def read_search(body: Mapping[str, Any]) -> SearchResult:
    """Read an esearch reply in JSON; all its numbers are strings."""
    result = body["esearchresult"]
    errors, warnings = result.get("errorlist") or {}, result.get("warninglist") or {}
    ignored = [
        word
        for kind in (
            errors.get("phrasesnotfound"),
            errors.get("fieldsnotfound"),
            warnings.get("phrasesignored"),
            warnings.get("quotedphrasesnotfound"),
        )
        for word in _several(kind)
    ]
    history = result.get("webenv"), result.get("querykey")
    return SearchResult(
        pmids=tuple(_several(result["idlist"])),
        count=int(result["count"]),
        translation=str(result.get("querytranslation", "")),
        ignored=tuple(dict.fromkeys(ignored)),
        messages=tuple(_several(warnings.get("outputmessages"))),
        history=History(str(history[0]), str(history[1])) if all(history) else None,
    )


def _several(values: Any) -> list[str]:
    """Return the texts of a list; one alone may come without the list."""
    return [values] if isinstance(values, str) and values else [str(value) for value in values or ()]


@well_formed("PubMed")
def read_search_xml(text: str) -> SearchResult:
    """Read an esearch reply in XML, which holds what the JSON holds under other names."""
    root = _result_root(text, "eSearchResult")
    dropped = ("ErrorList/PhraseNotFound", "ErrorList/FieldNotFound", "WarningList/PhraseIgnored",
               "WarningList/QuotedPhraseNotFound")  # fmt: skip
    web_env, query_key = root.findtext("WebEnv"), root.findtext("QueryKey")
    return SearchResult(
        pmids=tuple(text_of(element) for element in root.iterfind("IdList/Id")),
        count=int(root.findtext("Count", "")),
        translation=text_of(root.find("QueryTranslation")),
        ignored=tuple(dict.fromkeys(text_of(element) for path in dropped for element in root.iterfind(path))),
        messages=tuple(text_of(element) for element in root.iterfind("WarningList/OutputMessage")),
        history=History(web_env, query_key) if web_env and query_key else None,
    )


@well_formed("PubMed")
def read_history(text: str) -> History:
    """Read an epost reply: where NCBI keeps the identifiers.

    Raises:
        Unavailable: It is an error message, or names no list.
    """
    root = _result_root(text, "ePostResult")
    web_env, query_key = root.findtext("WebEnv"), root.findtext("QueryKey")
    if not web_env or not query_key:
        raise Unavailable("NCBI's reply names no list on the history server.")
    return History(web_env, query_key)


def read_articles(text: str, provenance: Provenance) -> list[Article]:
    """Read an efetch reply: articles and book chapters in the order sent, without the records that cannot be read.

    Raises:
        Unavailable: It is an error message, no XML, or declares entities; or none of its records can be read.
    """
    if NO_SUCH_IDS in text[:1000]:
        return []
    records = [record for record in _root(text) if record.tag in _RECORDS]
    articles = [article for record in records if (article := read_record(record, provenance))]
    if records and not articles:
        raise Unavailable(
            f"PubMed's reply is malformed: none of its {len(records)} records holds a citation with a PMID.",
            "PubMed may have changed its format; look for a newer version of this package.",
        )
    return articles


def read_record(record: ET.Element, provenance: Provenance) -> Article | None:
    """Read one record of a ``PubmedArticleSet``; None for what is no article, or has no PMID."""
    read = _RECORDS.get(record.tag)
    article = read(record, provenance) if read else None
    return article if article and article.pmid else None


class PubMed:
    """The questions put to PubMed.

    Each method raises :class:`~biomed_agent.core.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.core.errors.Unavailable` when NCBI gives no answer.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def search(self, query: str, limit: int = 20) -> SearchResult:
        """Search with a query in PubMed's own syntax, which leaves this machine as it is.

        PubMed drops words it does not know and answers the rest: look at ``ignored`` before using the hits.

        Args:
            query: The search string, written as such by the user.
            limit: Most hits to return, 1 to 10,000.
        """
        query = " ".join(query.split())
        if not query:
            raise InvalidInput("the literature query is empty.", "Give words to search for.")
        if not 1 <= limit <= MAX_HITS:
            raise InvalidInput(
                f"limit {limit} is out of range.", f"Expected 1 to {MAX_HITS:,}, which is all PubMed gives."
            )
        form = {"db": "pubmed", "term": query, "retmax": str(limit), "sort": "relevance", "retmode": "json"}
        if limit > MAX_GET_IDS:
            form["usehistory"] = "y"
        reply = self.transport.post(
            "pubmed",
            "esearch.fcgi",
            form=form,
            discloses="query",
            log_line=f"search {query}",
            ttl=DAY,
            check=check_search,
        )
        return read_search_xml(reply.text) if reply.text.lstrip()[:1] == "<" else read_search(reply.json())

    def articles(self, result: SearchResult) -> list[Article]:
        """Return the records of a search, in its order, with one request for each thousand.

        More than 200 are read from the history server, where the search was kept; when it has forgotten them, they
        are asked for by their identifiers.
        """
        if result.history is None or len(result.pmids) <= MAX_GET_IDS:
            return self.fetch(result.pmids)
        articles: dict[str, Article] = {}
        for start in range(0, len(result.pmids), MAX_POST_IDS):
            part = self.fetch_kept(result.history, start, min(MAX_POST_IDS, len(result.pmids) - start))
            if part is None:
                return self.fetch(result.pmids)
            articles |= {article.pmid: article for article in part}
        return [articles[pmid] for pmid in result.pmids if pmid in articles]

    def keep(self, pmids: Sequence[str | int]) -> History:
        """Put a list of identifiers on NCBI's history server; read it in parts with :meth:`fetch_kept`."""
        numbers = _numbers(pmids)
        reply = self.transport.post(
            "pubmed",
            "epost.fcgi",
            form={"db": "pubmed", "id": ",".join(numbers)},
            discloses="identifier",
            log_line=_shown(numbers),
            ttl=0,
            check=lambda reply: check_json(reply) if reply.text.lstrip()[:1] == "{" else None,
        )
        return read_history(reply.text)

    def fetch_kept(self, history: History, start: int, count: int) -> list[Article] | None:
        """Return ``count`` records of a kept list from ``start`` (from 0); None when NCBI has forgotten the list."""
        reply = self.transport.post(
            "pubmed",
            "efetch.fcgi",
            form={
                "db": "pubmed",
                "WebEnv": history.web_env,
                "query_key": history.query_key,
                "retstart": str(start),
                "retmax": str(count),
                "retmode": "xml",
            },
            discloses="identifier",
            log_line=f"{count} records of a search, from {start + 1}",
            check=check_xml,
        )
        if HISTORY_GONE in reply.text[:1000]:
            return None
        return read_articles(reply.text, reply.provenance)

    def fetch(self, pmids: Sequence[str | int]) -> list[Article]:
        """Return the records of ``pmids`` in the order asked for; those PubMed does not have are left out."""
        numbers = _numbers(pmids)
        size = MAX_GET_IDS if len(numbers) <= MAX_GET_IDS else MAX_POST_IDS
        articles: dict[str, Article] = {}
        for start in range(0, len(numbers), size):
            reply = self._fetch(numbers[start : start + size])
            articles |= {article.pmid: article for article in read_articles(reply.text, reply.provenance)}
        return [articles[number] for number in numbers if number in articles]

    def _fetch(self, pmids: Sequence[str]) -> Reply:
        asked = {"db": "pubmed", "id": ",".join(pmids), "retmode": "xml"}
        log_line = _shown(pmids)
        if len(pmids) > MAX_GET_IDS:
            return self.transport.post(
                "pubmed", "efetch.fcgi", form=asked, discloses="identifier", log_line=log_line, check=check_xml
            )
        return self.transport.get(
            "pubmed", "efetch.fcgi", params=asked, discloses="identifier", log_line=log_line, check=check_xml
        )


def _numbers(pmids: Sequence[str | int]) -> list[str]:
    numbers = list(dict.fromkeys(str(pmid).strip() for pmid in pmids))
    for number in numbers:
        if not re.fullmatch(r"[1-9][0-9]{0,9}", number):
            raise InvalidInput(f"{number!r} is no PMID.", "Expected a number such as 12377809.")
    return numbers


def _shown(pmids: Sequence[str]) -> str:
    return f"PMID {', '.join(pmids[:3])}" + (f" and {len(pmids) - 3} more" if len(pmids) > 3 else "")


def _root(text: str) -> ET.Element:
    """Parse an efetch reply."""
    return _result_root(text, "PubmedArticleSet")


def _result_root(text: str, tag: str) -> ET.Element:
    """Parse a reply in XML that is no error message and has that root."""
    root = parse_reply(text, "PubMed", f"<{tag}>")
    if (failed := root.findtext("ERROR") or root.findtext("error")) or root.tag != tag:
        raise Unavailable(f"PubMed answered <{root.tag}> where <{tag}> was expected: {failed or 'no reason given'}")
    return root


def _article(record: ET.Element, provenance: Provenance) -> Article | None:
    citation = record.find("MedlineCitation")
    if citation is None:
        return None
    pmid = text_of(citation.find("PMID"))
    ids = _ids(record.find("PubmedData/ArticleIdList"))
    # An invalid DOI is marked; the ones of the reference list lie elsewhere.
    dois = [
        text_of(element)
        for element in citation.iterfind("Article/ELocationID[@EIdType='doi']")
        if element.get("ValidYN") != "N"
    ]
    title = text_of(citation.find("Article/ArticleTitle")) or text_of(citation.find("Article/VernacularTitle"))
    abstract = _abstract(citation.find("Article/Abstract"))
    types = [text_of(element) for element in citation.iterfind("Article/PublicationTypeList/PublicationType")]
    standing = read_standing(title, abstract, types, _links(citation))
    date = _date(citation.find("Article/Journal/JournalIssue/PubDate")) or _date(citation.find("Article/ArticleDate"))
    return Article(
        title=title,
        abstract=abstract,
        pmid=pmid,
        pmcid=ids.get("pmc", ""),
        doi=ids.get("doi", "") or next(iter(dois), ""),
        journal=text_of(citation.find("Article/Journal/Title"))
        or text_of(citation.find("MedlineJournalInfo/MedlineTA")),
        year=_year(date),
        date=date,
        authors=_authors(citation.find("Article/AuthorList")),
        types=standing.types,
        mesh=tuple(text_of(element) for element in citation.iterfind("MeshHeadingList/MeshHeading/DescriptorName")),
        keywords=tuple(
            text_of(element)
            for listed in citation.iterfind("KeywordList")
            if listed.get("Owner", "NOTNLM") == "NOTNLM"  # the other owners are indexers, such as NLM and NASA
            for element in listed.iterfind("Keyword")
        ),
        retracted=standing.retracted,
        preprint="Preprint" in types,
        notices=standing.notices,
        provenance=_record(pmid, provenance),
    )


def _book(record: ET.Element, provenance: Provenance) -> Article | None:
    document = record.find("BookDocument")
    if document is None:
        return None
    pmid = text_of(document.find("PMID"))
    ids = _ids(document.find("ArticleIdList")) | _ids(record.find("PubmedBookData/ArticleIdList"))
    book = text_of(document.find("Book/BookTitle"))
    date = _date(document.find("ContributionDate")) or _date(document.find("Book/PubDate"))
    title, abstract = text_of(document.find("ArticleTitle")) or book, _abstract(document.find("Abstract"))
    types = [text_of(element) for element in document.iterfind("PublicationType")] or ["Book chapter"]
    standing = read_standing(title, abstract, types, [])
    return Article(
        title=title,
        abstract=abstract,
        pmid=pmid,
        pmcid=ids.get("pmc", ""),
        doi=ids.get("doi", ""),
        journal=book,
        year=_year(date),
        date=date,
        authors=_authors(document.find("AuthorList")) or _authors(document.find("Book/AuthorList")),
        types=standing.types,
        retracted=standing.retracted,
        provenance=_record(pmid, provenance),
    )


_RECORDS = {"PubmedArticle": _article, "PubmedBookArticle": _book}


def _record(pmid: str, provenance: Provenance) -> Provenance:
    return replace(provenance, identifier=f"PMID {pmid}", url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/")


def _abstract(element: ET.Element | None) -> str:
    """The abstract's paragraphs, one a line, each with its label in capitals; the copyright line is no part of it."""
    if element is None:
        return ""
    lines = []
    for part in element.iterfind("AbstractText"):
        label, text = part.get("Label", "").strip(" .:").upper(), text_of(part)
        if text:
            lines.append(f"{label}: {text}" if label and label != "UNLABELLED" else text)
    return "\n".join(lines)


def _authors(element: ET.Element | None) -> tuple[str, ...]:
    """Authors as PubMed prints them (``Lipinski CA``), groups by their name; misprinted ones are left out."""
    names = []
    for author in element.iterfind("Author") if element is not None else ():
        person = [author.findtext(part) for part in ("LastName", "Initials", "Suffix")]
        name = " ".join(part.strip() for part in person if part) or text_of(author.find("CollectiveName"))
        if name and author.get("ValidYN") != "N":
            names.append(name)
    return tuple(names)


def _ids(element: ET.Element | None) -> dict[str, str]:
    children = element.iterfind("ArticleId") if element is not None else ()
    return {child.get("IdType", ""): text_of(child) for child in children if text_of(child)}


def _links(citation: ET.Element) -> list[Link]:
    return [
        Link(element.get("RefType", ""), text_of(element.find("RefSource")), text_of(element.find("PMID")))
        for element in citation.iterfind("CommentsCorrectionsList/CommentsCorrections")
    ]


def _date(element: ET.Element | None) -> str:
    """An ISO date as far as it is known; a season or a span (``2000 Nov-Dec``) as printed."""
    if element is None:
        return ""
    year = element.findtext("Year", "").strip()
    if not year:
        return text_of(element.find("MedlineDate"))
    month = element.findtext("Month", "").strip()
    month = month.zfill(2) if month.isdigit() else _MONTHS.get(month[:3].lower(), "")
    if not month:
        return f"{year} {element.findtext('Season', '')}".strip()
    day = element.findtext("Day", "").strip()
    return f"{year}-{month}-{day.zfill(2)}" if day else f"{year}-{month}"


def _year(date: str) -> str:
    match = re.search(r"\b(1[89]|20)\d\d\b", date)
    return match[0] if match else ""
