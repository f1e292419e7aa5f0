"""The table of phrases: which words of a question say what, looked up longest first.

A phrase is written with alternatives, ``{molecular|molar} {weight|mass}``, and stands for each of its spellings. Its
meanings are data: a role in the sentence, and the value that the role takes.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from biomed_agent.core.name_matching import singular

Role: TypeAlias = Literal[
    "filler", "only", "wh", "count", "aux", "imperative", "pronoun", "negation", "and", "than", "between", "again",
    "value", "adjective", "more", "less", "degree", "obey", "measure", "bind", "partner", "kind", "class", "contain",
    "relation", "limit", "number", "cardinal", "ordinal", "unit", "share", "top", "strongest", "weakest", "rank",
    "same", "structural", "similar", "substructure", "compare", "difference", "describe", "identify", "papers",
    "convert", "hazard", "hazards", "degree of hazard", "organism", "effect", "where", "family", "function", "name",
    "residue", "position", "smarts", "dummy", "path", "part", "term", "known", "talk", "use", "encode", "express",
    "everything", "tag", "variant", "altered", "approved", "basis", "place", "like", "abroad", "take part", "other",
]  # fmt: skip
"""What a phrase does in a question. ``other`` is a word that nobody listed."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a phrase may say.

    Args:
        role: What it does.
        value: What it says: predicates, a relation, a number, a unit, the molecule or the protein it speaks of.
    """

    role: Role
    value: tuple[str, ...] = ()


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")


def fold(word: str) -> str:
    """Return a word as the table holds it: small letters without accents, without the ending of a possessive."""
    text = word.lower().replace("’", "'")
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return text.removesuffix("'s") if len(text) > 2 else text


def folded_words(text: str) -> tuple[str, ...]:
    """Return the words and numbers of a phrase, folded; ``IC50`` is two, as it is in the table."""
    return tuple(fold(match[0]) for match in _WORD.finditer(text))


def spellings(phrase: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each spelling of a phrase.

    >>> sorted(" ".join(words) for words in spellings("{molar|molecular} mass"))
    ['molar mass', 'molecular mass']
    """
    pieces = re.split(r"\{([^{}]*)\}", phrase)
    choices = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    for chosen in itertools.product(*choices):
        if words := folded_words("".join(chosen)):
            yield words


class Phrases:
    """Phrases and what they mean."""

    def __init__(self) -> None:
        self._meanings: dict[tuple[str, ...], list[Meaning]] = {}
        self._longest: dict[str, int] = {}
        """by first word"""

    def add(self, phrase: str, meaning: Meaning) -> None:
        """Add a phrase with all its spellings."""
        for words in spellings(phrase):
            key = tuple(singular_of(word) for word in words)
            known = self._meanings.setdefault(key, [])
            if meaning not in known:
                known.append(meaning)
            self._longest[key[0]] = max(len(key), self._longest.get(key[0], 0))

    def longest(self, words: Sequence[str], start: int) -> tuple[int, tuple[Meaning, ...]]:
        """Return how many words from ``start`` on are the longest known phrase, and what it means; 0 for none.

        Any of them may be a plural.
        """
        length = self._longest.get(singular_of(words[start]), 0)
        key = tuple(singular_of(word) for word in words[start : start + length])
        for count in range(len(key), 0, -1):
            if (meanings := self._meanings.get(key[:count])) is not None:
                return count, tuple(meanings)
        return 0, ()

    def meanings(self, words: Sequence[str]) -> tuple[Meaning, ...]:
        """Return what just these words mean."""
        return tuple(self._meanings.get(tuple(singular_of(word) for word in words), ()))

    def __len__(self) -> int:
        return len(self._meanings)


_IRREGULAR = {"helices": "helix", "indices": "index", "species": "species", "series": "series", "analyses": "analysis"}


@cache
def singular_of(word: str) -> str:
    """Return the singular of a folded word, by its ending."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return singular(word)
