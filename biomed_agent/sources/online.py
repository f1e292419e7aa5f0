"""Which values no shipped table and no computation gives, and the live source that has them."""

from __future__ import annotations

from typing import Literal

from biomed_agent.core.drug_facts import INDICATION, MECHANISM
from biomed_agent.core.predicates import HAZARDS, MEASURED
from biomed_agent.sources.local.lists import OF_PROTEINS
from biomed_agent.sources.uniprot.facts import PREDICATES as OF_UNIPROT

_OF_PUBCHEM = frozenset(
    name.lower() for name in (*HAZARDS, *MEASURED, "description", "assay results", "active results")
)
_OF_CHEMBL = frozenset({MECHANISM, INDICATION})
"""the approval has a shipped table, too"""
_SHIPPED = frozenset(
    {
        *(name.lower() for name in OF_PROTEINS), "gene", "gene synonym", "organism", "protein name", "alternative name",
        "length", "molecular weight",
    }
)  # fmt: skip
"""what UniProt states too"""
_PROTEIN_ONLINE = frozenset(name.lower() for name in OF_UNIPROT) - _SHIPPED


def only_online(predicate: str, kind: Literal["molecule", "protein"]) -> str:
    """Return the live source that alone states a predicate; empty where shipped records do, or nobody here does.

    Args:
        predicate: Its name, such as ``solubility`` or ``disease``; case does not count.
        kind: What it is asked of.

    >>> only_online("solubility", "molecule"), only_online("disease", "protein"), only_online("half-life", "molecule")
    ('PubChem', 'UniProt', '')
    """
    if kind == "molecule" and predicate.strip().lower() in _OF_CHEMBL:
        return "ChEMBL"
    known, source = (_OF_PUBCHEM, "PubChem") if kind == "molecule" else (_PROTEIN_ONLINE, "UniProt")
    return source if predicate.strip().lower() in known else ""
