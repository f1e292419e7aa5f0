"""What a service answered, and how a reader says that it is no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from biomed_agent.core.errors import Unavailable
from biomed_agent.core.types import Provenance


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """those of :data:`.transport.STORED_HEADERS` that were sent, names in lower case"""
    provenance: Provenance
    from_cache: bool = False

    @property
    def text(self) -> str:
        """The body as UTF-8, which all our services speak; what is not becomes U+FFFD."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            Unavailable: It is something else, such as the HTML page of a gateway.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            what = "an HTML page" if self.body.lstrip()[:1] == b"<" else f"{self.body[:40]!r}"
            raise Unavailable(
                f"{self.provenance.source} answered {what} (status {self.status}) where JSON was expected.",
                "The service or a proxy on the way has a fault; try again later.",
            ) from None


Check: TypeAlias = Callable[[Reply], None]
"""Raises for a reply that is no answer; whatever it raises that is no error of ours means that it cannot be read, as
:class:`Unavailable` does, and that a repetition may mend it. What is to be kept is read here, before it is kept."""
PollPath: TypeAlias = Callable[[Reply], str | None]
"""Returns the path at which the answer will lie if the reply says that it is being prepared, else None."""
