"""From answers to tables: systems side by side, differences, buckets by similarity, examples to look at."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from biomed_agent.model.contract.rouge import words
from biomed_agent.model.evaluation.metrics import Bootstrap, Interval, Scored
from biomed_agent.model.evaluation.models_under_test import Reply

MODEL, EXCHANGED, BLIND = "model", "structures exchanged", "projections zeroed"
WITHOUT_CONTEXT, QUESTIONS_EXCHANGED = "without the abstract", "questions exchanged"
WRITTEN = "model, choice written"
FREQUENT, LONGEST_OPTION, RANDOM = "most frequent answer", "longest option", "random choice"
CONSTANT, TRIMMED, NEIGHBOUR = "best constant", "best constant, trimmed", "nearest neighbour"
LOSS = "loss (nats per token)"
"""The only column where less is better."""
MOLECULE_EDGES, PROTEIN_EDGES = (0.3, 0.5, 0.7, 0.9), (0.3, 0.4, 0.6)
"""Where buckets of similarity begin: Tanimoto, sequence identity."""
SHOWN_ANSWERS = 6
"""best and worst answers that are shown"""
HISTOGRAM_BINS = 24


@dataclass(frozen=True)
class System:
    """One row of the table: whoever answered the same examples."""

    name: str
    answers: Sequence[str]
    """what it said to each example; "" for a miss"""
    scored: Scored
    misses: Sequence[str] = ()
    """why each example was charged as a miss, "" for those that were not; empty when none can be"""
    cut: Sequence[bool] = ()
    """whether each answer reached the limit of tokens; empty when there is none"""
    note: str = ""

    def part(self, numbers: Sequence[int]) -> System:
        """Return what it said to some of the examples."""
        return System(
            self.name,
            [self.answers[number] for number in numbers],
            self.scored.part(numbers),
            [self.misses[number] for number in numbers] if self.misses else (),
            [self.cut[number] for number in numbers] if self.cut else (),
            self.note,
        )


CONTROLS = (EXCHANGED, BLIND, CONSTANT, TRIMMED)
"""Whoever answers without the structure that the question is about."""
MIN_ROWS = 150
"""Examples from which on a score decides whether a kind of question is offered."""


@dataclass(frozen=True)
class Standing:
    """How another system did on the same examples."""

    rouge_l: float
    error: float
    """standard error of the model's mean minus this one's, from the differences of single examples"""


@dataclass(frozen=True)
class Scores:
    """What a manifest says of one question kind: means over examples."""

    n: int
    rouge_l: float
    shuffled: float
    """ROUGE-L with the structures exchanged among the questions"""
    constant: float | None
    """ROUGE-L of the best constant answer"""
    loss: float | None
    """nats per answer token"""
    loss_shuffled: float | None
    rouge_l_error: float
    """standard error of ``rouge_l - shuffled``, from the differences of single examples"""
    loss_error: float | None
    """standard error of ``loss_shuffled - loss``, likewise"""
    others: Mapping[str, Standing] = field(default_factory=dict)
    """:data:`CONTROLS` and :data:`NEIGHBOUR`, as far as they were asked"""

    @property
    def why_not_offered(self) -> str:
        """Why nobody should be offered the kind by this score; empty when it may be.

        It takes :data:`MIN_ROWS` examples and a ROUGE-L above that of every one of :data:`CONTROLS` by more than two
        standard errors.
        """
        reasons = []
        if self.n < MIN_ROWS:
            reasons.append(f"{self.n} held-out rows are fewer than {MIN_ROWS}")
        if missing := [name for name in CONTROLS if name not in self.others]:
            reasons.append(f"no score of {' or '.join(missing)}")
        near = [
            f"{name} {self.others[name].rouge_l:.3f}"
            for name in CONTROLS
            if name in self.others and not self.rouge_l - self.others[name].rouge_l > 2 * self.others[name].error
        ]
        if near:
            reasons.append(f"ROUGE-L {self.rouge_l:.3f} is not clearly above {' and '.join(near)}")
        return "; ".join(reasons)

    @property
    def uses_structure(self) -> bool:
        """Whether true structures beat exchanged ones by more than two standard errors, in words and in loss.

        Without a loss (a host tells none) the words decide.
        """
        if not self.rouge_l - self.shuffled > 2 * self.rouge_l_error:
            return False
        if self.loss is None or self.loss_shuffled is None or self.loss_error is None:
            return True
        return self.loss_shuffled - self.loss > 2 * self.loss_error


def with_losses(scored: Scored, replies: Sequence[Reply]) -> Scored:
    """Return the scores with the losses beside them, if there are any."""
    losses = np.array([math.nan if reply.loss is None else reply.loss for reply in replies])
    if np.isnan(losses).all():
        return scored
    return Scored({**scored.means, LOSS: losses}, scored.counts, scored.sums)


def structure_scores(systems: Sequence[System]) -> Scores | None:
    """Return what the structures are worth; None without the control of exchanged structures, or of one example."""
    by_name = {system.name: system.scored.means for system in systems}
    if not {MODEL, EXCHANGED} <= by_name.keys() or len(by_name[MODEL].get("ROUGE-L", ())) < 2:
        return None
    true, other = by_name[MODEL], by_name[EXCHANGED]
    constant = by_name.get(CONSTANT)
    losses = None
    if LOSS in true and LOSS in other:
        both = ~np.isnan(true[LOSS]) & ~np.isnan(other[LOSS])
        losses = (true[LOSS][both].tolist(), other[LOSS][both].tolist()) if both.sum() > 1 else None
    words_ = true["ROUGE-L"].tolist(), other["ROUGE-L"].tolist()
    return Scores(
        n=len(words_[0]),
        rouge_l=_round(statistics.fmean(words_[0])),
        shuffled=_round(statistics.fmean(words_[1])),
        constant=None if constant is None else _round(statistics.fmean(constant["ROUGE-L"].tolist())),
        loss=None if losses is None else _round(statistics.fmean(losses[0])),
        loss_shuffled=None if losses is None else _round(statistics.fmean(losses[1])),
        rouge_l_error=_round(_paired_error(*words_)),
        loss_error=None if losses is None else _round(_paired_error(*losses)),
        others={
            name: Standing(
                _round(statistics.fmean(by_name[name]["ROUGE-L"].tolist())),
                _round(_paired_error(words_[0], by_name[name]["ROUGE-L"].tolist())),
            )
            for name in (*CONTROLS, NEIGHBOUR)
            if name in by_name
        },
    )


def _paired_error(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the standard error of the mean of ``first - second``."""
    return statistics.stdev(a - b for a, b in zip(first, second, strict=True)) / math.sqrt(len(first))


