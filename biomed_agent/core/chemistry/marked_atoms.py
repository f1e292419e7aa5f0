"""Questions in a user's own notation: how often a SMARTS pattern matches, how far two marked atoms are apart."""

from __future__ import annotations

import time

from rdkit import Chem, rdBase

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.parts import MAX_MATCHES
from biomed_agent.core.chemistry.structures import parsed
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Molecule
from biomed_agent.core.words import counted, shorten

MAX_SMARTS = 500
"""characters of the longest SMARTS read"""
MAX_SMARTS_ATOMS = 100
"""atoms of the largest SMARTS read"""
SMARTS_SECONDS = 1.0
"""time after which the search for a user's pattern is given up"""


# ---------------------------------------------------------------- a user's own pattern


class _OutOfTime(Exception):
    pass


def count_smarts(molecule: Molecule, smarts: str) -> int:
    """Count the matches of a SMARTS pattern that differ in their atoms.

    Hydrogens are matched as RDKit reads a SMILES, that is as a property of their atom; only a pattern that has a
    hydrogen as an atom of its own is matched against the structure with all hydrogens written out.

    Raises:
        InvalidInput: The pattern is empty, too large, wrong, a reaction, or takes too long on this structure.
    """
    query = _compiled(smarts.strip())
    shown = shorten(smarts.strip(), structures.MAX_QUOTED)
    mol = parsed(molecule.smiles)
    if any(atom.GetAtomicNum() == 1 for atom in query.GetAtoms()):
        mol = Chem.AddHs(mol)
    deadline = time.monotonic() + SMARTS_SECONDS

    def in_time(_: object, __: object) -> bool:
        if time.monotonic() > deadline:
            raise _OutOfTime
        return True

    parameters = Chem.SubstructMatchParameters()
    parameters.uniquify = True  # type: ignore[assignment]
    parameters.maxMatches = MAX_MATCHES + 1  # type: ignore[assignment]
    parameters.setExtraAtomCheckFunc(in_time)
    try:
        number = len(mol.GetSubstructMatches(query, parameters))
    except _OutOfTime:
        raise InvalidInput(
            f"the SMARTS {shown!r} takes more than {SMARTS_SECONDS:g} s on this structure.",
            "Make its atoms more specific, or the pattern shorter.",
        ) from None
    if number > MAX_MATCHES:
        raise InvalidInput(f"the SMARTS {shown!r} matches more than {MAX_MATCHES:,} times.", "Make it more specific.")
    return number


def _compiled(smarts: str) -> Chem.Mol:
    """Return a user's pattern compiled; not shared, since a search that is given up may leave marks on it."""
    shown = shorten(smarts, structures.MAX_QUOTED)
    if not smarts:
        raise InvalidInput("the SMARTS is empty.", "Give one pattern, for example [OX2H].")
    if len(smarts) > MAX_SMARTS:
        raise InvalidInput(
            f"the SMARTS {shown!r} has {len(smarts):,} characters; at most {MAX_SMARTS:,} are read.", "Shorten it."
        )
    if ">>" in smarts or any(char.isspace() or not 32 < ord(char) < 127 for char in smarts):
        raise InvalidInput(
            f"{shown!r} is not one SMARTS pattern.", "Give one pattern, without reaction arrow or spaces."
        )
    with rdBase.BlockLogs():
        query = Chem.MolFromSmarts(smarts)
    if query is None or not query.GetNumAtoms():
        raise InvalidInput(
            f"the SMARTS {shown!r} cannot be read.", "Check its brackets, rings and commas; every atom needs a symbol."
        )
    if query.GetNumAtoms() > MAX_SMARTS_ATOMS:
        raise InvalidInput(
            f"the SMARTS {shown!r} has {query.GetNumAtoms()} atoms; at most {MAX_SMARTS_ATOMS} are read.", "Shorten it."
        )
    return query


# ---------------------------------------------------------------- the way between two atoms


def shortest_path(molecule: Molecule | str, between: tuple[int, int] | None = None) -> int:
    """Count the bonds on the shortest path between two atoms.

    Args:
        molecule: The structure, or its SMILES.
        between: Map numbers of the two atoms, as in ``[CH3:1]``. Without them the path lies between the two dummy atoms
            (``*``, ``[*]``, ``[1*]``, ``[*:1]``), or, where there is no dummy atom, between the two that have a number.

    Raises:
        InvalidInput: The SMILES is wrong, not exactly two atoms are marked, or no bonds lead from one to the other.
    """
    smiles = molecule if isinstance(molecule, str) else molecule.smiles
    mol = parsed(structures.molecule_from_smiles(smiles).smiles) if isinstance(molecule, str) else parsed(smiles)
    ends = _marked_atoms(mol, between)
    if len(Chem.GetMolFrags(mol)) > 1 and not any(set(ends) <= set(part) for part in Chem.GetMolFrags(mol)):
        raise InvalidInput(
            "the two marked atoms lie in separate parts of the structure.", "Mark two atoms of one part."
        )
    return len(Chem.GetShortestPath(mol, *ends)) - 1


def _marked_atoms(mol: Chem.Mol, between: tuple[int, int] | None) -> tuple[int, int]:
    if between is not None:
        ends = []
        for number in between:
            having = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomMapNum() == number]
            if number < 1 or len(having) != 1:
                raise InvalidInput(
                    f"{counted(len(having), 'atom')} with the map number {number}; expected one.",
                    "Write the number into the atom's bracket, for example [CH3:1].",
                )
            ends += having
        if ends[0] == ends[1]:
            raise InvalidInput(f"both ends have the map number {between[0]}.", "Give two different numbers.")
        return ends[0], ends[1]
    dummies = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    marked = dummies or [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomMapNum()]
    if len(marked) != 2:
        raise InvalidInput(
            f"{counted(len(marked), 'marked atom')} in the structure; a path has two ends.",
            "Mark exactly two with * (or with map numbers such as [CH3:1]).",
        )
    return marked[0], marked[1]
