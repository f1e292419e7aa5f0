import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, Refused, Unavailable
from biomed_agent.core.types import Article, Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.pubmed import (
    History,
    PubMed,
    read_articles,
    read_history,
    read_search,
    read_search_xml,
)
from tests.helpers.places import SHARED
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

RECORDED = SHARED / "recorded" / "pubmed"
shared = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout")
HERE = Provenance("PubMed", url="http://pubmed.test", retrieved="2026-11-01T00:00:00+00:00")

DOCTYPE = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"http://127.0.0.1:9/never-fetched.dtd">\n'
)
FULL = """<PubmedArticle><MedlineCitation><PMID Version="1">77</PMID><Article>
 <Journal><JournalIssue><PubDate><Year>2021</Year><Month>Mar</Month><Day>5</Day></PubDate></JournalIssue>
 <Title>Journal of Tests</Title></Journal>
 <ArticleTitle>Role of <i>tst1</i> in H<sub>2</sub>O
   uptake.</ArticleTitle>
 <ELocationID EIdType="doi" ValidYN="N">10.1/wrong</ELocationID><ELocationID EIdType="doi">10.1/right</ELocationID>
 <Abstract><AbstractText Label="AIMS" NlmCategory="OBJECTIVE">To test <b>this</b>.</AbstractText>
 <AbstractText Label="Results:">It <i>worked</i> in 10<sup>6</sup> cells.</AbstractText>
 <AbstractText>The end.</AbstractText>
 <AbstractText Label="EMPTY"/><CopyrightInformation>(c) us</CopyrightInformation></Abstract>
 <AuthorList><Author ValidYN="Y"><LastName>Doe</LastName><ForeName>Jane Ann</ForeName><Initials>JA</Initials>
 <Suffix>Jr</Suffix></Author><Author ValidYN="N"><LastName>Deo</LastName><Initials>J</Initials></Author>
 <Author><CollectiveName>The Test Group</CollectiveName></Author></AuthorList>
 <PublicationTypeList><PublicationType>Journal Article</PublicationType><PublicationType>Review</PublicationType>
 </PublicationTypeList></Article>
 <CommentsCorrectionsList><CommentsCorrections RefType="ErratumIn"><RefSource>J Tests. 2022</RefSource>
 <PMID>78</PMID></CommentsCorrections><CommentsCorrections RefType="Cites"><RefSource>other</RefSource>
 </CommentsCorrections></CommentsCorrectionsList>
 <MeshHeadingList><MeshHeading><DescriptorName>Water</DescriptorName><QualifierName>analysis</QualifierName>
 </MeshHeading></MeshHeadingList><KeywordList><Keyword>tst1</Keyword></KeywordList></MedlineCitation>
 <PubmedData><ArticleIdList><ArticleId IdType="pubmed">77</ArticleId><ArticleId IdType="doi">10.1/main</ArticleId>
 <ArticleId IdType="pmc">PMC5</ArticleId></ArticleIdList><ReferenceList><Reference><ArticleIdList>
 <ArticleId IdType="doi">10.1/cited</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData>
</PubmedArticle>"""
BOOK = """<PubmedBookArticle><BookDocument><PMID>88</PMID><ArticleIdList>
 <ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList><Book><PubDate><Year>1993</Year></PubDate>
 <BookTitle>Handbook of <sup>13</sup>C</BookTitle></Book><ArticleTitle book="b" part="p">A chapter</ArticleTitle>
 <AuthorList><Author><LastName>Roe</LastName><Initials>R</Initials></Author></AuthorList>
 <Abstract><AbstractText>Words.</AbstractText></Abstract></BookDocument></PubmedBookArticle>"""


def article_set(*records: str) -> str:
    return f"{DOCTYPE}<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>"


def minimal(pmid: int | str = 1, article: str = "", citation: str = "", ids: str = "") -> str:
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article>{article}</Article>{citation}</MedlineCitation>"
        f"<PubmedData><ArticleIdList>{ids}</ArticleIdList></PubmedData></PubmedArticle>"
    )


def read(record: str) -> Article:
    (article,) = read_articles(article_set(record), HERE)
    return article


# -- readers


