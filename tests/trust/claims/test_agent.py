"""Statements checked through the agent: what the thing named is compared with what is on record here."""

from __future__ import annotations

from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.types import Fact
from biomed_agent.trust.claims import binding

SUPPORTED, CONTRADICTED, UNVERIFIED = "supported", "contradicted", "unverified"


def verdict(
    agent: BioMedAgent, statement: str, molecule: str | None = None, protein: str | None = None
) -> tuple[str, str]:
    """Return the verdict and the reason of a statement of one sentence."""
    answer = agent.check(statement, molecule, protein)
    assert len(answer.claims) == 1, answer
    return answer.claims[0].verdict, answer.claims[0].why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("EGFR", "It is a mouse protein.", CONTRADICTED),
        ("EGFR", "It is a human protein.", SUPPORTED),
        ("EGFR", "It is from E. coli.", CONTRADICTED),
        ("EGFR", "It is not found in yeast.", UNVERIFIED),
        ("mouse Txn", "It is a human protein.", CONTRADICTED),
        ("mouse Txn", "It is a mouse protein.", SUPPORTED),
    ],
)
def test_an_organism_in_the_statement_is_part_of_the_claim(
    agent: BioMedAgent, protein: str, statement: str, expected: str
) -> None:
    outcome, why = verdict(agent, statement, protein=protein)
    assert outcome == expected, why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("EGFR", "Secreted.", CONTRADICTED),
        ("EGFR", "It is secreted.", CONTRADICTED),
        ("EGFR", "It is not secreted.", SUPPORTED),
        ("TP53", "Secreted.", CONTRADICTED),
        ("INS", "Secreted.", SUPPORTED),
        ("INS", "It is secreted and is a multi-pass membrane protein.", UNVERIFIED),
        ("EGFR", "Membrane; multi-pass membrane protein.", CONTRADICTED),
        ("EGFR", "Cell membrane; single-pass type I membrane protein.", SUPPORTED),
        ("EGFR", "Cell membrane; single-pass type II membrane protein.", CONTRADICTED),
        ("EGFR", "It is found in the chloroplast.", CONTRADICTED),
        ("EGFR", "Mitochondrion.", UNVERIFIED),
        ("EGFR", "Cytoplasm.", SUPPORTED),
        ("NFIA", "Secreted.", CONTRADICTED),
        ("NFIA", "Cytoplasm.", UNVERIFIED),
    ],
)
def test_places_that_exclude_all_those_on_record(
    agent: BioMedAgent, protein: str, statement: str, expected: str
) -> None:
    outcome, why = verdict(agent, statement, protein=protein)
    assert outcome == expected, why


