"""What a single rule finds about a single assertion, before a sentence gets its verdict."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import Provenance, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one rule."""

    verdict: Verdict
    why: str
    provenance: Provenance | None = None


def supported(why: str, provenance: Provenance | None = None) -> Finding:
    """The assertion holds."""
    return Finding("supported", why, provenance)


def contradicted(why: str, provenance: Provenance | None = None) -> Finding:
    """An exact rule excludes the assertion."""
    return Finding("contradicted", why, provenance)


def unverified(why: str) -> Finding:
    """Nothing decides the assertion."""
    return Finding("unverified", why)
