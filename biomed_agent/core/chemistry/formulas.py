"""What a formula says: numbers of atoms, shares by mass, the empirical formula, the degree of unsaturation."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.counts import pi_bonds
from biomed_agent.core.chemistry.structures import RDKIT, parsed
from biomed_agent.core.errors import Inapplicable
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.core.words import listed

_VALENCES = {
    **dict.fromkeys(("H", "F", "Cl", "Br", "I", "At"), 1),
    **dict.fromkeys(("O", "S", "Se", "Te"), 2),
    **dict.fromkeys(("N", "P", "As", "B"), 3),
    **dict.fromkeys(("C", "Si", "Ge"), 4),
}
"""bonds that the formula of unsaturation gives each element, its lowest usual valence"""


@dataclass(frozen=True, slots=True)
class Unsaturation:
    """How unsaturated a structure is.

    Args:
        value: By the formula; a half is left over for a radical.
        formula: What it was worked out from.
        rings: Independent rings.
        pi_bonds: One for each double bond and two for each triple bond as drawn.
        parts: Covalently connected parts, whose values are added up.
        note: What the reader must know: what the formula leaves out, or that it is a radical.
    """

    value: float
    formula: str
    rings: int
    pi_bonds: int
    parts: int
    note: str


def element_counts(molecule: Molecule) -> dict[str, int]:
    """Return how many atoms of each element there are, hydrogens included, in Hill order.

    Isotopes are counted with their element, open positions (``*``) are not counted.
    """
    counts: Counter[str] = Counter()
    for atom in parsed(molecule.smiles).GetAtoms():
        if atom.GetAtomicNum():
            counts[atom.GetSymbol()] += 1
        counts["H"] += atom.GetTotalNumHs()
    first = ("C", "H") if counts["C"] else ()
    return {symbol: counts[symbol] for symbol in sorted(counts, key=lambda s: (s not in first, s)) if counts[symbol]}


def composition(molecule: Molecule) -> dict[str, float]:
    """Return the share of each element in per cent by mass, in Hill order, unrounded.

    Average atomic masses; an atom with a stated isotope weighs what the isotope does.

    Raises:
        Inapplicable: The structure has open positions, or no atom.
    """
    mol = _whole(molecule, "composition")
    hydrogen = Chem.GetPeriodicTable().GetAtomicWeight(1)
    masses: dict[str, list[float]] = {symbol: [] for symbol in element_counts(molecule)}
    for atom in mol.GetAtoms():
        masses[atom.GetSymbol()].append(atom.GetMass())
        if atom.GetTotalNumHs():
            masses["H"].append(atom.GetTotalNumHs() * hydrogen)
    total = math.fsum(mass for several in masses.values() for mass in several)
    return {symbol: 100 * math.fsum(several) / total for symbol, several in masses.items()}


def empirical_formula(molecule: Molecule) -> str:
    """Return the formula with the smallest whole numbers, in Hill order; a charge is divided as well.

    Raises:
        Inapplicable: The structure has open positions, or no atom.
    """
    charge = Chem.GetFormalCharge(_whole(molecule, "empirical formula"))
    counts = element_counts(molecule)
    divisor = math.gcd(*counts.values(), abs(charge))
    text = "".join(f"{symbol}{number // divisor if number > divisor else ''}" for symbol, number in counts.items())
    size = abs(charge) // divisor
    return f"{text}{'+' if charge > 0 else '-'}{size if size > 1 else ''}" if charge else text


def unsaturation(molecule: Molecule) -> Unsaturation:
    """Return the degree of unsaturation: double-bond equivalents, rings plus pi bonds by the formula.

    For each part 1 + sum of n(v - 2)/2 over its elements + charge/2, with v the lowest usual valence; atomic ions count
    nothing. Pellegrin, J. Chem. Educ. 1983, 60, 626. S=O and P=O bonds are therefore not counted, nitro groups once.

    Raises:
        Inapplicable: The structure has open positions or no atom, or an atom whose valence the formula does not know:
            a metal, a borate, SF6, a carbocation.
    """
    mol = _whole(molecule, "degree of unsaturation")
    parts = Chem.GetMolFrags(mol, asMols=True)
    deficits = [deficit for part in parts for deficit in _deficits(part)]
    drawn, rings = pi_bonds(mol), mol.GetNumBonds() - mol.GetNumAtoms() + len(parts)
    value = rings + drawn + sum(deficits) / 2
    notes = ["rings plus pi bonds, by the formula"]
    if any(deficit > 0 for deficit in deficits):
        notes.append("a half for each unpaired electron, since it is a radical")
    if any(deficit < 0 for deficit in deficits):
        plus = f"{rings} in rings and {drawn} in pi bonds as drawn"
        notes.append(f"{plus}; the formula gives S and P their lowest valence, so S=O and P=O are not counted")
    if len(parts) > 1:
        notes.append(f"sum over {len(parts)} parts")
    return Unsaturation(value, rdMolDescriptors.CalcMolFormula(mol), rings, drawn, len(parts), "; ".join(notes))


def _deficits(part: Chem.Mol) -> list[int]:
    """Return for each atom by how many bonds it has fewer than the formula of unsaturation gives it.

    The formula counts rings and pi bonds and half of the sum of these: one for a radical, less than none for the sulfur
    of S=O. Where an atom's further bonds are single ones, as in SF6, or two are missing, it gives nonsense.
    """
    atoms = list(part.GetAtoms())
    if len(atoms) == 1 and not atoms[0].GetTotalNumHs() and atoms[0].GetFormalCharge():
        return []
    drawn = Chem.Mol(part)
    Chem.Kekulize(drawn, clearAromaticFlags=True)
    deficits, wrong = [], set()
    for atom in drawn.GetAtoms():
        symbol, valence = atom.GetSymbol(), atom.GetTotalValence()
        deficit = _VALENCES.get(symbol, 0) + atom.GetFormalCharge() - valence
        pi = sum(int(bond.GetBondTypeAsDouble()) - 1 for bond in atom.GetBonds())
        if symbol not in _VALENCES or deficit > 1 or -deficit > 2 * pi:
            wrong.add(symbol)
        deficits.append(deficit)
    if wrong:
        raise Inapplicable(
            f"no degree of unsaturation: its formula knows no such valence of {listed(sorted(wrong))}.",
            "Ask for its rings or double bonds.",
        )
    return deficits


def _whole(molecule: Molecule, value: str) -> Chem.Mol:
    mol = parsed(molecule.smiles)
    if not mol.GetNumAtoms():
        raise Inapplicable(f"a structure without atoms has no {value}.", "Give a structure with atoms.")
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise Inapplicable(f"a structure with open positions (*) has no {value}.", "Give a whole structure.")
    return mol


def facts_of_formula(molecule: Molecule, predicate: str) -> list[Fact]:
    """Return one of these values; of a salt or solvate first of the whole, then of its parent.

    Args:
        molecule: The structure.
        predicate: ``degree of unsaturation``, ``empirical formula`` or ``elemental composition``.

    Raises:
        Inapplicable: The value is not defined for the structure.
    """
    several = structures.part_count(molecule) > 1
    parent = structures.parent_of_salt(molecule) if several else None
    if parent is None:
        return [_fact_of(molecule, predicate)]
    of_parent = _fact_of(parent, predicate)
    try:
        whole = _fact_of(molecule, predicate)
    except Inapplicable as error:
        whole, left_out = None, f"not of the whole: {error.message.rstrip('.')}"
    note = f"of the neutral parent {parent.smiles}"
    said = [note, of_parent.note, "" if whole else left_out]
    about = replace(
        of_parent, subject=molecule.handle, note="; ".join(filter(None, said)), about=parent.handle,
        about_name=parent.smiles,
    )  # fmt: skip
    if whole is None:
        return [about]
    note = "whole structure, counter-ions and solvent included"
    return [replace(whole, note=f"{note}; {whole.note}" if whole.note else note), about]


def _fact_of(molecule: Molecule, predicate: str) -> Fact:
    value: str | int | float
    if predicate == "degree of unsaturation":
        found = unsaturation(molecule)
        value = int(found.value) if found.value == int(found.value) else found.value
        return Fact(molecule.handle, predicate, value, "", "computed", RDKIT, found.note)
    if predicate == "empirical formula":
        return Fact(molecule.handle, predicate, empirical_formula(molecule), "", "computed", RDKIT)
    if predicate == "elemental composition":
        value = ", ".join(f"{symbol} {share:.2f} %" for symbol, share in composition(molecule).items())
        return Fact(molecule.handle, predicate, value, "", "computed", RDKIT, "per cent by mass")
    raise ValueError(f"{predicate!r} is no value of a formula")