def _round(value: float) -> float:
    return round(value, 4)


# ---------------------------------------------------------------------------------------------- sections


@dataclass(frozen=True)
class Asked:
    """One example as tables show it."""

    key: str
    structure: str
    question: str
    expected: str
    similarity: float = math.nan
    """of the nearest training structure; NaN without training data, or where the structure cannot be read"""


def section(
    kind: str,
    asked: Sequence[Asked],
    systems: Sequence[System],
    headline: str,
    edges: Sequence[float] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """Return one table as JSON: scores with intervals, differences to the model, buckets, lengths, examples.

    Args:
        kind: What the examples have in common.
        asked: The examples.
        systems: The model first.
        headline: The score that buckets and examples go by.
        edges: Where buckets of similarity begin; none without a training set.
        seed: Of the resampling.
    """
    bootstrap = Bootstrap(len(asked), seed)
    model = systems[0]
    columns = list(dict.fromkeys(name for system in systems for name in system.scored.columns))
    columns.sort(key=lambda name: name != "accuracy")  # first where there is one
    rows = []
    for system in systems:
        own = [column for column in columns if column in system.scored.columns]
        row = {
            "name": system.name,
            "scores": {column: _interval(bootstrap.interval(system.scored, column)) for column in own},
            "misses": dict(Counter(reason for reason in system.misses if reason)),
            "answers_cut": sum(system.cut),
        }
        if system is not model:
            shared = [column for column in own if column in model.scored.columns]
            row["model_minus_this"] = {
                column: _interval(bootstrap.difference(model.scored, system.scored, column)) for column in shared
            }
        rows.append({**row, "note": system.note} if system.note else row)
    use = structure_scores(systems)
    return {
        "kind": kind,
        "examples": len(asked),
        "columns": columns,
        "systems": rows,
        "structure": None if use is None else {**asdict(use), "uses_structure": use.uses_structure},
        "buckets": buckets(asked, systems, headline, edges, seed) if edges else [],
        "lengths": lengths([row.expected for row in asked], model.answers),
        "shown": extremes(asked, systems, headline),
    }


def buckets(
    asked: Sequence[Asked], systems: Sequence[System], headline: str, edges: Sequence[float], seed: int
) -> list[dict[str, Any]]:
    """Return the headline score of each system by similarity of the nearest training structure."""
    bounds = [-math.inf, *edges, math.inf]
    buckets = []
    for low, high in pairwise(bounds):
        where = [number for number, row in enumerate(asked) if low <= row.similarity < high]
        name = f"below {edges[0]:g}" if low == -math.inf else f"{low:g} and above" if high == math.inf else ""
        buckets.append({"name": name or f"{low:g} to {high:g}", **_bucket(where, systems, headline, seed)})
    if unknown := [number for number, row in enumerate(asked) if math.isnan(row.similarity)]:
        buckets.append({"name": "not readable", **_bucket(unknown, systems, headline, seed)})
    return buckets


def _bucket(where: Sequence[int], systems: Sequence[System], headline: str, seed: int) -> dict[str, Any]:
    if not where:
        return {"examples": 0, "scores": {}}
    bootstrap = Bootstrap(len(where), seed)
    scores = {
        system.name: _interval(bootstrap.interval(system.scored.part(where), headline))
        for system in systems
        if headline in system.scored.columns
    }
    return {"examples": len(where), "scores": scores}


def lengths(expected: Sequence[str], answers: Sequence[str]) -> dict[str, Any]:
    """Return histograms of words in what was expected and in what was said; the last bin is open."""
    counts = [[len(words(text)) for text in texts] for texts in (expected, answers)]
    longest = sorted(counts[0] + counts[1])[int(0.99 * (len(expected) + len(answers) - 1))]
    width = max(1, math.ceil((longest + 1) / HISTOGRAM_BINS))
    bins = [Counter(min(count // width, HISTOGRAM_BINS - 1) for count in values) for values in counts]
    used = max(max(counter) for counter in bins) + 1
    return {
        "words_per_bin": width,
        "expected": [bins[0][number] for number in range(used)],
        "said": [bins[1][number] for number in range(used)],
    }


def extremes(asked: Sequence[Asked], systems: Sequence[System], headline: str) -> dict[str, list[dict[str, Any]]]:
    """Return the model's best and worst answers by the headline score, half of them at most each.

    What scores 0 is none of the best; among the worst, misses come last.
    """
    values = systems[0].scored.means.get(headline)
    if values is None:
        return {"best": [], "worst": []}
    order = sorted(range(len(asked)), key=lambda number: (-values[number], asked[number].key))
    half = order[: min(SHOWN_ANSWERS, (len(order) + 1) // 2)]
    best = [number for number in half if values[number] > 0]
    others = list(reversed(order[len(best) :]))
    worst = sorted(others, key=lambda number: not systems[0].answers[number])[:SHOWN_ANSWERS]
    return {
        "best": [example_of(asked[number], systems, number, headline) for number in best],
        "worst": [example_of(asked[number], systems, number, headline) for number in worst],
    }


def example_of(row: Asked, systems: Sequence[System], number: int, headline: str) -> dict[str, Any]:
    """Return one example with every system's answer and headline score."""
    return {
        "key": row.key,
        "structure": row.structure,
        "question": row.question,
        "expected": row.expected,
        "similarity": None if math.isnan(row.similarity) else round(row.similarity, 4),
        "answers": {system.name: system.answers[number] for system in systems},
        "scores": {
            system.name: _round(float(system.scored.means[headline][number]))
            for system in systems
            if headline in system.scored.means
        },
    }


def _interval(interval: Interval) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else round(value, 5)
        for name, value in zip(("value", "low", "high"), interval, strict=True)
    }
