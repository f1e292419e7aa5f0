from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.answering.reading.mentions import check_whole, find_mentions, misspelled, organism_of
from biomed_agent.core.errors import BiomedAgentError, Inapplicable, NotFound
from biomed_agent.sources.local import LocalIndex


@pytest.fixture(scope="module")
def index(cache_dir: Path) -> LocalIndex:
    return LocalIndex.open(cache_dir)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What is the molecular weight of aspirin?", ["aspirin"]),
        ("Does gefitinib bind EGFR?", ["gefitinib", "EGFR"]),
        ("does Gefitinib inhibit the EGFR kinase?", ["Gefitinib", "EGFR"]),
        ("Does imatinib bind ABL1 T315I?", ["imatinib", "ABL1 T315I"]),
        ("Does imatinib bind ABL1(T315I)?", ["imatinib", "ABL1 T315I"]),
        ('What is "flurbnitrol"?', ["flurbnitrol"]),
        ("What is flurbnitrol?", []),
        ("What is CID 2244?", ["CID 2244"]),
        ("What is cid:2244?", ["cid:2244"]),
        ("Which protein is P00533.", ["P00533"]),
        ("What is 50-78-2?", ["50-78-2"]),
        ("Who made 1999-12-1?", []),
        ("Describe CC(=O)Oc1ccccc1C(=O)O, please.", ["smiles:CC(=O)Oc1ccccc1C(=O)O"]),
        ("Describe (CC(=O)Oc1ccccc1C(=O)O).", ["smiles:CC(=O)Oc1ccccc1C(=O)O"]),
        ("What is InChI=1S/CH4/h1H4?", ["InChI=1S/CH4/h1H4"]),
        ("What about BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ["BSYNRYMUTXBXSQ-UHFFFAOYSA-N"]),
        ("aspirin-induced asthma", ["aspirin"]),
        ("2-acetyl-aspirin", []),
        ("What does the glucose transporter do?", []),
        ("What is the mass of water?", ["water"]),
        ("Lipinski's rule for caffeine's logP", ["caffeine"]),
        ("What is the mass of it for me?", []),
        ("Can this cause no harm?", []),
        ("Which diseases is BRCA1 involved in?", ["BRCA1"]),
        ("Which diseases is brca1 involved in?", []),
        ("Does pembrolizumab block PDCD1?", ["PDCD1"]),
        ("What does GSK99999 do?", []),
        ("Which diseases is P53 involved in?", ["P53"]),
        ("Does MTOR or mTOR bind rapamycin?", ["MTOR", "mTOR", "rapamycin"]),
        ("What do il-6 and il6 do?", ["il-6", "il6"]),
        ("Does 5-fu inhibit cMYC?", ["5-fu", "cMYC"]),
        ("How long is ca9 or P38?", ["ca9", "P38"]),
        ("WHAT DOES P53 DO WITH MDM2?", ["P53", "MDM2"]),
        ("CAT, SOD1", ["CAT", "SOD1"]),
    ],
)
def test_what_a_question_mentions(index: LocalIndex, question: str, found: list[str]) -> None:
    assert [mention.text for mention in find_mentions(question, index)] == found


@pytest.mark.parametrize(
    "question",
    [
        "WHAT IS THE MASS OF THAT?",
        "WAS IT HARD TO REST AND IS IT ILL?",
        "My eGFR is 60, what does it mean?",
        "Does x25 or f10 mean anything here?",
        "Do I take 5 mp or if 1 of them, or ca 2?",
        "Is the src folder in met or tnf?",
    ],
)
def test_ordinary_words_are_no_genes_in_any_case(index: LocalIndex, question: str) -> None:
    assert find_mentions(question, index) == []


def test_the_same_protein_is_meant_in_either_case(index: LocalIndex) -> None:
    for name in ("p53", "P53"):
        assert next(protein.gene for protein, _ in index.proteins_named(name)) == "TP53"
    assert index.homonyms("P38") == index.homonyms("p38") != []


def test_a_pasted_sequence_is_one_mention(index: LocalIndex) -> None:
    sequence = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGR"
    (mention,) = find_mentions(f"What is {sequence}?", index)
    assert (mention.text, mention.how) == (sequence, "sequence")


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ("What is the mass of the methyl ester of aspirin?", Inapplicable),
        ("Mass of aspirin analogues?", Inapplicable),
        ("What is the mass of an EGFR inhibitor?", Inapplicable),
        ("What is the logP of imatinib phosphate?", NotFound),
    ],
)
def test_a_part_of_a_name_is_not_the_name(index: LocalIndex, question: str, error: type[BiomedAgentError]) -> None:
    (mention,) = find_mentions(question, index)
    with pytest.raises(error):
        check_whole(question, mention, index)


@pytest.mark.parametrize(
    "question", ["What is the mass of aspirin?", "Does aspirin decrease pain?", "mass of EGFR in phase two"]
)
def test_ordinary_words_around_a_name_are_no_part_of_it(index: LocalIndex, question: str) -> None:
    mentions = find_mentions(question, index)
    assert mentions
    for mention in mentions:
        check_whole(question, mention, index)


def test_misspelled_names_are_told_with_what_they_may_be(index: LocalIndex) -> None:
    ((word, alike),) = misspelled("What is the molecular weight of ibuprofin?", index)
    assert word == "ibuprofin"
    assert any("ibuprofen" in one.label.lower() for one in alike)
    assert misspelled("What is the molecular weight of this compound?", index) == []


@pytest.mark.parametrize(
    ("question", "organism"), [("mouse EGFR", "Mus musculus"), ("EGFR", ""), ("is it separate", "")]
)
def test_organisms(question: str, organism: str) -> None:
    assert organism_of(question) == organism
