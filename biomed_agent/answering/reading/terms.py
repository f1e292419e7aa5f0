"""Classes, roles, families and places as records write them, by the words of a question."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from biomed_agent.core.query import EntityKind

if TYPE_CHECKING:
    from biomed_agent.sources.local import LocalIndex

_OF_PROTEINS = ("", "EC number", "subcellular location", "GO molecular function", "GO biological process",
                "GO cellular component", "name")  # fmt: skip


class Terms(Protocol):
    """Names of classes, roles, families and places, as the records write them."""

    def term(self, kind: EntityKind, words: str) -> tuple[str, str] | None:
        """Return the predicate and the value that words name, such as a role of molecules; None for none."""


class RecordedTerms:
    """The terms of the local index.

    Args:
        index: Where they are recorded.
    """

    def __init__(self, index: LocalIndex) -> None:
        self.index = index
        self.term = lru_cache(4096)(self._term)

    def _term(self, kind: EntityKind, words: str) -> tuple[str, str] | None:
        """See :class:`Terms`."""
        if kind == "molecule":
            return ("ChEBI", words) if self.index.molecules_with("", words, 0).total else None
        for predicate in _OF_PROTEINS:
            if self.index.proteins_with(predicate, words, 0).total:
                return predicate or "protein family", words
        return None
