from __future__ import annotations

import pytest
from rdkit import Chem

from biomed_agent.answering.evidence import matching
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.sequence_values import protein_values
from biomed_agent.core.types import Fact, Protein


@pytest.mark.parametrize(
    "sequence", ["ACDEFGHIKLMNPQRSTVWY", "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGR", "G"]
)
def test_protein_mass_agrees_with_the_mass_of_the_chain_as_a_molecule(sequence: str) -> None:
    chain = molecule_from_smiles(Chem.MolToSmiles(Chem.MolFromSequence(sequence)))
    length, mass = protein_values(Protein(sequence))
    assert length.value == len(sequence)
    assert float(mass.value) == pytest.approx(chain.weight, abs=0.6)
    assert mass.unit == "Da"


def test_an_ambiguous_residue_has_no_mass() -> None:
    (length,) = protein_values(Protein("MKXB"))
    assert length.value == 4
    assert "B, X" in length.note


def test_matching_keeps_the_order_asked_for_and_ignores_case() -> None:
    facts = [Fact("a", "logP", 1.0), Fact("a", "TPSA", 2.0), Fact("a", "rings", 3)]
    assert [fact.value for fact in matching(facts, ("rings", "LOGP"))] == [3, 1.0]
    assert matching(facts, ()) == facts
