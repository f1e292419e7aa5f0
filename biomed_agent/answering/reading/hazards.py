"""Hazards as a question calls them, and the statements of depositors that answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from biomed_agent.core.predicates import REMARK, STATEMENT
from biomed_agent.core.types import Fact

HAZARD_TOPICS: dict[str, str] = {
    "explosive": "explosive|explosiveness",
    "flammable": "flammable|inflammable|combustible|a fire hazard|pyrophoric|flammability",
    "oxidizing": "{an |}{oxidizer|oxidiser|oxidizing agent|oxidising agent}|oxidizing|oxidising",
    "corrosive": "corrosive|caustic|corrosiveness",
    "irritant": "{an |}irritant|irritating",
    "sensitizing": "{a |}{skin |respiratory |}{sensitizer|sensitiser|sensitizing|sensitising}|allergenic",
    "acutely toxic": "{acutely |}toxic|poisonous|harmful|a poison|poison",
    "mutagenic": "mutagenic|{a |}mutagen|mutagenicity",
    "carcinogenic": "carcinogenic|{a |}carcinogen|carcinogenicity",
    "toxic for reproduction": "teratogenic|toxic {for|to} reproduction|reprotoxic",
    "hazardous to the environment": "{toxic|hazardous|harmful|dangerous} {to|for} {aquatic life|the environment|water}",
    "hazardous": "hazardous|dangerous|a hazardous {substance|material}",
}
"""how a question calls each hazard"""
# The statements that speak of it. Codes: UN GHS, revision 10, annex 3; EUH codes: Regulation (EC) No 1272/2008, annex
# III, with the classes of Regulation (EU) 2023/707.
_CODES: dict[str, str] = {
    "explosive": r"H20\d|H24[01]|EUH0(?:01|06|18|19|44)",
    "flammable": r"H22\d|H23\d|H25[012]|EUH018|EUH209",
    "oxidizing": r"H27\d",
    "corrosive": r"H290|H314|H318|EUH071",
    "irritant": r"H315|H319|H335",
    "sensitizing": r"H317|H334|EUH20[3458]",
    "acutely toxic": r"H30[0-5]|H31[0-3]|H33[0-3]|H37[0-3]|EUH0(?:29|31|32|70)",
    "mutagenic": r"H34[01]",
    "carcinogenic": r"H35[01]",
    "toxic for reproduction": r"H36[0-2]",
    "hazardous to the environment": r"H4\d\d|EUH059|EUH4[345][01]",
    "hazardous": r"(?:EU|AU)?H\d{3}",
}
DEGREES = "highly|very|acutely|extremely|classified as|considered|classified|seriously"
"""words before a hazard that change nothing of which statements speak of it"""


def bearing_on(topic: str, facts: Iterable[Fact]) -> list[Fact]:
    """Return the hazard statements whose codes speak of ``topic``, and the remarks that begin with such a code."""
    codes = re.compile(_CODES[topic])
    return [fact for fact in facts if any(codes.fullmatch(code) for code in _codes_of(fact))]


def _codes_of(fact: Fact) -> list[str]:
    """Return the codes a statement gives before its text; a line that could not be read is a remark with a code."""
    if fact.predicate not in (STATEMENT, REMARK):
        return []
    led = re.match(r"\W*(?:(?:EU|AU)?H\d{3}[A-Za-z]{0,3}\W*)+", str(fact.value))
    return re.findall(r"(?:EU|AU)?H\d{3}", led[0]) if led else []
