"""Terms that many records share (roles, families, locations): when a phrase is a term, and which terms hold it.

Two spellings are one term when their words agree without case, punctuation and plural. Nothing is taken for a synonym:
a phrase that is no term itself gives the terms that hold it as words, for a person to choose from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from biomed_agent.core.name_matching import singular, spaced_key

_GROUP_WORDS = frozenset({"family", "subfamily", "superfamily"})
_PLURALS = {"mitochondria": "mitochondrion", "nuclei": "nucleus", "cilia": "cilium", "nucleoli": "nucleolus"}
_EC = re.compile(r"(?:EC)?[\s:]*(\d+(?:\.\d+){0,2}(?:\.n?\d+)?)(?:\.-)*", re.IGNORECASE)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words by which terms are compared: folded, singular, without punctuation around them."""
    words = (word.strip(",;:") for word in spaced_key(text).split())
    return tuple(_one(word) for word in words if word)


def _one(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    return f"{word[:-3]}y" if len(word) > 4 and word.endswith("ies") else singular(word)


@dataclass(frozen=True)
class Term:
    """One value of a predicate, as records state it."""

    number: int
    """of the row in its file's table"""
    predicate: str
    value: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words, singular."""
        return words_of(self.value)

    @cached_property
    def keys(self) -> frozenset[str]:
        """What a phrase must be to mean the term; for a place also each place it lies in, and the innermost one."""
        keys = {_key(self.words)}
        if self.predicate == "subcellular location":
            keys |= {_key(words_of(part)) for part in self.value.split(", ")}
        if self.predicate == "protein family" and self.words and self.words[-1] in _GROUP_WORDS:
            keys.add(_key(self.words[:-1]))
        return frozenset(keys)


def _key(words: Iterable[str]) -> str:
    return "".join(words).replace("-", "")


def meant(phrase: str, terms: Iterable[Term]) -> Iterator[Term]:
    """Yield the terms that a phrase means; an EC number means all below it (``2.7.10`` means ``2.7.10.2``)."""
    words = words_of(phrase)
    key, number = _key(words), _EC.fullmatch(phrase.strip())
    for term in terms:
        if term.predicate == "EC number":
            if number and f"{term.value}.".startswith(f"{number[1]}."):
                yield term
        elif key in term.keys or (
            term.predicate == "protein family" and words and words[-1] in _GROUP_WORDS and _key(words[:-1]) in term.keys
        ):
            yield term


def holding(phrase: str, terms: Iterable[Term]) -> list[str]:
    """Return the values whose words hold those of the phrase in a row: those that end so, begin so, then the others."""
    asked = words_of(phrase)
    ranked: dict[str, tuple[int, int, str]] = {}
    for term in terms if asked else ():
        words = term.words
        if len(asked) <= len(words) and asked in {
            words[start : start + len(asked)] for start in range(len(words) - len(asked) + 1)
        }:
            place = 0 if words[-len(asked) :] == asked else 1 if words[: len(asked)] == asked else 2
            ranked.setdefault(term.value, (place, len(words), term.value))
    return sorted(ranked, key=ranked.__getitem__)
