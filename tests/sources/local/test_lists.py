"""Reverse look-ups: lists by role, family, place, class, weight, and what was measured of one thing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.local.schema import build_index, read_table
from tests.helpers.places import ROOT
from tests.sources.local.test_index import ASPIRIN, IMATINIB, TABLES, write_tables

LOCATIONS = "Cytoplasm,~cytosol|Nucleus,~nucleolus|Mitochondrion~inner~membrane"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    folder = tmp_path_factory.mktemp("lists")
    molecules = list(TABLES["molecules"])
    molecules[2] = molecules[2].replace(
        "STI-571 - -", "STI-571 - CHEBI:38637~tyrosine~kinase~inhibitor|CHEBI:35475~NSAID"
    )
    proteins = [row.replace("Peroxisome", LOCATIONS) for row in TABLES["proteins"]]
    tables = write_tables(folder / "tables", molecules=molecules, proteins=proteins)
    with LocalIndex([open_file(build_index(tables, folder / "small.sqlite"))]) as index:
        yield index


@pytest.fixture(scope="module")
def starter(cache_dir: Path) -> Iterator[LocalIndex]:
    with LocalIndex.open(cache_dir) as index:
        yield index


@pytest.mark.parametrize("asked", ["NSAID", "nsaids", "NSAIDs"])
def test_molecules_of_a_role(small: LocalIndex, asked: str) -> None:
    listed = small.molecules_with("ChEBI role", asked)
    assert [molecule.inchikey for molecule in listed.things] == [ASPIRIN, IMATINIB]
    assert (listed.total, listed.terms, listed.candidates) == (2, ("NSAID",), ())
    assert [(fact.predicate, fact.value) for fact in listed.facts] == [("ChEBI role", "NSAID")] * 2
    assert [fact.provenance.identifier for fact in listed.facts] == ["CHEBI:15365", "CHEBI:35475"]
    short = small.molecules_with("ChEBI role", asked, limit=1)
    assert (len(short.things), short.total) == (1, 2)


def test_a_phrase_that_is_no_term_is_not_guessed(small: LocalIndex) -> None:
    listed = small.molecules_with("ChEBI role", "kinase inhibitors")
    assert (listed.things, listed.total, listed.candidates) == ((), 0, ("tyrosine kinase inhibitor",))
    assert small.molecules_with("ChEBI role", listed.candidates).total == 1
    assert small.terms_like("ChEBI role", "inhibitor") == ["tyrosine kinase inhibitor"]
    assert small.molecules_with("", "benzoic acid").terms == ("benzoic acids",)
    assert small.molecules_with("ChEBI role", "unheard of").candidates == ()
    assert small.terms("ChEBI role") == {"NSAID": 2, "tyrosine kinase inhibitor": 1}


@pytest.mark.parametrize(
    ("predicate", "asked", "accessions"),
    [
        ("EC number", "2.7.10.2", ["P00519"]),
        ("EC number", "EC 2.7", ["P00519"]),
        ("EC number", "2.7.1", []),
        ("EC number", "1.11.1.-", ["P04040"]),
        ("protein family", "protein kinase", ["P00519"]),
        ("protein family", "Protein kinase superfamilies", ["P00519"]),
        ("subcellular location", "nucleus", ["P00519", "P04040"]),
        ("subcellular location", "nucleoli", ["P04040"]),
        ("subcellular location", "cytosol", ["P04040"]),
        ("subcellular location", "mitochondria", []),
        ("GO molecular function", "ATP Binding", ["P00519"]),
        ("organism", "mouse", ["P00520"]),
        ("organism", "mus musculus", ["P00520"]),
        ("name", "COX", ["P23219"]),
        ("name", "TNF", ["P01375"]),
        ("protein class", "tyrosine kinases", ["P00519", "P00520"]),
        ("protein class", "kinase", ["P00519", "P04040", "P00520"]),  # one by the panel it was measured in
        ("protein class", "protein", []),
        ("", "kinases", ["P00519", "P04040", "P00520"]),
    ],
)
def test_proteins_of_a_kind(small: LocalIndex, predicate: str, asked: str, accessions: list[str]) -> None:
    listed = small.proteins_with(predicate, asked)
    assert [protein.accession for protein in listed.things] == accessions
    assert listed.total == len(accessions)
    assert [fact.subject for fact in listed.facts] == [f"UNIPROT:{accession}" for accession in accessions]


def test_what_cannot_list_is_named(small: LocalIndex) -> None:
    with pytest.raises(InvalidInput, match="nothing is listed by 'colour'"):
        small.molecules_with("colour", "red")
    with pytest.raises(InvalidInput, match="nothing is listed by 'ChEBI role'"):
        small.proteins_with("ChEBI role", "NSAID")
    assert small.proteins_with("subcellular location", "mitochondrion").candidates == ("Mitochondrion inner membrane",)


def test_what_decides_a_class_is_said(small: LocalIndex) -> None:
    human, mouse = (small.protein_by_accession(accession) for accession in ("P00519", "P00520"))
    assert human is not None
    assert mouse is not None
    assert small.protein_classes(human)["kinase"].note == "by its EC number 2.7.10.2"
    assert small.protein_classes(mouse)["kinase"].note == "by its name Tyrosine-protein kinase ABL1"
    assert small.protein_classes(human)["kinase"].provenance.identifier == "P00519"


def test_molecules_by_weight_and_formula(small: LocalIndex) -> None:
    heavy = small.molecules(1, heavier_than=180.156)
    assert [(molecule.name, heavy.total) for molecule in heavy.things] == [("acetylsalicylic acid", 3)]
    between = small.molecules(9, heavier_than=100, lighter_than=181, heaviest_first=True)
    assert [fact.value for fact in between.facts] == [180.159, 180.156, 153.181, 122.123]
    assert [molecule.name for molecule in small.molecules(formula="C6H12O6").things] == ["D-glucose"]
    assert small.molecules(0).total == len(list(small.every_molecule())) == 7
    assert len(list(small.every_protein())) == 7


def test_all_partners_with_bounds_and_totals(small: LocalIndex) -> None:
    [(imatinib, _)] = small.molecules_named("imatinib")
    measured = small.partners(imatinib)
    assert [(fact.about, fact.predicate, fact.relation, fact.value) for fact in measured.facts] == [
        ("UNIPROT:P00519", "Kd", "=", 1.1),
        ("UNIPROT:P04040", "Kd", ">=", 10000.0),
        ("UNIPROT:P00519", "KIBA score", "=", 12.5),
    ]
    assert measured.totals == {"Kd": 2, "KIBA score": 1}
    assert small.partners(imatinib, "Kd", ["="]).totals == {"Kd": 1}


def test_two_constructs_of_one_protein_stay_apart(tmp_path: Path) -> None:
    rows = [
        "inchikey accession measure relation value unit source construct",
        f"{IMATINIB} P00519 Kd = 1.1 nM DAVIS~ABL1(JH1)~x~CID~5291 JH1~domain",
        f"{IMATINIB} P00519 Kd >= 10000 nM DAVIS~ABL1(JH2)~x~CID~5291 JH2~domain",
    ]
    path = build_index(write_tables(tmp_path / "tables", affinities=rows), tmp_path / "index.sqlite")
    with LocalIndex([open_file(path)]) as index:
        [(imatinib, _)] = index.molecules_named("imatinib")
        facts = index.partners(imatinib).facts
    assert [(fact.construct, fact.note) for fact in facts] == [
        ("JH1 domain", "ABL1 (UNIPROT:P00519); JH1 domain"),
        ("JH2 domain", "ABL1 (UNIPROT:P00519); JH2 domain; no binding seen up to 10 uM"),
    ]


# -- the starter set


def test_lists_of_the_starter_set_are_those_of_its_tables(starter: LocalIndex) -> None:
    roles = [row for row in read_table(STARTER, "molecules") if " antineoplastic agent" in row["roles"]]
    expected = {row["inchikey"] for row in roles if "CHEBI:35610 antineoplastic agent" in row["roles"].split("|")}
    listed = starter.molecules_with("ChEBI role", "antineoplastic agents", limit=10_000)
    assert {molecule.inchikey for molecule in listed.things} == expected
    assert listed.total == len(expected) > 100
    enzymes = {
        row["accession"]
        for row in read_table(STARTER, "proteins")
        if any(number.startswith("2.7.10.") for number in row["ec"].split("|"))
    }
    proteins = starter.proteins_with("EC number", "2.7.10", limit=10_000)
    assert {protein.accession for protein in proteins.things} == enzymes
    heavy = [row["name"] for row in read_table(STARTER, "molecules") if float(row["weight"]) > 800]
    assert starter.molecules(heavier_than=800).total == len(heavy) > 100


def test_the_counts_of_the_docs_are_those_of_the_set(starter: LocalIndex) -> None:
    page = (ROOT / "docs" / "indexes.md").read_text(encoding="utf-8")
    counts, totals = starter.terms("protein class"), starter.totals()
    told = {name: int(count) for name, count in re.findall(r"\| ([A-Za-z][A-Za-z0-9 ]+) \| (\d+) (?=\|)", page)}
    assert len(told) == 12
    assert told == {name: counts[name] for name in told}
    kinds = ("molecules", "proteins", "affinities")
    assert "{:,} molecules, {:,} proteins, {:,} measured affinities".format(*(totals[kind] for kind in kinds)) in page


def test_all_partners_of_a_promiscuous_molecule_are_read_at_once(starter: LocalIndex) -> None:
    [(staurosporine, _)] = starter.molecules_named("staurosporine")
    rows = [row for row in read_table(STARTER, "affinities") if row["inchikey"] == staurosporine.inchikey]
    starter.partners(staurosporine)
    began = time.perf_counter()
    measured = starter.partners(staurosporine)
    assert time.perf_counter() - began < 0.1  # 7 ms on a laptop
    assert len(measured.facts) == len(rows) > 400
    kinds = {row["measure"] for row in rows}
    assert measured.totals == {
        kind: len({row["accession"] for row in rows if row["measure"] == kind}) for kind in kinds
    }


@pytest.mark.parametrize(
    ("gene", "classes"),
    [
        ("KIT", {"kinase"}),
        ("JAK2", {"kinase", "protein kinase", "tyrosine kinase"}),
        ("ADRB2", {"GPCR"}),
        ("HTR2A", {"GPCR"}),
        ("HTR3A", {"ion channel"}),
        ("KCNH2", {"ion channel"}),
        ("ESR1", {"nuclear receptor"}),
        ("KRAS", {"GTPase"}),
        ("HDAC6", {"histone deacetylase"}),
        ("CYP3A4", {"cytochrome P450"}),
        ("SLC6A4", {"transporter"}),
        ("MMP9", {"protease"}),
        ("PTPN11", {"phosphatase"}),
        ("PLAU", {"protease"}),
        ("SERPINA3", set()),
        ("CDKN1A", set()),
        ("PIK3R1", set()),
    ],
)
def test_classes_of_well_known_proteins(starter: LocalIndex, gene: str, classes: set[str]) -> None:
    proteins = [protein for protein, _ in starter.proteins_named(gene) if protein.organism == "Homo sapiens"]
    by_ec = {"enzyme", "oxidoreductase", "transferase", "hydrolase", "lyase", "isomerase", "ligase"}
    for protein in proteins[:1]:
        assert set(starter.protein_classes(protein)) - by_ec >= classes
        assert classes or not set(starter.protein_classes(protein)) - by_ec
