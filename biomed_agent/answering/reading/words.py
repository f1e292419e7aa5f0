"""What the words around names and values do in a question: the table ``data/language/words.tsv``, and others' words.

Each row of the table is a role in the sentence, what it says, and the phrases for it, in English and in other
languages. Politeness and filler are such rows: a closed list. A word that stands in no row is unread, and a question
with an unread word is not answered as if it were not there.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import cast

from biomed_agent.answering.reading.hazards import DEGREES, HAZARD_TOPICS
from biomed_agent.answering.reading.phrases import Meaning, Phrases, Role
from biomed_agent.core.identifiers import ORGANISMS
from biomed_agent.core.predicates import GROUPS, PREDICATES
from biomed_agent.core.protein_variants import LETTERS
from biomed_agent.core.sequence_values import AMBIGUOUS, RESIDUES

_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()


@cache
def phrases() -> Phrases:
    """Return the table of all phrases: words of questions, predicates and groups of them, hazards, organisms."""
    table = Phrases()
    for role, value, english, abroad in word_rows():
        for phrase in english:
            table.add(phrase, Meaning(role, value))
        for phrase in abroad:  # filler of other languages counts beside their other words only: "die" is English, too
            table.add(phrase, Meaning("abroad", ("filler",) if role == "filler" else ()))
            if role != "filler":
                table.add(phrase, Meaning(role, value))
    _add_predicates(table)
    for topic, alternatives in HAZARD_TOPICS.items():
        _add(table, "hazard", (topic,), alternatives)
    _add(table, "degree of hazard", (), DEGREES)
    for word in ORGANISMS:
        table.add(word, Meaning("organism", (word,)))
    for number, word in enumerate(_NUMBER_WORDS):
        table.add(word, Meaning("cardinal", (str(number),)))
    names = (name for letter, (_, name) in RESIDUES.items() if letter not in AMBIGUOUS)
    for name in (*names, "aspartate", "glutamate", *(code.lower() for code in LETTERS)):
        table.add(name, Meaning("term", (name,)))
    return table


def word_rows() -> list[tuple[Role, tuple[str, ...], list[str], list[str]]]:
    """Read the table of words: role, value, and the phrases in English and in other languages."""
    text = resources.files("biomed_agent").joinpath("data", "language", "words.tsv").read_text(encoding="utf-8")
    rows: list[tuple[Role, tuple[str, ...], list[str], list[str]]] = []
    for line in text.splitlines()[1:]:
        role, value, english, abroad = line.split("\t")
        said = ("",) if value == '""' else tuple(value.split("|")) if value else ()
        rows.append((cast(Role, role), said, split_phrases(english), split_phrases(abroad)))
    return rows


def _add_predicates(table: Phrases) -> None:
    """Add the phrases that ask for values, but for those of pairs, which stand among the measures of the table."""
    for predicate in PREDICATES:
        if predicate.of != "pair":
            for alternatives in (*predicate.asked, *predicate.abroad.values()):
                _add(table, "value", (predicate.name,), alternatives)
            for alternatives in predicate.abroad.values():
                _add(table, "abroad", (), alternatives)
        _add(table, "adjective", (predicate.name,), "|".join(predicate.adjective))
        _add(table, "more", (predicate.name,), "|".join(predicate.more))
        _add(table, "less", (predicate.name,), "|".join(predicate.less))
    for asked, names in GROUPS:
        for phrase in asked:
            table.add(phrase, Meaning("value", names))


def _add(table: Phrases, role: Role, value: tuple[str, ...], alternatives: str) -> None:
    for phrase in split_phrases(alternatives):
        table.add(phrase, Meaning(role, value))


def split_phrases(words: str) -> list[str]:
    """Split alternatives at the bars that stand outside braces.

    >>> split_phrases("mass|molar {mass|weight}")
    ['mass', 'molar {mass|weight}']
    """
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(words):
        depth += (letter == "{") - (letter == "}")
        if letter == "|" and not depth:
            parts.append(words[start:place])
            start = place + 1
    return [part for part in (*parts, words[start:]) if part]
