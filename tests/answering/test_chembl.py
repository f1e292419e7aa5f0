"""What ChEMBL has on record reaches an answer where the local index has nothing, and what it was not asked is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import EgressPolicy
from biomed_agent.sources.chembl import ChEMBL
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local import LocalIndex
from biomed_agent.tools import BioMedToolkit
from tests.helpers.agents import with_parts
from tests.helpers.server import FakeClock, LocalServer, Said
from tests.sources.chembl.replies import Played, activity, document, molecule, target

GUAIFENESIN, TOFACITINIB = "HSRJKNPTNIJEKV-UHFFFAOYSA-N", "UJLAWZDWDVHWOW-YPMHNXCESA-N"
OF_DRUG = {"molecule_chembl_id": "CHEMBL113", "parent_molecule_chembl_id": "CHEMBL113"}
OF_OTHER = {"molecule_chembl_id": "CHEMBL7", "parent_molecule_chembl_id": "CHEMBL7", "molecule_pref_name": None}


def tables() -> dict[str, list[Any]]:
    """Guaifenesin and tofacitinib, a molecule that the local index does not know, and two proteins."""
    return {
        "molecule": [
            molecule(113, GUAIFENESIN, pref_name="GUAIFENESIN", first_approval=1900),
            molecule(221959, TOFACITINIB, pref_name="TOFACITINIB"),
            molecule(7, "AAAAAAAAAAAAAA-UHFFFAOYSA-N", pref_name=None, max_phase="2.0", molecule_synonyms=[]),
        ],
        "target": [target(251, "Q92847"), target(51, "P15056"), target(203, "P01116")],
        "activity": [
            activity(1, "2400", target_chembl_id="CHEMBL251", standard_type="Ki", pchembl_value="5.6", **OF_DRUG),
            activity(2, "9", target_chembl_id="CHEMBL251", standard_type="Ki", pchembl_value="8.0", **OF_OTHER),
            activity(3, "20000", standard_relation=">", pchembl_value=None, **OF_DRUG),
        ],
        "document": [document()],
        "mechanism": [{"mec_id": 5, "mechanism_of_action": "Tyrosine-protein kinase JAK inhibitor",
                       "molecule_chembl_id": "CHEMBL221959", "parent_molecule_chembl_id": "CHEMBL221959"}],
        "drug_indication": [],
        "drug_warning": [],
    }  # fmt: skip


@pytest.fixture
def played(server: LocalServer) -> Played:
    server.play = played = Played(tables())
    return played


def agent_of(agent: BioMedAgent, place: str, egress: EgressPolicy = "names-only") -> BioMedAgent:
    """Return an agent that has ChEMBL alone of all live sources, at a place."""
    index = agent._components.index
    transport = Transport(clock=FakeClock(), services={"chembl": place}, egress=egress)
    retriever = Retriever(index, None, None, None, ChEMBL(transport))
    return with_parts(agent, resolver=Resolver(index, None, None), retriever=retriever, transport=transport)


@pytest.fixture
def online(agent: BioMedAgent, server: LocalServer, played: Played) -> BioMedAgent:
    return agent_of(agent, server.url)


def test_a_pair_that_no_table_has_is_looked_up(online: BioMedAgent, agent: BioMedAgent) -> None:
    answer = online.ask("Does guaifenesin bind BRAF?")
    assert answer.status == "answered", answer.text
    assert answer.text == (
        "No binding was seen. "
        "Measured for guaifenesin and Serine/threonine-protein kinase B-raf (BRAF): IC50 >20000 nM [1][2][3]."
    )
    [source] = [source for source in answer.sources if source.source == "ChEMBL"]
    assert (source.identifier, source.licence, source.release) == ("CHEMBL_ACT 3", "CC BY-SA 3.0", "ChEMBL_99")
    assert len(source.digest) == 64
    without = agent.ask("Does guaifenesin bind BRAF?")
    assert without.status == "not_found"
    assert "measured affinity for BRAF of guaifenesin in ChEMBL (offline is on)" in without.not_looked_up
    assert any("leave out offline" in step.lower() for step in without.next_steps)


def test_what_the_tables_have_is_not_looked_up(online: BioMedAgent, server: LocalServer) -> None:
    assert online.ask("Does imatinib bind ABL1?").status == "answered"
    assert online.ask("What binds ABL1?").facts[0].provenance.retrieved == ""
    assert not server.asked


def test_a_pair_that_chembl_does_not_have_either(online: BioMedAgent) -> None:
    answer = online.ask("Does guaifenesin bind KRAS?")
    assert answer.status == "not_found"
    assert "No measured affinity of guaifenesin and" in answer.text
    assert answer.text.endswith("ChEMBL states no measured affinity for KRAS of guaifenesin.")
    missing = online.ask("Does theobromine bind BRAF?")
    assert "ChEMBL has no record of theobromine." in missing.text


def test_a_fault_of_chembl_is_no_silence(online: BioMedAgent, played: Played) -> None:
    played.instead["activity"] = Said(b"<html>Proxy Error</html>", 502)
    answer = online.ask("Does guaifenesin bind BRAF?")
    assert answer.status == "unavailable"
    assert "could not be looked up" in answer.text and "gave no answer" in answer.text


@pytest.mark.parametrize("policy", ["nothing"])
def test_a_policy_that_forbids_it_is_named(
    agent: BioMedAgent, server: LocalServer, played: Played, monkeypatch: pytest.MonkeyPatch, policy: EgressPolicy
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    silent = agent_of(agent, "http://far.test", policy)
    pair = silent.ask("Does guaifenesin bind BRAF?")
    assert "measured affinity for BRAF of guaifenesin in ChEMBL (the egress policy is nothing)" in pair.not_looked_up
    drug = silent.ask("What is the mechanism of action of tofacitinib?")
    assert drug.status == "refused" and "the egress policy is nothing, so ChEMBL was not asked" in drug.text
    assert not server.asked


def test_partners_are_called_as_the_local_index_calls_them(online: BioMedAgent) -> None:
    answer = online.ask("What binds GHSR?")
    assert answer.status == "answered", answer.text
    assert "affinities of Growth hormone secretagogue receptor type 1 (GHSR) in ChEMBL" in answer.text
    assert (
        "CHEMBL7 (CHEMBL:CHEMBL7) Ki 9 nM; guaifenesin (DRUGBANK:DB00874) Ki 2,400 nM (2 of the 2 read by Ki)"
        in answer.text
    )
    limited = online.ask("What binds GHSR below 10 nM?")
    assert [fact.about for fact in limited.facts] == ["CHEMBL:CHEMBL7"]
    molecule = online.ask("What does guaifenesin bind?")
    assert "EGFR (UNIPROT:Q92847) Ki 2,400 nM" in molecule.text
    counted = online.ask("How many molecules bind GHSR?")
    assert any("how many partners" in told for told in counted.not_looked_up)


def test_what_is_on_record_of_a_drug(online: BioMedAgent, played: Played) -> None:
    mechanism = online.ask("What is the mechanism of action of tofacitinib?")
    assert mechanism.text == "Tofacitinib: mechanism of action Tyrosine-protein kinase JAK inhibitor [1]."
    approved = online.ask("Is tofacitinib approved?")
    assert approved.text == "Yes. Tofacitinib: approval status approved (max phase 4, first approval 2012) [1]."
    by_agency = online.ask("Is tofacitinib approved by the FDA?")
    assert not by_agency.text.startswith("Yes"), "ChEMBL does not say by whom"
    silent = online.ask("What is tofacitinib indicated for?")
    assert silent.status == "not_found" and "states no indication of tofacitinib" in silent.text
    played.tables["drug_warning"] = [
        {"warning_id": 4, "warning_type": "Withdrawn", "warning_country": "X", "warning_year": 2020,
         "parent_molecule_chembl_id": "CHEMBL221959"}
    ]  # fmt: skip
    withdrawn = online.ask("Is tofacitinib approved?")
    assert not withdrawn.text.startswith("Yes") and "withdrawn in X (2020)" in withdrawn.text


def test_approved_ligands_by_list_and_by_chembl(online: BioMedAgent, agent: BioMedAgent) -> None:
    answer = online.ask("Which approved drugs bind GHSR?")
    assert "guaifenesin (DRUGBANK:DB00874) Ki 2,400 nM" in answer.text
    assert (
        "Of 2 measured ligands of Growth hormone secretagogue receptor type 1 (GHSR), 1 is approved by the FDA"
        in answer.text
    )
    assert "; of 1 something else is on record." in answer.text
    live = online.ask("Which approved drugs inhibit JAK2?")
    offline = agent.ask("Which approved drugs inhibit JAK2?")
    assert "1 is approved by ChEMBL's record" in live.text and "tofacitinib" in live.text
    assert "tofacitinib" not in offline.text
    assert any("molecules in ChEMBL (offline is on)" in told for told in offline.not_looked_up)


def test_tools_get_it_too(online: BioMedAgent) -> None:
    tools = {tool.name: tool for tool in BioMedToolkit(agent=online).get_tools()}
    said = tools["molecule_qa"].invoke({"molecule": "tofacitinib", "question": "What is its mechanism of action?"})
    assert "Tyrosine-protein kinase JAK inhibitor" in said


def test_an_agent_of_other_live_sources_does_not_speak_of_chembl(agent: BioMedAgent, server: LocalServer) -> None:
    from biomed_agent.sources.uniprot import UniProt

    index = agent._components.index
    with Transport(clock=FakeClock(), services={"uniprot": server.url}) as transport:
        other = with_parts(agent, retriever=Retriever(index, None, UniProt(transport), None))
        answer = other.ask("Does guaifenesin bind BRAF?")
    assert answer.status == "not_found" and "ChEMBL" not in " ".join(answer.not_looked_up)


@pytest.fixture
def own_index(tmp_path: Path, cache_dir: Path) -> Iterator[BioMedAgent]:
    """An agent with an index of its own, whose molecule has facts as a dump of ChEMBL states them, on its salt."""
    from biomed_agent.sources.local.schema import build_index
    from tests.sources.local.test_index import write_tables

    columns = (
        "inchikey name smiles formula weight cid chebi drugbank cas unii chembl parent salt synonyms classes roles"
    )
    rows = [
        f"{columns} source".split(),
        ["AAAAAAAAAAAAAA-UHFFFAOYSA-N", "testinib", "CCCCCCO", "C6H14O", "102.2", *[""] * 6, "", "", "", "", "", "X 1"],
        ["BBBBBBBBBBBBBB-UHFFFAOYSA-N", "testinib mesylate", "CCCCCCO.Cl", "C6H15ClO", "138.6", *[""] * 6,
         "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "mesylate", "", "", "", "X 2"],
    ]  # fmt: skip
    folder = write_tables(tmp_path / "mine")
    (folder / "molecules.tsv").write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
    for name in ("affinities", "brands"):
        (folder / f"{name}.tsv").unlink()
    facts = [
        ("inchikey", "predicate", "value", "source"),
        ("BBBBBBBBBBBBBB-UHFFFAOYSA-N", "mechanism of action", "Test kinase inhibitor", "ChEMBL CHEMBL2"),
        (
            "BBBBBBBBBBBBBB-UHFFFAOYSA-N",
            "approval status",
            "approved (max phase 4, first approval 2020)",
            "ChEMBL CHEMBL2",
        ),
        ("CCCCCCCCCCCCCC-UHFFFAOYSA-N", "approval status", "approved (max phase 4)", "ChEMBL CHEMBL3"),
    ]
    (folder / "drug_facts.tsv").write_text("\n".join("\t".join(row) for row in facts) + "\n", encoding="utf-8")
    path = build_index(folder, tmp_path / "mine.sqlite")
    yield BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none", index=[path]))


def test_facts_of_a_dump_answer_without_any_network(own_index: BioMedAgent) -> None:
    of_parent = own_index.ask("What is the mechanism of action of testinib?")
    assert of_parent.text == "Testinib: mechanism of action Test kinase inhibitor (of testinib mesylate) [1]."
    assert own_index.ask("Is testinib mesylate approved?").text.startswith(
        "Yes. Testinib mesylate: approval status approved"
    )


def test_starter_approvals_are_of_their_list(agent: BioMedAgent, cache_dir: Path) -> None:
    answer = agent.ask("Is imatinib mesylate approved?")
    assert answer.text == (
        "Imatinib mesylate: approval status approved by the FDA (SWEETLEAD, as of 2013) (of the parent imatinib) [1]. "
        "That list holds what the FDA had approved by 2013, also what was withdrawn; "
        "it does not tell what is approved now."
    )
    assert answer.sources[0].identifier.startswith("row ")
    with LocalIndex.open(cache_dir) as index:
        keys = [molecule.inchikey for molecule in index.every_molecule()]
        listed = index.stated("approval status", keys)
    assert {fact.value for facts in listed.values() for fact in facts} == {
        "approved by the FDA (SWEETLEAD, as of 2013)"
    }
    assert len(listed) == 1248
