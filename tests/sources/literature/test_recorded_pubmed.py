"""Every recorded reply of PubMed, served from a local server through the real transport; skipped without them."""

from __future__ import annotations

from typing import Any

import pytest

from biomed_agent.core.errors import NotFound, Unavailable
from biomed_agent.core.types import Article
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.passages import labelled
from biomed_agent.sources.literature.pubmed import History, PubMed
from biomed_agent.sources.literature.search import Literature
from tests.helpers.places import SHARED
from tests.helpers.server import LocalServer, Said, script

RECORDED = SHARED / "recorded" / "pubmed"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout"),
]
ARTICLES: dict[str, list[str]] = {
    "efetch_32160763.xml": ["32160763"],
    "efetch_34843274.xml": ["34843274"],
    "efetch_37167981.xml": ["37167981"],
    "efetch_37909814.xml": [],
    "efetch_38048813.xml": ["38048813"],
    "efetch_38591913.xml": ["38591913"],
    "efetch_38884108.xml": ["38884108"],
    "efetch_38962805.xml": ["38962805"],
    "efetch_biopython_pubmed4.xml": ["27797938"],
    "efetch_retracted_1975.xml": ["993"],
    "efetch_three_articles_2026.xml": ["41884867", "41884779", "41884685"],
}
"""Files of efetch and the PMIDs that are asked for and found; none is found in the empty set."""
CASSETTES = {
    "cassette_efetch_1234567_no_abstract.yaml": ["1234567"],
    "cassette_efetch_23121403_structured_collective.yaml": ["23121403"],
    "cassette_efetch_empty_set.yml": [],
}
OTHERS = {
    "cassette_esummary_bad_uid.yaml", "epost1_webenv.xml", "esearch1.xml", "esearch8_no_items.xml",
    "esearch_2026.json", "esearch_errorlist_large_count.json", "esearch_one_hit.json", "esummary8_error.xml",
}  # fmt: skip


@pytest.fixture
def pubmed(transport: Transport) -> PubMed:
    return PubMed(transport)


def body(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def fetched(server: LocalServer, pubmed: PubMed, name: str) -> list[Article]:
    server.play = script(Said(body(name)))
    return pubmed.fetch(ARTICLES[name] or ["37909814"])


def test_no_recorded_file_is_left_out() -> None:
    assert {file.name for file in RECORDED.iterdir()} == {*ARTICLES, *CASSETTES, *OTHERS}


@pytest.mark.parametrize("name", ARTICLES)
def test_articles(server: LocalServer, pubmed: PubMed, name: str) -> None:
    articles = fetched(server, pubmed, name)
    assert [article.pmid for article in articles] == ARTICLES[name]
    assert all(article.title and article.year and article.journal and article.types for article in articles)
    assert not any("<" in article.title or "</" in article.abstract for article in articles)


def test_what_is_peculiar_in_them(server: LocalServer, pubmed: PubMed) -> None:
    """What ``docs/sources.md`` says each of them proves."""
    articles = {article.pmid: article for name in ARTICLES for article in fetched(server, pubmed, name)}
    assert articles["32160763"].abstract == "", "a missing abstract is empty, not made up"
    assert articles["34843274"].authors[0].startswith("Guideline Development Panel"), "a collective author"
    assert "(μ-XRF)" in articles["37167981"].title
    assert "Fe3O4@SiO2" in articles["37167981"].abstract
    assert articles["38048813"].title.startswith("["), "a translated title"
    assert articles["38048813"].kind == "Editorial"
    rich = articles["38591913"]
    assert (rich.pmcid, len(rich.mesh), len(rich.keywords)) == ("PMC11112993", 9, 9)
    assert list(dict.fromkeys(label for label, _ in labelled(rich.abstract))) == ["", "IMPORTANCE"]
    assert (articles["38884108"].abstract, articles["38884108"].pmcid) == ("", "PMC11177781")
    erratum = articles["38962805"]
    assert (erratum.kind, erratum.is_notice, erratum.authors) == ("Published Erratum", True, ())
    assert [article.pmid for article in articles.values() if article.is_notice] == ["38962805"]
    structured = articles["27797938"]
    assert structured.abstract.startswith("OBJECTIVE: ")
    assert structured.notices == (), "what it cites, and a comment on it, are no notices"
    assert [pmid for pmid, article in articles.items() if article.retracted] == ["993"]
    assert [notice[-13:] for notice in articles["993"].notices] == ["(PMID 195582)"]


def test_a_pmid_of_an_empty_set_is_named(server: LocalServer, pubmed: PubMed) -> None:
    server.play = script(Said(body("efetch_37909814.xml")))
    notes: list[str] = []
    assert Literature(pubmed).search("PMID 37909814", 5, notes) == []
    assert notes[1] == "PubMed gave no record that can be read of 1 PMID: 37909814."


@pytest.mark.parametrize("name", CASSETTES)
def test_exchanges(server: LocalServer, pubmed: PubMed, name: str) -> None:
    for response in responses(name):
        server.play = script(Said(text_of(response)))
        assert [article.pmid for article in pubmed.fetch(CASSETTES[name] or ["233333333"])] == CASSETTES[name]


def test_searches(server: LocalServer, pubmed: PubMed) -> None:
    def search(name: str) -> Any:
        server.play = script(Said(body(name)))
        return pubmed.search(name)

    assert search("esearch_one_hit.json").pmids == ("18033691",)
    assert search("esearch_2026.json").count == 115258
    assert search("esearch_errorlist_large_count.json").ignored == ("p.E1317Q",)
    in_xml = search("esearch1.xml")
    assert (in_xml.count, len(in_xml.pmids), in_xml.translation) == (63, 20, '"biopython"[All Fields]')
    nothing = search("esearch8_no_items.xml")
    assert (nothing.count, nothing.pmids, nothing.ignored) == (0, (), ("abcXYZ",))
    assert "No items found" in nothing.messages[0]


def test_a_question_whose_key_word_was_ignored_is_not_answered_from_the_rest(
    server: LocalServer, pubmed: PubMed
) -> None:
    server.play = script(Said(body("esearch_errorlist_large_count.json")))
    with pytest.raises(NotFound, match=r"does not know p\.E1317Q"):
        Literature(pubmed).search("APC p.E1317Q", 100, [])


def test_a_kept_list_and_errors(server: LocalServer, pubmed: PubMed) -> None:
    server.play = script(Said(body("epost1_webenv.xml")))
    history = pubmed.keep([11237011])
    assert isinstance(history, History)
    assert (history.query_key, bool(history.web_env)) == ("1", True)
    server.play = script(Said(body("esummary8_error.xml")))
    with pytest.raises(Unavailable, match="Neither query_key nor id specified"):
        pubmed.fetch([4])
    server.play = script(Said(text_of(responses("cassette_esummary_bad_uid.yaml")[0])))
    with pytest.raises(Unavailable, match="cannot get document summary"):
        pubmed.fetch([5])


def responses(name: str) -> list[Any]:
    yaml = pytest.importorskip("yaml")
    recorded = yaml.safe_load(body(name))
    return [interaction["response"] for interaction in recorded.get("interactions") or recorded["http_interactions"]]


def text_of(response: Any) -> bytes:
    text = response["body"]["string"]
    return text if isinstance(text, bytes) else str(text).encode()
