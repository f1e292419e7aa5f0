"""What was asked for and nothing states, each with whose silence that is.

A record that was read and holds no such field, a source that was not asked, and one that gave no answer are three
things; the local index holds only some fields of a record, so that its silence is none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.core.types import Entity
from biomed_agent.sources.pubchem.depositor_facts import unread_note


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing asked of an entity that nothing states."""

    entity: Entity
    asked: str
    """predicate, or what the reader calls several of them, such as ``diseases``"""
    source: str = ""
    """the record that was read (``UniProt's record P00533``) or the source that was not (``UniProt``); empty where
    only the local index could state it"""
    error: BiomedAgentError | None = None
    """why the source was not read; None when it was"""

    @property
    def unread(self) -> bool:
        """Whether a source that might state it was not asked, or gave no answer."""
        return self.error is not None and self.error.status in ("refused", "unavailable")

    @property
    def why(self) -> str:
        """Why the source was not read, in the fewest words."""
        return "" if self.error is None else (getattr(self.error, "why", "") or self.error.status)


def decisive(gaps: Iterable[Gap]) -> BiomedAgentError | None:
    """Return the error that decides the status where nothing is stated; None when every source was read.

    A service that is down now may answer later; what is switched off or forbidden will not.
    """
    errors = [gap.error for gap in gaps if gap.unread and gap.error is not None]
    return next((error for error in errors if error.status == "unavailable"), next(iter(errors), None))


def unread_notes(gaps: Iterable[Gap]) -> list[str]:
    """Return the warnings that live records were not read, for what an answer lacks that states other things."""
    return list(dict.fromkeys(unread_note(gap.error) for gap in gaps if gap.unread and gap.error is not None))
