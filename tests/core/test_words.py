"""Counts with their noun, lists, cuts and sentences, as several rooms write them."""

from __future__ import annotations

import re

import pytest

from biomed_agent.core.words import counted, listed, plural, shorten, split_sentences

END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z])|\s*\n+\s*")
ABBREVIATION = re.compile(r"\b(?:et al|e\.g)\.$")


@pytest.mark.parametrize(
    ("noun", "many"),
    [("article", "articles"), ("affinity", "affinities"), ("class", "classes"), ("hydrogen-bond donors",) * 2],
)
def test_plural(noun: str, many: str) -> None:
    assert plural(noun) == many


def test_counted() -> None:
    assert [counted(number, "article") for number in (0, 1, 2, 1_000)] == [
        "0 articles", "1 article", "2 articles", "1,000 articles",
    ]  # fmt: skip


def test_listed() -> None:
    assert [listed(words) for words in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == ["", "a", "a and b", "a, b and c"]
    assert listed(("a", "b"), "or") == "a or b"


def test_shorten() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abc..."


def test_sentences_keep_closing_quotes_and_abbreviations_end_none() -> None:
    text = 'He said "it fell." Smith et al. Agree (so they say.) No.'
    assert split_sentences(text, END) == ['He said "it fell."', "Smith et al.", "Agree (so they say.)", "No."]
    assert split_sentences(text, END, ABBREVIATION)[1] == "Smith et al. Agree (so they say.)"


def test_the_end_of_a_line_ends_a_sentence_and_takes_no_quote_with_it() -> None:
    assert split_sentences('As in et al.\nIt said "so."\nTrue', END, ABBREVIATION) == [
        "As in et al.",
        'It said "so."',
        "True",
    ]
    assert split_sentences(" \n ", END) == split_sentences("", END) == []