def test_a_full_record() -> None:
    article = read(FULL)
    assert article.title == "Role of tst1 in H2O uptake."
    assert article.abstract == "AIMS: To test this.\nRESULTS: It worked in 10^6 cells.\nThe end."
    assert (article.pmid, article.pmcid, article.doi) == ("77", "PMC5", "10.1/main")
    assert (article.journal, article.year, article.date) == ("Journal of Tests", "2021", "2021-03-05")
    assert article.authors == ("Doe JA Jr", "The Test Group")
    assert article.types == ("Journal Article", "Review")
    assert (article.mesh, article.keywords) == (("Water",), ("tst1",))
    assert article.notices == ("Erratum: J Tests. 2022 (PMID 78)",)
    assert article.retracted is False
    assert article.provenance is not None
    assert article.provenance.url == "https://pubmed.ncbi.nlm.nih.gov/77/"


def test_keywords_are_the_authors_and_not_an_indexers() -> None:
    lists = "".join(
        f"<KeywordList {owner}><Keyword>{word}</Keyword></KeywordList>"
        for owner, word in [
            ('Owner="NOTNLM"', "own"),
            ('Owner="NLM"', "indexed"),
            ('Owner="NASA"', "space"),
            ("", "bare"),
        ]
    )
    assert read(minimal(citation=lists)).keywords == ("own", "bare")


def test_a_bare_record() -> None:
    article = read(minimal(5))
    assert (article.pmid, article.title, article.abstract, article.authors) == ("5", "", "", ())
    assert (article.doi, article.year, article.date) == ("", "", "")


def test_the_doi_of_the_record_when_the_list_has_none() -> None:
    located = (
        '<ELocationID EIdType="doi" ValidYN="N">10.1/bad</ELocationID><ELocationID EIdType="doi">10.1/x</ELocationID>'
    )
    assert read(minimal(article=located)).doi == "10.1/x"


def test_a_book_chapter() -> None:
    article = read(BOOK)
    assert (article.pmid, article.title, article.journal) == ("88", "A chapter", "Handbook of 13C")
    assert (article.year, article.authors, article.types) == ("1993", ("Roe R",), ("Book chapter",))


