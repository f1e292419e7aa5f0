"""Every predicate that a source states or a computation gives has a row, and what is told of it is decided there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.chemistry.descriptors import computed_facts
from biomed_agent.core.chemistry.druglikeness import alerts, rules
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.predicates import (
    DRUG_LINKS,
    HAZARDS,
    LABELS,
    MEASURED,
    PREDICATES,
    REMARK,
    SECTIONS,
    STATEMENT,
    answering,
    asked_phrases,
    distinct,
    may_be_told,
    predicate_row,
)
from biomed_agent.core.types import EgressPolicy, Fact, FactKind
from biomed_agent.sources.local.files import STARTER
from biomed_agent.sources.pubchem import depositor_facts
from biomed_agent.sources.uniprot import facts as uniprot
from tests.answering.test_ask import ROWS


def emitted(agent: BioMedAgent) -> Iterator[Fact]:
    """Yield the facts of many answers."""
    for row in ROWS:
        yield from agent.ask(row.question, row.molecule, row.protein).facts
    for name in ("aspirin", "imatinib mesylate", "glucose"):
        yield from agent.find_molecule(name).facts
        yield from agent.molecule_properties(name).facts
        yield from agent.similar_molecules(name).facts
        yield from agent.substructure_matches(name).facts
    for name in ("EGFR", "BRAF V600E"):
        yield from agent.protein_card(name, about=list(SECTIONS)).facts


def test_every_fact_of_many_answers_has_a_row(agent: BioMedAgent) -> None:
    facts = list(emitted(agent))
    assert len({fact.predicate for fact in facts}) > 40
    assert {fact.predicate for fact in facts if predicate_row(fact.predicate) is None} == set()


def test_what_is_computed_of_any_structure_has_a_row_that_says_so() -> None:
    for smiles in ("CCO", "C[C@H](N)C(=O)O", "CC(=O)[O-].[Na+]", "*CC", "c1ccccc1"):
        molecule = molecule_from_smiles(smiles)
        for fact in [*computed_facts(molecule), *rules(molecule), *alerts(molecule)]:
            row = predicate_row(fact.predicate)
            assert row is not None, fact.predicate
            assert row.kind == fact.kind == "computed", fact.predicate


def test_what_sources_say_they_may_state_has_a_row() -> None:
    declared = {*uniprot.PREDICATES, *(name for covers, _ in depositor_facts._ASKS for name in covers)}
    assert {name for name in declared if predicate_row(name) is None} == set()


def test_what_the_shipped_index_holds_has_a_row(agent: BioMedAgent) -> None:
    index = agent._components.index
    for file in index._files:
        connection: sqlite3.Connection = file.connection
        for (name,) in connection.execute("SELECT predicate FROM fact UNION SELECT measure FROM activity").fetchall():
            assert predicate_row(name) is not None, name
    assert STARTER.is_dir()


def test_names_are_unique_and_the_views_are_of_the_table() -> None:
    names = [row.name.lower() for row in PREDICATES]
    assert len(names) == len(set(names)) == len(LABELS)
    listed = [*DRUG_LINKS, *HAZARDS, *MEASURED, *(name for section in SECTIONS.values() for name in section)]
    listed += [name for table in ("computed", "identity", "stored") for name in asked_phrases(table)]
    listed += [name for kind in ("name", "function", "family", "location") for name in answering(kind)]
    assert set(listed) <= {row.name for row in PREDICATES}
    assert all(SECTIONS.values())
    assert all(answering(kind) for kind in ("name", "function", "family", "location"))


@pytest.mark.parametrize(
    ("predicate", "kind", "told"),
    [
        ("SMILES", "computed", ("public",)),
        ("sequence", "stored", ("public",)),
        ("Murcko scaffold", "computed", ("public",)),
        ("molecular weight", "computed", ("public", "names-only")),
        ("ChEBI role", "stored", ("public", "names-only")),
        ("logP", "computed", ("public", "names-only", "nothing")),
        ("a predicate that somebody adds and forgets here", "stored", ("public",)),
        ("Potency", "measured", ("public", "names-only")),
    ],
)
def test_what_is_told_of_a_users_own_structure(predicate: str, kind: FactKind, told: tuple[EgressPolicy, ...]) -> None:
    fact = Fact("x", predicate, 1, kind=kind)
    policies: tuple[EgressPolicy, ...] = ("public", "names-only", "nothing")
    assert tuple(policy for policy in policies if may_be_told(fact, policy)) == told


def distinct_values(*facts: Fact) -> list[str | int | float]:
    return [fact.value for fact in distinct(facts)]


def test_hazard_statements_of_several_depositors_are_told_by_their_code() -> None:
    first = Fact("x", STATEMENT, "H302: Harmful if swallowed")
    again = Fact("x", STATEMENT, "H302: Harmful if swallowed [Warning]")
    other = Fact("x", STATEMENT, "H315: Causes skin irritation")
    assert distinct_values(first, again, other) == [first.value, other.value]


def test_other_values_of_several_depositors_are_told_by_value_and_unit_in_any_case() -> None:
    assert distinct_values(Fact("x", "colour", "White"), Fact("x", "colour", "white")) == ["White"]
    assert distinct_values(Fact("x", "melting point", 135, "°C"), Fact("x", "melting point", 135, "°F")) == [135, 135]
    assert distinct_values(Fact("x", "density", 1), Fact("x", "pKa", 1)) == [1, 1]
    assert distinct_values(Fact("x", REMARK, "a: b"), Fact("x", REMARK, "a: c")) == ["a: b", "a: c"]