@pytest.mark.parametrize(
    ("molecule", "statement", "expected"),
    [
        ("aspirin", "It is ibuprofen.", CONTRADICTED),
        ("aspirin", "It is not ibuprofen.", SUPPORTED),
        ("aspirin", "It is the drug ibuprofen.", CONTRADICTED),
        ("aspirin", "It is the same as ibuprofen.", CONTRADICTED),
        ("aspirin", "It is ibuprofen, a painkiller.", CONTRADICTED),
        ("aspirin", "It is acetylsalicylic acid.", SUPPORTED),
        ("aspirin", "It is EGFR.", CONTRADICTED),
        ("aspirin", "It is flurbnitrol.", UNVERIFIED),  # unknown here
        ("aspirin", "It is an ibuprofen analogue.", UNVERIFIED),
        ("aspirin", "It is a derivative of ibuprofen.", UNVERIFIED),
        ("aspirin", "It is an ibuprofen.", UNVERIFIED),
        ("aspirin", "It is salicylic acid in which the hydroxy group is acetylated.", UNVERIFIED),
        ("salicylic acid", "It is phenol.", UNVERIFIED),  # a class as well as a compound
        ("levofloxacin", "It is ofloxacin.", UNVERIFIED),  # the name without stereo
        ("L-alanine", "It is D-alanine.", CONTRADICTED),
        ("metformin hydrochloride", "It is metformin.", UNVERIFIED),  # often said of the salt
        ("smiles:CC(C)Cc1ccc(cc1)C(C)C(=O)O", "It is ibuprofen.", SUPPORTED),
        ("aspirin", "It is also known as acetylsalicylic acid.", SUPPORTED),
        ("aspirin", "It is also known as ibuprofen.", CONTRADICTED),
        ("aspirin", "It is also known as foobarol.", UNVERIFIED),
        ("aspirin", "It is an ester obtained from acetic acid (also known as ethanoic acid).", UNVERIFIED),
        ("imatinib", "It inhibits ABL1.", SUPPORTED),
        ("imatinib", "It is an inhibitor of ABL1.", SUPPORTED),
        ("imatinib", "It is an ABL1 inhibitor.", SUPPORTED),
        ("imatinib", "It is a potent ABL1 inhibitor.", UNVERIFIED),  # how potent is not said
        ("imatinib", "It is an agonist of ABL1.", UNVERIFIED),
        ("imatinib", "It binds EGFR.", CONTRADICTED),  # no binding was seen
        ("imatinib", "It does not bind EGFR.", SUPPORTED),
        ("imatinib", "It is a weak inhibitor of EGFR.", UNVERIFIED),
        ("imatinib", "It may bind EGFR.", UNVERIFIED),
        ("imatinib mesylate", "It binds ABL1.", SUPPORTED),  # measured of its parent
        ("gefitinib", "Its Kd for EGFR is 1 nM.", SUPPORTED),
        ("gefitinib", "Gefitinib is an inhibitor of the EGFR tyrosine kinase.", SUPPORTED),
        ("gefitinib", "It selectively inhibits EGFR.", UNVERIFIED),  # of what else is not read
        ("gefitinib", "It has a KIBA score of 300 for EGFR.", UNVERIFIED),
        ("aspirin", "Its brand name is Tylenol.", CONTRADICTED),
        ("aspirin", "It binds EGFR.", UNVERIFIED),  # nothing on record
    ],
)
def test_names_and_partners_of_a_molecule(agent: BioMedAgent, molecule: str, statement: str, expected: str) -> None:
    outcome, why = verdict(agent, statement, molecule=molecule)
    assert outcome == expected, why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("EGFR", "It is also known as HER1.", SUPPORTED),
        ("EGFR", "It is also known as HER2.", CONTRADICTED),
        ("EGFR", "It is TP53.", CONTRADICTED),
        ("EGFR", "It is the insulin receptor.", CONTRADICTED),
        ("EGFR", "It is ibuprofen.", CONTRADICTED),
        ("INS", "It is glucagon.", UNVERIFIED),  # on record as a structure too
        ("EGFR", "It binds gefitinib.", SUPPORTED),
        ("EGFR", "It is inhibited by gefitinib.", SUPPORTED),
        ("EGFR", "It does not bind gefitinib.", CONTRADICTED),
        ("EGFR", "It has a Kd of 1 nM for gefitinib.", SUPPORTED),
        ("EGFR", "It binds gefitinib with a Kd of 1 nM.", SUPPORTED),
        ("EGFR", "It has a Kd of 500 nM for gefitinib.", UNVERIFIED),  # assays differ
        ("EGFR", "It binds imatinib.", CONTRADICTED),
        ("EGFR", "It is a target of gefitinib and erlotinib.", SUPPORTED),
        ("BRAF V600E", "It binds gefitinib.", UNVERIFIED),
    ],
)
def test_names_and_partners_of_a_protein(agent: BioMedAgent, protein: str, statement: str, expected: str) -> None:
    outcome, why = verdict(agent, statement, protein=protein)
    assert outcome == expected, why


def test_reasons_of_names_and_partners_say_what_is_on_record(agent: BioMedAgent) -> None:
    assert "DRUGBANK:DB01050" in verdict(agent, "It is ibuprofen.", molecule="aspirin")[1]
    assert "stereoisomer" in verdict(agent, "It is D-alanine.", molecule="L-alanine")[1]
    assert "Kd 1 nM" in verdict(agent, "It binds gefitinib.", protein="EGFR")[1]
    assert "up to 10 uM" in verdict(agent, "It binds imatinib.", protein="EGFR")[1]
    assert "no measured affinity" in verdict(agent, "It binds EGFR.", molecule="aspirin")[1]
    assert "V600E" in verdict(agent, "It binds gefitinib.", protein="BRAF V600E")[1]


@pytest.mark.parametrize(
    ("facts", "sight"),
    [
        ([("Kd", 5.0, "nM", "=")], "seen"),
        ([("Kd", 5.0, "nM", "="), ("Ki", 20.0, "uM", ">")], "disagree"),
        ([("Kd", 10.0, "uM", ">")], "not seen"),
        ([("Kd", 50.0, "uM", "="), ("Ki", 20.0, "uM", ">")], "seen"),
    ],
)
def test_a_bound_that_excludes_a_constant_of_the_pair_makes_the_records_disagree(facts: Any, sight: str) -> None:
    measured = [Fact("x", name, value, unit, "measured", relation=relation) for name, value, unit, relation in facts]
    assert binding._sight(measured) == sight
