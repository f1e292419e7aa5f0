"""Affinities of an index, curated as they are read: replicates, variants, doubts, and the tables they are from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from biomed_agent.core.types import Fact, Molecule, Protein
from biomed_agent.sources.local import LocalIndex, files
from biomed_agent.sources.local.schema import build_index
from tests.sources.local.test_index import IMATINIB, write_tables

ROWS = [
    "inchikey accession measure relation value unit source refs replicates validity variant",
    f"{IMATINIB} P00519 Ki = 1 nM ChEMBL~ACT~1 PMID:1 - - -",
    f"{IMATINIB} P00519 Ki = 100 nM BindingDB~2 PMID:2|DOI:10.1/x - - -",
    f"{IMATINIB} P00519 Ki = 100 nM ChEMBL~ACT~3 PMID:2|DOI:10.1/x - - -",
    f"{IMATINIB} P00519 Ki > 5000 nM ChEMBL~ACT~4 PMID:3 - - -",
    f"{IMATINIB} P00519 Ki - 7 nM Old~5 PMID:4 3 - -",
    f"{IMATINIB} P00519 Ki = 0.001 nM ChEMBL~ACT~6 PMID:5 - Outside~typical~range -",
    f"{IMATINIB} P00519 Ki = 9000 nM ChEMBL~ACT~7 PMID:6 - - K12A",
    f"{IMATINIB} P04040 Ki = 50 nM ChEMBL~ACT~8 PMID:7 - - -",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LocalIndex:
    folder: Path = tmp_path_factory.mktemp("curated")
    path = build_index(write_tables(folder, affinities=ROWS), folder / "small.sqlite")
    return LocalIndex([files.open_file(path)])


@pytest.fixture
def imatinib(index: LocalIndex) -> Molecule:
    return index.molecules_named("imatinib")[0][0]


@pytest.fixture
def abl(index: LocalIndex) -> Protein:
    found = index.protein_by_accession("P00519")
    assert found is not None
    return found


def told(facts: list[Fact]) -> list[tuple[object, str]]:
    return [(fact.value, fact.relation) for fact in facts]


def test_a_pair_has_its_mean_then_bounds_then_what_cannot_be_ranked(
    index: LocalIndex, imatinib: Molecule, abl: Protein
) -> None:
    facts = index.activities(imatinib, abl)
    assert told(facts) == [(10.0, "="), (5000.0, ">"), (0.001, "="), (7.0, "not stated")]
    measured = facts[0].measurement
    assert measured is not None
    assert (measured.replicates, measured.low, measured.high) == (2, 1.0, 100.0)
    assert measured.references == ("PMID:1", "PMID:2", "DOI:10.1/x")
    assert "its source remarks: Outside typical range" in facts[2].note


def test_a_variant_has_its_own_rows_and_the_wild_type_none_of_them(
    index: LocalIndex, imatinib: Molecule, abl: Protein
) -> None:
    variant = replace(abl, variant="K12A")
    assert told(index.activities(imatinib, variant)) == [(9000.0, "=")]
    assert [fact.about_name for fact in index.activities(imatinib, variant)] == ["ABL1 K12A"]
    assert index.activities(imatinib, replace(abl, variant="S13A")) == []
    assert [fact.value for fact in index.activities_of(variant)] == [9000.0]
    of_molecule = {fact.about_name: fact.value for fact in index.activities_of(imatinib)}
    assert of_molecule == {"ABL1": 10.0, "CAT": 50.0, "ABL1 K12A": 9000.0}
    assert index.partners(imatinib).totals == {"Ki": 3}


def test_the_tables_that_hold_affinities_are_known(index: LocalIndex) -> None:
    assert index.affinity_sources() == ["ChEMBL", "BindingDB", "Old"]
