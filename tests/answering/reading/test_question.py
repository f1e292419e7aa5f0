from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering import pipeline
from biomed_agent.answering.reading import question as question_module
from biomed_agent.answering.reading.question import Words, parts_asked
from biomed_agent.core.query import KINDS, Query


def classify(text: str, *, molecule: bool = False, protein: bool = False) -> Query:
    """Return what a text asks for beside a molecule, a protein, both or none."""
    return Words(text).query(molecule=molecule, protein=protein)


MOLECULE = [
    ("What is the molecular weight of it?", "computed", "molecular weight"),
    ("How heavy is it", "computed", "molecular weight"),
    ("MW of it?", "computed", "molecular weight"),
    ("exact mass", "computed", "monoisotopic mass"),
    ("how many H-bond donors does it have?", "computed", "hydrogen-bond donors"),
    ("Does it obey the rule of 5?", "computed", "rule of five"),
    ("How many aromatic rings?", "computed", "aromatic rings"),
    ("Give the SMILES of it", "identity", "SMILES"),
    ("InChIKey please", "identity", "InChIKey"),
    ("What is it?", "identity", ""),
    ("it", "identity", ""),
    ("Please describe this molecule.", "description", ""),
    ("Tell me about it", "description", ""),
    ("What are other names of it?", "stored", "synonym"),
    ("What is it used for?", "stored", "ChEBI role"),
    ("What does it target?", "activity", ""),
    ("What papers study it?", "literature", ""),
    ("Is it safe for children?", "other", ""),
    ("How do I synthesize it?", "other", ""),
    ("What is the boiling point of it?", "stored", "boiling point"),
    ("solubility and pKa of it", "stored", "solubility, pKa"),
    ("What is the measured logP of it?", "stored", "measured logP"),
    ("logP of it", "computed", "logP"),
    ("Is it flammable?", "stored", "GHS hazard statement"),
    ("What are the GHS hazards of it?", "stored", "GHS hazard statement"),
    ("Is it toxic?", "stored", "GHS hazard statement"),
    ("Is it toxic to dogs?", "other", ""),
    ("Does it pass the Ghose filter?", "computed", "Ghose filter"),
    ("Does it match PAINS?", "computed", "structural alert"),
    ("What does it hit?", "activity", ""),
    ("Why is its melting point high?", "other", ""),
]
PROTEIN = [
    ("What is the function of it?", "function", ""),
    ("What does it do?", "function", ""),
    ("Where is it located?", "location", ""),
    ("subcellular location", "location", ""),
    ("Which family does it belong to?", "family", ""),
    ("What are the official names of this protein?", "name", ""),
    ("How long is it?", "computed", "length"),
    ("What is the sequence of it?", "identity", "sequence"),
    ("EC number?", "stored", "EC number"),
    ("Which organism is it from?", "stored", "organism"),
    ("Which drugs inhibit it?", "activity", ""),
    ("Which residues are phosphorylated in it?", "stored", "modified residue"),
    ("What domains does it have?", "stored", "domain"),
    ("What kinase domain does it have?", "stored", "domain"),
    ("domains of it", "stored", "domain"),
    ("Does it have a signal peptide?", "stored", "signal peptide"),
    ("Where is the active site of it?", "stored", "active site"),
    ("What are the binding sites of it?", "stored", "binding site"),
    ("How many transmembrane helices does it have?", "stored", "transmembrane segment"),
    ("Which isoforms of it are known?", "stored", "isoform"),
    ("Which diseases is it involved in?", "stored", "disease"),
    ("Which pathways is it part of?", "stored", "pathway"),
    ("What drugs are known for it?", "stored", "DrugBank entry"),
    ("Which tissues express it?", "stored", "tissue specificity"),
    ("How many residues does it have?", "computed", "length"),
    ("What does the kinase domain of it do?", "function", ""),
    ("What disease does it treat?", "other", ""),
    ("Which drug is best for it?", "other", ""),
    ("Is the active site of it druggable?", "activity", ""),
]
GROUPS = {
    "GHS hazard statement": (
        "GHS signal word", "GHS hazard statement", "GHS pictogram", "GHS precautionary codes", "GHS remark"
    ),
    "domain": ("domain", "zinc finger", "DNA-binding region", "repeat", "coiled coil", "Pfam entry"),
    "disease": ("disease", "disease involvement"),
    "DrugBank entry": (
        "DrugBank entry", "ChEMBL target", "BindingDB target", "Guide to PHARMACOLOGY target", "DrugCentral target"
    ),
}  # fmt: skip
"""predicates that are asked for together, by the one that stands for them in the tables above"""


