"""Values that RDKit computes from a structure, as facts: masses, counts, estimates, rules of thumb."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core.chemistry.structures import (
    RDKIT,
    average_weight,
    parent_of_salt,
    parsed,
    part_count,
    stereocentres,
)
from biomed_agent.core.types import Fact, Molecule


def computed_facts(molecule: Molecule, predicates: Collection[str] = ()) -> list[Fact]:
    """Compute what RDKit can say about a structure.

    Masses and formula of a salt are given for the whole and for its parent (see :func:`parent_of_salt`).
    Rule of five after Lipinski et al., Adv. Drug Deliv. Rev. 1997, 23, 3 (N+O and NH+OH counts; passes with
    at most one violation); Veber et al., J. Med. Chem. 2002, 45, 2615; QED: Bickerton et al., Nat. Chem.
    2012, 4, 90; logP: Wildman and Crippen, J. Chem. Inf. Comput. Sci. 1999, 39, 868; TPSA: Ertl et al.,
    J. Med. Chem. 2000, 43, 3714.

    Args:
        molecule: The structure.
        predicates: Predicates wanted; empty means all.
    """
    with rdBase.BlockLogs():
        mol = parsed(molecule.smiles)
        whole = not any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms())
        wanted = {predicate.lower() for predicate in predicates}
        facts: list[Fact] = []
        for compute, given in _COMPUTATIONS:
            if (whole or compute is _shape) and (not wanted or not wanted.isdisjoint(given)):
                facts += compute(molecule, mol)
    return [fact for fact in facts if not wanted or fact.predicate.lower() in wanted]


def _fact(molecule: Molecule, predicate: str, value: str | float, unit: str = "", note: str = "") -> Fact:
    return Fact(molecule.handle, predicate, value, unit, "computed", RDKIT, note)


def _masses(molecule: Molecule, mol: Chem.Mol) -> list[Fact]:
    whole = "whole structure, counter-ions and solvent included" if part_count(molecule) > 1 else ""
    facts = [
        _fact(molecule, "molecular formula", rdMolDescriptors.CalcMolFormula(mol), note=whole),
        _fact(molecule, "molecular weight", round(average_weight(mol), 2), "g/mol", whole),
        _fact(molecule, "monoisotopic mass", round(rdMolDescriptors.CalcExactMolWt(mol), 4), "Da", whole),
    ]
    parent = parent_of_salt(molecule)
    if parent is not None and parent.weight is not None:
        note = f"of the neutral parent {parent.smiles}"
        of_parent = (
            _fact(molecule, "molecular formula", parent.formula, note=note),
            _fact(molecule, "molecular weight", round(parent.weight, 2), "g/mol", note),
        )
        facts += [replace(fact, about=parent.handle, about_name=parent.smiles) for fact in of_parent]
    return facts


def _shape(molecule: Molecule, mol: Chem.Mol) -> list[Fact]:
    defined, undefined = stereocentres(molecule)
    rings = rdMolDescriptors.CalcNumRings(mol)
    scaffold = _scaffold(mol) if rings else ""
    return [
        _fact(molecule, "heavy atoms", mol.GetNumHeavyAtoms()),
        _fact(molecule, "formal charge", Chem.GetFormalCharge(mol)),
        _fact(molecule, "rings", rings),
        _fact(molecule, "aromatic rings", rdMolDescriptors.CalcNumAromaticRings(mol)),
        _fact(molecule, "stereocentres", defined + undefined, note=f"{defined} defined, {undefined} undefined"),
        _fact(molecule, "Murcko scaffold", scaffold or "none", note="" if scaffold else "acyclic"),
    ]


def _scaffold(mol: Chem.Mol) -> str:
    from rdkit.Chem.Scaffolds import MurckoScaffold

    return Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol))  # type: ignore[no-untyped-call]


def _estimates(molecule: Molecule, mol: Chem.Mol) -> list[Fact]:
    return [
        _fact(molecule, "logP", round(_logp(mol), 2), note="Wildman-Crippen estimate"),
        _fact(molecule, "TPSA", round(rdMolDescriptors.CalcTPSA(mol), 1), "A^2"),
        _fact(molecule, "hydrogen-bond donors", rdMolDescriptors.CalcNumHBD(mol)),
        _fact(molecule, "hydrogen-bond acceptors", rdMolDescriptors.CalcNumHBA(mol)),
        _fact(molecule, "rotatable bonds", rdMolDescriptors.CalcNumRotatableBonds(mol)),
        _fact(molecule, "fraction sp3", round(rdMolDescriptors.CalcFractionCSP3(mol), 2), note="of the carbon atoms"),
    ]


def _refractivity(molecule: Molecule, mol: Chem.Mol) -> list[Fact]:
    value = float(rdMolDescriptors.CalcCrippenDescriptors(mol)[1])
    return [_fact(molecule, "molar refractivity", round(value, 2), "cm^3/mol", "Wildman-Crippen estimate")]


def _drug_likeness(molecule: Molecule, mol: Chem.Mol) -> list[Fact]:
    from rdkit.Chem import QED

    value = float(QED.qed(Chem.Mol(mol)))  # type: ignore[no-untyped-call]
    return [_fact(molecule, "QED", round(value, 2), note="drug-likeness, 0 to 1")]


def _rules_of_thumb(molecule: Molecule, mol: Chem.Mol) -> list[Fact]:
    rotatable, tpsa = rdMolDescriptors.CalcNumRotatableBonds(mol), rdMolDescriptors.CalcTPSA(mol)
    violations, values = rule_of_five(molecule)
    broken = f"{len(violations)} exceeded: {', '.join(violations)}" if violations else "none exceeded"
    veber = "pass" if rotatable <= 10 and tpsa <= 140 else "fail"
    limits = f"rotatable bonds {rotatable} (<= 10), TPSA {tpsa:.1f} (<= 140)"
    return [
        _fact(molecule, "rule of five", "pass" if len(violations) <= 1 else "fail", note=f"{values}; {broken}"),
        _fact(molecule, "Veber rule", veber, note=limits),
    ]


_COMPUTATIONS: tuple[tuple[Callable[[Molecule, Chem.Mol], list[Fact]], tuple[str, ...]], ...] = (
    (_masses, ("molecular formula", "molecular weight", "monoisotopic mass")),
    (_shape, ("heavy atoms", "formal charge", "rings", "aromatic rings", "stereocentres", "murcko scaffold")),
    (
        _estimates,
        ("logp", "tpsa", "hydrogen-bond donors", "hydrogen-bond acceptors", "rotatable bonds", "fraction sp3"),
    ),
    (_refractivity, ("molar refractivity",)),
    (_drug_likeness, ("qed",)),
    (_rules_of_thumb, ("rule of five", "veber rule")),
)
"""what is computed together, and the predicates it gives in lower case"""


def _logp(mol: Chem.Mol) -> float:
    return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0])


def rule_of_five(molecule: Molecule) -> tuple[list[str], str]:
    """Return which of Lipinski's four limits are exceeded, and the four values in words."""
    mol = parsed(molecule.smiles)
    weight, logp = average_weight(mol), _logp(mol)
    donors, acceptors = rdMolDescriptors.CalcNumLipinskiHBD(mol), rdMolDescriptors.CalcNumLipinskiHBA(mol)
    limits = {
        "molecular weight": weight > 500,
        "logP": logp > 5,
        "donors": donors > 5,
        "acceptors": acceptors > 10,
    }
    values = f"weight {weight:.2f} (<= 500), logP {logp:.2f} (<= 5), NH+OH {donors} (<= 5), N+O {acceptors} (<= 10)"
    return [name for name, broken in limits.items() if broken], values
