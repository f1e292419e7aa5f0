"""Several answers to one prompt, and which of them is given.

The choice stands above the generator: whoever asks knows what an answer contradicts, a host does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message
from biomed_agent.model.contract.rouge import most_agreed


class Samples(Protocol):
    """Whoever draws several answers: every :class:`~biomed_agent.model.contract.generation.Generator`."""

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """Return ``n`` answers to one prompt."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers to a prompt."""

    generation: Generation
    """the answer; its ``agreement`` is that with the others the choice was among, None where there was no other"""
    drawn: int = 1
    """how many answers there were"""
    rejected: int = 0
    """how many of them were left out before the choice; all of them only where every one was rejected, and then the
    choice was among all"""


def choose(samples: Sequence[Generation], reject: Callable[[str], bool] | None = None) -> Choice:
    """Return the sample that agrees best with the others, without those that are rejected.

    Minimum-Bayes-risk decoding (Eikema & Aziz, 2022) with ROUGE-L as the utility, over the samples that are left: one
    that is known to be wrong is neither an answer nor evidence for one. Where all are rejected all are left, and what
    is wrong in the chosen one is for the caller to withhold. A sample without a word is given only where all are so.

    Args:
        samples: At least one.
        reject: Whether a text says something that is known to be wrong; asked once for each distinct text.

    Raises:
        ValueError: There is no sample.
    """
    if not samples:
        raise ValueError("got no sample; expected at least one")
    answers = [sample for sample in samples if sample.text.strip()] or list(samples)
    wrong = {text: reject(text) for text in dict.fromkeys(sample.text for sample in answers)} if reject else {}
    left = [sample for sample in answers if not wrong.get(sample.text, False)]
    rejected = len(answers) - len(left)
    left = left or answers
    if len(left) == 1:
        # A host may compare by itself and say how well its only answer agrees; of ours the others are left out.
        alone = left[0] if len(samples) == 1 else replace(left[0], agreement=None)
        return Choice(alone, len(samples), rejected)
    best = most_agreed([sample.text for sample in left])
    return Choice(replace(left[best.place], agreement=best.agreement), len(samples), rejected)


def ask_and_choose(
    model: Samples, messages: Sequence[Message], options: Options, reject: Callable[[str], bool] | None = None
) -> Choice:
    """Ask for as many answers as ``options.mbr_samples`` says, one when it says none, and choose.

    A host may give fewer than it is asked for; ``drawn`` says how many there were.
    """
    wanted = max(options.mbr_samples, 1)
    return choose(model.samples(messages, replace(options, mbr_samples=0), wanted), reject)
