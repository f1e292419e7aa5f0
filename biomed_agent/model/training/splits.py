"""Splits by structure: what is alike stays on one side."""

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize


def structure_group(smiles: str) -> str:
    """Return the first InChIKey block of the largest fragment, neutralised.

    Salts, charge states and stereoisomers share a group. A structure without InChI is ``S:`` and its flat
    SMILES, one that does not parse ``S:`` and its own text.
    """
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None:
            return f"S:{smiles}"
        parent = rdMolStandardize.LargestFragmentChooser().choose(molecule)
        parent = rdMolStandardize.Uncharger().uncharge(parent)
        key = str(Chem.MolToInchiKey(parent))
        return key.split("-")[0] if key else f"S:{Chem.MolToSmiles(parent, isomericSmiles=False)}"
