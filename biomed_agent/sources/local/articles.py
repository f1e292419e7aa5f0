"""Articles in an index: PubMed's XML as rows, and their titles and abstracts by words (SQLite FTS5).

A search first takes the newest articles that match, :data:`MAX_RANKED` at most, and then ranks those by BM25, so that
common words cost no more than rare ones.
"""

from __future__ import annotations

import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Article, Provenance
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Origin, Row

MAX_RANKED = 1_000
"""articles that are ranked, the newest of those that match"""
FIELDS = ("title", "abstract", "pmcid", "doi", "journal", "year", "date", "authors", "types", "mesh", "keywords",
          "retracted", "preprint", "notices", "licence")  # fmt: skip
_LISTS = ("authors", "types", "mesh", "keywords", "notices")
LICENCE = "bibliographic data free to use; abstracts may be under copyright"
PUBMED = ("PubMed", "PubMed", LICENCE, "https://pubmed.ncbi.nlm.nih.gov/{}/")
SHELF = "PubMed Central"
"""source of the articles that ship with the package, each under its own licence"""
_ORIGIN = Provenance(source="PubMed", licence=LICENCE)
_PMID = re.compile("[0-9]{1,12}")
_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")


# -- reading and storing


def _read_xml(dump: Dump) -> Iterator[Row | Bad]:
    """Yield ``(PMID, fields)`` of every article; ``(PMID, None)`` for one that PubMed has deleted."""
    parser: Any = ET.XMLPullParser(events=("start", "end"))
    root: ET.Element | None = None
    line = 1
    for line, chunk in _chunks(dump):
        try:
            parser.feed(chunk)
            events = list(parser.read_events())
        except ET.ParseError as error:
            raise dump.damaged(line, error) from error
        for event, element in events:
            if event == "start":
                if root is None and element.tag != "PubmedArticleSet":
                    raise _foreign(dump, f"it begins with <{element.tag}>")
                root = element if root is None else root
            elif element.tag in _RECORDS:
                yield from _rows(line, element)
        if root is not None:
            _forget(root)
    if root is None:
        raise _foreign(dump, "it is empty")


def _foreign(dump: Dump, root_name: str) -> InvalidInput:
    return InvalidInput(
        f"{dump.path} holds no PubmedArticleSet; {root_name}.",
        "Expected PubMed's XML, such as its baseline files or what efetch returns with rettype=xml.",
    )


def _forget(root: ET.Element) -> None:
    """Drop the records that are done, all but the one that is still being read."""
    del root[: len(root) - 1]


def _chunks(dump: Dump) -> Iterator[tuple[int, str]]:
    """Yield pieces of the file with the number of the line at which they end."""
    line, text = 1, dump.text()
    try:
        while chunk := text.read(1 << 16):
            if line == 1 and "<!ENTITY" in chunk:
                raise InvalidInput(f"{dump.path} declares XML entities, which no record needs; it is not read.")
            line += chunk.count("\n")
            yield line, chunk
    except (EOFError, OSError) as error:
        raise dump.damaged(line, error) from error


def _rows(line: int, element: ET.Element) -> Iterator[Row | Bad]:
    if element.tag == "DeleteCitation":
        numbers = (passage.text or "" for passage in element.iterfind("PMID"))
        yield from ((int(number), None) for number in numbers if _PMID.fullmatch(number))
        return
    from biomed_agent.sources.literature.pubmed import read_record

    article = read_record(element, _ORIGIN)
    if article is None or not _PMID.fullmatch(article.pmid):
        yield Bad(line, f"an article without a PMID ({element.tag})")
    elif not article.title and not article.abstract:
        yield Bad(line, f"PMID {article.pmid} has neither title nor abstract")
    else:
        yield int(article.pmid), as_fields(article)


