"""Measures, relations, values and units as they are written."""

from __future__ import annotations

import pytest

from biomed_agent.sources.local.activity_dumps import values
from biomed_agent.sources.local.activity_dumps.values import Value, nanomolar, split_relation, value_of
from biomed_agent.sources.local.dumps import Skipped


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("nM", 1), ("NM", 1), ("nm", 1), ("nmol/L", 1), ("nmol L-1", 1), ("nanomolar", 1), ("uM", 1e3), ("µM", 1e3),
        ("μM", 1e3), ("microM", 1e3), ("umol/L", 1e3), ("mM", 1e6), ("M", 1e9), ("mol/l", 1e9), ("pM", 1e-3),
        ("fM", 1e-6), ("10'6pM", 1e3), ("10'-1microM", 100), ("10'2 uM", 1e5), ("10'-10M", 0.1), ("10^-9 M", 1),
    ],
)  # fmt: skip
def test_molar_units(unit: str, factor: float) -> None:
    assert nanomolar(unit) == pytest.approx(factor)


@pytest.mark.parametrize("unit", ["", "%", "ug.mL-1", "/uM", "mm", "MM", "m", "M-1", "uM s", "mg/kg", "10'1 ug/ml"])
def test_what_is_no_molar_unit_or_may_be_several(unit: str) -> None:
    assert nanomolar(unit) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (("Ki", "=", "1.36", "10'6pM"), Value("Ki", "=", 1360.0)),
        (("ic50", ">>", "10,000", "nM"), Value("IC50", ">", 10000.0)),
        (("Kd", "<<", 0.05, "uM"), Value("Kd", "<", 50.0)),
        (("EC50", "'>='", "3", "nM"), Value("EC50", ">=", 3.0)),
        (("AC50", "=<", "3", "nM"), Value("AC50", "<=", 3.0)),
        (("Potency", "", "3", "nM"), Value("Potency", "", 3.0)),
        (("ED50", "~", "0.3", "M"), Value("ED50", "~", 3e8)),
        (("pKi", ">", "7", ""), Value("Ki", "<", 100.0)),
        (("-log IC50", "<=", "8.5", ""), Value("IC50", ">=", 3.162)),
        (("Ki", "=", "9", "-log"), Value("Ki", "=", 1.0)),
        (("Log IC50", "<", "-4.0", ""), Value("IC50", "<", 100000.0)),
    ],
)
def test_values_become_nanomolar(written: tuple[str, str, str, str], value: Value) -> None:
    assert value_of(*written) == value


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (("Inhibition", "=", "5", "%"), values.OTHER_MEASURE),
        (("pA2", "=", "5", ""), values.OTHER_MEASURE),
        (("IC50", "=", None, "nM"), values.NO_VALUE),
        (("IC50", "", "", "", "Not Active"), values.NOT_ACTIVE),
        (("IC50", "=", ".10,000", "nM"), "a value that is no number"),
        (("IC50", "=", "1,5", "nM"), "a value that is no number"),
        (("IC50", "=", "0", "nM"), "a value that is not above zero"),
        (("IC50", "/", "1", "nM"), "relation '/'"),
        (("IC50", "=", "1", "ug/mL"), "unit 'ug/mL', which is no molar concentration"),
        (("IC50", "=", "1", ""), "no unit"),
        (("pKi", "=", "7", "nM"), "a logarithm with the unit 'nM'"),
        (("pKi", "=", "7000", ""), "a logarithm that is not between 0 and 15"),
    ],
)
def test_what_is_no_value_says_why(written: tuple[str, str, str, str], reason: str) -> None:
    assert value_of(*written) == Skipped(reason)


def test_a_relation_in_a_cell() -> None:
    assert split_relation(">10,000") == (">", "10,000")
    assert split_relation(" <= 5") == ("<=", "5")
    assert split_relation("5") == ("", "5")
