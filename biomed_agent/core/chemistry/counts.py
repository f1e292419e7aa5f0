"""How many of a part a structure has: atoms, groups, rings, bonds, matches of a pattern, bonds between marked atoms.

Every count is exact for the structure as it is written and comes with the definition that it counts by. Nothing is
estimated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.marked_atoms import count_smarts, shortest_path
from biomed_agent.core.chemistry.parts import MAX_MATCHES, Part, listed_parts, part_of, ring_parts
from biomed_agent.core.chemistry.structures import RDKIT, parsed, pattern
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.core.words import counted, listed

__all__ = [
    "Count", "Part", "RingSystem", "Rings", "all_parts", "count_part", "count_smarts", "facts_of_count",
    "facts_of_functional_groups", "facts_of_path", "facts_of_ring_systems", "facts_of_smarts", "part_of",
    "ring_systems", "shortest_path",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a part there are.

    Args:
        part: What was counted.
        number: How many.
        definition: What is counted, in words.
        wider: How many by another common use of the word, where that is another number; else None.
        wider_definition: What the other use counts, in words that follow its number.
    """

    part: Part
    number: int
    definition: str
    wider: int | None = None
    wider_definition: str = ""

    @property
    def counted(self) -> str:
        """Number and noun, as in ``2 hydroxyl groups``."""
        return counted(self.number, self.part.name)

    @property
    def note(self) -> str:
        """The definition, and the count by another use of the word where that differs."""
        return self.definition if self.wider is None else f"{self.definition}; {self.wider} {self.wider_definition}"


def count_part(molecule: Molecule, part: Part) -> Count | None:
    """Count a part in a structure as it is written, counter-ions and solvent included.

    Args:
        molecule: The structure.
        part: What to count, as :func:`~biomed_agent.core.chemistry.parts.part_of` reads it; of kind ``smarts`` the
            pattern is the user's and :func:`count_smarts` counts it.

    Returns:
        None for a part that has no pattern, measure or element.
    """
    if part.kind == "smarts":
        return Count(part, count_smarts(molecule, part.smarts), part.definition or "matches that differ in their atoms")
    mol = parsed(molecule.smiles)
    number = _number(mol, part)
    if number is None:
        return None
    wider = _by_pattern(mol, part.wider) if part.wider else number
    if wider == number:
        return Count(part, number, part.definition)
    return Count(part, number, part.definition, wider, part.wider_definition)


def _number(mol: Chem.Mol, part: Part) -> int | None:
    if part.number:
        return sum(atom.GetAtomicNum() == part.number for atom in mol.GetAtoms())
    if part.smarts:
        return len(_matches(mol, part))
    return _by_pattern(mol, f"={part.measure}") if part.measure else None


def _matches(mol: Chem.Mol, part: Part) -> Sequence[tuple[int, ...]]:
    """Return the matches of a part's pattern that differ in their atoms; those of a single ring are rings.

    In a cage a pattern of six atoms also matches the way around two smaller rings, which is no ring of the structure.
    """
    query = pattern(part.smarts)
    matches: Sequence[tuple[int, ...]] = mol.GetSubstructMatches(query, uniquify=True, maxMatches=MAX_MATCHES)
    if part.kind != "ring" or not matches or query.GetNumBonds() != query.GetNumAtoms():
        return matches
    rings = {frozenset(ring) for ring in mol.GetRingInfo().AtomRings()}
    return [match for match in matches if frozenset(match) in rings]


def _by_pattern(mol: Chem.Mol, text: str) -> int:
    if text.startswith("="):
        name, _, arguments = text[1:].partition(" ")
        return _MEASURES[name](mol, arguments.split())
    return len(mol.GetSubstructMatches(pattern(text), uniquify=True, maxMatches=MAX_MATCHES))


# ---------------------------------------------------------------- counts that no pattern makes


def _hydrogens(mol: Chem.Mol, arguments: Sequence[str] = ()) -> int:
    """Count hydrogens: all, or with ``on`` and an atomic number those on that element."""
    if arguments:
        number = int(arguments[-1])
        return sum(
            atom.GetTotalNumHs(includeNeighbors=True) for atom in mol.GetAtoms() if atom.GetAtomicNum() == number
        )
    return sum(atom.GetTotalNumHs() + (atom.GetAtomicNum() == 1) for atom in mol.GetAtoms())


