"""The whole path with live records: a local server plays PubChem, UniProt, PubMed and Europe PMC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.components import Components
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.answering.wording import to_html, to_text, to_tool_text
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.literature.search import Literature
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.structure_search import StructureSearch
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.uniprot import UniProt
from tests.helpers.agents import with_parts
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

# 2-butylbutan-1-ol, a stand-in for a compound that no shipped record has.
RECORD = {
    "PC_Compounds": [
        {
            "id": {"id": {"cid": 4242}},
            "atoms": {"aid": [1, 2], "element": [6, 8]},
            "bonds": {"aid1": [1], "aid2": [2], "order": [1]},
            "props": [
                {"urn": {"label": "SMILES", "name": "Absolute"}, "value": {"sval": "CCCCC(CC)CO"}},
                {"urn": {"label": "InChIKey", "name": "Standard"}, "value": {"sval": "TZYRSLHNPKPEFV-UHFFFAOYSA-N"}},
                {"urn": {"label": "IUPAC Name", "name": "Preferred"}, "value": {"sval": "2-butylbutan-1-ol"}},
            ],
        }
    ]
}
ARTICLES = """<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID>11</PMID><Article>
<Journal><JournalIssue><PubDate><Year>2021</Year></PubDate>
</JournalIssue><Title>Journal of Tests</Title></Journal><ArticleTitle>Metformin and mice</ArticleTitle><Abstract>
<AbstractText Label="METHODS">Metformin was given to mice.</AbstractText>
<AbstractText Label="RESULTS">Metformin did not extend lifespan in this trial.</AbstractText></Abstract>
</Article><CommentsCorrectionsList><CommentsCorrections RefType="ExpressionOfConcernIn"><RefSource>J Tests</RefSource>
<PMID>13</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article>
<ArticleTitle>Metformin extends lifespan</ArticleTitle><Abstract>
<AbstractText>Metformin doubled lifespan.</AbstractText></Abstract><PublicationTypeList>
<PublicationType>Retracted Publication</PublicationType></PublicationTypeList>
</Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>"""
EARLY = {
    "id": "PPR5",
    "source": "PPR",
    "doi": "10.1101/early",
    "title": "Metformin in worms",
    "abstractText": "<h4>Results</h4>Metformin extends lifespan of worms.",
    "pubYear": "2025",
    "bookOrReportDetails": {"publisher": "bioRxiv"},
}
EGFR = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P00533",
    "uniProtkbId": "EGFR_HUMAN",
    "organism": {"scientificName": "Homo sapiens", "taxonId": 9606},
    "comments": [{"commentType": "FUNCTION", "texts": [{"value": "Binds ligands of the EGF family."}]}],
    "sequence": {"value": "MRPSGTAGAALLALLAALCPASRA", "length": 24},
}


def play(asked: Asked) -> Said:
    """Answer as the four services would; PubMed is out of order for a query about worms."""
    everything = " ".join([asked.path, *asked.query.values(), *asked.form.values()])
    if "esearch" in asked.path and "worms" in everything:
        return Said.json({"error": "Search Backend failed"}, status=400)
    if asked.path == "/search":
        hits = [EARLY] if "worms" in everything else []
        return Said.json({"hitCount": len(hits), "resultList": {"result": hits}})
    if "esearch" in asked.path:
        ignored = "flurb" in everything
        result = {"count": "2", "idlist": ["11", "12"], "querytranslation": "metformin[All Fields]"}
        extra = {"errorlist": {"phrasesnotfound": ["flurb"], "fieldsnotfound": []}} if ignored else {}
        return Said.json({"esearchresult": result | extra})
    if "efetch" in asked.path:
        return Said(ARTICLES.encode(), headers={"content-type": "text/xml"})
    if "uniprotkb/P00533" in asked.path:
        return Said.json(EGFR)
    if "uniprotkb" in asked.path or "uniparc" in asked.path:
        return Said.json({"results": []})
    if "flurbnitrol" in everything or "4242" in everything:
        if "property" in asked.path:
            return Said.json({"PropertyTable": {"Properties": [{"CID": 4242, "Title": "Flurbnitrol"}]}})
        return Said.json(RECORD)
    return Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, status=404)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(play) as running:
        yield running


@pytest.fixture
def online(server: LocalServer, cache_dir: Path, tmp_path: Path) -> Iterator[BioMedAgent]:
    services = dict.fromkeys(("pubchem", "uniprot", "pubmed", "europepmc"), server.url)
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none"))
    with Transport(tmp_path, services=services, clock=FakeClock()) as transport, LocalIndex.open(cache_dir) as index:
        pubchem, uniprot = PubChem(transport), UniProt(transport)
        article_search = Literature(PubMed(transport), EuropePMC(transport))
        components = Components(
            transport=transport,
            index=index,
            resolver=Resolver(index, pubchem, uniprot),
            retriever=Retriever(index, pubchem, uniprot, article_search),
            structures=StructureSearch(index, tmp_path),
            generator=None,
        )
        yield BioMedAgent(settings=agent.settings, components=components)


def test_a_quoted_name_is_looked_up_and_computed(online: BioMedAgent, server: LocalServer) -> None:
    answer = online.ask('What is the molecular weight of "flurbnitrol"?')
    assert answer.status == "answered", answer.text
    assert answer.entities[0].entity.handle == "CID:4242"
    assert "130.23" in answer.text
    assert any(source.source == "PubChem" for source in answer.sources)
    asked = len(server.asked)
    online.ask('What is the logP of "flurbnitrol"?')
    assert len(server.asked) == asked, "the second look-up comes from the cache"


def test_a_service_that_is_down_is_unavailable_and_not_a_missing_record(
    online: BioMedAgent, server: LocalServer
) -> None:
    server.play = lambda asked: Said(b"", 503)
    for question in ("What is the melting point of aspirin?", "Which diseases is BRAF involved in?"):
        answer = online.ask(question)
        assert answer.status == "unavailable", answer.text
        assert "could not be looked up" in answer.text
    server.play = play
    answer = online.ask("What is the melting point of caffeine?")
    assert answer.status == "not_found", answer.text
    assert answer.text == "PubChem's record CID 2519 states no melting point of caffeine."


def test_an_unquoted_unknown_word_is_never_sent(online: BioMedAgent, server: LocalServer) -> None:
    assert online.ask("What is the molecular weight of flurbnitrol?").status == "not_found"
    assert server.asked == []


def test_a_live_record_adds_what_the_index_lacks(online: BioMedAgent, server: LocalServer) -> None:
    answer = online.ask("What is the function of EGFR?")
    assert "Binds ligands of the EGF family." in answer.text
    assert [asked.path for asked in server.asked] == ["/uniprotkb/P00533.json"]


def test_a_sequence_never_leaves_only_its_checksum(online: BioMedAgent, server: LocalServer) -> None:
    sequence = "MKRSTLWQNAHVGDEPYFCIKLMSTAWRQHNGDEPVYFCIKLMRSTAQWNHGDEPVYCFIKL"
    answer = online.ask("What is this protein?", protein=sequence)
    assert answer.status == "answered"
    assert server.asked
    assert all(sequence not in f"{asked.path}{asked.query}{asked.form}" for asked in server.asked)


def test_literature_gives_verbatim_passages_and_passes_over_what_was_retracted(online: BioMedAgent) -> None:
    answer = online.ask("Does metformin extend lifespan?", query="metformin lifespan")
    assert answer.status == "answered", answer.text
    assert answer.evidence[0].text == "Metformin did not extend lifespan in this trial."
    assert answer.evidence[0].article.pmid == "11"
    assert all(evidence.article.pmid != "12" for evidence in answer.evidence)
    assert any("PMID:12" in warning for warning in answer.warnings)
    assert "PubMed was asked for 'metformin lifespan' (2 articles; read as: metformin[All Fields])." in answer.warnings


class Reader:
    """A model that is offered for literature, and says the same words to everything."""

    def __init__(self, *words: str, demonstration: bool = False, finish: Literal["stop", "length"] = "stop") -> None:
        decoding = {"mbr_samples": 3, "temperature": 0.5}
        self.stamp = ModelStamp("reader", kinds=("literature",), demonstration=demonstration, decoding=decoding)
        self.drawn = [Generation(text, finish, new_tokens=7) for text in words]

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        return self.drawn[:n]


def test_a_model_reads_passages_and_tells_how_its_answer_was_chosen_and_cut(online: BioMedAgent) -> None:
    question, query = "Does metformin extend lifespan?", "metformin lifespan"
    online = with_parts(online, generator=Reader("It did not [1].", "It did not [1].", "It did.", finish="length"))
    answer = online.ask(question, query=query)
    assert (answer.status, answer.model is not None) == ("answered", True)
    assert answer.model is not None
    assert (answer.model.text, answer.model.saw) == ("It did not [1].", "the numbered passages")
    assert (answer.model.samples, answer.model.rejected) == (3, 0)
    assert answer.model.agreement == pytest.approx((1 + 2 * 2 / 6) / 2)
    assert "The model: its answer was cut after 7 tokens." in answer.warnings
    assert all(passage.shown_to_model and passage.quoted for passage in answer.evidence)

    online = with_parts(online, generator=Reader("It did not [1].", demonstration=True))
    silent = online.ask(question, query=query)
    assert silent.model is not None
    assert (silent.model.text, silent.model.withheld_summary) == ("", "1 sentence undecided")
    assert "It did not" not in f"{silent.to_json()} {silent} {to_tool_text(silent)} {to_html(silent)}"
    assert "The model: its host gave 1 of the 3 samples that its manifest asks for." in silent.warnings

    online = with_parts(online, generator=Reader(" \n"))
    empty = online.ask(question, query=query)
    assert (empty.status, empty.model) == ("answered", None)
    assert "The model gave an empty answer." in empty.warnings
    assert not any(passage.shown_to_model for passage in empty.evidence)


@pytest.mark.parametrize("ask", ["ask", "find"])
def test_retracted_articles_and_notices_alone_are_no_answer(online: BioMedAgent, server: LocalServer, ask: str) -> None:
    record = (
        "<PubmedArticle><MedlineCitation><PMID>{}</PMID><Article><ArticleTitle>{}Metformin doubles lifespan"
        "</ArticleTitle><Abstract><AbstractText>Metformin doubled lifespan.</AbstractText></Abstract></Article>{}"
        "</MedlineCitation></PubmedArticle>"
    )
    link = (
        "<CommentsCorrectionsList><CommentsCorrections RefType='RetractedandRepublishedIn'><RefSource>J 2</RefSource>"
        "<PMID>99</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    three = record.format(11, "RETRACTED: ", "") + record.format(12, "Retraction: ", "") + record.format(13, "", link)
    found = Said.json({"esearchresult": {"count": "3", "idlist": ["11", "12", "13"], "querytranslation": "m"}})
    fetched = Said(f"<PubmedArticleSet>{three}</PubmedArticleSet>".encode())
    server.play = lambda asked: found if "esearch" in asked.path else fetched if "efetch" in asked.path else play(asked)
    query = "metformin lifespan"
    answer = (
        online.ask("Does metformin extend lifespan?", query=query) if ask == "ask" else online.search_literature(query)
    )
    assert (answer.status, answer.evidence) == ("not_found", ())
    assert answer.text == f"What was found for {query!r} is retracted, or only tells of another article."
    assert "Passed over because retracted: PMID:11, PMID:13." in answer.warnings
    assert (
        "Passed over because they only tell of another article: PMID:12 (Retraction of Publication)." in answer.warnings
    )


def test_text_passages_and_sources_share_numbers_and_labels_and_concerns_are_shown(online: BioMedAgent) -> None:
    answer = online.ask("Does metformin extend lifespan in mice?", query="metformin lifespan")
    results, methods = answer.evidence
    assert (methods.text, methods.label) == ("Metformin was given to mice.", "METHODS")
    assert [(one.number, one.article.pmid) for one in (results, methods)] == [(1, "11"), (1, "11")]
    assert [source.identifier for source in answer.sources] == ["PMID 11"]
    assert (
        'RESULTS: "Metformin did not extend lifespan in this trial." (Journal of Tests 2021, PMID:11; Expression of '
        "concern: J Tests (PMID 13)) [1]"
    ) in answer.text
    for render in (to_text, to_tool_text, to_html):
        assert "[2]" not in render(answer)


def test_europe_pmc_answers_for_pubmed_and_a_preprint_says_that_it_is_one(online: BioMedAgent) -> None:
    answer = online.ask("Does metformin extend lifespan of worms?", query="metformin worms")
    assert answer.status == "answered", answer.text
    assert "(bioRxiv 2025, DOI:10.1101/early; preprint, not peer reviewed) [1]" in answer.text
    assert answer.sources[0].url == "https://europepmc.org/article/PPR/PPR5"
    assert any("Europe PMC was asked for 'metformin worms' instead" in warning for warning in answer.warnings)


def test_only_names_of_a_literature_question_are_sent(online: BioMedAgent, server: LocalServer) -> None:
    answer = online.ask("What do papers say about metformin and my secret project Zanzibar?")
    assert answer.status == "answered"
    sent = " ".join(f"{asked.query}{asked.form}" for asked in server.asked)
    assert "metformin" in sent
    assert "Zanzibar" not in sent


def test_a_query_whose_word_was_ignored_is_not_answered_from_the_rest(online: BioMedAgent) -> None:
    answer = online.ask("Does flurb help?", query="flurb metformin")
    assert answer.status == "not_found"
    assert "flurb" in answer.text


def test_a_name_no_service_knows_is_not_found(online: BioMedAgent) -> None:
    answer = online.ask('What is "xyzzyplugh"?')
    assert answer.status == "not_found"
    assert "PubChem" in " ".join(answer.next_steps)