@pytest.mark.parametrize(
    ("date", "expected", "year"),
    [
        ("<Year>2024</Year><Month>07</Month>", "2024-07", "2024"),
        ("<Year>2024</Year><Month>7</Month><Day>4</Day>", "2024-07-04", "2024"),
        ("<Year>2024</Year><Month>December</Month>", "2024-12", "2024"),
        ("<Year>1998</Year><Season>Spring</Season>", "1998 Spring", "1998"),
        ("<Year>1998</Year>", "1998", "1998"),
        ("<MedlineDate>2000 Nov-Dec</MedlineDate>", "2000 Nov-Dec", "2000"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998 Dec-1999 Jan", "1998"),
    ],
)
def test_dates(date: str, expected: str, year: str) -> None:
    article = read(minimal(article=f"<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"))
    assert (article.date, article.year) == (expected, year)


@pytest.mark.parametrize(
    ("kind", "citation", "retracted"),
    [
        ("Retracted Publication", "", True),
        ("Journal Article", "RetractionIn", True),
        ("Retraction of Publication", "RetractionOf", False),
        ("Journal Article", "ExpressionOfConcernIn", False),
        ("Journal Article", "PartialRetractionIn", False),
        ("Journal Article", "RetractedandRepublishedIn", True),
        ("Retraction Notice", "", False),
    ],
)
def test_retraction(kind: str, citation: str, retracted: bool) -> None:
    listed = f'<CommentsCorrections RefType="{citation}"><RefSource>J. 1</RefSource></CommentsCorrections>'
    corrections = f"<CommentsCorrectionsList>{listed}</CommentsCorrectionsList>" if citation else ""
    types = f"<PublicationTypeList><PublicationType>{kind}</PublicationType></PublicationTypeList>"
    article = read(minimal(article=types, citation=corrections))
    assert article.retracted is retracted
    assert len(article.notices) == (citation.endswith("In"))
    assert article.is_notice is kind.startswith("Retraction ")


def test_a_title_tells_of_a_retraction_before_types_do() -> None:
    assert read(minimal(article="<ArticleTitle>RETRACTED: <i>Tst1</i> doubles lifespan</ArticleTitle>")).retracted
    notice = read(minimal(article="<ArticleTitle>Retraction: Tst1 doubles lifespan</ArticleTitle>"))
    assert (notice.retracted, notice.is_notice, notice.kind) == (False, True, "Retraction of Publication")
    assert read(BOOK.replace("A chapter", "WITHDRAWN: A chapter")).retracted


def test_a_preprint_is_marked() -> None:
    types = "<PublicationTypeList><PublicationType>Preprint</PublicationType></PublicationTypeList>"
    assert read(minimal(article=types)).preprint
    assert not read(minimal()).preprint


def test_several_kinds_in_one_set() -> None:
    articles = read_articles(article_set(FULL, BOOK, "<DeleteCitation><PMID>9</PMID></DeleteCitation>"), HERE)
    assert [article.pmid for article in articles] == ["77", "88"]
    assert read_articles(article_set(), HERE) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<eFetchResult><ERROR>Supplied id parameter is empty.</ERROR></eFetchResult>", "id parameter is empty"),
        ("<PubmedArticleSet><ERROR>busy</ERROR></PubmedArticleSet>", "busy"),
        ("<!DOCTYPE html><html><body>Sorry<br></body></html>", "HTML page"),
        ("<PubmedArticleSet><PubmedArticle>", "broken XML"),
        ("", "broken XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><PubmedArticleSet>&a;</PubmedArticleSet>', "XML entities"),
        ("<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", "none of its 1 records"),
        ("<PubmedArticleSet><PubmedBookArticle/></PubmedArticleSet>", "none of its 1 records"),
    ],
)
def test_what_is_no_set_of_articles(text: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        read_articles(text, HERE)


def test_a_record_that_cannot_be_read_costs_no_other() -> None:
    odd = ("<PubmedArticle/>", minimal(""), "<PubmedBookArticle/>")
    assert [article.pmid for article in read_articles(article_set(*odd, FULL, BOOK), HERE)] == ["77", "88"]
    with pytest.raises(Unavailable, match="none of its 3 records"):
        read_articles(article_set(*odd), HERE)


def test_the_search_result_tells_what_was_ignored() -> None:
    result = read_search(
        {
            "esearchresult": {
                "count": "40362",
                "idlist": ["3", "1"],
                "querytranslation": "apc[All Fields]",
                "errorlist": {"phrasesnotfound": ["p.E1317Q"], "fieldsnotfound": ["xyz"]},
                "warninglist": {"phrasesignored": ["the"], "quotedphrasesnotfound": ['"a b"'], "outputmessages": ["!"]},
            }
        }
    )
    assert (result.pmids, result.count, result.translation) == (("3", "1"), 40362, "apc[All Fields]")
    assert result.ignored == ("p.E1317Q", "xyz", "the", '"a b"')
    alone = {"errorlist": {"phrasesnotfound": "flurb"}, "warninglist": {"outputmessages": "Few."}}
    result = read_search({"esearchresult": {"count": "1", "idlist": "3"} | alone})
    assert (result.pmids, result.ignored, result.messages) == (("3",), ("flurb",), ("Few.",)), "not letter by letter"
    with pytest.raises(Unavailable, match="malformed"):
        read_search({"header": {}})


SEARCH_XML = """<?xml version="1.0"?><!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD" "http://127.0.0.1:9/never-fetched.dtd">
<eSearchResult><Count>5</Count><RetMax>2</RetMax><QueryKey>1</QueryKey><WebEnv>NCID_1</WebEnv><IdList><Id>8</Id>
<Id>9</Id></IdList><QueryTranslation>apc[All Fields]</QueryTranslation><ErrorList><PhraseNotFound>flurb</PhraseNotFound>
</ErrorList><WarningList><PhraseIgnored>the</PhraseIgnored><OutputMessage>Restrictions achieved.</OutputMessage>
</WarningList></eSearchResult>"""


def test_a_search_in_xml_tells_the_same() -> None:
    result = read_search_xml(SEARCH_XML)
    assert (result.pmids, result.count, result.translation) == (("8", "9"), 5, "apc[All Fields]")
    assert (result.ignored, result.messages) == (("flurb", "the"), ("Restrictions achieved.",))
    assert result.history == History("NCID_1", "1")
    for text, words in [
        ("<eSearchResult><ERROR>Invalid db name</ERROR></eSearchResult>", "Invalid db name"),
        ("<eSearchResult/>", "malformed"),
        ("<other/>", "<other>"),
    ]:
        with pytest.raises(Unavailable, match=words):
            read_search_xml(text)


def test_the_place_of_a_kept_list() -> None:
    posted = "<ePostResult><QueryKey>1</QueryKey><WebEnv>NCID_1</WebEnv></ePostResult>"
    assert read_history(posted) == History("NCID_1", "1")
    for text, words in [
        ("<ePostResult><ERROR>Invalid db name specified: nothing</ERROR></ePostResult>", "Invalid db name"),
        ("<ePostResult/>", "names no list"),
    ]:
        with pytest.raises(Unavailable, match=words):
            read_history(text)


# -- the questions, against a local server


HITS = Said.json({"esearchresult": {"count": "2", "idlist": ["1", "2"], "querytranslation": "x"}})


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(HITS)) as server:
        yield server


