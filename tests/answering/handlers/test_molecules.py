"""Hazards, measured values, bioassays and searches by structure through the agent, against a local PubChem."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.answering.agent import BioMedAgent
from biomed_agent.answering.components import Components
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.answering.wording import to_tool_text
from biomed_agent.core.settings import Settings, read_settings
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.structure_search import StructureSearch
from biomed_agent.sources.pubchem import PubChem
from tests.helpers.server import Asked, FakeClock, LocalServer, Said
from tests.sources.pubchem.test_annotations import ASSAYS, GHS, measured, text

UNKNOWN = Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "none"}}, 404)


def play(asked: Asked) -> Said:
    """Know hazards, melting point and assays of every CID; like it and in it is CID 7,000,001."""
    if "pug_view" in asked.path:
        hazards = asked.query["heading"] == "GHS Classification"
        return Said.json(GHS if hazards else measured("Melting Point", text("135 °C (rapid heating)"), text("135 °C")))
    if "assaysummary" in asked.path:
        return Said.json(ASSAYS)
    if "/xrefs/RN" in asked.path:
        return Said.json({"InformationList": {"Information": [{"CID": 2519, "RN": ["58-08-2"]}]}})
    if "/cids/" in asked.path:
        return Said.json({"IdentifierList": {"CID": [2519, 7_000_001]}})
    if "property/Title,SMILES" in asked.path:
        row = {"CID": 7_000_001, "Title": "likeness", "SMILES": "Cn1c(=O)c2[nH]cnc2n(C)c1=O"}
        return Said.json({"PropertyTable": {"Properties": [row]}})
    return UNKNOWN


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(play) as server:
        yield server


def components(transport: Transport, index: LocalIndex) -> Components:
    pubchem = PubChem(transport)
    return Components(
        transport=transport,
        index=index,
        resolver=Resolver(index, pubchem, None),
        retriever=Retriever(index, pubchem, None, None),
        structures=StructureSearch(index, read_settings().cache_dir),
        generator=None,
    )


@pytest.fixture
def agent(server: LocalServer, tmp_path: Path) -> Iterator[BioMedAgent]:
    agent = BioMedAgent(settings=Settings(cache_dir=tmp_path, model="none"))
    with (
        Transport(tmp_path, services={"pubchem": f"{server.url}/rest/pug"}, clock=FakeClock()) as transport,
        LocalIndex.open(read_settings().cache_dir) as index,
    ):
        agent = BioMedAgent(settings=agent.settings, components=components(transport, index))
        yield agent


def facts(answer: Any) -> dict[str, Any]:
    return {fact.predicate: fact for fact in answer.facts}


def test_a_hazard_is_answered_by_its_statements(agent: BioMedAgent) -> None:
    answer = agent.ask("Is acetone flammable?")
    assert answer.status == "answered"
    assert answer.text.startswith("Yes: depositors classify acetone as flammable.")
    assert "H225: Burns easily" in answer.text
    assert "H412" not in answer.text
    assert {"Plant Safety"} <= {source.source for source in answer.sources}
    assert "80.5%" in facts(answer)["GHS hazard statement"].note or len(answer.facts) > 3


def test_a_hazard_nobody_states_is_not_denied(agent: BioMedAgent) -> None:
    answer = agent.ask("Is acetone carcinogenic?")
    assert answer.status == "answered"
    assert "No depositor classifies acetone as carcinogenic" in answer.text
    assert "does not prove that it is not" in answer.text


def test_all_hazards_are_listed_with_their_signal_word(agent: BioMedAgent) -> None:
    answer = agent.ask("What are the GHS hazards of acetone?")
    assert "GHS signal word Danger" in answer.text
    assert {"H225: Burns easily", "H412: Bad for fish"} <= {fact.value for fact in answer.facts}


def test_a_measured_value_keeps_number_unit_condition_and_source(agent: BioMedAgent) -> None:
    answer = agent.ask("What is the melting point of aspirin?")
    assert answer.status == "answered", answer.text
    fact = facts(answer)["melting point"]
    assert (fact.value, fact.unit, fact.note) == (135.0, "°C", "(rapid heating)")
    assert fact.provenance.source == "Bench Notes"
    assert "melting point 135 °C" in answer.text
    assert fact.subject == "CID:2244"


def test_a_registry_number_that_the_index_lacks_is_looked_up(agent: BioMedAgent) -> None:
    answer = agent.ask("What is the CAS number of caffeine?")
    assert "58-08-2" in answer.text


def test_what_a_molecule_hits_comes_from_assays_where_the_index_knows_none(agent: BioMedAgent) -> None:
    answer = agent.ask("What does acetone hit?")
    assert answer.status == "answered", answer.text
    assert "PubChem's bioassays of acetone: 6 results (3 active" in answer.text
    assert "(UNIPROT:P23219) Ki 0.02 uM" in answer.text
    assert facts(answer)["Ki"].provenance.identifier == "AID 12"
    known = agent.ask("What does imatinib hit?")
    assert "bioassays in PubChem (ask for its bioassays)" in known.not_looked_up
    asked = agent.ask("What does imatinib hit in bioassays?")
    assert "PubChem's bioassays of imatinib" in asked.text


def test_a_search_goes_to_pubchem_by_cid_and_says_so(agent: BioMedAgent, server: LocalServer) -> None:
    answer = agent.similar_molecules("caffeine", limit=3)
    assert answer.status == "answered", answer.text
    assert "likeness (CID:7000001) 0." in answer.text
    assert answer.kind == "search"
    assert any("fastsimilarity_2d/cid/2519" in asked.path for asked in server.asked)
    assert all(asked.form.get("smiles") is None for asked in server.asked)
    assert agent.substructure_matches("caffeine", limit=3).status == "answered"


def test_a_structure_stays_here_and_the_index_answers_in_place(tmp_path: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=tmp_path, model="none"))
    with (
        Transport(services={"pubchem": "http://far.test"}, clock=FakeClock(), egress="nothing") as transport,
        LocalIndex.open(read_settings().cache_dir) as index,
    ):
        agent = BioMedAgent(settings=agent.settings, components=components(transport, index))
        own = "smiles:CC(=O)Oc1ccc(CCl)cc1C(=O)O"
        assert agent.similar_molecules(own, where="pubchem").status == "refused"
        answer = agent.similar_molecules(own)
        assert answer.status == "answered"
        assert "PubChem (refused)" in answer.not_looked_up
        assert "acetylsalicylic acid (CID:2244)" in answer.text
        assert answer.egress == ()


def test_a_search_that_must_not_leave_is_told_and_done_here(agent: BioMedAgent, server: LocalServer) -> None:
    answer = agent.similar_molecules("caffeine", where="local", limit=2)
    asked = len(server.asked)
    assert answer.status == "answered"
    assert "local index" in answer.sources[0].source
    server.play = lambda request: Said(b"", 503)
    answer = agent.similar_molecules("theobromine", limit=2)
    assert answer.status == "answered"
    assert any("Only the local index was searched" in warning for warning in answer.warnings)
    assert "PubChem (unavailable)" in answer.not_looked_up
    assert len(server.asked) > asked
    assert "NOT LOOKED UP PubChem (unavailable)" in to_tool_text(answer)
