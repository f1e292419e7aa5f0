"""Two structures side by side: are they one molecule, and if not, what is one to the other?

Standard InChI decides sameness. It treats mobile hydrogens as one, so that many tautomers, and a zwitterion and its
uncharged form, have one InChIKey; where the two are drawn differently all the same, that is said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from rdkit import Chem, rdBase
from rdkit.Chem import rdinchi, rdMolHash

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.relations import StructuralRelation, structural_relation
from biomed_agent.core.chemistry.structures import RDKIT, parsed
from biomed_agent.core.types import Fact, Molecule

Relationship: TypeAlias = Literal[
    "same molecule", "same molecule, another tautomer", "same molecule, drawn differently", "tautomers", "enantiomers",
    "diastereomers", "stereoisomers", "less stereo stated", "more stereo stated", "labelled", "unlabelled",
    "labelled differently", "ions of one", "salt of", "parent of", "salts of one parent", "contains", "contained in",
    "constitutional isomers", "unrelated", "undecided",
]  # fmt: skip
"""What the first structure is to the second."""
MAX_TAUTOMER_ATOMS = 80
"""heavy atoms up to which tautomers beyond those of InChI are looked for"""

_REASONS: dict[Relationship, str] = {
    "same molecule": "their InChIKeys are equal",
    "same molecule, another tautomer": "their InChIKeys are equal; they are drawn as different tautomers",
    "same molecule, drawn differently": "their InChIKeys are equal; their charges or bonds are drawn differently",
    "tautomers": "their InChIKeys differ; by RDKit's rules one turns into the other by moving hydrogens",
    "enantiomers": "the same bonds, and one is the mirror image of the other",
    "diastereomers": "the same bonds and another arrangement in space, not the mirror image",
    "stereoisomers": "the same bonds; not every stereocentre is stated, so that no more can be told",
    "less stereo stated": "the same bonds; the first states less of its stereochemistry",
    "more stereo stated": "the same bonds; the first states more of its stereochemistry",
    "labelled": "the same bonds; the first has isotope labels",
    "unlabelled": "the same bonds; the second has isotope labels",
    "labelled differently": "the same bonds with other isotope labels",
    "ions of one": "the same bonds; they differ by hydrogen ions",
    "salt of": "the first is a salt or solvate of the second",
    "parent of": "the second is a salt or solvate of the first",
    "salts of one parent": "they are salts or solvates of one parent",
    "contains": "the first is a mixture that holds the second",
    "contained in": "the second is a mixture that holds the first",
    "constitutional isomers": "one formula and other bonds",
    "unrelated": "other formulas and other parents",
    "undecided": "a structure with open positions (*) has no InChIKey",
}
_DIRECT: dict[StructuralRelation, Relationship] = {
    StructuralRelation.SALT: "salt of",
    StructuralRelation.PARENT: "parent of",
    StructuralRelation.OTHER_SALT: "salts of one parent",
    StructuralRelation.OTHER_ION: "ions of one",
    StructuralRelation.LESS_STEREO: "less stereo stated",
    StructuralRelation.MORE_STEREO: "more stereo stated",
    StructuralRelation.LABELLED: "labelled",
    StructuralRelation.UNLABELLED: "unlabelled",
    StructuralRelation.MIXTURE: "contains",
}


_BY_PARENT = ("salt of", "parent of", "salts of one parent", "ions of one")
_AS_PAIR: dict[Relationship, str] = {
    "less stereo stated": "stereoisomers, of which the first states less",
    "more stereo stated": "stereoisomers, of which the first states more",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one structure is to another.

    Args:
        relation: What the first is to the second.
        same: Whether they are one molecule, which equal InChIKeys decide; None where there is no InChIKey.
        reason: Why, in words.
        inchikeys: Of the first and the second; empty where there is none.
        formulas: Of the first and the second; empty where there is none.
        of_parents: Of salts and ions how their parents are related, of labelled structures how they are without labels,
            where those are not one molecule: such as ``enantiomers``.
        tanimoto: Similarity of the Morgan fingerprints (radius 2, 2048 bits), 0 to 1; blind to stereochemistry.
        scaffold: SMILES of the Bemis-Murcko scaffold that both have; empty where they have different ones or none.
    """

    relation: Relationship
    same: bool | None
    reason: str
    inchikeys: tuple[str, str]
    formulas: tuple[str, str]
    of_parents: Relationship | None
    tanimoto: float
    scaffold: str


