"""The look-up tools for molecules: what a name names, what is like it, and what its structure says."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from biomed_agent.tools.base import BioMedTool, Strict

_MOLECULE = (
    'A name, brand or synonym ("Gleevec"), an identifier ("CID:2244", "50-78-2", "CHEMBL25", an InChIKey) or a '
    "structure (SMILES, InChI)."
)


class FindMoleculeArguments(Strict):
    """What :class:`FindMoleculeTool` takes."""

    name: str = Field(min_length=1, description=_MOLECULE)


class SimilarMoleculesArguments(Strict):
    """What :class:`SimilarMoleculesTool` takes."""

    molecule: str = Field(min_length=1, description=_MOLECULE)
    contains: bool = Field(
        False, description="Find molecules that hold this one as a part (substructure), instead of similar ones."
    )
    threshold: float | None = Field(
        None, gt=0, le=1, description="Least similarity, 0 to 1; leave it out for the usual one of the source searched."
    )
    limit: int = Field(5, ge=1, le=20, description="Most molecules returned.")


class MoleculePropertiesArguments(Strict):
    """What :class:`MoleculePropertiesTool` takes."""

    molecule: str = Field(min_length=1, description=_MOLECULE)


class FindMoleculeTool(BioMedTool):
    """Says what molecule a name names: identifiers, structure, salt or parent, and what else it could mean."""

    name: str = "find_molecule"
    description: str = (
        "Look up which molecule a name, brand, synonym, CAS number, CID, SMILES, InChI or InChIKey names: structure, "
        "formula, mass, identifiers, and the parent of a salt. An ambiguous or misspelled name comes back with "
        "candidates, each with the string that names it. No language model answers."
    )
    args_schema: type[BaseModel] = FindMoleculeArguments

    def _call(self, agent: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "find_molecule", arguments


class SimilarMoleculesTool(BioMedTool):
    """Finds molecules that are like one, or that hold one as a part."""

    name: str = "similar_molecules"
    description: str = (
        "Find molecules structurally similar to one, or (contains=true) molecules that hold it as a substructure, in "
        "PubChem or, offline, in the local index. Each comes with its identifier and similarity; the answer says how "
        "many more exist. Similar structure does not mean similar activity."
    )
    args_schema: type[BaseModel] = SimilarMoleculesArguments

    def _call(self, agent: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        molecule, limit = arguments["molecule"], arguments.get("limit", 5)
        if arguments.get("contains"):
            return "substructure_matches", {"part": molecule, "limit": limit}
        return "similar_molecules", {"molecule": molecule, "threshold": arguments.get("threshold"), "limit": limit}


class MoleculePropertiesTool(BioMedTool):
    """Computes what a structure says of a molecule."""

    name: str = "molecule_properties"
    description: str = (
        "Compute properties of one molecule from its structure with RDKit: formula, mass (salt and parent), logP, "
        "TPSA, hydrogen bonds, rings, QED; pass or fail of Lipinski, Veber, Ghose, Egan, Muegge and rule of three, "
        "values that fail with their limit; structural alerts (PAINS, Brenk, NIH) with atoms."
    )
    args_schema: type[BaseModel] = MoleculePropertiesArguments

    def _call(self, agent: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "molecule_properties", arguments
