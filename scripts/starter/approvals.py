"""Approvals of the starter set: structures that SWEETLEAD lists as drugs approved by the FDA, as of 2013.

The table is a list of SMILES without names, desalted and as they are charged in the body. A molecule of the set is
approved when the InChIKey that RDKit computes from a row, as it is drawn or with its charges removed, is its own; a
salt has the fact from its parent. That a molecule is missing there means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rdkit import Chem

from .molecules import Molecule, canonical, neutralised
from .tables import read_csv

COLUMNS = ("inchikey", "predicate", "value", "source")
VALUE = "approved by the FDA (SWEETLEAD, as of 2013)"
MIN_ATOMS = 6
"""heavy atoms of a row that is taken: in smaller ones counter-ions (cyanide, nitrite, sulfate), solvents and metal
oxides stand among the drugs"""


def build(data: Path, molecules: Sequence[Molecule]) -> list[dict[str, str]]:
    """Return the approvals of molecules of the set, in the set's order, each with the row that states it."""
    rows: dict[str, int] = {}
    for number, key in keys(data):
        rows.setdefault(key, number)
    return [
        {
            "inchikey": molecule.inchikey,
            "predicate": "approval status",
            "value": VALUE,
            "source": f"SWEETLEAD row {rows[molecule.inchikey]}",
        }
        for molecule in molecules
        if molecule.inchikey in rows
    ]


def keys(data: Path) -> Iterator[tuple[int, str]]:
    """Yield the line (from 2, below the header) and each InChIKey of the structures listed."""
    for number, row in enumerate(read_csv(data / "drugs" / "sweetlead_fda_approved.csv"), start=2):
        mol = Chem.MolFromSmiles(row["smiles"])
        if row["FDA_APPROVED"] != "1" or mol is None or mol.GetNumHeavyAtoms() < MIN_ATOMS:
            continue
        for smiles in dict.fromkeys((row["smiles"], neutralised(row["smiles"]))):
            if known := canonical(smiles):
                yield number, known[1]
