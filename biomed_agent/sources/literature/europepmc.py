"""Europe PMC (REST): search for articles and preprints, read their records and open-access full texts."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.types import Article, Provenance
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.services import DAY
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.retractions import Link, read_standing
from biomed_agent.sources.markup import parse_reply, plain, text_of

MAX_HITS = 1_000
"""most articles one search returns; core records come to about 10 kB each"""
PAGE_SIZE = 100
MAX_GET_QUERY = 1_500
"""characters of a query a GET may carry; longer ones go by POST"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search."""

    articles: tuple[Article, ...]
    """the most relevant first"""
    count: int
    """hits in all"""
    next_mark: str = ""
    """the cursor of the next page; empty at the end"""
    unread: int = 0
    """records that could not be read and are left out"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a full text."""

    title: str
    """its headings from the outside in, joined by `` > ``"""
    text: str
    """its own paragraphs, one a line, without tables, figures and formulas in TeX"""


@dataclass(frozen=True, slots=True)
class FullText:
    """An open-access article without its pictures."""

    pmcid: str
    title: str
    licence: str
    """the licence's address, or what the article says of it"""
    sections: tuple[Section, ...]
    """the abstract first"""
    provenance: Provenance
    retracted: bool = False
    """whether it says that it was retracted, or is the notice of another's retraction"""


def check_json(reply: Reply) -> None:
    """Raise for anything that is no answer of a search, or that cannot be read.

    Raises:
        Unavailable: It is an error; it may be mended by another try.
    """
    if reply.status == 200 and "<responseWrapper" in reply.text[:500]:  # the default, where ``format`` was lost
        read_search_xml(reply.text, reply.provenance)
        return
    body = reply.json()
    message = str(body.get("errMsg") or "") if isinstance(body, dict) else "no object"
    if message or reply.status != 200:
        raise Unavailable(f"Europe PMC answered status {reply.status}: {message or 'no reason given'}")
    read_search(body, reply.provenance)


@well_formed("Europe PMC")
def read_search(body: Mapping[str, Any], provenance: Provenance) -> Page:
    """Read a search reply of any ``resultType``; what a smaller one does not tell stays empty.

    Raises:
        Unavailable: It is no search reply, or none of its records can be read.
    """
    if version := body.get("version"):  # of the web service; no release of the data is stated
        provenance = replace(provenance, release=f"web service {version}")
    results = body["resultList"]["result"]
    records = results if isinstance(results, list) else [results]
    articles: list[Article] = []
    for number, record in enumerate(records, 1):
        try:
            articles.append(read_article(record, provenance))
        except Unavailable:
            if number == len(records) and not articles:
                raise
    return Page(
        articles=tuple(articles),
        count=int(body["hitCount"]),
        next_mark=str(body.get("nextCursorMark") or ""),
        unread=len(records) - len(articles),
    )


@well_formed("Europe PMC")
def read_search_xml(text: str, provenance: Provenance) -> Page:
    """Read a search reply in XML, Europe PMC's default, which holds the same records.

    Raises:
        Unavailable: It is no search reply, or declares entities.
    """
    root = parse_reply(text, "Europe PMC", "a search")
    if root.tag != "responseWrapper":
        raise Unavailable(f"Europe PMC answered <{root.tag}> where a search was expected.")
    body = {
        "hitCount": root.findtext("hitCount", ""),
        "nextCursorMark": root.findtext("nextCursorMark"),
        "resultList": {"result": [_plain_values(element) for element in root.iterfind("resultList/result")]},
    }
    return read_search(body, provenance)


_TEXTS = frozenset(("title", "abstractText", "keyword", "reference", "authorString", "publisher"))
"""Elements in which markup may stand as elements of its own"""


def _plain_values(element: ET.Element) -> Any:
    """Return an element as the JSON form has it: text with its markup, an object, or a list of repeated ones."""
    if len(element) == 0:
        return element.text or ""
    if element.tag in _TEXTS:
        inside = "".join(ET.tostring(child, encoding="unicode") for child in element)
        return html.escape(element.text or "", quote=False) + inside
    values: dict[str, Any] = {}
    for child in element:
        value = _plain_values(child)
        if child.tag in values:
            several = values[child.tag] if isinstance(values[child.tag], list) else [values[child.tag]]
            values[child.tag] = [*several, value]
        else:
            values[child.tag] = value
    return values


