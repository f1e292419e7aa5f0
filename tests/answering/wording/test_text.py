"""An answer among several, as a person reads them one after the other."""

from __future__ import annotations

import pytest

from biomed_agent.answering.wording import to_listing
from biomed_agent.core.types import Answer, Candidate, Claim, ModelStamp, ModelStatement, Provenance, Withheld

SOURCES = (Provenance("PubChem", "CID 1", "https://far.test"), Provenance("UniProt", "P1"))


def lines(answer: Answer) -> list[str]:
    return to_listing(answer, 80).splitlines()


def test_an_answer_stands_under_what_was_asked_with_the_sources_it_cites() -> None:
    answer = Answer("What is it?", "answered", "It is an acid [2].", sources=SOURCES, next_steps=("Ask more.",))
    assert lines(answer) == ["What is it?", "  It is an acid [2].", "  [2]  UniProt P1"]
    assert lines(Answer("", "answered", "x"))[0] == "(nothing)"


def test_what_is_no_answer_says_so_and_what_to_do_next() -> None:
    candidates = (Candidate("CID:1", "one", "homonym"), Candidate("", "two", "homonym"))
    answer = Answer(
        "q", "ambiguous", "It means two.", candidates=candidates, warnings=("Old.",), next_steps=("Pass one.",)
    )
    title, first, heading, one, other, warning, step = lines(answer)
    assert (title, first.endswith(". It means two.")) == ("q", True)
    assert heading == "  It can mean, each named by the string in front:"
    assert one.split() == ['"CID:1"', "one", "(homonym)"]
    assert other.split() == ["(no", "record)", "two", "(homonym)"]
    assert (warning, step) == ("  Warning: Old.", "  Next: Pass one.")


def test_the_model_s_sentences_carry_their_verdicts_and_the_withheld_are_counted() -> None:
    claim = Claim("It is an acid.", "supported", "the structure has one")
    withheld = (Withheld("contradicted", "it weighs 1"),)
    statement = ModelStatement("It is an acid.", ModelStamp("mini"), (claim,), withheld)
    text = " ".join(to_listing(Answer("q", "model_only", "The model spoke.", model=statement), 200).split())
    assert "The model says: mini" in text
    assert "It is an acid." in text
    assert "1 sentence contradicted" in text


@pytest.mark.parametrize("width", [10, 40, 80])
def test_lines_are_never_narrower_than_forty_columns_nor_wider_than_asked(width: int) -> None:
    words = " ".join(["word"] * 60)
    longest = max(map(len, to_listing(Answer("q", "answered", words), width).splitlines()))
    assert max(width, 40) - 5 <= longest <= max(width, 40)


def test_colour_changes_no_word() -> None:
    answer = Answer("q", "answered", "It is an acid [1].", sources=SOURCES, warnings=("Old.",))
    colored = to_listing(answer, color=True)
    assert "\x1b[" in colored
    assert "\x1b[" not in to_listing(answer)
