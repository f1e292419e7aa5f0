"""The one polite HTTP client: egress policy, cache, rate limit, retry, provenance.

A look-up peels off one concern per step::

    get / post -> _ask (cache, policy, log) -> _try_until_answered (retries, budget) -> _try_once (pace, status)
      -> _send (redirects) -> _receive (the wire)

What a reply means is the business of ``sources``: they pass a ``check`` that raises for a body that is no answer.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, get_args

import httpx

from . import __version__
from .cache import ReplyCache
from .egress import Reveals, is_loopback, permit, record_egress, recording
from .errors import InvalidInput, Unavailable
from .pace import Clock, Pace, asked_pause
from .types import EgressPolicy, Provenance

_Text = TypeVar("_Text", str, bytes)

TRIES = 4
BACKOFF = 0.5
"""seconds before the second try; doubled for each further one"""
IDLE = 15.0
"""seconds to wait for the next bytes within the total time of a call"""
MAX_BODY = 64 * 1024 * 1024
MAX_REDIRECTS = 5
RETRIED = frozenset({429, 500, 502, 503, 504})
KEPT_HEADERS = ("content-type", "link", "x-total-results", "x-uniprot-release")
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Service:
    """One database behind HTTP."""

    name: str
    url: str
    per_second: float
    """requests that may start in one second"""
    licence: str
    ttl: float
    """seconds a reply is kept in the cache unless the caller says otherwise"""


SERVICES: dict[str, Service] = {
    "pubchem": Service(
        "PubChem",
        "https://pubchem.ncbi.nlm.nih.gov/rest/pug",
        5,
        "public domain; depositors' terms may apply",
        30 * DAY,
    ),
    "uniprot": Service("UniProt", "https://rest.uniprot.org", 5, "CC BY 4.0", 7 * DAY),
    "pubmed": Service(
        "PubMed",
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
        3,
        "bibliographic data free to use; abstracts may be under copyright",
        7 * DAY,
    ),
    "europepmc": Service(
        "Europe PMC",
        "https://www.ebi.ac.uk/europepmc/webservices/rest",
        5,
        "bibliographic data free to use; abstracts may be under copyright",
        7 * DAY,
    ),
}
"""Rates: PubChem and NCBI publish theirs (NCBI: 10 with a key); UniProt and Europe PMC publish none, 5 is polite."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """those of :data:`KEPT_HEADERS` that were sent, names in lower case"""
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
        except ValueError:
            what = "an HTML page" if self.body.lstrip()[:1] == b"<" else f"{self.body[:40]!r}"
            raise Unavailable(
                f"{self.provenance.source} answered {what} (status {self.status}) where JSON was expected.",
                "The service or a proxy on the way has a fault; try again later.",
            ) from None


Check: TypeAlias = Callable[[Reply], None]
"""Raises for a reply that is no answer. :class:`Unavailable` means that a repetition may mend it."""


@contextmanager
def well_formed(service: str, *foreign: type[Exception]) -> Iterator[None]:
    """Turn what a malformed reply provokes in its reader into :class:`~biomed_agent.errors.Unavailable`.

    Args:
        service: Whose reply it is.
        foreign: Errors of a library the reader uses.
    """
    provoked: tuple[type[Exception], ...] = (LookupError, TypeError, AttributeError, ValueError, *foreign)
    try:
        yield
    except provoked as error:
        raise Unavailable(
            f"{service}'s reply is malformed ({type(error).__name__}: {error}).",
            f"{service} may have changed its format; look for a newer version of this package.",
        ) from error


@dataclass(frozen=True, slots=True)
class _Call:
    """One request as the caller meant it: no identity, no secrets."""

    service: str
    method: str
    url: str
    params: Mapping[str, str]
    form: Mapping[str, str]
    reveals: Reveals
    what: str

    @property
    def full_url(self) -> str:
        return str(httpx.URL(self.url, params=dict(self.params))) if self.params else self.url

    @property
    def request(self) -> str:
        return f"{self.method} {self.full_url} {httpx.QueryParams(dict(self.form))}".strip()

    @property
    def key(self) -> str:
        parts = [self.method, self.url, sorted(self.params.items()), sorted(self.form.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class _Again(Exception):
    """A try failed in a way that another try may mend, ``after`` the pause the service asked for (inf: not now)."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Transport:
    """Asks the databases, politely and only what the policy allows.

    Safe to share between threads. What is in the cache is answered under every policy, because nothing leaves.

    Args:
        cache_dir: Folder of the reply cache; None for none.
        egress: ``public`` allows every look-up; ``names-only`` keeps structures, sequences and free text on this
            machine; ``nothing`` refuses all. Services on this machine are exempt.
        offline: Refuse every request, whatever the policy.
        email: Contact address sent to the services, as they ask.
        api_key: NCBI key; raises PubMed's limit from 3 to 10 requests per second.
        timeout: Seconds one call may take in all, tries and pauses included.
        clock: The module :mod:`time` or a stand-in.
        services: Base URLs that replace those of :data:`SERVICES`, by key.

    Raises:
        InvalidInput: An unknown policy or service, or an address that cannot be sent.
    """

    def __init__(
        self,
        cache_dir: Path | str | None = None,
        *,
        egress: EgressPolicy = "names-only",
        offline: bool = False,
        email: str = "",
        api_key: str = "",
        timeout: float = 30.0,
        clock: Clock = time,
        services: Mapping[str, str] | None = None,
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
        self.services = {
            key: replace(service, url=(services or {}).get(key, service.url).rstrip("/"))
            for key, service in SERVICES.items()
        }
        self._email, self._api_key, self._clock = email, api_key, clock
        self._cache = ReplyCache(cache_dir, clock)
        self._pace = {key: Pace(1 / service.per_second, clock) for key, service in self.services.items()}
        if api_key:
            self._pace["pubmed"].interval = 1 / 10
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def get(
        self,
        service: str,
        path: str,
        *,
        reveals: Reveals,
        what: str,
        params: Mapping[str, str] | None = None,
        ttl: float | None = None,
        check: Check | None = None,
    ) -> Reply:
        """Fetch ``path`` of ``service``.

        Args:
            service: Key in :data:`SERVICES`.
            path: Path below the service's base URL, percent-encoded, or a full URL on its host (a next-page link).
            reveals: What the request tells the service; the policy decides on it.
            what: The request in words for the log, such as ``name aspirin``.
            params: Query parameters, not encoded.
            ttl: Seconds the reply may be kept; None for the service's habit, 0 for not at all.
            check: Raises for a body that is no answer; such a reply is never kept. What raises
                :class:`~biomed_agent.errors.Unavailable` is tried again.

        Returns:
            The reply, also with a status of 4xx: what those mean is for the caller (or ``check``) to say.

        Raises:
            Refused: The policy or ``offline`` forbids the request.
            Unavailable: No answer within the time allowed.
        """
        return self._ask(self._call("GET", service, path, params, None, reveals, what), ttl, check)

    def post(
        self,
        service: str,
        path: str,
        *,
        reveals: Reveals,
        what: str,
        form: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        ttl: float | None = None,
        check: Check | None = None,
    ) -> Reply:
        """Look up with ``form`` as the body; otherwise like :meth:`get`. Look-ups change nothing, so it is retried."""
        return self._ask(self._call("POST", service, path, params, form, reveals, what), ttl, check)

    def recording(self) -> AbstractContextManager[list[str]]:
        """Collect what leaves this machine within the block; see :func:`biomed_agent.egress.recording`."""
        return recording()

    def close(self) -> None:
        """Close open connections; the transport may be used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

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
        reveals: Reveals,
        what: str,
    ) -> _Call:
        service = self.services[key]
        url = str(_on_host(service, httpx.URL(path))) if "://" in path else f"{service.url}/{path.lstrip('/')}"
        return _Call(key, method, url, params or {}, form or {}, reveals, what)

    def _ask(self, call: _Call, ttl: float | None, check: Check | None) -> Reply:
        service = self.services[call.service]
        ttl = service.ttl if ttl is None else ttl
        found = self._cache.find(call.key) if ttl > 0 else None
        if found is not None:
            return _reply(service, call, *found, from_cache=True)
        if not is_loopback(service.url):
            permit(service.name, self.egress, call.reveals, self.offline)
            entry = f"{service.name}: {call.what}"
            self.log.append(entry)
            record_egress(entry)
        body, note = self._try_until_answered(service, call, check)
        if note["status"] == 200 and ttl > 0:
            self._cache.keep(call.key, body, note, ttl)
        return _reply(service, call, body, note)

    def _try_until_answered(self, service: Service, call: _Call, check: Check | None) -> tuple[bytes, dict[str, Any]]:
        began = self._clock.monotonic()
        deadline = began + self.timeout
        reason, tries = "", 0
        for tries in range(1, TRIES + 1):
            try:
                return self._try_once(service, call, check, deadline)
            except _Again as again:
                reason, pause = str(again), again.after
            if pause is None:
                pause = BACKOFF * 2 ** (tries - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret is drawn
            elif math.isfinite(pause):
                self._pace[call.service].hold(pause)
            if tries == TRIES or self._clock.monotonic() + pause >= deadline:
                break
            self._clock.sleep(pause)
        raise Unavailable(
            f"{service.name} gave no answer for {call.what}: {reason} "
            f"(tries: {tries}, seconds: {self._clock.monotonic() - began:.0f} of {self.timeout:.0f}).",
            "Check the network and HTTPS_PROXY or try later; with a local index (BIOMED_AGENT_INDEX) and "
            "BIOMED_AGENT_OFFLINE=1 no service is needed.",
        )

    def _try_once(
        self, service: Service, call: _Call, check: Check | None, deadline: float
    ) -> tuple[bytes, dict[str, Any]]:
        pace = self._pace[call.service]
        wait = pace.reserve(deadline)
        if wait is None:
            raise _Again("it asked for a pause, or other look-ups wait, for longer than one call may take", math.inf)
        if wait > 0:
            self._clock.sleep(wait)
        try:
            status, headers, body, url = self._send(service, call, deadline)
        except httpx.RequestError as error:
            raise _Again(f"{type(error).__name__} {self._scrub(str(error))}".strip()) from error
        pace.hold(asked_pause(headers.get("x-throttling-control", "")))
        if status in RETRIED:
            raise _Again(f"status {status}", self._retry_after(headers.get("retry-after", "")))
        body = self._scrub(body)
        note = {
            "status": status,
            "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
            "url": url,
            "retrieved": datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="seconds"),
            "digest": hashlib.sha256(body).hexdigest(),
        }
        if check is not None:
            try:
                check(_reply(service, call, body, note))
            except Unavailable as error:
                raise _Again(error.message.rstrip(".")) from error
        return body, note

    def _send(self, service: Service, call: _Call, deadline: float) -> tuple[int, httpx.Headers, bytes, str]:
        """Send the request and follow redirects within the service's host."""
        client, method, url = self._open_client(), call.method, call.full_url
        params, form = dict(call.params), dict(call.form)
        if call.service == "pubmed":
            identity = {"tool": "biomed-agent", "email": self._email, "api_key": self._api_key}
            form |= {name: value for name, value in identity.items() if value}
            if self._api_key or method == "POST":
                # The E-utilities read a form as they read a query; in a URL the key would reach httpx's log.
                method, params, form = "POST", {}, params | form
            else:
                params, form = params | form, {}
        request = client.build_request(method, call.url, params=params or None, data=form or None)
        for _ in range(MAX_REDIRECTS + 1):
            status, headers, body = self._receive(service, request, deadline)
            if status not in (301, 302, 303, 307, 308) or "location" not in headers:
                return status, headers, body, url
            target = _on_host(service, request.url.join(headers["location"]))
            if status == 303:
                method, form = "GET", {}
            request, url = client.build_request(method, target, data=form or None), str(target)
        raise Unavailable(f"{service.name} redirected {call.what} more than {MAX_REDIRECTS} times.", "Try again later.")

    def _receive(self, service: Service, request: httpx.Request, deadline: float) -> tuple[int, httpx.Headers, bytes]:
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("no time is left", request=request)
        request.extensions["timeout"] = httpx.Timeout(min(IDLE, left)).as_dict()
        body = bytearray()
        with closing(self._open_client().send(request, stream=True)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_BODY:
                    raise Unavailable(
                        f"{service.name} sent more than {MAX_BODY // 2**20} MB, which is no look-up's answer.",
                        "Ask for fewer records at once.",
                    )
                if self._clock.monotonic() > deadline:
                    raise httpx.ReadTimeout("the body did not end in time", request=request)
        return response.status_code, response.headers, bytes(body)

    def _open_client(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                agent = f"biomed-agent/{__version__}" + (f" (mailto:{self._email})" if self._email else "")
                no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
                try:
                    self._client = httpx.Client(headers={"User-Agent": agent}, cookies=no_cookies)
                except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
                    raise Unavailable(
                        f"no HTTP client can be set up: {error}.",
                        "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the environment.",
                    ) from error
            return self._client

    def _retry_after(self, value: str) -> float | None:
        """Seconds until the moment a Retry-After header names, as a number or a date; None without one."""
        if not value.strip():
            return None
        if value.strip().isdigit():
            return float(value)
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - self._clock.time())
        except ValueError:
            return None

    def _scrub(self, said: _Text) -> _Text:
        """Blot out the key, which NCBI repeats in its error bodies."""
        if not self._api_key:
            return said
        if isinstance(said, str):
            return said.replace(self._api_key, "***")
        return said.replace(self._api_key.encode(), b"***")


def _reply(service: Service, call: _Call, body: bytes, note: Mapping[str, Any], from_cache: bool = False) -> Reply:
    headers: dict[str, str] = note["headers"]
    provenance = Provenance(
        source=service.name,
        url=note["url"],
        retrieved=note["retrieved"],
        licence=service.licence,
        release=headers.get("x-uniprot-release", ""),
        request=call.request,
        digest=note["digest"],
    )
    return Reply(note["status"], body, headers, provenance, from_cache)


def _on_host(service: Service, url: httpx.URL) -> httpx.URL:
    """Return ``url``, over TLS if the service is, when it lies on the service's host; refuse any other."""
    base = httpx.URL(service.url)
    if base.scheme == "https" and url.scheme == "http":
        url = url.copy_with(scheme="https", port=None)
    if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
        raise Unavailable(
            f"{service.name} ({base.host}) pointed to another host, {url.host}; it was not followed.",
            "A captive portal or a proxy may be in the way; check the network.",
        )
    return url
