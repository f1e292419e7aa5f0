"""Names: when two spellings are one name, and which spans of a free text can be one.

Two spellings are one name when :func:`name_key` gives the same key. Case, accents, the kind of dash, Greek
letters written as signs or words, and hyphens or spaces between letters and digits do not count, so
``TNF-α``, ``tnf alpha`` and ``TNFalpha`` are one name. Brackets, commas, primes and signs do count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψωϵϑ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
        "upsilon phi chi psi omega epsilon theta".split(),
        strict=True,
    )
)
_SIGNS = str.maketrans({**{dash: "-" for dash in "‐‑‒–—−"}, **{prime: "'" for prime in "’‘′`´"}, "ς": "σ"})
_GREEK_IN_DOTS = re.compile(r"\.(alpha|beta|gamma|delta|epsilon|omega)\.")
_JOINT = re.compile(r"(?<=[\w)\]'+])-(?=[\w(\[])")
_WORD = re.compile(r"[^\W_]+")

COMMON_WORDS = frozenset("for can what".split())
WEAK_WORDS = frozenset("water lead gold iron".split())


def spaced_key(name: str) -> str:
    """Return ``name`` folded, its inner hyphens turned to spaces: ``COX-2`` and ``cox 2`` become ``cox 2``."""
    text = name.replace("®", "").replace("™", "").translate(_SIGNS)
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter)).translate(_SIGNS)
    text = "".join(_GREEK.get(letter, letter) for letter in text)
    text = _GREEK_IN_DOTS.sub(r"\1", text)
    return " ".join(_JOINT.sub(" ", text).split())


def name_key(name: str) -> str:
    """Return the key under which a name is stored: :func:`spaced_key` without the spaces."""
    return spaced_key(name).replace(" ", "")
