"""One look-up as the caller meant it, and the reply to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from biomed_agent.core.privacy.disclosure import structure_in
from biomed_agent.core.privacy.egress import Discloses
from biomed_agent.core.types import Provenance
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.services import Service


@dataclass(frozen=True, slots=True)
class LookUp:
    """One request: no identity, no secrets."""

    service: str
    method: str
    url: str
    params: Mapping[str, str]
    form: Mapping[str, str]
    discloses: Discloses
    log_line: str
    withheld: str = ""
    """of a name or query that is a structure, the part that is one"""
    edition: str = ""
    """release of the service's data that a kept reply must be of; it is not sent"""

    @property
    def full_url(self) -> str:
        """The address with its query."""
        import httpx

        return str(httpx.URL(self.url, params=dict(self.params))) if self.params else self.url

    @property
    def request(self) -> str:
        """Method, address and form in one line."""
        import httpx

        return f"{self.method} {self.full_url} {httpx.QueryParams(dict(self.form))}".strip()

    @property
    def key(self) -> str:
        """What the reply is kept under."""
        parts: list[object] = [self.method, self.url, sorted(self.params.items()), sorted(self.form.items())]
        parts += [self.edition] if self.edition else []
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def judged(self) -> LookUp:
        """Return the call as what it reveals: a name or query that holds a structure counts as a structure."""
        if self.discloses not in ("name", "query"):
            return self
        address = urlsplit(self.url)
        values = [*map(unquote, address.path.split("/")), *(value for _, value in parse_qsl(address.query))]
        for value in (*values, *self.params.values(), *self.form.values()):
            if withheld := structure_in(value, name=self.discloses == "name"):
                log_line = f"{self.log_line.partition(' ')[0]} (a structure or sequence)"
                return replace(self, discloses="structure", log_line=log_line, withheld=withheld)
        return self


def reply_to(service: Service, call: LookUp, body: bytes, note: Mapping[str, Any], from_cache: bool = False) -> Reply:
    """Return what a service answered, from its body and what was noted of it."""
    headers: dict[str, str] = note["headers"]
    provenance = Provenance(
        source=service.name,
        url=note["url"],
        retrieved=note["retrieved"],
        licence=service.licence,
        release=headers.get("x-uniprot-release", ""),
        request=note.get("request") or call.request,
        digest=note.get("whole") or note["digest"],
    )
    return Reply(note["status"], body, headers, provenance, from_cache)
