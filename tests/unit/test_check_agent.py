"""Statements checked through the agent: what the thing named is compared with what is on record here."""

from __future__ import annotations

import pytest

from biomed_agent import BioMedAgent

SUPPORTED, CONTRADICTED, UNVERIFIED = "supported", "contradicted", "unverified"


def verdict(agent: BioMedAgent, statement: str, **about: str) -> tuple[str, str]:
    """Return the verdict and the reason of a statement of one sentence."""
    answer = agent.check(statement, **about)
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
    found, why = verdict(agent, statement, protein=protein)
    assert found == expected, why


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
    found, why = verdict(agent, statement, protein=protein)
    assert found == expected, why
