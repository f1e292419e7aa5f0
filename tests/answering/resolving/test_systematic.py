"""A systematic name that no index knows is read on this machine: before anybody is asked, and instead of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from biomed_agent.answering.agent import BioMedAgent
from biomed_agent.answering.components import Components
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.chemistry import nomenclature, opsin
from biomed_agent.core.chemistry.nomenclature import KEPT_NAMES
from biomed_agent.core.errors import InvalidInput, NotFound
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Fact, Molecule, Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.structure_search import StructureSearch
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.uniprot import UniProt
from biomed_agent.tools import BioMedToolkit
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

UNKNOWN = "3-(2-methylbutyl)-5-propylheptan-2-ol"
UNKNOWN_SMILES = "CCCC(CC)CC(CC(C)CC)C(C)O"


@pytest.fixture(scope="module")
def index(cache_dir: Path) -> LocalIndex:
    return LocalIndex.open(cache_dir)


@pytest.fixture(scope="module")
def resolver(index: LocalIndex) -> Resolver:
    return Resolver(index, None, None)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    missing = {"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}

    def play(asked: Asked) -> Said:
        return Said.json({"results": []}) if "uniprot" in asked.path else Said.json(missing, status=404)

    with LocalServer(play) as running:
        yield running


@pytest.fixture
def online(server: LocalServer, index: LocalIndex, cache_dir: Path, tmp_path: Path) -> Iterator[BioMedAgent]:
    services = dict.fromkeys(("pubchem", "uniprot"), server.url)
    with Transport(tmp_path, services=services, clock=FakeClock()) as transport:
        pubchem, uniprot = PubChem(transport), UniProt(transport)
        components = Components(
            transport=transport,
            index=index,
            resolver=Resolver(index, pubchem, uniprot),
            retriever=Retriever(index, pubchem, uniprot, None),
            structures=StructureSearch(index, tmp_path),
        )
        yield BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none"), components=components)


@pytest.fixture
def without_opsin(monkeypatch: pytest.MonkeyPatch) -> None:
    KEPT_NAMES.clear()
    monkeypatch.setattr(opsin, "installation", lambda: None)
    monkeypatch.setattr(opsin, "_shared", None)


def sent_by(server: LocalServer) -> str:
    return " ".join(f"{asked.path} {asked.query} {asked.form}" for asked in server.asked)


def test_an_unknown_systematic_name_is_read_and_is_the_users_own_structure(resolver: Resolver) -> None:
    resolved = resolver.resolve(UNKNOWN)
    assert isinstance(resolved.entity, Molecule)
    assert resolved.entity.smiles == UNKNOWN_SMILES
    assert resolved.why == "read by OPSIN as a systematic name; no record"
    assert resolved.asked == UNKNOWN
    assert resolved.given
    assert resolved.entity.provenance is not None
    assert resolved.entity.provenance.source.startswith("OPSIN 2.")


def test_a_systematic_name_of_a_known_structure_leads_to_its_record(resolver: Resolver) -> None:
    resolved = resolver.resolve("name:2-(acetyloxy)benzoic acid", "molecule")
    assert resolved.entity.handle == "CID:2244"
    assert resolved.why == "read by OPSIN as a systematic name; its InChIKey has a record"
    assert not resolved.given


def test_a_name_that_a_record_states_is_taken_from_it(resolver: Resolver) -> None:
    assert resolver.resolve("1,3,7-trimethylpurine-2,6-dione").why == "exact synonym, only match"


def test_a_name_of_more_characters_than_others_may_have_is_read(resolver: Resolver) -> None:
    long = "2-(" * 80 + "2-hydroxyethoxy" + ")ethoxy" * 79 + ")ethan-1-ol"
    resolved = resolver.resolve(long)
    assert isinstance(resolved.entity, Molecule)
    assert resolved.entity.smiles == "OCC" * 81 + "O"
    with pytest.raises(InvalidInput, match="a name of 301 characters"):
        resolver.resolve("x" * 301)


@pytest.mark.parametrize("name", ["2,3-dimethylhexanedioic-7-acid", "(3R)-3-methylpentane-2,2-dithiol-9-one"])
def test_what_opsin_cannot_read_says_so(resolver: Resolver, name: str) -> None:
    with pytest.raises(NotFound) as caught:
        resolver.resolve(name, "molecule")
    assert "OPSIN does not read it" in caught.value.hint


def test_other_unknown_names_say_nothing_of_it(resolver: Resolver) -> None:
    with pytest.raises(NotFound) as caught:
        resolver.resolve("flurbnitrol", "molecule")
    assert "OPSIN" not in caught.value.hint


def test_a_protein_is_never_looked_for_among_systematic_names(resolver: Resolver) -> None:
    with pytest.raises(NotFound) as caught:
        resolver.resolve(UNKNOWN, "protein")
    assert "OPSIN" not in caught.value.hint


def test_without_the_extra_one_line_says_what_would_read_it(resolver: Resolver, without_opsin: None) -> None:
    with pytest.raises(NotFound) as caught:
        resolver.resolve(UNKNOWN)
    assert "pip install 'biomed-agent[names]'" in caught.value.hint


def test_a_systematic_name_never_leaves_only_its_key(online: BioMedAgent, server: LocalServer) -> None:
    answer = online.find_molecule(UNKNOWN)
    assert answer.status == "answered", answer.text
    assert "RYNNTKDBEOCCGH-UHFFFAOYSA-N" in sent_by(server)
    assert "methylbutyl" not in sent_by(server)
    assert "CCCC" not in sent_by(server)
    assert all("methylbutyl" not in record for record in map(str, answer.egress))


def test_a_known_name_asks_nobody(online: BioMedAgent, server: LocalServer) -> None:
    assert online.find_molecule("2-(acetyloxy)benzoic acid").status == "answered"
    assert server.asked == []


def test_of_many_names_the_systematic_ones_are_read_together_and_asked_for_by_key(
    online: BioMedAgent, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []
    read = nomenclature.structures_of

    def counted(names: list[str]) -> list[str | None]:
        together.append(len(names))
        return read(names)

    monkeypatch.setattr(nomenclature, "structures_of", counted)
    names = [UNKNOWN, "aspirin", "4-(3-ethylhexyl)-2,6-dimethyldecan-1-amine", "flurbnitrol"]
    answers = list(online.find_many("molecule", names))
    assert [answer.status for answer in answers] == ["answered", "answered", "answered", "not_found"]
    assert together[0] == 2
    assert "flurbnitrol" in sent_by(server)
    assert "methylbutyl" not in sent_by(server)
    assert "ethylhexyl" not in sent_by(server)


def test_a_value_is_computed_of_a_systematic_name(online: BioMedAgent) -> None:
    answer = online.ask("How heavy is it?", molecule=UNKNOWN)
    assert answer.status == "answered", answer.text
    assert "228.42" in answer.text
    assert any(source.source.startswith("OPSIN 2.") for source in answer.sources)


def iupac_name(agent: BioMedAgent, molecule: str) -> tuple[str, str, str, str]:
    (fact,) = agent.ask("What is its IUPAC name?", molecule=molecule).facts
    return str(fact.value), fact.kind, fact.provenance.source.split()[0], fact.note


def test_a_name_that_no_record_states_is_computed_and_proved(agent: BioMedAgent) -> None:
    name, kind, source, note = iupac_name(agent, "smiles:CCCC(CC)C[C@H](O)CCCCN")
    assert name == "(5R)-1-amino-7-ethyldecan-5-ol"
    assert (kind, source, note) == ("computed", "openclatura", "read back by OPSIN to the same structure")


def test_a_name_that_was_not_read_back_says_so(agent: BioMedAgent, without_opsin: None) -> None:
    assert iupac_name(agent, "smiles:CC(C)CO")[3] == "not read back: OPSIN is not installed"


def test_a_stored_name_is_preferred(agent: BioMedAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    retriever = agent._components.retriever
    record = Provenance(source="PubChem", identifier="CID 2244")
    stored = Fact("CID:2244", "IUPAC name", "2-acetyloxybenzoic acid", provenance=record)
    monkeypatch.setattr(type(retriever.index), "facts", lambda self, entity: [stored])
    assert retriever.stored(Molecule("CC(=O)Oc1ccccc1C(=O)O"), ("IUPAC name",), []) == [stored]


def test_what_has_no_name_that_holds_says_so(agent: BioMedAgent) -> None:
    answer = agent.ask("What is its IUPAC name?", molecule="smiles:C[Pt]Cl")
    assert answer.status != "answered"
    assert "No systematic name was found that holds for this structure." in answer.warnings


def test_a_calling_model_is_not_told_the_name_of_a_users_own_structure() -> None:
    toolkit = BioMedToolkit(offline=True, model="none")
    handle = toolkit._handles.give("molecule", "smiles:CCCC(CC)C[C@H](O)CCCCN")
    ask = next(tool for tool in toolkit.get_tools() if tool.name == "molecule_qa")
    said = str(ask.invoke({"question": "What is its IUPAC name?", "molecule": handle}))
    assert handle in said
    assert "ethyldecan" not in said
