"""The vocabulary of structures: functional groups, ring systems and compound classes as SMARTS.

The tables lie in ``data/chemistry/``: ``terms.tsv`` for words, ``substituents.tsv`` for prefixes of
systematic names. Each entry carries two patterns. A match of ``proof`` shows that the word applies; without
a match of ``need`` it certainly does not. Between the two nothing is decided: that gap is what keeps a check
from crying wolf over tautomers, ions and loose usage. An empty pattern decides nothing. Names follow ChEBI,
which is what descriptions of molecules are written in.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal, NamedTuple, cast

Kind = Literal["group", "ring", "class", "element"]


class Term(NamedTuple):
    """One word of the field and the patterns that decide whether it applies."""

    kind: Kind
    name: str
    """singular, lower case"""
    words: tuple[str, ...]
    """further names, singular"""
    proof: str
    """SMARTS whose match shows the term; empty when no pattern can"""
    need: str
    """SMARTS without which the term is false; empty when no pattern can tell"""


class Substituent(NamedTuple):
    """A prefix of systematic names; the first atom of each pattern is the one attached to the parent."""

    name: str
    proof: str
    need: str


def _table(name: str) -> list[list[str]]:
    text = resources.files("biomed_agent").joinpath("data", "chemistry", name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


TERMS: tuple[Term, ...] = tuple(
    Term(cast(Kind, kind), name, tuple(words.split("|")) if words else (), proof, need)
    for kind, name, words, proof, need in _table("terms.tsv")
)
VOCABULARY: dict[str, Term] = {word: term for term in TERMS for word in (term.name, *term.words)}
"""every name of every term"""
SUBSTITUENTS: dict[str, Substituent] = {row[0]: Substituent(*row) for row in _table("substituents.tsv")}
MULTIPLIERS: dict[str, int] = {"mono": 1, "di": 2, "tri": 3, "tetra": 4, "penta": 5, "hexa": 6, "hepta": 7}
