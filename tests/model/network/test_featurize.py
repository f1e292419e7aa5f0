from __future__ import annotations

import csv
import lzma
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

import biomed_agent
from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.network.featurize import collate_graphs, featurize_smiles

STARTER = Path(biomed_agent.__file__).parent / "data" / "starter" / "molecules.tsv.xz"


def test_ethanol_written_by_hand():
    graph = featurize_smiles("CCO")
    assert graph.atoms.tolist() == [[5, 0], [5, 0], [7, 0]]
    assert graph.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert graph.edge_attr.tolist() == [[0, 0]] * 4
    assert {array.dtype for array in graph} == {np.dtype(np.int64)}


def test_bond_types_directions_chirality_and_dummy_atoms():
    assert featurize_smiles("C=C").edge_attr[0].tolist() == [1, 0]
    assert featurize_smiles("C#N").edge_attr[0].tolist() == [2, 0]
    assert featurize_smiles("c1ccccc1").edge_attr[:, 0].tolist() == [3] * 12
    assert featurize_smiles("F/C=C/F").edge_attr[:, 1].tolist() == [1, 1, 0, 0, 1, 1]
    assert featurize_smiles("F/C=C\\F").edge_attr[:, 1].tolist() == [1, 1, 0, 0, 2, 2]
    assert featurize_smiles("C[C@H](N)O").atoms[1, 1] != featurize_smiles("C[C@@H](N)O").atoms[1, 1]
    assert featurize_smiles("*C").atoms[0, 0] == 118


def test_charge_isotope_and_hydrogens_do_not_count():
    assert featurize_smiles("[13CH3][O-]").atoms.tolist() == featurize_smiles("CO").atoms.tolist()


def test_atom_order_is_that_of_the_string():
    assert featurize_smiles("OCC").atoms[:, 0].tolist() == [7, 5, 5]
    assert featurize_smiles("CCO").atoms[:, 0].tolist() == [5, 5, 7]


def test_an_atom_without_bonds_has_empty_edges():
    graph = featurize_smiles("[Na+]")
    assert (graph.atoms.shape, graph.edge_index.shape, graph.edge_attr.shape) == ((1, 2), (2, 0), (0, 2))


def test_tags_and_directions_are_asked_for_wherever_they_can_be():
    """Featurizing skips the calls when no character of the SMILES can set one; here every atom and bond is asked."""
    with lzma.open(STARTER, "rt", encoding="utf-8") as file:
        known = [row["smiles"] for row in csv.DictReader(file, delimiter="\t")][::10]
    for smiles in (*known, "C\\C=C/C", "C[C@H](N)O |r|"):
        mol = Chem.MolFromSmiles(smiles)
        try:
            graph = featurize_smiles(smiles)
        except InvalidInput:  # such as a dative bond, which has no vector
            continue
        tags = [int(atom.GetChiralTag()) for atom in mol.GetAtoms()]
        directions = [("NONE", "ENDUPRIGHT", "ENDDOWNRIGHT").index(bond.GetBondDir().name) for bond in mol.GetBonds()]
        assert graph.atoms[:, 1].tolist() == tags, smiles
        assert graph.edge_attr[::2, 1].tolist() == graph.edge_attr[1::2, 1].tolist() == directions, smiles


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("", "empty"),
        ("C1CC", "C1CC"),
        ("CN(C)(C)(C)C", "valence"),
        ("c1cccc1", "no single and double bonds can be drawn"),
        ("[NH3]->[Pt]", r"atoms 0 \(N\) and 1 \(Pt\) is DATIVE"),
        ("CC(N)(O)F |(0,0,;1,0,;2,1,;2,-1,;1,1,),wU:1.0|", r"between atoms 1 \(C\) and 0 \(C\) is BEGINWEDGE"),
        ("F[Pt@SP1](Cl)(Br)I", r"atom 1 \(Pt\) has chiral tag CHI_SQUAREPLANAR"),
    ],
)
def test_what_cannot_be_read_is_named(smiles, message, capfd):
    with pytest.raises(InvalidInput, match=message):
        featurize_smiles(smiles)
    assert capfd.readouterr().err == ""


def test_a_long_bad_string_is_not_repeated_whole():
    with pytest.raises(InvalidInput) as caught:
        featurize_smiles("X" * 10_000)
    assert len(str(caught.value)) < 400


def test_collating_shifts_the_atoms():
    union = collate_graphs([featurize_smiles("CO"), featurize_smiles("[Na+]"), featurize_smiles("C=N")])
    assert union.atoms[:, 0].tolist() == [5, 7, 10, 5, 6]
    assert union.edge_index.tolist() == [[0, 1, 3, 4], [1, 0, 4, 3]]
    assert union.edge_attr.tolist() == [[0, 0], [0, 0], [1, 0], [1, 0]]


def test_collating_nothing_is_an_error():
    with pytest.raises(InvalidInput):
        collate_graphs([])
