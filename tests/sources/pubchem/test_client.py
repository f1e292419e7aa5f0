import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.types import Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.pubchem.readers import (
    read_compounds,
    read_descriptions,
    read_list_key,
    read_properties,
    read_row,
    read_rows,
    read_synonyms,
    read_titles,
)
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

HERE = Provenance("PubChem", url="http://pubchem.test", retrieved="2026-11-01T00:00:00+00:00")


def prop(label: str, name: str, value: Any, **urn: str) -> dict[str, Any]:
    kind = "sval" if isinstance(value, str) else "ival" if isinstance(value, int) else "fval"
    return {"urn": {"label": label, "name": name, **urn}, "value": {kind: value}}


def record(cid: int | None, smiles: str, labels: tuple[str, str] = ("Absolute", "Connectivity"), **more: Any) -> Any:
    """A record of water-like size: PubChem's shape, our numbers."""
    props = [prop("SMILES", labels[0], smiles), prop("SMILES", labels[1], smiles.replace("@", ""))] if smiles else []
    props += [
        prop("IUPAC Name", "Preferred", "a name"),
        {"urn": {"label": "Molecular Weight"}, "value": {"sval": "46.07"}},
        {"urn": {"label": "Log P", "name": "XLogP3"}, "value": {"fval": 0}},
        prop("Topological", "Polar Surface Area", 20.2, implementation="E_TPSA"),
        prop("Count", "Hydrogen Bond Donor", 0, implementation="E_NHDONORS"),
    ]
    return {"id": {"id": {"cid": cid}} if cid else {}, "atoms": {"aid": [1], "element": [8]}, "props": props} | more


def compounds(*records: Any) -> dict[str, Any]:
    return {"PC_Compounds": list(records)}


def titles(*pairs: tuple[int, str]) -> dict[str, Any]:
    return {"PropertyTable": {"Properties": [{"CID": cid, "Title": title} for cid, title in pairs]}}


def fault(code: str, message: str = "said", **more: Any) -> dict[str, Any]:
    return {"Fault": {"Code": code, "Message": message} | more}


# -- readers


@pytest.mark.parametrize("labels", [("Absolute", "Connectivity"), ("Isomeric", "Canonical")])
def test_a_record_is_read_before_and_after_the_renaming(labels: tuple[str, str]) -> None:
    (molecule,) = read_compounds(compounds(record(7, "OC(=O)[C@@H](N)C", labels)), HERE, {7: "alanine"})
    assert molecule.smiles == "C[C@H](N)C(=O)O"
    assert molecule.name == "alanine"
    assert molecule.ids == {"cid": "7"}
    assert molecule.handle == "CID:7"
    assert molecule.provenance is not None
    assert molecule.provenance.url == "https://pubchem.ncbi.nlm.nih.gov/compound/7"
    assert molecule.provenance.retrieved == HERE.retrieved


def test_without_smiles_the_inchi_is_read() -> None:
    only_inchi = record(8, "") | {"props": [prop("InChI", "Standard", "InChI=1S/CH4/h1H4")]}
    (molecule,) = read_compounds(compounds(only_inchi), HERE)
    assert molecule.smiles == "C"


def test_the_record_names_itself_when_there_is_no_title() -> None:
    assert read_compounds(compounds(record(7, "CCO")), HERE)[0].name == "a name"


def test_every_record_is_returned_in_order() -> None:
    molecules = read_compounds(compounds(record(22, "[OH-].[H+]"), record(9, "O"), record(None, "CC")), HERE)
    assert [molecule.ids["cid"] for molecule in molecules] == ["22", "9"]


def test_an_unreadable_structure_matters_only_when_it_is_alone() -> None:
    bad = record(5, "C(C)(C)(C)(C)(C)C")
    assert [compound.handle for compound in read_compounds(compounds(bad, record(6, "CCO")), HERE)] == ["CID:6"]
    with pytest.raises(InvalidInput, match="PubChem CID 5"):
        read_compounds(compounds(bad), HERE)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"PC_Compounds": None},
        compounds({"atoms": {"aid": [1, 2], "element": [8]}}),
        compounds({"id": 5, "atoms": {"aid": [1], "element": [8]}}),
        compounds(record(5, "") | {"props": [{}]}),
    ],
)
def test_a_malformed_record_is_the_services_fault(body: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="malformed"):
        read_compounds(body, HERE)


