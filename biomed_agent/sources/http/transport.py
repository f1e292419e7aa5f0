"""The one polite HTTP client: egress policy, cache, rate limit, retry, provenance.

A look-up peels off one concern per step::

    get / post -> _ask (one in flight, cache, policy, log) -> _fetch (queued answers)
      -> _try_until_answered (retries, budget) -> _try_once (breaker, rate limit, status)
      -> HttpConnection.send (redirects, bytes)

What a reply means is the business of ``sources``: they pass a ``check`` that raises for a body that is no answer.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, get_args

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import Cancelled, InvalidInput, NotFound, Refused, TimedOut, Unavailable
from biomed_agent.core.privacy.credentials import (
    REDACTED,
    SECRET_FILTER,
    proxy_secrets,
    redact,
    redact_secrets,
    secrets_of,
)
from biomed_agent.core.privacy.egress import (
    AuditLog,
    Departure,
    Discloses,
    is_loopback,
    permit,
    record_egress,
    recording,
)
from biomed_agent.core.privacy.routes import RouteTrace
from biomed_agent.core.types import EgressPolicy
from biomed_agent.sources.http.circuit_breaker import MAX_FAILURES, CircuitBreaker
from biomed_agent.sources.http.connection import HttpConnection, Received, agent_name, on_host
from biomed_agent.sources.http.look_up import LookUp, reply_to
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.rate_limit import (
    Clock,
    RateLimiter,
    SharedSlots,
    SystemClock,
    TooLate,
    asked_pause,
    pause,
    retry_after,
)
from biomed_agent.sources.http.reply import Check, PollPath, Reply
from biomed_agent.sources.http.reply_cache import CachedReply, ReplyCache, SingleFlight
from biomed_agent.sources.http.services import DAY, SERVICES, Service, placed

if TYPE_CHECKING:
    from biomed_agent.core.settings import Settings

MAX_TRIES = 4
BACKOFF_SECONDS = 0.5
"""seconds before the second try; doubled for each further one"""
ABSENT_TTL = DAY
"""seconds for which what a service does not have is not asked for again"""
POLL_SECONDS = 2.0
"""seconds until a queued answer is asked for; doubled for each further time"""
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
STORED_HEADERS = ("content-type", "link", "x-total-results", "x-uniprot-release")
_HINT = (
    "Check the network and HTTPS_PROXY or try later; with a local index (BIOMED_AGENT_INDEX) and "
    "BIOMED_AGENT_OFFLINE=1 no service is needed."
)


class _Again(Exception):
    """A try failed in a way that another try may mend, ``after`` the pause the service asked for (inf: not now)."""

    def __init__(self, reason: str, after: float | None = None, hint: str = "") -> None:
        super().__init__(reason)
        self.after, self.hint = after, hint or _HINT


@dataclass(frozen=True, slots=True)
class _Budget:
    """The time of one look-up."""

    began: float
    seconds: float
    error: type[Unavailable]
    """what it ends with: the call's own timeout where that comes first, so that who shares the look-up asks again"""

    @classmethod
    def of(cls, clock: Clock, seconds: float) -> _Budget:
        """Return the budget of a look-up that begins now and may take ``seconds``, or what is left of its call."""
        left = current().at_most(seconds)
        return cls(clock.monotonic(), left, Unavailable if left == seconds else TimedOut)

    @property
    def end(self) -> float:
        return self.began + self.seconds


