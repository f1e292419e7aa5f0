"""PubMed as a LangChain retriever, against a local server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests
from pydantic import ValidationError

from biomed_agent import BioMedAgent
from biomed_agent.answering.evidence import Retriever
from biomed_agent.core.errors import InvalidInput, NotFound, Refused
from biomed_agent.core.types import Article
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.literature.search import Literature
from biomed_agent.sources.local import LocalIndex
from biomed_agent.tools import AgentFactory, PubMedRetriever
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

RETRACTED = {2, 5}
"""PMIDs of the played PubMed, which has 1 to 9"""


def record(pmid: int) -> str:
    kind = "Retracted Publication" if pmid in RETRACTED else "Journal Article"
    return f"""<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate>
    <Year>2020</Year></PubDate></JournalIssue><Title>J Tests</Title></Journal><ArticleTitle>Trial {pmid}</ArticleTitle>
    <Abstract><AbstractText>It was tried.</AbstractText></Abstract><PublicationTypeList><PublicationType>{kind}
    </PublicationType></PublicationTypeList></Article></MedlineCitation><PubmedData><ArticleIdList>
    <ArticleId IdType="doi">10.1/{pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"""


def play(asked: Asked) -> Said:
    if "esearch" in asked.path:
        known = range(1, 10) if "trial" in asked.form["term"] else range(0)
        pmids = [str(pmid) for pmid in known][: int(asked.form["retmax"])]
        result: dict[str, Any] = {"count": str(len(known)), "idlist": pmids, "querytranslation": "trial"}
        if "flurb" in asked.form["term"]:
            result["errorlist"] = {"phrasesnotfound": ["flurb"]}
        return Said.json({"esearchresult": result})
    if "efetch" in asked.path:
        records = "".join(record(int(pmid)) for pmid in asked.query["id"].split(","))
        return Said(f"<PubmedArticleSet>{records}</PubmedArticleSet>".encode())
    return Said.json({"hitCount": 0, "resultList": {"result": []}})


class Finds:
    """Stands in for the agent: the literature of a local server and nothing else."""

    def __init__(self, url: str) -> None:
        transport = Transport(clock=FakeClock(), services=dict.fromkeys(("pubmed", "europepmc"), url))
        article_search = Literature(PubMed(transport), EuropePMC(transport))
        self.retriever = Retriever(cast(LocalIndex, None), None, None, article_search)

    def articles(self, query: str, limit: int) -> list[Article]:
        return self.retriever.articles(query, limit, [])

    async def aarticles(self, query: str, limit: int) -> list[Article]:
        return self.articles(query, limit)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(play) as running:
        yield running


@pytest.fixture
def found(server: LocalServer) -> PubMedRetriever:
    return PubMedRetriever(agent=Finds(server.url))


class TestStandard(RetrieversIntegrationTests):
    """What LangChain asks of every retriever."""

    @pytest.fixture(autouse=True)
    def _connect(self, server: LocalServer) -> None:
        self.server = server

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return PubMedRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"agent": Finds(self.server.url)}

    @property
    def retriever_query_example(self) -> str:
        return "trial"


def test_a_document_carries_what_is_needed_to_cite_it(found: PubMedRetriever) -> None:
    document = found.invoke("trial")[0]
    assert document.page_content == "Trial 1\n\nIt was tried."
    assert document.id == "PMID:1"
    told = {name: document.metadata[name] for name in ("title", "pmid", "doi", "year", "journal", "types", "url")}
    assert told == {
        "title": "Trial 1",
        "pmid": "1",
        "doi": "10.1/1",
        "year": "2020",
        "journal": "J Tests",
        "types": ["Journal Article"],
        "url": "https://pubmed.ncbi.nlm.nih.gov/1/",
    }
    assert (document.metadata["source"], document.metadata["retracted"]) == ("PubMed", False)
    json.dumps(document.metadata)


async def test_retracted_articles_are_left_out_or_marked(found: PubMedRetriever) -> None:
    assert [one.metadata["pmid"] for one in found.invoke("trial")] == ["1", "3", "4", "6", "7"]
    everything = found.model_copy(update={"retracted": True})
    documents = await everything.ainvoke("trial", None, k=3)
    assert [(one.metadata["pmid"], one.metadata["retracted"]) for one in documents] == [
        ("1", False),
        ("2", True),
        ("3", False),
    ]


def test_no_hit_is_an_empty_list_and_an_ignored_word_an_error(found: PubMedRetriever) -> None:
    assert found.invoke("nothing") == []
    with pytest.raises(NotFound, match="does not know flurb"):
        found.invoke("trial flurb")


def test_a_wrong_k_is_named(found: PubMedRetriever) -> None:
    with pytest.raises(InvalidInput, match="k 0 is out of range"):
        found.invoke("trial", None, k=0)
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        PubMedRetriever(k=0)


@pytest.mark.parametrize("make", [BioMedAgent, AgentFactory])
def test_an_agent_that_is_offline_refuses(make: Any) -> None:
    with pytest.raises(Refused, match="offline"):
        PubMedRetriever(agent=make(offline=True, model="none")).invoke("trial")