def test_properties_keep_zero_and_leave_out_what_is_absent() -> None:
    facts = {fact.predicate: fact for fact in read_properties(compounds(record(7, "CCO")), HERE)}
    assert facts["logP"].value == 0
    assert facts["logP"].note == "XLogP3 estimate"
    assert facts["hydrogen-bond donors"].value == 0
    assert facts["molecular weight"].value == 46.07
    assert facts["molecular weight"].unit == "g/mol"
    assert "rotatable bonds" not in facts
    assert {fact.kind for fact in facts.values()} == {"stored"}
    assert facts["TPSA"].subject == "CID:7"


def test_titles_and_synonyms() -> None:
    assert read_titles(titles((1, "one"), (2, ""))) == {1: "one"}
    assert read_synonyms({"InformationList": {"Information": [{"CID": 1, "Synonym": "aspirin"}]}}) == ("aspirin",)
    rows = [{"CID": 1, "Synonym": ["a", "b"]}, {"CID": 2}]
    assert read_synonyms({"InformationList": {"Information": rows}}) == ("a", "b")
    with pytest.raises(Unavailable, match="malformed"):
        read_synonyms({"Unexpected": 1})


def test_descriptions_name_their_depositor() -> None:
    rows = [
        {"CID": 1, "Title": "One"},
        {"CID": 1, "Description": "A solvent.", "DescriptionSourceName": "ChEBI", "DescriptionURL": "http://chebi/1"},
    ]
    (fact,) = read_descriptions({"InformationList": {"Information": rows}}, HERE)
    assert (fact.subject, fact.predicate, fact.value) == ("CID:1", "description", "A solvent.")
    assert (fact.provenance.source, fact.provenance.url) == ("ChEBI", "http://chebi/1")


# -- the questions, against a local server


@pytest.fixture
def pubchem(server: LocalServer) -> Iterator[PubChem]:
    with Transport(clock=FakeClock(), services={"pubchem": server.url}) as transport:
        yield PubChem(transport)


@pytest.fixture
def keeping(server: LocalServer, tmp_path: Path) -> Iterator[PubChem]:
    """One with a cache."""
    with Transport(tmp_path, clock=FakeClock(), services={"pubchem": server.url}) as transport:
        yield PubChem(transport)


def play(body: Any, named: Any) -> Any:
    return lambda asked: Said.json(named if "Title" in asked.path else body)


@pytest.mark.parametrize("name", ["aspirin", "tris-(1,10-phenanthroline)ruthenium", "a/b#c%20d?e=1&f", "α-tocopherol"])
def test_a_name_travels_as_a_form(server: LocalServer, pubchem: PubChem, name: str) -> None:
    server.play = play(compounds(record(7, "CCO"), record(8, "CCN")), titles((8, "Eight"), (7, "Seven")))
    molecules = pubchem.by_name(f"  {name} ")
    assert [(entity.name, entity.handle) for entity in molecules] == [("Seven", "CID:7"), ("Eight", "CID:8")]
    assert server.asked[0].path == "/compound/name/JSON"
    assert server.asked[0].form == {"name": name}
    assert server.asked[1].form == {"cid": "7,8"}


@pytest.mark.parametrize("status", [404, 200])
def test_an_unknown_name_is_no_molecule(server: LocalServer, pubchem: PubChem, status: int) -> None:
    server.play = script(Said.json(fault("PUGREST.NotFound", "No CID found", Details=["..."]), status))
    assert pubchem.by_name("nonsense") == []
    assert pubchem.by_inchikey("bsynrymutxbxsq-uhfffaoysa-n") == []
    assert pubchem.synonyms(5) == ()
    assert pubchem.descriptions(5) == []
    with pytest.raises(NotFound, match="No CID found"):
        pubchem.by_cid(5)


