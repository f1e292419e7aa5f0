"""Systematic names that no index knows: OPSIN reads them on this machine, before anybody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from biomed_agent.core.chemistry import nomenclature, opsin
from biomed_agent.core.chemistry.name_shapes import looks_systematic
from biomed_agent.core.errors import Cancelled, TimedOut, Unavailable
from biomed_agent.core.identifiers import split_prefix

if TYPE_CHECKING:
    from biomed_agent.core.types import Molecule
    from biomed_agent.sources.local import LocalIndex


def read_systematic(name: str) -> Molecule | None:
    """Return the molecule of a name that looks systematic; None when it does not, or OPSIN cannot read it.

    Raises:
        TimedOut: The deadline of the call is over.
        Cancelled: The call was cancelled.
    """
    if not looks_systematic(name) or not nomenclature.can_read():
        return None
    try:
        return nomenclature.molecule_named(name)
    except (TimedOut, Cancelled):
        raise
    except Unavailable:  # a Java that does not start; the name is then one as any other
        return None


def read_ahead(index: LocalIndex, texts: Sequence[str]) -> None:
    """Read the systematic names among many texts in one go, so that each is known when it is resolved."""
    names = [value for prefix, value in map(split_prefix, map(str.strip, texts)) if prefix in ("", "name")]
    names = [name for name in names if looks_systematic(name) and not index.molecules_named(name)]
    if names and nomenclature.can_read():
        with suppress(Unavailable):  # each name says so when it is resolved
            nomenclature.structures_of(names)


def hint(name: str) -> str:
    """Say what would help to read a name that looks systematic and was not read; empty for any other name."""
    if not looks_systematic(name):
        return ""
    if not nomenclature.can_read():
        return f"To read systematic names on this machine: {opsin.HOW_TO_INSTALL}. "
    return (
        "It looks like a systematic name, but OPSIN does not read it: it may be misspelled, fit several structures, or "
        "give a descriptor that its structure has no place for. "
    )
