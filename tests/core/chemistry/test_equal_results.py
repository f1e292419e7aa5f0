"""What was made cheaper gives what the plain computation gives: over the shipped structures, and from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

from biomed_agent.core.chemistry import descriptors, structures
from biomed_agent.core.chemistry.relations import structural_relation
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.sources.local import STARTER
from biomed_agent.sources.local.schema import read_table

SALT = "CN1CCC[C@H]1c1cccnc1.OC(=O)[C@H](O)[C@@H](O)C(=O)O"


@cache
def shipped() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["smiles"] for row in read_table(STARTER, "molecules")))


def plain_components(smiles: str) -> list[Molecule]:
    parts = Chem.GetMolFrags(Chem.MolFromSmiles(smiles), asMols=True)
    return [structures.describe(part) for part in sorted(parts, key=lambda part: -part.GetNumHeavyAtoms())]


def plain_parent(smiles: str) -> Molecule | None:
    uncharger = rdMolStandardize.Uncharger()
    parts = [uncharger.uncharge(part) for part in Chem.GetMolFrags(Chem.MolFromSmiles(smiles), asMols=True)]
    organic = [part for part in parts if any(atom.GetAtomicNum() == 6 for atom in part.GetAtoms())]
    counter_ions = structures._COUNTER_IONS
    drug = [part for part in organic if Chem.MolToSmiles(part, isomericSmiles=False) not in counter_ions]
    if not organic:
        return None
    parent = structures.describe(max(drug or organic, key=lambda part: int(part.GetNumHeavyAtoms())))
    return parent if parent.smiles != smiles else None


@pytest.mark.parametrize("step", [25, pytest.param(1, marks=pytest.mark.slow)])
def test_parts_and_parents_of_the_shipped_structures(step: int) -> None:
    for smiles in shipped()[::step]:
        molecule, parts = Molecule(smiles), plain_components(smiles)
        assert structures.part_count(molecule) == len(parts)
        assert structures.components(molecule) == parts
        assert structures.parent_of_salt(molecule) == plain_parent(smiles)


def test_no_caller_can_spoil_what_is_kept() -> None:
    salt = structures.molecule_from_smiles(SALT)
    structures.components(salt).clear()
    assert len(structures.components(salt)) == 2


@pytest.mark.parametrize("smiles", [SALT, "CC(=O)Oc1ccccc1C(=O)O", "*c1ccccc1", "[Na+].[Cl-]"])
def test_facts_of_some_predicates_are_those_of_all(smiles: str) -> None:
    molecule = structures.molecule_from_smiles(smiles)
    every = descriptors.computed_facts(molecule)
    predicates = list(dict.fromkeys(fact.predicate for fact in every))
    for wanted in [*([predicate] for predicate in predicates), predicates[::3], ["MOLECULAR WEIGHT", "qed"]]:
        lowered = [predicate.lower() for predicate in wanted]
        assert descriptors.computed_facts(molecule, wanted) == [
            fact for fact in every if fact.predicate.lower() in lowered
        ]
    assert descriptors.computed_facts(molecule, ["colour"]) == []


def test_threads_share_one_molecule_and_get_what_one_gets() -> None:
    molecules = [Molecule(smiles) for smiles in shipped()[:200:10]]

    def work(molecule: Molecule) -> tuple[list[Fact], str, Molecule | None]:
        return descriptors.computed_facts(molecule), structures.inchi(molecule), structures.parent_of_salt(molecule)

    alone = [work(molecule) for molecule in molecules]
    structures.parsed.cache_clear()
    structures._parent.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, [molecule for molecule in molecules for _ in range(8)])) == [
            result for result in alone for _ in range(8)
        ]


def test_structures_without_an_inchikey_hold_nothing() -> None:
    open_positions = [structures.molecule_from_smiles(smiles) for smiles in ("*c1ccccc1", "*CCO", "*CCO.Cl")]
    assert structural_relation(open_positions[0], open_positions[1]) == ""
    assert structural_relation(open_positions[2], open_positions[0]) == ""