def all_of(predicates: str) -> tuple[str, ...]:
    """Return every predicate that a cell of the tables stands for."""
    names = predicates.split(", ") if predicates else []
    return tuple(predicate for name in names for predicate in GROUPS.get(name, (name,)))


@pytest.mark.parametrize(("text", "kind", "predicates"), MOLECULE)
def test_questions_about_a_molecule(text: str, kind: str, predicates: str) -> None:
    question = classify(text, molecule=True)
    assert question.kind == kind
    assert question.predicates == all_of(predicates)


@pytest.mark.parametrize(("text", "kind", "predicates"), PROTEIN)
def test_questions_about_a_protein(text: str, kind: str, predicates: str) -> None:
    question = classify(text, protein=True)
    assert question.kind == kind
    assert question.predicates == all_of(predicates)


def test_the_tables_ask_for_every_kind() -> None:
    # A claim and a search are seen in the sentence as a whole, before what it asks for is read.
    assert {kind for _, kind, _ in MOLECULE + PROTEIN} == set(KINDS) - {"claim", "search"}


@pytest.mark.parametrize(
    "text",
    [
        "What does the kinase domain of it do?",
        "What is the mass of the SH2 domain of it?",
        "Does imatinib bind the active site of it?",
        "What mutations in the kinase domain of it cause cancer?",
        "Is the signal peptide of it cleaved?",
        "What is it?",
    ],
)
def test_a_question_about_a_part_does_not_ask_for_the_parts(text: str) -> None:
    assert parts_asked(text) == ()


def test_a_pair_is_asked_for_activity() -> None:
    assert classify("Does it bind it?", molecule=True, protein=True).kind == "activity"
    assert classify("it and it", molecule=True, protein=True).kind == "activity"
    assert classify("Does it inhibit anything?").kind != "activity"


def test_several_values_are_read_in_the_order_of_the_table() -> None:
    question = classify("molecular formula, logP and TPSA of it", molecule=True)
    assert question.predicates == ("molecular formula", "logP", "TPSA")


def test_a_question_may_name_values_of_several_kinds() -> None:
    asked = classify("What are the melting point, the molecular weight and the InChIKey of it?", molecule=True)
    assert asked.kind == "stored"
    assert set(asked.predicates) == {"melting point", "molecular weight", "InChIKey"}
    assert classify("What is the measured logP of it?", molecule=True).predicates == ("measured logP",)


@pytest.mark.parametrize(
    "question",
    [
        "What is the molecular weight of aspirin?",
        "What does erlotinib bind below 10 nM?",
        "Does erlotinib bind EGFR, and how heavy is it?",
        "What is the function of EGFR?",
        "Is caffeine an ester?",
    ],
)
def test_a_question_is_read_once(agent: BioMedAgent, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    calls: list[str] = []

    def counted(name: str, module: ModuleType) -> None:
        read = getattr(module, name)

        def count(*given: Any) -> Any:
            calls.append(name)
            return read(*given)

        monkeypatch.setattr(module, name, count)

    counted("find_mentions", pipeline)
    counted("_values_named", question_module)
    counted("parts_asked", question_module)
    agent.chat().ask(question)
    assert "find_mentions" in calls
    assert len(calls) == len(set(calls)), calls
