"""Reader of ChEMBL's activities: one measured value each, with its relation, its doubts and where it was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from biomed_agent.core.affinity import IN_NM
from biomed_agent.core.types import Fact, Measurement, Provenance, Relation
from biomed_agent.sources.chembl.readers import RECORD, flag_in, id_in, number_in, text_in, whole_in
from biomed_agent.sources.http.malformed import well_formed

MEASURES = ("Kd", "Ki", "IC50", "EC50")
"""types of activities that become facts"""
_MEASURES = {name.lower(): name for name in MEASURES}
_RELATIONS: dict[str, Relation] = {
    "": "not stated", "=": "=", ">": ">", "<": "<", ">=": ">=", "<=": "<=", "~": "~", ">>": ">", "<<": "<",
}  # fmt: skip
ASSAY_TYPES = {
    "B": "binding", "F": "functional", "A": "ADMET", "T": "toxicity", "P": "physicochemical", "U": "unclassified",
}  # fmt: skip
_NO_DOUBT = frozenset({"manually validated"})
"""remarks on a value's validity that raise no doubt"""
_SILENT = frozenset({"active", "no data", "undefined mutation"})
REPEATED = "may repeat a value that was published before"
NOT_STATED = "its source does not say whether the value is exact or a bound"


@dataclass(frozen=True, slots=True)
class Activity:
    """One row of ChEMBL's activities that states one of :data:`MEASURES`."""

    number: int
    """``activity_id``"""
    molecule: str
    """ChEMBL identifier of what was tested: the salt, where one was"""
    parent: str
    molecule_name: str
    target: str
    target_name: str
    document: str
    fact: Fact
    """without subject and partner, which are known to who asked"""


@well_formed("ChEMBL")
def read_activity(row: Mapping[str, Any], provenance: Provenance) -> Activity | None:
    """Read one activity; None where it is none of :data:`MEASURES`, or has neither a concentration nor an outcome.

    The value is in nM; one that only a comment states (``Not Active``) is that comment. Logarithms, which ChEMBL keeps
    beside the concentration, and values in other units (``ug.mL-1``) are left out.

    Raises:
        Unavailable: It has no number, molecule or target.
    """
    measure = _MEASURES.get(text_in(row, "standard_type").lower())
    number, molecule, target = (
        whole_in(row, "activity_id"),
        id_in(row, "molecule_chembl_id"),
        id_in(row, "target_chembl_id"),
    )
    if number is None:
        raise ValueError("an activity without a number")
    if measure is None:
        return None
    comment = _comment(row)
    value, unit = number_in(row, "standard_value"), text_in(row, "standard_units")
    origin = replace(provenance, identifier=f"CHEMBL_ACT {number}", url=f"{RECORD}/activity/{number}.json")
    if value is not None and value > 0 and unit in IN_NM:
        relation = _RELATIONS.get(text_in(row, "standard_relation").strip("'"), "not stated")
        value = float(f"{value * IN_NM[unit]:.10g}")
        fact = Fact("", measure, value, "nM", "measured", origin, _note(row, relation, comment), relation)
    elif value is None and comment:
        fact = Fact("", measure, comment, "", "measured", origin, "no value is stated")
    else:
        return None
    return Activity(
        number=number,
        molecule=molecule,
        parent=text_in(row, "parent_molecule_chembl_id") or molecule,
        molecule_name=text_in(row, "molecule_pref_name"),
        target=target,
        target_name=text_in(row, "target_pref_name"),
        document=text_in(row, "document_chembl_id"),
        fact=replace(fact, measurement=_measurement(row, comment)),
    )


def _measurement(row: Mapping[str, Any], comment: str) -> Measurement:
    code = text_in(row, "assay_type")
    return Measurement(
        assay_type=ASSAY_TYPES.get(code.upper(), code),
        organism=text_in(row, "target_organism"),
        validity=text_in(row, "data_validity_comment"),
        comment=comment,
        pchembl=number_in(row, "pchembl_value"),
        variant=variant_in(row),
    )


def variant_in(row: Mapping[str, Any]) -> str:
    """Return the substitutions of the protein that was measured, such as ``L858R,T790M``; empty for the wild type.

    A mutant that ChEMBL has not defined is ``undefined mutation``, so that nobody takes it for the wild type.
    """
    mutation = text_in(row, "assay_variant_mutation")
    return mutation.lower() if mutation.lower() == "undefined mutation" else mutation


def _comment(row: Mapping[str, Any]) -> str:
    """Return the source's words on the outcome; digits are identifiers of BindingDB."""
    for name in ("activity_comment", "standard_text_value", "text_value"):
        if (text := text_in(row, name)) and not text.isdigit():
            return text
    return ""


def _note(row: Mapping[str, Any], relation: Relation, comment: str) -> str:
    """Return what a reader must see beside a value."""
    doubt = text_in(row, "data_validity_comment")
    parts = [
        NOT_STATED if relation == "not stated" else "",
        f"protein variant {variant_in(row)}" if variant_in(row) else "",
        f"ChEMBL doubts it: {doubt}" if doubt and doubt.lower() not in _NO_DOUBT else "",
        f"its source says: {comment}" if comment and comment.lower() not in _SILENT else "",
        REPEATED if flag_in(row, "potential_duplicate") else "",
    ]
    return "; ".join(part for part in parts if part)
