"""How two molecules are related: salt and parent, stereoisomers, isotopes, ions, mixtures."""

from __future__ import annotations

from biomed_agent.core.chemistry import structures
from biomed_agent.core.types import Molecule


def kinship(one: Molecule, other: Molecule) -> str:
    """Say what ``one`` is to ``other``, such as ``a salt or solvate of it``; empty when they are not related.

    InChIKeys tell: equal first blocks mean the same skeleton, and the second block holds stereo and isotopes.
    """
    if one.smiles == other.smiles:
        return "the same structure"
    if one.inchikey and one.inchikey == other.inchikey:
        return "a tautomer of it"
    skeletons = one.inchikey[:14], other.inchikey[:14]
    if all(skeletons) and skeletons[0] == skeletons[1]:
        return _of_one_skeleton(one, other)
    parents = [_neutral(molecule) for molecule in (one, other)]
    if not parents[0].inchikey or parents[0].inchikey[:14] != parents[1].inchikey[:14]:
        several = structures.part_count(one) > 1 and other.inchikey
        held = {part.inchikey for part in structures.components(one)} if several else set()
        return "a mixture that holds it" if other.inchikey in held else ""
    pieces = [structures.part_count(molecule) for molecule in (one, other)]
    if pieces[0] > pieces[1]:
        return "a salt or solvate of it"
    if pieces[0] < pieces[1]:
        return "its parent"
    return "another salt or ion of it"


def _of_one_skeleton(one: Molecule, other: Molecule) -> str:
    """Tell molecules with the same atoms and bonds apart."""
    if one.inchikey[-1:] != other.inchikey[-1:]:
        return "another ion of it"
    mine, its = (structures.stereo_stated(molecule) for molecule in (one, other))
    if mine != its:
        return "with less stereo stated" if mine[0] < its[0] else "with more stereo stated"
    isotopes = [
        sorted(atom.GetIsotope() for atom in structures.parsed(molecule.smiles).GetAtoms()) for molecule in (one, other)
    ]
    labelled = [any(numbers) for numbers in isotopes]
    if labelled[0] != labelled[1]:
        return "labelled with isotopes" if labelled[0] else "without isotope labels"
    return "a stereoisomer of it"


def _neutral(molecule: Molecule) -> Molecule:
    return structures.parent_of_salt(molecule) or molecule
