"""What one rule finds, and the words it is said in."""

from __future__ import annotations

import pytest

from biomed_agent.core.types import Fact
from biomed_agent.trust.claims.findings import (
    amount,
    article,
    contradicted,
    facts_of,
    plain_name,
    supported,
    undenied,
    unverified,
)


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [(0, "rings", "no rings"), (1, "rings", "1 ring"), (2, "rings", "2 rings"), (1, "sp3", "1 sp3"), (-1, "s", "-1 s")],
)
def test_amounts(number: int, nouns: str, text: str) -> None:
    assert amount(number, nouns) == text


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("acid", "an acid"),
        ("salt", "a salt"),
        ("n-alkane", "an n-alkane"),
        ("s-triazine", "an s-triazine"),
        ("o-xylene", "an o-xylene"),
        ("p-xylene", "a p-xylene"),
    ],
)
def test_a_noun_has_its_article(noun: str, text: str) -> None:
    assert article(noun) == text


@pytest.mark.parametrize(("name", "plain"), [("  TNF-α (human)", "tnf human"), ("COX–2", "cox 2"), ("−", "")])
def test_names_are_compared_by_letters_and_digits(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_facts_are_found_by_a_word_of_their_predicate() -> None:
    facts = [Fact("x", "EC number", "1.1.1.1"), Fact("x", "protein family", "y"), Fact("x", "length", 3)]
    assert [fact.value for fact in facts_of(facts, "ec ", "family")] == ["1.1.1.1", "y"]
    assert facts_of(facts, "domain") == []


@pytest.mark.parametrize(
    ("sentence", "words", "verdict"),
    [
        ("It has a ring.", "has a ring", "supported"),
        ("It has a ring, but not an acid.", "has a ring", "unverified"),
        ("It has a ring and doesn't bind.", "has a ring", "unverified"),
        ("It Never has a ring.", "never has a ring", "supported"),
        ("It has a knot.", "has a knot", "supported"),
        ("It lacks a ring.", "lacks a ring", "supported"),
    ],
)
def test_what_is_found_beside_a_denial_is_left_open(sentence: str, words: str, verdict: str) -> None:
    (finding,) = undenied(sentence, [supported("the structure has one ring").for_words(words)])
    assert finding.verdict == verdict
    assert finding.why.startswith("the structure has one ring")
    assert finding.why.endswith("; what is denied is not certain") is (verdict == "unverified")


def test_a_finding_keeps_its_reason_when_it_is_told_what_it_decides() -> None:
    for finding, verdict in [
        (supported("w"), "supported"), (contradicted("w"), "contradicted"), (unverified("w"), "unverified")
    ]:  # fmt: skip
        assert (finding.for_words("words").verdict, finding.for_words("words").why) == (verdict, "w")
        assert (finding.words, finding.for_words("words").words) == ("", "words")
