"""Every recorded reply of Europe PMC, served from a local server through the real transport; skipped without them."""

from __future__ import annotations

import pytest

from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC, Page
from tests.helpers.places import SHARED
from tests.helpers.server import LocalServer, Said, script

RECORDED = SHARED / "recorded" / "europepmc"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout"),
]
FOUND = {
    "search_core_25.json": 25,
    "search_idlist_25.json": 25,
    "search_lite_25.json": 25,
    "search_lite_25.xml": 25,
    "search_lite_one_pmid.json": 1,
    "search_lite_six.json": 6,
    "search_no_results.json": 0,
    "search_pagesize5.json": 5,
}
CASSETTE = "cassette_2016_search_pmid.yml"


@pytest.fixture
def europepmc(transport: Transport) -> EuropePMC:
    return EuropePMC(transport)


def searched(server: LocalServer, europepmc: EuropePMC, name: str) -> Page:
    server.play = script(Said((RECORDED / name).read_bytes()))
    return europepmc.search(name, limit=max(1, FOUND[name]))


def test_no_recorded_file_is_left_out() -> None:
    assert {file.name for file in RECORDED.iterdir()} == {*FOUND, CASSETTE}


@pytest.mark.parametrize("name", FOUND)
def test_searches(server: LocalServer, europepmc: EuropePMC, name: str) -> None:
    page = searched(server, europepmc, name)
    assert len(page.articles) == FOUND[name]
    assert page.count >= len(page.articles)
    assert all(article.pmid or article.doi or article.pmcid or article.preprint for article in page.articles)
    assert not any("<" in article.title and "</" in article.title for article in page.articles)


def test_core_records_hold_abstracts_and_all_forms_name_the_same_articles(
    server: LocalServer, europepmc: EuropePMC
) -> None:
    core = searched(server, europepmc, "search_core_25.json").articles
    assert sum(len(article.abstract) > 200 for article in core) > 15
    assert not any("<h4" in article.abstract for article in core)
    names = [article.pmid for article in core]
    for name in ("search_lite_25.json", "search_lite_25.xml", "search_idlist_25.json"):
        assert [article.pmid for article in searched(server, europepmc, name).articles] == names
    lite, xml = (searched(server, europepmc, f"search_lite_25.{kind}").articles for kind in ("json", "xml"))
    both = zip(lite, xml, strict=True)
    assert all(
        (first.title, first.types, first.year) == (other.title, other.types, other.year) for first, other in both
    )


def test_an_exchange_of_2016(server: LocalServer, europepmc: EuropePMC) -> None:
    yaml = pytest.importorskip("yaml")
    (exchange,) = yaml.safe_load((RECORDED / CASSETTE).read_text())["http_interactions"]
    server.play = script(Said(exchange["response"]["body"]["string"].encode()))
    [article] = europepmc.search("EXT_ID:17183658 AND SRC:MED", limit=1).articles
    assert article.doi == "10.1371/journal.pone.0000030"
