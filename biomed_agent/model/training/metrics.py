"""ROUGE-L, written out: the longest common subsequence of words as an F-measure."""

import math
import re
import statistics
from collections import Counter
from collections.abc import Sequence


def words(text: str) -> list[str]:
    """Return the lower-case runs of letters and digits of ``text``."""
    return re.findall(r"[a-z0-9]+", text.lower())


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest (not necessarily contiguous) common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for column, other in enumerate(second, start=1):
            above = row[column]
            row[column] = diagonal + 1 if word == other else max(above, row[column - 1])
            diagonal = above
    return row[-1]


def rouge_l(reference: str, candidate: str) -> float:
    """Return ROUGE-L F1 (Lin, 2004) over :func:`words`, without stemming, between 0 and 1.

    The same tokens as ``rouge_score`` without its stemmer: runs of ASCII letters and digits, lower case.
    """
    first, second = words(reference), words(candidate)
    common = longest_common_subsequence(first, second)
    return 2 * common / (len(first) + len(second)) if common else 0.0


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean, 0 for no values."""
    return sum(values) / len(values) if values else 0.0


def paired_error(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the standard error of the mean of ``first - second``, for at least two pairs."""
    return statistics.stdev(a - b for a, b in zip(first, second, strict=True)) / math.sqrt(len(first))


def best_constant(answers: Sequence[str], candidates: int = 60, against: int = 200) -> str:
    """Return the one training answer that scores best when given to every question.

    Candidates are the most frequent answers and, where few repeat, evenly spaced others; each is scored by
    its mean ROUGE-L against an evenly spaced sample of ``answers``.

    Args:
        answers: Training answers of one kind.
        candidates: How many answers are tried of each sort.
        against: How many answers each is scored against.
    """
    frequent = [answer for answer, _ in Counter(answers).most_common(candidates)]
    tried = list(dict.fromkeys(frequent + list(answers[:: max(1, len(answers) // candidates)])))
    sample = answers[:: max(1, len(answers) // against)]
    return max(tried, key=lambda answer: mean([rouge_l(reference, answer) for reference in sample]))
