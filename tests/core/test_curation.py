"""Curating affinities: what is one measurement, what is averaged, and what never is."""

from __future__ import annotations

import pytest

from biomed_agent.core.affinity import DOUBTS, conflict, read
from biomed_agent.core.curation import curate, pchembl, records
from biomed_agent.core.types import Fact, Measurement, Provenance, Relation


def value(
    number: float, *, measure: str = "Ki", unit: str = "nM", relation: Relation = "=", at: str = "", refs: str = "",
    construct: str = "", **measured: str,
) -> Fact:  # fmt: skip
    """Return an affinity; ``at`` names its record, ``refs`` its publications."""
    references = tuple(refs.split())
    measurement = Measurement(references, **measured) if refs or measured else None  # type: ignore[arg-type]
    unit = "" if measure == "KIBA score" or measure.startswith("p") else unit
    return Fact(
        "CID:1", measure, number, unit, "measured", Provenance("ChEMBL", at), relation=relation, about="UNIPROT:P1",
        construct=construct, measurement=measurement,
    )  # fmt: skip


def test_exact_replicates_are_one_value_that_knows_its_records() -> None:
    [whole] = curate(
        [value(1.0, at="a", refs="PMID:1"), value(100.0, at="b", refs="PMID:2"), value(0.01, unit="uM", at="c")]
    )
    assert whole.value == pytest.approx(10.0)
    assert whole.measurement is not None
    assert (whole.measurement.replicates, whole.measurement.low, whole.measurement.high) == (3, 1.0, 100.0)
    assert whole.measurement.references == ("PMID:1", "PMID:2")
    assert [record.identifier for record in records(whole)] == ["a", "b", "c"]
    assert whole.measurement.pchembl == 8.0


def test_a_mean_of_means_weighs_how_many_they_stand_for() -> None:
    [once] = curate([value(1.0, at="a"), value(100.0, at="b")])
    [twice] = curate([once, value(1000.0, at="c")])
    assert twice.value == pytest.approx((1.0 * 100.0 * 1000.0) ** (1 / 3), rel=1e-5)
    assert twice.measurement is not None
    assert (twice.measurement.replicates, twice.measurement.low, twice.measurement.high) == (3, 1.0, 1000.0)


def test_logarithms_are_averaged_as_they_are() -> None:
    [whole] = curate([value(9.0, measure="pKi", at="a"), value(7.0, measure="pKi", at="b")])
    assert (whole.value, pchembl(whole)) == (8.0, 8.0)


@pytest.mark.parametrize(
    "other",
    [
        value(2.0, measure="IC50", at="b"),
        value(2.0, relation=">", at="b"),
        value(2.0, relation="not stated", at="b"),
        value(2.0, relation="~", at="b"),
        value(2.0, construct="JH1 domain", at="b"),
        value(2.0, variant="T790M", at="b"),
        value(2.0, assay_type="functional", at="b"),
        value(2.0, unit="%", at="b"),
        *(value(2.0, validity=doubt, at="b") for doubt in sorted(DOUBTS)),
    ],
)
def test_what_is_no_replicate_stays_as_it_is(other: Fact) -> None:
    first = value(1.0, at="a")
    assert curate([first, other]) == [first, other]
    assert curate([other, value(2.0, at="a")])[0] == other


def test_scores_are_not_averaged() -> None:
    scores = [value(12.0, measure="KIBA score", at="a"), value(13.0, measure="KIBA score", at="b")]
    assert curate(scores) == scores


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        (value(1.0, at="a", refs="PMID:1"), value(1.0, at="b", refs="PMID:1"), 1),
        (value(1.0, at="a", refs="PMID:1"), value(0.001, unit="uM", at="b", refs="PMID:1"), 1),
        (value(1.0, at="a"), value(1.0, at="a"), 1),
        (value(5.0, relation=">", at="a", refs="PMID:1"), value(5.0, relation=">", at="b", refs="PMID:1"), 1),
        (value(1.0, at="a", refs="PMID:1"), value(1.0, at="b", refs="PMID:2"), 2),
        (value(1.0, at="a"), value(1.0, at="b"), 2),
    ],
)
def test_a_measurement_that_is_told_twice_counts_once(first: Fact, second: Fact, count: int) -> None:
    facts = curate([first, second])
    assert sum((fact.measurement.replicates if fact.measurement else 1) or 1 for fact in facts) == count


def test_variants_written_in_another_order_are_one() -> None:
    facts = [value(1.0, variant="T790M,L858R", at="a"), value(4.0, variant="L858R T790M", at="b")]
    assert [fact.value for fact in curate(facts)] == [2.0]


def test_one_value_is_given_as_pchembl_only_where_it_is_sure() -> None:
    assert pchembl(value(1.0)) == 9.0
    assert pchembl(value(1.0, relation=">")) is None
    assert pchembl(value(1.0, relation="not stated")) is None
    assert pchembl(value(1.0, validity="Potential author error")) is None


def test_a_doubted_value_decides_nothing() -> None:
    doubted = value(1.0, validity="Potential transcription error", at="a")
    reading = read(doubted)
    assert reading is not None
    assert (reading.sign, reading.binds) == ("?", None)
    assert conflict([doubted, value(10_000.0, relation=">=", at="b")]) is None


def test_a_value_without_relation_contradicts_no_number_and_binds_when_small() -> None:
    small, large = value(5.0, relation="not stated", at="a"), value(10_001.0, relation="not stated", at="b")
    assert [reading.binds for fact in (small, large) if (reading := read(fact))] == [True, None]
    assert conflict([small, value(900.0, at="c")]) is None
    assert conflict([small, value(10_000.0, relation=">=", at="c")]) is not None
    assert conflict([large, value(1.0, at="c")]) is None
