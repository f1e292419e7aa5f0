"""Look-ups of many things at once.

::

    batch = PubChem(transport).by_names(["aspirin", "caffeine", "flurbnitrol"])
    batch.records["aspirin"][0].smiles
    batch.missing["flurbnitrol"].status  # "not_found"; what is "unavailable" may be asked for again
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from biomed_agent.core.errors import BiomedAgentError

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Batch(Generic[K, V]):
    """What became of each thing that was asked for; whatever is not found is missing, with its reason."""

    records: dict[K, V]
    """what was found, by what was asked, in the order asked"""
    missing: dict[K, BiomedAgentError]
    """why the others were not: :class:`~biomed_agent.core.errors.NotFound` for what the service does not have,
    :class:`~biomed_agent.core.errors.InvalidInput` for what cannot be asked,
    :class:`~biomed_agent.core.errors.Refused` for what must not leave this machine,
    :class:`~biomed_agent.core.errors.Unavailable` for what may be asked again"""


def in_order(asked: Sequence[K], outcome: Callable[[K], V]) -> Batch[K, V]:
    """Sort what was asked into found and missing, each thing once; ``outcome`` returns it or raises why not."""
    batch: Batch[K, V] = Batch({}, {})
    for item in dict.fromkeys(asked):
        try:
            batch.records[item] = outcome(item)
        except BiomedAgentError as error:
            batch.missing[item] = error
    return batch


def in_chunks(
    asked: Sequence[str], size: int, fetch: Callable[[Sequence[str]], Mapping[str, V]]
) -> dict[str, V | BiomedAgentError]:
    """Fetch ``asked`` in parts of ``size``; a part that fails leaves its error in the place of each of its values."""
    outcomes: dict[str, V | BiomedAgentError] = {}
    for start in range(0, len(asked), size):
        part = asked[start : start + size]
        try:
            outcomes |= fetch(part)
        except BiomedAgentError as error:
            outcomes |= dict.fromkeys(part, error)
    return outcomes
