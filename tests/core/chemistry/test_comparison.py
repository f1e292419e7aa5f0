"""What two structures are to each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from biomed_agent.core.chemistry.comparison import compare, facts_of_comparison
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.types import Molecule


@pytest.mark.parametrize(
    ("first", "second", "relation", "same"),
    [
        ("OCC", "CCO", "same molecule", True),
        ("C1=CC=CC=C1", "c1ccccc1", "same molecule", True),
        ("C[N+](=O)[O-]", "CN(=O)=O", "same molecule", True),
        ("CC*", "*CC", "same molecule", True),
        ("O=c1cc[nH]cc1", "Oc1ccncc1", "same molecule, another tautomer", True),
        ("Cc1c[nH]cn1", "Cc1cnc[nH]1", "same molecule, another tautomer", True),
        ("NCC(=O)O", "[NH3+]CC(=O)[O-]", "same molecule, drawn differently", True),
        ("CS(C)=O", "C[S+](C)[O-]", "same molecule, drawn differently", True),
        ("CC(=O)O[Na]", "CC(=O)[O-].[Na+]", "same molecule, drawn differently", True),
        ("CC(C)=O", "CC(O)=C", "tautomers", False),
        ("OC(C)=CC(C)=O", "CC(=O)CC(C)=O", "tautomers", False),
        ("O=C1CCCCC1", "OC1=CCCCC1", "tautomers", False),
        ("CCO", "COC", "constitutional isomers", False),
        ("CCC(C)=O", "CCCC=O", "constitutional isomers", False),
        ("c1ccc(O)c(O)c1", "c1cc(O)cc(O)c1", "constitutional isomers", False),
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "enantiomers", False),
        ("C[C@H](O)[C@H](N)C", "C[C@@H](O)[C@@H](N)C", "enantiomers", False),
        ("C[C@H](O)[C@H](N)C", "C[C@H](O)[C@@H](N)C", "diastereomers", False),
        ("O[C@H](C(=O)O)[C@@H](O)C(=O)O", "O[C@@H](C(=O)O)[C@@H](O)C(=O)O", "diastereomers", False),
        ("C/C=C/C", "C/C=C\\C", "diastereomers", False),
        ("C[C@H]1CC[C@@H](C)CC1", "C[C@H]1CC[C@H](C)CC1", "diastereomers", False),
        ("C[C@H](O)C(Cl)(Br)C(F)N", "C[C@@H](O)C(Cl)(Br)C(F)N", "stereoisomers", False),
        ("CC(N)C(=O)O", "C[C@@H](N)C(=O)O", "less stereo stated", False),
        ("C/C=C/C", "CC=CC", "more stereo stated", False),
        ("[2H]C", "C", "labelled", False),
        ("C", "[13CH4]", "unlabelled", False),
        ("[2H]C", "[13CH4]", "labelled differently", False),
        ("[2H]CCO", "CCO[2H]", "labelled differently", False),
        ("CC(=O)[O-]", "CC(=O)O", "ions of one", False),
        ("CN(C)C(=N)N=C(N)N.Cl", "CN(C)C(=N)N=C(N)N", "salt of", False),
        ("CC(=O)O", "CC(=O)[O-].[Na+]", "parent of", False),
        ("CC(=O)[O-].[K+]", "CC(=O)[O-].[Na+]", "salts of one parent", False),
        ("CCO.c1ccccc1", "CCO", "contains", False),
        ("CCO", "CCO.c1ccccc1", "contained in", False),
        ("CCO", "CCN", "unrelated", False),
        ("CC*", "CCC", "undecided", None),
        ("C", "N", "unrelated", False),
        ("[Na+]", "[K+]", "unrelated", False),
    ],
)
def test_relations(first: str, second: str, relation: str, same: bool | None) -> None:
    found = compare(molecule_from_smiles(first), molecule_from_smiles(second))
    assert (found.relation, found.same) == (relation, same)
    assert found.reason


@pytest.mark.parametrize(
    ("first", "second", "relation", "of_parents"),
    [
        ("Cl.C[C@H](N)c1ccccc1", "C[C@@H](N)c1ccccc1", "salt of", "enantiomers"),
        ("CC(N)c1ccccc1", "Cl.C[C@@H](N)c1ccccc1", "parent of", "less stereo stated"),
        ("Cl.C[C@@H](N)c1ccccc1", "Br.C[C@@H](N)c1ccccc1", "salts of one parent", None),
        ("C[C@H](N)C(=O)[O-]", "C[C@@H](N)C(=O)O", "ions of one", "enantiomers"),
        ("[2H]C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "labelled", "enantiomers"),
        ("[2H]C[C@H](N)C(=O)O", "C[C@H](N)C(=O)O", "labelled", None),
    ],
)
def test_salts_ions_and_labelled_structures_of_stereoisomers(
    first: str, second: str, relation: str, of_parents: str | None
) -> None:
    found = compare(molecule_from_smiles(first), molecule_from_smiles(second))
    assert (found.relation, found.of_parents) == (relation, of_parents)
    assert (of_parents is not None) == ("but for that" in found.reason)


def test_the_data_that_decides_is_given() -> None:
    found = compare(molecule_from_smiles("Cc1ccccc1"), molecule_from_smiles("CCc1ccccc1"))
    assert found.inchikeys == ("YXFVVABEGXRONW-UHFFFAOYSA-N", "YNQLUTRBYVCPMQ-UHFFFAOYSA-N")
    assert found.formulas == ("C7H8", "C8H10")
    assert found.scaffold == "c1ccccc1"
    assert 0.2 < found.tanimoto < 0.8
    assert compare(molecule_from_smiles("CCO"), molecule_from_smiles("CCC")).scaffold == ""
    assert compare(molecule_from_smiles("C1CC1"), molecule_from_smiles("c1ccccc1")).scaffold == ""


def test_a_structure_without_atoms_is_compared() -> None:
    assert compare(Molecule(""), Molecule("")).same is True
    assert compare(Molecule(""), molecule_from_smiles("C")).relation == "undecided"


INVERSE = {
    "salt of": "parent of", "labelled": "unlabelled", "less stereo stated": "more stereo stated",
    "contains": "contained in",
}  # fmt: skip
INVERSE |= {there: here for here, there in INVERSE.items()}
STRUCTURES = (
    "CCO COC C[C@H](N)C(=O)O C[C@@H](N)C(=O)O CC(N)C(=O)O [2H]CC(N)C(=O)O C[C@H](N)C(=O)[O-].[Na+] "
    "C[C@@H](N)C(=O)O.Cl CC([NH3+])C(=O)[O-] CC(=O)CC CC(O)=CC CC=C(C)O O=c1cccc[nH]1 Oc1ccccn1 CC* "
    "CCO.C[C@H](N)C(=O)O "
    "C/C=C/C C/C=C\\C CC=CC [13CH3]C [2H]CC CC [Na+].[Cl-] [K+].[Cl-] C[C@H](O)[C@H](C)N C[C@@H](O)[C@@H](C)N "
    "C[C@H](O)[C@@H](C)N CC(O)[C@@H](C)N N.N.Cl[Pt]Cl"
).split()


@settings(deadline=None)
@given(st.sampled_from(STRUCTURES), st.sampled_from(STRUCTURES))
def test_seen_from_the_other_side_the_relation_is_its_inverse(first: str, second: str) -> None:
    a, b = molecule_from_smiles(first), molecule_from_smiles(second)
    there, back = compare(a, b), compare(b, a)
    assert back.relation == INVERSE.get(there.relation, there.relation)
    assert (there.same, there.tanimoto) == (back.same, back.tanimoto)
    assert (there.same is True) == there.relation.startswith("same molecule")


@settings(deadline=None)
@given(st.sampled_from(STRUCTURES), st.integers(0, 2**31 - 1))
def test_another_spelling_is_the_same_molecule(smiles: str, seed: int) -> None:
    mol = Chem.MolFromSmiles(smiles)
    spelled = Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed)[0]
    assert compare(molecule_from_smiles(smiles), molecule_from_smiles(spelled)).relation == "same molecule"


def test_facts_give_relation_similarity_and_scaffold() -> None:
    toluene, aniline = molecule_from_smiles("Cc1ccccc1"), molecule_from_smiles("Nc1ccccc1", "aniline")
    relation, similarity, scaffold = facts_of_comparison(toluene, aniline)
    assert (relation.predicate, relation.value) == ("structural relation", "unrelated")
    assert toluene.inchikey in relation.note and "C7H8 and C6H7N" in relation.note
    assert (similarity.predicate, similarity.about, similarity.about_name) == (
        "Tanimoto similarity",
        aniline.handle,
        "aniline",
    )
    assert isinstance(similarity.value, float) and 0 < similarity.value < 1
    assert (scaffold.predicate, scaffold.value) == ("Murcko scaffold", "c1ccccc1")
