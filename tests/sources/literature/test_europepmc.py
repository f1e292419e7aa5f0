from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.types import Article, Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import (
    EuropePMC,
    FullText,
    Page,
    read_article,
    read_full_text,
    read_search,
    read_search_xml,
)
from tests.helpers.places import SHARED
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

RECORDED = SHARED / "recorded" / "europepmc"
shared = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout")
HERE = Provenance("Europe PMC", retrieved="2026-11-01T00:00:00+00:00", licence="see each article")

FULL = {
    "id": "77",
    "source": "MED",
    "pmid": "77",
    "pmcid": "PMC5",
    "doi": "10.1/main",
    "title": "Role of <i>tst1</i> in H<sub>2</sub>O &amp; salt.",
    "authorString": "Doe JA, The Test Group.",
    "journalInfo": {"journal": {"title": "Journal of Tests"}, "printPublicationDate": "2021-03-01"},
    "pubYear": "2021",
    "firstPublicationDate": "2021-02-05",
    "abstractText": "<h4>Aims</h4>To test <b>this</b>.<h4>Results </h4>It held (p <0.05, n<7).<h4>Empty</h4>",
    "pubTypeList": {"pubType": ["Review", "Journal Article"]},
    "keywordList": {"keyword": ["water", "<i>tst1</i>"]},
    "meshHeadingList": {"meshHeading": [{"majorTopic_YN": "N", "descriptorName": "Water"}]},
    "commentCorrectionList": {
        "commentCorrection": [
            {"id": "78", "source": "MED", "reference": "J Tests. 2022", "type": "Erratum in"},
            {"id": "79", "source": "MED", "reference": "Other. 2022", "type": "Comment in"},
        ]
    },
    "isOpenAccess": "Y",
    "license": "cc by",
}
PREPRINT = {
    "id": "PPR9",
    "source": "PPR",
    "doi": "10.1101/x",
    "title": "An early finding",
    "pubTypeList": {"pubType": "Preprint"},
    "bookOrReportDetails": {"publisher": "bioRxiv"},
    "commentCorrectionList": {"commentCorrection": {"id": "80", "source": "MED", "type": "Preprint of"}},
}
JATS = """<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "http://127.0.0.1:9/never-fetched.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"><front>
<article-meta><article-id pub-id-type="pmid">77</article-id><article-id pub-id-type="pmc">5</article-id>
<title-group><article-title>Role of <italic>tst1</italic></article-title></title-group>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Open.</license-p></license>
</permissions><abstract><sec><title>Aims</title><p>To test.</p></sec></abstract></article-meta></front>
<body><p>Before all.</p><sec><title>Methods</title><p>We used
water<sup><xref ref-type="bibr">1</xref></sup> [<xref ref-type="bibr">2</xref>].</p>
<sec><title>Cells</title><p>Cells grew to 10<sup>6</sup>/ml.
<disp-formula><tex-math>\\documentclass</tex-math><mml:math><mml:semantics><mml:mi>x</mml:mi>
<mml:annotation>\\TeX</mml:annotation></mml:semantics></mml:math></disp-formula></p>
<list><list-item><p>first</p></list-item><list-item><p>second</p></list-item></list></sec>
<table-wrap><caption><p>A table.</p></caption></table-wrap><fig><caption><p>A picture.</p></caption></fig></sec></body>
<back><ref-list><ref><mixed-citation>Somebody.</mixed-citation></ref></ref-list></back></article>"""


def reply(*records: dict[str, Any], count: int | None = None, mark: str = "") -> dict[str, Any]:
    more = {"nextCursorMark": mark} if mark else {}
    return {"hitCount": len(records) if count is None else count, "resultList": {"result": list(records)}} | more


def record(number: int) -> dict[str, Any]:
    return {"id": str(number), "source": "MED", "pmid": str(number), "title": f"Article {number}"}


# -- readers


