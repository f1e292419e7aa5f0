"""One exchange over HTTP: who asks, redirects within the service's host, and a body within its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import Unavailable
from biomed_agent.core.privacy.credentials import split_credentials
from biomed_agent.core.privacy.egress import is_loopback
from biomed_agent.core.privacy.routes import RouteTrace, open_client
from biomed_agent.core.version import __version__
from biomed_agent.sources.http.rate_limit import Clock
from biomed_agent.sources.http.services import Service

if TYPE_CHECKING:
    import httpx

IDLE_SECONDS = 15.0
"""seconds to wait for the next bytes within the total time of a call"""
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 5


class Received(NamedTuple):
    """What came back."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    """the address that answered, after redirects"""


class HttpConnection:
    """HTTP clients, opened when they are first used: one for services on this machine, one for those elsewhere.

    Args:
        agent: What to call ourselves.
        clock: The module ``time`` or a stand-in.
    """

    def __init__(self, agent: str, clock: Clock) -> None:
        self._agent, self._clock = agent, clock
        self._lock = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}
        self._proxies: dict[tuple[str, int], str] = {}

    def close(self) -> None:
        """Close open connections; new ones open when needed."""
        with self._lock:
            clients, self._clients, self._proxies = self._clients, {}, {}
        for client in clients.values():
            client.close()

    def send(
        self,
        service: Service,
        method: str,
        url: str,
        params: Mapping[str, str],
        form: Mapping[str, str],
        deadline: float,
        judge: Callable[[str], None],
        on_send: Callable[[RouteTrace], None],
    ) -> Received:
        """Send one request and follow redirects on the host of the service.

        Args:
            service: Whom it is for; redirects leave neither the host of its address nor, where it has it, TLS.
            method: GET or POST.
            url: Where to.
            params: Query parameters, not encoded.
            form: Body of a POST.
            deadline: Moment of the clock at which the last byte must have come.
            judge: See :class:`.routes.RouteTrace`.
            on_send: Called before each request, redirected ones too, when its connection stands; returns when it may
                leave.

        Raises:
            httpx.RequestError: No complete answer came.
            Refused: What ``judge`` raises.
            Unavailable: What came is no look-up's answer, or points elsewhere.
            Cancelled: The call that this works for was cancelled; the connection is closed.
            TimedOut: The call's time is up; the connection is closed.
        """
        client, proxies = self._open(service.url)
        request = client.build_request(method, url, params=dict(params) or None, data=dict(form) or None)
        for _ in range(MAX_REDIRECTS + 1):
            passage = RouteTrace(service.url, judge, on_send, proxies)
            status, headers, body = self._receive(client, service, request, deadline, passage)
            if status not in (301, 302, 303, 307, 308) or "location" not in headers:
                return Received(status, headers, body, url)
            target = on_host(service.name, service.url, _joined(service.name, request.url, headers["location"]))
            if status == 303:
                method, form = "GET", {}
            request, url = client.build_request(method, target, data=dict(form) or None), str(target)
        raise Unavailable(f"{service.name} redirected more than {MAX_REDIRECTS} times.", "Try again later.")

    def _receive(
        self, client: httpx.Client, service: Service, request: httpx.Request, deadline: float, passage: RouteTrace
    ) -> tuple[int, httpx.Headers, bytes]:
        import httpx

        call = current()
        call.check()
        left = call.at_most(deadline - self._clock.monotonic())
        if left <= 0:
            raise httpx.ReadTimeout("no time is left", request=request)
        request.extensions |= {"timeout": httpx.Timeout(min(IDLE_SECONDS, left)).as_dict(), "trace": passage}
        body = bytearray()
        with closing(client.send(request, auth=service.credentials, stream=True)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise Unavailable(
                        f"{service.name} sent more than {MAX_BODY_BYTES // 2**20} MB, which is no look-up's answer.",
                        "Ask for fewer records at once.",
                    )
                call.check()
                if self._clock.monotonic() > deadline:
                    raise httpx.ReadTimeout("the body did not end in time", request=request)
        return response.status_code, response.headers, bytes(body)

    def _open(self, url: str) -> tuple[httpx.Client, dict[tuple[str, int], str]]:
        """Return the client for an address, and the proxies that it is known to use."""
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        near = is_loopback(url)
        with self._lock:
            if near not in self._clients:
                no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
                self._clients[near] = open_client(url, headers={"User-Agent": self._agent}, cookies=no_cookies)
            return self._clients[near], self._proxies


def _joined(service: str, url: httpx.URL, location: str) -> httpx.URL:
    """Return where a redirect of ``url`` leads."""
    import httpx

    try:
        return url.join(location)
    except httpx.InvalidURL:
        raise Unavailable(f"{service} redirected to what is no address.", "Try again later.") from None


def on_host(service: str, base: str, url: httpx.URL) -> httpx.URL:
    """Return ``url``, over TLS if ``base`` is, when it lies on the host of ``base``; refuse any other.

    What it holds of credentials is left out.

    Raises:
        Unavailable: It lies elsewhere.
    """
    import httpx

    home = httpx.URL(base)
    if url.userinfo:
        url = httpx.URL(split_credentials(str(url))[0])
    if home.scheme == "https" and url.scheme == "http":
        url = url.copy_with(scheme="https", port=None)
    if (url.scheme, url.host, url.port) != (home.scheme, home.host, home.port):
        raise Unavailable(
            f"{service} ({home.host}) pointed to another host, {url.host}; it was not followed.",
            "A captive portal or a proxy may be in the way; check the network.",
        )
    return url


def agent_name(email: str) -> str:
    """Return how the services are told who asks."""
    return f"biomed-agent/{__version__}" + (f" (mailto:{email})" if email else "")