def compare(a: Molecule, b: Molecule) -> Comparison:
    """Return what one structure is to another, with the data that decides."""
    relation = _relation(a, b)
    of_parents = None
    if relation in _BY_PARENT:
        between = _relation(*((structures.parent_of_salt(each) or each) for each in (a, b)))
        of_parents = None if between.startswith("same molecule") else between
    elif "labelled" in relation:
        between = _relation(_unlabelled(a.smiles), _unlabelled(b.smiles))
        of_parents = None if between.startswith("same molecule") else between
    reason = _REASONS[relation]
    if of_parents:
        reason = f"{reason}; but for that they are {_AS_PAIR.get(of_parents, of_parents)}"
    same = a.inchikey == b.inchikey if a.inchikey and b.inchikey else (True if a.smiles == b.smiles else None)
    scaffolds = _scaffold(a.smiles), _scaffold(b.smiles)
    return Comparison(
        relation, same, reason, (a.inchikey, b.inchikey), (a.formula, b.formula), of_parents,
        structures.similar(a, b), scaffolds[0] if scaffolds[0] == scaffolds[1] else "",
    )  # fmt: skip


def _relation(a: Molecule, b: Molecule) -> Relationship:
    if a.smiles == b.smiles:
        return "same molecule"
    if not (a.inchikey and b.inchikey):
        return "undecided"
    found = structural_relation(a, b)
    if found == StructuralRelation.TAUTOMER:
        return _of_one_inchikey(a, b)
    if found == StructuralRelation.STEREOISOMER:
        return _stereo_relation(a, b)
    if found in _DIRECT:
        return _DIRECT[found]
    if structural_relation(b, a) == StructuralRelation.MIXTURE:
        return "contained in"
    if a.formula == b.formula:
        return "tautomers" if _one_by_moving_hydrogens(a, b) else "constitutional isomers"
    return "unrelated"


def _of_one_inchikey(a: Molecule, b: Molecule) -> Relationship:
    """Tell what two drawings of one InChIKey differ in: the places of hydrogens, or only bonds and charges."""
    first, second = parsed(a.smiles), parsed(b.smiles)
    charges = [
        Counter((atom.GetAtomicNum(), atom.GetFormalCharge()) for atom in mol.GetAtoms()) for mol in (first, second)
    ]
    if charges[0] != charges[1]:
        return "same molecule, drawn differently"
    with rdBase.BlockLogs():
        fixed = [rdinchi.MolToInchi(mol, options="/FixedH")[0] for mol in (first, second)]
    return "same molecule, another tautomer" if fixed[0] != fixed[1] else "same molecule, drawn differently"


def _stereo_relation(a: Molecule, b: Molecule) -> Relationship:
    """Tell stereoisomers apart; only where every centre is stated is it known how the whole of them differ."""
    labels = _labels(a.smiles)
    if labels != _labels(b.smiles) or (labels and _unlabelled(a.smiles).inchikey == _unlabelled(b.smiles).inchikey):
        return "labelled differently"
    if structures.stereo_stated(a)[1] or structures.stereo_stated(b)[1]:
        return "stereoisomers"
    return "enantiomers" if _mirrored_inchikey(a.smiles) == b.inchikey else "diastereomers"


