"""Every recorded reply of PubChem, served from this machine and read through the real transport."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.chemistry.molfile import read_records
from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.types import Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.pubchem.readers import (
    read_compounds,
    read_properties,
    read_registry_numbers,
    read_rows,
    read_titles,
)
from tests.helpers.places import ROOT, SHARED
from tests.helpers.server import Asked, LocalServer, Said, script

RECORDED = SHARED / "recorded" / "pubchem"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout"),
]
HERE = Provenance("PubChem")
RECORDS = {
    "record_2d_cid2244_aspirin.json": ["BSYNRYMUTXBXSQ-UHFFFAOYSA-N"],
    "record_2d_cid4_2026.json": ["HXKKHQJGJAFBHI-UHFFFAOYSA-N"],
    "record_2d_cid6137_methionine.json": ["FFEARJCKVFRZRR-BYPYZUCNSA-N"],
    "record_2d_cid638186_E_dichloroethene.json": ["KFUSEUYYWQURPO-OWOJBTEDSA-N"],
    "record_2d_cid10900_undefined_stereo.json": ["KFUSEUYYWQURPO-UHFFFAOYSA-N"],
    "record_2d_cid368849_zinc_porphyrin.json": ["XPVVGUHKLPZAEN-UHFFFAOYSA-N"],
    "record_inchikey_water_two_cids.json": ["XLYOFNOQVPJJNP-UHFFFAOYSA-N"] * 2,
    "record_inchikey_benzene_mw_string.json": ["UHOVQNZJYSORNB-UHFFFAOYSA-N"],
    "record_inchikey_cubane.json": ["TXWRERCHRDBNLG-UHFFFAOYSA-N"],
}
STRUCTURES = {
    "record_2d_cid4_2026.sdf": ("HXKKHQJGJAFBHI-UHFFFAOYSA-N", "4", "1-aminopropan-2-ol"),
    "sdf_3d_cid54678486_warfarin.sdf": ("PJVWKTKQMONHTI-UHFFFAOYSA-N", "54678486", ""),
    "sdf_3d_cid892_inositol.sdf": ("CDAISMWEOUEBRE-UHFFFAOYSA-N", "892", ""),
}


@pytest.fixture
def pubchem(transport: Transport) -> PubChem:
    return PubChem(transport)


def recorded(name: str) -> Said:
    return Said((RECORDED / name).read_bytes())


def serve(reply: Said) -> Callable[[Asked], Said]:
    """Answer with ``said``; titles, which the recordings lack, are unknown."""
    unknown = Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, 404)
    return lambda asked: unknown if "Title" in asked.path else reply


@pytest.mark.parametrize("name", RECORDS)
def test_records(server: LocalServer, pubchem: PubChem, name: str) -> None:
    server.play = serve(recorded(name))
    molecules = pubchem.by_inchikey(RECORDS[name][0])
    assert [molecule.inchikey for molecule in molecules] == RECORDS[name]
    assert all(molecule.smiles and molecule.formula and molecule.weight for molecule in molecules)
    first = int(molecules[0].ids["cid"])
    facts = {fact.predicate: fact for fact in pubchem.properties(first)}
    assert facts["InChIKey"].value == RECORDS[name][0]
    assert facts["molecular weight"].value == pytest.approx(molecules[0].weight, abs=0.02)
    assert facts["molecular weight"].provenance.identifier == f"CID {first}"
    if "porphyrin" in name:
        assert "Zn" in molecules[0].formula


def test_a_record_without_any_structure_is_refused(server: LocalServer, pubchem: PubChem) -> None:
    server.play = serve(recorded("record_3d_cid4_conformer1.json"))
    with pytest.raises(InvalidInput, match="CID 4"):
        pubchem.by_cid(4)


def test_names_rows_and_registry_numbers(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(recorded("synonyms_taurine_2026.json"))
    names = pubchem.synonyms(1123)
    assert names[0].lower() == "taurine"
    assert len(names) == 30
    body = json.loads((RECORDED / "property_taurine_2026.json").read_text())
    assert (read_titles(body), read_rows(body)) == ({}, []), "a table without titles and structures holds no molecule"
    server.play = script(recorded("xrefs_rn_water_two_cids.json"))
    assert "7732-18-5" in pubchem.registry_numbers(962)
    assert pubchem.registry_numbers(22247451) == (), "one of the two compounds has none"
    cubane = read_registry_numbers(json.loads((RECORDED / "xrefs_rn_cubane.json").read_text()))
    assert list(cubane.values()) == [("277-10-1",)]


def test_hazards_of_a_record_saved_as_pages(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(recorded("pugview_heading_ghs_643785.json"))
    facts = pubchem.hazards(643785)
    statements = [str(fact.value)[:4] for fact in facts if fact.predicate == "GHS hazard statement"]
    assert statements == ["H225", "H304", "H315", "H319"]
    assert [fact.value for fact in facts if fact.predicate == "GHS signal word"] == ["Danger"]
    assert [str(fact.value)[:5] for fact in facts if fact.predicate == "GHS pictogram"] == ["GHS02", "GHS07", "GHS08"]
    (codes,) = [str(fact.value) for fact in facts if fact.predicate == "GHS precautionary codes"]
    assert codes.count("P") > 20
    assert {fact.provenance.source for fact in facts} == {"European Chemicals Agency (ECHA)"}
    assert server.asked[0].path == "/rest/pug_view/data/compound/643785/JSON"
    assert all("52.17%" in fact.note for fact in facts if str(fact.value).startswith("H304"))


def test_a_whole_record_states_neither_hazards_nor_measured_values(server: LocalServer, pubchem: PubChem) -> None:
    """Its values are computed ones, which must not pass for measured."""
    server.play = script(recorded("pugview_penicillin_cid2349.json"))
    assert pubchem.hazards(2349) == []
    assert pubchem.measurements(2349) == []


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure_files(name: str) -> None:
    (record,) = read_records((RECORDED / name).read_text().splitlines())
    key, cid, title = STRUCTURES[name]
    assert record.molecule is not None, record.problem
    assert (record.molecule.ids, record.title) == ({"cid": cid}, title or cid)
    assert record.molecule.inchikey.split("-")[0] == key.split("-")[0]


def exchanges(name: str) -> Iterator[tuple[str, bytes, Said]]:
    """Yield address, unpacked body and reply of each exchange of a cassette, as it was sent: status, headers, gzip."""
    for exchange in json.loads((RECORDED / name).read_text())["http_interactions"]:
        reply = exchange["response"]
        body = base64.b64decode(reply["body"]["base64_string"])
        packed = body[:2] == b"\x1f\x8b"
        headers = {"X-Throttling-Control": reply["headers"]["X-Throttling-Control"][0]}
        headers |= {"content-encoding": "gzip"} if packed else {}
        answer = Said(body, reply["status"]["code"], headers)
        yield exchange["request"]["uri"], gzip.decompress(body) if packed else body, answer


def test_faults_as_they_were_sent(server: LocalServer, pubchem: PubChem) -> None:
    seen = []
    for uri, _, exchange in exchanges("cassette_faults_400_404.betamax.json"):
        server.play = serve(exchange)
        seen.append(exchange.status)
        if exchange.status == 400:
            with pytest.raises(InvalidInput, match="comma-separated list of CIDs"):
                pubchem.by_name(uri)
        else:
            assert pubchem.by_name(uri) == []
    assert sorted(seen) == [400, 404]


@pytest.mark.parametrize(
    "name", ["cassette_record_and_description_benzene.betamax.json", "cassette_record_by_smiles.betamax.json"]
)
def test_records_and_descriptions_as_they_were_sent(server: LocalServer, pubchem: PubChem, name: str) -> None:
    for uri, body, exchange in exchanges(name):
        server.play = serve(exchange)
        if "/description/" in uri:
            facts = pubchem.descriptions(241)
            assert {fact.provenance.source for fact in facts} >= {"ChEBI"}
            assert len(facts) == body.count(b'"Description"')
        elif "JSON" in uri:
            assert pubchem.by_smiles("c1ccccc1")[0].handle == "CID:241"
        else:
            check_picture(server, pubchem, body)


def check_picture(server: LocalServer, pubchem: PubChem, body: bytes) -> None:
    """What is no JSON is never taken for an answer."""
    assert body[:4] == b"\x89PNG"
    with pytest.raises(Unavailable, match="where JSON was expected"):
        pubchem.by_cid(241)


def test_other_formats_are_no_answer(server: LocalServer, pubchem: PubChem) -> None:
    kinds = []
    for uri, body, exchange in exchanges("cassette_json_xml_png.betamax.json"):
        server.play = serve(exchange)
        if "/JSON" in uri:
            assert pubchem.by_cid(241).inchikey == "UHOVQNZJYSORNB-UHFFFAOYSA-N"
            parsed = json.loads(body)
            assert read_compounds(parsed, HERE)[0].ids == {"cid": "241"}
            assert {fact.predicate for fact in read_properties(parsed, HERE)} > {"molecular weight", "InChIKey"}
        elif "/PNG" in uri:
            check_picture(server, pubchem, body)
        else:
            with pytest.raises(Unavailable, match="where JSON was expected"):
                pubchem.by_cid(241)
        kinds.append(uri.split("241/")[1].split("?")[0])
    assert sorted(kinds) == ["JSON", "PNG", "XML"]


def test_no_recorded_file_is_left_out() -> None:
    """Each is named in a test above, and in the table of docs/sources.md."""
    text = Path(__file__).read_text()
    table = (ROOT / "docs" / "sources.md").read_text()
    names: list[Any] = sorted(path.name for path in RECORDED.iterdir())
    assert names
    assert [name for name in names if name not in text or name not in table] == []
