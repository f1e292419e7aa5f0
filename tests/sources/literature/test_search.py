"""Which service answers a literature query, and which of its articles may be evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomed_agent.core.errors import NotFound, Unavailable
from biomed_agent.core.types import Article
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.passages import rank_passages
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.literature.search import Literature, pmids_of, usable, without_tags
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

ONE_HIT = {"esearchresult": {"count": "1", "idlist": ["1"], "querytranslation": "aspirin[All Fields]"}}
RECORD = "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID></MedlineCitation></PubmedArticle>"
HIT = {"hitCount": 1, "resultList": {"result": [{"id": "PPR1", "source": "PPR", "title": "Early", "doi": "10.1/e"}]}}
DOWN = Said.json({"error": "Search Backend failed"}, 400)


class Services:
    """Both services on one server; each answers as its attribute says."""

    def __init__(self) -> None:
        self.search, self.fetch = Said.json(ONE_HIT), Said(f"{RECORD}</PubmedArticleSet>".encode())
        self.europepmc = Said.json(HIT)

    def play(self, asked: Asked) -> Said:
        if "esearch" in asked.path:
            return self.search
        return self.fetch if "efetch" in asked.path else self.europepmc


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def server(services: Services) -> Iterator[LocalServer]:
    with LocalServer(services.play) as running:
        yield running


@pytest.fixture
def literature(server: LocalServer) -> Iterator[Literature]:
    with Transport(clock=FakeClock(), services=dict.fromkeys(("pubmed", "europepmc"), server.url)) as transport:
        yield Literature(PubMed(transport), EuropePMC(transport))


# -- which service answers


def articles_of(*numbers: int, doi: bool = False) -> Said:
    record = (
        "<PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><Abstract><AbstractText>Text {0}.</AbstractText>"
        "</Abstract></Article></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType='doi'>10.1/{0}</ArticleId>"
        "</ArticleIdList></PubmedData></PubmedArticle>"
    )
    return Said(f"<PubmedArticleSet>{''.join(record.format(number) for number in numbers)}</PubmedArticleSet>".encode())


def hits(*numbers: str, **more: object) -> Said:
    result = {"count": str(len(numbers)), "idlist": list(numbers), "querytranslation": "aspirin[All Fields]"}
    return Said.json({"esearchresult": result | more})


def test_pubmed_alone_answers_when_it_has_articles_and_says_how_it_read_the_query(
    literature: Literature, server: LocalServer, services: Services
) -> None:
    services.search, services.fetch = hits("1", "2", "3"), articles_of(1, 2, 3)
    notes: list[str] = []
    assert [article.pmid for article in literature.search("aspirin", 5, notes)] == ["1", "2", "3"]
    assert notes == ["PubMed was asked for 'aspirin' (3 articles; read as: aspirin[All Fields])."]
    assert not any(asked.path == "/search" for asked in server.asked)


def test_europe_pmc_is_asked_beside_when_pubmed_has_few(literature: Literature, services: Services) -> None:
    early = {"id": "PPR1", "source": "PPR", "title": "Early", "doi": "10.1/e"}
    same = {"id": "9", "source": "MED", "pmid": "9", "doi": "10.1/2"}
    later = {
        "id": "PPR2",
        "source": "PPR",
        "doi": "10.1/p",
        "commentCorrectionList": {"commentCorrection": {"id": "1", "source": "MED", "type": "Preprint of"}},
    }
    services.search, services.fetch = hits("1", "2"), articles_of(1, 2)
    services.europepmc = Said.json({"hitCount": 4, "resultList": {"result": [same, early, later, early]}})
    notes: list[str] = []
    articles = literature.search("aspirin", 5, notes)
    assert [article.handle for article in articles] == ["PMID:1", "PMID:2", "DOI:10.1/e"]
    assert articles[-1].preprint
    assert notes[1] == (
        "PubMed has few articles of this, so Europe PMC was asked for 'aspirin' as well (4 articles, preprints among "
        "them; 1 added)."
    )


def test_what_europe_pmc_cannot_add_costs_a_note(literature: Literature, services: Services) -> None:
    services.europepmc = Said(b"", 404)
    notes: list[str] = []
    assert len(literature.search("aspirin", 5, notes)) == 1
    assert notes[1].startswith("Europe PMC was not asked beside PubMed: ")
    assert len(literature.search("aspirin 2020[dp]", 5, [])) == 1, "a date would become a word there"


def test_ignored_stop_words_are_told_and_an_ignored_key_word_is_refused(
    literature: Literature, services: Services
) -> None:
    warnings = {"phrasesignored": ["the", "of"], "outputmessages": ["Restrictions achieved."]}
    services.search, services.fetch = hits("1", "2", "3", warninglist=warnings), articles_of(1, 2, 3)
    notes: list[str] = []
    literature.search("the use of aspirin", 5, notes)
    assert notes[1:] == ["PubMed left out: the, of.", "PubMed says: Restrictions achieved."]
    for ignored in (
        {"errorlist": {"phrasesnotfound": ["p.E1317Q"]}},
        {"errorlist": {"fieldsnotfound": ["[nofield]"]}},
        {"warninglist": {"quotedphrasesnotfound": ['"aspirin zebra"']}},
        {"warninglist": {"phrasesignored": ["zebra"]}},
    ):
        services.search = hits("1", "2", "3", **ignored)
        with pytest.raises(NotFound, match="would answer from the rest"):
            literature.search(f"aspirin {len(str(ignored))}", 5, [])


def test_pmids_are_read_without_a_search(literature: Literature, server: LocalServer, services: Services) -> None:
    services.fetch = articles_of(2, 1)
    assert [article.pmid for article in literature.search("PMID: 1, PMID 2", 5, [])] == ["1", "2"]
    assert [asked.path for asked in server.asked] == ["/efetch.fcgi"]


def test_pmids_that_do_not_come_are_named(literature: Literature, services: Services) -> None:
    services.fetch = articles_of(1)
    notes: list[str] = []
    assert len(literature.search("PMID: 1, 31999999, 32000000", 5, notes)) == 1
    assert notes == [
        "PubMed was asked for 3 PMIDs.",
        "PubMed gave no record that can be read of 2 PMIDs: 31999999, 32000000.",
    ]
    notes.clear()
    literature.search("PMID: 1, 2, 3", 2, notes)
    assert notes[1:] == [
        "PubMed gave no record that can be read of 1 PMID: 2.",
        "Not read, because the limit is 2: 3.",
    ]


def test_hits_without_a_record_are_named(literature: Literature, services: Services) -> None:
    services.search, services.fetch = hits("1", "2", "3", "4"), articles_of(1, 2, 3)
    notes: list[str] = []
    assert len(literature.search("aspirin", 5, notes)) == 3
    assert notes[1:] == ["PubMed gave no record that can be read of 1 PMID: 4."]


def test_pmids_are_asked_of_europe_pmc_when_pubmed_does_not_answer(
    literature: Literature, services: Services, server: LocalServer
) -> None:
    services.fetch = DOWN
    records = [{"id": number, "source": "MED", "pmid": number} for number in ("3", "1")]
    services.europepmc = Said.json({"hitCount": 2, "resultList": {"result": records}})
    notes: list[str] = []
    assert [article.pmid for article in literature.search("PMID: 1, 2, 3", 5, notes)] == ["1", "3"]
    assert server.asked[-1].query["query"] == "SRC:MED AND (EXT_ID:1 OR EXT_ID:2 OR EXT_ID:3)"
    assert notes[1:] == ["Europe PMC gave no record that can be read of 1 PMID: 2."]


def test_a_record_of_europe_pmc_that_cannot_be_read_costs_a_note(literature: Literature, services: Services) -> None:
    records = [{"title": "no id"}, {"id": "PPR1", "source": "PPR", "title": "Early", "doi": "10.1/e"}]
    services.europepmc = Said.json({"hitCount": 2, "resultList": {"result": records}})
    note = "Europe PMC sent 1 record that cannot be read; left out."
    for search in (ONE_HIT, None):
        services.search = Said.json(search) if search else DOWN
        notes: list[str] = []
        assert "DOI:10.1/e" in [entity.handle for entity in literature.search("aspirin", 5, notes)]
        assert notes[-1] == note


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("PMID:1 PMID:1, 2", ["1", "2"]),
        ("PMID:12377809", ["12377809"]),
        ("pmid 1, 2; PMID:3 OR 4", ["1", "2", "3", "4"]),
        ("PMIDs: 1 2", ["1", "2"]),
        ("12377809", []),
        ("PMID:12 aspirin", []),
        ("aspirin PMID:12", []),
        ("", []),
    ],
)
def test_a_query_of_pmids(query: str, expected: list[str]) -> None:
    assert pmids_of(query) == expected


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_query_is_read(text: str) -> None:
    assert all(number.isdigit() for number in pmids_of(text))
    without = without_tags(text)
    assert without is None or len(without) <= len(text)


# -- what may be evidence


def test_retracted_articles_and_notices_are_passed_over_by_name() -> None:
    articles = [
        Article("A", pmid="1", retracted=True),
        Article("B", pmid="2", types=("Journal Article", "Retraction of Publication")),
        Article("C", pmid="3", notices=("Expression of concern: J 1",)),
        Article("D", pmid="4", retracted=True, types=("Retraction Notice",)),
    ]
    notes: list[str] = []
    assert [article.pmid for article in usable(articles, notes)] == ["3"]
    assert notes == [
        "Passed over because retracted: PMID:1, PMID:4.",
        "Passed over because they only tell of another article: PMID:2 (Retraction of Publication).",
    ]


def test_notices_are_no_articles_enough(literature: Literature, services: Services, server: LocalServer) -> None:
    notice = b"<PublicationTypeList><PublicationType>Retraction of Publication</PublicationType></PublicationTypeList>"
    services.search, services.fetch = hits("1", "2", "3"), articles_of(1, 2, 3)
    services.fetch = replace(services.fetch, body=services.fetch.body.replace(b"<Article>", b"<Article>" + notice))
    literature.search("aspirin", 5, [])
    assert server.asked[-1].path == "/search", "Europe PMC was asked beside"


# -- full texts


JATS = """<article><front><article-meta><article-id pub-id-type="pmc">5</article-id><permissions><license
xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://creativecommons.org/licenses/by/4.0/"/></permissions>
<abstract><p>We report on metformin.</p></abstract></article-meta></front><body><sec><title>Results</title>
<p>Metformin halved the risk of stroke in rats [<xref ref-type="bibr">3</xref>]. See it.</p></sec>
<sec><title>Funding</title><p>Metformin was given to us by a company against stroke.</p></sec></body></article>"""
CLOSED = Article("Closed", "No.", pmid="1", pmcid="PMC1", open_access=False)
MISSING = Article("Missing", "No.", pmid="2", pmcid="PMC404")
OPEN = Article("Open", "We report on metformin.", pmid="3", pmcid="PMC5")


def test_open_access_full_texts_are_read_and_quoted_with_section_and_licence(
    literature: Literature, server: LocalServer
) -> None:
    server.play = lambda asked: Said(JATS.encode()) if "PMC5/" in asked.path else Said(b"", 404)
    notes: list[str] = []
    articles = [CLOSED, MISSING, Article("None", "No.", pmid="9"), OPEN]
    texts = literature.full_texts(articles, notes)
    assert list(texts) == ["PMID:3"]
    assert notes == ["Open-access full texts read: PMID:3."]
    assert [asked.path for asked in server.asked] == ["/PMC404/fullTextXML", "/PMC5/fullTextXML"]
    (passage,) = rank_passages("Does metformin lower the risk of stroke?", articles, 1, texts)
    assert (passage.text, passage.label) == ("Metformin halved the risk of stroke in rats.", "full text, Results")
    assert passage.article.provenance is not None
    assert passage.article.provenance.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert (passage.article.handle, passage.article.provenance.identifier) == ("PMID:3", "PMC5")
    passages = rank_passages("metformin stroke company", articles, 9, texts)
    assert all("company" not in passage.text for passage in passages), "funding is no finding"


def test_an_article_whose_full_text_tells_of_a_retraction_is_quoted_from_neither(
    literature: Literature, server: LocalServer
) -> None:
    gone = JATS.replace(
        "<permissions>", "<title-group><article-title>RETRACTED: Open</article-title></title-group><permissions>"
    )
    server.play = lambda asked: Said(gone.encode())
    notes: list[str] = []
    texts = literature.full_texts([OPEN], notes)
    assert notes[-1] == "Passed over because their full texts tell of a retraction: PMID:3."
    assert rank_passages("metformin", [OPEN], 9, texts) == []


def test_full_texts_that_cannot_be_had_cost_a_note(literature: Literature, server: LocalServer) -> None:
    server.play = lambda asked: Said(b"", 404)
    notes: list[str] = []
    assert literature.full_texts([MISSING], notes) == {}
    assert notes == ["Open-access full texts read: none of these articles is open access."]
    server.play = lambda asked: Said(b"<html>", 503)
    assert literature.full_texts([replace(MISSING, pmcid="PMC405")], notes) == {}
    assert notes[1].startswith("Full texts were not read: ")


# -- when PubMed does not answer


@pytest.mark.parametrize("step", ["search", "fetch"])
def test_europe_pmc_answers_when_pubmed_cannot(literature: Literature, services: Services, step: str) -> None:
    setattr(services, step, DOWN)
    notes: list[str] = []
    (article,) = literature.search('"aspirin"[tiab] AND stroke[MeSH Terms]', 5, notes)
    assert article.preprint
    (note,) = notes
    assert note.startswith(
        "PubMed gave no answer; Europe PMC was asked for '\"aspirin\" AND stroke' instead (1 article"
    )


def test_a_query_with_tags_of_other_fields_waits_for_pubmed(literature: Literature, services: Services) -> None:
    services.search = DOWN
    with pytest.raises(Unavailable, match="Europe PMC was not asked, because the query's field tags"):
        literature.search("aspirin AND Doe J[au]", 5, [])


def test_both_unavailable_names_both(literature: Literature, services: Services) -> None:
    services.search, services.europepmc = DOWN, Said.json({"errCode": 500, "errMsg": "out of order"})
    with pytest.raises(Unavailable, match=r"Search Backend failed.*out of order"):
        literature.search("aspirin", 5, [])
    with pytest.raises(Unavailable, match="Search Backend failed"):
        Literature(literature.pubmed).search("aspirin", 5, [])


def test_an_ignored_word_stops_the_search_and_asks_nobody_else(
    literature: Literature, services: Services, server: LocalServer
) -> None:
    errors = {"errorlist": {"phrasesnotfound": ["flurb"], "fieldsnotfound": []}}
    services.search = Said.json({"esearchresult": ONE_HIT["esearchresult"] | errors})
    with pytest.raises(NotFound, match="does not know flurb"):
        literature.search("flurb aspirin", 5, [])
    assert [asked.path for asked in server.asked] == ["/esearch.fcgi"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('aspirin[ti] OR "acetylsalicylic acid"[Title/Abstract]', 'aspirin OR "acetylsalicylic acid"'),
        ("neoplasms[mh:noexp]", "neoplasms"),
        ("[18F]FDG uptake", "[18F]FDG uptake"),
        ("aspirin", "aspirin"),
        ("aspirin 2020[dp]", None),
        ("Doe J[Author]", None),
    ],
)
def test_only_tags_that_say_where_words_stand_are_left_out(query: str, expected: str | None) -> None:
    assert without_tags(query) == expected
