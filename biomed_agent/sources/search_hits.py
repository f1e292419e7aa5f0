"""What a search by structure found, wherever it searched."""

from __future__ import annotations

from dataclasses import dataclass

from biomed_agent.core.types import Molecule, Provenance


@dataclass(frozen=True, slots=True)
class Hit:
    """One molecule that is like the one asked about, or holds it."""

    molecule: Molecule
    likeness: float | None = None
    """Tanimoto similarity of Morgan fingerprints (0 to 1); None where it was not computed"""


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits of a search, best first."""

    hits: tuple[Hit, ...]
    total: int
    """how many there are, or how many were counted before the search stopped"""
    more: bool
    """whether there are still more than ``total``"""
    provenance: Provenance
    """where was searched, and how"""

    @property
    def beyond(self) -> str:
        """What is not among ``hits``, in words; empty when all of it is."""
        left = self.total - len(self.hits)
        if self.more:
            return f"at least {left:,} more exist" if left else "more exist"
        return f"{left:,} more exist" if left else ""
