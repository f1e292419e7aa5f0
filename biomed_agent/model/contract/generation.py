"""What is asked of a model and what comes back: options of decoding, one answer, and who gives it.

A client sends messages (:mod:`biomed_agent.model.contract.prompt`) and gets text; which generator answers, near or far,
:func:`biomed_agent.model.connect.connect` decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol

from biomed_agent.core.errors import CheckpointError
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.contract.prompt import Message

_MEND_MANIFEST = "Correct the manifest, or leave the table out to have answers decoded greedily."


@dataclass(frozen=True, slots=True)
class Options:
    """How to decode; the defaults are greedy and therefore repeatable."""

    max_new_tokens: int = 256
    num_beams: int = 1
    temperature: float = 0.0
    """0 means greedy"""
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    mbr_samples: int = 0
    """sampled answers of which the one that agrees best with the others is given (minimum-Bayes-risk decoding); 0 means
    none. Takes a ``temperature`` above 0, a ``seed`` to be repeatable, and so many times the memory of a prompt."""


def options_for(stamp: ModelStamp, kind: str) -> Options:
    """Return how a model is asked a kind of question, as its manifest says.

    Raises:
        CheckpointError: The manifest's ``decoding`` or ``decoding_by_kind`` holds what is no option, or no value of it.
    """
    by_kind = stamp.decoding_by_kind if isinstance(stamp.decoding_by_kind, Mapping) else {kind: stamp.decoding_by_kind}
    tables = {"decoding": stamp.decoding, f"decoding_by_kind of {kind}": by_kind.get(kind, {})}
    chosen = {}
    for where, table in tables.items():
        if not isinstance(table, Mapping):
            raise CheckpointError(
                f"{where} in the manifest of {stamp.name} is {table!r}; expected a table of options.", _MEND_MANIFEST
            )
        for name, value in table.items():
            chosen[name] = _option(f"{where} in the manifest of {stamp.name}", name, value)
    return Options(**chosen)


def _option(where: str, name: str, value: Any) -> Any:
    """Return the value of an option as :class:`Options` wants it."""
    usual = {field.name: field.default for field in fields(Options)}
    if name not in usual:
        raise CheckpointError(f"{where} holds {name!r}; expected some of {', '.join(usual)}.", _MEND_MANIFEST)
    wanted = "a list of strings" if name == "stop" else "a number"
    if name == "stop":
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
    elif name == "seed" and value is None:
        return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(usual[name], float):
            return float(value)
        if float(value).is_integer():
            return int(value)
    raise CheckpointError(f"{where} has {name} = {value!r}; expected {wanted}.", _MEND_MANIFEST)


@dataclass(frozen=True, slots=True)
class Generation:
    """One answer of the model."""

    text: str
    finish_reason: Literal["stop", "length"] = "stop"
    prompt_tokens: int = 0
    new_tokens: int = 0
    """of this answer, not of the samples that were not chosen"""
    truncated: str = ""
    """what was cut to fit the model, in words; empty when nothing was"""
    agreement: float | None = None
    """mean ROUGE-L of the answer with the other samples it was chosen among, between 0 and 1; None where it was not
    chosen among several"""


class Generator(Protocol):
    """What asks a model. Every method raises :class:`~biomed_agent.core.errors.BiomedAgentError` only.

    A call that is over (:func:`biomed_agent.core.deadline.current` as it was when the method was called) ends with
    :class:`~biomed_agent.core.errors.TimedOut` or :class:`~biomed_agent.core.errors.Cancelled`: near, within one token;
    at a host, by closing its connection at once.
    """

    @property
    def stamp(self) -> ModelStamp:
        """Name, revision, digest and offered question kinds of the model that answers."""

    def generate(self, messages: Sequence[Message], options: Options = ...) -> Generation:
        """Answer ``messages``; of ``mbr_samples`` the one that agrees best with the others, whatever it says."""

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """Return ``n`` answers to ``messages``.

        They are chosen among by :func:`biomed_agent.model.contract.samples.choose`. Several need a temperature
        above 0 and one beam. A host may give fewer.
        """

    def stream(self, messages: Sequence[Message], options: Options = ...) -> Iterator[str]:
        """Yield the answer in pieces as they are decoded."""

    async def agenerate(self, messages: Sequence[Message], options: Options = ...) -> Generation:
        """Like :meth:`generate`, without blocking the event loop."""

    def astream(self, messages: Sequence[Message], options: Options = ...) -> AsyncIterator[str]:
        """Like :meth:`stream`, asynchronously."""

    def close(self) -> None:
        """Free what is held: threads, connections, the model's memory; harmless twice. A later call takes it again."""

    async def aclose(self) -> None:
        """Like :meth:`close`, without blocking the event loop."""