@pytest.fixture
def pubmed(server: LocalServer) -> Iterator[PubMed]:
    with Transport(clock=FakeClock(), services={"pubmed": server.url}) as transport:
        yield PubMed(transport)


def records(asked: Asked) -> Said:
    """Every odd PMID exists; they come in another order than asked for."""
    numbers = sorted(int(number) for number in (asked.query | asked.form)["id"].split(","))
    return Said(article_set(*(minimal(number) for number in numbers if number % 2)).encode())


def test_search_sends_the_query_as_it_is(server: LocalServer, pubmed: PubMed) -> None:
    assert pubmed.search("  egfr[ti]  AND (asthma OR α) ", limit=7).pmids == ("1", "2")
    form = server.asked[0].form
    assert (form["term"], form["retmax"], form["db"]) == ("egfr[ti] AND (asthma OR α)", "7", "pubmed")
    assert form["tool"] == "biomed-agent"
    for query, limit in (("", 20), (" ", 20), ("x", 0), ("x", 10_001)):
        with pytest.raises(InvalidInput):
            pubmed.search(query, limit)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Said.json({"error": "API rate limit exceeded", "api-key": "203.0.113.7", "count": "4"}), "rate limit"),
        (Said.json({"error": "error forwarding request", "api-key": "203.0.113.7"}, 400), "error forwarding request"),
        (Said.json({"esearchresult": {"ERROR": "Search Backend failed"}}), "Search Backend failed"),
        (Said(b"<html>Submitted URI too large!</html>", 414), "HTML page"),
        (Said.json({}, 404), "status 404"),
        (Said.json({"header": {}}), "malformed"),
    ],
)
def test_errors_that_come_with_any_status(server: LocalServer, pubmed: PubMed, reply: Said, words: str) -> None:
    server.play = script(reply)
    with pytest.raises(Unavailable, match=words) as caught:
        pubmed.search("x")
    assert "203.0.113.7" not in str(caught.value)


def test_an_error_is_tried_again_and_never_kept(server: LocalServer, tmp_path: Path) -> None:
    server.play = script(Said.json({"error": "API rate limit exceeded"}), HITS)
    with Transport(tmp_path, clock=FakeClock(), services={"pubmed": server.url}) as transport:
        assert PubMed(transport).search("x").count == 2
        assert PubMed(transport).search("x").count == 2
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "odd", [{"esearchresult": None}, {"esearchresult": "x"}, {"esearchresult": {"count": "1"}}, {}, []]
)
def test_what_cannot_be_read_is_asked_for_again_and_never_kept(
    server: LocalServer, tmp_path: Path, odd: object
) -> None:
    server.play = script(Said.json(odd))
    with Transport(tmp_path, clock=FakeClock(), services={"pubmed": server.url}) as transport:
        with pytest.raises(Unavailable):
            PubMed(transport).search("x")
        server.play = script(HITS)
        assert PubMed(transport).search("x").count == 2


