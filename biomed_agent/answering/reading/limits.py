"""Limits that a query puts on measured affinities: which values lie within, and how they are said."""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.core.affinity import IN_NM, SCORE, read
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.query import OTHERS, Filter
from biomed_agent.core.types import Fact
from biomed_agent.core.words import listed

MEASURES = {"kd": "Kd", "ki": "Ki", "ic50": "IC50", "ec50": "EC50", "kiba score": SCORE, "kiba": SCORE}
"""measures by the words of a query"""
ANY_CONCENTRATION = "affinity"
"""field of a filter that is put on whatever concentration was measured"""
OF_PARTNERS = ("protein class", "organism", "unit", "approval status", OTHERS)
"""fields that restrict the partner, or say in which unit, and not the affinity"""


def affinity_filters(filters: Sequence[Filter]) -> list[Filter]:
    """Return the filters on affinities, checked, the measure in its usual spelling.

    Raises:
        InvalidInput: A filter asks for something else, or in a unit that is none of a concentration.
    """
    return [_checked(condition) for condition in filters if condition.field not in OF_PARTNERS]


def _checked(condition: Filter) -> Filter:
    field = condition.field if condition.field == ANY_CONCENTRATION else MEASURES.get(condition.field.lower(), "")
    if not field:
        known = [ANY_CONCENTRATION, *dict.fromkeys(MEASURES.values())]
        raise InvalidInput(
            f"the filter {condition} cannot be applied to measured partners.", f"Expected one of {', '.join(known)}."
        )
    numbers = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    wanted = 2 if condition.relation == "between" else 1
    if condition.relation not in ("<", "<=", ">", ">=", "=", "between") or len(numbers) != wanted or not all(
        isinstance(number, int | float) for number in numbers
    ):  # fmt: skip
        raise InvalidInput(f"the filter {condition} cannot be applied.", "Expected < <= > >= = and one number, or "
                           "between and two.")  # fmt: skip
    if field != SCORE and condition.unit not in IN_NM:
        raise InvalidInput(f"the filter {condition} has no unit of a concentration.", f"Use {', '.join(IN_NM)}.")
    factor = 1.0 if field == SCORE else IN_NM[condition.unit]
    values = tuple(float(number) * factor for number in numbers)
    return Filter(field, condition.relation, values if wanted == 2 else values[0], "", condition.words)


def holds(limits: Sequence[Filter], fact: Fact) -> bool:
    """Whether an affinity surely lies within all limits, as :func:`affinity_filters` returns them.

    A bound does so only where the limit reaches to its open side: "above 10 uM" is within "above 1 uM".
    """
    reading = read(fact)
    if reading is None:
        return not limits
    return all(_within(limit, fact.predicate, reading.value, reading.sign) for limit in limits)


def _within(limit: Filter, measure: str, value: float, sign: str) -> bool:
    if (measure == SCORE) != (limit.field == SCORE) or limit.field not in (ANY_CONCENTRATION, measure):
        return False
    if isinstance(limit.value, tuple):
        low, high = sorted(float(number) for number in limit.value)
        return sign == "=" and low <= value <= high
    number = float(limit.value)
    if limit.relation in ("<", "<="):
        return sign in ("=", "<") and (value < number or (value == number and (limit.relation == "<=" or sign == "<")))
    if limit.relation in (">", ">="):
        return sign in ("=", ">") and (value > number or (value == number and (limit.relation == ">=" or sign == ">")))
    return sign == "=" and value == number


def limits_text(filters: Sequence[Filter]) -> str:
    """Say the limits as they stand behind "with": ``Kd below 1 nM``, ``an affinity below 1 nM``."""
    shown = []
    for condition in filters:
        if condition.field in OF_PARTNERS:
            continue
        words = str(condition)
        named = condition.field.split()[0].lower() in words.lower()
        shown.append(words if named else f"an affinity {words}" if condition.field == ANY_CONCENTRATION else
                     f"{condition.field} {words}")  # fmt: skip
    return listed(list(dict.fromkeys(shown)))
