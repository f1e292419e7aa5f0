"""Rules for what a statement says is counted over a whole molecule: atoms, rings, bonds, stereocentres, elements.

Counts that depend on a convention (hydrogen-bond donors and acceptors, rotatable bonds) are only contradicted outside
the range of the usual conventions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors as descriptors

from biomed_agent.core.chemistry import structures
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.trust.claims.findings import Finding, amount, contradicted, supported, unverified
from biomed_agent.trust.claims.statement import Assertion
from biomed_agent.trust.claims.stereo import stereo_range


def _range(*values: int) -> tuple[int, int]:
    return min(values), max(values)


def rotatable_range(mol: Chem.Mol) -> tuple[int, int]:
    """Return the least and greatest count of rotatable bonds by the usual conventions."""
    options = descriptors.NumRotatableBondsOptions
    kinds = (options.NonStrict, options.Strict, options.StrictLinkages)
    loosest = structures.pattern("[!$(*#*);!D1]-&!@[!$(*#*);!D1]")  # esters and amides turn, too
    counts = [descriptors.CalcNumRotatableBonds(mol, kind) for kind in kinds]
    return _range(*counts, len(mol.GetSubstructMatches(loosest)))


def _acceptors(mol: Chem.Mol) -> tuple[int, int]:
    broad = sum(atom.GetAtomicNum() in (7, 8, 9, 16) for atom in mol.GetAtoms())  # PubChem counts F and S, too
    return _range(descriptors.CalcNumHBA(mol), descriptors.CalcNumLipinskiHBA(mol), broad)


def _aromatic_rings(mol: Chem.Mol) -> tuple[int, int]:
    return _range(descriptors.CalcNumAromaticCarbocycles(mol), descriptors.CalcNumAromaticRings(mol))


def _heavy(mol: Chem.Mol) -> tuple[int, int]:
    return _range(mol.GetNumHeavyAtoms())


def _donors(mol: Chem.Mol) -> tuple[int, int]:
    return _range(descriptors.CalcNumHBD(mol), descriptors.CalcNumLipinskiHBD(mol))


def _ring_count(mol: Chem.Mol) -> tuple[int, int]:
    return _range(descriptors.CalcNumRings(mol))


_BONDING = r"(?:h|hydrogen)[ -]?bond(?:ing)?"
_CENTRE = (
    r"(?:defined |tetrahedral )?(?:"
    r"(?:stereo ?|chiral |stereogenic )cent(?:er|re)s?|(?:chiral|asymmetric) carbons?(?: atoms?)?)"
)
_COUNTS: tuple[tuple[str, Callable[[Chem.Mol], tuple[int, int]], str], ...] = (
    (r"heavy atoms?|non-hydrogen atoms?", _heavy, "heavy atoms"),
    (r"(?:freely )?rotatable bonds?", rotatable_range, "rotatable bonds"),
    (rf"(?:{_BONDING} )?donors?|hbd", _donors, "hydrogen-bond donors"),
    (rf"(?:{_BONDING} )?acceptors?|hba", _acceptors, "hydrogen-bond acceptors"),
    (_CENTRE, stereo_range, "stereocentres"),
    (r"aromatic rings?", _aromatic_rings, "aromatic rings"),
    (r"rings?|rings in total", _ring_count, "rings"),
)
"""(words, the least and greatest count of the usual conventions, predicate of the fact)"""
_ELEMENTS = {
    "carbon": 6, "nitrogen": 7, "oxygen": 8, "sulfur": 16, "sulphur": 16, "phosphorus": 15, "fluorine": 9,
    "chlorine": 17, "bromine": 35, "iodine": 53, "boron": 5, "silicon": 14, "selenium": 34,
    "sodium": 11, "potassium": 19, "lithium": 3, "magnesium": 12, "calcium": 20, "zinc": 30, "iron": 26, "copper": 29,
    "platinum": 78, "aluminium": 13, "aluminum": 13, "silver": 47, "gold": 79, "mercury": 80, "arsenic": 33,
}  # fmt: skip
ONLY_ELEMENTS = re.compile(
    rf"\b(?:contains?|consists? of|composed of|made (?:up )?of) (?:only|solely|exclusively) "
    rf"(?P<elements>(?:(?:{'|'.join(_ELEMENTS)}|hydrogen)(?: atoms)?(?:, and |, | and )?)+)(?=[.,;]|$)",
    re.IGNORECASE,
)
_MEMBERED = {word: size for size, word in enumerate("three four five six seven eight nine ten".split(), 3)}


def count_finding(assertion: Assertion, molecule: Molecule, facts: Sequence[Fact]) -> Finding | None:
    """Decide ``has N ...`` for things that are counted over the whole structure; None for other words."""
    if assertion.relation != "has":
        return None
    mol = structures.parsed(molecule.smiles)
    if sized := re.fullmatch(r"(\w+)-membered (?P<kind>\w+ )?rings?", assertion.words):
        finding = _ring_size(assertion, _MEMBERED.get(sized[1], int(sized[1]) if sized[1].isdecimal() else 0), mol)
        loose = finding is not None and sized["kind"] and (assertion.negated or finding.verdict == "supported")
        return unverified(f"{finding.why}; {sized['kind']}is not compared") if finding and loose else finding
    if re.fullmatch(r"atoms?", assertion.words) and assertion.number is not None and not assertion.negated:
        return _atom_count(assertion, molecule, mol)
    for pattern, counter, name in _COUNTS:
        if re.fullmatch(pattern, assertion.words):
            low, high = counter(mol)
            recorded = {int(fact.value) for fact in facts if fact.predicate == name and str(fact.value).isdecimal()}
            return _compare_count(assertion, min({low, *recorded}), max({high, *recorded}), name)
    atom = re.fullmatch(r"(\w+?)(?: atoms?|s)?", assertion.words)
    if (
        atom
        and atom[1] in {*_ELEMENTS, "hydrogen"}
        and (assertion.number is not None or assertion.negated or not assertion.placed)
    ):
        number = _atoms(mol, atom[1])
        parent = structures.parent_of_salt(molecule)
        if parent is not None and assertion.number == _atoms(structures.parsed(parent.smiles), atom[1]) != number:
            return unverified(f"{assertion.number} {atom[1]} atoms in the neutral parent, {number} in this structure")
        return _compare_count(assertion, number, number, f"{atom[1]} atoms")
    return None


def _atom_count(assertion: Assertion, molecule: Molecule, mol: Chem.Mol) -> Finding:
    heavy, every = mol.GetNumHeavyAtoms(), Chem.AddHs(mol).GetNumAtoms()
    counted = f"it has {amount(every, 'atoms')}, {heavy} without hydrogen"
    if assertion.number == every:
        return supported(counted)
    loose = assertion.number == heavy or (assertion.least and (assertion.number or 0) < every)
    parent = structures.parent_of_salt(molecule)
    if parent is not None:
        loose |= assertion.number == Chem.AddHs(structures.parsed(parent.smiles)).GetNumAtoms()
    return unverified(counted) if loose else contradicted(f"{counted}, not {assertion.number}")


def _atoms(mol: Chem.Mol, element: str) -> int:
    if element == "hydrogen":
        return sum(atom.GetTotalNumHs() for atom in mol.GetAtoms()) + sum(a.GetAtomicNum() == 1 for a in mol.GetAtoms())
    return sum(atom.GetAtomicNum() == _ELEMENTS[element] for atom in mol.GetAtoms())


def element_finding(words: str, molecule: Molecule) -> Finding:
    """Compare the only elements said to be there."""
    stated = {_ELEMENTS.get(name, 1) for name in re.findall(r"[a-z]+", words) if name in {*_ELEMENTS, "hydrogen"}}
    held = {atom.GetAtomicNum() for atom in Chem.AddHs(structures.parsed(molecule.smiles)).GetAtoms()}
    symbols = ", ".join(sorted(Chem.GetPeriodicTable().GetElementSymbol(number) for number in held))
    return (supported if stated == held else contradicted)(f"it is made of {symbols}")


def _ring_size(assertion: Assertion, size: int, mol: Chem.Mol) -> Finding | None:
    if not 3 <= size <= 10:
        return None
    sizes = Counter(len(ring) for ring in mol.GetRingInfo().AtomRings())
    number = 0 if assertion.negated else assertion.number
    listed = ", ".join(map(str, sorted(sizes.elements())))
    present = f"its rings have {listed} atoms" if listed else "it has no rings"
    if number is None:
        return supported(present) if sizes[size] else contradicted(f"it has no {size}-membered ring; {present}")
    if sizes[size] == number:
        return supported(present)
    return contradicted(present) if sizes[size] < number or assertion.negated else unverified(present)


def _compare_count(assertion: Assertion, low: int, high: int, name: str) -> Finding:
    some = amount(high, name) if low == high else f"{low} to {amount(high, name)}, depending on the convention"
    counted = f"it has {some}"
    if assertion.negated and assertion.number is None:
        number, least = 0, False
    else:
        number, least = (1, True) if assertion.number is None else (assertion.number, assertion.least)
    holds = low <= number <= high or (least and high >= number)
    if assertion.negated and assertion.number is not None:
        return unverified(counted)
    if holds:
        return supported(counted)
    bare = assertion.number is None  # "contains nitrogen", where no number was stated to be wrong
    return contradicted(counted if bare else f"{counted}, not {number}")
