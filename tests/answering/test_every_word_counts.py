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


PAIRS = {
    "Kd of imatinib on ABL1 and of gefitinib on EGFR?": [
        ("CID:5291", "UNIPROT:P00519"),
        ("CID:123631", "UNIPROT:P00533"),
    ],
    "How strongly do imatinib and gefitinib bind ABL1 and EGFR, respectively?": [
        ("CID:5291", "UNIPROT:P00519"),
        ("CID:123631", "UNIPROT:P00533"),
    ],
    "Kd of imatinib and gefitinib on ABL1 and EGFR?": [
        ("CID:5291", "UNIPROT:P00519"),
        ("CID:5291", "UNIPROT:P00533"),
        ("CID:123631", "UNIPROT:P00519"),
        ("CID:123631", "UNIPROT:P00533"),
    ],
    "Kd of imatinib for ABL1 and of gefitinib for EGFR and KIT?": [
        ("CID:5291", "UNIPROT:P00519"),
        ("CID:123631", "UNIPROT:P00533"),
        ("CID:123631", "UNIPROT:P10721"),
    ],
}


@pytest.mark.parametrize("question", PAIRS)
def test_molecules_and_proteins_are_paired_as_the_words_pair_them(agent: BioMedAgent, question: str) -> None:
    assert [(fact.subject, fact.about) for fact in agent.ask(question).facts] == PAIRS[question]


def test_respectively_needs_as_many_of_both(agent: BioMedAgent) -> None:
    answer = agent.ask("How strongly do imatinib and gefitinib bind ABL1, KIT and EGFR, respectively?")
    assert (answer.status, answer.unread) == ("inapplicable", ("respectively",))


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("Which of aspirin, caffeine, ibuprofen is most similar to naproxen?", "Ibuprofen is most similar to naproxen"),
        ("Which is closest to naproxen, aspirin or ibuprofen?", "Ibuprofen is most similar to naproxen."),
        (
            "Which of D-alanine, L-alanine and glycine is most similar to serine?",
            "D-alanine and L-alanine are equally similar to L-serine.",
        ),
        ("How heavy is aspirin in kDa?", "Acetylsalicylic acid: molecular weight 0.1802 kDa (180.16 g/mol)"),
        ("How many kDa is aspirin?", "Acetylsalicylic acid: molecular weight 0.1802 kDa"),
        ("How many synonyms has aspirin?", "On record here: 14 synonyms."),
        ("How many brand names does imatinib have?", "On record here: 2 brand names."),
        ("Kd of imatinib for ABL1? / and nilotinib? / and dasatinib? / Which is the strongest?",
         "By Kd dasatinib is the strongest: dasatinib Kd 0.029 nM; imatinib Kd 1.1 nM; nilotinib Kd 10 nM"),
        ("Kd of imatinib, nilotinib and dasatinib for ABL1? / Which is the weakest?",
         "By Kd nilotinib is the weakest: nilotinib Kd 10 nM; imatinib Kd 1.1 nM; dasatinib"),
        ("Kd of imatinib for ABL1? / and nilotinib? / and dasatinib? / Which of the two is stronger?",
         "By Kd dasatinib is the strongest: dasatinib Kd 0.029 nM; nilotinib Kd 10 nM"),
        ("What is the weight of aspirin and caffeine? / and the logP?", "Acetylsalicylic acid: logP 1.31"),
        ("What is the weight of aspirin and caffeine? / What is its logP? / the second one", "Caffeine: logP -1.03"),
    ],
)  # fmt: skip
def test_what_is_asked_is_stated_first(agent: BioMedAgent, question: str, begins: str) -> None:
    answer = conversation(agent, question)
    assert answer.status == "answered", answer.text
    assert answer.text.startswith(begins), answer.text


def test_what_was_named_before_is_left_out(agent: BioMedAgent) -> None:
    chat = agent.chat()
    first = {fact.about for fact in chat.ask("top 3 targets of imatinib").facts}
    second = [fact.about for fact in chat.ask("what else does it bind?").facts]
    third = [fact.about for fact in chat.ask("anything else?").facts]
    assert len(first) == 3
    assert second
    assert third
    assert len({*first, *second, *third}) == len(first) + len(second) + len(third)


@pytest.mark.parametrize(
    "question", ["What is the weight of aspirin? / anything else?", "How heavy is it? / What else?"]
)
def test_else_is_read_or_named(agent: BioMedAgent, question: str) -> None:
    assert conversation(agent, question).status != "answered"