def test_a_full_record() -> None:
    article = read_article(FULL, HERE)
    assert article.title == "Role of tst1 in H2O & salt."
    assert article.abstract == "AIMS: To test this.\nRESULTS: It held (p <0.05, n<7)."
    assert (article.pmid, article.pmcid, article.doi, article.handle) == ("77", "PMC5", "10.1/main", "PMID:77")
    assert (article.journal, article.year, article.date) == ("Journal of Tests", "2021", "2021-02-05")
    assert article.authors == ("Doe JA", "The Test Group")
    assert (article.types, article.mesh) == (("Review", "Journal Article"), ("Water",))
    assert article.keywords == ("water", "tst1")
    assert article.notices == ("Erratum: J Tests. 2022 (PMID 78)",)
    assert (article.retracted, article.preprint, article.open_access) == (False, False, True)
    assert article.provenance is not None
    assert article.provenance.url == "https://europepmc.org/article/MED/77"
    assert (article.provenance.identifier, article.provenance.licence) == ("PMID 77", "cc by")


def test_a_preprint_is_marked_and_says_where_it_was_published() -> None:
    article = read_article(PREPRINT, HERE)
    assert article.preprint
    assert article.open_access is None
    assert (article.handle, article.journal) == ("DOI:10.1101/x", "bioRxiv")
    assert article.notices == ("Published since (PMID 80)",)
    assert article.provenance is not None
    assert (article.provenance.identifier, article.provenance.licence) == ("PPR PPR9", "see each article")


def test_a_bare_record() -> None:
    article = read_article({"id": "5", "source": "MED"}, HERE)
    assert (article.pmid, article.title, article.abstract, article.authors, article.types) == ("5", "", "", (), ())


@pytest.mark.parametrize(
    ("more", "retracted"),
    [
        ({"pubTypeList": {"pubType": ["Retracted Publication"]}}, True),
        ({"pubType": "journal article; retracted publication"}, True),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Retraction in"}]}}, True),
        ({"title": "WITHDRAWN: An early finding"}, True),
        ({"title": "RETRACTED ARTICLE: A finding"}, True),
        ({"title": "Withdrawn patients: a cohort"}, False),
        ({"pubTypeList": {"pubType": ["Retraction of Publication"]}}, False),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Expression of concern in"}]}}, False),
        ({"commentCorrectionList": {"commentCorrection": {"type": "Retracted and republished in"}}}, True),
        ({"commentCorrectionList": {"commentCorrection": {"type": "Retracted and republished from"}}}, False),
        ({"title": "[RETRACTED] A finding"}, True),
        ({"abstractText": "<p>The authors have withdrawn this manuscript.</p>"}, True),
    ],
)
def test_retraction(more: dict[str, Any], retracted: bool) -> None:
    assert read_article(record(1) | more, HERE).retracted is retracted


@pytest.mark.parametrize(
    "more",
    [
        {"pubTypeList": {"pubType": ["Retraction of Publication"]}},
        {"pubType": "correction"},
        {"commentCorrectionList": {"commentCorrection": [{"type": "Retraction of", "id": "7", "source": "MED"}]}},
        {"title": "Expression of Concern: a finding"},
    ],
)
def test_a_notice_is_no_report(more: dict[str, Any]) -> None:
    article = read_article(record(1) | more, HERE)
    assert (article.is_notice, article.retracted) == (True, False)


def test_what_is_null_is_empty() -> None:
    names = (
        "title",
        "abstractText",
        "pmcid",
        "doi",
        "authorString",
        "pubYear",
        "journalInfo",
        "license",
        "isOpenAccess",
    )
    assert read_article(record(5) | dict.fromkeys(names), HERE) == read_article({"id": "5", "source": "MED"}, HERE)


def test_markup_of_an_abstract_is_left_out_and_joins_no_words() -> None:
    def abstract(text: str) -> str:
        return read_article(record(1) | {"abstractText": text}, HERE).abstract

    assert abstract("<p>foo bar.</p><p>Second.</p>") == "foo bar. Second."
    assert (
        abstract("<jats:title>Aims</jats:title><jats:p>To <jats:italic>test</jats:italic>.</jats:p>") == "Aims To test."
    )
    assert abstract("A dose <tex-math>\\documentclass{x} $\\mu$</tex-math> of it.") == "A dose of it."


