"""Readers of what ChEMBL records of drugs: mechanisms, indications, warnings, and approval from the molecule itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomed_agent.core import drug_facts
from biomed_agent.core.drug_facts import APPROVAL, INDICATION, MECHANISM
from biomed_agent.core.types import Fact, Provenance
from biomed_agent.sources.chembl.readers import Compound, flag_in, number_in, record_of, text_in, whole_in
from biomed_agent.sources.http.malformed import well_formed

WITHDRAWN, BLACK_BOX = "withdrawn", "black box warning"
"""types of warnings that bear on the approval"""


@well_formed("ChEMBL")
def read_mechanism(row: Mapping[str, Any], provenance: Provenance) -> Fact | None:
    """Read one mechanism, such as ``Janus Kinase (JAK) inhibitor``; None where it is not said.

    The note says where the action is known to be indirect, and ChEMBL's own remark.
    """
    value, number = text_in(row, "mechanism_of_action"), whole_in(row, "mec_id")
    if not value:
        return None
    indirect = "acts indirectly" if flag_in(row, "direct_interaction") is False else ""
    note = "; ".join(part for part in (indirect, text_in(row, "mechanism_comment")) if part)
    return Fact("", MECHANISM, value, provenance=_origin("mechanism", number, provenance), note=note)


@well_formed("ChEMBL")
def read_indication(row: Mapping[str, Any], provenance: Provenance) -> tuple[float, Fact] | None:
    """Read one indication and its phase, such as ``Rheumatoid Arthritis (phase 4)``; None where it is not named."""
    name, number = text_in(row, "mesh_heading") or text_in(row, "efo_term"), whole_in(row, "drugind_id")
    if not name:
        return None
    phase = number_in(row, "max_phase_for_ind")
    value = drug_facts.indication(name, phase)
    return phase or 0.0, Fact("", INDICATION, value, provenance=_origin("drug_indication", number, provenance))


@well_formed("ChEMBL")
def read_warning(row: Mapping[str, Any], provenance: Provenance) -> Fact | None:
    """Read one warning that bears on the approval: withdrawn somewhere, or with a black box; None for others."""
    kind, number = text_in(row, "warning_type").lower(), whole_in(row, "warning_id")
    reason, origin = text_in(row, "warning_class"), _origin("drug_warning", number, provenance)
    if kind == WITHDRAWN:
        value = drug_facts.withdrawal(text_in(row, "warning_country"), whole_in(row, "warning_year"), reason)
        return Fact("", APPROVAL, value, provenance=origin, note=text_in(row, "warning_description"))
    if kind == BLACK_BOX:
        return Fact("", APPROVAL, f"black box warning{f': {reason}' if reason else ''}", provenance=origin)
    return None


def approval_facts(compound: Compound, warnings: Sequence[Fact]) -> list[Fact]:
    """Return what is on record of a molecule's approval: its highest phase, withdrawals, and a black box warning.

    Args:
        compound: The record, of the parent where there is one.
        warnings: What :func:`read_warning` read of it; where they do not tell, flags of the record do.
    """
    facts = []
    if value := drug_facts.approval(compound.max_phase, compound.first_approval):
        facts.append(Fact("", APPROVAL, value, provenance=compound.provenance))
    facts += warnings
    if compound.withdrawn and not any(drug_facts.is_withdrawn(fact) for fact in warnings):
        facts.append(Fact("", APPROVAL, drug_facts.withdrawal(*compound.withdrawal), provenance=compound.provenance))
    if compound.black_box_warning and not any(str(fact.value).startswith(BLACK_BOX) for fact in warnings):
        facts.append(Fact("", APPROVAL, BLACK_BOX, provenance=compound.provenance))
    return facts


def _origin(kind: str, number: int | None, provenance: Provenance) -> Provenance:
    """Return the provenance of a row by its number; that of the reply where it has none."""
    return provenance if number is None else record_of(kind, str(number), provenance)