def _atoms(mol: Chem.Mol, _: Sequence[str]) -> int:
    return sum(atom.GetTotalNumHs() + (atom.GetAtomicNum() > 0) for atom in mol.GetAtoms())


def _all_bonds(mol: Chem.Mol, _: Sequence[str] = ()) -> int:
    return int(mol.GetNumBonds()) + sum(atom.GetTotalNumHs() for atom in mol.GetAtoms())


def _kekule_orders(mol: Chem.Mol) -> Counter[Chem.BondType]:
    drawn = Chem.Mol(mol)
    with rdBase.BlockLogs():
        Chem.Kekulize(drawn, clearAromaticFlags=True)
    return Counter(bond.GetBondType() for bond in drawn.GetBonds())


def _kekule_double(mol: Chem.Mol, _: Sequence[str]) -> int:
    return _kekule_orders(mol)[Chem.BondType.DOUBLE]


def pi_bonds(mol: Chem.Mol) -> int:
    """Count pi bonds: one for each double bond and two for each triple bond, aromatic rings drawn alternating."""
    orders = _kekule_orders(mol)
    return orders[Chem.BondType.DOUBLE] + 2 * orders[Chem.BondType.TRIPLE] + 3 * orders[Chem.BondType.QUADRUPLE]


@dataclass(frozen=True, slots=True)
class _Ring:
    atoms: frozenset[int]
    bonds: frozenset[int]
    aromatic: bool
    saturated: bool
    elements: str
    """symbols in lower case with their numbers, in the order of the alphabet: ``c2n3``"""


def _rings_of(mol: Chem.Mol) -> list[_Ring]:
    info, rings = mol.GetRingInfo(), []
    for atoms, bonds in zip(info.AtomRings(), info.BondRings(), strict=True):
        drawn = [mol.GetBondWithIdx(index) for index in bonds]
        symbols = Counter(mol.GetAtomWithIdx(index).GetSymbol().lower() for index in atoms)
        aromatic = all(bond.GetIsAromatic() for bond in drawn)
        saturated = all(bond.GetBondType() == Chem.BondType.SINGLE and not bond.GetIsAromatic() for bond in drawn)
        elements = "".join(f"{symbol}{number}" for symbol, number in sorted(symbols.items()))
        rings.append(_Ring(frozenset(atoms), frozenset(bonds), aromatic, saturated, elements))
    return rings


def _count_rings(mol: Chem.Mol, traits: Sequence[str]) -> int:
    """Count the rings that have every trait: a quality, a size, or the elements of the ring."""
    rings = _rings_of(mol)
    return sum(all(_has_trait(ring, trait, rings) for trait in traits) for ring in rings)


def _has_trait(ring: _Ring, trait: str, rings: Sequence[_Ring]) -> bool:
    if trait.isdigit():
        return len(ring.atoms) == int(trait)
    if trait in _RING_TESTS:
        return _RING_TESTS[trait](ring)
    if trait == "fused":
        return any(other is not ring and other.bonds & ring.bonds for other in rings)
    return ring.elements == trait


_RING_TESTS: dict[str, Callable[[_Ring], bool]] = {
    "aromatic": lambda ring: ring.aromatic,
    "aliphatic": lambda ring: not ring.aromatic,
    "saturated": lambda ring: ring.saturated,
    "hetero": lambda ring: ring.elements != f"c{len(ring.atoms)}",
    "carbo": lambda ring: ring.elements == f"c{len(ring.atoms)}",
    "macro": lambda ring: len(ring.atoms) >= 12,
}
_MEASURES: dict[str, Callable[[Chem.Mol, Sequence[str]], int]] = {
    "atoms": _atoms,
    "hydrogens": _hydrogens,
    "rings": _count_rings,
    "all": _all_bonds,
    "kekule": _kekule_double,
    "pi": lambda mol, _: pi_bonds(mol),
    "rotatable": lambda mol, _: int(rdMolDescriptors.CalcNumRotatableBonds(mol)),
    "spiro": lambda mol, _: int(rdMolDescriptors.CalcNumSpiroAtoms(mol)),
    "bridgeheads": lambda mol, _: int(rdMolDescriptors.CalcNumBridgeheadAtoms(mol)),
}