def test_odd_parts_cost_only_themselves_and_odd_records_are_counted() -> None:
    odd = {
        "meshHeadingList": {"meshHeading": [{"majorTopic_YN": "N"}, None, "x", {"descriptorName": "Water"}]},
        "keywordList": {"keyword": [None, "salt"]},
        "pubTypeList": {"pubType": [None, "Review"]},
        "commentCorrectionList": {"commentCorrection": ["x", None, {"type": None}, {"type": "Retraction in"}]},
    }
    article = read_article(record(1) | odd, HERE)
    assert (article.mesh, article.keywords, article.types) == (("Water",), ("salt",), ("Review",))
    assert article.retracted
    records = [
        record(1),
        {"title": "no id"},
        record(2) | {"id": None},
        record(3) | {"journalInfo": "x"},
        None,
        record(4),
    ]
    page = read_search({"hitCount": 6, "resultList": {"result": records}}, HERE)
    assert ([article.pmid for article in page.articles], page.unread) == (["1", "4"], 4)


def test_a_page_tells_count_and_cursor_and_what_is_no_page_is_refused() -> None:
    page = read_search(reply(record(1), record(2), count=900, mark="abc"), HERE)
    assert ([article.pmid for article in page.articles], page.count, page.next_mark) == (["1", "2"], 900, "abc")
    assert read_search(reply(), HERE) == Page((), 0)
    assert len(read_search({"hitCount": 1, "resultList": {"result": record(1)}}, HERE).articles) == 1
    for body in ({}, {"hitCount": 1, "resultList": {"result": [{"title": "no id"}]}}):
        with pytest.raises(Unavailable, match="malformed"):
            read_search(body, HERE)


def test_a_search_in_xml_tells_the_same() -> None:
    text = (
        "<responseWrapper><hitCount>9</hitCount><nextCursorMark>abc</nextCursorMark><resultList><result><id>77</id>"
        "<source>MED</source><title>Role of tst1</title><pubTypeList><pubType>Review</pubType><pubType>Letter</pubType>"
        "</pubTypeList></result></resultList></responseWrapper>"
    )
    page = read_search_xml(text, HERE)
    assert (page.count, page.next_mark) == (9, "abc")
    assert (page.articles[0].pmid, page.articles[0].types) == ("77", ("Review", "Letter"))
    title = "<i>In vivo</i> use of <sup>13</sup>C &lt; 5"
    inside = (
        "<abstractText><h4>Aims</h4>To <b>test</b> p &lt;0.05.<h4>Results</h4><p>One.</p><p>Two.</p></abstractText>"
    )
    (marked,) = read_search_xml(text.replace("Role of tst1</title>", f"{title}</title>{inside}"), HERE).articles
    assert marked.title == "In vivo use of 13C < 5"
    assert marked.abstract == "AIMS: To test p <0.05.\nRESULTS: One. Two."
    for broken, words in [("<other/>", "<other>"), ("<responseWrapper>", "broken XML"), ("<!ENTITY", "entities")]:
        with pytest.raises(Unavailable, match=words):
            read_search_xml(broken, HERE)
    with pytest.raises(Unavailable, match="malformed"):
        read_search_xml("<responseWrapper/>", HERE)


def test_a_full_text_is_plain_sections() -> None:
    text = read_full_text(JATS, HERE)
    assert (text.pmcid, text.title) == ("PMC5", "Role of tst1")
    assert text.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert [(section.title, section.text) for section in text.sections] == [
        ("Abstract > Aims", "To test."),
        ("", "Before all."),
        ("Methods", "We used water."),
        ("Methods > Cells", "Cells grew to 10^6/ml. x\nfirst second"),
    ]
    assert text.provenance.identifier == "PMC5"