def test_without_titles_the_answer_stands(server: LocalServer, pubchem: PubChem) -> None:
    server.play = play(compounds(record(7, "CCO")), fault("PUGREST.NotFound"))
    assert pubchem.by_cid(7).name == "a name"


def test_a_fault_text_is_never_data(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(Said.json(fault("PUGREST.BadRequest", "Unable to standardize"), 400))
    with pytest.raises(InvalidInput, match="Unable to standardize"):
        pubchem.by_smiles("CCO")


@pytest.mark.parametrize(
    "reply",
    [
        Said.json(fault("PUGREST.ServerBusy"), 200),
        Said.json(fault("PUGREST.Timeout"), 400),
        Said.json(fault("PUGREST.NotAllowed"), 405),
        Said.json({"Waiting": {"ListKey": "../../x"}}, 202),
        Said(b"<!DOCTYPE html><html>Service unavailable</html>"),
        Said(b'{"PC_Compounds": [{"id"'),
        Said.json(["what"]),
        Said.json({}, 403),
        Said.json({"Fault": "busy"}),
        Said.json({"Fault": ["busy"]}, 400),
        Said.json({"Fault": {"Code": None, "Message": None, "Details": None}}, 400),
        Said.json({}),
        Said.json({"PC_Compounds": 5}),
        Said.json({"PC_Compounds": [{"id": 7, "atoms": {"aid": [1], "element": [6]}}]}),
        Said.json({"PropertyTable": {"Properties": []}}),
    ],
)
def test_what_is_no_answer_is_unavailable_and_not_kept(server: LocalServer, tmp_path: Path, reply: Said) -> None:
    server.play = script(reply)
    with Transport(tmp_path, clock=FakeClock(), services={"pubchem": server.url}) as transport:
        pubchem = PubChem(transport)
        with pytest.raises(Unavailable, match=r"^PubChem gave no answer for name x: PubChem"):
            pubchem.by_name("x")
        assert len(server.asked) == 4
        server.play = play(compounds(record(7, "CCO")), titles((7, "Seven")))
        assert pubchem.by_name("x")[0].name == "Seven"


@pytest.mark.parametrize("status", [202, 200])
def test_a_queued_search_is_waited_for(server: LocalServer, tmp_path: Path, status: int) -> None:
    queued = Said.json({"Waiting": {"ListKey": "2883150836684277104", "Message": "running"}}, status)
    server.play = script(
        queued, queued, Said.json(compounds(record(7, "CCO"))), queued, Said.json(titles((7, "Seven")))
    )
    with Transport(tmp_path, clock=FakeClock(), services={"pubchem": server.url}) as transport:
        pubchem = PubChem(transport)
        assert pubchem.by_name("x")[0].name == "Seven"
        assert [(asked.method, asked.path) for asked in server.asked] == [
            ("POST", "/compound/name/JSON"),
            ("GET", "/compound/listkey/2883150836684277104/JSON"),
            ("GET", "/compound/listkey/2883150836684277104/JSON"),
            ("POST", "/compound/cid/property/Title/JSON"),
            ("GET", "/compound/listkey/2883150836684277104/property/Title/JSON"),
        ]
        server.play = script(queued)
        assert pubchem.by_name("x")[0].name == "Seven", "the answer was kept, not the queue"
        with pytest.raises(Unavailable, match="PubChem put name y in a queue and has not answered within 14 s"):
            pubchem.by_name("y")


STRANGE = [{}, {"foo": 1}, {"Fault": "busy"}, {"Record": None}, {"Table": {"Columns": 1}}, {"InformationList": "none"}]


@pytest.mark.parametrize("body", STRANGE)
@pytest.mark.parametrize(
    "method",
    ["by_cid", "properties", "synonyms", "descriptions", "registry_numbers", "hazards", "measurements", "bioactivity"],
)
def test_a_reply_that_cannot_be_read_is_never_kept(
    server: LocalServer, keeping: PubChem, method: str, body: dict[str, Any]
) -> None:
    server.play = script(Said.json(body))
    for asked in (4, 8):
        with pytest.raises(Unavailable, match=r"^PubChem gave no answer"):
            getattr(keeping, method)(7)
        assert len(server.asked) == asked, "the next call asks again"


def test_a_search_and_a_table_that_cannot_be_read_are_never_kept(server: LocalServer, keeping: PubChem) -> None:
    ethanol = molecule_from_smiles("CCO", ids={"cid": "702"})
    server.play = script(Said.json({"foo": 1}))
    for asked in (4, 8):
        with pytest.raises(Unavailable, match="malformed"):
            keeping.similar(ethanol)
        assert len(server.asked) == asked
    for asked in (12, 16):
        with pytest.raises(Unavailable, match="malformed"):
            raise keeping.by_cids([7]).missing[7]
        assert len(server.asked) == asked


def test_a_structure_that_cannot_be_read_is_kept_and_said_each_time(server: LocalServer, keeping: PubChem) -> None:
    server.play = play(compounds(record(5, "C(C)(C)(C)(C)(C)C")), titles((5, "Five")))
    for _ in range(2):
        with pytest.raises(InvalidInput, match="PubChem CID 5"):
            keeping.by_cid(5)
    assert [asked.path for asked in server.asked].count("/compound/cid/5/JSON") == 1


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ("one text", "PubChem cannot read what it was given: bad one text."),
        (["a", "b"], "given: bad a b."),
        (None, "given: bad."),
    ],
)
def test_the_details_of_a_fault_may_be_a_text(server: LocalServer, pubchem: PubChem, details: Any, words: str) -> None:
    server.play = script(
        Said.json({"Fault": {"Code": "PUGREST.BadRequest", "Message": "bad", "Details": details}}, 400)
    )
    with pytest.raises(InvalidInput, match=re.escape(words)):
        pubchem.by_smiles("CCO")


