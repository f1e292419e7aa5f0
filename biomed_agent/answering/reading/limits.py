"""The limit that a question puts on measured affinities: ``with Kd below 10 nM``, ``KIBA score above 13``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from biomed_agent.core.affinity import IN_NM, SCORE
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.query import Filter, FilterRelation

_WORDS = {"picomolar": "pM", "nanomolar": "nM", "micromolar": "uM", "millimolar": "mM"}
_UP_TO = r"at most|up to|no more than|<=|≤|=<"
_BELOW = r"below|under|(?:less|lower|smaller|better|stronger|tighter) than|<"
_FROM = r"at least|no less than|>=|≥|=>"
_ABOVE = r"above|over|(?:more|greater|higher|larger|weaker|worse) than|exceeding|>"
_LIMIT = re.compile(
    r"(?:\b(?P<measure>(?i:kd|ki|ic50|ec50|kiba))\b[^.?!;\d]{0,30}?)?"
    rf"(?:(?P<up_to>(?i:{_UP_TO}))|(?P<below>(?i:{_BELOW}))|(?P<start>(?i:{_FROM}))|(?P<above>(?i:{_ABOVE})))\s*"
    rf"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>(?:{'|'.join(IN_NM)}|(?i:{'|'.join(_WORDS)}))\b)?"
)
MEASURES = {"kd": "Kd", "ki": "Ki", "ic50": "IC50", "ec50": "EC50", "kiba": SCORE}
"""measures by the word of a question"""
ANY_CONCENTRATION = "affinity"
"""field of a filter that is put on whatever concentration was measured"""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is asked of an affinity."""

    words: str
    """as the question writes it"""
    measure: str
    """``Kd``, or empty for any concentration"""
    value: float
    """nM, or a score"""
    inclusive: bool
    stronger: bool
    """whether what binds more strongly is wanted"""

    @property
    def phrase(self) -> str:
        """The limit as it stands behind "with": ``Kd below 1 nM``, ``an affinity below 1 nM``."""
        return self.words if self.measure or self.words.startswith(ANY_CONCENTRATION) else f"an affinity {self.words}"

    @property
    def filter(self) -> Filter:
        """The limit as a part of a query."""
        below = self.stronger != (self.measure == SCORE)
        relation: FilterRelation = ("<=" if self.inclusive else "<") if below else (">=" if self.inclusive else ">")
        unit = "" if self.measure == SCORE else "nM"
        return Filter(self.measure or ANY_CONCENTRATION, relation, self.value, unit, self.phrase)

    @classmethod
    def of(cls, filters: Sequence[Filter]) -> Limit | None:
        """Return the first limit among the filters of a query; None when none is put on an affinity.

        Raises:
            InvalidInput: A filter asks for something else, or in a unit that is none of a concentration.
        """
        if not filters:
            return None
        condition = filters[0]
        measure = "" if condition.field == ANY_CONCENTRATION else MEASURES.get(condition.field.lower().split()[0], "")
        known = [ANY_CONCENTRATION, *MEASURES.values()]
        if len(filters) > 1 or (not measure and condition.field != ANY_CONCENTRATION):
            raise InvalidInput(
                f"the filters {', '.join(map(str, filters))} cannot be applied to measured partners.",
                f"Expected one, of {', '.join(known)}.",
            )
        if condition.relation not in ("<", "<=", ">", ">=") or not isinstance(condition.value, int | float):
            raise InvalidInput(f"the filter {condition} cannot be applied.", "Expected < <= > or >= and one number.")
        if measure != SCORE and condition.unit not in IN_NM:
            raise InvalidInput(f"the filter {condition} has no unit of a concentration.", f"Use {', '.join(IN_NM)}.")
        below = condition.relation.startswith("<")
        return cls(
            words=str(condition),
            measure=measure,
            value=condition.value * (1.0 if measure == SCORE else IN_NM[condition.unit]),
            inclusive=condition.relation.endswith("="),
            stronger=below != (measure == SCORE),
        )

    def holds(self, measure: str, value: float) -> bool:
        """Whether an affinity in nM, or a score, lies within the limit."""
        if (measure == SCORE) != (self.measure == SCORE) or (self.measure and measure != self.measure):
            return False
        if value == self.value:
            return self.inclusive
        return (value > self.value) == (measure == SCORE)


def limit_in(text: str) -> Limit | None:
    """Return the first limit of ``text``; None where it states none with a unit, or for a KIBA score without one.

    >>> limit_in("List what it binds with Kd below 10 nM").value
    10.0
    """
    for match in _LIMIT.finditer(text):
        measure, unit = MEASURES.get((match["measure"] or "").lower(), ""), match["unit"] or ""
        if (measure == SCORE) == bool(unit):
            continue  # a number of something else
        high = bool(match["above"] or match["start"])
        factor = IN_NM[_WORDS.get(unit.lower(), unit)] if unit else 1.0
        return Limit(
            words=" ".join(match[0].split()),
            measure=measure,
            value=float(match["value"]) * factor,
            inclusive=bool(match["up_to"] or match["start"]),
            stronger=high == (measure == SCORE),
        )
    return None
