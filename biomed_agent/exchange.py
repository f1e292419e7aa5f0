"""One exchange over HTTP: who asks, redirects within the service's host, and a body within its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NamedTuple

import httpx

from . import __version__
from .egress import leaves
from .errors import Unavailable
from .pace import Clock

IDLE = 15.0
"""seconds to wait for the next bytes within the total time of a call"""
MAX_BODY = 64 * 1024 * 1024
MAX_REDIRECTS = 5


class Received(NamedTuple):
    """What came over the wire."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    """the address that answered, after redirects"""


class Wire:
    """An HTTP client that is opened when it is first used.

    Args:
        agent: What to call ourselves.
        clock: The module :mod:`time` or a stand-in.
    """

    def __init__(self, agent: str, clock: Clock) -> None:
        self._agent, self._clock = agent, clock
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def close(self) -> None:
        """Close open connections; the wire may be used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def send(
        self,
        service: str,
        base: str,
        method: str,
        url: str,
        params: Mapping[str, str],
        form: Mapping[str, str],
        deadline: float,
        go: Callable[[], None],
    ) -> Received:
        """Send one request and follow redirects on the host of ``base``.

        Args:
            service: Whom it is for, in words.
            base: The service's address; redirects leave neither its host nor, where it has it, TLS.
            method: GET or POST.
            url: Where to.
            params: Query parameters, not encoded.
            form: Body of a POST.
            deadline: Moment of the clock at which the last byte must have come.
            go: Called before each request, redirected ones too, when its connection stands; returns when it may leave.

        Raises:
            httpx.RequestError: No complete answer came.
            Unavailable: What came is no look-up's answer, or points elsewhere.
        """
        client = self._open()
        request = client.build_request(method, url, params=dict(params) or None, data=dict(form) or None)
        for _ in range(MAX_REDIRECTS + 1):
            status, headers, body = self._receive(client, service, request, deadline, go)
            if status not in (301, 302, 303, 307, 308) or "location" not in headers:
                return Received(status, headers, body, url)
            target = on_host(service, base, request.url.join(headers["location"]))
            if status == 303:
                method, form = "GET", {}
            request, url = client.build_request(method, target, data=dict(form) or None), str(target)
        raise Unavailable(f"{service} redirected more than {MAX_REDIRECTS} times.", "Try again later.")

    def _receive(
        self, client: httpx.Client, service: str, request: httpx.Request, deadline: float, go: Callable[[], None]
    ) -> tuple[int, httpx.Headers, bytes]:
        left = deadline - self._clock.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("no time is left", request=request)

        def trace(event: str, details: Mapping[str, Any]) -> None:
            # Opening a connection takes longer, and less evenly, than the limits of the services can bear.
            if leaves(event, details):
                go()

        request.extensions |= {"timeout": httpx.Timeout(min(IDLE, left)).as_dict(), "trace": trace}
        body = bytearray()
        with closing(client.send(request, stream=True)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_BODY:
                    raise Unavailable(
                        f"{service} sent more than {MAX_BODY // 2**20} MB, which is no look-up's answer.",
                        "Ask for fewer records at once.",
                    )
                if self._clock.monotonic() > deadline:
                    raise httpx.ReadTimeout("the body did not end in time", request=request)
        return response.status_code, response.headers, bytes(body)

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
                try:
                    self._client = httpx.Client(headers={"User-Agent": self._agent}, cookies=no_cookies)
                except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
                    raise Unavailable(
                        f"no HTTP client can be set up: {error}.",
                        "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the environment.",
                    ) from error
            return self._client


def on_host(service: str, base: str, url: httpx.URL) -> httpx.URL:
    """Return ``url``, over TLS if ``base`` is, when it lies on the host of ``base``; refuse any other.

    Raises:
        Unavailable: It lies elsewhere.
    """
    home = httpx.URL(base)
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
