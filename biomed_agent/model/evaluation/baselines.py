"""What needs no model: one answer for everything, the most similar training structure's, and what was seen before."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

import numpy as np

from biomed_agent.core.words import split_sentences
from biomed_agent.model.contract.rouge import Subsequence, words
from biomed_agent.model.data.examples import Example, Question
from biomed_agent.model.data.similarity import Neighbour, nearest_molecules, nearest_proteins
from biomed_agent.model.data.splits import structure_group
from biomed_agent.model.evaluation.metrics import Scored

WIDE, NARROW, REFINED = 150, 20, 600
"""Answers every candidate is compared with, candidates that stay, and answers that changes are compared with."""
CANDIDATES = 6000
ROUNDS = 12
FREQUENT = 20
T = TypeVar("T")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\[])")


@dataclass(frozen=True, slots=True)
class Constant:
    """The text that scores best, by ROUGE-L over the training answers, when it is given to every question."""

    answer: str
    """the best whole training answer"""
    trimmed: str
    """the best text made of it by cutting and by adding frequent sentences; often no grammatical one"""


def best_constant(answers: Sequence[str]) -> Constant:
    """Search the best constant answer; the questions that are scored play no part.

    Every distinct answer (at most 6,000: the most frequent half, and an even choice of the others) is compared with
    150 evenly chosen answers, the best 20 with all. From the best three on, words are cut off the end of a sentence,
    sentences left out, or one of the 20 most frequent later sentences added, as long as that helps over 600 answers.

    Args:
        answers: Training answers of one question kind, at least one.
    """
    distinct = [answer for answer, _ in Counter(answers).most_common()]
    if len(distinct) > CANDIDATES:
        half = CANDIDATES // 2
        distinct = distinct[:half] + _evenly(distinct[half:], half)
    every = [Subsequence(words(answer)) for answer in answers]
    wide, refined = _evenly(every, WIDE), _evenly(every, REFINED)
    narrow = sorted(distinct, key=lambda text: -mean_rouge_l(text, wide))[:NARROW]
    whole = sorted(narrow, key=lambda text: -mean_rouge_l(text, every))
    later = Counter(sentence for answer in answers for sentence in _sentences(answer)[1:])
    frequent = [sentence for sentence, _ in later.most_common(FREQUENT)]
    climbed = [_climb(text, frequent, refined) for text in whole[:3]]
    return Constant(whole[0], max([whole[0], *climbed], key=lambda text: mean_rouge_l(text, every)))


def mean_rouge_l(text: str, references: Sequence[Subsequence]) -> float:
    """Return the mean ROUGE-L of one text with each of the references."""
    said = words(text)
    return fmean(reference.rouge_l(said) for reference in references)


def _evenly(things: Sequence[T], count: int) -> list[T]:
    """Return about ``count`` of the things, at equal distances."""
    return list(things[:: max(1, len(things) // count)])


def _climb(text: str, frequent: Sequence[str], references: Sequence[Subsequence]) -> str:
    best = mean_rouge_l(text, references)
    for _ in range(ROUNDS):
        scores = {other: mean_rouge_l(other, references) for other in _changes(text, frequent)}
        other = max(scores, key=scores.__getitem__, default=text)
        if scores.get(other, 0.0) <= best + 1e-9:  # not for a rounding error
            break
        text, best = other, scores[other]
    return text


def _changes(text: str, frequent: Sequence[str]) -> Iterator[str]:
    sentences = _sentences(text)
    for number, sentence in enumerate(sentences):
        before, after = sentences[:number], sentences[number + 1 :]
        if len(sentences) > 1:
            yield " ".join(before + after)
        cut = sentence.split()
        for length in range(1, len(cut)):
            yield " ".join([*before, *cut[:length], *after])
    yield from (f"{text} {sentence}" for sentence in frequent if sentence not in sentences)


def _sentences(text: str) -> list[str]:
    return split_sentences(text, _SENTENCE_END)


# ---------------------------------------------------------------------------------------------- neighbours


def nearest(rows: Sequence[Example], train: Sequence[Example], structure: str) -> list[Neighbour]:
    """Return for each example the training example with the most similar structure that answers the same question.

    Where the training data does not hold the question, all its examples are compared with. The index is -1 and the
    similarity 0 where there is nothing similar.

    Args:
        rows: The examples.
        train: Where neighbours are looked for.
        structure: ``molecule`` (Tanimoto similarity) or ``protein`` (sequence identity).
    """
    name, compare = ("smiles", nearest_molecules) if structure == "molecule" else ("sequence", nearest_proteins)
    usable = [number for number, one in enumerate(train) if getattr(one, name)]
    found = [Neighbour(-1, 0.0)] * len(rows)
    for question in dict.fromkeys(row.question for row in rows):
        mine = [number for number, row in enumerate(rows) if row.question == question]
        theirs = [number for number in usable if train[number].question == question] or usable
        matches = compare([getattr(rows[n], name) for n in mine], [getattr(train[n], name) for n in theirs])
        for number, match in zip(mine, matches, strict=True):
            if match.index >= 0:
                found[number] = Neighbour(theirs[match.index], match.similarity)
    return found


# ---------------------------------------------------------------------------------------------- what was trained on


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of what is scored stands in the training data too, whatever is asked of it there."""

    by: str
    """what is compared"""
    examples: int
    """how many examples are about something that was trained on"""
    distinct: int
    """how many different things that are"""

    def __str__(self) -> str:
        if not self.examples:
            return f"No {self.by} of these examples occurs in the training data."
        what = self.by if self.distinct == 1 else f"{self.by}s"
        return (
            f"{self.examples:,} of these examples ({self.distinct:,} different {what}) also occur in the training "
            "data: their scores may tell what was remembered."
        )


def overlap(rows: Sequence[Example | Question], train: Sequence[Example | Question]) -> Overlap:
    """Count the examples whose structure group, sequence or question (in words) the training data holds.

    Molecules are the same when their structure groups are (:func:`.splits.structure_group`): salts, charge states and
    stereoisomers do not make another one. A molecule with a protein counts by the pair.
    """
    group = functools.cache(structure_group)

    def thing(one: Example | Question) -> str:
        if isinstance(one, Question):
            return " ".join(words(one.text))
        return "\n".join((group(one.smiles) if one.smiles else "", one.sequence))

    known = {thing(one) for one in train}
    again = [found for found in map(thing, rows) if found in known]
    first = rows[0]
    by = "question" if isinstance(first, Question) else "structure group" if first.smiles else "sequence"
    return Overlap(by, len(again), len(set(again)))


# ---------------------------------------------------------------------------------------------- choices


def longest_option(question: Question) -> str:
    """Return the key of the longest option, the first of equals."""
    return max(question.options, key=lambda key: len(question.options[key]))


def random_choice(questions: Sequence[Question]) -> Scored:
    """Return what choosing at random scores on average: 1 in as many as there are options."""
    return Scored(
        {"accuracy": np.array([1 / len(one.options) for one in questions])}, np.zeros((len(questions), 0)), {}
    )


def most_frequent(answers: Sequence[str]) -> str:
    """Return the most frequent answer, the first of equals."""
    return Counter(answers).most_common(1)[0][0]
