"""A subject reads a sentence alike whether all of its names are compared, or only those that stand in it."""

from __future__ import annotations

import re
from itertools import product

import pytest

from biomed_agent.trust.claims import statement

NAMES = (
    "aspirin", "acetylsalicylic acid", "2-(acetyloxy)benzoic acid", "acid", "ASA", "Aspirin sodium", "β-aspirin",
    "aspirin, buffered", "it",
)  # fmt: skip
SENTENCES = (
    "{name} is an ester.", "{name} also clearly has two rings", "The molecule {name}, also known as X, is an acid",
    "Chemically, {name} (ASA) contains oxygen", "{name}'s weight is 180.16", "Unlike {name}, it is a base",
    "Caffeine is not {name}", "This compound, or {name}, is an arene; it has a ring", "A salt of {name}",
    "In fact, the {name} itself indeed inhibits {name}", "{name}", "Βeta {name} is α", "Its mass is that of {name}",
    "{name} binds COX-2",
)  # fmt: skip


class EveryName(statement.Subject):
    """A subject whose pattern holds all of its names."""

    def pattern(self, sentence: str) -> str:
        return super().pattern(f"{sentence} {' '.join(self.names)}")


@pytest.mark.parametrize("template", SENTENCES)
def test_names_that_do_not_stand_in_a_sentence_change_nothing(template: str) -> None:
    few, every = statement.Subject(NAMES, "molecule"), EveryName(NAMES, "molecule")
    for name, change in product((*NAMES, "ibuprofen"), ("none", "lower", "upper")):
        sentence = template.format(name=name)
        plain = statement.normalise({"lower": sentence.lower(), "upper": sentence.upper()}.get(change, sentence))
        assert few.speaks(plain) == every.speaks(plain)
        assert few.opening(plain) == every.opening(plain)
        assert few.possessive(plain) == every.possessive(plain)
        assert few.predicate(plain) == every.predicate(plain)
        assert few.unread(plain, ["ester"]) == every.unread(plain, ["ester"])


def test_the_opening_ends_after_adverbs() -> None:
    subject = statement.Subject(NAMES, "molecule")
    whole = rf"{statement._OPENING}{subject.pattern('aspirin')}{statement._APPOSITION}{statement._ADVERB} "
    for sentence in (
        "aspirin also clearly is an ester",
        "aspirin is",
        "aspirin also",
        "also, aspirin, or asa, also is",
    ):
        match = re.match(whole, sentence)
        assert subject.opening(sentence) == (match.end() if match else 0)
