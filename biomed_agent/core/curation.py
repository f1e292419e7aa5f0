"""Curating measured affinities as they are read: what is one measurement, what is doubted, what may be averaged.

Pure functions over facts. The tables hold one row for each measurement as it was published; what is done with them, and
what is never done, stands in docs/activities.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from biomed_agent.core.affinity import IN_NM, LOGARITHMS, SCORE, doubted
from biomed_agent.core.protein_variants import substitutions
from biomed_agent.core.types import Fact, Measurement, Provenance


def curate(facts: Iterable[Fact]) -> list[Fact]:
    """Return the affinities of a reader: repeated rows once, replicates of exact values as their geometric mean.

    Replicates are exact values of one pair, measure, construct, variant and, where it is stated, type of assay. Their
    mean knows how many there are (``measurement.replicates``), the least and the largest, all references and all
    records. Bounds, values without a relation, doubted values (:func:`.affinity.doubted`) and combined scores stay as
    they are, in their order.
    """
    groups: dict[tuple[str, ...], list[Fact]] = {}
    order: list[tuple[tuple[str, ...], Fact]] = []
    for key_of_all, fact in _distinct(facts):
        key = key_of_all if may_be_averaged(fact) else ()
        if key and key in groups:
            groups[key].append(fact)
            continue
        if key:
            groups[key] = [fact]
        order.append((key, fact))
    return [mean(groups[key]) if key and len(groups[key]) > 1 else fact for key, fact in order]


def _distinct(facts: Iterable[Fact]) -> Iterator[tuple[tuple[str, ...], Fact]]:
    """Yield the facts without repeated ones, each with its key: same record, or same value from the same publications.

    A value that two databases took from one publication is one measurement.
    """
    facts = list(facts)
    numbers = Counter((fact.about, fact.predicate) for fact in facts)
    seen: set[tuple[object, ...]] = set()
    for fact in facts:
        if numbers[fact.about, fact.predicate] == 1:
            yield (), fact
            continue
        key = replicates_key(fact)
        value = fact.value if isinstance(fact.value, str) else f"{_plain(fact):.5g}"
        pair = (*key[:-1], fact.relation, value, doubted(fact))
        refs = frozenset(fact.measurement.references) if fact.measurement else frozenset()
        marks = {(*pair, fact.provenance.source, fact.provenance.identifier)} if fact.provenance.identifier else set()
        marks |= {(*pair, refs)} if refs else set()
        repeated = not marks.isdisjoint(seen)
        seen |= marks
        if not repeated:
            yield key, fact


def replicates_key(fact: Fact) -> tuple[str, ...]:
    """Return what two measurements must share to be replicates; the type of assay stands last."""
    measured = fact.measurement or _NONE
    unit = "nM" if fact.unit in IN_NM else fact.unit
    variant = " ".join(variant_key(measured.variant))
    return fact.subject, fact.about, fact.predicate, unit, fact.construct, variant, measured.assay_type


def variant_key(variant: str) -> tuple[str, ...]:
    """Return the substitutions of a variant in a fixed order; what is none of these, as it is written.

    >>> variant_key("T790M,L858R"), variant_key("p.Val600Glu"), variant_key("UNDEFINED MUTATION")
    (('L858R', 'T790M'), ('V600E',), ('UNDEFINED MUTATION',))
    """
    return (tuple(sorted(substitutions(variant))) or (variant,)) if variant else ()


def may_be_averaged(fact: Fact) -> bool:
    """Whether a value is exact, not doubted, and a concentration or the logarithm of one."""
    if isinstance(fact.value, str) or fact.relation != "=" or doubted(fact):
        return False
    return fact.predicate in LOGARITHMS or (fact.predicate != SCORE and fact.unit in IN_NM and fact.value > 0)


def mean(facts: Sequence[Fact]) -> Fact:
    """Return the geometric mean of exact replicates in the unit of the first; of logarithms it is the mean."""
    first = facts[0]
    counts = [_count(fact) for fact in facts]
    logarithm = first.predicate in LOGARITHMS
    factor = 1.0 if logarithm else IN_NM[first.unit]
    values = [_plain(fact) for fact in facts]
    weighted = zip(values if logarithm else map(math.log, values), counts, strict=True)
    middle = sum(value * count for value, count in weighted) / sum(counts)
    value = middle if logarithm else math.exp(middle) / factor
    records = dict.fromkeys(fact.provenance for fact in facts)
    measured = Measurement(
        references=tuple(dict.fromkeys(ref for fact in facts for ref in (fact.measurement or _NONE).references)),
        replicates=sum(counts),
        low=min(_least(fact) for fact in facts) / factor,
        high=max(_largest(fact) for fact in facts) / factor,
        assay_type=(first.measurement or _NONE).assay_type,
        organism=_shared((fact.measurement or _NONE).organism for fact in facts),
        variant=(first.measurement or _NONE).variant,
        records=tuple(records),
    )
    whole = replace(first, value=float(f"{value:.6g}"), measurement=measured)
    return replace(whole, measurement=replace(measured, pchembl=pchembl(whole)))


_NONE = Measurement(replicates=None)


def pchembl(fact: Fact) -> float | None:
    """Return -log10 of the molar value to two digits, of exact values that nothing speaks against only; else None."""
    if fact.measurement is not None and fact.measurement.pchembl is not None and not doubted(fact):
        return fact.measurement.pchembl
    if not may_be_averaged(fact):
        return None
    return round(_plain(fact) if fact.predicate in LOGARITHMS else 9 - math.log10(_plain(fact)), 2)


def records(fact: Fact) -> tuple[Provenance, ...]:
    """Return the records that a value stands for: its own, or those of the replicates it is the mean of."""
    return (fact.measurement.records if fact.measurement else ()) or (fact.provenance,)


def partner_key(fact: Fact) -> tuple[str, ...]:
    """Return what tells the partners of a list apart: the handle, and the variant that was measured."""
    return fact.about, *variant_key(fact.measurement.variant if fact.measurement else "")


def _count(fact: Fact) -> int:
    return (fact.measurement.replicates if fact.measurement else None) or 1


def _plain(fact: Fact) -> float:
    """Return the number, in nM of a concentration; NaN of a text, which equals nothing."""
    return math.nan if isinstance(fact.value, str) else float(fact.value) * IN_NM.get(fact.unit, 1.0)


def _least(fact: Fact) -> float:
    low = fact.measurement.low if fact.measurement else None
    return _plain(fact) if low is None else low * IN_NM.get(fact.unit, 1.0)


def _largest(fact: Fact) -> float:
    high = fact.measurement.high if fact.measurement else None
    return _plain(fact) if high is None else high * IN_NM.get(fact.unit, 1.0)


def _shared(values: Iterable[str]) -> str:
    """Return what all agree on; empty where they do not."""
    several = set(values)
    return several.pop() if len(several) == 1 else ""