class Transport:
    """Asks the databases, politely and only what the policy allows.

    Safe to share between threads. What is in the cache is answered under every policy, because nothing leaves.

    Args:
        cache_dir: Folder of the reply cache and of the limits shared with other processes; None for none of either.
        egress: ``public`` allows every look-up; ``names-only`` keeps structures, sequences and free text on this
            machine; ``nothing`` refuses all. Services on this machine are exempt.
        offline: Refuse every request, whatever the policy.
        email: Contact address sent to the services, as they ask.
        api_key: NCBI key; raises PubMed's limit from 3 to 10 requests per second.
        timeout: Seconds one look-up may take in all, tries and pauses included; less where the call that it works for
            (:mod:`biomed_agent.core.deadline`) ends before.
        clock: A stand-in for that of this machine.
        services: Base URLs, or whole services, that replace those of :data:`SERVICES`, by key.
        audit: File in which every request that leaves and every refused one is noted; None for no such log.

    Raises:
        InvalidInput: An unknown policy or service, or an address that cannot be sent.
    """

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the transport that settings ask for; its limits are shared with other processes of their cache."""
        return cls(
            settings.cache_dir,
            egress=settings.egress,
            offline=settings.offline,
            email=settings.email,
            api_key=settings.ncbi_api_key.get_secret_value(),
            timeout=settings.timeout,
            audit=settings.audit_path,
        )

    def __init__(
        self,
        cache_dir: Path | str | None = None,
        *,
        egress: EgressPolicy = "names-only",
        offline: bool = False,
        email: str = "",
        api_key: str = "",
        timeout: float = 30.0,
        clock: Clock | None = None,
        services: Mapping[str, str | Service] | None = None,
        audit: Path | None = None,
    ) -> None:
        if egress not in get_args(EgressPolicy):
            raise InvalidInput(f"egress policy {egress!r} is unknown.", "Expected public, names-only or nothing.")
        if unknown := set(services or ()) - set(SERVICES):
            raise InvalidInput(f"unknown services {sorted(unknown)}.", f"Expected some of {sorted(SERVICES)}.")
        if not (email.isascii() and email.isprintable()) or " " in email:
            raise InvalidInput(f"contact address {email!r} cannot be sent in a header.", "Check BIOMED_AGENT_EMAIL.")
        self.egress = egress
        self.offline = offline
        self.timeout = timeout
        self.log: deque[str] = deque(maxlen=10_000)
        """the latest requests that left this machine, oldest first, such as ``PubChem: name aspirin``"""
        self.services = {key: placed(service, (services or {}).get(key)) for key, service in SERVICES.items()}
        if api_key:
            self.services["pubmed"] = replace(self.services["pubmed"], per_second=10)
        clock = clock or SystemClock()
        self._email, self._api_key, self._clock = email, api_key, clock
        SECRET_FILTER.add(
            api_key, *(secret for service in self.services.values() for secret in secrets_of(service.credentials))
        )
        self._audit = AuditLog(audit)
        self._cache = ReplyCache(cache_dir, clock)
        self._flights: SingleFlight[Reply] = SingleFlight()
        slots = SharedSlots(cache_dir)
        self._limiters = {
            key: RateLimiter(f"{key} {service.url}", service.interval, clock, slots)
            for key, service in self.services.items()
        }
        self._breakers = {key: CircuitBreaker(clock) for key in self.services}
        self._connection = HttpConnection(agent_name(email), clock)

    def get(
        self,
        service: str,
        path: str,
        *,
        discloses: Discloses,
        log_line: str,
        params: Mapping[str, str] | None = None,
        ttl: float | None = None,
        check: Check | None = None,
        poll_path: PollPath | None = None,
        edition: str = "",
    ) -> Reply:
        """Fetch ``path`` of ``service``.

        Args:
            service: Key in :data:`SERVICES`.
            path: Path below the service's base URL, percent-encoded, or a full URL on its host (a next-page link).
            discloses: What the request tells the service; the policy decides on it.
            log_line: The request in words for the log, such as ``name aspirin``.
            params: Query parameters, not encoded.
            ttl: Seconds the reply may be kept; None for the service's habit, 0 for not at all.
            check: Raises for a body that is no answer; such a reply is not kept. What raises
                :class:`~biomed_agent.core.errors.Unavailable` is tried again;
                :class:`~biomed_agent.core.errors.NotFound` is an answer, kept for :data:`ABSENT_TTL` seconds.
            poll_path: Says where to ask for an answer that is being prepared; such a reply is never kept.
            edition: Release of the service's data under which the reply is kept, so that none outlives it.

        Returns:
            The reply, also with a status of 4xx: what those mean is for the caller (or ``check``) to say.

        Raises:
            Refused: The policy or ``offline`` forbids the request.
            Unavailable: No answer within the time allowed.
            TimedOut: No answer within what is left of the call that this works for.
            Cancelled: That call was cancelled; a request under way is dropped.
        """
        call = replace(self._call("GET", service, path, params, None, discloses, log_line), edition=edition)
        return self._ask(call, ttl, check, poll_path)

    def post(
        self,
        service: str,
        path: str,
        *,
        discloses: Discloses,
        log_line: str,
        form: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        ttl: float | None = None,
        check: Check | None = None,
        poll_path: PollPath | None = None,
    ) -> Reply:
        """Look up with ``form`` as the body; otherwise like :meth:`get`. Look-ups change nothing, so it is retried."""
        return self._ask(self._call("POST", service, path, params, form, discloses, log_line), ttl, check, poll_path)

    def cached(self, service: str, path: str, params: Mapping[str, Mapping[str, str]]) -> dict[str, Reply]:
        """Return what the cache holds of several GETs of ``path``, by the keys of ``params``; nobody is asked."""
        calls = {
            name: self._call("GET", service, path, param, None, "identifier", name) for name, param in params.items()
        }
        cached = self._cache.find_all([call.key for call in calls.values()])
        return {
            name: reply_to(self.services[service], call, *cached[call.key], from_cache=True)
            for name, call in calls.items()
            if call.key in cached
        }

    def store_parts(
        self,
        of: Reply,
        service: str,
        path: str,
        parts: Sequence[tuple[Mapping[str, str], bytes]],
        ttl: float | None = None,
    ) -> None:
        """Keep the parts of a reply, each as what a GET of ``path`` with its parameters would be answered.

        Their provenance stays that of the whole reply. ``ttl`` is as for :meth:`get`.
        """
        replies: dict[str, CachedReply] = {}
        for params, body in parts:
            note = {
                "status": of.status,
                "headers": dict(of.headers),
                "url": of.provenance.url,
                "retrieved": of.provenance.retrieved,
                "request": of.provenance.request,
                "whole": of.provenance.digest,
                "digest": hashlib.sha256(body).hexdigest(),
            }
            replies[self._call("GET", service, path, params, None, "identifier", "").key] = body, note
        self._cache.store(replies, self.services[service].ttl if ttl is None else ttl)

    def recording(self) -> AbstractContextManager[list[str]]:
        """Collect what leaves this machine within the block; see :func:`biomed_agent.core.privacy.egress.recording`."""
        return recording()

    def close(self) -> None:
        """Close open connections; the transport may be used again."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _call(
        self,
        method: str,
        key: str,
        path: str,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        discloses: Discloses,
        log_line: str,
    ) -> LookUp:
        import httpx

        service = self.services[key]
        url = (
            str(on_host(service.name, service.url, httpx.URL(path)))
            if "://" in path
            else f"{service.url}/{path.lstrip('/')}"
        )
        return LookUp(key, method, url, params or {}, form or {}, discloses, log_line)

    def _ask(self, call: LookUp, ttl: float | None, check: Check | None, poll_path: PollPath | None) -> Reply:
        current().check()
        service = self.services[call.service]
        lasting = service.ttl if ttl is None else ttl

        def fetch() -> Reply:
            with self._cache.fetching(call.key) if lasting > 0 else nullcontext() as cached:
                if cached is not None:
                    return _or_absent(reply_to(service, call, *cached, from_cache=True), cached[1], check)
                judged = call if is_loopback(service.url) else call.judged()
                if not is_loopback(service.url):
                    self._permit(service, judged)
                body, note = self._fetch(service, judged, check, poll_path)
                absent = "absent" in note
                if (note["status"] == 200 or absent) and lasting > 0:
                    self._cache.store({call.key: (body, note)}, min(lasting, ABSENT_TTL) if absent else lasting)
                return _or_absent(reply_to(service, call, body, note), note, check)

        return self._flights.share(f"{call.key} {lasting > 0}", fetch)

    def _permit(self, service: Service, call: LookUp, peer: str = "") -> None:
        """Return when the request may leave, to a ``peer`` that should have been this machine; note it when not."""
        to = f"{service.name} (at {peer}, which is not this machine)" if peer else service.name
        try:
            permit(to, self.egress, call.discloses, self.offline, call.withheld)
        except Refused:
            self._audit.note(self._departure(service, call), "blocked", offline=self.offline)
            raise

    def _leaves(self, service: Service, call: LookUp, route: Mapping[str, str]) -> None:
        """Note a request whose connection stands in every account; one that never connected did not leave."""
        entry = f"{service.name}: {call.log_line}"
        self.log.append(entry)
        record_egress(entry)
        self._audit.note(self._departure(service, call), "sent", **route)

    def _departure(self, service: Service, call: LookUp) -> Departure:
        return Departure(service.name, call.method, call.discloses, call.log_line, call.request, self.egress)

    def _fetch(self, service: Service, call: LookUp, check: Check | None, poll_path: PollPath | None) -> CachedReply:
        """Ask, and if the answer is being prepared, come back for it until it is there or the time is over."""
        budget = _Budget.of(self._clock, self.timeout)
        body, note = self._try_until_answered(service, call, check, budget)
        wait = POLL_SECONDS
        while poll_path is not None and (path := poll_path(reply_to(service, call, body, note))) is not None:
            if self._clock.monotonic() + wait >= budget.end:
                raise budget.error(
                    f"{service.name} put {call.log_line} in a queue and has not answered within "
                    f"{self._clock.monotonic() - budget.began:.0f} s.",
                    "Try again later, or raise BIOMED_AGENT_TIMEOUT.",
                )
            pause(self._clock, wait)
            wait *= 2
            again = self._call("GET", call.service, path, None, None, call.discloses, call.log_line)
            body, note = self._try_until_answered(service, again, check, budget)
            note = {**note, "url": call.full_url}  # the address of a queue does not last
        return body, note

    def _try_until_answered(self, service: Service, call: LookUp, check: Check | None, budget: _Budget) -> CachedReply:
        reason, hint, tries = "", "", 0
        for tries in range(1, MAX_TRIES + 1):
            try:
                return self._try_once(service, call, check, budget.end)
            except _Again as again:
                reason, hint, wait = str(again), again.hint, again.after
            if wait is None:
                wait = BACKOFF_SECONDS * 2 ** (tries - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret is drawn
            elif math.isfinite(wait):
                self._limiters[call.service].hold(wait)
            if tries == MAX_TRIES or self._clock.monotonic() + wait >= budget.end:
                break
            pause(self._clock, wait)
        raise budget.error(
            f"{service.name} gave no answer for {call.log_line}: {reason} "
            f"(tries: {tries}, seconds: {self._clock.monotonic() - budget.began:.0f} of {budget.seconds:.0f}).",
            hint,
        )

    def _try_once(self, service: Service, call: LookUp, check: Check | None, deadline: float) -> CachedReply:
        import httpx

        limiter, breaker = self._limiters[call.service], self._breakers[call.service]
        if rest := breaker.refusal():
            raise Unavailable(
                f"{service.name} is not asked for {call.log_line}: it failed {MAX_FAILURES} times in a row, last with "
                f"{breaker.last}; it is tried again in {math.ceil(rest)} s.",
                _HINT,
            )
        start = -math.inf

        def judge(peer: str) -> None:
            self._permit(service, call.judged(), peer)

        def on_send(passage: RouteTrace) -> None:
            nonlocal start
            while not limiter.claim(start):
                start = limiter.approach(deadline)
            start = -math.inf  # a redirect needs a start of its own
            current().check()
            if passage.outside:
                self._leaves(service, call.judged(), passage.route)

        try:
            start = limiter.approach(deadline)
            status, headers, body, url = self._send(service, call, deadline, judge, on_send)
        except TooLate as late:
            raise _Again(
                "it asked for a pause, or other look-ups wait, for longer than one call may take; "
                f"it may be asked in {math.ceil(late.seconds)} s",
                math.inf,
            ) from late
        except httpx.RequestError as error:
            current().check()  # who no longer waits for an answer must not count as a fault of the service
            reason = f"{type(error).__name__} {self._scrub(str(error), service)}".strip()
            breaker.failed(reason)
            raise _Again(reason) from error
        limiter.hold(asked_pause(headers.get("x-throttling-control", "")))
        if status >= 500:
            breaker.failed(f"status {status}")
        else:
            breaker.answered()
        if status in RETRIED_STATUSES:
            raise _Again(f"status {status}", retry_after(headers.get("retry-after", ""), self._clock.time()))
        body = self._without_secrets(service, body, status)
        note = {
            "status": status,
            "headers": {name: headers[name] for name in STORED_HEADERS if name in headers},
            "url": redact_secrets(url, self._api_key, *secrets_of(service.credentials)),
            "retrieved": datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="seconds"),
            "digest": hashlib.sha256(body).hexdigest(),
        }
        if check is not None:
            try:
                with well_formed(service.name):
                    check(reply_to(service, call, body, note))
            except NotFound:
                note["absent"] = True  # an answer as well; it is raised again when it has been kept
            except (Cancelled, TimedOut):
                raise
            except Unavailable as error:
                raise _Again(error.message.rstrip("."), hint=error.hint) from error
        return body, note

    def _send(
        self,
        service: Service,
        call: LookUp,
        deadline: float,
        judge: Callable[[str], None],
        on_send: Callable[[RouteTrace], None],
    ) -> Received:
        """Send the request with what the service wants to know of us."""
        method, params, form = call.method, dict(call.params), dict(call.form)
        if call.service == "pubmed":
            identity = {"tool": "biomed-agent", "email": self._email, "api_key": self._api_key}
            form |= {name: value for name, value in identity.items() if value}
            if self._api_key or method == "POST":
                # The E-utilities read a form as they read a query; in a URL the key would reach httpx's log.
                method, params, form = "POST", {}, params | form
            else:
                params, form = params | form, {}
        received = self._connection.send(service, method, call.url, params, form, deadline, judge, on_send)
        # Without a redirect the address is the one that was asked, without who asked.
        return received if received.url != call.url else received._replace(url=call.full_url)

    def _without_secrets(self, service: Service, body: bytes, status: int) -> bytes:
        """Blot out what NCBI repeats of its key, and others of what they were told.

        In an answer of NCBI's the key stands as it is, if it does; only a service of one's own has a password, and its
        answers are looked through in every notation.
        """
        secrets = [secret for secret in (self._api_key, *secrets_of(service.credentials)) if secret]
        if status >= 400:  # it may be the proxy's
            secrets += proxy_secrets()
        if secrets and (status >= 400 or service.credentials):
            return redact_secrets(body.decode("utf-8", errors="surrogateescape"), *secrets).encode(
                errors="surrogateescape"
            )
        return body.replace(self._api_key.encode(errors="replace"), REDACTED.encode()) if self._api_key else body

    def _scrub(self, text: str, service: Service) -> str:
        """Blot credentials out of what an error of the HTTP library says."""
        return redact(text, self._api_key, *secrets_of(service.credentials), *proxy_secrets())


def _or_absent(reply: Reply, note: Mapping[str, Any], check: Check | None) -> Reply:
    """Return a reply, or raise what ``check`` says of one that tells that there is no such thing."""
    if check is not None and "absent" in note:
        check(reply)
    return reply