def test_lists_in_a_paragraph_join_no_words() -> None:
    inside = "<body><p>a<list><list-item><p>l1</p></list-item><list-item><p>l2</p></list-item></list>b</p></body>"
    (section,) = read_full_text(f"<article>{inside}</article>", HERE).sections
    assert section.text == "a l1 l2 b"


def test_a_full_text_tells_of_its_retraction() -> None:
    assert not read_full_text(JATS, HERE).retracted
    link = '<related-article related-article-type="retraction-forward"/></article-meta>'
    assert read_full_text(JATS.replace("</article-meta>", link), HERE).retracted
    assert read_full_text(JATS.replace("<article xmlns", '<article article-type="retraction" xmlns'), HERE).retracted
    assert read_full_text(JATS.replace("Role of", "RETRACTED: Role of"), HERE).retracted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<article>", "broken XML"),
        ("<html><body/></html>", "<html>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><article>&a;</article>', "XML entities"),
    ],
)
def test_what_is_no_full_text(text: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        read_full_text(text, HERE)
    assert read_full_text("<article><front/></article>", HERE).sections == ()


# -- the questions, against a local server


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(Said.json(reply(FULL)))) as server:
        yield server


@pytest.fixture
def europepmc(server: LocalServer) -> Iterator[EuropePMC]:
    with Transport(clock=FakeClock(), services={"europepmc": server.url}) as transport:
        yield EuropePMC(transport)


def test_search_follows_the_cursor_and_stops_at_the_limit(server: LocalServer, europepmc: EuropePMC) -> None:
    def play(asked: Asked) -> Said:
        first = 1 if asked.query["cursorMark"] == "*" else int(asked.query["cursorMark"])
        return Said.json(reply(*map(record, range(first, first + 100)), count=999, mark=str(first + 100)))

    server.play = play
    page = europepmc.search("  egfr  AND (asthma OR α)", limit=250)
    assert [article.pmid for article in page.articles] == [str(number) for number in range(1, 251)]
    assert page.count == 999
    assert [asked.query["cursorMark"] for asked in server.asked] == ["*", "101", "201"]
    assert server.asked[0].query["query"] == "egfr AND (asthma OR α)"
    assert {asked.query["resultType"] for asked in server.asked} == {"core"}


@pytest.mark.parametrize("last", [{"mark": "*"}, {"mark": ""}])
def test_search_ends_where_the_cursor_ends(server: LocalServer, europepmc: EuropePMC, last: dict[str, str]) -> None:
    server.play = script(Said.json(reply(record(1), **last)))  # type: ignore[arg-type]
    assert len(europepmc.search("x", limit=250).articles) == 1
    assert len(server.asked) == 1


def test_a_long_query_goes_by_post_and_a_wrong_one_is_not_sent(server: LocalServer, europepmc: EuropePMC) -> None:
    europepmc.search("word " * 400)
    assert (server.asked[0].method, server.asked[0].path) == ("POST", "/searchPOST")
    for query, limit in (("", 20), (" ", 20), ("x", 0), ("x", 1_001)):
        with pytest.raises(InvalidInput):
            europepmc.search(query, limit)
    assert len(server.asked) == 1


def test_full_text(server: LocalServer, europepmc: EuropePMC) -> None:
    server.play = script(Said(JATS.encode()))
    text = europepmc.full_text("pmc5")
    assert isinstance(text, FullText)
    assert server.asked[0].path == "/PMC5/fullTextXML"
    server.play = script(Said(b"", 404))
    with pytest.raises(NotFound, match="no open-access full text of PMC6"):
        europepmc.full_text("PMC6")
    server.play = script(Said(b"busy", 200))
    with pytest.raises(Unavailable, match="busy"):
        europepmc.full_text("PMC7")
    with pytest.raises(InvalidInput, match="no PMCID"):
        europepmc.full_text("77")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Said.json({"errCode": 400, "errMsg": "Bad query"}, 400), "Bad query"),
        (Said.json({"errCode": 500, "errMsg": "oops"}), "oops"),
        (Said(b"<html>Sorry</html>"), "HTML page"),
        (Said.json([]), "no object"),
    ],
)
def test_errors_that_come_with_any_status(server: LocalServer, europepmc: EuropePMC, reply: Said, words: str) -> None:
    server.play = script(reply)
    with pytest.raises(Unavailable, match=words):
        europepmc.search("x")


