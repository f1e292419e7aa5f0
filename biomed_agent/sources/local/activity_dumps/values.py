"""Measures, relations, values and units as dumps write them, as one measure, one relation and nM.

Nothing is guessed: what could be meant in two ways is no value, and the reason says so.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from biomed_agent.sources.local.dumps import Skipped

MEASURES = ("Kd", "Ki", "IC50", "EC50", "AC50", "ED50", "XC50", "Potency")
"""measures that are kept, each under its own name"""
NO_VALUE = "no value"
NOT_ACTIVE = "no value, stated as not active"
OTHER_MEASURE = f"another measure than {', '.join(MEASURES)}"
DUPLICATE = "marked as a repetition of another publication's value"
_INACTIVE = ("not active", "inactive", "no activity")
_BY_KEY = {measure.lower(): measure for measure in MEASURES}

RELATIONS = {
    "=": "=", "==": "=", ">": ">", "<": "<", ">=": ">=", "<=": "<=", "=>": ">=", "=<": "<=", "≥": ">=", "≤": "<=",
    "~": "~", "≈": "~", ">>": ">", ">>>": ">", "<<": "<", "<<<": "<", "": "",
}  # fmt: skip
"""relation by how it is written; empty where it is not stated"""
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}

_PREFIXES = {"": 1e9, "m": 1e6, "u": 1e3, "n": 1.0, "p": 1e-3, "f": 1e-6}
"""nM of a molar unit by its prefix"""
_WORDS = {"milli": "m", "micro": "u", "nano": "n", "pico": "p", "femto": "f"}
_POWER = re.compile(r"10\s*(?:'|\^|\*\*|e)?\s*\(?([+-]?\d{1,2})\)?\s*(.+)")
_MOLAR = re.compile(r"([munpf]?)(?:M|mol\s?/\s?[lL]|mol[ .]?[lL]-1|mol[ .]dm-3)")
_LOG_UNITS = ("", "-log", "-log10", "-log m", "-log10 m", "-log(m)", "-log10(m)", "log", "m", "none", "unitless")
_MAX_LOG = 15.0
"""-log10 of the molar value from which on a number is none"""
_LOGARITHM = re.compile(r"(p|-\s?log(?:10)?[ (]*|log(?:10)?[ (]*)([a-z][a-z0-9]+)\)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d*)?)(?:[eE][+-]?\d{1,3})?")


class Value(NamedTuple):
    """A measured value of a known measure."""

    measure: str
    relation: str
    """empty where it is not stated"""
    nanomolar: float


def number(text: str) -> float | None:
    """Return the number that is written, commas between its thousands or not; None when it is none."""
    plain = text.strip()
    return float(plain.replace(",", "")) if _NUMBER.fullmatch(plain) else None


def split_relation(text: str) -> tuple[str, str]:
    """Return the relation that a cell such as ``>10,000`` begins with and the rest; empty when it has none."""
    plain = text.strip()
    mark = plain[: len(plain) - len(plain.lstrip("<>=~≥≤≈"))]
    return mark, plain[len(mark) :].strip()


@lru_cache(maxsize=1024)
def relation_of(text: str) -> str | None:
    """Return the relation that is meant, empty where none is stated; None when it is none that is known."""
    return RELATIONS.get(text.strip().strip("'\"").replace(" ", ""))


@lru_cache(maxsize=1024)
def nanomolar(unit: str) -> float | None:
    """Return how many nM a unit is; None when it is no molar concentration, or may be several (``mm``).

    >>> nanomolar("10'-1microM"), nanomolar("umol/L"), nanomolar("ug.mL-1")
    (100.0, 1000.0, None)
    """
    plain = unit.strip().rstrip(".").replace("µ", "u").replace("μ", "u")
    times = 1.0
    if power := _POWER.fullmatch(plain):
        times, plain = 10.0 ** int(power[1]), power[2].strip()
    for word, prefix in _WORDS.items():
        if plain.lower().startswith(word):
            plain = prefix + plain[len(word) :].lstrip()
    if plain[:1].lower() in ("n", "u", "p", "f") and plain[1:] == "m":
        plain = f"{plain[0]}M"  # no other concentration is written nm
    plain = re.sub("mola?r$", "M", plain[:1].replace("N", "n").replace("U", "u").replace("P", "p") + plain[1:])
    molar = _MOLAR.fullmatch(plain)
    return times * _PREFIXES[molar[1]] if molar else None


def value_of(measure: str, relation: str, value: str | float | None, unit: str, comment: str = "") -> Value | Skipped:
    """Return a value in nM, or why it is none that is kept.

    Logarithms (``pKi``, ``-log IC50``, ``Log Ki``) are converted; a bound of a negative one turns round.

    Args:
        measure: As written.
        relation: As written; empty where it is not stated.
        value: As written.
        unit: As written; empty where it is not stated.
        comment: What the source says of the outcome, which tells why a value is missing.
    """
    name, logarithm = _measure(measure)
    if not name:
        return Skipped(OTHER_MEASURE)
    if value is None or value == "":
        return Skipped(NOT_ACTIVE if comment.strip().lower() in _INACTIVE else NO_VALUE)
    amount = number(value) if isinstance(value, str) else float(value)
    if amount is None:
        return Skipped("a value that is no number")
    sign = relation_of(relation)
    if sign is None:
        return Skipped(f"relation {relation.strip()[:12]!r}")
    if logarithm or unit.strip().lower().startswith("-log"):
        return _of_logarithm(name, sign, amount if logarithm >= 0 else -amount, unit, turned=logarithm >= 0)
    factor = nanomolar(unit)
    if factor is None:
        return Skipped(f"unit {unit.strip()[:20]!r}, which is no molar concentration" if unit.strip() else "no unit")
    if not (math.isfinite(amount) and amount > 0):
        return Skipped("a value that is not above zero")
    return Value(name, sign, amount if factor == 1 else float(f"{amount * factor:.10g}"))


@lru_cache(maxsize=1024)
def _measure(text: str) -> tuple[str, int]:
    """Return the measure and 1 for its negative logarithm, -1 for its logarithm, else 0; empty when it is another."""
    plain = text.strip()
    if known := _BY_KEY.get(plain.lower()):
        return known, 0
    written = _LOGARITHM.fullmatch(plain)
    known = _BY_KEY.get(written[2].lower()) if written else None
    if written is None or known is None:
        return "", 0
    return known, -1 if written[1].lower().startswith("log") else 1


def _of_logarithm(measure: str, relation: str, amount: float, unit: str, *, turned: bool) -> Value | Skipped:
    if unit.strip().lower() not in _LOG_UNITS:
        return Skipped(f"a logarithm with the unit {unit.strip()[:20]!r}")
    if not 0 < amount < _MAX_LOG:
        return Skipped(f"a logarithm that is not between 0 and {_MAX_LOG:g}")
    return Value(measure, _TURNED.get(relation, relation) if turned else relation, float(f"{10 ** (9 - amount):.4g}"))
