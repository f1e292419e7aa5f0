"""Questions about what a protein's record states: parts, diseases, pathways, drugs; UniProt is played."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.settings import Settings
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.uniprot import UniProt
from tests.helpers.agents import with_parts
from tests.helpers.server import Asked, FakeClock, LocalServer, Said


def part(kind: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "location": {"start": {"value": start}, "end": {"value": end}}, **more}


BRAF: dict[str, Any] = {
    "entryType": "UniProtKB reviewed (Swiss-Prot)",
    "primaryAccession": "P15056",
    "comments": [
        {
            "commentType": "DISEASE",
            "disease": {
                "diseaseId": "Testing syndrome 7",
                "acronym": "TS7",
                "diseaseCrossReference": {"database": "MIM", "id": "1"},
            },
            "note": {"texts": [{"value": "The disease is caused by variants affecting the gene"}]},
        },
        {"commentType": "TISSUE SPECIFICITY", "texts": [{"value": "Brain"}]},
    ],
    "features": [
        part("Domain", 457, 717, description="Protein kinase"),
        part("Active site", 576, 576, description="Proton acceptor"),
        *(
            part(
                "Natural variant",
                place,
                place,
                description=f"in test {place}",
                alternativeSequence={"originalSequence": old, "alternativeSequences": [new]},
            )
            for place, old, new in [(600, "V", "E"), *((300 + one, "A", "V") for one in range(9))]
        ),
    ],
    "uniProtKBCrossReferences": [
        {"database": "Reactome", "id": "R-HSA-1", "properties": [{"key": "PathwayName", "value": "Testing pathway"}]},
        {"database": "DrugBank", "id": "DB1", "properties": [{"key": "GenericName", "value": "Testafenib"}]},
        {"database": "ChEMBL", "id": "CHEMBL5145"},
        {"database": "PDB", "id": "1ABC", "properties": [{"key": "Method", "value": "X-ray"}]},
    ],
    "sequence": {"value": "MKT", "length": 3},
}


def play(asked: Asked) -> Said:
    if asked.path in ("/uniprotkb/P15056.json", "/uniprotkb/P00533.json"):
        return Said.json(BRAF | {"primaryAccession": asked.path[11:17]})
    return Said.json({"results": []})


@pytest.fixture(scope="module")
def online(cache_dir: Path) -> Iterator[BioMedAgent]:
    with (
        LocalServer(play) as server,
        Transport(clock=FakeClock(), services={"uniprot": server.url}) as transport,
    ):
        agent, uniprot = BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none")), UniProt(transport)
        index = agent._components.index
        agent = with_parts(
            agent,
            transport=transport,
            resolver=Resolver(index, None, uniprot),
            retriever=Retriever(index, None, uniprot, None),
        )
        yield agent


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What domains does BRAF have?", "domain Protein kinase, residues 457-717"),
        ("What kinase domain does BRAF have?", "domain Protein kinase, residues 457-717"),
        ("Where is the active site of BRAF?", "active site Proton acceptor, residue 576"),
        ("Which diseases is BRAF involved in?", "disease Testing syndrome 7 (TS7, MIM 1) (The disease is caused by"),
        ("Which pathways is BRAF part of?", "pathway Testing pathway (R-HSA-1) (Reactome)"),
        ("How many PDB structures of BRAF are known?", "experimental structures 1 in PDB (1 by X-ray)"),
        ("Which tissues is BRAF expressed in?", "tissue specificity Brain"),
        ("Which natural variants of BRAF are known?", "4 more natural variants"),
    ],
)
def test_what_the_record_states_is_answered_with_its_source(online: BioMedAgent, question: str, said: str) -> None:
    answer = online.ask(question)
    assert answer.status == "answered", answer.text
    assert said in answer.text
    assert answer.sources[0].identifier == "P15056"
    assert all(fact.provenance.identifier == "P15056" for fact in answer.facts)


def test_the_drugs_on_record_stand_beside_measured_affinities(online: BioMedAgent) -> None:
    answer = online.ask("Which drugs inhibit EGFR?")
    assert "Strongest measured affinities" in answer.text
    assert "Testafenib (DB1)" in answer.text


def test_a_variant_is_told_only_what_stands_under_its_name(online: BioMedAgent) -> None:
    answer = online.ask("Which diseases is BRAF V600E involved in?")
    assert "natural variant V600E (in test 600)" in answer.text
    assert "A300V" not in answer.text
    assert any("describe the unchanged protein" in warning for warning in answer.warnings)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("What is the length of the kinase domain of BRAF?", "inapplicable"),
        ("Does imatinib bind the active site of BRAF?", "inapplicable"),
        ("Is BRAF L597R worse than BRAF V600E?", "inapplicable"),
        ("Which signal peptide does BRAF have?", "not_found"),
        ("Which disease does BRAF cure?", "inapplicable"),
    ],
)
def test_what_no_record_of_the_whole_protein_answers(online: BioMedAgent, question: str, status: str) -> None:
    assert online.ask(question).status == status


def test_offline_it_is_said_that_nobody_was_asked(agent: BioMedAgent) -> None:
    answer = agent.ask("Which diseases is BRAF involved in?")
    assert answer.status == "refused", "not_found would say that a record was read"
    assert answer.text == (
        "The disease and disease involvement of Serine/threonine-protein kinase B-raf (BRAF) were not looked up: "
        "offline is on, so UniProt was not asked."
    )
    assert answer.not_looked_up == (
        "disease and disease involvement of Serine/threonine-protein kinase B-raf (BRAF) in UniProt (offline is on)",
    )
    assert answer.warnings == (), "said once"


def test_an_ec_number_in_a_question(agent: BioMedAgent) -> None:
    answer = agent.ask("What is EC 1.14.14.1?")
    assert answer.entities[0].entity.handle == "UNIPROT:P05177"
    answer = agent.ask("What is EC 2.7.10.1?")
    assert answer.status == "ambiguous"
    assert len(answer.candidates) > 5
    answer = agent.ask("Is EGFR EC 2.7.10.1?")
    assert [one.entity.handle for one in answer.entities] == ["UNIPROT:P00533"]