def as_fields(article: Article) -> Row:
    """Return an article as the values of :data:`FIELDS`."""
    lists = ("\n".join(values) for values in (article.authors, article.types, article.mesh, article.keywords))
    return (article.title, article.abstract, article.pmcid, article.doi, article.journal,
            int(article.year) if re.fullmatch("[0-9]{4}", article.year) else None, article.date, *lists,
            article.retracted, article.preprint, "\n".join(article.notices), "")  # fmt: skip


def _store(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    """Store articles; a later record of an article replaces an earlier one, as in PubMed's update files."""
    for pmid, fields in rows:
        if fields is None:
            db.execute("DELETE FROM article WHERE id = ?", (pmid,))
        else:
            db.execute(f"INSERT OR REPLACE INTO article VALUES (?{', ?' * len(FIELDS)})", (pmid, *fields))


def format_of(path: Path) -> Format:
    """Return how a dump of articles is read, by its name.

    Raises:
        InvalidInput: The name tells nothing.
    """
    if ".xml" not in path.name.lower():
        raise InvalidInput(f"{path.name} is no dump of articles.", "Expected PubMed's XML: .xml or .xml.gz.")
    return Format("PubMed XML", 0, _read_xml, _store, PUBMED)


# -- searching


@dataclass(frozen=True, slots=True)
class Query:
    """A query as SQLite reads it."""

    match: str
    years: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found."""

    articles: list[Article]
    """the most relevant first"""
    count: int
    """articles that match, :data:`MAX_RANKED` at most"""
    more: bool
    """whether more match, older ones, that were not ranked"""


_TOKEN = re.compile(r'"([^"]*)"(\[[^\]]*\])?|([()])|([^\s()"\[\]]+)(\[[^\]]*\])?|\[([^\]]*)\]|(")')
_WORDS = frozenset(
    "all;all fields;tiab;title/abstract;tw;text word;mh;mesh;mesh terms;majr;mesh major topic;nm;supplementary concept;"
    "ot;other term;ab;abstract".split(";")
)
_TITLE = frozenset(("ti", "title"))
_DATE = frozenset(("dp", "date - publication", "pdat", "publication date"))
_STOP = frozenset("a an and are as at be by for from in is it of on or that the to was were with".split())


def read_query(query: str) -> Query:
    """Read a query in PubMed's syntax: words, phrases in quotes, AND, OR, NOT, brackets, ``word*``, some fields.

    Words that follow each other are joined by AND; operators are read from left to right, as PubMed does. Fields of
    words (``[tiab]``, ``[mh]`` ...) are searched in title and abstract, ``[ti]`` in the title, ``[dp]`` is a year or a
    span of years (``2015:2020[dp]``).

    Raises:
        InvalidInput: It holds no word, or a field that an index does not have.
    """
    stack: list[list[str]] = [[]]
    years: tuple[int, int] | None = None
    for match in _TOKEN.finditer(query):
        phrase, phrase_tag, bracket, word, word_tag, _, quote = match.groups()
        if quote:
            raise InvalidInput(f"a quotation mark is open in the query {query!r}.", "Close it, or leave it out.")
        if bracket == "(":
            stack.append([])
        elif bracket == ")":
            if len(stack) > 1:
                inner = _joined(stack.pop())
                stack[-1] += [inner] if inner else []
        elif word in ("AND", "OR", "NOT"):
            stack[-1].append(word)
        else:
            text, tag = (phrase, phrase_tag) if word is None else (word, word_tag)
            field = (tag or "").strip("[]").lower().partition(":")[0].strip()
            if field in _DATE:
                years = _years(text, query)
            elif (term := _term(text, field, query, quoted=word is None)) is not None:
                stack[-1].append(term)
    while len(stack) > 1:
        inner = _joined(stack.pop())
        stack[-1] += [inner] if inner else []
    if not (expression := _joined(stack[0])):
        raise InvalidInput(f"the query {query!r} holds no word to search for.", "Give words or a phrase in quotes.")
    return Query(expression, years)


def _term(text: str, field: str, query: str, quoted: bool) -> str | None:
    """Return a word or phrase as FTS5 reads it; None for one that says nothing."""
    if field and field not in _WORDS | _TITLE:
        raise InvalidInput(
            f"the local index cannot search the field [{field}] of {query!r}.",
            "It has title and abstract ([ti], [tiab]) and the year ([dp]).",
        )
    bare = text.rstrip("*")
    if not re.search(r"\w", bare) or (not quoted and bare.lower() in _STOP):
        return None
    term = '"' + bare.replace('"', "") + '"' + (" *" if text.endswith("*") else "")
    return f"(title : {term})" if field in _TITLE else term


def _years(text: str, query: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{4})\S*?(?::(\d{4})\S*)?", text)
    if match is None:
        raise InvalidInput(f"the date {text!r} of {query!r} is no year.", "Expected 2019[dp] or 2015:2020[dp].")
    return int(match[1]), int(match[2] or match[1])


def _joined(parts: Sequence[str]) -> str:
    """Join terms from left to right; an operator without a term on both sides is left out."""
    whole, operator = "", ""
    for part in parts:
        if part in ("AND", "OR", "NOT"):
            operator = part
        else:
            whole = f"({whole} {operator or 'AND'} {part})" if whole else part
            operator = ""
    return whole


def search(connection: sqlite3.Connection, query: Query, limit: int) -> Hits:
    """Return the articles of one file that match a query."""
    # One pass, because walking the lists of common words is what a query costs.
    matching = "article_text t WHERE article_text MATCH ?"
    if query.years:
        matching = (
            "article_text t JOIN article a ON a.id = t.rowid WHERE article_text MATCH ? AND a.year BETWEEN ? AND ?"
        )
    newest = f"SELECT t.rank, t.rowid FROM {matching} ORDER BY t.rowid DESC LIMIT {MAX_RANKED + 1}"
    rows = connection.execute(newest, (query.match, *(query.years or ()))).fetchall()
    more = len(rows) > MAX_RANKED
    best = [row["rowid"] for row in sorted(rows[:MAX_RANKED], key=lambda row: float(row["rank"]))[:limit]]
    return Hits(by_numbers(connection, best), min(len(rows), MAX_RANKED), more)


def by_numbers(connection: sqlite3.Connection, pmids: Sequence[int]) -> list[Article]:
    """Return the articles of one file with those PMIDs, in that order; what it does not have is left out."""
    if not pmids:
        return []
    marks = ", ".join("?" * len(pmids))
    rows = {row["id"]: row for row in connection.execute(f"SELECT * FROM article WHERE id IN ({marks})", pmids)}
    return [_article(rows[number]) for number in pmids if number in rows]


def _article(row: sqlite3.Row) -> Article:
    pmid = str(row["id"])
    lists: Any = {name: tuple(part for part in row[name].split("\n") if part) for name in _LISTS}
    return Article(
        title=row["title"],
        abstract=row["abstract"],
        pmid=pmid,
        pmcid=row["pmcid"],
        doi=row["doi"],
        journal=row["journal"],
        year=str(row["year"] or ""),
        date=row["date"],
        retracted=bool(row["retracted"]),
        preprint=bool(row["preprint"]),
        open_access=True if row["licence"] else None,
        provenance=_of_shelf(row["pmcid"], row["licence"])
        if row["licence"]
        else Provenance(
            source="PubMed",
            identifier=f"PMID {pmid}",
            url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
            licence=LICENCE,
        ),
        **lists,
    )


def ships(article: Article) -> bool:
    """Whether an article is one of the shelf, which ships with the package."""
    return article.provenance is not None and article.provenance.source == SHELF


def _of_shelf(pmcid: str, licence: str) -> Provenance:
    """Return where an article is from that ships with the package under its own licence."""
    url = f"https://pmc.ncbi.nlm.nih.gov/articles/{pmcid}/"
    return Provenance(source=SHELF, identifier=pmcid, url=url, licence=licence)
