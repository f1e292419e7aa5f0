"""Absent, not asked and without an answer: three things, said of every section, predicate and look-up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.gaps import Gap, decisive
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.answering.wording.compose import gap_sentences, gaps_listed
from biomed_agent.cli import main
from biomed_agent.core.errors import NotFound, Unavailable
from biomed_agent.core.predicates import SECTIONS
from biomed_agent.core.privacy.egress import switched_off
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Molecule, Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.uniprot import UniProt
from biomed_agent.sources.uniprot.facts import PREDICATES, read_facts
from tests.answering.test_ask_protein import BRAF
from tests.helpers.agents import with_parts
from tests.helpers.server import Asked, FakeClock, LocalServer, Said
from tests.sources.pubchem.test_annotations import GHS

OFFLINE = ("--offline", "--model", "none", "--quiet")
EGFR = "Epidermal growth factor receptor (EGFR)"
WAS_NOT_READ = "A live record was not read (UniProt was not asked: offline is on)."
ASPIRIN = Molecule("CC", name="aspirin")


def play(asked: Asked) -> Said:
    """Know EGFR without diseases and drugs, and hazards of CID 180 (acetone) only."""
    if asked.path.endswith("/P00533.json"):
        parts: dict[str, Any] = {"comments": [], "uniProtKBCrossReferences": []}
        return Said.json(BRAF | {"primaryAccession": "P00533"} | parts)
    if "pug_view" in asked.path and "/180/" in asked.path:
        return Said.json(GHS)
    return Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "none"}}, 404)


@pytest.fixture(scope="module")
def offline(cache_dir: Path) -> BioMedAgent:
    return BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(play) as running:
        yield running


@pytest.fixture
def online(server: LocalServer, cache_dir: Path) -> Iterator[BioMedAgent]:
    with Transport(clock=FakeClock(), services={"uniprot": server.url, "pubchem": server.url}) as transport:
        agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none"))
        index, pubchem, uniprot = agent._components.index, PubChem(transport), UniProt(transport)
        agent = with_parts(
            agent,
            transport=transport,
            resolver=Resolver(index, pubchem, uniprot),
            retriever=Retriever(index, pubchem, uniprot, None),
        )
        yield agent


def test_a_card_says_what_was_not_looked_up_and_uses_the_local_tables(offline: BioMedAgent) -> None:
    card = offline.protein_card("EGFR", about=["function", "diseases", "drugs"])
    assert card.status == "answered"
    assert "No record" not in card.text
    assert card.text.endswith("Its diseases were not looked up: offline is on, so UniProt was not asked.")
    assert "(measured ligands, not a list of approved drugs; DAVIS kinase assay)" in card.text
    assert len([fact for fact in card.facts if fact.predicate == "Kd"]) == 10
    assert card.warnings == (WAS_NOT_READ,)
    assert card.not_looked_up == (
        f"function (in part), diseases and drugs (in part) of {EGFR} in UniProt (offline is on)",
    )


def test_a_warning_is_given_only_where_something_asked_is_missing(offline: BioMedAgent) -> None:
    assert offline.protein_card("EGFR").warnings == ()
    assert offline.protein_card("EGFR", about=["function", "drugs"]).warnings == ()
    described = offline.ask("What is the function of EGFR?")
    assert described.warnings == ()
    assert described.not_looked_up == (f"function and catalytic activity of {EGFR} in UniProt (offline is on)",)
    assert offline.ask("What is the EC number of EGFR?").not_looked_up == ()


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_no_section_is_said_to_be_absent_where_nobody_was_asked(offline: BioMedAgent, section: str) -> None:
    card = offline.protein_card("EGFR", about=[section])
    stated = {fact.predicate for fact in card.facts} & set(SECTIONS[section]) or section == "drugs"
    assert "states no" not in card.text
    assert card.status == ("answered" if stated else "refused")
    assert bool(stated) != (f"not looked up: offline is on, so UniProt was not asked. {EGFR} is a" in card.text)
    if not stated:
        assert card.not_looked_up == (f"{section} of {EGFR} in UniProt (offline is on)",)
        assert card.next_steps


def test_a_record_that_was_read_is_named(online: BioMedAgent) -> None:
    card = online.protein_card("EGFR", about=["diseases", "variants", "drugs"])
    assert card.text.endswith("UniProt's record P00533 states no diseases.")
    assert (card.status, card.warnings, card.not_looked_up) == ("answered", (), ())
    absent = online.protein_card("EGFR", about=["diseases"])
    assert absent.status == "not_found"
    assert absent.text.startswith(f"UniProt's record P00533 states no diseases of {EGFR}. {EGFR} is a protein")
    asked = online.ask("Which diseases is EGFR involved in?")
    assert (asked.status, asked.text) == (
        "not_found",
        f"UniProt's record P00533 states no disease or disease involvement of {EGFR}.",
    )


def test_a_source_that_gives_no_answer_is_unavailable(online: BioMedAgent, server: LocalServer) -> None:
    server.play = lambda asked: Said(b"", 503)
    card = online.protein_card("EGFR", about=["diseases"])
    assert card.status == "unavailable"
    assert f"The diseases of {EGFR} could not be looked up. UniProt" in card.text
    assert card.not_looked_up == (f"diseases of {EGFR} in UniProt (unavailable)",)


def test_what_holds_for_one_of_several_is_said_of_that_one(online: BioMedAgent, offline: BioMedAgent) -> None:
    hazards = online.ask("What are the hazards of acetone and caffeine?")
    assert hazards.status == "answered"
    assert "GHS signal word Danger" in hazards.text
    assert hazards.text.endswith(
        "PubChem's record CID 2519 states no hazards of caffeine. That does not mean that it is safe."
    )
    asked = offline.ask("What is the EC number of EGFR and of insulin?")
    assert asked.status == "answered", asked.text
    assert asked.warnings == (
        "The EC number of Insulin (INS) was not looked up: offline is on, so UniProt was not asked.",
    )


def test_bioassays_that_were_not_asked_for_are_no_silence(offline: BioMedAgent, online: BioMedAgent) -> None:
    gap = "bioassay results of theobromine in PubChem (offline is on)"
    asked = offline.ask("What does theobromine bind?")
    of_chembl = "measured affinity of theobromine in ChEMBL (offline is on)"
    assert (asked.status, asked.not_looked_up) == ("refused", (of_chembl, gap))
    empty = online.ask("What does theobromine bind?")
    assert empty.status == "not_found"
    assert empty.text.endswith("PubChem's record CID 5429 states no bioassay results of theobromine.")
    known = offline.ask("What does imatinib hit in bioassays?")
    assert known.status == "answered"
    assert "The bioassay results of imatinib were not looked up: offline is on" in known.text


def test_drugs_of_a_protein_without_measured_ones(offline: BioMedAgent, online: BioMedAgent) -> None:
    asked = offline.ask("Which drugs target insulin?")
    assert asked.status == "refused"
    assert "not looked up: offline is on, so UniProt was not asked." in asked.text


def test_names_that_are_stated_are_not_said_to_be_missing(offline: BioMedAgent, online: BioMedAgent) -> None:
    asked = offline.ask("What are the synonyms of aspirin?")
    assert (asked.status, asked.warnings) == ("answered", ())
    assert asked.not_looked_up == ("synonym (in part) of acetylsalicylic acid in PubChem (offline is on)",)
    assert online.ask("What are the synonyms of aspirin?").warnings == ()


@pytest.mark.parametrize(
    ("question", "status", "says"),
    [
        ("Is ethanol flammable and what is its density?", "refused", "hazards of ethanol were not looked up"),
        ("Is benzene toxic and what is its molecular weight?", "answered", "hazards of benzene were not looked up"),
        ("What is the molecular weight of caffeine and its toxicity?", "inapplicable", '"toxicity"'),
    ],
)
def test_a_hazard_asked_beside_a_value_is_not_passed_over(
    offline: BioMedAgent, question: str, status: str, says: str
) -> None:
    answer = offline.ask(question)
    assert answer.status == status
    assert any(says in told for told in (answer.text, *answer.warnings))


def test_one_failure_is_told_once(online: BioMedAgent, server: LocalServer) -> None:
    absent = online.ask("What is the pKa of acetic acid?")
    assert (absent.status, absent.warnings) == ("not_found", ())
    assert absent.text == "No pKa of acetic acid is on record: PubChem has no record of acetic acid."
    server.play = lambda asked: Said(b"", 503)
    asked = online.ask("What are the molecular weight and the melting point of caffeine?")
    assert asked.status == "answered"
    assert len(asked.warnings) == 1
    assert asked.warnings[0].startswith("The melting point of caffeine could not be looked up. PubChem")


def test_a_predicate_that_no_live_record_states_is_no_gap_of_one(offline: BioMedAgent) -> None:
    gaps: list[Gap] = []
    protein = offline._components.index.protein_by_accession("P01308")
    assert protein is not None
    offline._components.retriever.stored(protein, ["membrane topology", "disease"], [], gaps)
    assert [(gap.asked, gap.source, gap.unread) for gap in gaps] == [
        ("membrane topology", "", False),
        ("disease", "UniProt", True),
    ]


def test_the_predicates_of_uniprot_are_all_named() -> None:
    stated = {fact.predicate for fact in read_facts(BRAF, Provenance("UniProt"))}
    assert stated
    assert stated <= PREDICATES


def test_sentences_and_list_of_every_kind_of_gap() -> None:
    down = Unavailable("PubChem gave no answer.")
    gaps = [
        Gap(ASPIRIN, "melting point", "PubChem", switched_off("PubChem")),
        Gap(ASPIRIN, "pKa", "PubChem", switched_off("PubChem")),
        Gap(ASPIRIN, "density", "PubChem", down),
        Gap(ASPIRIN, "odor", "PubChem's record CID 1"),
        Gap(ASPIRIN, "ChEBI role"),
        Gap(ASPIRIN, "viscosity", "PubChem", NotFound("PubChem has no record of aspirin.")),
    ]
    assert gap_sentences(gaps) == [
        "The melting point and pKa of aspirin were not looked up: offline is on, so PubChem was not asked.",
        "The density of aspirin could not be looked up. PubChem gave no answer.",
        "PubChem's record CID 1 states no odor of aspirin.",
        "The local index holds no ChEBI role of aspirin, and no other source is asked for that here.",
        "No viscosity of aspirin is on record: PubChem has no record of aspirin.",
    ]
    assert gaps_listed(gaps) == [
        "melting point and pKa of aspirin in PubChem (offline is on)",
        "density of aspirin in PubChem (unavailable)",
    ]
    assert decisive(gaps) is down
    assert decisive(gaps[3:]) is None


@pytest.mark.parametrize(
    ("about", "code", "says"),
    [("function,diseases,drugs", 0, "Its diseases were not looked up: offline is on"), ("diseases", 6, "The diseases")],
)
def test_at_the_command_line(capsys: pytest.CaptureFixture[str], about: str, code: int, says: str) -> None:
    assert main([*OFFLINE, "find", "protein", "EGFR", "--about", about, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert says in found["text"]
    assert "offline is on" in found["not_looked_up"][0]
