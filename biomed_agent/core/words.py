"""Words as several rooms write and cut them: counts with their noun, lists, sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CLOSING = "\"')]"
"""what may stand between the end of a sentence and the space after it"""


def plural(noun: str) -> str:
    """Return the plural of an English noun; one that ends in a single ``s`` is taken to be one."""
    if noun.endswith("ss"):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def counted(count: int, noun: str) -> str:
    """Return ``1 article``, ``2 articles``, ``1,000 articles``."""
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """Return ``a, b and c``."""
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}" if len(words) > 1 else "".join(words)


def shorten(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, a cut marked by three dots."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def split_sentences(text: str, end: re.Pattern[str], abbreviation: re.Pattern[str] | None = None) -> list[str]:
    """Split a text into sentences; joined again they are the text, but for white space between them.

    Args:
        text: Prose.
        end: Matches what lies between two sentences: white space, and closing quotes before it, which stay with the
            sentence that they close.
        abbreviation: Matches the end of a text whose last full stop ends no sentence. The end of a line does all the
            same.
    """
    sentences: list[str] = []
    start = 0
    for gap in end.finditer(text):
        sentence = text[start : gap.start()]
        if abbreviation and "\n" not in gap.group() and abbreviation.search(sentence.rstrip(_CLOSING)):
            continue
        sentences.append(sentence + gap.group().rstrip())
        start = gap.end()
    sentences.append(text[start:])
    return [sentence.strip() for sentence in sentences if sentence.strip()]
