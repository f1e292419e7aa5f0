"""Proteins that hold a sequence, exactly or but for one residue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.schema import read_table
from biomed_agent.sources.local.sequence_search import Near

UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"


@pytest.fixture(scope="module")
def index(cache_dir: Path) -> Iterator[LocalIndex]:
    with LocalIndex.open(cache_dir) as opened:
        yield opened


def test_ubiquitin_is_part_of_its_precursors(index: LocalIndex) -> None:
    found = {protein.gene: places for protein, places in index.proteins_containing(f" {UBIQUITIN.lower()}\n")}
    assert found == {"UBC": tuple(range(1, 610, 76)), "UBB": (1, 77, 153)}
    assert index.proteins_containing("") == []
    assert index.proteins_containing("WWWWWWWW") == []


def test_a_motif_is_found_wherever_it_is(index: LocalIndex) -> None:
    expected = {row["accession"] for row in read_table(STARTER, "proteins") if "HRDLAARN" in row["sequence"]}
    assert {protein.accession for protein, _ in index.proteins_containing("HRDLAARN")} == expected
    assert len(expected) > 20


def test_occurrences_may_overlap(index: LocalIndex) -> None:
    found = index.proteins_containing("QQQQQQQQQQQQ")
    for protein, places in found:
        expected = [
            place + 1 for place in range(protein.length) if protein.sequence[place : place + 12] == "QQQQQQQQQQQQ"
        ]
        assert list(places) == expected
    assert any(len(places) > 1 for _, places in found)


def test_one_substitution_off_is_said_by_position_and_letters(index: LocalIndex) -> None:
    egfr = index.protein_by_accession("P00533")
    assert egfr is not None
    [(protein, near)] = index.proteins_near(f"{egfr.sequence[:857]}R{egfr.sequence[858:]}")
    assert protein.accession == "P00533"
    assert near == (Near(1, 858, "L", "R"),)
    assert near[0].variant == "L858R"
    changed = f"{UBIQUITIN[:47]}R{UBIQUITIN[48:]}"
    by_gene = {protein.gene: near for protein, near in index.proteins_near(changed)}
    assert [hit.variant for hit in by_gene["UBB"]] == ["K48R", "K124R", "K200R"]
    assert len(by_gene["UBC"]) == 9
    assert index.proteins_near(UBIQUITIN) == []  # it is there as it is
    assert index.proteins_near(f"{UBIQUITIN[:10]}WW{UBIQUITIN[12:]}") == []  # two
    assert index.proteins_near("MQIFVKTLTGW") == []  # too short to be told from chance


def test_it_takes_no_time(index: LocalIndex) -> None:
    began = time.perf_counter()
    index.proteins_containing(UBIQUITIN)
    index.proteins_near(UBIQUITIN)
    assert time.perf_counter() - began < 0.3  # 16 ms on a laptop
