"""The questions put to ChEMBL, here a server of this machine that filters, pages and errs as ChEMBL does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.types import EgressPolicy, Molecule, Protein
from biomed_agent.sources.chembl import ChEMBL
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import FakeClock, LocalServer, Said
from tests.sources.chembl.replies import ETHANOL, WATER, Played, activity, document, molecule, target
from tests.sources.chembl.test_readers import HTML, XML

FLURB = Molecule("CCO", ETHANOL, "flurbnitrol", ids={"cid": "4242"})
EGFR = Protein("MRPSGT", "P00533", gene="EGFR")
KRAS = Protein("MTEYKL", "P01116", gene="KRAS")


def tables() -> dict[str, list[Any]]:
    """A molecule, its salt, and another one; a protein, its family and another one; values of all."""
    return {
        "molecule": [
            molecule(11), molecule(12, "SALTSALTSALTSA-UHFFFAOYSA-N", "CCO.Cl", 11, pref_name="FLURBNITROL CHLORIDE"),
            molecule(13, WATER, "O", pref_name="WATER", molecule_synonyms=[], max_phase=None),
        ],
        "target": [target(51), target(52, kind="PROTEIN FAMILY"), target(53, "P01116")],
        "activity": [
            activity(1), activity(2, "3.5", molecule_chembl_id="CHEMBL12"),
            activity(3, "40", assay_variant_mutation="T790M"), activity(4, "90", standard_units="ug.mL-1"),
            activity(5, "7", target_chembl_id="CHEMBL53"),
            activity(6, "8", target_chembl_id="CHEMBL52"),
            activity(7, None, activity_comment="Not Active", standard_units=None, pchembl_value=None),
            activity(8, "10000", standard_relation=">", pchembl_value=None, document_chembl_id="CHEMBL72"),
            activity(9, "2", molecule_chembl_id="CHEMBL13", parent_molecule_chembl_id="CHEMBL13",
                     molecule_pref_name=None, standard_type="Kd"),
        ],
        "document": [document(71), document(72, pubmed_id=None, doi=None)],
        "mechanism": [{"mec_id": 1, "mechanism_of_action": "EGFR inhibitor", "molecule_chembl_id": "CHEMBL12",
                       "parent_molecule_chembl_id": "CHEMBL11"}],
        "drug_indication": [
            {"drugind_id": 1, "mesh_heading": "Asthma", "max_phase_for_ind": "2.0", "molecule_chembl_id": "CHEMBL11",
             "parent_molecule_chembl_id": "CHEMBL11"},
            {"drugind_id": 2, "efo_term": "gout", "max_phase_for_ind": "4.0", "molecule_chembl_id": "CHEMBL12",
             "parent_molecule_chembl_id": "CHEMBL11"},
        ],
        "drug_warning": [],
        "chembl_id_lookup": [
            {"chembl_id": "CHEMBL66", "entity_type": "COMPOUND", "status": "OBS"},
            {"chembl_id": "CHEMBL71", "entity_type": "DOCUMENT", "status": "ACTIVE"},
        ],
    }  # fmt: skip


@pytest.fixture
def played(server: LocalServer) -> Played:
    played = Played(tables())
    server.play = played
    return played


@pytest.fixture
def chembl(server: LocalServer, played: Played) -> Iterator[ChEMBL]:
    with Transport(clock=FakeClock(), services={"chembl": server.url}) as transport:
        yield ChEMBL(transport)


# -- molecules and targets


def test_molecules_by_identifier_key_and_name(chembl: ChEMBL, server: LocalServer) -> None:
    assert chembl.release() == "ChEMBL_99"
    assert chembl.by_chembl_id(" chembl11 ").molecule().smiles == "CCO"
    assert chembl.by_chembl_id("11").chembl_id == "CHEMBL11"
    assert [each.chembl_id for each in chembl.by_inchikey(ETHANOL.lower())] == ["CHEMBL11"]
    assert chembl.by_inchikey("AAAAAAAAAAAAAA-UHFFFAOYSA-N") == []
    assert [each.chembl_id for each in chembl.by_name(" fb-1 ")] == ["CHEMBL11", "CHEMBL12"], "one name, two molecules"
    assert chembl.by_name("nothing") == []
    assert {asked.headers["user-agent"].partition("/")[0] for asked in server.asked} == {"biomed-agent"}
    [compound] = chembl.by_inchikey(ETHANOL)
    assert (compound.provenance.release, compound.provenance.licence) == ("ChEMBL_99", "CC BY-SA 3.0")


def test_many_molecules_take_one_request(chembl: ChEMBL, server: LocalServer) -> None:
    found = chembl.compounds(["CHEMBL13", "CHEMBL11", "CHEMBL11", "CHEMBL99"])
    assert list(found) == ["CHEMBL11", "CHEMBL13"], "the order is the server's"
    assert list(chembl.compounds_by_inchikey([WATER, ETHANOL, "no key"])) == [WATER, ETHANOL]
    lists = [asked for asked in server.asked if asked.path == "/molecule.json"]
    assert len(lists) == 2
    assert chembl.compounds([]) == {} and len(server.asked) == 2 * len(lists)


def test_what_is_no_molecule_says_why(chembl: ChEMBL) -> None:
    for number, words in (("CHEMBL99", "has no molecule"), ("CHEMBL66", "has retired"), ("CHEMBL71", "but a document")):
        with pytest.raises(NotFound, match=words):
            chembl.by_chembl_id(number)
    for text in ("", "CHEMBL", "CHEBI:15365", "CHEMBL0"):
        with pytest.raises(InvalidInput):
            chembl.by_chembl_id(text)
    with pytest.raises(InvalidInput, match="no InChIKey"):
        chembl.by_inchikey("CCO")
    for name in ("  ", "x" * 301):
        with pytest.raises(InvalidInput, match="cannot be looked up"):
            chembl.by_name(name)


def test_only_a_single_protein_is_a_target(chembl: ChEMBL, played: Played) -> None:
    assert [each.chembl_id for each in chembl.targets("p00533-2")] == ["CHEMBL51"]
    assert chembl.targets("Q99999") == []
    with pytest.raises(InvalidInput, match="no UniProt accession"):
        chembl.targets("EGFR")
    played.ignores = {"target_type"}
    assert [each.chembl_id for each in chembl.targets("P00533")] == ["CHEMBL51"], "families are told by their type"


# -- activities


def test_the_values_of_a_pair(chembl: ChEMBL) -> None:
    notes: list[str] = []
    facts = chembl.activities(FLURB, EGFR, notes)
    assert [fact.amount for fact in facts] == [3.5, 12.5, ">10000", "Not Active"]
    assert {(fact.subject, fact.about, fact.about_name) for fact in facts} == {("CID:4242", "UNIPROT:P00533", "EGFR")}
    references = [fact.measurement.references for fact in facts if fact.measurement]
    assert references[0] == ("PMID:15084136", "DOI:10.1021/x") and references[2] == ()
    assert notes == [
        "Left out: 1 value of ChEMBL, no concentration.",
        "Left out: 1 value of ChEMBL for variants of the protein.",
    ]
    assert chembl.activities(FLURB, KRAS)[0].value == 7.0


def test_the_values_of_a_variant_are_its_own(chembl: ChEMBL) -> None:
    facts = chembl.activities(FLURB, Protein("MRPSGT", "P00533", gene="EGFR", variant="T790M"))
    assert [fact.value for fact in facts] == [40.0]
    assert chembl.activities(FLURB, Protein("MRPSGT", "P00533", gene="EGFR", variant="L858R")) == []


def test_what_chembl_does_not_have_is_not_found(chembl: ChEMBL) -> None:
    with pytest.raises(NotFound, match="no record of benzene"):
        chembl.activities(Molecule("c1ccccc1", "UHOVQNZJYSORNB-UHFFFAOYSA-N", "benzene"), EGFR)
    with pytest.raises(NotFound, match="no single-protein target for X"):
        chembl.activities(FLURB, Protein("M", "Q99999", gene="X"))
    with pytest.raises(NotFound, match="this sequence"):
        chembl.activities(FLURB, Protein("MMM"))


def test_the_partners_of_a_protein_and_of_a_molecule(chembl: ChEMBL, server: LocalServer) -> None:
    notes: list[str] = []
    of_protein = chembl.activities_of(EGFR, 10, notes)
    assert {(fact.about, fact.about_name) for fact in of_protein} == {
        ("CHEMBL:CHEMBL11", "FLURBNITROL"), ("CHEMBL:CHEMBL13", "CHEMBL13"),
    }  # fmt: skip
    assert {fact.subject for fact in of_protein} == {"UNIPROT:P00533"}
    [one] = chembl.activities_of(EGFR, 1)[:1]
    assert one.about == "CHEMBL:CHEMBL11"
    strongest = [asked.query for asked in server.asked if asked.path == "/activity.json"]
    assert {query["order_by"] for query in strongest} == {"-pchembl_value"}
    notes = []
    of_molecule = chembl.activities_of(FLURB, 10, notes, weakest=True)
    assert {(fact.about, fact.about_name) for fact in of_molecule} == {
        ("UNIPROT:P00533", "EGFR"),
        ("UNIPROT:P01116", "EGFR"),
    }
    assert notes[-1] == "Left out: 2 values of ChEMBL on variants, families, complexes and cells."
    assert [asked.query["order_by"] for asked in server.asked if asked.path == "/activity.json"][-1] == "pchembl_value"


def test_more_values_than_one_page_are_told(chembl: ChEMBL, played: Played) -> None:
    played.page_size = 2
    notes: list[str] = []
    chembl.activities_of(EGFR, 10, notes)
    assert notes[0] == "ChEMBL has 5 values for this; 2 were read."


# -- pages


def test_pages_are_followed_and_repetitions_dropped(chembl: ChEMBL, played: Played, server: LocalServer) -> None:
    played.page_size = 2
    assert [fact.amount for fact in chembl.activities(FLURB, EGFR)] == [3.5, 12.5, ">10000", "Not Active"]
    pages = [asked.query for asked in server.asked if asked.path == "/activity.json"]
    assert [query.get("offset") for query in pages] == [None, "2", "4"]
    assert {query["parent_molecule_chembl_id"] for query in pages} == {"CHEMBL11"}
    assert {query["limit"] for query in pages} == {"1000"} and {query["order_by"] for query in pages} == {"activity_id"}
    played.tables["activity"].insert(1, activity(1))
    notes: list[str] = []
    assert len(chembl.activities(FLURB, EGFR, notes)) == 4
    assert notes[0] == "ChEMBL has 7 values for this; 6 were read."


def test_a_list_that_ends_too_early_is_no_answer(chembl: ChEMBL, played: Played) -> None:
    rows = {"activities": [activity()], "page_meta": {"next": None, "total_count": "3"}}
    played.instead["activity"] = Said.json(rows)
    with pytest.raises(Unavailable, match=r"said 3 rows of .* and sent 1"):
        chembl.activities(FLURB, EGFR)
    rows["page_meta"] = {"next": "/chembl/api/data/activity.json?limit=1000", "total_count": 3}
    played.instead["activity"] = Said.json(rows)
    with pytest.raises(Unavailable, match="the same page"):
        chembl.activities(FLURB, EGFR)
    played.instead["activity"] = Said.json({"activities": [activity()]})
    assert len(chembl.activities(FLURB, EGFR)) == 1, "a list need not say how long it is"


# -- another record is no answer


@pytest.mark.parametrize(
    ("filter_name", "ask"),
    [
        ("molecule_structures__standard_inchi_key", lambda chembl: chembl.by_inchikey(ETHANOL)),
        ("pref_name__iexact", lambda chembl: chembl.by_name("water")),
        ("molecule_synonyms__molecule_synonym__iexact", lambda chembl: chembl.by_name("fb-1")),
        ("molecule_chembl_id__in", lambda chembl: chembl.compounds(["CHEMBL11"])),
        ("target_components__accession", lambda chembl: chembl.targets("P00533")),
        ("target_chembl_id", lambda chembl: chembl.activities(FLURB, EGFR)),
        ("parent_molecule_chembl_id", lambda chembl: chembl.activities(FLURB, EGFR)),
        ("pchembl_value__isnull", lambda chembl: chembl.activities_of(EGFR)),
    ],
)
def test_a_filter_that_was_passed_over(
    chembl: ChEMBL, played: Played, filter_name: str, ask: Callable[[ChEMBL], Any]
) -> None:
    played.ignores = {filter_name}
    with pytest.raises(Unavailable, match="answered with another record"):
        ask(chembl)


@pytest.mark.parametrize("resource", ["mechanism", "drug_indication", "drug_warning"])
def test_what_is_stated_of_another_drug(chembl: ChEMBL, played: Played, resource: str) -> None:
    row = {"parent_molecule_chembl_id": "CHEMBL13", "molecule_chembl_id": "CHEMBL13"}
    for strange in (row, {}):
        played.instead[resource] = Said.json({f"{resource}s": [strange], "page_meta": {"total_count": 1}})
        with pytest.raises(Unavailable, match="another record"):
            chembl.drug_facts(FLURB)


def test_a_record_under_another_number(chembl: ChEMBL, played: Played) -> None:
    played.instead["molecule"] = Said.json(molecule(13))
    with pytest.raises(Unavailable, match="another record"):
        chembl.by_chembl_id("CHEMBL11")


def test_a_number_of_another_structure_is_not_used(chembl: ChEMBL, played: Played) -> None:
    benzene = Molecule("c1ccccc1", "UHOVQNZJYSORNB-UHFFFAOYSA-N", "benzene", ids={"chembl": "CHEMBL11"})
    with pytest.raises(Unavailable, match="another record"):
        chembl.compound_of(benzene)
    played.tables["molecule"][0]["molecule_structures"] = None
    assert chembl.compound_of(benzene).chembl_id == "CHEMBL11", "a record without a structure contradicts nothing"


# -- drugs


def test_what_is_on_record_of_a_drug(chembl: ChEMBL, played: Played) -> None:
    facts = chembl.drug_facts(FLURB)
    assert [(fact.predicate, fact.value) for fact in facts] == [
        ("mechanism of action", "EGFR inhibitor"),
        ("indication", "gout (phase 4)"),
        ("indication", "Asthma (phase 2)"),
        ("approval status", "approved (max phase 4, first approval 2012)"),
    ]
    assert {fact.subject for fact in facts} == {"CID:4242"}
    assert {fact.provenance.release for fact in facts} == {"ChEMBL_99"}
    salt = Molecule("CCO.Cl", "SALTSALTSALTSA-UHFFFAOYSA-N", "its salt")
    assert [fact.value for fact in chembl.drug_facts(salt, ["approval status"])] == [facts[-1].value]
    played.tables["drug_warning"] = [
        {
            "warning_id": 4,
            "warning_type": "Withdrawn",
            "warning_country": "France",
            "parent_molecule_chembl_id": "CHEMBL11",
        }
    ]
    assert [fact.value for fact in chembl.drug_facts(FLURB, ["approval status"])][1:] == ["withdrawn in France"]
    water = Molecule("O", WATER, "water")
    assert chembl.drug_facts(water) == []


def test_only_what_is_wanted_is_asked(chembl: ChEMBL, server: LocalServer) -> None:
    chembl.drug_facts(FLURB, ["mechanism of action"])
    assert {asked.path for asked in server.asked} == {"/status.json", "/molecule.json", "/mechanism.json"}


# -- errors


@pytest.mark.parametrize(
    "said",
    [
        Said(HTML, 200, {"content-type": "text/html"}), Said(HTML, 500), Said(HTML, 502), Said(XML, 400),
        Said.json({"error_message": "no"}, 400), Said.json({"error_message": "no", "traceback": "x"}, 500),
        Said(b"", 404), Said(b"", 200), Said(b"{}", 200), Said.json({"molecules": 5}),
        Said(b'{"molecules": []}', cut=3),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_unavailable(chembl: ChEMBL, played: Played, said: Said) -> None:
    played.instead["molecule"] = said
    with pytest.raises(Unavailable):
        chembl.by_inchikey(ETHANOL)


def test_an_error_is_asked_again_and_not_kept(server: LocalServer, tmp_path: Path) -> None:
    answers = Played(tables())
    left = [Said(HTML, 200), Said(HTML, 502)]
    server.play = lambda asked: left.pop() if left and asked.path == "/molecule.json" else answers(asked)
    with Transport(tmp_path, clock=FakeClock(), services={"chembl": server.url}) as transport:
        assert ChEMBL(transport).by_inchikey(ETHANOL)
        asked = len(server.asked)
        assert asked == 4, "the release, two faults, the answer"
        assert ChEMBL(transport).by_inchikey(ETHANOL)
        assert len(server.asked) == asked, "both come from the cache"


def test_replies_are_kept_under_their_release(server: LocalServer, tmp_path: Path) -> None:
    server.play = played = Played(tables())
    clock = FakeClock()
    with Transport(tmp_path, clock=clock, services={"chembl": server.url}) as transport:
        chembl = ChEMBL(transport)
        chembl.by_inchikey(ETHANOL)
        clock.now += 2 * 86_400
        chembl.by_inchikey(ETHANOL)
        assert [asked.path for asked in server.asked] == ["/status.json", "/molecule.json", "/status.json"]
        played.release = "ChEMBL_100"
        clock.now += 2 * 86_400
        assert chembl.by_inchikey(ETHANOL)[0].provenance.release == "ChEMBL_100"
        assert [asked.path for asked in server.asked[3:]] == ["/status.json", "/molecule.json"]
        assert all("edition" not in asked.query for asked in server.asked)


def test_two_requests_a_second(chembl: ChEMBL, server: LocalServer) -> None:
    assert SERVICES["chembl"].per_second == 2
    clock = chembl.transport._clock
    began = clock.monotonic()
    for number in range(10):
        chembl.by_name(f"name {number}")
    assert clock.monotonic() - began >= (len(server.asked) - 1) / 2


# -- what leaves


QUESTIONS: dict[str, Callable[[ChEMBL], Any]] = {
    "identifier": lambda chembl: chembl.by_chembl_id("CHEMBL11"),
    "key": lambda chembl: chembl.by_inchikey(ETHANOL),
    "name": lambda chembl: chembl.by_name("flurbnitrol"),
    "pair": lambda chembl: chembl.activities(FLURB, EGFR),
    "partners": lambda chembl: chembl.activities_of(FLURB),
    "drug": lambda chembl: chembl.drug_facts(FLURB),
}


@pytest.fixture
def far(server: LocalServer, played: Played, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address elsewhere, which the proxy of this machine answers."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, server.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return "http://far.test"


@pytest.mark.parametrize("asked", QUESTIONS)
def test_nothing_leaves_under_nothing_or_offline(far: str, server: LocalServer, asked: str) -> None:
    for options in ({"egress": "nothing"}, {"offline": True}):
        with Transport(clock=FakeClock(), services={"chembl": far}, **options) as transport:
            with pytest.raises(Refused):
                QUESTIONS[asked](ChEMBL(transport))
            assert not transport.log
    assert not server.asked


@pytest.mark.parametrize("policy", ["names-only", "public"])
@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_structure_never_leaves(
    far: str, server: LocalServer, tmp_path: Path, policy: EgressPolicy, asked: str
) -> None:
    audit = tmp_path / "egress.jsonl"
    with Transport(clock=FakeClock(), services={"chembl": far}, egress=policy, audit=audit) as transport:
        QUESTIONS[asked](ChEMBL(transport))
        assert all(line.startswith("ChEMBL: ") for line in transport.log)
    sent = [json.loads(line) for line in audit.read_text(encoding="utf-8").splitlines()]
    assert len(sent) == len(server.asked)
    assert {line["kind"] for line in sent} <= {"names", "identifiers", "hashes"}
    assert {"key": "hashes", "name": "names"}.get(asked, "identifiers") in {line["kind"] for line in sent}
    assert not [request for request in server.asked if "CCO" in (*request.query.values(), *request.form.values())]


@pytest.mark.parametrize("text", ["HAEGTFTSDVSSYLEGQAAK", "ClCCl", "InChI=1S/CH4/h1H4"])
def test_a_structure_does_not_leave_as_a_name(far: str, server: LocalServer, text: str) -> None:
    with Transport(clock=FakeClock(), services={"chembl": far}) as transport:
        with pytest.raises(Refused, match="would reveal a structure"):
            ChEMBL(transport).by_name(text)
        assert transport.log == type(transport.log)(["ChEMBL: release"])
    assert [asked.path for asked in server.asked] == ["/status.json"], "the release, which tells nothing of the name"
