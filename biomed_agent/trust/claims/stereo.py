"""Rules for what a statement says of stereo: chirality and the descriptors R, S, E and Z."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rdkit import Chem
from rdkit.Chem import rdCIPLabeler

from biomed_agent.core.chemistry import structures
from biomed_agent.core.types import Molecule
from biomed_agent.trust.claims.findings import Finding, contradicted, supported, unverified


def _elements(mol: Chem.Mol, kind: Chem.StereoType = Chem.StereoType.Atom_Tetrahedral) -> list[Chem.StereoInfo]:
    return [element for element in Chem.FindPotentialStereo(Chem.Mol(mol)) if element.type == kind]


def stereo_range(mol: Chem.Mol) -> tuple[int, int]:
    """Return how many stereocentres are specified, and how many there can be."""
    centres = _elements(mol)
    return sum(centre.specified == Chem.StereoSpecified.Specified for centre in centres), len(centres)


def stereo_findings(own: str, molecule: Molecule) -> Iterator[Finding]:
    """Check what the words of one normalised sentence say of the stereo of the molecule."""
    mol = structures.parsed(molecule.smiles)
    if re.search(r"\b(?:is|are) (?:a )?chiral\b", own):
        yield _chiral(mol).for_words("chiral")
    if re.search(r"\bachiral\b|\bnot (?:a )?chiral\b", own):
        mirrored = _mirror(mol) != Chem.MolToSmiles(mol)
        undefined = stereo_range(mol)
        if mirrored:
            yield contradicted("the mirror image of the structure is another molecule").for_words("achiral not chiral")
        elif undefined[0] == undefined[1] and not mol.HasSubstructMatch(structures.pattern("a-!@a")):
            yield supported("the structure equals its mirror image").for_words("achiral not chiral")
        else:
            yield unverified("its stereo is not fully defined")
    for match in re.finditer(
        r"(?:is (?:the|an?) |has (?:an? |the )?)\(?(?P<label>[RSEZ])\)?[- ]"
        r"(?:enantiomer|isomer|configur\w+|stereoisomer)",
        own,
    ):
        yield _descriptor(match["label"], mol).for_words(match.group())
    for match in re.finditer(
        r"double bond (?:has|with|is in|of) (?:the |an? )?\(?(?P<label>[EZ])\)?[- ](?:configur\w+|geometry)", own
    ):
        yield _descriptor(match["label"], mol).for_words(match.group())


def _chiral(mol: Chem.Mol) -> Finding:
    """One centre is enough; without centres, axes, planes and helices there is nothing to be chiral by."""
    centres = _elements(mol)
    if _mirror(mol) != Chem.MolToSmiles(mol):
        return supported("the mirror image of the structure is another molecule")
    if len(centres) == 1 and mol.GetAtomWithIdx(centres[0].centeredOn).GetAtomicNum() == 6:
        return supported("the structure has exactly one stereocentre")
    hidden = ("a-!@a", "*=*=*", "[R2X4]", "[r8,r9,r10,r11,r12]", "[!#1;!#5;!#6;!#7;!#8;!#9;!#16;!#17;!#35;!#53]")
    rings = mol.GetRingInfo().AtomRings()
    if centres or len(rings) > 3 or any(len(ring) > 7 for ring in rings):
        return unverified("its stereo is not fully defined")
    if any(mol.HasSubstructMatch(structures.pattern(smarts)) for smarts in hidden):
        return unverified("it may be chiral without a stereocentre")
    return contradicted("the structure has no stereocentre")


def _mirror(mol: Chem.Mol) -> str:
    copy = Chem.Mol(mol)
    for atom in copy.GetAtoms():
        atom.InvertChirality()
    return Chem.MolToSmiles(copy)


def _descriptor(label: str, mol: Chem.Mol) -> Finding:
    """Compare an R/S or E/Z label with a structure that has exactly one such centre."""
    kind = Chem.StereoType.Atom_Tetrahedral if label in "RS" else Chem.StereoType.Bond_Double
    centres = _elements(mol, kind)
    if not centres:
        return contradicted(f"the structure has no centre that could be {label}")
    if len(centres) > 1 or centres[0].specified != Chem.StereoSpecified.Specified:
        return unverified(f"{len(centres)} possible stereo elements; which one is meant by {label} is not said")
    codes = {_cip(mol, centres[0].centeredOn, label, new=new) for new in (True, False)}
    if len(codes) > 1:
        return unverified("the two CIP implementations of RDKit label its only centre differently")
    actual = codes.pop()
    return (
        supported(f"its only centre is {actual}") if actual == label else contradicted(f"its only centre is {actual}")
    )


def _cip(mol: Chem.Mol, where: int, label: str, new: bool) -> str:
    copy = Chem.Mol(mol)
    if new:
        rdCIPLabeler.AssignCIPLabels(copy)
    else:
        Chem.AssignStereochemistry(copy, cleanIt=True, force=True)
    if label in "EZ":
        bond = copy.GetBondWithIdx(where)
        if new:
            return bond.GetProp("_CIPCode") if bond.HasProp("_CIPCode") else "?"
        return str(bond.GetStereo())[-1]
    atom = copy.GetAtomWithIdx(where)
    return atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else "?"
