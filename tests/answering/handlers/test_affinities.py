"""Measured affinities: what contradicts what, what a score is, and lists that rank each measure by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.handlers.affinities import WHAT_A_SCORE_IS
from biomed_agent.answering.handlers.partners import partners
from biomed_agent.cli import main
from biomed_agent.core.affinity import conflict
from biomed_agent.core.query import Query
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Fact, Relation


@pytest.fixture(scope="module")
def agent(cache_dir: Path) -> BioMedAgent:
    return BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))


def affinity(measure: str, value: float | str, unit: str = "nM", relation: Relation = "=") -> Fact:
    unit = "" if measure == "KIBA score" else unit
    return Fact("CID:1", measure, value, unit, "measured", relation=relation)


@pytest.mark.parametrize(
    ("first", "second", "disagree"),
    [
        (affinity("Kd", 0.37), affinity("KIBA score", 11.6), True),
        (affinity("Kd", 10000.0, relation=">="), affinity("KIBA score", 12.1), True),
        (affinity("Kd", 0.37), affinity("KIBA score", 12.1), False),
        (affinity("Kd", 10000.0, relation=">="), affinity("KIBA score", 11.6), False),
        (affinity("Kd", 100.0, relation=">="), affinity("KIBA score", 13.0), False),
        (affinity("Kd", 1.0), affinity("Kd", 11.0), True),
        (affinity("Kd", 1.0), affinity("Kd", 10.0), False),
        (affinity("Kd", 1.0), affinity("Kd", 0.002, "uM"), False),
        (affinity("Kd", 1.0), affinity("Kd", 1.0, "uM"), True),
        (affinity("Kd", 10000.0, relation=">="), affinity("Kd", 9000.0), True),
        (affinity("Kd", 10000.0, relation=">="), affinity("Kd", 12000.0), False),
        (affinity("Ki", 1.0, relation="<"), affinity("Ki", 5.0), True),
        (affinity("Ki", 1.0, relation="<"), affinity("Ki", 0.5), False),
        (affinity("Kd", 1.0), affinity("IC50", 500.0), False),
        (affinity("Kd", 10000.0, relation=">="), affinity("IC50", 5.0), True),
        (affinity("pKi", 9.0), affinity("pKi", 7.5), True),
        (affinity("pKi", 9.0), affinity("Ki", 1.0), False),
        (affinity("KIBA score", 12.3), affinity("KIBA score", 11.1), True),
        (affinity("KIBA score", 11.3), affinity("KIBA score", 11.1), False),
        (affinity("Kd", "not determined"), affinity("KIBA score", 11.1), False),
        (affinity("Kd", 3.0, "%"), affinity("KIBA score", 11.1), False),
    ],
)
def test_what_contradicts_is_decided_by_values_units_and_measures(first: Fact, second: Fact, disagree: bool) -> None:
    assert bool(conflict([first, second])) is disagree
    assert bool(conflict([second, first])) is disagree


def test_records_that_disagree_are_said_in_text_and_warning(agent: BioMedAgent) -> None:
    answer = agent.ask("How strongly does sunitinib bind KIT?")
    sentence = (
        "The records disagree: Kd 0.37 nM (DAVIS kinase assay [1]), a measured concentration, means binding, but KIBA "
        "score 11.6 (KIBA scores [2]), a score combined from Ki, Kd and IC50, lies below 12.1 and counts as no binding."
    )
    assert answer.status == "answered"
    assert answer.text.endswith(sentence)
    assert sentence in answer.warnings
    agreed = agent.ask("Does gefitinib bind EGFR?")
    assert "disagree" not in agreed.text
    assert agreed.warnings == ()


def test_scores_alone_are_explained_and_no_constant_is_claimed(agent: BioMedAgent) -> None:
    answer = agent.ask("How strongly does sunitinib bind SGK2 in nM?")
    assert answer.text.startswith("No Kd, Ki or IC50 of this pair is on record here. Measured for sunitinib and ")
    assert answer.text.endswith(WHAT_A_SCORE_IS)
    assert "higher is stronger, and 12.1 or more counts as binding" in WHAT_A_SCORE_IS
    assert "EC50" in agent.ask("What is the EC50 of sunitinib for SGK2?").text.partition("Measured")[0]
    assert agent.ask("What is the Ki of gefitinib for EGFR?").text.startswith("No Ki of this pair")
    listed = agent.ask("Which drugs inhibit CDK5R1?")
    assert "(measured ligands, not a list of approved drugs; KIBA scores)" in listed.text
    assert "(3 of 3 by KIBA score)" in listed.text
    assert listed.text.endswith(WHAT_A_SCORE_IS)
    withdrawn = agent.ask("Which withdrawn drugs inhibit JAK2?")
    assert (withdrawn.status, withdrawn.unread) == ("inapplicable", ("withdrawn",))


def test_a_list_says_how_many_there_are_and_ranks_each_measure_by_itself(agent: BioMedAgent) -> None:
    answer = agent.ask("What drugs target EGFR?")
    assert "(10 of 19 by Kd)" in answer.text
    assert "; not listed: 11 by KIBA score." in answer.text
    values = [fact.value for fact in answer.facts if fact.predicate == "Kd" and fact.relation == "="]
    assert len(values) == 10
    assert values == sorted(values, key=float)
    index = agent._components.index
    protein = index.protein_by_accession("P06493")
    assert protein is not None
    scores = [float(fact.value) for fact in partners(index, protein, Query("list")).facts]
    assert len(scores) == 10
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (
            "Which drugs inhibit CDK1 with Kd below 10 nM?",
            "No Kd of Cyclin-dependent kinase 1 (CDK1) is on record here",
        ),
        ("Which kinases does gefitinib bind with KIBA score above 13?", "No KIBA score of gefitinib is on record here"),
        (
            "Which compounds bind CDK1 below 10 nM?",
            "No Kd, Ki or IC50 of Cyclin-dependent kinase 1 (CDK1) is on record of which it is stated that it is exact",
        ),
    ],
)
def test_a_limit_on_a_measure_that_is_not_on_record_says_so(agent: BioMedAgent, question: str, says: str) -> None:
    assert agent.ask(question).text.startswith(says)


@pytest.mark.parametrize(
    ("question", "says", "count"),
    [
        ("List the kinases staurosporine binds with Kd below 10 nM", "(10 of 94 by Kd)", 94),
        ("Which kinase inhibitors bind ABL1 with Kd < 1 nM?", "(2 of 2 by Kd)", 2),
        ("Which drugs inhibit CDK1 with a KIBA score above 13.65?", "(3 of 3 by KIBA score)", 3),
        ("Which inhibitors bind ABL1 with Kd < 0.00001 nM?", "is within the limit Kd < 0.00001 nM", 2),
        ("Which inhibitors bind CDK1 with Kd < 10 nM?", WHAT_A_SCORE_IS, 1),
    ],
)
def test_a_limit_is_applied_to_all_that_is_on_record(agent: BioMedAgent, question: str, says: str, count: int) -> None:
    answer = agent.ask(question)
    assert answer.status == "answered", answer.text
    assert says in answer.text
    assert len([fact for fact in answer.facts if fact.relation != "not stated"]) == count


def test_a_limit_to_weak_binding_is_applied_too(agent: BioMedAgent) -> None:
    answer = agent.ask("Which drugs bind ABL1 with Kd above 100 nM?")
    values = [float(fact.value) for fact in answer.facts]
    assert values
    assert min(values) > 100
    assert any(fact.relation == ">=" for fact in answer.facts)


def test_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--offline", "--model", "none", "--quiet", "ask", "How strongly does sunitinib bind KIT?", "--json")
    assert main([*arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert any(warning.startswith("The records disagree: Kd 0.37 nM") for warning in found["warnings"])
