"""What a fact can state, and by which words it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.core.types import Fact

STATEMENT, REMARK = "GHS hazard statement", "GHS remark"
HAZARDS = ("GHS signal word", STATEMENT, "GHS pictogram", "GHS precautionary codes", REMARK)
"""predicates of what depositors say about hazards"""
# What is measured -> how it is asked for.
MEASURED: dict[str, str] = {
    "melting point": r"melting (?:point|temperature)s?|schmelzpunkt|point de fusion|punto de fusi[óo]n",
    "boiling point": r"boiling (?:point|temperature)s?|siedepunkt|point d'[ée]bullition|punto de ebullici[óo]n",
    "flash point": r"flash ?points?|flammpunkt",
    "autoignition temperature": r"auto-?ignition",
    "solubility": r"solubilit(?:y|ies)|\b(?:in)?soluble\b|how (?:well|much) does it dissolve",
    "density": r"\bdensity\b|specific gravity",
    "vapor pressure": r"vapou?r pressure",
    "pKa": r"\bpka'?s?\b|dissociation constants?|acidity constant",
    "measured logP": r"(?:measured|experimental) c?log ?(?:p|kow)\b|\blog ?kow\b",
    "refractive index": r"refractive index",
    "viscosity": r"viscosity",
    "optical rotation": r"optical rotation|specific rotation",
    "odor": r"\bod(?:o|ou)r\b|what does it smell like|how does it smell",
    "colour and form": r"(?:what|which) colou?r\b",
    "physical description": r"physical (?:description|state|form|appearance)|what does it look like",
    "stability/shelf life": r"shelf[ -]?life|how stable|\bstability\b",
    "henry's law constant": r"henry'?s?(?: law)?(?: constant)?",
    "heat of combustion": r"heat of combustion",
    "heat of vaporization": r"heat of vapori[sz]ation",
    "surface tension": r"surface tension",
}


def distinct(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts without those that repeat what another depositor says: one for each code or value."""
    found: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = str(fact.value).partition(":")[0] if fact.predicate == STATEMENT else f"{fact.value} {fact.unit}"
        found.setdefault((fact.predicate, key.lower()), fact)
    return list(found.values())


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
