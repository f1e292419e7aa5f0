"""Europe PMC (REST): search for articles and preprints, read their records and open-access full texts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from biomed_agent.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.services import DAY
from biomed_agent.transport import Reply, Transport, well_formed
from biomed_agent.types import Article, Provenance

from .markup import parse_reply, plain, text_of

MAX_HITS = 1_000
"""most articles one search returns; core records come to about 10 kB each"""
PAGE = 100
GET_QUERY = 1_500
"""characters of a query a GET may carry; longer ones go by POST"""
NOTICES = {
    "retraction in": "Retracted",
    "partial retraction in": "Partially retracted",
    "expression of concern in": "Expression of concern",
    "erratum in": "Erratum",
    "corrected and republished in": "Corrected and republished",
    "update in": "Updated",
    "preprint of": "Published since",
}
"""Links of a record that a reader of the article must know of, in words."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search."""

    articles: tuple[Article, ...]
    """the most relevant first"""
    count: int
    """hits in all"""
    next_mark: str = ""
    """the cursor of the next page; empty at the end"""


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


def check_json(reply: Reply) -> None:
    """Raise for anything that is no answer of a search.

    Raises:
        Unavailable: It is an error; it may be mended by another try.
    """
    if reply.status == 200 and "<responseWrapper" in reply.text[:500]:  # the default, where ``format`` was lost
        return
    body = reply.json()
    said = str(body.get("errMsg") or "") if isinstance(body, dict) else "no object"
    if said or reply.status != 200:
        raise Unavailable(f"Europe PMC answered status {reply.status}: {said or 'no reason given'}")


@well_formed("Europe PMC")
def read_search(body: Mapping[str, Any], provenance: Provenance) -> Page:
    """Read a search reply of any ``resultType``; what a smaller one does not tell stays empty."""
    if version := body.get("version"):  # of the web service; no release of the data is stated
        provenance = replace(provenance, release=f"web service {version}")
    return Page(
        articles=tuple(read_article(record, provenance) for record in body["resultList"]["result"]),
        count=int(body["hitCount"]),
        next_mark=str(body.get("nextCursorMark") or ""),
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
        "resultList": {"result": [_plain_values(one) for one in root.iterfind("resultList/result")]},
    }
    return read_search(body, provenance)


def _plain_values(element: ET.Element) -> Any:
    """Return an element as the JSON form has it: text, an object of its children, or a list of repeated ones."""
    if len(element) == 0:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _plain_values(child)
        if child.tag in found:
            several = found[child.tag] if isinstance(found[child.tag], list) else [found[child.tag]]
            found[child.tag] = [*several, value]
        else:
            found[child.tag] = value
    return found


