"""Runs :data:`.live_checks.CHECKS` against the services, and says of each reader which field it no longer finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from biomed_agent.core.errors import BiomedAgentError, NotFound, Refused
from biomed_agent.sources.http.reply import Check, Reply
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.live_checks import LiveCheck
from biomed_agent.sources.reply_fields import is_refusal, lacks

State: TypeAlias = Literal["ok", "broken", "unavailable", "not sent"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check."""

    check: LiveCheck
    state: State
    says: str
    milliseconds: int

    def to_dict(self) -> dict[str, str | int]:
        """Return it as plain JSON values."""
        check = self.check
        return {
            "service": check.service,
            "reader": check.reader,
            "what": check.what,
            "milliseconds": self.milliseconds,
            "state": self.state,
            "says": self.says,
        }


class LiveTransport(Transport):
    """A transport that asks anew whatever the cache holds, keeps nothing, and remembers what came.

    Limits, egress policy, audit log and retries are those of :class:`~biomed_agent.sources.http.transport.Transport`.
    """

    def begin(self) -> None:
        """Forget what came before."""
        self.replies: list[Reply] = []
        self.failures: list[BiomedAgentError] = []
        """of requests to which no answer came, not even one that cannot be read"""

    def get(self, service: str, path: str, *, check: Check | None = None, **more: Any) -> Reply:
        """See :meth:`~biomed_agent.sources.http.transport.Transport.get`."""
        more["ttl"] = 0
        return self._remembering(lambda: super(LiveTransport, self).get(service, path, check=self._seen(check), **more))

    def post(self, service: str, path: str, *, check: Check | None = None, **more: Any) -> Reply:
        """See :meth:`~biomed_agent.sources.http.transport.Transport.post`."""
        more["ttl"] = 0
        return self._remembering(
            lambda: super(LiveTransport, self).post(service, path, check=self._seen(check), **more)
        )

    def cached(self, service: str, path: str, params: Mapping[str, Mapping[str, str]]) -> dict[str, Reply]:
        """Return nothing: what is kept says nothing of today."""
        return {}

    def store_parts(self, *_: Any, **__: Any) -> None:
        """Keep nothing."""

    def _seen(self, check: Check | None) -> Check:
        def look(reply: Reply) -> None:
            self.replies.append(reply)
            if check is not None:
                check(reply)

        return look

    def _remembering(self, fetch: Callable[[], Reply]) -> Reply:
        before = len(self.replies)
        try:
            return fetch()
        except BiomedAgentError as error:
            if all(map(is_refusal, self.replies[before:])):
                self.failures.append(error)
            raise


def run_checks(transport: LiveTransport, checks: Iterable[LiveCheck]) -> Iterator[Outcome]:
    """Run checks one after the other; yields what came of each."""
    for check in checks:
        began = time.monotonic()
        state, says = _outcome(transport, check)
        yield Outcome(check, state, says, round(1000 * (time.monotonic() - began)))


def _outcome(transport: LiveTransport, check: LiveCheck) -> tuple[State, str]:
    transport.begin()
    found: Any = None
    error: Exception | None = None
    try:
        found = check.ask(transport)
    except Exception as raised:  # also what a reader lets pass, which must not end the other checks
        error = raised
    failures = transport.failures
    if refused := next((failure for failure in failures if isinstance(failure, Refused)), None):
        return "not sent", str(refused)
    replies = [reply for reply in transport.replies if not is_refusal(reply)]
    missing = [field for field in check.fields if replies and all(lacks(reply, field) for reply in replies)]
    wrong = list(_wrong(check, found)) if error is None else [_told(error)]
    wrong += ["no reply came"] if not replies and not wrong else []
    if not missing and not wrong:
        return "ok", ""
    if unanswered := next((failure for failure in failures if not isinstance(failure, NotFound)), None):
        return "unavailable", str(unanswered)
    if not replies and transport.replies:
        absent = next((told for told in (*failures, error) if isinstance(told, NotFound)), None)
        if absent is None:
            return "unavailable", "; ".join(wrong)
        return "broken", f"reader {check.reader}: the record is not found any more ({absent.message})"
    said = [f"field {field.partition('text:')[2] or field} is gone" for field in missing] or wrong
    more = f" (and {len(said) - 1} more: {'; '.join(said[1:])})" if len(said) > 1 else ""
    return "broken", f"reader {check.reader}: {said[0]}{more}"


def _told(error: Exception) -> str:
    return error.message if isinstance(error, BiomedAgentError) else f"{type(error).__name__}: {error}"


def _wrong(check: LiveCheck, found: Any) -> Iterator[str]:
    """Yield what is read otherwise than it must be."""
    for name, get, expected in check.reads:
        try:
            value = get(found)
        except (LookupError, AttributeError, TypeError, StopIteration) as error:
            yield f"{name} cannot be read ({type(error).__name__}: {error})"
            continue
        if expected is ... and value in (None, "", 0, (), [], {}):
            yield f"{name} is empty"
        elif expected is not ... and value != expected:
            yield f"{name} is {value!r}; expected {expected!r}"
