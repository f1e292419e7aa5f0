"""The words by which a question and a passage are compared: case, spelling, endings and other words for the same.

``haemorrhages``, ``hemorrhage`` and ``bleeding`` are one term, as are ``TNF-α`` and ``tnf alpha``. A term is only ever
compared with another; nobody is shown one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

from biomed_agent.core.name_matching import GREEK, SIGNS

_WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
_POSSESSIVE = re.compile(r"'s?$")
_BRITISH = (
    (re.compile("sulph"), "sulf"), (re.compile("ae|oe"), "e"), (re.compile(r"our(?=$|[a-z])"), "or"),
    (re.compile(r"is(?=(?:e|ed|es|er|ing|ation|ations)$)"), "iz"), (re.compile(r"ys(?=(?:e|ed|es|ing)$)"), "yz"),
    (re.compile(r"(?<=[bt])re$"), "er"), (re.compile(r"ll(?=(?:ed|ing|er)$)"), "l"),
)  # fmt: skip
"""Spellings of British English, each with the American one."""
_ENDINGS = sorted(
    "ations ation ational atory ative ators ator ating ates ated ate ities ity ments ment nesses ness iness ically "
    "ings ing ions ion ional ers er or ors als al ally ical ics ic ous ive ives ivity ies ied y ia ias ely ly es ed s "
    "e is us um a".split(),
    key=len,
    reverse=True,
)
LEAST_STEM = 4
"""letters that are left of a word at least when its ending is taken off"""


def fold(text: str) -> str:
    """Return a text in lower case, without accents, with Greek letters in words and one kind of dash."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(SIGNS))
        text = "".join(GREEK.get(letter, letter) for letter in text.casefold() if not unicodedata.combining(letter))
    return text.lower()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a folded word in American spelling without its ending; words with digits keep theirs.

    >>> stem("haemorrhages"), stem("tumours"), stem("randomised"), stem("il6")
    ('hemorrhag', 'tumor', 'randomiz', 'il6')
    """
    if len(word) > LEAST_STEM:
        for pattern, american in _BRITISH:
            word = pattern.sub(american, word)
    if not word.isalpha():
        return word
    if len(word) <= LEAST_STEM:
        return word[:-1] if len(word) == LEAST_STEM and re.search("[^suis]s$", word) else word
    return next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 4), word)


def words(text: str) -> list[str]:
    """Return the folded words of a text, compounds in parts, one word for all that :func:`alike` takes for the same."""
    return _parts(_one_for_all(fold(text)))


def terms(text: str) -> list[str]:
    """Return the terms of a text in their order; compounds give their parts and, joined, the whole as well."""
    folded = _one_for_all(fold(text))
    joined = (word.replace("-", "") for word in _WORD.findall(folded) if "-" in word)
    return [stem(word) for word in (*_parts(folded), *joined)]


def spaced(text: str) -> str:
    """Return the folded words of a text, each with a space on either side, to look for names in."""
    return f" {' '.join(_parts(fold(text)))} "


def alike(word: str) -> tuple[str, ...]:
    """Return the words that say the same as one of :func:`words`; at least the word itself."""
    return _groups()[1].get(word, (word,))


def _parts(folded: str) -> list[str]:
    parts = (part for word in _WORD.findall(folded) for part in _POSSESSIVE.sub("", word).split("-"))
    return [part.replace("'", "") for part in parts if part]


@lru_cache(maxsize=1)
def _groups() -> tuple[dict[str, str], dict[str, tuple[str, ...]], re.Pattern[str]]:
    """Return ``data/language/medical_terms.tsv``: the first word for each, each line for that, and what finds them."""
    table = resources.files("biomed_agent").joinpath("data", "language", "medical_terms.tsv")
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    groups = {line.split("|")[0].replace(" ", ""): tuple(line.split("|")) for line in lines}
    one = {word: first for first, several in groups.items() for word in several}
    listed = "|".join(re.escape(word) for word in sorted(one, key=len, reverse=True))
    return one, groups, re.compile(rf"\b(?:{listed})\b")


def _one_for_all(folded: str) -> str:
    """Return a folded text with one word for all that say the same."""
    one, _, pattern = _groups()
    return pattern.sub(lambda match: one[match[0]], folded)
