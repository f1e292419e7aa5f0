"""The route of a request: straight to this machine, or as the environment says; and whom it really reached.

The clients of the model host and of the databases are made here, so that what the egress policy exempts and what goes
through no proxy is the same thing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from biomed_agent.core.deadline import current
from biomed_agent.core.errors import Unavailable
from biomed_agent.core.privacy.credentials import (
    SECRET_FILTER,
    clean_chain,
    proxy_secrets,
    proxy_settings,
    redact,
    redact_address,
)
from biomed_agent.core.privacy.egress import is_loopback, leaves, this_machine

if TYPE_CHECKING:
    import httpx

_PORTS = {"http": 80, "https": 443}
_Client = TypeVar("_Client", "httpx.Client", "httpx.AsyncClient")


def open_client(url: str, **options: Any) -> httpx.Client:
    """Return a client for ``url`` and what lies on its host.

    A client for this machine uses no proxy, and opens a connection for each request, so that a :class:`RouteTrace` sees
    with whom it is made. Any other takes the route that the environment says.

    Args:
        url: The address that will be asked.
        options: As for :class:`httpx.Client`.

    Raises:
        Unavailable: The environment names a proxy or certificates that cannot be used.
    """
    import httpx

    def client() -> httpx.Client:
        if not is_loopback(url):
            return httpx.Client(**options)
        return httpx.Client(transport=httpx.HTTPTransport(limits=_limits_of_one_request()), **options)

    return _create(client)


def open_async_client(url: str, **options: Any) -> httpx.AsyncClient:
    """Return the asynchronous twin of :func:`open_client`."""
    import httpx

    def client() -> httpx.AsyncClient:
        if not is_loopback(url):
            return httpx.AsyncClient(**options)
        return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(limits=_limits_of_one_request()), **options)

    return _create(client)


def _limits_of_one_request() -> httpx.Limits:
    """Return limits under which no connection serves a second request."""
    import httpx

    return httpx.Limits(max_keepalive_connections=0)


def _create(client: Callable[[], _Client]) -> _Client:
    """Return a client, or say what in the environment it cannot be made with."""
    import httpx

    SECRET_FILTER.add(*proxy_secrets())
    try:
        return client()
    except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
        # What httpx says of an address that it cannot read may be a piece of a password.
        unread = isinstance(error, httpx.InvalidURL)
        reason = "a proxy's address cannot be read" if unread else redact(str(error), *proxy_secrets()).rstrip(".")
        proxies = (
            ""
            if isinstance(error, OSError)
            else ", ".join(f"{k}={redact_address(v)}" for k, v in proxy_settings().items())
        )
        clean_chain(error, lambda _: reason)
        raise Unavailable(
            f"no HTTP client can be set up: {reason}{proxies and f' ({proxies})'}.",
            "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the environment.",
        ) from None


class RouteTrace:
    """Watches one request, as the ``trace`` of httpcore: with whom its connection is made, and when it goes out on it.

    An instance is the trace of a synchronous client; :meth:`handle_async` is that of an asynchronous one. A connection
    that an earlier request opened is not seen to be made. To this machine there is none, see :func:`open_client`;
    elsewhere ``proxies`` remembers the proxy, since a client takes the same route to an address as long as it lives.

    What a synchronous client sends and reads ends with the call that it works for (:mod:`biomed_agent.core.deadline`):
    when that is cancelled, its connection is closed. Until a connection stands it waits for its own timeout.

    Args:
        url: The address asked.
        check_peer: Called with the address of the peer when something that was exempt as being on this machine turns
            out to be elsewhere, before anything is sent; raises when the policy would not have let it go.
        on_send: Called with this trace when the connection stands and the request is about to go.
        proxies: By address, the proxies through which earlier requests of the same client went.
    """

    def __init__(
        self,
        url: str,
        check_peer: Callable[[str], None],
        on_send: Callable[[RouteTrace], None],
        proxies: dict[tuple[str, int], str] | None = None,
    ) -> None:
        import httpx

        address = httpx.URL(url)
        self._place = address.raw_host.decode("ascii"), address.port or _PORTS.get(address.scheme, 0)
        self._exempt = is_loopback(url)
        self._check_peer, self._on_send = check_peer, on_send
        self._proxies = {} if proxies is None else proxies
        self.outside = not self._exempt
        """whether the request leaves this machine"""

    @property
    def via(self) -> str:
        """Host and port of the proxy that is asked to pass the request on; empty for none."""
        return self._proxies.get(self._place, "")

    @property
    def route(self) -> dict[str, str]:
        """What the audit log notes of the route."""
        return {"via": self.via} if self.via else {}

    def __call__(self, event: str, details: Mapping[str, Any]) -> None:
        """Take note of an event of a synchronous client."""
        try:
            self._see(event, details)
            if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
                _end_with_calls(details["return_value"])
        except BaseException:
            if stream := _new_stream(event, details):
                stream.close()
            raise

    async def handle_async(self, event: str, details: Mapping[str, Any]) -> None:
        """Take note of an event of an asynchronous client."""
        try:
            self._see(event, details)
        except BaseException:
            if stream := _new_stream(event, details):
                await stream.aclose()
            raise

    def _see(self, event: str, details: Mapping[str, Any]) -> None:
        if event.endswith(".connect_tcp.started"):
            place = details["host"], details["port"]
            self._proxies[self._place] = "" if place == self._place else _host_and_port(*place)
        elif self._exempt and (stream := _new_stream(event, details)):
            self._look_at(_peer(stream))
        elif leaves(event, details):
            self._on_send(self)

    def _look_at(self, peer: str) -> None:
        self.outside = not this_machine(peer)
        if self.outside:
            self._check_peer(peer)


def _new_stream(event: str, details: Mapping[str, Any]) -> Any:
    """Return the connection that an event says was just made, if it says so."""
    return details["return_value"] if event.endswith(".connect_tcp.complete") else None


def _end_with_calls(stream: Any) -> None:
    """Make each wait on a connection of httpcore's end with the call it is for.

    A kept connection serves one call after another and nothing tells which, so each wait asks for the call of its own
    thread.
    """

    def within_call(wait: Callable[[Any, float | None], Any]) -> Callable[..., Any]:
        def wait_within_call(subject: Any, timeout: float | None = None) -> Any:
            call = current()
            call.check()
            with call.on_cancel(lambda: _drop(stream)):
                try:
                    return wait(subject, call.remaining if timeout is None else call.at_most(timeout))
                finally:
                    call.check()  # httpcore closes a connection over any error, so a dropped one is never used again

        return wait_within_call

    stream.read, stream.write = within_call(stream.read), within_call(stream.write)


def _drop(stream: Any) -> None:
    """End a connection that another thread waits on, which closing it would not."""
    with suppress(OSError):
        # The method of a TLS socket would first forget that it is one, and a write meanwhile would not be encrypted.
        socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


def _peer(stream: Any) -> str:
    """Return the address at the other end of a connection."""
    import httpx

    try:
        return str(stream.get_extra_info("server_addr")[0])
    except (OSError, TypeError, IndexError):  # it broke off meanwhile
        raise httpx.ConnectError("the connection broke before it was used") from None


def _host_and_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
