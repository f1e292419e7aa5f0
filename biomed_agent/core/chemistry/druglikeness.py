"""Rules of thumb for drug candidates, each with its values and limits, and structural alerts with their atoms.

A rule says what most drugs of its data set have in common; to fail one is no verdict. Alerts are patterns that were
seen to disturb assays or to react; many approved drugs match one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core.chemistry.structures import RDKIT, average_weight, parsed
from biomed_agent.core.types import Fact, LimitCheck, Molecule

if TYPE_CHECKING:
    from rdkit.Chem.FilterCatalog import FilterCatalog

CATALOGS = ("PAINS_A", "PAINS_B", "PAINS_C", "BRENK", "NIH")


class Limit(NamedTuple):
    """One limit of a rule."""

    name: str
    of: Callable[[Chem.Mol], float]
    low: float | None
    high: float | None

    def check(self, mol: Chem.Mol) -> LimitCheck:
        """Compute the value that is limited."""
        return LimitCheck(self.name, float(self.of(mol)), self.low, self.high)


class Rule(NamedTuple):
    """Limits that are looked at together."""

    name: str
    limits: Sequence[Limit]
    allowed: int = 0
    """limits that may be broken"""


def _logp(mol: Chem.Mol) -> float:
    return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0])


def _all_atoms(mol: Chem.Mol) -> float:
    return float(rdMolDescriptors.CalcNumAtoms(mol))


def _carbons(mol: Chem.Mol) -> float:
    return float(sum(atom.GetAtomicNum() == 6 for atom in mol.GetAtoms()))


def _heteroatoms(mol: Chem.Mol) -> float:
    return float(sum(atom.GetAtomicNum() not in (1, 6) for atom in mol.GetAtoms()))


def _refractivity(mol: Chem.Mol) -> float:
    return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[1])


_TPSA, _RINGS = rdMolDescriptors.CalcTPSA, rdMolDescriptors.CalcNumRings
_ROTATABLE = rdMolDescriptors.CalcNumRotatableBonds
_DONORS, _ACCEPTORS = rdMolDescriptors.CalcNumHBD, rdMolDescriptors.CalcNumHBA
RULES: tuple[Rule, ...] = (
    Rule(
        "rule of five",
        (
            Limit("weight", average_weight, None, 500),
            Limit("logP", _logp, None, 5),
            Limit("NH+OH", rdMolDescriptors.CalcNumLipinskiHBD, None, 5),
            Limit("N+O", rdMolDescriptors.CalcNumLipinskiHBA, None, 10),
        ),
        allowed=1,
    ),
    Rule("Veber rule", (Limit("rotatable bonds", _ROTATABLE, None, 10), Limit("TPSA", _TPSA, None, 140))),
    Rule(
        "Ghose filter",
        (
            Limit("weight", average_weight, 160, 480),
            Limit("logP", _logp, -0.4, 5.6),
            Limit("atoms", _all_atoms, 20, 70),
            Limit("molar refractivity", _refractivity, 40, 130),
        ),
    ),
    Rule("Egan rule", (Limit("logP", _logp, None, 5.88), Limit("TPSA", _TPSA, None, 131.6))),
    Rule(
        "Muegge filter",
        (
            Limit("weight", average_weight, 200, 600),
            Limit("logP", _logp, -2, 5),
            Limit("TPSA", _TPSA, None, 150),
            Limit("rings", _RINGS, None, 7),
            Limit("carbons", _carbons, 5, None),
            Limit("heteroatoms", _heteroatoms, 2, None),
            Limit("rotatable bonds", _ROTATABLE, None, 15),
            Limit("donors", _DONORS, None, 5),
            Limit("acceptors", _ACCEPTORS, None, 10),
        ),
    ),
    Rule(
        "rule of three",
        (
            Limit("weight", average_weight, None, 300),
            Limit("logP", _logp, None, 3),
            Limit("donors", _DONORS, None, 3),
            Limit("acceptors", _ACCEPTORS, None, 3),
            Limit("rotatable bonds", _ROTATABLE, None, 3),
            Limit("TPSA", _TPSA, None, 60),
        ),
    ),
)
"""Rule of five: Lipinski et al., Adv. Drug Deliv. Rev. 1997, 23, 3 (one limit may be broken). Veber et al., J. Med.
Chem. 2002, 45, 2615. Ghose et al., J. Comb. Chem. 1999, 1, 55 (ranges that hold 80 % of the drugs). Egan et al., J.
Med. Chem. 2000, 43, 3867 (bounds of its ellipse). Muegge et al., J. Med. Chem. 2001, 44, 1841. Rule of three for leads
and fragments: Congreve et al., Drug Discov. Today 2003, 8, 876. The logP of all of them is Wildman and Crippen's, J.
Chem. Inf. Comput. Sci. 1999, 39, 868, where Ghose and Egan used ALogP and Muegge XLogP."""
PREDICATES = (*(rule.name for rule in RULES), "structural alert")


def rules(molecule: Molecule) -> list[Fact]:
    """Return ``pass`` or ``fail`` for each of :data:`RULES`, every value beside its limit.

    Args:
        molecule: Judged as it is; pass the parent of a salt. One with open positions is judged by no rule.
    """
    with rdBase.BlockLogs():
        mol = parsed(molecule.smiles)
        if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
            return []
        facts = []
        for rule in RULES:
            checks = tuple(limit.check(mol) for limit in rule.limits)
            broken = [check.name for check in checks if check.broken]
            verdict = "pass" if len(broken) <= rule.allowed else "fail"
            summary = f"{len(broken)} exceeded: {', '.join(broken)}" if broken else "none exceeded"
            note = f"{', '.join(map(str, checks))}; {summary}"
            facts.append(Fact(molecule.handle, rule.name, verdict, "", "computed", RDKIT, note, limits=checks))
        return facts


def alerts(molecule: Molecule) -> list[Fact]:
    """Name the structural alerts a molecule matches, each with the atoms (from 1, in the canonical SMILES).

    PAINS A, B and C: Baell and Holloway, J. Med. Chem. 2010, 53, 2719; BRENK: Brenk et al., ChemMedChem 2008, 3, 435;
    NIH: Jadhav et al., J. Med. Chem. 2010, 53, 37 and Doveston et al., Org. Biomol. Chem. 2015, 13, 859. All as RDKit
    holds them. Without a match there is one fact that says ``none``.
    """
    with rdBase.BlockLogs():
        mol = parsed(molecule.smiles)
        facts = []
        for match in _catalog().GetMatches(mol):
            pairs = (pair for filter_match in match.GetFilterMatches(mol) for pair in filter_match.atomPairs)
            atoms = sorted({atom + 1 for _, atom in pairs})
            where = f"atoms {', '.join(map(str, atoms))}" if atoms else "by count"
            name = f"{match.GetProp('FilterSet')} {match.GetDescription()}"
            facts.append(Fact(molecule.handle, "structural alert", name, "", "computed", RDKIT, where))
    if not facts:
        note = f"of {', '.join(CATALOGS)}"
        return [Fact(molecule.handle, "structural alert", "none", "", "computed", RDKIT, note)]
    return facts


@functools.cache
def _catalog() -> FilterCatalog:
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

    parameters = FilterCatalogParams()
    for name in CATALOGS:
        parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog(parameters)
