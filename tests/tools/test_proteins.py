"""The look-up tools for proteins and papers, as a calling model meets them; the services are played."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.gaps import Gap
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.predicates import SECTIONS
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Protein
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.literature.search import Literature
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.uniprot import UniProt
from biomed_agent.tools import BioMedToolkit, FindProteinTool, SearchLiteratureTool
from biomed_agent.tools.proteins import Section
from tests.helpers.agents import with_parts
from tests.helpers.server import Asked, FakeClock, LocalServer, Said
from tests.helpers.tool_calls import OFFLINE, call

RECORD: dict[str, Any] = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P00533",
    "comments": [{"commentType": "FUNCTION", "texts": [{"value": "Binds testing factor"}]}],
    "features": [
        {"type": "Domain", "location": {"start": {"value": 5}, "end": {"value": 9}}, "description": "Testing"}
    ],
    "sequence": {"value": "MKT", "length": 3},
}


def record(pmid: int, abstract: str, kind: str = "Review") -> str:
    told = f"<Abstract><AbstractText>{abstract}</AbstractText></Abstract>" if abstract else ""
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>2024</Year>"
        f"</PubDate></JournalIssue><Title>J Tests</Title></Journal><ArticleTitle>Trial {pmid} of testing</ArticleTitle>"
        f"{told}<PublicationTypeList><PublicationType>{kind}</PublicationType></PublicationTypeList></Article>"
        "</MedlineCitation></PubmedArticle>"
    )


RECORDS = "".join(
    (
        record(1, "We did it. Testing halved the risk."),
        record(2, "", "Editorial"),
        record(3, "It was done. In conclusion, nothing came of it."),
        record(4, "Testing is magic.", "Retracted Publication"),
    )
)


def play(asked: Asked) -> Said:
    if "esearch" in asked.path:
        found = {"count": "4", "idlist": ["1", "2", "3", "4"], "querytranslation": "testing[All Fields]"}
        ignored = {"errorlist": {"phrasesnotfound": ["flurb"]}} if "flurb" in asked.form["term"] else {}
        return Said.json({"esearchresult": found | ignored})
    if "efetch" in asked.path:
        return Said(f"<PubmedArticleSet>{RECORDS}</PubmedArticleSet>".encode())
    if asked.path == "/uniprotkb/P00533.json":
        return Said.json(RECORD)
    return Said.json({"results": [], "hitCount": 0, "resultList": {"result": []}})


@pytest.fixture(scope="module")
def online(cache_dir: Path) -> Iterator[BioMedAgent]:
    with LocalServer(play) as server:
        places = dict.fromkeys(("uniprot", "pubmed", "europepmc"), server.url)
        with Transport(clock=FakeClock(), services=places) as transport:
            agent, uniprot = BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none")), UniProt(transport)
            article_search = Literature(PubMed(transport), EuropePMC(transport))
            index = agent._components.index
            agent = with_parts(
                agent,
                transport=transport,
                resolver=Resolver(index, None, uniprot),
                retriever=Retriever(index, None, uniprot, article_search),
            )
            yield agent


def test_a_gene_is_found_with_what_it_is() -> None:
    message = call(FindProteinTool(agent=OFFLINE), name="EGFR")
    assert message.text.startswith("STATUS answered")
    assert "UNIPROT:P00533" in message.text
    assert "human by default" in message.text or "only match" in message.text
    assert "1,210 residues" in message.text


def test_an_organism_a_variant_and_an_ec_number_are_taken() -> None:
    find = FindProteinTool(agent=OFFLINE)
    assert "UNIPROT:P48025" in call(find, name="SYK", organism="mouse").text
    assert "variant V600E" in call(find, name="BRAF V600E").text
    message = call(find, name="EC 2.7.10.1")
    assert message.text.startswith("STATUS ambiguous")
    assert '"UNIPROT:P00533"' in message.text


def test_an_organism_as_long_as_a_book_is_refused(online: BioMedAgent) -> None:
    message = call(FindProteinTool(agent=online), name="EGFR", organism="mouse " * 20_000)
    assert message.text.startswith("STATUS invalid")
    assert "the organism has 119,999 characters; expected at most 300" in message.text


def test_the_sections_asked_for_are_read_of_the_record(online: BioMedAgent) -> None:
    message = call(FindProteinTool(agent=online), name="EGFR", about=["function", "domains", "diseases"])
    for said in ("Binds testing factor", "Testing, residues 5-9", "UniProt's record P00533 states no diseases."):
        assert said in message.text
    assert {"function", "domain"} <= {fact["predicate"] for fact in message.artifact["facts"]}


def test_an_unknown_section_is_named() -> None:
    message = call(FindProteinTool(agent=OFFLINE), name="EGFR", about=["magic"])
    assert message.status == "error"
    assert "about.0: got 'magic'" in message.text
    assert set(get_args(Section)) == set(SECTIONS)
    assert OFFLINE().protein_card("EGFR", about=["magic"]).status == "invalid"


def test_articles_are_listed_in_their_order_with_one_passage_each(online: BioMedAgent) -> None:
    message = call(SearchLiteratureTool(agent=online), query="testing AND risk")
    evidence = message.artifact["evidence"]
    assert [(one["article"]["pmid"], one["label"], one["text"]) for one in evidence] == [
        ("1", "", "Testing halved the risk."),
        ("2", "TITLE", "Trial 2 of testing"),
        ("3", "", "In conclusion, nothing came of it."),
    ]
    assert "Passed over because retracted: PMID:4." in message.text
    assert "read as: testing[All Fields]" in message.text
    assert "(J Tests 2024, PMID:1, review) [1]" in message.text


def test_a_query_with_an_unknown_word_is_not_answered_from_the_rest(online: BioMedAgent) -> None:
    message = call(SearchLiteratureTool(agent=online), query="testing flurb")
    assert message.text.startswith("STATUS not_found")
    assert "does not know flurb" in message.text
    assert call(SearchLiteratureTool(agent=OFFLINE), query="aspirin").text.startswith("STATUS refused")


def test_the_toolkit_hands_them_out() -> None:
    names = [tool.name for tool in BioMedToolkit(offline=True, model="none").get_tools()]
    assert {"find_protein", "search_literature"} <= set(names)


def test_an_odd_element_of_a_record_is_told_and_costs_only_itself(cache_dir: Path) -> None:
    body = {**RECORD, "comments": [*RECORD["comments"], {"commentType": "SUBUNIT", "texts": [{}]}]}

    def odd(asked: Asked) -> Said:
        return Said.json(body if asked.path.endswith(".json") else {"results": []})

    with LocalServer(odd) as server, Transport(clock=FakeClock(), services={"uniprot": server.url}) as transport:
        notes: list[str] = []
        gaps: list[Gap] = []
        index = LocalIndex.open(cache_dir)
        retriever = Retriever(index, None, UniProt(transport), None)
        facts = retriever.stored(Protein("MKT", "P00533"), ["domain", "subunit structure"], notes, gaps)
    assert [fact.value for fact in facts if fact.predicate == "domain"] == ["Testing, residues 5-9"]
    assert any("could not be read: comment SUBUNIT" in note for note in notes)
    (gap,) = gaps
    assert (gap.asked, gap.source, gap.unread) == ("subunit structure", "UniProt's record P00533", True)
