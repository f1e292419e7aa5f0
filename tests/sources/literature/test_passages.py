"""Which sentences of articles are quoted, and how they are split, labelled and ranked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from biomed_agent.core.types import Article, Provenance
from biomed_agent.sources.literature.europepmc import read_search
from biomed_agent.sources.literature.passages import (
    FINDING_WEIGHT,
    REVIEW_WEIGHT,
    labelled,
    rank_passages,
    sentences,
    tells_a_finding,
)
from biomed_agent.sources.literature.pubmed import read_articles
from tests.helpers.places import SHARED

RECORDED = SHARED / "recorded"
shared = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout")


# -- sentences and labels


def test_sentences_are_verbatim_and_abbreviations_do_not_end_them() -> None:
    text = "Levels (e.g. In plasma) rose. E. coli was absent. P < 0.05 was met! Was it safe?"
    parts = sentences(text)
    assert parts == ["Levels (e.g. In plasma) rose.", "E. coli was absent.", "P < 0.05 was met!", "Was it safe?"]
    assert " ".join(parts) == text


def test_labels_are_kept_beside_the_sentences_not_in_them() -> None:
    abstract = "AIMS: To test this. And that.\nRESULTS AND DISCUSSION: It held\nSO WHAT?: Do so.\nThe end."
    assert labelled(abstract) == [
        ("AIMS", "To test this."),
        ("AIMS", "And that."),
        ("RESULTS AND DISCUSSION", "It held"),
        ("SO WHAT?", "Do so."),
        ("", "The end."),
    ]
    assert labelled("CONCLUSION: It held.") == [("CONCLUSION", "It held.")]
    assert labelled("DNA: a history of it.") == [("", "DNA: a history of it.")]
    assert labelled("") == []


@pytest.mark.parametrize(
    ("label", "sentence", "expected"),
    [
        ("RESULTS", "Glucose fell.", True),
        ("MAIN OUTCOME MEASURES AND RESULTS", "Glucose fell.", True),
        ("METHODS", "We found no fault with the method.", False),
        ("", "In conclusion, glucose fell.", True),
        ("", "These results suggest a fall.", True),
        ("", "We foundered.", False),
        ("", "Glucose was measured.", False),
    ],
)
def test_what_tells_a_finding(label: str, sentence: str, expected: bool) -> None:
    assert tells_a_finding(label, sentence) is expected


# -- ranking


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
    assert all(passage.text in passage.article.abstract for passage in evidence)
    assert sum(passage.article.pmid == "3" for passage in evidence) == 2
    assert "The weather was fine." not in [passage.text for passage in evidence]
    assert len(rank_passages("metformin glucose insulin", articles(), limit=2)) == 2


def test_an_article_is_one_number_and_its_passages_stand_together() -> None:
    mixed = [
        Article("A", "Insulin alone was given. Metformin lowers glucose best.", pmid="1"),
        Article("B", "Metformin lowers glucose somewhat in those adults.", pmid="2"),
    ]
    evidence = rank_passages("Metformin lowers glucose, and insulin?", mixed)
    assert [(passage.number, passage.article.pmid, passage.text[:7]) for passage in evidence] == [
        (1, "1", "Metform"),
        (1, "1", "Insulin"),
        (2, "2", "Metform"),
    ]


def test_nothing_fits_a_question_about_something_else() -> None:
    assert rank_passages("zebrafish fins", articles()) == []
    assert rank_passages("metformin", [Article("Only a title", pmid="9")]) == []
    assert rank_passages("of the", articles()) == []


def test_a_finding_wins_over_a_method_that_says_the_same() -> None:
    plain = "METHODS: Glucose after metformin was compared.\nRESULTS: Glucose after metformin was compared."
    first = rank_passages("metformin glucose", [Article("A", plain, pmid="1")], limit=1)[0]
    assert first.label == "RESULTS"
    assert FINDING_WEIGHT < 1.5, "a nudge: a better fit must still win"
    better = "METHODS: Metformin lowers glucose in adults.\nRESULTS: Glucose was measured in many people over a year."
    assert rank_passages("metformin lowers glucose", [Article("A", better, pmid="1")], limit=1)[0].label == "METHODS"


def test_a_newer_review_wins_over_its_equals_and_an_old_one_does_not() -> None:
    trial = Article("A", "Metformin lowers glucose.", pmid="1", year="2024")
    review = replace(trial, pmid="2", types=("Systematic Review",))
    old = replace(review, pmid="3", year="2010")
    assert [passage.article.pmid for passage in rank_passages("metformin", [trial, old, review])] == ["2", "1", "3"]
    assert REVIEW_WEIGHT < FINDING_WEIGHT


@shared
@pytest.mark.shared
def test_recorded_abstracts_are_found_by_their_own_titles() -> None:
    here = Provenance("recorded")
    articles = [
        *read_search(json.loads((RECORDED / "europepmc" / "search_core_25.json").read_text()), here).articles,
        *(
            article
            for file in sorted((RECORDED / "pubmed").glob("efetch_*.xml"))
            for article in read_articles(file.read_text(), here)
        ),
    ]
    with_abstract = [article for article in articles if len(article.abstract) > 400]
    assert len(with_abstract) > 25
    first = findings = 0
    for article in with_abstract:
        evidence = rank_passages(article.title, [replace(item, title="") for item in articles])
        first += evidence[0].article.abstract == article.abstract
        assert all(passage.text in passage.article.abstract for passage in evidence)
        assert not any(passage.text.startswith(f"{passage.label}:") for passage in evidence if passage.label)
        findings += any(tells_a_finding(passage.label, passage.text) for passage in evidence)
    assert first > 0.9 * len(with_abstract)
    assert findings > 2 / 3 * len(with_abstract)
