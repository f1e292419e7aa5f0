"""Scores of one answer against one reference, as the field computes them; no torch.

A tokenizer is named in the name of every score that depends on it, so that scores of different tokenizers never
stand in one column. ROUGE brings its own words and has no tokenizer in its name.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.rouge import Subsequence, f_measure, words

Floats = NDArray[np.float64]
MAX_NGRAM = 4
"""longest n-gram that BLEU counts"""
EPSILON = 0.1
"""stands for no common n-gram in the BLEU of one sentence (method 1 of Chen & Cherry, 2014, as in NLTK)"""
MIN_INTERVAL_EXAMPLES = 5
"""Examples from which on a score gets an interval: of one there is a single resample, of three there are ten."""


# ---------------------------------------------------------------------------------------------- tokenizers


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """What cuts texts for BLEU and METEOR, and the name it gives their columns."""

    name: str
    cut: Callable[[str], list[str]]


WORDS = Tokenizer("words", words)


def scibert(vocabulary: str | Path) -> Tokenizer:
    """Return SciBERT's word pieces, which published captioning scores are counted in.

    Lower case, at most 512 pieces of a text with the two marks at its ends, which are not counted
    (``allenai/scibert_scivocab_uncased`` as used by MolT5, MolCA and OpenBioMed).

    Args:
        vocabulary: SciBERT's ``vocab.txt``.

    Raises:
        InvalidInput: The file cannot be read or is no such vocabulary.
    """
    from transformers import BertTokenizer

    path = Path(vocabulary)
    try:
        pieces = [line.rstrip("\n") for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the vocabulary {path} cannot be read ({error}).", "Give SciBERT's vocab.txt.") from error
    if not {"[UNK]", "[CLS]", "[SEP]", "[PAD]"} <= set(pieces):
        raise InvalidInput(
            f"{path} lacks [UNK], [CLS], [SEP] or [PAD]; expected one word piece a line.", "Give SciBERT's vocab.txt."
        )
    tokenizer: Any = BertTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, do_lower_case=True)

    def cut(text: str) -> list[str]:
        tokens: list[str] = tokenizer.tokenize(text)
        return tokens[:510]

    return Tokenizer("SciBERT", cut)


# ---------------------------------------------------------------------------------------------- ROUGE


def rouge_n(reference: Sequence[str], candidate: Sequence[str], n: int) -> float:
    """Return ROUGE-N F1 (Lin, 2004) of two lists of words: common n-grams, each counted as often as in both."""
    first, second = ngrams(reference, n), ngrams(candidate, n)
    return f_measure((first & second).total(), first.total(), second.total())


# ---------------------------------------------------------------------------------------------- BLEU


def ngrams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """Return how often each run of ``n`` tokens occurs."""
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def bleu_counts(reference: Sequence[str], candidate: Sequence[str]) -> Floats:
    """Return what BLEU adds up over a corpus.

    Returns:
        [10]: clipped common n-grams for n = 1 to 4; n-grams of the candidate for n = 1 to 4, at least 1 each as in
        NLTK; tokens of the candidate; tokens of the reference.
    """
    common = [(ngrams(reference, n) & ngrams(candidate, n)).total() for n in range(1, MAX_NGRAM + 1)]
    all_ = [max(1, len(candidate) - n + 1) for n in range(1, MAX_NGRAM + 1)]
    return np.array([*common, *all_, len(candidate), len(reference)], dtype=np.float64)


def corpus_bleu(counts: Floats, order: int) -> Floats:
    """Return BLEU (Papineni et al., 2002) of summed :func:`bleu_counts`, equal weights, not smoothed.

    Args:
        counts: [..., 10].
        order: Longest n-gram; 2 for BLEU-2.

    Returns:
        [...], between 0 and 1; 0 when no n-gram of some length is common.
    """
    return _bleu(counts[..., :order], counts[..., MAX_NGRAM : MAX_NGRAM + order], counts[..., -2], counts[..., -1])


def sentence_bleu(counts: Floats, order: int) -> Floats:
    """Return BLEU of single answers, with :data:`EPSILON` for n-grams of a length that none is common of.

    0 when no word is common at all, as in NLTK.
    """
    common = counts[..., :order]
    smooth = np.where((common == 0) & (common[..., :1] > 0), EPSILON, common)
    return _bleu(smooth, counts[..., MAX_NGRAM : MAX_NGRAM + order], counts[..., -2], counts[..., -1])


def _bleu(common: Floats, all_: Floats, length: Floats, expected: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        precision = np.exp(np.log(common / all_).mean(axis=-1))
        brevity = np.exp(np.minimum(0.0, 1.0 - expected / np.maximum(length, 1e-300)))
    return np.asarray(precision * brevity)


# ---------------------------------------------------------------------------------------------- METEOR


class _NoWordNet:
    """Knows no synonyms."""

    def synsets(self, _word: str) -> list[Any]:
        return []


@functools.cache
def _meteor() -> Callable[..., float] | None:
    try:
        from nltk.stem.porter import PorterStemmer
        from nltk.translate.meteor_score import single_meteor_score
    except ImportError:
        return None
    stemmer = PorterStemmer()
    stemmer.stem = functools.lru_cache(100_000)(stemmer.stem)  # stemming takes most of the time
    return functools.partial(single_meteor_score, stemmer=stemmer, wordnet=_NoWordNet())


def has_meteor() -> bool:
    """Say whether NLTK is installed, which METEOR needs."""
    return _meteor() is not None


def meteor(reference: Sequence[str], candidate: Sequence[str]) -> float:
    """Return METEOR (Banerjee & Lavie, 2005; parameters of Lavie & Agarwal, 2007) without WordNet, by NLTK.

    Words are matched as they are, then by Porter stem. With precision P, recall R and matches in as few runs as the
    matching has: F = P R / (0.9 P + 0.1 R) times 1 - 0.5 (runs / matches) ** 3.
    """
    score = _meteor()
    if score is None:
        raise InvalidInput("METEOR needs NLTK, which is not installed.", "Run: pip install 'biomed-agent[eval]'.")
    return float(score(reference, candidate))


# ---------------------------------------------------------------------------------------------- captions and choices

_HEAD = re.compile(
    r"\b(?:is|are) (?:an?|the) (?:member of (?:the class of )?)?(.+?)"
    r"(?=\s(?:that|which|having|obtained|in which|where|whose|consisting|composed|comprising|comprised|containing|"
    r"carrying|bearing|derived|formed|arising|resulting|isolated|with)\b|,\s|;|\.(?:\s|$)|$)",
    re.IGNORECASE | re.DOTALL,
)


def head_class(description: str) -> str:
    """Return the class that a description names first, in lower case; "" when it names none.

    The text after the first "is a", "is an" or "is the" (and "member of the class of"), up to the first of: that,
    which, having, obtained, in which, where, whose, consisting, composed, comprising, comprised, containing, carrying,
    bearing, derived, formed, arising, resulting, isolated, with; a comma before a space, a semicolon, or a full stop.
    "The molecule is a steroid ester that is ..." gives "steroid ester".
    """
    head = _HEAD.search(description)
    return " ".join(head[1].lower().split()) if head else ""


def macro_f1(counts: Floats) -> Floats:
    """Return the mean over classes of F1 = 2 TP / (2 TP + FP + FN).

    Args:
        counts: [..., 3 * classes]: true positives, false positives, false negatives of each class. A class that
            neither occurs nor is said (in a resample) does not count.
    """
    true, wrong, missed = np.moveaxis(counts.reshape(*counts.shape[:-1], counts.shape[-1] // 3, 3), -1, 0)
    with np.errstate(invalid="ignore"):
        each = 2 * true / (2 * true + wrong + missed)
    return np.asarray(np.nanmean(each, axis=-1))


# ---------------------------------------------------------------------------------------------- many answers


class Interval(NamedTuple):
    """A score over all examples, and the 2.5 and 97.5 percentiles over resampled examples; NaN for want of those."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one system's answers to the same examples, before they are summed up."""

    means: Mapping[str, Floats]
    """by column: [examples]; NaN where a score does not apply to the example"""
    counts: Floats
    """[examples, counted]: what is added up over the examples before it becomes a score, such as n-grams"""
    sums: Mapping[str, Callable[[Floats], Floats]]
    """by column: from summed counts [..., counted] to scores [...]"""

    @property
    def columns(self) -> list[str]:
        """Names of the scores, in the order of tables."""
        return [*self.sums, *self.means]

    def part(self, numbers: Sequence[int]) -> Scored:
        """Return the scores of some of the examples."""
        where = np.asarray(numbers, dtype=np.intp)
        return Scored({name: values[where] for name, values in self.means.items()}, self.counts[where], self.sums)


