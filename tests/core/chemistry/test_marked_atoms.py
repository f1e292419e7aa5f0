"""A user's own patterns, and the way between two marked atoms."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rdkit import Chem, rdBase

from biomed_agent.core.chemistry.marked_atoms import MAX_SMARTS, count_smarts, shortest_path
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import InvalidInput

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
BUCKMINSTERFULLERENE = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8c4c4c9"
    "c5c1c1c6c2c3c41"
)


@pytest.mark.parametrize(
    ("smiles", "smarts", "number"),
    [
        (ASPIRIN, "[#6](=[#8])-[OX2]-[#6]", 1),
        (ASPIRIN, "C(=O)O", 2),
        (ASPIRIN, "c1ccccc1", 1),
        (ASPIRIN, "[OX2H]", 1),
        (ASPIRIN, "[Xe]", 0),
        (ASPIRIN, "*-[O;D1]", 1),
        (" CCO ".strip(), " [OX2H] ", 1),
        ("C", "[#6]-[H]", 4),
        ("CCO", "[H]O", 1),
        ("CCO", "[#6,#1]", 2),
        ("CCO", "[*]", 3),
        ("C[C@H](N)O", "C[C@H](N)O", 1),
        ("C*", "*", 2),
        ("[Na+].[Cl-]", "[Na+].[Cl-]", 1),
        ("C1CC1C1CC1", "[$(C1CC1)]", 6),
    ],
)
def test_matches_that_differ_in_their_atoms(smiles: str, smarts: str, number: int) -> None:
    assert count_smarts(molecule_from_smiles(smiles), smarts) == number


@pytest.mark.parametrize(
    ("smarts", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("C(", "cannot be read"),
        ("[OX2H", "cannot be read"),
        ("hydroxyl", "cannot be read"),
        ("C>>O", "not one SMARTS"),
        ("C O", "not one SMARTS"),
        ("C\u2013O", "not one SMARTS"),
        ("C" * (MAX_SMARTS + 1), "501 characters"),
        ("C" * 101, "101 atoms"),
    ],
)
def test_a_pattern_that_is_wrong_or_too_large_is_refused(smarts: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as error:
        count_smarts(molecule_from_smiles(ASPIRIN), smarts)
    assert error.value.hint


@pytest.mark.parametrize("smarts", ["*~" * 20 + "[Xe]", "[$(" + "*~" * 20 + "[Xe])]", ".".join("*****") + ".[Xe]"])
def test_a_search_that_takes_too_long_is_given_up(smarts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.core.chemistry.marked_atoms.SMARTS_SECONDS", 0.1)
    molecule = molecule_from_smiles(BUCKMINSTERFULLERENE)
    start = time.perf_counter()
    with pytest.raises(InvalidInput, match=r"takes more than 0\.1 s"):
        count_smarts(molecule, smarts)
    assert time.perf_counter() - start < 2
    assert count_smarts(molecule, "c") == 60


def test_too_many_matches_are_refused() -> None:
    with pytest.raises(InvalidInput, match="matches more than"):
        count_smarts(molecule_from_smiles("C" * 800), "*.*")


@settings(deadline=None)
@given(st.text(alphabet="CNOcn[]()=#$:;,!&*~.-+@/\\1234HXDRr%^", max_size=30))
def test_any_text_is_counted_or_refused(smarts: str) -> None:
    molecule = molecule_from_smiles("CC(=O)Nc1ccccc1")
    with rdBase.BlockLogs():
        compiled = Chem.MolFromSmarts(smarts)
    try:
        number = count_smarts(molecule, smarts)
    except InvalidInput:
        assert compiled is None or not compiled.GetNumAtoms() or ">" in smarts
    else:
        assert compiled is not None
        assert number >= 0


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("smiles", "bonds"),
    [
        ("*CC*", 3),
        ("**", 1),
        ("[*]CC[*]", 3),
        ("[1*]CC[2*]", 3),
        ("[*:1]CC[*:2]", 3),
        ("*c1ccccc1*", 3),
        ("*c1ccc(*)cc1", 5),
        ("*CC(*)(CS)CSCc1ccco1", 3),
        ("[*:1]C([CH3:2])C*", 3),
        ("[CH3:1]CC[CH3:7]", 3),
        ("*C(*)C.CCC", 2),
    ],
)
def test_bonds_between_two_marked_atoms(smiles: str, bonds: int) -> None:
    assert shortest_path(smiles) == shortest_path(molecule_from_smiles(smiles)) == bonds


def test_bonds_between_two_map_numbers() -> None:
    smiles = "[CH3:1]C[CH2:2]C[CH3:3]"
    assert [shortest_path(smiles, ends) for ends in ((1, 2), (2, 3), (3, 1))] == [2, 2, 4]


@pytest.mark.parametrize(
    ("smiles", "between", "said"),
    [
        ("CCC", None, "0 marked atoms"),
        ("*CC", None, "1 marked atom"),
        ("*CC(*)C*", None, "3 marked atoms"),
        ("[CH3:1]CC", None, "1 marked atom"),
        ("*CC.CC*", None, "separate parts"),
        ("*C(", None, "never closed"),
        ("", None, "empty"),
        ("[CH3:1]CC", (1, 2), "0 atoms with the map number 2"),
        ("[CH3:1]C[CH3:1]", (1, 2), "2 atoms with the map number 1"),
        ("[CH3:1]C[CH3:2]", (1, 1), "both ends"),
        ("[CH3:1]C[CH3:2]", (0, 1), "map number 0"),
    ],
)
def test_other_marks_are_refused(smiles: str, between: tuple[int, int] | None, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        shortest_path(smiles, between)


@settings(deadline=None)
@given(st.sampled_from([ASPIRIN, BUCKMINSTERFULLERENE, "C1CC2CCC1C2CCO"]), st.data())
def test_a_path_is_as_long_as_in_the_table_of_distances(smiles: str, data: st.DataObject) -> None:
    mol = Chem.MolFromSmiles(smiles)
    places = st.integers(0, mol.GetNumAtoms() - 1)
    first, second = data.draw(places), data.draw(places)
    assume(first != second)
    mol.GetAtomWithIdx(first).SetAtomMapNum(5)
    mol.GetAtomWithIdx(second).SetAtomMapNum(9)
    assert shortest_path(Chem.MolToSmiles(mol), (5, 9)) == int(Chem.GetDistanceMatrix(mol)[first][second])
