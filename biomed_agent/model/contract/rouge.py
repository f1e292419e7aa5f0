"""How much two texts have in common: ROUGE-L over lower-case words, as fast as Python gets; no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple


def words(text: str) -> list[str]:
    """Return the lower-case runs of ASCII letters and digits: the tokens of ``rouge_score`` without its stemmer."""
    return re.findall(r"[a-z0-9]+", text.lower())


def f_measure(common: int, first: int, second: int) -> float:
    """Return the harmonic mean of ``common / first`` and ``common / second``."""
    return 2 * common / (first + second) if common else 0.0


class Subsequence:
    """A list of words, ready to be compared with many others by longest common subsequence.

    One bit per word, a few operations on whole numbers per word of the other list (Hyyrö, 2004).

    Args:
        of: The words.
    """

    __slots__ = ("_full", "_places", "length")

    def __init__(self, of: Sequence[str]) -> None:
        self.length = len(of)
        self._full = (1 << len(of)) - 1
        self._places: dict[str, int] = {}
        for number, word in enumerate(of):
            self._places[word] = self._places.get(word, 0) | 1 << number

    def common(self, other: Iterable[str]) -> int:
        """Return the length of the longest (not necessarily contiguous) common subsequence."""
        free = self._full
        for word in other:
            if places := self._places.get(word):
                met = free & places
                free = ((free + met) | (free - met)) & self._full
        return self.length - free.bit_count()

    def rouge_l(self, other: Sequence[str]) -> float:
        """Return ROUGE-L F1 (Lin, 2004) with another list of words."""
        return f_measure(self.common(other), self.length, len(other))


def rouge_l(reference: str, candidate: str) -> float:
    """Return ROUGE-L F1 (Lin, 2004) over :func:`words`, without stemming, between 0 and 1."""
    return Subsequence(words(reference)).rouge_l(words(candidate))


class Agreed(NamedTuple):
    """Which of several texts agrees best with the others."""

    place: int
    agreement: float
    """its mean ROUGE-L with the others, between 0 and 1"""


def most_agreed(texts: Sequence[str]) -> Agreed:
    """Return the text whose mean ROUGE-L with all others is highest; of equals the first.

    Texts that are the same agree, also where they hold no word of :func:`words`.

    Of texts sampled from a model this is the one that minimum-Bayes-risk decoding gives (Eikema & Aziz, 2022): the
    samples stand for what the answer could be, and ROUGE-L for how well one answer serves in place of another.

    Args:
        texts: At least two.

    Raises:
        ValueError: There are fewer than two.
    """
    if len(texts) < 2:
        raise ValueError(f"got {len(texts)} texts; expected at least two to compare")
    cut = [words(text) for text in texts]
    ready = [Subsequence(part) for part in cut]
    shared: list[list[float]] = [[] for _ in texts]
    for first, subsequence in enumerate(ready):
        for second in range(first):
            both = 1.0 if texts[first] == texts[second] else subsequence.rouge_l(cut[second])
            shared[first].append(both)
            shared[second].append(both)
    totals = [math.fsum(row) for row in shared]
    best = max(range(len(texts)), key=totals.__getitem__)
    return Agreed(best, totals[best] / (len(texts) - 1))