@well_formed("Europe PMC")
def read_article(record: Mapping[str, Any], provenance: Provenance) -> Article:
    """Read one record of a search reply.

    Raises:
        Unavailable: It has no identifier, or another form than records have.
    """
    source, number = (_text(record, name) for name in ("source", "id"))
    if not source or not number:
        raise ValueError("a record without source or id")
    journal = record.get("journalInfo") or {}
    title, abstract = plain(_text(record, "title")), _abstract(_text(record, "abstractText"))
    types = [str(value) for value in _listed(record, "pubTypeList", "pubType")] or [
        part.strip() for part in _text(record, "pubType").split(";") if part.strip()
    ]
    standing = read_standing(title, abstract, types, _links(record))
    pmid = _text(record, "pmid") or (number if source == "MED" else "")
    headings = [value for value in _listed(record, "meshHeadingList", "meshHeading") if isinstance(value, dict)]
    return Article(
        title=title,
        abstract=abstract,
        pmid=pmid,
        pmcid=_text(record, "pmcid"),
        doi=_text(record, "doi"),
        journal=plain(_text(journal.get("journal") or {}, "title") or _text(record, "journalTitle"))
        or plain(_text(record.get("bookOrReportDetails") or {}, "publisher")),
        year=_text(record, "pubYear"),
        date=_text(record, "firstPublicationDate") or _text(journal, "printPublicationDate"),
        authors=tuple(name.strip() for name in _text(record, "authorString").rstrip(".").split(",") if name.strip()),
        types=standing.types,
        mesh=tuple(name for heading in headings if (name := _text(heading, "descriptorName"))),
        keywords=tuple(plain(value) for value in _listed(record, "keywordList", "keyword")),
        retracted=standing.retracted,
        preprint=source == "PPR" or "preprint" in {kind.lower() for kind in types},
        open_access={"Y": True, "N": False}.get(_text(record, "isOpenAccess")),
        notices=standing.notices,
        provenance=replace(
            provenance,
            identifier=f"PMID {pmid}" if source == "MED" else f"{source} {number}",
            url=f"https://europepmc.org/article/{source}/{number}",
            licence=_text(record, "license") or provenance.licence,
        ),
    )


def read_full_text(text: str, provenance: Provenance) -> FullText:
    """Read a fullTextXML reply (JATS).

    Raises:
        Unavailable: It is no article, or declares entities.
    """
    root = parse_reply(text, "Europe PMC", "a full text")
    article = root if root.tag == "article" else root.find(".//article")
    if article is None:
        raise Unavailable(f"Europe PMC answered <{root.tag}> where a full text was expected.")
    meta = "front/article-meta/"
    ids = {element.get("pub-id-type"): _inner(element) for element in article.iterfind(f"{meta}article-id")}
    number = ids.get("pmcid") or ids.get("pmc") or ""
    pmcid = number if number.startswith("PMC") or not number else f"PMC{number}"
    licence = article.find(f"{meta}permissions/license")
    sections: list[Section] = []
    for abstract in article.iterfind(f"{meta}abstract"):
        sections += _sections(abstract, (_inner(abstract.find("title")) or "Abstract",))
    body = article.find("body")
    title = _inner(article.find(f"{meta}title-group/article-title"))
    later = article.find(f"{meta}related-article[@related-article-type='retraction-forward']")
    links = [Link("RetractionIn")] if later is not None else []
    standing = read_standing(title, "", [article.get("article-type", "")], links)
    return FullText(
        pmcid=pmcid,
        title=title,
        licence=_licence(licence) if licence is not None else "",
        sections=(*sections, *(_sections(body, ()) if body is not None else ())),
        provenance=replace(provenance, identifier=pmcid, url=f"https://europepmc.org/article/PMC/{pmcid}"),
        retracted=standing.retracted or "Retraction of Publication" in standing.types,
    )