def _labels(smiles: str) -> Counter[tuple[int, int]]:
    atoms = parsed(smiles).GetAtoms()
    return Counter((atom.GetAtomicNum(), atom.GetIsotope()) for atom in atoms if atom.GetIsotope())


@lru_cache(maxsize=1024)
def _unlabelled(smiles: str) -> Molecule:
    mol = Chem.Mol(parsed(smiles))
    for atom in mol.GetAtoms():
        atom.SetIsotope(0)
    return structures.describe(Chem.MolFromSmiles(Chem.MolToSmiles(mol)))


@lru_cache(maxsize=1024)
def _mirrored_inchikey(smiles: str) -> str:
    mirrored = Chem.Mol(parsed(smiles))
    for atom in mirrored.GetAtoms():
        atom.InvertChirality()
    for bond in mirrored.GetBonds():  # an axis of hindered rotation turns as a centre does
        turned = {
            Chem.BondStereo.STEREOATROPCW: Chem.BondStereo.STEREOATROPCCW,
            Chem.BondStereo.STEREOATROPCCW: Chem.BondStereo.STEREOATROPCW,
        }.get(bond.GetStereo())
        if turned is not None:
            bond.SetStereo(turned)
    with rdBase.BlockLogs():
        return str(rdinchi.MolToInchiKey(Chem.MolFromSmiles(Chem.MolToSmiles(mirrored))))


def _one_by_moving_hydrogens(a: Molecule, b: Molecule) -> bool:
    """Whether RDKit's rules turn both into one tautomer; of large molecules it is not tried."""
    first, second = parsed(a.smiles), parsed(b.smiles)
    if max(first.GetNumHeavyAtoms(), second.GetNumHeavyAtoms()) > MAX_TAUTOMER_ATOMS or "." in a.smiles:
        return False
    if _skeleton(first) != _skeleton(second):
        return False
    return _canonical_tautomer(a.smiles) == _canonical_tautomer(b.smiles)


def _skeleton(mol: Chem.Mol) -> str:
    """Return atoms and which are bonded, without bond orders and hydrogens."""
    return str(rdMolHash.MolHash(Chem.Mol(mol), rdMolHash.HashFunction.ElementGraph))


@lru_cache(maxsize=256)
def _canonical_tautomer(smiles: str) -> str:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    enumerator = rdMolStandardize.TautomerEnumerator()
    enumerator.SetMaxTautomers(200)
    enumerator.SetMaxTransforms(200)
    enumerator.SetRemoveSp3Stereo(True)
    with rdBase.BlockLogs():
        return str(Chem.MolToSmiles(enumerator.Canonicalize(parsed(smiles))))


@lru_cache(maxsize=1024)
def _scaffold(smiles: str) -> str:
    from rdkit.Chem.Scaffolds import MurckoScaffold

    mol = parsed(smiles)
    if not mol.GetRingInfo().NumRings():
        return ""
    return Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol))  # type: ignore[no-untyped-call]


def facts_of_comparison(a: Molecule, b: Molecule) -> list[Fact]:
    """Return relation and Tanimoto similarity of two structures, and the scaffold where they share one."""
    found = compare(a, b)
    note = f"{found.reason}; InChIKeys {found.inchikeys[0] or 'none'} and {found.inchikeys[1] or 'none'}"
    if found.formulas[0] != found.formulas[1]:
        note = f"{note}; formulas {found.formulas[0] or 'none'} and {found.formulas[1] or 'none'}"
    name = b.name or b.handle
    rows: list[tuple[str, str | float, str]] = [
        ("structural relation", found.relation, note),
        ("Tanimoto similarity", round(found.tanimoto, 3), "Morgan fingerprints, radius 2, 2048 bits, without stereo"),
    ]
    if found.scaffold:
        rows.append(("Murcko scaffold", found.scaffold, "of both"))
    return [
        Fact(a.handle, predicate, value, "", "computed", RDKIT, text, about=b.handle, about_name=name)
        for predicate, value, text in rows
    ]