# ---------------------------------------------------------------- all groups, all rings


def all_parts(molecule: Molecule) -> list[Count]:
    """Count the functional groups of a structure, in the order of the table.

    A group whose atoms all lie in a larger one is left out: the amide of a hydrazide, the ester where it is a lactone.
    Alkyl and aromatic parts are no functional groups here; :func:`ring_systems` tells of rings.
    """
    kept = _largest_matches(parsed(molecule.smiles), listed_parts())
    return [Count(part, number, part.definition) for part, number in kept.items()]


def _largest_matches(mol: Chem.Mol, parts: Sequence[Part]) -> dict[Part, int]:
    """Count the matches that lie in no larger match of another part; of two over the same atoms the later part wins."""
    found: dict[frozenset[int], int] = {}
    for place, part in enumerate(parts):
        for match in _matches(mol, part):
            found[frozenset(match)] = place
    by_atom: dict[int, list[frozenset[int]]] = {}
    for atoms in found:
        for atom in atoms:
            by_atom.setdefault(atom, []).append(atoms)
    numbers = Counter(
        place for atoms, place in found.items() if not any(atoms < other for other in by_atom[next(iter(atoms))])
    )
    return {part: numbers[place] for place, part in enumerate(parts) if numbers[place]}


@dataclass(frozen=True, slots=True)
class RingSystem:
    """Rings that hang together by shared atoms: fused, bridged or spiro."""

    sizes: tuple[int, ...]
    """atoms of each ring, smallest first"""
    atoms: int
    """atoms of the whole system"""
    aromatic: bool
    """whether every ring is aromatic"""
    hetero: bool
    """whether an atom of it is no carbon"""


@dataclass(frozen=True, slots=True)
class Rings:
    """The rings of a structure.

    Args:
        number: Rings as RDKit lists them: a smallest set of smallest rings, with those equal by symmetry. In cages that
            is more than ``independent``.
        independent: Bonds that must be cut to open every ring.
        systems: Ring systems, the largest first.
        sizes: How many rings of each size.
        aromatic: Aromatic rings, as RDKit finds them.
        aliphatic: Rings that are not.
        saturated: Rings of single bonds only.
        hetero: Rings with an atom other than carbon.
        fused: Rings that share a bond with another one.
        spiro: Atoms that are all that two rings share.
        named: How many of each ring or ring system that has a name here, the smaller ones inside larger ones left out.
    """

    number: int
    independent: int
    systems: tuple[RingSystem, ...]
    sizes: dict[int, int]
    aromatic: int
    aliphatic: int
    saturated: int
    hetero: int
    fused: int
    spiro: int
    named: dict[str, int]


def ring_systems(molecule: Molecule) -> Rings:
    """Return the rings of a structure and how they hang together."""
    mol = parsed(molecule.smiles)
    rings = _rings_of(mol)
    named = _largest_matches(mol, ring_parts()) if rings else {}
    return Rings(
        number=len(rings),
        independent=mol.GetNumBonds() - mol.GetNumAtoms() + len(Chem.GetMolFrags(mol)),
        systems=tuple(sorted(_systems(mol, rings), key=lambda system: -system.atoms)),
        sizes=dict(sorted(Counter(len(ring.atoms) for ring in rings).items())),
        aromatic=_count_rings(mol, ["aromatic"]),
        aliphatic=_count_rings(mol, ["aliphatic"]),
        saturated=_count_rings(mol, ["saturated"]),
        hetero=_count_rings(mol, ["hetero"]),
        fused=_count_rings(mol, ["fused"]),
        spiro=int(rdMolDescriptors.CalcNumSpiroAtoms(mol)),
        named={part.name: number for part, number in named.items()},
    )


