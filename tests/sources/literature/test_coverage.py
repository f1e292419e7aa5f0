"""An article answers a question only if it speaks of all that is asked about, in whatever spelling."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from biomed_agent.core.types import Article
from biomed_agent.sources.literature.article_search import local_query
from biomed_agent.sources.literature.coverage import Asked, fitting_sentences, rarity, read_question
from biomed_agent.sources.literature.terms import terms

TRIAL = Article(
    "Acetaminophen after tooth extraction: a randomised trial",
    "BACKGROUND: Bleeding is common after extractions.\n"
    "RESULTS: Haemorrhages were fewer, and renal function did not change.\n"
    "CONCLUSION: We recommend it.",
    pmid="1",
)
NAMES = {"paracetamol": ["acetaminophen", "APAP"]}


def rarities(several: Sequence[Sequence[str]]) -> list[float]:
    return [rarity(len(words), 300) for words in several]


def ask(question: str, names: dict[str, list[str]] | None = None) -> Asked:
    return read_question(question, NAMES if names is None else names, rarities)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("haemorrhages", "bleeding"),
        ("tumours", "tumor"),
        ("randomised", "randomized"),
        ("oesophageal oedema", "esophageal edema"),
        ("TNF-α", "tnf alpha"),
        ("renal", "kidneys"),
        ("heart attacks", "myocardial infarction"),
        ("hypertensive", "hypertension"),
        ("infected", "infections"),
        ("Alzheimer's", "Alzheimer’s"),
    ],
)
def test_other_spellings_are_one_term(one: str, other: str) -> None:
    assert set(terms(one)) & set(terms(other))
    assert set(terms(one)) - set(terms(other)) <= {"tnfalph"}  # compounds give the whole as well


@pytest.mark.parametrize(("one", "other"), [("gene", "general"), ("il6", "il1"), ("rat", "rate")])
def test_other_words_are_other_terms(one: str, other: str) -> None:
    assert terms(one) != terms(other)


@pytest.mark.parametrize(
    "question",
    [
        "Does paracetamol affect bleeding after tooth extraction?",
        "Does paracetamol reduce hemorrhage?",
        "Does paracetamol change kidney function?",
        "What do papers say about paracetamol?",
    ],
)
def test_all_is_met_under_other_words(question: str) -> None:
    assert fitting_sentences(ask(question), TRIAL)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Does paracetamol affect pain after tooth extraction?", NAMES),
        ("Does ibuprofen affect bleeding after tooth extraction?", {"ibuprofen": []}),
        ("Does paracetamol affect bleeding in hemophilia?", NAMES),
        ("What do papers say?", {}),
    ],
)
def test_what_is_not_met_is_not_answered(question: str, names: dict[str, list[str]]) -> None:
    assert fitting_sentences(ask(question, names), TRIAL) == {}


def test_a_thing_that_only_the_text_names_by_the_way_is_not_what_an_article_is_about() -> None:
    by_the_way = Article("Ibuprofen in children", "RESULTS: Acetaminophen was allowed against bleeding.", pmid="2")
    assert fitting_sentences(ask("Does paracetamol affect bleeding?"), by_the_way) == {}
    without_title = Article("", by_the_way.abstract, pmid="2")
    assert fitting_sentences(ask("Does paracetamol affect bleeding?"), without_title)


def test_of_more_than_four_things_a_common_one_may_be_missing_and_a_rare_one_may_not() -> None:
    text = "RESULTS: Alpha beta gamma delta epsilon were seen."
    article = Article("", text, pmid="3")

    def asked(rare: str) -> Asked:
        question = "alpha beta gamma delta epsilon zeta"
        return read_question(
            question, {}, lambda several: [9.0 if words and words[0] == rare else 1.0 for words in several]
        )

    assert fitting_sentences(asked("alpha"), article)
    assert fitting_sentences(asked("zeta"), article) == {}


def test_findings_are_taken_before_backgrounds_and_a_conclusion_need_not_repeat_the_title() -> None:
    fitting = fitting_sentences(ask("Does paracetamol affect tooth extraction?"), TRIAL)
    assert list(fitting) == ["We recommend it."]


def test_a_query_asks_for_every_name_under_one_of_its_spellings() -> None:
    query = local_query(ask("Does paracetamol affect renal function?"))
    assert query == '("acetaminophen" OR "apap" OR "paracetamol") AND ("kidney" OR "kidneys" OR "renal" OR "function")'
