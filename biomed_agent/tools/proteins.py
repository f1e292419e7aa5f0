"""The look-up tool for proteins: what a name names, and what its record states."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from biomed_agent.tools.base import BioMedTool, Strict

Section = Literal[
    "function", "location", "family", "domains", "sites", "modifications", "membrane", "pathways", "diseases", "drugs",
    "structures", "isoforms", "variants",
]  # fmt: skip
"""Keys of :data:`biomed_agent.core.predicates.SECTIONS`."""


class FindProteinArguments(Strict):
    """What :class:`FindProteinTool` takes."""

    name: str = Field(
        min_length=1,
        description='A gene or name ("EGFR"), a UniProt accession, isoform or entry name ("P00533", "P04637-2", '
        '"EGFR_HUMAN"), an EC number ("EC 3.4.21.5"), a variant ("BRAF V600E") or a sequence of residues.',
    )
    organism: str = Field("", description='Organism, such as "mouse" or "Mus musculus"; human when left out.')
    about: list[Section] = Field(
        default_factory=list,
        description="Sections of the UniProt record to read; leave it out to learn only which protein it is.",
    )


class FindProteinTool(BioMedTool):
    """Says what protein a name names, and what the sections asked for of its record state."""

    name: str = "find_protein"
    description: str = (
        "Look up which protein a gene, name, UniProt accession, isoform, EC number, variant or sequence names, "
        "reviewed entries first, human unless an organism is given; merged, split and deleted accessions are followed "
        "or explained. With about, also what UniProt states of function, location, family, domains, sites, "
        "modifications, pathways, diseases, drugs, structures, isoforms or variants. No language model answers."
    )
    args_schema: type[BaseModel] = FindProteinArguments

    def _call(self, agent: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        about = arguments.get("about") or ()
        return "protein_card", {"name": arguments["name"], "organism": arguments.get("organism", ""), "about": about}
