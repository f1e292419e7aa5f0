"""Measured affinities as numbers: units, bounds, scores, and which of them contradict each other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from biomed_agent.core.types import Fact

SCORE = "KIBA score"
"""The measure that is no concentration."""
KIBA_BINDS = 12.1
"""The KIBA score from which a pair counts as binding, on the scale of the shipped tables (higher is stronger).

It is 3.0 on the scale of Tang et al. 2014 (doi:10.1021/ci400709d), where lower is stronger, turned round as in SimBoost
(He et al. 2017, doi:10.1186/s13321-017-0209-z) and DeepDTA (Ozturk et al. 2018, doi:10.1093/bioinformatics/bty593).
Both numbers are taken from how later papers on binary KIBA describe them (bio-protocol.org/bio101/r9394008); the two
papers themselves were not at hand. It decides only what a low score is said to mean and what is listed as a partner."""
WEAK = 1_000.0
"""nM; binding above it is called weak"""
IN_NM = {"pM": 1e-3, "nM": 1.0, "uM": 1e3, "µM": 1e3, "μM": 1e3, "mM": 1e6, "M": 1e9}
"""units of concentrations, in nM"""
NO_BINDING = 10_000.0
"""nM; a constant not reached at this concentration counts as no binding, as in the DAVIS table"""
LOGARITHMS = frozenset({"pKd", "pKi", "pIC50", "pEC50"})
"""measures that are -log10 of a molar concentration: higher is stronger"""
DOUBTS = frozenset(
    {
        "Outside typical range",
        "Non standard unit for type",
        "Potential transcription error",
        "Potential author error",
        "Author confirmed error",
    }
)
"""what ChEMBL remarks on the validity of a value that is then neither averaged nor ranked"""
DISAGREE = 10.0
"""ratio from which two values of one measure contradict each other"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of an affinity, to be compared with others."""

    fact: Fact
    value: float
    """nM of a concentration, the score of a score"""
    sign: str
    """``=``, ``>`` and ``<`` of a bound, or ``?`` where the source does not say or doubts the value"""

    @property
    def binds(self) -> bool | None:
        """Whether it means binding; None for a weak constant or a bound that decides nothing."""
        if doubted(self.fact):
            return None
        if self.fact.predicate == SCORE:
            return self.value >= KIBA_BINDS
        if self.sign == "?":
            # A lost ">" stands before large values: screens stop at 1 uM or above, so below it a value is no bound.
            return True if self.value < WEAK else None
        if self.sign == ">":
            return False if self.value >= NO_BINDING else None
        return True if self.value < NO_BINDING else None


def doubted(fact: Fact) -> bool:
    """Whether its source doubts the value, as in ``Potential transcription error``."""
    return fact.measurement is not None and fact.measurement.validity in DOUBTS


def is_open(fact: Fact) -> bool:
    """Whether nobody can say how the true value lies to the one stated, so that it is never ranked or held to a limit.

    The source did not keep the relation, or doubts the value.
    """
    return fact.relation == "not stated" or doubted(fact)


def read(fact: Fact) -> Reading | None:
    """Return the value of an affinity; None for what is neither a concentration nor a KIBA score."""
    if isinstance(fact.value, str):
        return None
    sign, value = "?" if is_open(fact) else fact.relation[0], float(fact.value)
    if fact.predicate == SCORE:
        return Reading(fact, value, "?" if sign == "?" else "=")
    if fact.predicate in LOGARITHMS:
        return Reading(fact, 10 ** (9 - value), {">": "<", "<": ">", "?": "?"}.get(sign, "="))
    if fact.unit not in IN_NM or value <= 0:
        return None
    return Reading(fact, value * IN_NM[fact.unit], "=" if sign == "~" else sign)


def conflict(facts: Sequence[Fact]) -> tuple[Reading, Reading] | None:
    """Return the first two affinities of one pair that contradict each other.

    They do when one means binding and the other none, when two values of one measure differ more than tenfold, and
    when a value lies outside the bound that another row states. Values of two parts of a protein contradict nothing,
    and where two parts were measured, neither does a value that does not say of which it is; nor do doubted values, nor
    by its number one whose relation is not stated.
    """
    readings = [reading for fact in facts if not doubted(fact) and (reading := read(fact))]
    parts = {reading.fact.construct for reading in readings} - {""}
    pairs = [
        (first, second)
        for first, second in itertools.combinations(readings, 2)
        if len(parts) < 2 or first.fact.construct == second.fact.construct
    ]
    for first, second in pairs:
        if first.fact.predicate == second.fact.predicate and _contradicts(first, second):
            return first, second
    return next((pair for pair in pairs if {pair[0].binds, pair[1].binds} == {True, False}), None)


def _contradicts(first: Reading, second: Reading) -> bool:
    """Whether two values of one measure cannot both hold."""
    if first.fact.predicate == SCORE:
        return first.binds != second.binds
    if "?" in (first.sign, second.sign):
        return False
    low, high = sorted((first, second), key=lambda reading: reading.value)
    if first.sign == second.sign == "=":
        return high.value > DISAGREE * low.value
    return low.sign != ">" and high.sign != "<" and low.value < high.value
