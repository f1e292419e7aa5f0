"""SMILES to graph arrays, against torch-geometric and against plain loops over atoms and bonds.

Run with: python benchmarks/bench_featurize.py [molecules] [rounds]. torch-geometric's ``from_smiles`` computes 9
numbers per atom and 3 per bond where the graph encoder wants 2 and 2, and is left out when it is not installed.
Goal: twice its rate. What bounds all is RDKit's parser, which is a row of its own.
"""

from __future__ import annotations

import csv
import lzma
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem
from timing import interleaved, machine, table

import biomed_agent
from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.network.featurize import featurize_smiles

STARTER = Path(biomed_agent.__file__).parent / "data" / "starter" / "molecules.tsv.xz"
CHIRALITY = list(Chem.ChiralType.values.values())
BOND_TYPES = [Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC]
DIRECTIONS = [Chem.BondDir.NONE, Chem.BondDir.ENDUPRIGHT, Chem.BondDir.ENDDOWNRIGHT]


def plain_loops(smiles: str) -> tuple[Any, Any, Any]:
    """The same arrays with a list of features per atom and bond, as it is commonly written."""
    mol = Chem.MolFromSmiles(smiles)
    atoms = [[atom.GetAtomicNum() - 1, CHIRALITY.index(atom.GetChiralTag())] for atom in mol.GetAtoms()]
    edges, attributes = [], []
    for bond in mol.GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        feature = [BOND_TYPES.index(bond.GetBondType()), DIRECTIONS.index(bond.GetBondDir())]
        edges += [(i, j), (j, i)]
        attributes += [feature, feature]
    return np.array(atoms), np.array(edges).reshape(-1, 2).T, np.array(attributes).reshape(-1, 2)


def molecules(count: int) -> list[str]:
    """Return structures of the starter set that every case can read, spread over all of it."""
    with lzma.open(STARTER, "rt", encoding="utf-8") as file:
        rows = [row["smiles"] for row in csv.DictReader(file, delimiter="\t") if row["smiles"]]
    listed = []
    for smiles in rows[:: max(1, len(rows) // count)]:
        try:
            if (featurize_smiles(smiles).atoms[:, 0] < 118).all():
                listed.append(smiles)
        except InvalidInput:
            continue
    return listed[:count]


def main() -> None:
    """Check that the arrays agree, then print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    chosen = molecules(count)
    for smiles in chosen:
        for ours, plain in zip(featurize_smiles(smiles), plain_loops(smiles), strict=True):
            assert np.array_equal(ours, plain), smiles
    cases = {
        "plain loops": lambda: [plain_loops(smiles) for smiles in chosen],
        "biomed_agent": lambda: [featurize_smiles(smiles) for smiles in chosen],
        "RDKit's parser alone": lambda: [Chem.MolFromSmiles(smiles) for smiles in chosen],
    }
    baseline = "plain loops"
    try:
        from torch_geometric.utils import from_smiles
    except ImportError:
        print("torch-geometric is not installed, so its row is left out: pip install torch_geometric")
    else:
        baseline = "torch-geometric"
        cases = {baseline: lambda: [from_smiles(smiles) for smiles in chosen], **cases}
    atoms = sum(len(featurize_smiles(smiles).atoms) for smiles in chosen) / len(chosen)
    print(f"{machine()}; {len(chosen)} molecules of {atoms:.1f} heavy atoms on average")
    print(table(interleaved(cases, rounds), baseline, len(chosen), "molecules", rounds))


if __name__ == "__main__":
    main()
