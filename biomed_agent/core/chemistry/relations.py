"""How two molecules are related: salt and parent, stereoisomers, isotopes, ions, mixtures."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from biomed_agent.core.chemistry import structures
from biomed_agent.core.types import Molecule


class StructuralRelation(StrEnum):
    """What a molecule is to another, in the words a reader is told; UNRELATED has none and is false."""

    SAME = "the same structure"
    TAUTOMER = "a tautomer of it"
    SALT = "a salt or solvate of it"
    PARENT = "its parent"
    OTHER_SALT = "another salt or ion of it"
    OTHER_ION = "another ion of it"
    LESS_STEREO = "with less stereo stated"
    MORE_STEREO = "with more stereo stated"
    LABELLED = "labelled with isotopes"
    UNLABELLED = "without isotope labels"
    STEREOISOMER = "a stereoisomer of it"
    MIXTURE = "a mixture that holds it"
    UNRELATED = ""


def structural_relation(molecule: Molecule, other: Molecule) -> StructuralRelation:
    """Return what ``molecule`` is to ``other``.

    InChIKeys tell: equal first blocks mean the same skeleton, and the second block holds stereo and isotopes.
    """
    if molecule.smiles == other.smiles:
        return StructuralRelation.SAME
    if molecule.inchikey and molecule.inchikey == other.inchikey:
        return StructuralRelation.TAUTOMER
    skeletons = molecule.inchikey[:14], other.inchikey[:14]
    if all(skeletons) and skeletons[0] == skeletons[1]:
        return _of_one_skeleton(molecule, other)
    parents = [structures.parent_of_salt(each) or each for each in (molecule, other)]
    if not parents[0].inchikey or parents[0].inchikey[:14] != parents[1].inchikey[:14]:
        return StructuralRelation.MIXTURE if _holds(molecule, other) else StructuralRelation.UNRELATED
    parts = [structures.part_count(each) for each in (molecule, other)]
    if parts[0] == parts[1]:
        return StructuralRelation.OTHER_SALT
    return StructuralRelation.SALT if parts[0] > parts[1] else StructuralRelation.PARENT


class ParentIndex(Protocol):
    """Where the parents of salts are recorded."""

    def parent_of(self, molecule: Molecule) -> Molecule | None:
        """Return the parent that is recorded for a salt or solvate."""


def parents(molecule: Molecule, index: ParentIndex) -> list[Molecule]:
    """Return what a salt, solvate or ion may be known as: its recorded parent, then the one that is computed.

    Empty for what has neither. The two may be one molecule, and then the first has what its record says of it.
    """
    candidates = (index.parent_of(molecule), structures.parent_of_salt(molecule))
    return [parent for parent in candidates if parent is not None]


def _holds(mixture: Molecule, other: Molecule) -> bool:
    if not other.inchikey or structures.part_count(mixture) == 1:
        return False
    return any(part.inchikey == other.inchikey for part in structures.components(mixture))


def _of_one_skeleton(molecule: Molecule, other: Molecule) -> StructuralRelation:
    """Tell molecules with the same atoms and bonds apart."""
    if molecule.inchikey[-1:] != other.inchikey[-1:]:
        return StructuralRelation.OTHER_ION
    stated = [structures.stereo_stated(each) for each in (molecule, other)]
    if stated[0] != stated[1]:
        return StructuralRelation.LESS_STEREO if stated[0] < stated[1] else StructuralRelation.MORE_STEREO
    labelled = [
        any(atom.GetIsotope() for atom in structures.parsed(each.smiles).GetAtoms()) for each in (molecule, other)
    ]
    if labelled[0] != labelled[1]:
        return StructuralRelation.LABELLED if labelled[0] else StructuralRelation.UNLABELLED
    return StructuralRelation.STEREOISOMER
