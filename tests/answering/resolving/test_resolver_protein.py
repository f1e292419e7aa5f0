"""Naming proteins: EC number, gene and organism, variant, obsolete accession, sequence, file; UniProt is played."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from biomed_agent.answering.resolving.inputs import split_organism
from biomed_agent.answering.resolving.ranking import EntityKind, Policy
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.errors import Ambiguous, BiomedAgentError, InvalidInput, NotFound
from biomed_agent.core.fasta import parse_fasta
from biomed_agent.core.identifiers import ACCESSION
from biomed_agent.core.types import Protein, Resolved
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.uniprot import UniProt
from tests.helpers.server import Asked, FakeClock, LocalServer, Said


def entry(accession: str, gene: str, organism: str = "Homo sapiens", sequence: str = "MKTAYIAK") -> dict[str, Any]:
    return {
        "entryType": "UniProtKB reviewed (Swiss-Prot)",
        "primaryAccession": accession,
        "uniProtkbId": f"{gene.upper()}_X",
        "organism": {"scientificName": organism},
        "genes": [{"geneName": {"value": gene}}],
        "sequence": {"value": sequence},
    }


def named(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return entry | {"proteinDescription": {"recommendedName": {"fullName": {"value": name}}}}


THROMBIN = entry("Q99991", "TRB2")
ENTRIES = {
    'gene_exact:"ZZZ1" AND organism_id:9606': [entry("Q99992", "ZZZ1")],
    'gene_exact:"ZZZ1" AND organism_name:"Mus musculus"': [entry("Q99993", "Zzz1", "Mus musculus")],
    "ec:3.4.99.1 AND organism_id:9606": [THROMBIN],
    "ec:3.4.99.2 AND organism_id:9606": [THROMBIN, entry("Q99994", "TRB3")],
    'ec:3.4.99.1 AND organism_name:"Mus musculus"': [entry("Q99995", "Trb2", "Mus musculus")],
    'protein_name:"testreceptor" AND organism_id:9606': [named(entry("Q99996", "TRC1"), "Testreceptor")],
    'protein_name:"testreceptor"': [
        named(entry(f"Q900{number:02}", f"trc{number}", f"Genus species{number}"), "Testreceptor")
        for number in range(50)
    ],
    'protein_name:"Lysozyme C" AND organism_id:9606': [named(entry("Q99998", "LYZ"), "Lysozyme C")],
    'protein_name:"mouseonly"': [named(entry("Q99997", "Mo1", "Mus musculus"), "Mouseonly")],
}
INACTIVE = {
    "Q00015": {"inactiveReasonType": "MERGED", "mergeDemergeTo": ["Q99991"]},
    "Q00016": {"inactiveReasonType": "DEMERGED", "mergeDemergeTo": ["Q99991", "Q99992"]},
    "Q00017": {"inactiveReasonType": "DELETED", "deletedReason": "Redundant proteome"},
}


def play(asked: Asked) -> Said:
    if asked.path.startswith("/uniprotkb/Q0001"):
        accession = asked.path[11:17]
        body = {"entryType": "Inactive", "primaryAccession": accession, "inactiveReason": INACTIVE[accession]}
        if accession == "Q00015":
            return Said.json(body, 303, Location="/uniprotkb/Q99991.json?from=Q00015")
        return Said.json(body | {"extraAttributes": {"uniParcId": "UPI0000000001"}})
    if asked.path == "/uniprotkb/Q99991.json":
        return Said.json(THROMBIN)
    if asked.path == "/uniprotkb/Q99991-2.fasta":
        return Said(b">sp|Q99991-2|TRB2_X Isoform 2 of Testase OS=Homo sapiens OX=9606 GN=TRB2\nMKT\n")
    if asked.path == "/uniprotkb/search":
        return Said.json({"results": ENTRIES.get(asked.query["query"].removesuffix(" AND reviewed:true"), [])})
    return Said.json({"results": []})


@pytest.fixture(scope="module")
def index(cache_dir: Path) -> LocalIndex:
    return LocalIndex.open(cache_dir)


@pytest.fixture(scope="module")
def live(index: LocalIndex) -> Iterator[Resolver]:
    with (
        LocalServer(play) as server,
        Transport(clock=FakeClock(), services={"uniprot": server.url}) as transport,
    ):
        yield Resolver(index, None, UniProt(transport))


@pytest.fixture(scope="module")
def local(index: LocalIndex) -> Resolver:
    return Resolver(index, None, None)


def accession(resolved: Resolved) -> str:
    assert isinstance(resolved.entity, Protein)
    return resolved.entity.accession


# -- EC numbers


@pytest.mark.parametrize("text", ["EC 3.4.99.1", "ec:3.4.99.1", "EC:3.4.99.1", "EC3.4.99.1", "ec:EC 3.4.99.1"])
def test_an_ec_number_names_the_one_human_protein_that_has_it(live: Resolver, text: str) -> None:
    found = live.resolve(text)
    assert (accession(found), found.asked) == ("Q99991", text)
    assert found.why == "EC 3.4.99.1, only match"


def test_several_proteins_of_an_ec_number_are_candidates(live: Resolver) -> None:
    with pytest.raises(Ambiguous, match=r"EC 3\.4\.99\.2 names 2 proteins") as caught:
        live.resolve("EC 3.4.99.2", "protein")
    assert [one.handle for one in caught.value.candidates] == ["UNIPROT:Q99991", "UNIPROT:Q99994"]
    assert accession(live.resolve("EC 3.4.99.2", policy="best")) == "Q99991"
    assert accession(live.resolve("EC 3.4.99.1", organism="Mus musculus")) == "Q99995"


def test_an_ec_number_that_is_none_or_names_nothing(live: Resolver) -> None:
    with pytest.raises(InvalidInput, match="four numbers"):
        live.resolve("ec:3.4.99")
    with pytest.raises(NotFound, match=r"has EC 3\.4\.99\.9"):
        live.resolve("EC 3.4.99.9")
    with pytest.raises(InvalidInput, match="expected a molecule"):
        live.resolve("EC 3.4.99.1", "molecule")


def test_offline_the_list_is_said_to_be_incomplete(local: Resolver) -> None:
    notes: list[str] = []
    assert accession(local.resolve("EC 1.14.14.1", notes=notes)) == "P05177"
    assert any("no complete list" in note for note in notes)


# -- organisms, variants, obsolete entries, isoforms


@pytest.mark.parametrize("text", ["mouse ZZZ1", "ZZZ1 (mouse)", "ZZZ1 of mouse", "ZZZ1 Mus musculus", "murine ZZZ1"])
def test_an_organism_beside_the_gene_decides(live: Resolver, text: str) -> None:
    assert accession(live.resolve(text, "protein")) == "Q99993"
    assert accession(live.resolve("ZZZ1", "protein")) == "Q99992"


@pytest.mark.parametrize("policy", ["ask", "best", "strict"])
def test_a_protein_name_is_human_by_default_however_many_others_bear_it(live: Resolver, policy: Policy) -> None:
    found = live.resolve("testreceptor", "protein", policy=policy)
    assert accession(found) == "Q99996"
    assert "human by default" in found.why


def test_a_protein_of_another_organism_only_is_never_taken_without_a_word(live: Resolver) -> None:
    notes: list[str] = []
    assert accession(live.resolve("mouseonly", "protein", notes=notes)) == "Q99997"
    assert notes == ["mouseonly was found as the name of no human protein; this one is of Mus musculus."]
    with pytest.raises(Ambiguous, match="no human protein") as caught:
        live.resolve("mouseonly", "protein", policy="strict")
    assert [one.handle for one in caught.value.candidates] == ["UNIPROT:Q99997"]
    assert "Mus musculus" in caught.value.candidates[0].label


@pytest.mark.parametrize(("name", "human"), [("calmodulin", "P0DP23"), ("angiotensin-converting enzyme", "P12821")])
def test_an_alias_of_a_human_protein_comes_before_the_name_of_another(local: Resolver, name: str, human: str) -> None:
    notes: list[str] = []
    found = local.resolve(name, notes=notes)
    assert (accession(found), notes) == (human, [])
    assert found.why == "alias, human by default"
    assert found.alternatives
    assert accession(local.resolve(f"human {name}")) == human


def test_an_old_name_of_a_human_protein_that_is_another_s_own_name_is_asked_back(local: Resolver) -> None:
    with pytest.raises(Ambiguous, match="a human protein, and better one of another organism") as caught:
        local.resolve("Heat shock 70 kDa protein 1")
    assert [one.handle for one in caught.value.candidates] == ["UNIPROT:P0DMV8", "UNIPROT:P22953"]
    assert accession(local.resolve("FRDA", policy="best")) == "Q16595"


def test_the_human_protein_is_asked_for_when_only_another_is_shipped(live: Resolver, local: Resolver) -> None:
    assert accession(live.resolve("Lysozyme C")) == "Q99998"
    assert accession(live.resolve("streptavidin")) == "P22629"
    notes: list[str] = []
    assert accession(local.resolve("Lysozyme C", notes=notes)) == "P00698"
    assert "found as the name of no human protein" in notes[0]


def test_a_gene_symbol_said_to_be_one_is_no_homonym(local: Resolver) -> None:
    assert accession(local.resolve("gene:CAT")) == "P04040"
    with pytest.raises(Ambiguous, match="CAT means 3 things"):
        local.resolve("CAT")


def test_a_shipped_protein_of_another_organism(local: Resolver) -> None:
    assert accession(local.resolve("mouse SYK")) == "P48025"
    assert accession(local.resolve("SYK")) == "P43405"
    with pytest.raises(NotFound, match="known of"):
        local.resolve("zebrafish SYK")


def test_variants_of_the_resolved_protein(local: Resolver) -> None:
    for text in ("BRAF V600E", "BRAF p.Val600Glu", "BRAF(V600E)", "P15056 V600E", "BRAF_HUMAN V600E"):
        found = local.resolve(text)
        assert isinstance(found.entity, Protein)
        assert (found.entity.variant, found.entity.sequence[599]) == ("V600E", "E")
    double = local.resolve("EGFR L858R/T790M").entity
    assert isinstance(double, Protein)
    assert (double.variant, double.sequence[857], double.sequence[789]) == ("L858R/T790M", "R", "M")
    with pytest.raises(InvalidInput, match="position 600 holds V, not A"):
        local.resolve("BRAF A600E")


@pytest.mark.parametrize("text", ["EGFR del19", "CFTR F508del", "BRAF V600X"])
@pytest.mark.parametrize("kind", [None, "protein"])
def test_a_variant_of_a_form_that_is_not_supported_is_told(local: Resolver, text: str, kind: EntityKind | None) -> None:
    with pytest.raises(InvalidInput, match=r"variant form .* is not supported") as caught:
        local.resolve(text, kind)
    assert "Ask about" in caught.value.hint


def test_obsolete_accessions_are_followed_or_explained(live: Resolver) -> None:
    followed = live.resolve("Q00015")
    assert (accession(followed), followed.why) == ("Q99991", "Q00015 was merged into Q99991")
    with pytest.raises(NotFound, match="split into 2 entries") as caught:
        live.resolve("Q00016")
    assert [one.handle for one in caught.value.candidates] == ["UNIPROT:Q99991", "UNIPROT:Q99992"]
    with pytest.raises(NotFound, match="deleted: Redundant proteome") as caught:
        live.resolve("Q00017")
    assert "UPI0000000001" in caught.value.hint


def test_an_isoform_has_its_own_sequence(live: Resolver, local: Resolver) -> None:
    found = live.resolve("Q99991-2")
    assert isinstance(found.entity, Protein)
    assert (found.entity.accession, found.entity.sequence) == ("Q99991-2", "MKT")
    with pytest.raises(NotFound):
        local.resolve("P00533-2")


# -- files


def test_a_file_of_several_records_names_each(local: Resolver, tmp_path: Path) -> None:
    file = tmp_path / "two.fasta"
    file.write_text(">one\nMKTAYIAKQR\n>two first\nMKTAYIAKQL\n")
    with pytest.raises(Ambiguous, match="holds 2 records") as caught:
        local.resolve(f"file:{file}", "protein")
    handles = [one.handle for one in caught.value.candidates]
    assert handles == [f"file:{file}#1", f"file:{file}#2"]
    second = local.resolve(handles[1], "protein").entity
    assert isinstance(second, Protein)
    assert (second.sequence, second.name) == ("MKTAYIAKQL", "two first")
    with pytest.raises(InvalidInput, match="no record 3; it holds 2"):
        local.resolve(f"file:{file}#3", "protein")
    with pytest.raises(InvalidInput, match="not allowed"):
        Resolver(local.index, None, None, files=False).resolve(handles[0])


def test_a_broken_record_of_a_file_costs_the_others_nothing(local: Resolver, tmp_path: Path) -> None:
    file = tmp_path / "three.fasta"
    file.write_text(">one\nMKTAYIAKQR\n>bad\nMK*T!\n>empty\n")
    with pytest.raises(Ambiguous, match="holds 3 records") as caught:
        local.resolve(f"file:{file}", "protein")
    assert [one.why for one in caught.value.candidates] == ["10 residues", "cannot be read", "cannot be read"]
    first = local.resolve(f"file:{file}#1", "protein").entity
    assert isinstance(first, Protein)
    assert first.sequence == "MKTAYIAKQR"
    with pytest.raises(InvalidInput, match="record 2 has at position 3 what is no amino acid code"):
        local.resolve(f"file:{file}#2", "protein")


def test_a_downloaded_entry_is_known_by_its_sequence(local: Resolver, tmp_path: Path) -> None:
    egfr = local.index.protein_by_accession("P00533")
    assert egfr is not None
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(entry("P00533", "EGFR", sequence=egfr.sequence)))
    assert accession(local.resolve(f"file:{file}")) == "P00533"
    file.write_text(json.dumps(entry("P00533", "EGFR", sequence=egfr.sequence[1:])))
    assert accession(local.resolve(f"file:{file}")) == "", "a changed sequence is not the record, whatever it is called"


# -- any text


@settings(deadline=None)
@given(st.from_regex(ACCESSION, fullmatch=True))
def test_accessions_of_uniprots_pattern_are_read_as_such(text: str) -> None:
    main, _, isoform = text.partition("-")
    assert len(main) in (6, 10)
    assert ACCESSION.fullmatch(f"{main}-{isoform}" if isoform else main)
    assert not ACCESSION.fullmatch(f"{text}_")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[A-Z0-9]{3,7}[ _-]?[A-Z]\d{1,4}[A-Z]", fullmatch=True))
@example("EGFR")
@example("BRAF V600E")
def test_any_name_is_resolved_or_refused_with_a_reason(local: Resolver, text: str) -> None:
    try:
        found = local.resolve(text, "protein")
    except BiomedAgentError as error:
        assert error.message
    else:
        assert isinstance(found.entity, Protein)


@settings(deadline=None)
@given(st.text(max_size=200) | st.from_regex(r"(>[^\n]*\n[A-Za-z \n*]*){1,3}", fullmatch=True))
def test_any_fasta_text_is_read_or_refused(text: str) -> None:
    try:
        records = parse_fasta(text)
    except InvalidInput as error:
        assert error.message
    else:
        assert records
        assert all(sequence and sequence == sequence.upper() for _, sequence in records)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_name_is_split_from_its_organism(text: str) -> None:
    name, organism = split_organism(text)
    assert (name == text) or organism
