"""What records state of a molecule as a drug: how its mechanism, indications and approval are written as values.

A value is written here only, and read here only, so that a live record, a dump and the starter set say the same thing
in the same words, and a list of approved drugs does not depend on where a fact came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from biomed_agent.core.types import Fact

MECHANISM, INDICATION, APPROVAL = "mechanism of action", "indication", "approval status"
DRUG_FACTS = (MECHANISM, INDICATION, APPROVAL)
"""predicates of these facts"""
FDA = "FDA"
APPROVED_PHASE = 4.0
"""ChEMBL's phase of what some agency has approved"""
_APPROVED = re.compile(r"approved(?: by the (?P<agency>\w+))?(?: \((?:.*, as of (?P<year>\d{4})|.*)\))?")
_WITHDRAWN = re.compile(r"withdrawn\b.*")


def phase_name(phase: float | None) -> str:
    """Return how a phase of ChEMBL is written: ``phase 4``, ``early phase 1``, ``phase not known``, ``preclinical``.

    Args:
        phase: 4, 3, 2, 1 or 0.5; -1 where ChEMBL does not know it, and 0 or None before the clinic.
    """
    if phase is None or phase == 0:
        return "preclinical"
    if phase < 0:
        return "phase not known"
    return "early phase 1" if phase == 0.5 else f"phase {phase:g}"


def indication(name: str, phase: float | None) -> str:
    """Return the value of an indication, such as ``Rheumatoid Arthritis (phase 4)``."""
    return f"{name} ({phase_name(phase)})"


def approval(phase: float | None, first_approval: int | None = None) -> str:
    """Return the value of an approval status by ChEMBL's highest phase; empty where it states none.

    >>> approval(4, 2012), approval(2), approval(-1)
    ('approved (max phase 4, first approval 2012)', 'in clinical trials (max phase 2)', 'clinical phase not known')
    """
    if phase is None or phase == 0:
        return ""
    if phase == APPROVED_PHASE:
        return f"approved (max phase 4{f', first approval {first_approval}' if first_approval else ''})"
    if phase < 0:
        return "clinical phase not known"
    return f"in clinical trials (max phase {phase:g}{', early phase 1' if phase == 0.5 else ''})"


def withdrawal(countries: str = "", year: int | None = None, reason: str = "") -> str:
    """Return the value that says that a drug was withdrawn, as far as it is known where, when and why."""
    where = f" in {' and '.join(part.strip() for part in countries.split(';') if part.strip())}" if countries else ""
    return f"withdrawn{where}{f' ({year})' if year else ''}{f': {reason}' if reason else ''}"


def is_approved(fact: Fact, agency: str = "") -> bool:
    """Whether a fact states an approval, by a certain agency where one is asked for."""
    said = _APPROVED.fullmatch(str(fact.value)) if fact.predicate == APPROVAL else None
    return said is not None and (not agency or said["agency"] == agency)


def as_of(fact: Fact) -> str:
    """Return the year of the list that a fact is from, which tells nothing of what came later; empty for a record."""
    said = _APPROVED.fullmatch(str(fact.value)) if fact.predicate == APPROVAL else None
    return (said["year"] or "") if said is not None else ""


def is_withdrawn(fact: Fact) -> bool:
    """Whether a fact states that a drug was withdrawn, somewhere."""
    return fact.predicate == APPROVAL and _WITHDRAWN.fullmatch(str(fact.value)) is not None


def approving(facts: Iterable[Fact], agency: str = "") -> list[Fact]:
    """Return the facts that state an approval, by a certain agency where one is asked for."""
    return [fact for fact in facts if is_approved(fact, agency)]