def score_texts(
    references: Sequence[str], answers: Sequence[str], tokenizer: Tokenizer = WORDS, captions: bool = False
) -> Scored:
    """Score answers in words; an empty answer is a miss and scores 0.

    Args:
        references: What was expected.
        answers: What was said.
        tokenizer: Cuts texts for BLEU and METEOR.
        captions: Whether to compare :func:`head_class` too.
    """
    name = tokenizer.name
    counts = np.zeros((len(references), 2 * MAX_NGRAM + 2))
    means: dict[str, list[float]] = {}
    for number, (reference, answer) in enumerate(zip(references, answers, strict=True)):
        first, second = words(reference), words(answer)
        pieces = tokenizer.cut(reference), tokenizer.cut(answer)
        counts[number] = bleu_counts(*pieces)
        row = {f"BLEU-{n} ({name}, mean of sentences)": float(sentence_bleu(counts[number], n)) for n in (2, 4)}
        row |= {"ROUGE-1": rouge_n(first, second, 1), "ROUGE-2": rouge_n(first, second, 2)}
        row["ROUGE-L"] = Subsequence(first).rouge_l(second)
        if has_meteor():
            row[f"METEOR (exact+stem, {name})"] = meteor(*pieces)
        if captions:
            head = head_class(reference)
            row["class"] = float(head == head_class(answer)) if head else math.nan
        else:
            row["exact match"] = float(first == second != [])  # a reference may be signs alone, and a miss is no match
        for column, value in row.items():
            means.setdefault(column, []).append(value)
    sums = {f"BLEU-{n} ({name})": functools.partial(corpus_bleu, order=n) for n in (2, 4)}
    return Scored({column: np.array(values) for column, values in means.items()}, counts, sums)