def test_what_cannot_be_read_is_never_kept(server: LocalServer, tmp_path: Path) -> None:
    with Transport(tmp_path, clock=FakeClock(), services={"europepmc": server.url}) as transport:
        for number, odd in enumerate(({"version": "6.9"}, {"hitCount": 1, "resultList": {"result": [{"title": "x"}]}})):
            server.play = script(Said.json(odd))
            with pytest.raises(Unavailable, match="malformed"):
                EuropePMC(transport).search(f"x{number}")
            server.play = script(Said.json(reply(FULL)))
            assert EuropePMC(transport).search(f"x{number}").count == 1
        server.play = script(Said(b"<html>Sorry</html>"))
        with pytest.raises(Unavailable, match="<html>"):
            EuropePMC(transport).full_text("PMC5")
        server.play = script(Said(JATS.encode()))
        assert EuropePMC(transport).full_text("PMC5").sections


def test_nothing_is_asked_where_nothing_may_leave() -> None:
    silent = Transport(clock=FakeClock(), egress="nothing", services={"europepmc": "http://far.test"})
    with silent as transport, pytest.raises(Refused, match="Europe PMC"):
        EuropePMC(transport).search("x")


# -- real replies


def recorded(name: str) -> Page:
    return read_search(json.loads((RECORDED / name).read_text()), HERE)


@shared
@pytest.mark.shared
def test_recorded_core_records() -> None:
    page = recorded("search_core_25.json")
    articles = {article.pmid: article for article in page.articles}
    assert (page.count, len(articles)) == (5_059_039, 25)
    assert page.next_mark.endswith("==")
    assert all(article.title and article.journal and article.date for article in articles.values())
    assert not any("<h4" in article.abstract or "</" in article.abstract for article in articles.values())
    labels = [line.partition(":")[0] for line in articles["40493882"].abstract.splitlines()]
    assert labels == ["BACKGROUND", "METHODS", "RESULTS", "CONCLUSION"]
    assert "(H2S)" in articles["40511629"].abstract
    assert sum("Published Erratum" in article.types for article in articles.values()) == 2
    assert not any(article.retracted or article.preprint or article.notices for article in articles.values())
    assert articles["40437959"].open_access
    assert _licence_of(articles["40437959"]) == "cc by-nc-nd"


@shared
@pytest.mark.shared
def test_recorded_smaller_records() -> None:
    core = [article.pmid for article in recorded("search_core_25.json").articles]
    lite = recorded("search_lite_25.json").articles
    assert [article.pmid for article in lite] == core
    assert all(article.title and article.types for article in lite)
    assert [article.pmid for article in recorded("search_idlist_25.json").articles] == core
    assert [article.pmid for article in recorded("search_pagesize5.json").articles] == core[:5]
    assert recorded("search_no_results.json") == Page((), 0)
    (article,) = recorded("search_lite_one_pmid.json").articles
    assert (article.pmcid, article.open_access, article.authors[0]) == ("PMC3040717", False, "Lee MS")
    six = recorded("search_lite_six.json")
    assert (six.count, six.next_mark, six.articles[0].doi) == (6, "", "10.3389/fonc.2022.1014859")
    # The XML form, which is never asked for, holds the same.
    root = ET.parse(RECORDED / "search_lite_25.xml").getroot()
    assert [result.findtext("id") for result in root.iter("result")] == core


def _licence_of(article: Article) -> str:
    assert article.provenance is not None
    return article.provenance.licence
