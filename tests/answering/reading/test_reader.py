"""How questions are read: which frame is filled from them, with what, and which words are left."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.answering.reading.reader import Clause, Reading
from biomed_agent.answering.reading.slots import Given
from biomed_agent.answering.reading.tagging import Thing
from biomed_agent.core.predicates import GROUPS, HAZARDS
from biomed_agent.core.query import EntityKind
from biomed_agent.sources.local import LocalIndex

TOGETHER = {names[0]: names for _, names in reversed(GROUPS) if len(names) > 1} | {"GHS signal word": HAZARDS}
"""predicates that are asked for together, by the one that stands for them in the tables below"""


@pytest.fixture(scope="module")
def index(cache_dir: Path) -> LocalIndex:
    return LocalIndex.open(cache_dir)


def read(index: LocalIndex, text: str, kind: EntityKind | None = None) -> Clause:
    """Read a question of one clause; beside a molecule or a protein that was given, if any."""
    given = () if kind is None else (Thing(None, "given", frozenset({kind})),)
    (clause,) = Reading(text, index, Given(given)).clauses()
    return clause


def filters(clause: Clause) -> list[tuple[str, str, object, str]]:
    assert clause.query is not None
    return [(each.field, each.relation, each.value, each.unit) for each in clause.query.filters]


OF_A_MOLECULE = [
    ("What is the molecular weight of it?", "value", "molecular weight"),
    ("How heavy is it", "value", "molecular weight"),
    ("MW of it?", "value", "molecular weight"),
    ("exact mass", "value", "monoisotopic mass"),
    ("how many H-bond donors does it have?", "value", "hydrogen-bond donors"),
    ("Does it obey the rule of 5?", "value", "rule of five"),
    ("How many aromatic rings?", "value", "aromatic rings"),
    ("Give the SMILES of it", "value", "SMILES"),
    ("InChIKey please", "value", "InChIKey"),
    ("What is it?", "describe", ""),
    ("it", "describe", ""),
    ("Please describe this molecule.", "describe", ""),
    ("Tell me about it", "describe", ""),
    ("What are other names of it?", "value", "synonym"),
    ("What is it used for?", "value", "ChEBI role"),
    ("What does it target?", "list", ""),
    ("What papers study it?", "papers", ""),
    ("What is the boiling point of it?", "value", "boiling point"),
    ("solubility and pKa of it", "value", "solubility, pKa"),
    ("What is the measured logP of it?", "value", "measured logP"),
    ("logP of it", "value", "logP"),
    ("Is it flammable?", "value", "GHS signal word"),
    ("Is it highly flammable", "value", "GHS signal word"),
    ("is this compound a carcinogen?", "value", "GHS signal word"),
    ("Is it toxic to aquatic life?", "value", "GHS signal word"),
    ("What are the GHS hazards of it?", "value", "GHS signal word"),
    ("Does it pass the Ghose filter?", "value", "Ghose filter"),
    ("Does it match PAINS?", "value", "structural alert"),
    ("What does it hit?", "list", ""),
    ("What colour is it?", "value", "colour and form"),
    ("How many nitrogen atoms does it have?", "count", ""),
    ("Does it contain a sulfonamide?", "count", ""),
    ("Is it an ester?", "is_a", ""),
    ("molecular formula, logP and TPSA of it", "value", "molecular formula, logP, TPSA"),
    ("melting point, molecular weight and InChIKey of it", "value", "melting point, molecular weight, InChIKey"),
]
OF_A_PROTEIN = [
    ("What is the function of it?", "describe", ""),
    ("What does it do?", "describe", ""),
    ("Where is it located?", "describe", ""),
    ("subcellular location", "describe", ""),
    ("Which family does it belong to?", "describe", ""),
    ("What are the official names of this protein?", "describe", ""),
    ("How long is it?", "value", "length"),
    ("What is the sequence of it?", "value", "sequence"),
    ("EC number?", "value", "EC number"),
    ("Which organism is it from?", "value", "organism"),
    ("Which drugs inhibit it?", "list", ""),
    ("Which residues are phosphorylated in it?", "value", "modified residue"),
    ("What domains does it have?", "value", "domain"),
    ("What kinase domain does it have?", "value", "domain"),
    ("domains of it", "value", "domain"),
    ("Does it have a signal peptide?", "value", "signal peptide"),
    ("Where is the active site of it?", "value", "active site"),
    ("What are the binding sites of it?", "value", "binding site"),
    ("How many transmembrane helices does it have?", "value", "transmembrane segment"),
    ("Which isoforms of it are known?", "value", "isoform"),
    ("Which diseases is it involved in?", "value", "disease"),
    ("Which pathways is it part of?", "value", "pathway"),
    ("What drugs are known for it?", "list", ""),
    ("Which tissues express it?", "value", "tissue specificity"),
    ("How many residues does it have?", "value", "length"),
    ("How many cysteines does it have?", "count", ""),
    ("Which residue is at position 12?", "value", "residue"),
    ("isoelectric point and GRAVY of it", "value", "isoelectric point, GRAVY"),
]


@pytest.mark.parametrize(
    ("text", "kind", "frame", "predicates"),
    [
        *((text, "molecule", frame, names) for text, frame, names in OF_A_MOLECULE),
        *((text, "protein", frame, names) for text, frame, names in OF_A_PROTEIN),
    ],
)
def test_every_word_is_read(index: LocalIndex, text: str, kind: EntityKind, frame: str, predicates: str) -> None:
    clause = read(index, text, kind)
    assert clause.query is not None
    assert (clause.query.frame, clause.unread) == (frame, ())
    names = predicates.split(", ") if predicates else []
    assert clause.query.predicates == tuple(one for name in names for one in TOGETHER.get(name, (name,)))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Is aspirin safe for children?", "safe"),
        ("How do I synthesize aspirin?", "synthesize"),
        ("Is aspirin toxic to dogs?", "dogs"),
        ("Why is the melting point of aspirin high?", "Why"),
        ("What disease does imatinib treat?", "treat"),
        ("Which drug is best for imatinib patients?", "patients"),
        ("What is the weight of the SH2 domain of ABL1?", "weight"),
        ("What does the kinase domain of EGFR do?", "domain"),
        ("Does imatinib bind the active site of ABL1?", "active site"),
        ("What mutations in the kinase domain of EGFR cause cancer?", "cancer"),
        ("Does metformin cause weight gain?", "gain"),
        ("Which withdrawn drugs inhibit JAK2?", "withdrawn"),
        ("Which drugs approved in Europe inhibit JAK2?", "Europe"),
        ("Is imatinib approved for children?", "children"),
        ("Was imatinib approved in 2001?", "2001"),
        ("Which drugs that are not approved inhibit JAK2?", "not"),
        ("Which drugs that came out after 2010 bind MET?", "2010"),
        ("Which kinases does staurosporine bind in neurons?", "neurons"),
        ("Which drugs bind only EGFR?", "only"),
        ("Which drugs do not bind EGFR?", "not"),
        ("What is the charge of glycine at pH 2?", "pH"),
        ("solubility of ketoconazole in DMSO", "DMSO"),
        ("What is the mass of 2 moles of aspirin?", "moles"),
        ("What is the lightest salt of morphine?", "lightest"),
        ("Is imatinib orally bioavailable?", "orally"),
    ],
)
def test_a_word_that_changes_the_question_is_named(index: LocalIndex, text: str, word: str) -> None:
    clause = read(index, text)
    assert any(word in unread for unread in clause.unread), clause.unread


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("with Kd below 10 nM", ("Kd", "<", 10.0, "nM")),
        ("with IC50 of at most 2.5 µM", ("IC50", "<=", 2.5, "uM")),
        ("better than 5 nanomolar", ("affinity", "<", 5.0, "nM")),
        ("with Ki >= 1 uM", ("Ki", ">=", 1.0, "uM")),
        ("with a KIBA score over 13", ("KIBA score", ">", 13.0, "")),
        ("with a Kd between 1 and 10 nM", ("Kd", "between", (1.0, 10.0), "nM")),
        ("in the range 5-50 nM", ("affinity", "between", (5.0, 50.0), "nM")),
        ("with a Kd of 3 nM or less", ("Kd", "<=", 3.0, "nM")),
        ("with a Kd not above 1,000 pM", ("Kd", "<=", 1000.0, "pM")),
    ],
)
def test_limits_are_read(index: LocalIndex, words: str, expected: tuple[str, str, object, str]) -> None:
    clause = read(index, f"Which drugs bind ABL1 {words}?")
    assert clause.unread == ()
    assert filters(clause) == [expected]


def test_single_digits_are_from_one_to_below_ten(index: LocalIndex) -> None:
    clause = read(index, "Which drugs bind ABL1 with single-digit nanomolar Kd?")
    assert filters(clause) == [("Kd", ">=", 1.0, "nM"), ("Kd", "<", 10.0, "nM")]


@pytest.mark.parametrize(
    "words",
    ["at 5 nM", "with a Kd of 10 nM", "within 5 A", "weakly", "with two nitro groups", "in micromolar affinity"],
)
def test_a_number_of_something_else_is_no_count(index: LocalIndex, words: str) -> None:
    assert read(index, f"Which molecules bind ABL1 {words}?").unread


@pytest.mark.parametrize("words", ["under 400 g/mol", "with more than 3 rings", "with Kd below 10", "KIBA above 12 nM"])
def test_numbers_of_other_things_are_no_limit(index: LocalIndex, words: str) -> None:
    assert read(index, f"What binds ABL1 {words}?").unread


def test_names_that_can_be_parts_are_parts_beside_another(index: LocalIndex) -> None:
    clause = read(index, "Does aspirin contain a phenol?")
    assert clause.query is not None
    assert [subject.text for subject in clause.query.subjects] == ["aspirin"]
    assert filters(clause) == [("structure", "has", "phenol", "")]
    alone = read(index, "How heavy is phenol?").query
    assert alone is not None
    assert [subject.text for subject in alone.subjects] == ["phenol"]


def test_verbs_are_no_genes(index: LocalIndex) -> None:
    clause = read(index, "rank gefitinib, erlotinib and lapatinib by EGFR affinity")
    assert clause.query is not None
    assert (clause.query.frame, len(clause.query.subjects)) == ("compare", 4)
    gene = read(index, "How long is RANK?").query
    assert gene is None or [subject.text for subject in gene.subjects] == ["RANK"]


def test_clauses_are_read_apart_and_refer_back(index: LocalIndex) -> None:
    first, second = Reading("Does erlotinib bind EGFR, and how heavy is it?", index).clauses()
    assert first.query is not None
    assert second.query is not None
    assert (first.query.frame, second.query.frame) == ("relation", "value")
    assert [subject.text for subject in second.query.subjects] == ["erlotinib"]
    _, lost = Reading("What is the logP of warfarin, and who discovered it?", index).clauses()
    assert any("discovered" in word for word in lost.unread)


def test_two_readings_that_both_fit_are_rivals(index: LocalIndex) -> None:
    clause = read(index, "What is the activity of EGFR?")
    assert clause.query is not None
    assert {clause.query.frame, *(rival.frame for rival in clause.rivals)} == {"list", "value"}
    assert read(index, "What is the activity of imatinib?").rivals == ()


def test_other_languages_are_columns_of_the_table(index: LocalIndex) -> None:
    for text in (
        "Was ist die Molmasse von Koffein?",
        "Quel est le poids moléculaire de la caféine ?",
        "caffeine 分子量",
    ):
        clause = read(index, text.replace("Koffein", "caffeine").replace("caféine", "caffeine"))
        assert clause.query is not None
        assert (clause.query.predicates, clause.unread) == (("molecular weight",), ())