def _systems(mol: Chem.Mol, rings: Sequence[_Ring]) -> Iterator[RingSystem]:
    systems: list[tuple[frozenset[int], list[_Ring]]] = []
    for ring in rings:
        apart, atoms, members = [], ring.atoms, [ring]
        for other_atoms, other_members in systems:
            if other_atoms & atoms:
                atoms, members = atoms | other_atoms, members + other_members
            else:
                apart.append((other_atoms, other_members))
        systems = [*apart, (atoms, members)]
    for atoms, members in systems:
        hetero = any(mol.GetAtomWithIdx(index).GetAtomicNum() != 6 for index in atoms)
        sizes = tuple(sorted(len(ring.atoms) for ring in members))
        yield RingSystem(sizes, len(atoms), all(ring.aromatic for ring in members), hetero)


# ---------------------------------------------------------------- as facts


def _fact(molecule: Molecule, predicate: str, value: str | int, unit: str = "", note: str = "") -> Fact:
    return Fact(molecule.handle, predicate, value, unit, "computed", RDKIT, note)


def facts_of_count(molecule: Molecule, part: Part) -> list[Fact]:
    """Return the count of a part; of a salt or solvate first of the whole, then of its parent where that differs."""
    whole = count_part(molecule, part)
    if whole is None:
        return []
    parent = structures.parent_of_salt(molecule) if structures.part_count(molecule) > 1 else None
    of_parent = count_part(parent, part) if parent else None
    scope = "whole structure, counter-ions and solvent included; " if parent else ""
    facts = [_fact(molecule, "count", whole.number, _unit(whole), scope + whole.note)]
    if parent and of_parent and (of_parent.number, of_parent.wider) != (whole.number, whole.wider):
        note = f"of the neutral parent {parent.smiles}; {of_parent.note}"
        fact = _fact(molecule, "count", of_parent.number, _unit(of_parent), note)
        facts.append(replace(fact, about=parent.handle, about_name=parent.smiles))
    return facts


def _unit(count: Count) -> str:
    return count.part.name if count.number == 1 else count.part.plural


def facts_of_smarts(molecule: Molecule, smarts: str) -> list[Fact]:
    """Return the count of a user's pattern; raises as :func:`count_smarts`."""
    number = count_smarts(molecule, smarts)
    unit = "match" if number == 1 else "matches"
    note = f"of the SMARTS {smarts.strip()}, matches that differ in their atoms"
    return [_fact(molecule, "count", number, unit, note)]


def facts_of_functional_groups(molecule: Molecule) -> list[Fact]:
    """Return the functional groups with their numbers in one fact."""
    groups = all_parts(molecule)
    note = "" if groups else "rings and alkyl groups are not counted among them"
    return [_fact(molecule, "functional groups", listed([group.counted for group in groups]) or "none", note=note)]


def facts_of_ring_systems(molecule: Molecule) -> list[Fact]:
    """Return the number of ring systems, with rings, sizes and names in the note."""
    rings = ring_systems(molecule)
    if not rings.number:
        return [_fact(molecule, "ring systems", 0, "ring systems", "acyclic")]
    sizes = listed([f"{number} of {counted(size, 'atom')}" for size, number in rings.sizes.items()])
    said = [f"{counted(rings.number, 'ring')} ({rings.aromatic} aromatic, {rings.fused} fused): {sizes}"]
    if rings.named:
        said.append(listed([counted(number, name) for name, number in rings.named.items()]))
    if rings.independent != rings.number:
        said.append(f"{rings.independent} rings when only independent ones are counted")
    number = len(rings.systems)
    return [_fact(molecule, "ring systems", number, "ring system" if number == 1 else "ring systems", "; ".join(said))]


def facts_of_path(molecule: Molecule, between: tuple[int, int] | None = None) -> list[Fact]:
    """Return the shortest path between two marked atoms; raises as :func:`shortest_path`."""
    bonds = shortest_path(molecule, between)
    note = "on the shortest path between the two marked atoms, the bonds to them counted"
    return [_fact(molecule, "count", bonds, "bond" if bonds == 1 else "bonds", note)]