def read_article(record: Mapping[str, Any], provenance: Provenance) -> Article:
    """Read one record of a search reply."""
    source, number = str(record["source"]), str(record["id"])
    journal = record.get("journalInfo") or {}
    title = plain(record.get("title", ""))
    types = tuple(_listed(record, "pubTypeList", "pubType")) or tuple(
        part.strip() for part in str(record.get("pubType") or "").split(";") if part.strip()
    )
    links = [link for link in _listed(record, "commentCorrectionList", "commentCorrection") if isinstance(link, dict)]
    withdrawn = re.match(r"\W*(?:retracted|withdrawn|removed)\b\W*(?:article\b)?\s*:", title, re.IGNORECASE)
    kinds = {kind.lower() for kind in types} | {str(link.get("type", "")).lower() for link in links}
    flag = str(record.get("isOpenAccess") or "")
    pmid = str(record.get("pmid") or (number if source == "MED" else ""))
    return Article(
        title=title,
        abstract=_abstract(record.get("abstractText", "")),
        pmid=pmid,
        pmcid=str(record.get("pmcid") or ""),
        doi=str(record.get("doi") or ""),
        journal=plain((journal.get("journal") or {}).get("title") or record.get("journalTitle") or "")
        or plain((record.get("bookOrReportDetails") or {}).get("publisher") or ""),
        year=str(record.get("pubYear") or ""),
        date=str(record.get("firstPublicationDate") or journal.get("printPublicationDate") or ""),
        authors=tuple(name.strip() for name in str(record.get("authorString") or "").rstrip(".").split(",") if name),
        types=types,
        mesh=tuple(str(one["descriptorName"]) for one in _listed(record, "meshHeadingList", "meshHeading")),
        keywords=tuple(plain(one) for one in _listed(record, "keywordList", "keyword")),
        retracted=bool(kinds & {"retracted publication", "retraction in"} or withdrawn),
        preprint=source == "PPR" or "preprint" in kinds,
        open_access={"Y": True, "N": False}.get(flag),
        notices=tuple(_notices(links)),
        provenance=replace(
            provenance,
            identifier=f"PMID {pmid}" if source == "MED" else f"{source} {number}",
            url=f"https://europepmc.org/article/{source}/{number}",
            licence=str(record.get("license") or provenance.licence),
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
    ids = {one.get("pub-id-type"): _inner(one) for one in article.iterfind(f"{meta}article-id")}
    number = ids.get("pmcid") or ids.get("pmc") or ""
    pmcid = number if number.startswith("PMC") or not number else f"PMC{number}"
    licence = article.find(f"{meta}permissions/license")
    sections: list[Section] = []
    for abstract in article.iterfind(f"{meta}abstract"):
        sections += _sections(abstract, (_inner(abstract.find("title")) or "Abstract",))
    body = article.find("body")
    return FullText(
        pmcid=pmcid,
        title=_inner(article.find(f"{meta}title-group/article-title")),
        licence=_licence(licence) if licence is not None else "",
        sections=(*sections, *(_sections(body, ()) if body is not None else ())),
        provenance=replace(provenance, identifier=pmcid, url=f"https://europepmc.org/article/PMC/{pmcid}"),
    )


class EuropePMC:
    """The questions put to Europe PMC.

    Each method raises :class:`~biomed_agent.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.errors.Unavailable` when Europe PMC gives no answer.
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
        mark, page = "*", Page((), 0)
        while mark and len(articles) < limit:
            page = self._page(query, mark, min(limit, PAGE), "query", f"search {query}")
            articles += page.articles
            # Older releases repeat the last cursor instead of leaving it out.
            mark = page.next_mark if page.articles and page.next_mark != mark else ""
        return replace(page, articles=tuple(articles[:limit]), next_mark=mark)

    def fetch_pmid(self, pmid: str | int) -> Article:
        """Return the record of a PMID.

        Raises:
            NotFound: Europe PMC does not have it.
        """
        number = str(pmid).strip()
        if not re.fullmatch(r"[1-9][0-9]{0,9}", number):
            raise InvalidInput(f"{number!r} is no PMID.", "Expected a number such as 12377809.")
        found = self._page(f"EXT_ID:{number} AND SRC:MED", "*", 1, "identifier", f"PMID {number}").articles
        if not found or found[0].pmid != number:
            raise NotFound(f"Europe PMC has no article with PMID {number}.", "Check the number.")
        return found[0]

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
            reveals="identifier",
            what=f"full text {asked}",
            check=_check_xml,
        )
        if reply.status == 404:
            raise NotFound(
                f"Europe PMC has no open-access full text of {asked}.",
                "Only articles under an open licence are handed out; the abstract may still be there.",
            )
        return read_full_text(reply.text, reply.provenance)

    def _page(self, query: str, mark: str, size: int, reveals: Any, what: str) -> Page:
        asked = {"query": query, "resultType": "core", "pageSize": str(size), "cursorMark": mark, "format": "json"}
        if len(query) <= GET_QUERY:
            reply = self.transport.get(
                "europepmc", "search", params=asked, reveals=reveals, what=what, ttl=DAY, check=check_json
            )
        else:
            reply = self.transport.post(
                "europepmc", "searchPOST", form=asked, reveals=reveals, what=what, ttl=DAY, check=check_json
            )
        if reply.text.lstrip().startswith("<"):
            return read_search_xml(reply.text, reply.provenance)
        return read_search(reply.json(), reply.provenance)


def _check_xml(reply: Reply) -> None:
    if reply.status != 404 and (reply.status != 200 or not reply.text.lstrip().startswith("<")):
        raise Unavailable(f"Europe PMC answered status {reply.status}: {reply.text[:200].strip()}")


def _listed(record: Mapping[str, Any], name: str, entry: str) -> list[Any]:
    """Return the entries of one of the record's lists; a list of one may come as the bare entry."""
    found = (record.get(name) or {}).get(entry) or []
    return found if isinstance(found, list) else [found]


def _abstract(text: object) -> str:
    """The abstract's paragraphs, one a line, each with its heading as a label in capitals, as PubMed writes them."""
    lines = []
    first, *parts = re.split(r"<h4[^>]*>(.*?)</h4>", str(text), flags=re.IGNORECASE | re.DOTALL)
    for label, part in zip(["", *parts[::2]], [first, *parts[1::2]], strict=True):
        if words := plain(part):
            heading = plain(label).rstrip(":. ").upper()
            lines.append(f"{heading}: {words}" if heading else words)
    return "\n".join(lines)


def _notices(links: list[dict[str, Any]]) -> Iterator[str]:
    for link in links:
        if kind := NOTICES.get(str(link.get("type", "")).lower()):
            numbered = link.get("id") if link.get("source") == "MED" else None
            where = plain(link.get("reference") or "")
            yield f"{kind}{f': {where}' if where else ''}{f' (PMID {numbered})' if numbered else ''}"


_PROSE = frozenset({"p", "list", "def-list", "disp-quote", "boxed-text"})
_LEFT_OUT = frozenset(("table-wrap", "table", "fig", "fig-group", "graphic", "supplementary-material", "tex-math"))


def _sections(element: ET.Element, above: tuple[str, ...]) -> Iterator[Section]:
    """Return a part of a full text, then the parts within it."""
    own = [text for child in element if child.tag in _PROSE and (text := _inner(child))]
    if own:
        yield Section(" > ".join(above), "\n".join(own))
    for child in element.iterfind("sec"):
        title = _inner(child.find("title"))
        yield from _sections(child, (*above, title) if title else above)


def _inner(element: ET.Element | None) -> str:
    return text_of(element, _LEFT_OUT)


def _licence(element: ET.Element) -> str:
    """The licence's address where it is given, else what is said of it."""
    href = "{http://www.w3.org/1999/xlink}href"
    links = [link.get(href) or "" for link in (element, *element.iter("ext-link"))]
    links += [one.text or "" for one in element.iter() if one.tag.endswith("license_ref")]
    return next((link.strip() for link in links if link.strip()), "") or _inner(element)