def test_list_keys() -> None:
    assert read_list_key({"PC_Compounds": []}) is None
    assert read_list_key({"Waiting": {"ListKey": "12"}}) == "12"
    bodies: list[dict[str, Any]] = [{"Waiting": {}}, {"Waiting": {"ListKey": "1/2"}}, {"Waiting": None}]
    for body in bodies:
        with pytest.raises(Unavailable, match="malformed"):
            read_list_key(body)


# -- many at once


def row(cid: int, smiles: str, **more: Any) -> dict[str, Any]:
    return {"CID": cid, "Title": f"compound {cid}", "SMILES": smiles, "IUPACName": "a name"} | more


def table(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"PropertyTable": {"Properties": list(rows)}}


def test_a_row_is_read_as_a_record_is() -> None:
    key = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    rows = read_rows(table(row(7, "OCC", InChIKey=key), {"CID": 8}, {"CID": 9, "InChI": "InChI=1S/CH4/h1H4"}))
    molecule, methane = (read_row(row, HERE) for row in rows)
    assert (molecule.smiles, molecule.inchikey, molecule.name, molecule.handle) == ("CCO", key, "compound 7", "CID:7")
    assert molecule.provenance is not None
    assert (molecule.provenance.identifier, molecule.provenance.retrieved) == ("CID 7", HERE.retrieved)
    assert (methane.smiles, methane.name) == ("C", "")
    alanine, inchi = "C[C@H](N)C(=O)O", "InChI=1S/C3H7NO2/c1-2(4)3(5)6/h2H,4H2,1H3,(H,5,6)/t2-/m0/s1"
    earlier = [
        {"CID": 1, "CanonicalSMILES": "CC(N)C(=O)O", "IsomericSMILES": alanine},
        {"CID": 1, "CanonicalSMILES": "CC(N)C(=O)O", "InChI": inchi},
        {"CID": 1, "ConnectivitySMILES": "CC(N)C(=O)O", "InChI": inchi},
    ]
    assert [read_row(row, HERE).smiles for row in read_rows(table(*earlier))] == [alanine] * 3
    flat = read_rows(table({"CID": 1, "CanonicalSMILES": "C"}, {"CID": 1, "ConnectivitySMILES": "C"}, {"CID": 1}))
    assert [read_row(record, HERE).smiles for record in flat] == ["C", "C"]
    with pytest.raises(InvalidInput, match="PubChem CID 5"):
        read_row(row(5, "C(C)(C)(C)(C)(C)C"), HERE)
    with pytest.raises(Unavailable, match="malformed"):
        read_rows({"PropertyTable": {}})


