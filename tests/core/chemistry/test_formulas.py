"""What a formula says, against values from textbooks and sums by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core.chemistry.formulas import (
    composition,
    element_counts,
    empirical_formula,
    facts_of_formula,
    unsaturation,
)
from biomed_agent.core.chemistry.structures import molecule_from_smiles, parsed
from biomed_agent.core.errors import Inapplicable
from biomed_agent.core.types import Molecule

CUBANE = "C12C3C4C1C5C2C3C45"


@pytest.mark.parametrize(
    ("smiles", "value"),
    [
        ("C", 0), ("C=C", 1), ("C#C", 2), ("c1ccccc1", 4), ("CC(=O)Oc1ccccc1C(=O)O", 6), ("C[N+](=O)[O-]", 1),
        ("CS(C)=O", 0), ("CS(C)(=O)=O", 0), ("OP(=O)(O)O", 0), ("C[NH3+]", 0), ("CC(=O)[O-]", 1), ("[NH4+]", 0),
        ("C[N+](C)(C)C", 0), ("[CH3]", 0.5), ("CC(C)(C)N([O])C", 0.5), ("[H][H]", 0), ("O", 0), ("FC(F)(F)Cl", 0),
        (CUBANE, 5), ("[C-]#[O+]", 2), ("CN=[N+]=[N-]", 2), ("[O-][n+]1ccccc1", 4), ("c1ccsc1", 3),
        ("[Na+].CC(=O)[O-]", 1), ("CN(C)C(=N)N=C(N)N.Cl", 2), ("[2H]C=C", 1), ("C[Si](C)(C)C", 0), ("OB(O)c1ccccc1", 4),
        ("[Cl-]", 0), ("Cn1c(=O)c2c(ncn2C)n(C)c1=O", 6), ("[O][O]", 1),
    ],
)  # fmt: skip
def test_degree_of_unsaturation(smiles: str, value: float) -> None:
    assert unsaturation(molecule_from_smiles(smiles)).value == value


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ("CS(C)(=O)=O", "0 in rings and 2 in pi bonds as drawn"),
        ("[CH3]", "radical"),
        ("[Na+].CC(=O)[O-]", "sum over 2 parts"),
    ],
)
def test_what_the_formula_leaves_out_is_said(smiles: str, said: str) -> None:
    assert said in unsaturation(molecule_from_smiles(smiles)).note
    assert said not in unsaturation(molecule_from_smiles("C=C")).note


@pytest.mark.parametrize(
    "smiles", ["N.N.Cl[Pt]Cl", "FS(F)(F)(F)(F)F", "[BH4-]", "[CH3+]", "[CH2]", "C[Mg]Br", "[He]", "CC*"]
)
def test_a_valence_that_the_formula_does_not_know_gives_no_value(smiles: str) -> None:
    with pytest.raises(Inapplicable, match="degree of unsaturation"):
        unsaturation(molecule_from_smiles(smiles))


@pytest.mark.parametrize(
    ("smiles", "formula"),
    [
        ("c1ccccc1", "CH"), ("OCC1OC(O)C(O)C(O)C1O", "CH2O"), ("CC(=O)O", "CH2O"), ("OO", "HO"), ("O", "H2O"),
        ("O=C([O-])C(=O)[O-]", "CO2-"), ("[Na+].[Cl-]", "ClNa"), ("CC(=O)Oc1ccccc1C(=O)O", "C9H8O4"), ("[2H]O[2H]",
        "H2O"),
        ("N.N.Cl[Pt]Cl", "Cl2H6N2Pt"), ("[Ca+2]", "Ca+2"), ("[Hg+][Hg+]", "Hg+"), ("C[NH3+]", "CH6N+"), ("[H][H]", "H"),
    ],
)  # fmt: skip
def test_empirical_formula(smiles: str, formula: str) -> None:
    assert empirical_formula(molecule_from_smiles(smiles)) == formula


@pytest.mark.parametrize(
    ("smiles", "shares"),
    [
        ("O", {"H": 11.19, "O": 88.81}),
        ("CC(=O)Oc1ccccc1C(=O)O", {"C": 60.00, "H": 4.48, "O": 35.52}),
        ("[2H]O[2H]", {"H": 20.11, "O": 79.89}),
        ("[Na+].[Cl-]", {"Cl": 60.66, "Na": 39.34}),
        ("[13CH4]", {"C": 76.33, "H": 23.67}),
    ],
)
def test_shares_by_mass(smiles: str, shares: dict[str, float]) -> None:
    found = composition(molecule_from_smiles(smiles))
    assert {symbol: round(share, 2) for symbol, share in found.items()} == shares
    assert list(found) == list(shares)


def test_what_is_open_or_empty_has_no_formula() -> None:
    for molecule in (molecule_from_smiles("CC*"), Molecule("")):
        for value in (composition, empirical_formula, unsaturation):
            with pytest.raises(Inapplicable):
                value(molecule)
    assert element_counts(molecule_from_smiles("CC*")) == {"C": 2, "H": 5}
    assert element_counts(Molecule("")) == {}


@settings(deadline=None)
@given(st.lists(st.sampled_from(["C", "N", "O", "C(=O)", "c1ccccc1", "C(F)", "S(=O)(=O)", "C#C"]), min_size=1))
def test_counts_and_unsaturation_agree_with_formula_and_rings(pieces: list[str]) -> None:
    chain = "C" + "".join(pieces) + "C"
    molecule = molecule_from_smiles(chain)
    written = "".join(f"{symbol}{number if number > 1 else ''}" for symbol, number in element_counts(molecule).items())
    assert written == rdMolDescriptors.CalcMolFormula(parsed(molecule.smiles))
    found = unsaturation(molecule)
    sulfones = chain.count("S(=O)(=O)")
    assert found.value == found.rings + found.pi_bonds - 2 * sulfones
    counts = {"F": 0, "N": 0, **element_counts(molecule)}
    by_formula = (2 * counts["C"] + 2 + counts["N"] - counts["H"] - counts["F"]) / 2
    assert found.value == by_formula
    assert sum(composition(molecule).values()) == pytest.approx(100)


def test_facts_of_a_salt_are_of_the_whole_and_of_its_parent() -> None:
    whole, parent = facts_of_formula(molecule_from_smiles("CN(C)C(=N)N=C(N)N.Cl"), "empirical formula")
    assert (whole.value, parent.value) == ("C4H12ClN5", "C4H11N5")
    assert parent.about_name == "CN(C)C(=N)N=C(N)N"
    (only,) = facts_of_formula(molecule_from_smiles("c1ccccc1"), "degree of unsaturation")
    assert (only.predicate, only.value) == ("degree of unsaturation", 4)
    (half,) = facts_of_formula(molecule_from_smiles("[CH3]"), "degree of unsaturation")
    assert half.value == 0.5
    (shares,) = facts_of_formula(molecule_from_smiles("O"), "elemental composition")
    assert shares.value == "H 11.19 %, O 88.81 %"
    (of_parent,) = facts_of_formula(molecule_from_smiles("Cc1ccccn1.F[B-](F)(F)F.[H+]"), "degree of unsaturation")
    assert of_parent.value == 4
    assert "not of the whole" in of_parent.note