@pytest.mark.parametrize(
    "question",
    [
        "What is the weight of aspirin and caffeine? / What is its logP?",
        "Is aspirin heavier than caffeine? / How heavy is it?",
        "Which is heavier, aspirin or caffeine? / What is its logP?",
    ],
)
def test_one_pronoun_for_two_things_is_asked_back(agent: BioMedAgent, question: str) -> None:
    answer = conversation(agent, question)
    assert answer.status == "ambiguous"
    assert [candidate.handle for candidate in answer.candidates] == ["CID:2244", "CID:2519"]


def test_one_pronoun_for_two_things_of_a_message_is_left_and_said(agent: BioMedAgent) -> None:
    answer = agent.ask("What is the weight of aspirin and caffeine?\nWhat is its logP?")
    assert {fact.predicate for fact in answer.facts} == {"molecular weight"}
    assert any("'its' can mean acetylsalicylic acid or caffeine" in warning for warning in answer.warnings)


@pytest.mark.parametrize(
    ("question", "unread"),
    [
        ("Which drugs are heavier than 1000 atoms?", "atoms"),
        ("Which drugs are heavier than 1000 nM?", "nM"),
        ("Which drugs have a logP above 5 g/mol?", "g/mol"),
        ("Which proteins are longer than 3000 Da?", "Da"),
        ("Is aspirin heavier than 5 atoms?", "atoms"),
        ("Which molecules bind ABL1 with low micromolar affinity?", "micromolar"),
    ],
)
def test_a_unit_that_does_not_fit_is_named(agent: BioMedAgent, question: str, unread: str) -> None:
    answer = agent.ask(question)
    assert answer.status == "inapplicable"
    assert unread in answer.unread


@pytest.mark.parametrize(
    "question",
    [
        "Which drugs are heavier than 1500 Da?",
        "Which proteins are longer than 4000 residues?",
        "drugs with more than 9 rings",
    ],
)
def test_a_unit_that_fits_is_read(agent: BioMedAgent, question: str) -> None:
    assert agent.ask(question).status == "answered"


def test_limits_in_words_say_their_numbers(agent: BioMedAgent) -> None:
    assert "(1 to below 10 nM)" in agent.ask("Which molecules bind ABL1 with single-digit nanomolar Kd?").text
    assert "(below 1 nM)" in agent.ask("Which molecules bind ABL1 with sub-nanomolar Kd?").text


@pytest.mark.parametrize(
    ("question", "molecule", "protein"),
    [
        ("How heavy is caffeine?", "aspirin", None),
        ("Does gefitinib bind ABL1?", "imatinib", None),
        ("How long is EGFR?", None, "ABL1"),
        ("What is the Kd of imatinib for KIT?", "imatinib", "ABL1"),
    ],
)
def test_a_name_that_contradicts_a_field_is_invalid(
    agent: BioMedAgent, question: str, molecule: str | None, protein: str | None
) -> None:
    answer = agent.ask(question, molecule=molecule, protein=protein)
    assert answer.status == "invalid"
    assert " field holds " in answer.text


@pytest.mark.parametrize(
    ("question", "molecule"),
    [
        ("How heavy is aspirin?", "CC(=O)Oc1ccccc1C(=O)O"),
        ("Is it heavier than caffeine?", "aspirin"),
        ("Is it ibuprofen?", "aspirin"),
        ("Does it contain phenol?", "aspirin"),
        ("What is the weight of L-DOPA?", "NC(Cc1ccc(O)c(O)c1)C(=O)O"),
    ],
)
def test_a_name_that_is_asked_about_or_means_the_field_is_no_contradiction(
    agent: BioMedAgent, question: str, molecule: str
) -> None:
    assert agent.ask(question, molecule=molecule).status == "answered"


def test_a_candidate_is_not_answered_without_the_word_that_was_not_read(agent: BioMedAgent) -> None:
    assert conversation(agent, "What is the weight of CAT in children?").status == "ambiguous"
    assert conversation(agent, "What is the weight of CAT in children? / the first one").status != "answered"


@pytest.mark.parametrize(
    ("protein", "statement", "verdict"),
    [
        ("CDKN1A", "It is a kinase.", "unverified"),
        ("KSR1", "It is a kinase.", "unverified"),
        ("PRKAR1A", "It is a kinase.", "unverified"),
        ("IRS1", "It is a receptor.", "unverified"),
        ("NCOA1", "It is a nuclear receptor.", "unverified"),
        ("EGFR", "It is a kinase.", "supported"),
        ("PTEN", "It is a phosphatase.", "supported"),
        ("ABL1", "It is not a kinase.", "contradicted"),
    ],
)
def test_a_class_in_a_name_supports_nothing(agent: BioMedAgent, protein: str, statement: str, verdict: str) -> None:
    assert [claim.verdict for claim in agent.check(statement, protein=protein).claims] == [verdict]
