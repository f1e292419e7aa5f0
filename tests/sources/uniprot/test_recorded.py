"""Every recorded reply of UniProt, served from a local server through the real transport; skipped without them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.types import Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.uniprot import UniProt, read_entry, read_facts, read_fasta, read_file
from tests.helpers.places import SHARED
from tests.helpers.server import LocalServer, Said, script

RECORDED = SHARED / "recorded" / "uniprot"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout"),
]
HERE = Provenance("UniProt")
JSON = {"content-type": "application/json"}
READ = {
    "MOCK_inactive_deleted_I8FBX0.json", "cassette_400_invalid_accession.yaml", "cassette_search_link_total.yaml",
    "entry_A4Q9F3_mouse.json", "entry_F2CXE6_unreviewed.xml", "entry_O00115_isoforms.json",
    "entry_P12345_reviewed.json", "entry_P15056_reduced.json", "entry_P62330_2025.xml", "fasta_multi.fasta",
    "fasta_viral_truncated.fasta", "flatfile_P62258_isoforms.txt", "idmapping_uniprotkb_entry_P30542.json",
    "search_braf_reviewed_reduced.json", "search_ec_2.6.1.7_trembl_fields.json", "search_two_human_entries.json",
}  # fmt: skip


@pytest.fixture
def uniprot(transport: Transport) -> UniProt:
    return UniProt(transport)


def body(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def test_no_recorded_file_is_left_out() -> None:
    assert {file.name for file in RECORDED.iterdir()} == READ


@pytest.mark.parametrize(
    ("name", "accession", "stated"),
    [
        ("entry_P12345_reviewed.json", "P12345", {"transit peptide": 1, "binding site": 4, "modified residue": 37}),
        ("entry_O00115_isoforms.json", "O00115", {"isoform": 2, "disease": 1, "signal peptide": 1, "active site": 1}),
        ("entry_A4Q9F3_mouse.json", "A4Q9F3", {"domain": 1, "binding site": 10, "pathway": 1, "studied mutation": 1}),
        ("idmapping_uniprotkb_entry_P30542.json", "P30542", {"DrugBank entry": 19, "transmembrane segment": 7}),
    ],
)
def test_an_entry_is_a_protein_and_its_facts(
    server: LocalServer, uniprot: UniProt, name: str, accession: str, stated: dict[str, int]
) -> None:
    server.play = script(Said(body(name), 200, JSON))
    protein = uniprot.by_accession(accession)
    assert protein.accession == accession
    recorded = json.loads(body(name))
    assert hashlib.md5(protein.sequence.encode()).hexdigest().upper() == recorded["sequence"]["md5"]
    facts = uniprot.facts(accession)
    counts = {kind: sum(fact.predicate == kind for fact in facts) for kind in stated}
    assert counts == stated
    assert all(fact.provenance.identifier == accession for fact in facts)


def test_a_disease_has_its_mim_number_and_structures_are_counted() -> None:
    facts = read_facts(json.loads(body("entry_O00115_isoforms.json")), HERE)
    (disease,) = [fact for fact in facts if fact.predicate == "disease"]
    assert str(disease.value).endswith("(AIPCS, MIM 619858)")
    facts = read_facts(json.loads(body("entry_P15056_reduced.json")), HERE)
    (structures,) = [fact for fact in facts if fact.predicate == "experimental structures"]
    assert structures.value == 6


def test_searches(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said(body("search_two_human_entries.json"), 200, JSON))
    assert [protein.accession for protein in uniprot.by_name("tRNA wybutosine-synthesizing protein 5")] == ["A2RUC4"]
    for name in ("search_braf_reviewed_reduced.json", "search_ec_2.6.1.7_trembl_fields.json"):
        server.play = script(Said(body(name), 200, JSON))
        with pytest.raises(Unavailable, match="without its sequence"):
            uniprot.by_ec("2.6.1.7")
    with pytest.raises(Unavailable, match="without its sequence"):
        read_entry(json.loads(body("entry_P15056_reduced.json")), HERE)


def test_an_obsolete_entry_is_explained(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said(body("MOCK_inactive_deleted_I8FBX0.json"), 200, JSON))
    with pytest.raises(NotFound, match="I8FBX0 is obsolete: it was deleted"):
        uniprot.by_accession("I8FBX0")


@pytest.mark.parametrize(("name", "count"), [("fasta_multi.fasta", 8), ("fasta_viral_truncated.fasta", 61)])
def test_fasta(server: LocalServer, uniprot: UniProt, name: str, count: int) -> None:
    server.play = script(Said(body(name)))
    first = uniprot.by_accession("P99999-2")
    assert first.sequence == read_fasta(body(name).decode(), HERE)[0].sequence
    proteins = read_file(body(name).decode(), HERE) or []
    assert len(proteins) == count
    assert all(protein.accession and protein.organism and protein.sequence for protein in proteins)


@pytest.mark.parametrize(
    ("name", "accession", "gene", "length", "reviewed"),
    [
        ("entry_F2CXE6_unreviewed.xml", "F2CXE6", "HvPIP2;8", 291, False),
        ("entry_P62330_2025.xml", "P62330", "ARF6", 175, True),
        ("flatfile_P62258_isoforms.txt", "P62258", "YWHAE", 255, True),
    ],
)
def test_files_in_other_formats(name: str, accession: str, gene: str, length: int, reviewed: bool) -> None:
    (protein,) = read_file(body(name).decode(), HERE) or []
    assert (protein.accession, protein.gene, protein.length, protein.reviewed) == (accession, gene, length, reviewed)
    assert protein.organism
    assert protein.taxon_id


def test_exchanges(server: LocalServer, uniprot: UniProt) -> None:
    yaml = pytest.importorskip("yaml")

    def replay(name: str) -> Any:
        response = yaml.safe_load(body(name))["interactions"][0]["response"]
        names = ("content-type", "x-uniprot-release", "link", "x-total-results")
        headers = {key: values[0] for key, values in response["headers"].items() if key.lower() in names}
        return script(Said(response["body"]["string"].encode(), response["status"]["code"], headers))

    server.play = replay("cassette_search_link_total.yaml")
    (protein,) = uniprot.by_name("thioredoxin reductase")
    assert (protein.accession, protein.provenance.release if protein.provenance else "") == ("Q92375", "2026_01")
    server.play = replay("cassette_400_invalid_accession.yaml")
    with pytest.raises(InvalidInput, match="invalid format"):
        uniprot.by_accession("P12345")
