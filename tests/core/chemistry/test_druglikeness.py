from __future__ import annotations

import re

import pytest
from rdkit import Chem

from biomed_agent.core.chemistry.descriptors import rule_of_five
from biomed_agent.core.chemistry.druglikeness import RULES, alerts, rules
from biomed_agent.core.chemistry.structures import molecule_from_smiles

ASPIRIN, ATORVASTATIN = (
    "CC(=O)Oc1ccccc1C(=O)O",
    ("CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CC[C@@H](O)C[C@@H](O)CC(=O)O"),
)


def verdicts(smiles: str) -> dict[str, str]:
    return {fact.predicate: str(fact.value) for fact in rules(molecule_from_smiles(smiles))}


def test_each_rule_shows_every_value_beside_its_limit() -> None:
    facts = {fact.predicate: fact for fact in rules(molecule_from_smiles(ASPIRIN))}
    assert list(facts) == [rule.name for rule in RULES]
    assert facts["Ghose filter"].note == (
        "weight 180.16 (160 to 480), logP 1.31 (-0.4 to 5.6), atoms 21 (20 to 70), molar refractivity 44.71 (40 to "
        "130); none exceeded"
    )
    assert facts["Muegge filter"].value == "fail"
    assert facts["Muegge filter"].note.endswith("1 exceeded: weight")
    assert {fact.kind for fact in facts.values()} == {"computed"}
    for rule in RULES:
        assert len(re.findall(r"\((?:<=|>=|[-\d.]+ to)", facts[rule.name].note)) == len(rule.limits)


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        (ASPIRIN, {"rule of five": "pass", "Veber rule": "pass", "Egan rule": "pass", "rule of three": "fail"}),
        (ATORVASTATIN, {"rule of five": "fail", "Ghose filter": "fail", "Veber rule": "fail"}),
        ("CCCCCCCCCCCCCCCCCCCC(=O)O", {"rule of five": "pass", "Veber rule": "fail", "Egan rule": "fail"}),
        ("O", {"Ghose filter": "fail", "Muegge filter": "fail", "rule of three": "pass"}),
        ("Cc1ccccc1O", {"rule of three": "pass", "Muegge filter": "fail"}),
    ],
)
def test_verdicts(smiles: str, expected: dict[str, str]) -> None:
    assert {name: verdicts(smiles)[name] for name in expected} == expected


def test_the_rule_of_five_is_the_one_of_the_other_room() -> None:
    for smiles in (ASPIRIN, ATORVASTATIN, "O"):
        exceeded, _ = rule_of_five(molecule_from_smiles(smiles))
        assert verdicts(smiles)["rule of five"] == ("pass" if len(exceeded) <= 1 else "fail")


def test_open_positions_are_judged_by_no_rule() -> None:
    assert rules(molecule_from_smiles("C*")) == []


def test_alerts_name_set_pattern_and_atoms_of_the_canonical_smiles() -> None:
    molecule = molecule_from_smiles("c1(O)c(O)cccc1CCCC")
    places = {str(fact.value): fact.note for fact in alerts(molecule)}
    assert set(places) == {"PAINS_B catechol_A(92)", "Brenk catechol", "NIH ortho_hydroquinone"}
    atoms = [int(atom) - 1 for atom in re.findall(r"\d+", places["Brenk catechol"])]
    parsed = Chem.MolFromSmiles(molecule.smiles)
    assert sorted(parsed.GetAtomWithIdx(atom).GetSymbol() for atom in atoms) == ["C"] * 6 + ["O"] * 2


def test_no_alert_is_said_with_where_was_looked() -> None:
    (fact,) = alerts(molecule_from_smiles("CC(C)(C)c1ccc(O)cc1"))
    assert (fact.value, fact.note) == ("none", "of PAINS_A, PAINS_B, PAINS_C, BRENK, NIH")