class EuropePMC:
    """The questions put to Europe PMC.

    Each method raises :class:`~biomed_agent.core.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.core.errors.Unavailable` when Europe PMC gives no answer.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def search(self, query: str, limit: int = 25) -> Page:
        """Search with a query in Europe PMC's own syntax, which leaves this machine as it is.

        Args:
            query: The search string, written as such by the user.
            limit: Most articles to return, 1 to 1,000; further pages are asked for as needed.
        """
        query = " ".join(query.split())
        if not query:
            raise InvalidInput("the literature query is empty.", "Give words to search for.")
        if not 1 <= limit <= MAX_HITS:
            raise InvalidInput(f"limit {limit} is out of range.", f"Expected 1 to {MAX_HITS:,}.")
        articles: list[Article] = []
        unread, mark, page = 0, "*", Page((), 0)
        while mark and len(articles) < limit:
            page = self._page(query, mark, min(limit, PAGE_SIZE), "query", f"search {query}")
            articles += page.articles
            unread += page.unread
            # Older releases repeat the last cursor instead of leaving it out.
            mark = page.next_mark if page.articles and page.next_mark != mark else ""
        return replace(page, articles=tuple(articles[:limit]), next_mark=mark, unread=unread)

    def full_text(self, pmcid: str) -> FullText:
        """Return an open-access article as plain sections.

        Raises:
            NotFound: There is no open-access full text under this identifier.
        """
        asked = pmcid.strip().upper()
        if not re.fullmatch(r"PMC[1-9][0-9]{0,9}", asked):
            raise InvalidInput(f"{pmcid!r} is no PMCID.", "Expected an identifier such as PMC3040717.")
        reply = self.transport.get(
            "europepmc",
            f"{asked}/fullTextXML",
            discloses="identifier",
            log_line=f"full text {asked}",
            check=_check_xml,
        )
        if reply.status == 404:
            raise NotFound(
                f"Europe PMC has no open-access full text of {asked}.",
                "Only articles under an open licence are handed out; the abstract may still be there.",
            )
        return read_full_text(reply.text, reply.provenance)

    def _page(self, query: str, mark: str, size: int, discloses: Any, log_line: str) -> Page:
        asked = {"query": query, "resultType": "core", "pageSize": str(size), "cursorMark": mark, "format": "json"}
        if len(query) <= MAX_GET_QUERY:
            reply = self.transport.get(
                "europepmc", "search", params=asked, discloses=discloses, log_line=log_line, ttl=DAY, check=check_json
            )
        else:
            reply = self.transport.post(
                "europepmc", "searchPOST", form=asked, discloses=discloses, log_line=log_line, ttl=DAY, check=check_json
            )
        if reply.text.lstrip().startswith("<"):
            return read_search_xml(reply.text, reply.provenance)
        return read_search(reply.json(), reply.provenance)


def _check_xml(reply: Reply) -> None:
    if reply.status != 404 and (reply.status != 200 or not reply.text.lstrip().startswith("<")):
        raise Unavailable(f"Europe PMC answered status {reply.status}: {reply.text[:200].strip()}")
    if reply.status == 200:
        read_full_text(reply.text, reply.provenance)


def _text(record: Mapping[str, Any], name: str) -> str:
    """Return a value as text; what is missing or null is empty."""
    value = record.get(name)
    return "" if value is None else str(value)


def _listed(record: Mapping[str, Any], name: str, entry: str) -> list[Any]:
    """Return the entries of one of the record's lists, nulls left out; a list of one may come as the bare entry."""
    values = (record.get(name) or {}).get(entry) or []
    return [value for value in (values if isinstance(values, list) else [values]) if value]


def _links(record: Mapping[str, Any]) -> list[Link]:
    links = [link for link in _listed(record, "commentCorrectionList", "commentCorrection") if isinstance(link, dict)]
    return [
        Link(
            _text(link, "type"),
            plain(_text(link, "reference")),
            _text(link, "id") if link.get("source") == "MED" else "",
        )
        for link in links
    ]


def _abstract(text: str) -> str:
    """The abstract's paragraphs, one a line, each with its heading as a label in capitals, as PubMed writes them."""
    lines = []
    first, *parts = re.split(r"<h4[^>]*>(.*?)</h4>", text, flags=re.IGNORECASE | re.DOTALL)
    for label, part in zip(["", *parts[::2]], [first, *parts[1::2]], strict=True):
        if words := plain(part):
            heading = plain(label).rstrip(":. ").upper()
            lines.append(f"{heading}: {words}" if heading else words)
    return "\n".join(lines)


_PROSE_ELEMENTS = frozenset({"p", "list", "def-list", "disp-quote", "boxed-text"})
_SKIPPED_ELEMENTS = frozenset(
    ("table-wrap", "table", "fig", "fig-group", "graphic", "supplementary-material", "tex-math")
)


def _sections(element: ET.Element, above: tuple[str, ...]) -> Iterator[Section]:
    """Return a part of a full text, then the parts within it."""
    own = [text for child in element if child.tag in _PROSE_ELEMENTS and (text := _inner(child))]
    if own:
        yield Section(" > ".join(above), "\n".join(own))
    for child in element.iterfind("sec"):
        title = _inner(child.find("title"))
        yield from _sections(child, (*above, title) if title else above)


def _inner(element: ET.Element | None) -> str:
    return text_of(element, _SKIPPED_ELEMENTS)


def _licence(element: ET.Element) -> str:
    """The licence's address where it is given, else what is said of it."""
    href = "{http://www.w3.org/1999/xlink}href"
    links = [link.get(href) or "" for link in (element, *element.iter("ext-link"))]
    links += [passage.text or "" for passage in element.iter() if passage.tag.endswith("license_ref")]
    return next((link.strip() for link in links if link.strip()), "") or _inner(element)
