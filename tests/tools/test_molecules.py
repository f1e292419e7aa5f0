"""The look-up tools for molecules, offline, as a calling model meets them."""

from __future__ import annotations

import pytest

from biomed_agent.tools import FindMoleculeTool, MoleculePropertiesTool, SimilarMoleculesTool
from tests.helpers.tool_calls import OFFLINE, call


def test_a_brand_is_found_as_the_salt_with_its_parent() -> None:
    message = call(FindMoleculeTool(agent=OFFLINE), name="Gleevec")
    assert message.text.startswith("STATUS answered")
    assert "CID:123596" in message.text
    assert {"589.72", "493.62"} <= {part for part in message.text.replace(",", " ").split() if part[0].isdigit()}
    assert message.artifact["entities"][0]["entity"]["inchikey"] == "YLMAHDNUQAMNNX-UHFFFAOYSA-N"


def test_an_ambiguous_name_and_a_typo_come_back_with_candidates() -> None:
    message = call(FindMoleculeTool(agent=OFFLINE), name="ibuprofin")
    assert message.text.startswith("STATUS not_found")
    assert "ibuprofen" in message.text
    message = call(FindMoleculeTool(agent=OFFLINE), name="PCP")
    assert message.text.startswith("STATUS ambiguous")
    assert len(message.artifact["candidates"]) > 1


def test_similar_molecules_are_named_with_their_likeness_and_how_many_more_there_are() -> None:
    message = call(SimilarMoleculesTool(agent=OFFLINE), molecule="caffeine", limit=3)
    hits = [fact for fact in message.artifact["facts"] if fact["predicate"] == "similar molecule"]
    assert len(hits) == 3
    assert "more exist" in message.text
    assert "NOT LOOKED UP PubChem" in message.text
    assert "0.58" in message.text
    message = call(SimilarMoleculesTool(agent=OFFLINE), molecule="smiles:*c1ccc(S(N)(=O)=O)cc1", contains=True, limit=2)
    assert "sulfanilamide (CID:5333)" in message.text
    message = call(SimilarMoleculesTool(agent=OFFLINE), molecule="caffeine", threshold=1.0)
    assert message.text.startswith("STATUS not_found")


def test_properties_of_a_salt_are_its_parents_and_both_masses_are_shown() -> None:
    message = call(MoleculePropertiesTool(agent=OFFLINE), molecule="Gleevec")
    assert "589.72" in message.text
    assert "parent imatinib is C29H31N7O, 493.62 g/mol" in message.text
    assert "passed: rule of five" in message.text
    facts = {fact["predicate"]: fact for fact in message.artifact["facts"]}
    assert facts["Ghose filter"]["value"] == "fail"
    assert facts["Ghose filter"]["note"].startswith("of the parent imatinib; weight 493.62 (160 to 480)")
    assert {"rule of five", "Veber rule", "Egan rule", "Muegge filter", "rule of three", "QED"} <= facts.keys()


def test_a_rule_that_fails_is_told_with_the_values_and_limits_and_nothing_twice() -> None:
    message = call(MoleculePropertiesTool(agent=OFFLINE), molecule="aspirin")
    assert "failed: Muegge filter by weight 180.16 (200 to 600), rule of three by TPSA 63.6 (<= 60)." in message.text
    assert message.text.count("logP 1.31,") == 1
    assert "logP 1.31 (Wildman" not in message.text  # said by the answer
    assert "rule of five pass (weight 180.16 (<= 500)" in message.text


@pytest.mark.parametrize("smiles", ["CC(=O)Nc1ccc(O)cc1CCBr", "O=C(Nc1ccc(Br)cc1)C1CCN(CC1)S(C)(=O)=O"])
def test_the_formula_of_a_structure_of_ones_own_is_told(smiles: str) -> None:
    message = call(FindMoleculeTool(agent=OFFLINE), name=smiles)
    formula = next(fact["value"] for fact in message.artifact["facts"] if fact["predicate"] == "molecular formula")
    assert f"The structure is {formula}" in message.text
    assert f"molecular formula {formula}" in message.text
    assert smiles not in message.text


@pytest.mark.parametrize("text", ["CCCCCC", "ClCCl", "HAEGTFTSDVSSYLEGQAAK", "H-Tyr-Gly-Gly-Phe-Met-OH"])
def test_a_structure_without_a_prefix_is_not_echoed_either(text: str) -> None:
    assert text not in call(FindMoleculeTool(agent=OFFLINE), name=text).text


def test_what_cannot_be_computed_is_told() -> None:
    message = call(MoleculePropertiesTool(agent=OFFLINE), molecule="smiles:CC*")
    assert message.text.startswith("STATUS inapplicable")
    assert "open positions" in message.text
    assert call(MoleculePropertiesTool(agent=OFFLINE), molecule="smiles:C((").text.startswith("STATUS invalid")


@pytest.mark.parametrize(("argument", "value"), [("limit", 0), ("limit", 1000), ("threshold", 0), ("threshold", 1.5)])
def test_wrong_numbers_are_named(argument: str, value: float) -> None:
    message = call(SimilarMoleculesTool(agent=OFFLINE), molecule="caffeine", **{argument: value})
    assert message.status == "error"
    assert f"{argument}: got {value}" in message.text
