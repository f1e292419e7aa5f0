"""Replies that are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from biomed_agent.core.errors import BiomedAgentError, Unavailable


@contextmanager
def well_formed(service: str, *foreign: type[BiomedAgentError]) -> Iterator[None]:
    """Turn what a malformed reply provokes in its reader into :class:`~biomed_agent.core.errors.Unavailable`.

    A reader meets anything at all in a reply that is not what it should be, so every error that is none of this
    package's is turned.

    Args:
        service: Whose reply it is.
        foreign: Errors of this package that mean a malformed reply as well.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, BiomedAgentError) and not isinstance(error, foreign):
            raise
        raise Unavailable(
            f"{service}'s reply is malformed ({type(error).__name__}: {error}).",
            f"{service} may have changed its format; look for a newer version of this package.",
        ) from error
