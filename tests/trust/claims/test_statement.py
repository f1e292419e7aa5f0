"""Sentences, what they speak of and what they assert."""

from __future__ import annotations

import pytest

from biomed_agent.trust.claims.statement import Subject, assertions, normalise, sentences


def test_sentences() -> None:
    text = 'It weighs 180.16 g/mol. It occurs in E. coli, e.g. K-12. "Quoted." it is (E)-3.5.\nNext line; one sentence'
    assert sentences(text) == [
        "It weighs 180.16 g/mol.",
        "It occurs in E. coli, e.g. K-12.",
        '"Quoted."',
        "it is (E)-3.5.",
        "Next line; one sentence",
    ]
    assert sentences("") == sentences(" \n ") == []


def test_assertions_of_a_database_description() -> None:
    sentence = normalise(
        "The molecule is a member of the class of chalcones that is chalcone substituted by hydroxy groups at "
        "positions 2', 4' and 6', a methoxy group at position 4 and two chlorine atoms."
    )
    predicate = Subject((), "molecule").predicate(sentence)
    assert predicate is not None
    read = [(assertion.relation, assertion.words, assertion.number) for assertion in assertions(predicate)]
    assert read == [
        ("is", "chalcones", None),
        ("parent", "chalcone", None),
        ("has", "hydroxy groups", 3),
        ("has", "methoxy group", None),
        ("has", "chlorine atoms", 2),
    ]


def test_markup_is_dropped_and_words_in_angle_brackets_are_not() -> None:
    assert normalise("It <b>contains</b> a **ring** of CO<sub>2</sub>.<br/>") == "It contains a ring of CO2."
    for sentence in ("It contains <no> ring.", "It contains a ring <not>.", "It holds a ring <a href=x>."):
        assert normalise(sentence) == sentence


@pytest.mark.parametrize(
    ("sentence", "names", "about"),
    [
        ("It is a ketone.", [], True),
        ("Aspirin is a ketone.", ["aspirin"], True),
        ("Aspirin (acetylsalicylic acid) is an ester.", ["aspirin"], True),
        ("Aspirin is a ketone.", ["ibuprofen"], False),
        ("Aspirin's metabolite is a ketone.", ["aspirin"], False),
        ("In addition, the compound contains a ring.", [], True),
        ("A chalcone that is substituted.", [], True),
        ("A chalcone was added.", [], False),
        ("The enzyme is a ketone reductase.", [], False),
        ("The parent compound is a flavone.", [], False),
        ("It is part of a peptide.", [], True),
    ],
)
def test_what_a_sentence_speaks_of(sentence: str, names: list[str], about: bool) -> None:
    assert (Subject(tuple(names), "molecule").predicate(normalise(sentence)) is not None) is about