def test_many_cids_at_once_keep_their_order_and_name_what_is_missing(server: LocalServer, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Said:
        cids = [int(cid) for cid in asked.form["cid"].split(",")]
        return Said.json(table(*[row(cid, "C" * cid) if cid != 3 else {"CID": 3} for cid in sorted(cids)]))

    server.play = answer
    cids: list[Any] = [5, 3, 0, 2, 5, "4", 1]
    with Transport(tmp_path, clock=FakeClock(), services={"pubchem": server.url}) as transport:
        pubchem = PubChem(transport)
        batch = pubchem.by_cids(cids)
        assert [(cid, molecule.handle, molecule.smiles) for cid, molecule in batch.records.items()] == [
            (5, "CID:5", "CCCCC"),
            (2, "CID:2", "CC"),
            (1, "CID:1", "C"),
        ]
        assert {cid: type(error) for cid, error in batch.missing.items()} == {
            3: NotFound,
            0: InvalidInput,
            "4": InvalidInput,
        }
        assert server.asked[0].form == {"cid": "5,3,2,1"}
        again = pubchem.by_cids([1, 6, 5])
        assert list(again.records) == [1, 6, 5]
        assert [asked.form["cid"] for asked in server.asked] == ["5,3,2,1", "6"], "what is kept is not asked for again"
        first, second = batch.records[5].provenance, again.records[5].provenance
        assert first is not None
        assert second is not None
        assert (second.retrieved, second.url, second.request) == (first.retrieved, first.url, first.request)
        assert list(pubchem.by_cids([]).records) == []


def test_many_inchikeys_at_once(server: LocalServer, pubchem: PubChem) -> None:
    water, other = "XLYOFNOQVPJJNP-UHFFFAOYSA-N", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    server.play = script(
        Said.json(table(row(962, "O", InChIKey=water), row(1, "C", InChIKey="X"), row(22247451, "O", InChIKey=water)))
    )
    batch = pubchem.by_inchikeys([other, f" {water.lower()}", "no key"])
    assert [entity.handle for entity in batch.records[f" {water.lower()}"]] == ["CID:962", "CID:22247451"]
    assert {key: type(error) for key, error in batch.missing.items()} == {other: NotFound, "no key": InvalidInput}
    assert other in batch.missing[other].message
    server.play = script(Said.json(fault("PUGREST.NotFound", "No CID found"), 404))
    assert list(pubchem.by_inchikeys([other]).missing) == [other]


def test_a_part_that_fails_leaves_the_others(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.pubchem.client.BATCH_SIZE", 2)
    server.play = lambda asked: (
        Said(b"", 502) if "3" in asked.form["cid"] else Said.json(table(*map(ethane, asked.form["cid"].split(","))))
    )
    with Transport(clock=FakeClock(), services={"pubchem": server.url}) as transport:
        batch = PubChem(transport).by_cids([1, 2, 3, 4, 5, 6])
    assert list(batch.records) == [1, 2, 5, 6]
    assert {cid: type(error) for cid, error in batch.missing.items()} == {3: Unavailable, 4: Unavailable}


def ethane(cid: str) -> dict[str, Any]:
    return row(int(cid), "CC")


def test_many_names_each_with_its_own_fate(server: LocalServer, pubchem: PubChem) -> None:
    def answer(asked: Asked) -> Said:
        name = asked.form["name"]
        if name == "nonsense":
            return Said.json(fault("PUGREST.NotFound"), 404)
        if name == "garbled":
            return Said.json({"PropertyTable": 1})
        return Said.json(table(row(7, "CCO"), row(8, "CCN")) if name == "spirits" else table(row(len(name), "C")))

    server.play = answer
    batch = pubchem.by_names(["spirits", "nonsense", "gas", "", "garbled", "gas"])
    assert {name: [entity.handle for entity in molecules] for name, molecules in batch.records.items()} == {
        "spirits": ["CID:7", "CID:8"],
        "gas": ["CID:3"],
    }
    assert list(batch.records) == ["spirits", "gas"]
    assert {name: type(error) for name, error in batch.missing.items()} == {
        "nonsense": NotFound,
        "": InvalidInput,
        "garbled": Unavailable,
    }
    assert sorted(asked.form["name"] for asked in server.asked) == [*["garbled"] * 4, "gas", "nonsense", "spirits"]


def test_an_interrupted_batch_does_not_ask_for_the_rest(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(Said.json(table(row(7, "CCO"))))
    names: list[Any] = [None, *map(str, range(100))]
    with pytest.raises(AttributeError):
        pubchem.by_names(names)
    time.sleep(0.1)
    assert len(server.asked) < 100


def test_a_batch_obeys_the_policy_and_tells_what_left(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.play = script(Said.json(table(row(7, "CCO"))))
    with Transport(clock=FakeClock(), services={"pubchem": "http://far.test"}) as transport:
        with transport.recording() as left:
            batch = PubChem(transport).by_names(["aspirin", "CC(=O)Oc1ccccc1C(=O)O", "caffeine"])
        assert sorted(left) == ["PubChem: name aspirin", "PubChem: name caffeine"]
        assert list(batch.records) == ["aspirin", "caffeine"]
        assert isinstance(batch.missing["CC(=O)Oc1ccccc1C(=O)O"], Refused)


def test_a_structure_pubchem_does_not_hold(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(Said.json(compounds(record(None, "CCO"))))
    assert pubchem.by_smiles("OCC") == []
    assert server.asked[0].form == {"smiles": "CCO"}
    assert pubchem.by_inchi("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3") == []
    assert server.asked[1].form == {"inchi": "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"}


def test_structures_stay_here_unless_all_is_public() -> None:
    with Transport(clock=FakeClock(), services={"pubchem": "http://far.test"}) as transport:
        pubchem = PubChem(transport)
        for ask, given in [
            (pubchem.by_smiles, "CC(=O)Oc1ccccc1C(=O)O"),
            (pubchem.by_inchi, "InChI=1S/CH4/h1H4"),
            (pubchem.by_name, "CC(=O)Oc1ccccc1C(=O)O"),
            (pubchem.by_name, "InChI=1S/CH4/h1H4"),
        ]:
            with pytest.raises(Refused, match="names-only"):
                ask(given)
        assert list(transport.log) == []


@pytest.mark.parametrize("cid", [0, -1, True, "2244", 2.5])
def test_only_a_cid_is_a_cid(pubchem: PubChem, cid: Any) -> None:
    with pytest.raises(InvalidInput, match="Expected a whole number"):
        pubchem.by_cid(cid)


def test_impossible_input_is_not_sent(server: LocalServer, pubchem: PubChem) -> None:
    for ask, given in [
        (pubchem.by_name, " "),
        (pubchem.by_name, "x" * 1001),
        (pubchem.by_inchikey, "ABC"),
        (pubchem.by_smiles, "C(("),
        (pubchem.by_inchi, "CCO"),
    ]:
        with pytest.raises(InvalidInput):
            ask(given)
    assert server.asked == []


def test_one_record_serves_molecule_and_properties(server: LocalServer, tmp_path: Path) -> None:
    server.play = play(compounds(record(7, "CCO")), titles((7, "Seven")))
    with Transport(tmp_path, clock=FakeClock(), services={"pubchem": server.url}) as transport:
        pubchem = PubChem(transport)
        assert pubchem.by_cid(7).name == "Seven"
        assert pubchem.properties(7)[0].predicate == "IUPAC name"
    assert [asked.path for asked in server.asked] == ["/compound/cid/7/JSON", "/compound/cid/property/Title/JSON"]
