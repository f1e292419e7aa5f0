"""What may leave this machine, and what has left it.

One policy for everything that sends: the transport of the databases and the client of a model host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from .errors import Refused
from .types import EgressPolicy

Reveals: TypeAlias = Literal["name", "identifier", "query", "structure", "text"]
"""What a request tells the service: a name, an identifier or hash, a literature query its author typed as such,
a structure or sequence, or free text."""
CONFIDENTIAL: frozenset[Reveals] = frozenset({"structure", "text"})
"""What the policy ``names-only`` keeps on this machine."""

_recorders: ContextVar[tuple[list[str], ...]] = ContextVar("recorders", default=())


@contextmanager
def recording() -> Iterator[list[str]]:
    """Collect what leaves this machine within the block, in this thread or task only.

    A thread pool inherits the recording when the work is started through ``contextvars.copy_context().run``.
    """
    entries: list[str] = []
    token = _recorders.set((*_recorders.get(), entries))
    try:
        yield entries
    finally:
        _recorders.reset(token)


def record_egress(entry: str) -> None:
    """Note one request that leaves this machine, secrets removed, in every open :func:`recording`."""
    for entries in _recorders.get():
        entries.append(entry)


def permit(to: str, egress: EgressPolicy, reveals: Reveals, offline: bool = False) -> None:
    """Return when a request may leave this machine.

    Args:
        to: Whom it is for, in words.
        egress: The policy.
        reveals: What it tells.
        offline: Whether nothing is to be asked at all.

    Raises:
        Refused: It may not; names the policy and what to set.
    """
    if offline:
        raise Refused(
            f"{to} was not asked: offline is on.",
            "Use a local index (BIOMED_AGENT_INDEX), or unset BIOMED_AGENT_OFFLINE.",
        )
    if egress == "nothing":
        raise Refused(
            f"{to} was not asked: the egress policy is nothing.",
            "Use a local index (BIOMED_AGENT_INDEX), or set BIOMED_AGENT_EGRESS=names-only or public.",
        )
    if egress == "names-only" and reveals in CONFIDENTIAL:
        kind = "a structure or sequence" if reveals == "structure" else "free text"
        raise Refused(
            f"{to} was not asked: that would reveal {kind}, and the egress policy is names-only.",
            "Give a name or an identifier, or set BIOMED_AGENT_EGRESS=public.",
        )


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
