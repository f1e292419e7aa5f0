"""What may leave this machine, and what has left it.

One policy for everything that sends: the transport of the databases and the client of a model host. Both note each
request that leaves, and each that was refused, in the audit log.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from biomed_agent.core.errors import Refused
from biomed_agent.core.identifiers import INCHIKEY
from biomed_agent.core.types import EgressPolicy

Discloses: TypeAlias = Literal["name", "identifier", "query", "structure", "text"]
"""What a request tells the service: a name, an identifier or hash, a literature query its author typed as such,
a structure or sequence, or free text."""
CONFIDENTIAL: frozenset[Discloses] = frozenset({"structure", "text"})
"""What the policy ``names-only`` keeps on this machine."""

logger = logging.getLogger(__name__)
_HASH = re.compile(rf"{INCHIKEY.pattern}|checksum")
_KINDS: dict[Discloses, str] = {
    "name": "names",
    "identifier": "identifiers",
    "query": "literature query",
    "structure": "structures",
    "text": "free text",
}

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


def leaves(event: str, details: Mapping[str, Any]) -> bool:
    """Whether an event of httpcore's ``trace`` is a request that leaves: its connection stands, nothing is sent yet.

    What asks a proxy for a connection is none.
    """
    return event == "http11.send_request_headers.started" and details["request"].method != b"CONNECT"


def permit(to: str, egress: EgressPolicy, discloses: Discloses, offline: bool = False, withheld: str = "") -> None:
    """Return when a request may leave this machine.

    Args:
        to: Whom it is for, in words.
        egress: The policy.
        discloses: What it tells.
        offline: Whether nothing is to be asked at all.
        withheld: The part of a name or query that is a structure, see :func:`.disclosure.structure_in`.

    Raises:
        Refused: It may not; names the policy and what to set.
    """
    if offline:
        raise switched_off(to)
    if egress == "nothing":
        raise Refused(
            f"{to} was not asked: the egress policy is nothing.",
            "Use a local index (BIOMED_AGENT_INDEX), or set BIOMED_AGENT_EGRESS=names-only or public.",
            "the egress policy is nothing",
        )
    if egress == "names-only" and discloses in CONFIDENTIAL:
        kind = "a structure or sequence" if discloses == "structure" else "free text"
        if withheld:
            raise Refused(
                f"{to} was not asked: {withheld} would reveal {kind}, and the egress policy is names-only.",
                "Put smiles:, inchi: or seq: in front of a structure or sequence, so that only its hash leaves; "
                "if it is a name, set BIOMED_AGENT_EGRESS=public to send it.",
                f"{withheld} would reveal {kind}, and the egress policy is names-only",
            )
        raise Refused(
            f"{to} was not asked: that would reveal {kind}, and the egress policy is names-only.",
            "Give a name or an identifier, or set BIOMED_AGENT_EGRESS=public.",
            f"that would reveal {kind}, and the egress policy is names-only",
        )


def switched_off(to: str) -> Refused:
    """Return the error that says that ``to`` was not asked because of ``offline``."""
    return Refused(
        f"{to} was not asked: offline is on.",
        "Use a local index (BIOMED_AGENT_INDEX), or leave out offline (--offline, BIOMED_AGENT_OFFLINE).",
        "offline is on",
    )


@dataclass(frozen=True, slots=True)
class Departure:
    """One request that leaves this machine, or would."""

    service: str
    method: str
    discloses: Discloses
    log_line: str
    """the request in words"""
    request: str
    """the request as sent, secrets removed; only its digest is noted"""
    policy: EgressPolicy

    @property
    def kind(self) -> str:
        """What kind of data it holds: names, identifiers, hashes, literature query, structures or free text."""
        return "hashes" if self.discloses == "identifier" and _HASH.search(self.request) else _KINDS[self.discloses]


MAX_LOG_BYTES = 10 * 2**20
"""bytes the audit log may have, about 30,000 requests; then it is put aside, and the one put aside before is dropped"""


class AuditLog:
    """A file of what left this machine and what was refused, one line of JSON each.

    Processes append to it at the same time, one after the other under a lock of the file. A line that would make it
    larger than ``limit`` opens a new file; the full one is kept as ``NAME.1`` in place of the one before. A structure,
    a sequence or a free text is noted by its kind and digest alone. A file that cannot be written costs a warning in
    the log.

    Args:
        path: The file; made when the first line is written. None for no log.
        limit: Most bytes of the file.
    """

    def __init__(self, path: Path | None, limit: int = MAX_LOG_BYTES) -> None:
        self.path = None if path is None else path.expanduser()
        self.limit = limit

    @property
    def older(self) -> Path | None:
        """The full file before this one; it need not exist."""
        return None if self.path is None else self.path.with_name(f"{self.path.name}.1")

    def note(self, departure: Departure, event: Literal["sent", "blocked"], **more: Any) -> None:
        """Append one line: time, event, service, method, kind of data, request in words, digest, policy, ``more``."""
        if self.path is None:
            return
        shown = f"({departure.kind})" if departure.discloses in CONFIDENTIAL else departure.log_line[:200]
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "event": event,
            "service": departure.service,
            "method": departure.method,
            "kind": departure.kind,
            "what": shown,
            "digest": hashlib.sha256(departure.request.encode()).hexdigest(),
            "policy": departure.policy,
            **more,
        }
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._append(self.path, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        except OSError as error:
            logger.warning("the audit log %s cannot be written: %s", self.path, error)
            self.path = None

    def _append(self, path: Path, line: bytes) -> None:
        """Write a line; the file is opened anew when it is full, or was put aside by another process meanwhile."""
        while True:
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _lock(file)
                if not _is_at(file, path):
                    continue
                size = os.fstat(file).st_size
                if size and size + len(line) > self.limit and self._put_aside(path):
                    continue
                if size and _last_byte(file) != b"\n":  # what a killed process left must not spoil this line
                    line = b"\n" + line
                while line:  # a full disk may take a part of it
                    line = line[os.write(file, line) :]
                return
            finally:
                os.close(file)

    def _put_aside(self, path: Path) -> bool:
        """Make a full file the older one; where the system does not allow it for an open file, it grows on."""
        try:
            path.replace(path.with_name(f"{path.name}.1"))
        except OSError:
            return False
        return True

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what was noted, oldest first, the older file's lines too; lines that were cut off are passed over."""
        for path in (self.older, self.path):
            if path is None or not path.is_file():
                continue
            with path.open(encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue
                    if isinstance(entry, dict):
                        yield entry

    def summary(self) -> dict[str, Any]:
        """Return how many requests were sent and blocked, of which kinds and to whom, and the time of the last."""
        events: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        services: Counter[str] = Counter()
        last = ""
        for entry in self.entries():
            events[str(entry.get("event"))] += 1
            last = str(entry.get("time", ""))
            if entry.get("event") == "sent":
                kinds[str(entry.get("kind"))] += 1
                services[str(entry.get("service"))] += 1
        counts = {"sent": events["sent"], "blocked": events["blocked"]}
        return {"path": str(self.path or ""), **counts, "kinds": dict(kinds), "services": dict(services), "last": last}


def _lock(file: int) -> None:
    """Wait until nobody else holds an open file, and hold it until it is closed; without locks, appending must do."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    with suppress(OSError):  # some network file systems have none
        fcntl.flock(file, fcntl.LOCK_EX)


def _last_byte(file: int) -> bytes:
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1)


def _is_at(file: int, path: Path) -> bool:
    """Whether an open file is still the one at ``path``."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this very machine, by a loopback address or as ``localhost``.

    What is written in a way that only the system's resolver understands (``127.1``, ``localhost.``) or does not always
    lead here (``0.0.0.0``) counts as elsewhere. Where a name leads is looked at when it is connected to, see
    :class:`.routes.RouteTrace`.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "localhost" or this_machine(host)


def this_machine(address: str) -> bool:
    """Whether an IP address, as text, is a loopback address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback
