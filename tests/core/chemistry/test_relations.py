from __future__ import annotations

import pytest

from biomed_agent.core.chemistry.relations import structural_relation
from biomed_agent.core.chemistry.structures import molecule_from_smiles


@pytest.mark.parametrize(
    ("molecule", "other", "relation"),
    [
        ("CC(=O)[O-].[Na+]", "CC(=O)O", "a salt or solvate of it"),
        ("CC(=O)O", "CC(=O)[O-].[Na+]", "its parent"),
        ("CC(=O)[O-].[Na+]", "CC(=O)[O-].[K+]", "another salt or ion of it"),
        ("CC(=O)[O-]", "CC(=O)O", "another ion of it"),
        ("Cl.NCC", "NCC", "a salt or solvate of it"),
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "a stereoisomer of it"),
        ("C/C=C/C", "C/C=C\\C", "a stereoisomer of it"),
        ("CC(N)C(=O)O", "C[C@@H](N)C(=O)O", "with less stereo stated"),
        ("C[C@@H](N)C(=O)O", "CC(N)C(=O)O", "with more stereo stated"),
        ("CC=CC", "C/C=C/C", "with less stereo stated"),
        ("CC(O)C=CC", "C[C@H](O)/C=C/C", "with less stereo stated"),
        ("[2H]C", "C", "labelled with isotopes"),
        ("C", "[13CH4]", "without isotope labels"),
        ("O=c1cc[nH]cc1", "Oc1ccncc1", "a tautomer of it"),
        ("CCO.c1ccccc1", "CCO", "a mixture that holds it"),
        ("OCC", "CCO", "the same structure"),
        ("CCO", "CCN", ""),
        ("CC*", "CCN", ""),
    ],
)
def test_relation(molecule: str, other: str, relation: str) -> None:
    assert structural_relation(molecule_from_smiles(molecule), molecule_from_smiles(other)) == relation
