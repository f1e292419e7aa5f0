"""SMILES to the integers the graph encoder reads: RDKit and numpy only.

Semantics of the reference implementation (PharMolix/OpenBioMed v1, ``BaseGNN`` featurizer, after
Hu et al., arXiv 1905.12265): no hydrogens are added; charge, isotope and aromaticity of atoms are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomed_agent.core.chemistry.structures import MAX_QUOTED, parse_smiles
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.words import shorten

IntArray: TypeAlias = NDArray[np.int64]

_CHIRALITY = {
    Chem.ChiralType.CHI_UNSPECIFIED: 0,
    Chem.ChiralType.CHI_TETRAHEDRAL_CW: 1,
    Chem.ChiralType.CHI_TETRAHEDRAL_CCW: 2,
}
_BOND_TYPES = {
    Chem.BondType.SINGLE: 0,
    Chem.BondType.DOUBLE: 1,
    Chem.BondType.TRIPLE: 2,
    Chem.BondType.AROMATIC: 3,
}
_DIRECTIONS = {Chem.BondDir.NONE: 0, Chem.BondDir.ENDUPRIGHT: 1, Chem.BondDir.ENDDOWNRIGHT: 2}
_DUMMY_ATOM = 118
"""Row of the atom table for ``*`` (atomic number 0); the 118 elements lie below it."""
_ATOM_ROWS = (_DUMMY_ATOM, *range(_DUMMY_ATOM))
"""Row of the atom table by atomic number."""
_UNKNOWN = -1


class MolecularGraph(NamedTuple):
    """One molecule, or several as one disjoint graph."""

    atoms: IntArray
    """[n, 2]: atomic number - 1 (118 for a dummy atom), chirality tag"""
    edge_index: IntArray
    """[2, 2b]: source and target atom; each bond appears in both directions, one after the other"""
    edge_attr: IntArray
    """[2b, 2]: bond type, bond direction as written in the SMILES"""


def featurize_smiles(smiles: str) -> MolecularGraph:
    """Return the graph of a SMILES string, taken as given: its atom order is the slot order.

    Args:
        smiles: A molecule; several fragments may be joined by dots.

    Raises:
        InvalidInput: The string does not parse, is empty, or holds a bond type or chiral tag that the
            encoder has no vector for.
    """
    mol = parse_smiles(smiles)
    if mol.GetNumAtoms() == 0:
        raise InvalidInput("the SMILES is empty; expected at least one atom.", "Leave the molecule out to ask in text.")
    return MolecularGraph(_atoms(mol, smiles), *_edges(mol, smiles))


def _atoms(mol: Any, smiles: str) -> IntArray:
    atoms = list(mol.GetAtoms())
    rows = [_ATOM_ROWS[atom.GetAtomicNum()] for atom in atoms]
    # Each call costs a quarter of a microsecond; only these characters can set a tag (the second begins extensions).
    written = "@" in smiles or "|" in smiles
    tags = [_CHIRALITY.get(atom.GetChiralTag(), _UNKNOWN) for atom in atoms] if written else [0] * len(atoms)
    if _UNKNOWN in tags:
        odd = atoms[tags.index(_UNKNOWN)]
        raise InvalidInput(
            f"the SMILES {shorten(smiles, MAX_QUOTED)!r}: atom {odd.GetIdx()} ({odd.GetSymbol()}) has chiral tag "
            f"{odd.GetChiralTag().name}.",
            "The encoder knows tetrahedral centres only; write the atom without its tag.",
        )
    return np.ascontiguousarray(np.array((rows, tags), dtype=np.int64).T)


def _edges(mol: Any, smiles: str) -> tuple[IntArray, IntArray]:
    bonds = list(mol.GetBonds())
    begins = [bond.GetBeginAtomIdx() for bond in bonds]
    ends = [bond.GetEndAtomIdx() for bond in bonds]
    kinds = [_BOND_TYPES.get(bond.GetBondType(), _UNKNOWN) for bond in bonds]
    written = "/" in smiles or "\\" in smiles or "|" in smiles  # see _atoms
    directions = [_DIRECTIONS.get(bond.GetBondDir(), _UNKNOWN) for bond in bonds] if written else [0] * len(bonds)
    if _UNKNOWN in kinds or _UNKNOWN in directions:
        raise _unknown_bond(bonds, smiles)
    both_ways = np.array((begins, ends, ends, begins), dtype=np.int64).reshape(2, 2, -1)
    attributes = np.array((kinds, directions), dtype=np.int64).T.repeat(2, axis=0)
    return both_ways.transpose(0, 2, 1).reshape(2, -1), attributes


def _unknown_bond(bonds: Sequence[Any], smiles: str) -> InvalidInput:
    """Return the error that names the first bond without a vector."""
    odd = next(bond for bond in bonds if bond.GetBondType() not in _BOND_TYPES or bond.GetBondDir() not in _DIRECTIONS)
    what = odd.GetBondDir() if odd.GetBondType() in _BOND_TYPES else odd.GetBondType()
    begin, end = odd.GetBeginAtom(), odd.GetEndAtom()
    return InvalidInput(
        f"the SMILES {shorten(smiles, MAX_QUOTED)!r}: the bond between atoms {begin.GetIdx()} ({begin.GetSymbol()}) "
        f"and {end.GetIdx()} ({end.GetSymbol()}) is {what.name}.",
        "The encoder knows single, double, triple and aromatic bonds only.",
    )


def collate_graphs(graphs: Sequence[MolecularGraph]) -> MolecularGraph:
    """Return the disjoint union of graphs, atoms in the order given.

    Raises:
        InvalidInput: No graph was given.
    """
    if not graphs:
        raise InvalidInput("no molecule to collate; expected at least one graph.")
    offsets = np.cumsum([0] + [len(graph.atoms) for graph in graphs[:-1]])
    return MolecularGraph(
        np.concatenate([graph.atoms for graph in graphs]),
        np.concatenate([graph.edge_index + offset for graph, offset in zip(graphs, offsets, strict=True)], axis=1),
        np.concatenate([graph.edge_attr for graph in graphs]),
    )