def test_a_refused_key_is_named_and_not_shown(server: LocalServer) -> None:
    server.play = script(Said.json({"error": "API key invalid", "api-key": "s3cret"}, 400))
    with Transport(clock=FakeClock(), services={"pubmed": server.url}, api_key="s3cret") as transport:
        with pytest.raises(InvalidInput, match="NCBI_API_KEY") as caught:
            PubMed(transport).search("x")
        with pytest.raises(InvalidInput):
            PubMed(transport).fetch([1])
    assert "s3cret" not in str(caught.value)


def test_fetch_keeps_the_order_asked_for(server: LocalServer, pubmed: PubMed) -> None:
    server.play = records
    assert [article.pmid for article in pubmed.fetch(["7", 3, "2", "5", "3"])] == ["7", "3", "5"]
    assert (server.asked[0].method, server.asked[0].query["id"]) == ("GET", "7,3,2,5")
    assert pubmed.fetch([]) == []
    assert len(server.asked) == 1
    for bad in ("PMC5", "", "0", "-1", "1 2"):
        with pytest.raises(InvalidInput, match="no PMID"):
            pubmed.fetch([bad])


def test_many_identifiers_go_by_post_in_parts(server: LocalServer, pubmed: PubMed) -> None:
    server.play = records
    articles = pubmed.fetch(range(1, 1202))
    assert len(articles) == 601
    assert [(asked.method, asked.query, asked.form["id"].count(",") + 1) for asked in server.asked] == [
        ("POST", {}, 1000),
        ("POST", {}, 201),
    ]


