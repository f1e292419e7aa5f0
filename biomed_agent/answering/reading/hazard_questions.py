"""Questions about hazards and measured values of a molecule: how they are asked, and which statements answer them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from biomed_agent.core.predicates import REMARK, STATEMENT
from biomed_agent.core.types import Fact

# A yes-or-no question about one hazard -> the statements that speak of it. Codes: UN GHS, revision 10, annex 3; EUH
# codes: Regulation (EC) No 1272/2008, annex III, with the classes of Regulation (EU) 2023/707.
_TOPICS: dict[str, tuple[str, str]] = {
    "explosive": (r"explosive", r"H20\d|H24[01]|EUH0(?:01|06|18|19|44)"),
    "flammable": (r"(?:in)?flammable|combustible|a fire hazard|pyrophoric", r"H22\d|H23\d|H25[012]|EUH018|EUH209"),
    "oxidizing": (r"an? oxidi[sz](?:er|ing agent)|oxidi[sz]ing", r"H27\d"),
    "corrosive": (r"corrosive|caustic", r"H290|H314|H318|EUH071"),
    "irritant": (r"(?:an? )?irrita(?:nt|ting)", r"H315|H319|H335"),
    "sensitizing": (r"(?:an? )?(?:skin |respiratory )?sensiti[sz](?:er|ing)|allergenic", r"H317|H334|EUH20[3458]"),
    "acutely toxic": (
        r"(?:acutely )?toxic|poisonous|harmful|a poison",
        r"H30[0-5]|H31[0-3]|H33[0-3]|H37[0-3]|EUH0(?:29|31|32|70)",
    ),
    "mutagenic": (r"(?:a )?mutagen(?:ic)?", r"H34[01]"),
    "carcinogenic": (r"(?:a )?carcinogen(?:ic)?", r"H35[01]"),
    "toxic for reproduction": (r"teratogenic|toxic (?:for|to) reproduction|reprotoxic", r"H36[0-2]"),
    "hazardous to the environment": (
        r"(?:toxic|hazardous|harmful|dangerous) (?:to|for) (?:aquatic life|the environment|water)",
        r"H4\d\d|EUH059|EUH4[345][01]",
    ),
    "hazardous": (r"hazardous|dangerous|a hazardous (?:substance|material)", r"(?:EU|AU)?H\d{3}"),
}
ASKED = re.compile(
    r"\bghs\b|hazard (?:statement|class|pictogram|code|classification|information)s?|\bh-?(?:statements|phrases)\b"
    r"|\bp-?statements\b|signal word|(?:what|which|list|name|show|give).*\bhazards?\b|\bhazards? of it\b|pictograms?",
    re.IGNORECASE,
)
"""words that ask for the hazards of a thing"""
ONE_HAZARD = re.compile(
    r"\W*(?:is|are) (?:it|this|that)(?: (?:compound|molecule|substance|chemical))?\s*"
    r"(?:(?:highly|very|acutely|extremely|classified as|considered)\s+)?"
    rf"(?P<topic>{'|'.join(shape for shape, _ in _TOPICS.values())})\W*",
    re.IGNORECASE,
)
"""a question about one hazard, such as ``Is it flammable?``"""


def topic_of(text: str) -> str:
    """Return the one hazard that "Is it flammable?" and the like ask about; empty for every other question."""
    asked = ONE_HAZARD.fullmatch(text)
    if asked is None:
        return ""
    return next(topic for topic, (shape, _) in _TOPICS.items() if re.fullmatch(shape, asked["topic"], re.IGNORECASE))


ALSO_ASKED = re.compile(
    rf"\b(?:is|are) it (?:(?:highly|very|acutely|extremely) )?(?:{'|'.join(shape for shape, _ in _TOPICS.values())})\b"
    r"|\b(?:toxicity|flammability|carcinogenicity|mutagenicity|explosiveness|corrosiveness|hazards?)\b",
    re.IGNORECASE,
)
"""what asks for a hazard in a question that asks for values as well ("Is it flammable and how dense?")"""


def bearing_on(topic: str, facts: Iterable[Fact]) -> list[Fact]:
    """Return the hazard statements whose codes speak of ``topic``, and the remarks that begin with such a code."""
    codes = re.compile(_TOPICS[topic][1])
    return [fact for fact in facts if any(codes.fullmatch(code) for code in _codes_of(fact))]


def _codes_of(fact: Fact) -> list[str]:
    """Return the codes a statement gives before its text; a line that could not be read is a remark with a code."""
    if fact.predicate not in (STATEMENT, REMARK):
        return []
    led = re.match(r"\W*(?:(?:EU|AU)?H\d{3}[A-Za-z]{0,3}\W*)+", str(fact.value))
    return re.findall(r"(?:EU|AU)?H\d{3}", led[0]) if led else []
