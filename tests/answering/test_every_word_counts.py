"""Questions that were once answered about something else, because a word of them was passed over."""

from __future__ import annotations

import pytest

from biomed_agent import Answer, BioMedAgent


@pytest.fixture(scope="module")
def agent() -> BioMedAgent:
    return BioMedAgent(offline=True, model="none")


def conversation(agent: BioMedAgent, text: str) -> Answer:
    """Ask the turns of a conversation, parted by slashes; return the last answer."""
    chat = agent.chat()
    return [chat.ask(turn) for turn in text.split(" / ")][-1]


@pytest.mark.parametrize(
    "question",
    [
        "Does imatinib bind KIT? / Does nilotinib bind KIT? / Which is better tolerated?",
        "Does imatinib bind KIT? / Does nilotinib bind KIT? / Which is worse for the liver?",
        "Does imatinib bind KIT? / Does nilotinib bind KIT? / Which is not stronger?",
        "Does imatinib bind KIT? / Does nilotinib bind KIT? / What is the best price?",
        "What is the length of EGFR? / And of the mouse protein?",
        "What is the length of EGFR? / And mouse?",
        "What binds ABL1? / How heavy are they?",
        "What binds ABL1? / and which of these bind KIT?",
        "Does gefitinib bind EGFR? / Who found that?",
        "What is the weight of EGFR / and the EGFR gene?",
        "What is the length of insulin's receptor?",
        "What is the receptor of insulin?",
        "Where is insulin's receptor?",
        "How long is the gene encoding ABL1?",
        "Does every kinase bind imatinib?",
        "Does gefitinib bind all kinases below 10 uM?",
        "Does gefitinib bind 5 kinases?",
        "Does gefitinib bind EGFR or nothing?",
        "Does gefitinib bind EGFR family members?",
        "Does gefitinib bind L858R?",
        "Is imatinib a target of ABL1?",
        "Is ABL1 a kinase inhibitor?",
        "Are benzene and hexane aromatic?",
        "Which of ABL1, EGFR and TP53 is a kinase?",
        "What is aspirin in?",
        "What has aspirin?",
        "What does gefitinib do to EGFR?",
        "Which kinase inhibitors contain bromine?",
        "Which kinase inhibitors are lighter than 300?",
        "Which enzymes are longer than 4500?",
        "How many of the inhibitors of ABL1 are drugs?",
        "How many potent inhibitors does ABL1 have?",
        "How heavy is aspirin below 200 Da?",
        "What is the total weight of aspirin and caffeine?",
        "Is imatinib two heavier than aspirin?",
        "What is the best medicine for ABL1?",
        "Is BRAF V600E BRAF?",
    ],
)
def test_what_no_record_answers_is_left(agent: BioMedAgent, question: str) -> None:
    answer = conversation(agent, question)
    assert answer.status not in ("answered", "partial"), answer.text


@pytest.mark.parametrize(
    ("question", "begins", "holds"),
    [
        ("Is EGFR T790M heavier than EGFR?", "Yes.", "134,306 Da"),
        ("Which is heavier, BRAF or BRAF V600E?", "Serine/threonine-protein kinase B-raf (BRAF) V600E is heavier", ""),
        ("Are BRAF and BRAF V600E the same?", "Different records", "V600E"),
        ("What is the difference in weight between EGFR and EGFR T790M?", "The difference is 30 Da", ""),
        (
            "What is the weight of EGFR T790M? / What is its length?",
            "Epidermal growth factor receptor (EGFR) T790M",
            "",
        ),
        ("Does aspirin have structural alerts?", "Yes.", "phenol_ester"),
        ("Does benzene have structural alerts?", "No.", "none"),
        ("Does hexane have rings?", "No.", "rings 0"),
        ("Do gefitinib and erlotinib share the same Murcko scaffold?", "No: ", "different Murcko scaffolds"),
        ("Do codeine and morphine share a scaffold?", "Yes", "scaffold"),
        ("Is imatinib a salt of imatinib mesylate?", "No", ""),
        ("Is the parent of imatinib mesylate imatinib?", "Yes", ""),
        ("Are D-alanine and L-alanine isomers?", "Yes", "enantiomers"),
        ("Is imatinib less potent on KIT than on ABL1?", "Yes", "13 nM"),
        ("Does imatinib bind ABL1 or KIT more strongly?", "By Kd Tyrosine-protein kinase ABL1", ""),
        ("Is caffeine more similar to theophylline or to aspirin?", "Theophylline", "0.457"),
        ("Is the target of imatinib a kinase?", "Yes.", "DDR1"),
        ("How many kinases do you know?", "", "kinase"),
        ("Is aspirin heavier than caffeine? / By how much?", "The difference is 14.03 g/mol", ""),
        ("Is aspirin heavier than caffeine? / And urea?", "Yes.", "60.06"),
        ("Compare aspirin and caffeine by weight / and urea?", "Molecular weight", "60.06"),
        ("Compare aspirin and caffeine by weight / and logP?", "logP", "-1.03"),
        ("What binds ABL1 below 10 nM? / or KIT?", "Strongest measured affinities of Mast/stem cell", "below 10 nM"),
        ("imatinib targets between 10 nM and 1 uM", "Strongest", "ABL2 (UNIPROT:P42684) Kd 10 nM"),
        ("Does EGFR have 1210 residues?", "Yes", "1,210"),
        ("Does aspirin weigh more than caffeine?", "No.", "180.16"),
    ],
)
def test_what_was_asked_is_answered(agent: BioMedAgent, question: str, begins: str, holds: str) -> None:
    answer = conversation(agent, question)
    assert answer.status == "answered", answer.text
    assert answer.text.startswith(begins), answer.text
    assert holds in answer.text


@pytest.mark.parametrize(
    "question", ["How heavy is imatinib? And in mice?", "Does imatinib bind ABL1? In cells, I mean."]
)
def test_a_clause_that_is_left_is_said(agent: BioMedAgent, question: str) -> None:
    assert any(warning.startswith("Left unanswered: ") for warning in agent.ask(question).warnings)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("Is imatinib heavier than 500 Da?", "No."),
        ("Is EGFR heavier than 100 kDa?", "Yes."),
        ("Is EGFR longer than 1000 residues?", "Yes."),
        ("Does EGFR have more than 1500 residues?", "No."),
        ("Is the TPSA of aspirin 63.6?", "Yes."),
        ("Is the formula of aspirin C9H8O4?", "Yes."),
        ("Is the formula of aspirin C9H8O5?", "No."),
        ("Is the CAS number of aspirin 50-78-2?", "Yes."),
        ("Is the UniProt accession of EGFR P00533?", "Yes."),
    ],
)
def test_a_value_that_is_supposed_is_judged(agent: BioMedAgent, question: str, begins: str) -> None:
    assert agent.ask(question).text.startswith(begins)
