from __future__ import annotations

import pytest
from rdkit import Chem

from biomed_agent.chemistry import molecule_from_smiles
from biomed_agent.retrieve import matching, protein_values, rank_passages, sentences
from biomed_agent.types import Article, Fact, Protein


@pytest.mark.parametrize(
    "sequence", ["ACDEFGHIKLMNPQRSTVWY", "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGR", "G"]
)
def test_protein_mass_agrees_with_the_mass_of_the_chain_as_a_molecule(sequence: str) -> None:
    chain = molecule_from_smiles(Chem.MolToSmiles(Chem.MolFromSequence(sequence)))
    length, mass = protein_values(Protein(sequence))
    assert length.value == len(sequence)
    assert float(mass.value) == pytest.approx(chain.weight, abs=0.6)
    assert mass.unit == "Da"


def test_an_ambiguous_residue_has_no_mass() -> None:
    (length,) = protein_values(Protein("MKXB"))
    assert length.value == 4
    assert "B, X" in length.note


def test_matching_keeps_the_order_asked_for_and_ignores_case() -> None:
    facts = [Fact("a", "logP", 1.0), Fact("a", "TPSA", 2.0), Fact("a", "rings", 3)]
    assert [fact.value for fact in matching(facts, ("rings", "LOGP"))] == [3, 1.0]
    assert matching(facts, ()) == facts


def test_sentences_are_verbatim_and_abbreviations_do_not_end_them() -> None:
    text = "Levels (e.g. In plasma) rose. E. coli was absent. P < 0.05 was met! Was it safe?"
    parts = sentences(text)
    assert parts == ["Levels (e.g. In plasma) rose.", "E. coli was absent.", "P < 0.05 was met!", "Was it safe?"]
    assert " ".join(parts) == text


def articles() -> list[Article]:
    return [
        Article("Metformin and glucose", "Metformin lowers glucose in adults. The weather was fine.", pmid="1"),
        Article("Weather", "Rain fell on the plain. Metformin was not studied.", pmid="2"),
        Article(
            "Insulin", "Insulin lowers glucose. Insulin lowers glucose quickly. Insulin lowers it again.", pmid="3"
        ),
        Article("No abstract", "", pmid="4"),
    ]


def test_passages_are_ranked_by_the_words_of_the_question() -> None:
    evidence = rank_passages("Does metformin lower or lowers glucose?", articles())
    assert evidence[0].text == "Metformin lowers glucose in adults."
    assert [one.number for one in evidence] == list(range(1, len(evidence) + 1))
    assert all(one.text in one.article.abstract for one in evidence)
    assert sum(one.article.pmid == "3" for one in evidence) <= 2
    assert "The weather was fine." not in [one.text for one in evidence]


def test_nothing_fits_a_question_about_something_else() -> None:
    assert rank_passages("zebrafish fins", articles()) == []
    assert rank_passages("metformin", [Article("Only a title", pmid="9")]) == []