class Kept:
    """PubMed with 450 hits, the first ``retmax`` of which it names, and a history server that may forget them."""

    def __init__(self) -> None:
        self.forgets = False

    def __call__(self, asked: Asked) -> Said:
        form = asked.query | asked.form
        if "esearch" in asked.path:
            numbers = [str(number) for number in range(1, min(450, int(form["retmax"])) + 1)]
            history = {"webenv": "NCID_1", "querykey": "1"} if form.get("usehistory") == "y" else {}
            return Said.json({"esearchresult": {"count": "450", "idlist": numbers} | history})
        if "epost" in asked.path:
            return Said(b"<ePostResult><QueryKey>1</QueryKey><WebEnv>NCID_1</WebEnv></ePostResult>")
        if "WebEnv" in form and self.forgets:
            return Said(b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>", 400)
        if "WebEnv" in form:
            start, count = int(form["retstart"]), int(form["retmax"])
            numbers = [str(number) for number in range(start + 1, start + count + 1)]
        else:
            numbers = form["id"].split(",")
        return Said(article_set(*(minimal(number) for number in reversed(numbers))).encode())


@pytest.mark.parametrize(
    ("limit", "asked"),
    [
        (200, [("esearch.fcgi", "retmax=200"), ("efetch.fcgi", "GET")]),
        (450, [("esearch.fcgi", "usehistory=y"), ("efetch.fcgi", "WebEnv=NCID_1")]),
    ],
)
def test_abstracts_take_two_requests(
    server: LocalServer, pubmed: PubMed, limit: int, asked: list[tuple[str, str]]
) -> None:
    server.play = Kept()
    articles = pubmed.articles(pubmed.search("egfr", limit))
    assert [article.pmid for article in articles] == [str(number) for number in range(1, limit + 1)]
    assert len(server.asked) == len(asked)
    for request, (path, sent) in zip(server.asked, asked, strict=True):
        parts = [request.method, *(f"{name}={value}" for name, value in (request.query | request.form).items())]
        assert request.path == f"/{path}"
        assert sent in parts


def test_a_forgotten_list_is_asked_for_by_its_numbers(server: LocalServer, pubmed: PubMed) -> None:
    history = Kept()
    history.forgets = True
    server.play = history
    assert len(pubmed.articles(pubmed.search("egfr", 450))) == 450
    assert [len(request.form.get("id", "").split(",")) for request in server.asked] == [1, 1, 450]


def test_numbers_can_be_kept_and_read_in_parts(server: LocalServer, pubmed: PubMed) -> None:
    server.play = Kept()
    history = pubmed.keep(range(1, 300))
    assert server.asked[0].form["id"].startswith("1,2,3,")
    assert [article.pmid for article in pubmed.fetch_kept(history, 10, 2) or ()] == ["12", "11"]
    with pytest.raises(InvalidInput, match="no PMID"):
        pubmed.keep(["x"])


def test_a_search_answered_in_xml_is_read(server: LocalServer, pubmed: PubMed) -> None:
    server.play = script(Said(SEARCH_XML.encode()))
    assert pubmed.search("egfr").pmids == ("8", "9")


@pytest.mark.parametrize("status", [200, 400])
def test_identifiers_that_do_not_exist(server: LocalServer, pubmed: PubMed, status: int) -> None:
    text = b"<eFetchResult><ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR></eFetchResult>"
    server.play = script(Said(text, status))
    assert pubmed.fetch([4]) == []


def test_other_errors_of_efetch(server: LocalServer, pubmed: PubMed) -> None:
    for reply, words in [
        (Said(b"<eFetchResult><ERROR>oops</ERROR></eFetchResult>"), "oops"),
        (Said.json({"error": "API rate limit exceeded"}), "rate limit"),
        (Said(b"no", 404), "status 404: no"),
    ]:
        server.play = script(reply)
        with pytest.raises(Unavailable, match=words):
            pubmed.fetch([4])


def test_queries_leave_under_names_only_and_are_told(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    with Transport(clock=FakeClock(), services={"pubmed": "http://far.test"}) as transport:
        with transport.recording() as left:
            PubMed(transport).search("egfr asthma")
        assert left == ["PubMed: search egfr asthma"]
    silent = Transport(clock=FakeClock(), egress="nothing", services={"pubmed": "http://far.test"})
    with silent as transport, pytest.raises(Refused):
        PubMed(transport).fetch([1])


# -- real replies


@shared
@pytest.mark.shared
def test_recorded_articles() -> None:
    articles = {
        article.pmid: article
        for file in sorted(RECORDED.glob("efetch_*.xml"))
        for article in read_articles(file.read_text(), HERE)
    }
    assert len(articles) == 12
    assert all(article.title and article.year and article.journal for article in articles.values())
    assert "TERT gene" in articles["27797938"].title
    assert articles["27797938"].abstract.startswith("OBJECTIVE: ")
    assert articles["27797938"].doi == "10.1136/gutjnl-2016-312510"
    assert "(μ-XRF)" in articles["37167981"].title
    assert articles["32160763"].abstract == ""
    assert (articles["38962805"].authors, articles["38962805"].notices) == ((), ())
    assert articles["38048813"].title.startswith("[")
    assert articles["34843274"].authors == ("Guideline Development Panel for the Treatment of Depressive Disorders",)
    assert articles["993"].retracted
    assert articles["993"].notices[0].endswith("(PMID 195582)")
    assert [pmid for pmid, article in articles.items() if article.retracted] == ["993"]


@shared
@pytest.mark.shared
def test_recorded_searches_and_errors() -> None:
    def search(name: str) -> Any:
        return read_search(json.loads((RECORDED / name).read_text()))

    assert search("esearch_one_hit.json").pmids == ("18033691",)
    assert search("esearch_2026.json").count == 115258
    assert search("esearch_errorlist_large_count.json").ignored == ("p.E1317Q",)
    with pytest.raises(Unavailable, match="Neither query_key nor id specified"):
        read_articles((RECORDED / "esummary8_error.xml").read_text(), HERE)


@shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "pmids"),
    [
        ("cassette_efetch_1234567_no_abstract.yaml", ["1234567"]),
        ("cassette_efetch_23121403_structured_collective.yaml", ["23121403"]),
    ],
)
def test_recorded_exchanges(server: LocalServer, pubmed: PubMed, name: str, pmids: list[str]) -> None:
    yaml = pytest.importorskip("yaml")
    for exchange in yaml.safe_load((RECORDED / name).read_text())["interactions"]:
        body = exchange["response"]["body"]["string"]
        server.play = script(Said(body if isinstance(body, bytes) else body.encode()))
        assert [article.pmid for article in pubmed.fetch(pmids)] == pmids