def score_choices(expected: Sequence[str], predicted: Sequence[str], classes: Sequence[str] = ()) -> Scored:
    """Score chosen options; a reply that chose none is "" and wrong.

    Args:
        expected: Keys of the right options.
        predicted: Keys that were chosen.
        classes: What macro-F1 is over; without them there is none.
    """
    right = np.array([float(a == b) for a, b in zip(expected, predicted, strict=True)])
    counts = [
        [float(value) for label in classes for value in (a == b == label, b == label != a, a == label != b)]
        for a, b in zip(expected, predicted, strict=True)
    ]
    return Scored(
        {"accuracy": right}, np.array(counts).reshape(len(right), -1), {"macro-F1": macro_f1} if classes else {}
    )


class Bootstrap:
    """Resamples of the examples, drawn once, so that differences between systems are paired.

    Args:
        examples: How many examples there are.
        seed: Of the drawing.
        times: Number of resamples.
    """

    def __init__(self, examples: int, seed: int = 0, times: int = 1000) -> None:
        self.examples = examples
        drawn = np.random.default_rng(seed).multinomial(examples, np.full(examples, 1 / examples), times)
        self._weights = drawn.astype(np.float32)

    def interval(self, scored: Scored, column: str) -> Interval:
        """Return a score of one system."""
        value, resampled = self._score(scored, column)
        return _interval(value, resampled)

    def difference(self, first: Scored, second: Scored, column: str) -> Interval:
        """Return ``first - second`` in one score, resampled in pairs; examples that lack it in either do not count."""
        if column not in first.sums:
            return _interval(*self._mean(first.means[column] - second.means[column]))
        value, resampled = self._score(first, column)
        other, others = self._score(second, column)
        return _interval(value - other, resampled - others)

    def _score(self, scored: Scored, column: str) -> tuple[float, Floats]:
        if combine := scored.sums.get(column):
            weights = self._weights if self.examples >= MIN_INTERVAL_EXAMPLES else self._weights[:0]
            return float(combine(scored.counts.sum(axis=0))), combine((weights @ scored.counts).astype(float))
        return self._mean(scored.means[column])

    def _mean(self, values: Floats) -> tuple[float, Floats]:
        applies = ~np.isnan(values)
        filled = np.where(applies, values, 0.0)
        weights = self._weights if applies.sum() >= MIN_INTERVAL_EXAMPLES else self._weights[:0]
        with np.errstate(invalid="ignore"):
            resampled = (weights @ filled) / (weights @ applies.astype(float))
        return (float(filled.sum() / applies.sum()) if applies.any() else math.nan), resampled


def _interval(value: float, resampled: Floats) -> Interval:
    known = resampled[~np.isnan(resampled)]
    if not known.size:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(value, float(low), float(high))
