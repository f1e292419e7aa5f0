"""Routes: this machine is asked without a proxy, a name is believed only where it leads, and what leaves is told."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import BiomedAgentError, Refused, Unavailable
from biomed_agent.core.privacy.egress import is_loopback, recording
from biomed_agent.core.types import EgressPolicy
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.remote import HostClient
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import Asked, LocalServer, Said

SMILES = "CC(=O)Nc1ccc(O)cc1CCBr"
MESSAGES = [user_message("What is it?", smiles=[SMILES])]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def play(asked: Asked) -> Said:
    """Answer as a model host, and as a database."""
    if asked.body.endswith(b'"stream":true}'):
        return Said(b'data: {"choices": [{"delta": {"content": "yes"}}]}\n\ndata: [DONE]\n\n')
    return Said.json({"data": [{"id": "m"}], "choices": [{"message": {"content": "yes"}}]})


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(play) as server:
        yield server


class Listener:
    """Takes every connection to a port of this machine, and keeps what is sent on it first."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        received = self.received

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                received.append(self.request.recv(65536))

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def ways(client: HostClient) -> dict[str, Callable[[], object]]:
    """Return every way in which a host is asked."""

    async def pieces() -> list[str]:
        return [piece async for piece in client.astream(MESSAGES)]

    return {
        "stamp": lambda: client.stamp.name,
        "generate": lambda: client.generate(MESSAGES).text,
        "samples": lambda: client.samples(MESSAGES, Options(), 1)[0].text,
        "agenerate": lambda: asyncio.run(client.agenerate(MESSAGES)).text,
        "stream": lambda: "".join(client.stream(MESSAGES)),
        "astream": lambda: "".join(asyncio.run(pieces())),
    }


def look_up(url: str, policy: EgressPolicy = "nothing", audit: Path | None = None, **request: Any) -> Any:
    with Transport(None, services={"pubchem": url}, egress=policy, audit=audit, timeout=3) as transport:
        return transport.get(
            "pubchem", "compound", **({"discloses": "structure", "log_line": "a structure"} | request)
        ).json()


def noted(audit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit.read_text(encoding="utf-8").splitlines()] if audit.is_file() else []


# -- this machine


@pytest.mark.parametrize("others", ["", "elsewhere.test"])
@pytest.mark.parametrize("variables", [PROXIES[:1], PROXIES[1:2], PROXIES[2:3], PROXIES[3:], PROXIES])
@pytest.mark.parametrize("place", ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.2"])
def test_no_proxy_is_told_what_this_machine_is_asked(
    server: LocalServer,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: tuple[str, ...],
    others: str,
    place: str,
) -> None:
    for name in variables:
        monkeypatch.setenv(name, f"http://{listener.address}")
    if others:
        monkeypatch.setenv("NO_PROXY", others)
    audit = tmp_path / "egress.jsonl"
    near = server if place != "127.0.0.2" else None
    with contextlib.ExitStack() as stack:
        near = near or stack.enter_context(LocalServer(play, place))
        url = f"http://{place}:{near.port}"
        client = HostClient(url, egress="nothing", audit=audit)
        with recording() as left:
            answers = {name: ask() for name, ask in ways(client).items()}
            assert look_up(url, audit=audit)["data"]
    assert answers == {"stamp": "m"} | dict.fromkeys(("generate", "samples", "agenerate", "stream", "astream"), "yes")
    assert [SMILES in asked.body.decode() for asked in near.asked] == [False, *[True] * 5, False]
    assert not (listener.received or left or noted(audit))


@pytest.mark.parametrize("place", ["[::1]", "[::ffff:127.0.0.1]"])
def test_no_proxy_is_told_what_this_machine_is_asked_by_ipv6(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    try:
        near = LocalServer(play, "::1" if place == "[::1]" else "127.0.0.1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    monkeypatch.setenv("ALL_PROXY", f"http://{listener.address}")
    with near, recording() as left:
        url = f"http://{place}:{near.port}"
        try:
            answers = [ask() for ask in ways(HostClient(url, egress="nothing")).values()]
        except Unavailable as error:  # a system that does not know such addresses at all
            assert "ConnectError" in str(error)
            answers = []
        assert answers in ([], ["m", *["yes"] * 5])
        assert answers or place != "[::1]"
    assert not (listener.received or left)


@pytest.mark.parametrize("policy", ["names-only", "nothing"])
@pytest.mark.parametrize(
    "place",
    ["127.1", "localhost.", "0.0.0.0", "127.0.0.1.", "2130706433", "[::]", "localhost.test", "127.0.0.1@far.test"],
)
def test_what_is_not_surely_this_machine_counts_as_elsewhere(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, place: str, policy: EgressPolicy
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{listener.address}")
    assert not is_loopback(f"http://{place}:80")
    with pytest.raises(Refused):
        HostClient(f"http://{place}:80", egress=policy)
    with pytest.raises(Refused):
        look_up(f"http://{place}:80", policy)
    assert not listener.received


def test_an_address_that_cannot_be_read_is_not_this_machine() -> None:
    assert not is_loopback("http://[::1")


BAD = [
    "socks5://me:c4nary@127.0.0.1:9",
    "htp://me:c4nary@127.0.0.1:9",
    "http://me:c4nary/9@127.0.0.1:9",
    "http://127.0.0.1:c4",
]


@pytest.mark.parametrize("proxy", BAD)
def test_a_bad_proxy_is_named_and_does_not_disturb_this_machine(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    if proxy.startswith("socks5") and importlib.util.find_spec("socksio"):
        pytest.skip("this proxy could be used")
    monkeypatch.setenv("ALL_PROXY", proxy)
    assert [ask() for ask in ways(HostClient(server.url)).values()] == ["m", *["yes"] * 5]
    assert look_up(server.url)["data"]
    doors: list[Callable[[], object]] = [*ways(HostClient("http://far.test", egress="public")).values()]
    for door in (*doors, lambda: look_up("http://far.test", "public")):
        with pytest.raises(Unavailable, match=r"no HTTP client can be set up: .*ALL_PROXY=") as caught:
            door()
        assert "HTTPS_PROXY" in caught.value.hint
        assert "c4n" not in str(caught.value)


# -- a name that leads elsewhere


@pytest.fixture
def astray(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """A server to which the name localhost leads, at an address of this machine that is no loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # sends nothing, finds out from where it would be sent
            own = probe.getsockname()[0]
        except OSError:
            own = "127.0.0.1"
    if own.startswith("127.") or own == "0.0.0.0":
        pytest.skip("this machine has no other address than its loopback")
    resolve = socket.getaddrinfo

    def leads_astray(host: Any, *rest: Any, **more: Any) -> Any:
        return resolve(own if host in ("localhost", b"localhost") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", leads_astray)
    with LocalServer(play, own) as server:
        yield server


def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_sent(astray: LocalServer, tmp_path: Path) -> None:
    audit, url = tmp_path / "egress.jsonl", f"http://localhost:{astray.port}"
    client = HostClient(url, audit=audit)
    doors = [*ways(client).values(), lambda: look_up(url, "names-only", audit), lambda: look_up(url, audit=audit)]
    with recording() as left:
        for door in doors:
            with pytest.raises(Refused, match=r"at [0-9.]+, which is not this machine"):
                door()
    assert not (astray.asked or left)
    assert [entry["event"] for entry in noted(audit)] == ["blocked"] * len(doors)


def test_a_name_that_leads_elsewhere_is_asked_what_may_leave_and_that_is_told(
    astray: LocalServer, tmp_path: Path
) -> None:
    audit, url = tmp_path / "egress.jsonl", f"http://localhost:{astray.port}"
    with recording() as left:
        assert [ask() for ask in ways(HostClient(url, egress="public", audit=audit)).values()] == ["m", *["yes"] * 5]
    assert len(left) == len(astray.asked) == 6
    services = {"pubchem": url}
    with Transport(None, services=services, audit=audit, timeout=3) as transport, transport.recording() as left:
        transport.get("pubchem", "a", discloses="name", log_line="name a")
        for path, discloses in (("b", "structure"), (f"compound/name/{SMILES}", "name")):
            with pytest.raises(Refused):
                transport.get("pubchem", path, discloses=discloses, log_line="b")  # type: ignore[arg-type]
        assert left == ["PubChem: name a"]
    assert len(astray.asked) == 7
    assert [entry["event"] for entry in noted(audit)] == ["sent"] * 7 + ["blocked"] * 2


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_host_that_redirects_does_not_carry_the_prompt_elsewhere(
    server: LocalServer, listener: Listener, status: int
) -> None:
    there = f"http://{listener.address}/v1/chat/completions?api_key=c4nary"
    server.play = lambda asked: Said(b"", status, {"Location": there}) if asked.method == "POST" else play(asked)
    for name, ask in ways(HostClient(server.url)).items():
        if name != "stamp":
            with pytest.raises(Unavailable, match="pointed to another address") as caught:
                ask()
            assert "c4nary" not in str(caught.value)
    server.play = lambda asked: Said(b"", status, {"Location": there})
    with pytest.raises(Unavailable, match="pointed to another host"):
        look_up(server.url)
    assert not listener.received


# -- elsewhere


def test_a_host_elsewhere_goes_through_the_proxy_and_is_told(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//me:c4nary@"))
    audit = tmp_path / "egress.jsonl"
    with recording() as left:
        client = HostClient("http://model-host.test", egress="public", audit=audit)
        assert [ask() for ask in ways(client).values()] == ["m", *["yes"] * 5]
    assert [asked.headers["host"] for asked in server.asked] == ["model-host.test"] * 6
    assert len(left) == 6
    assert {entry["via"] for entry in noted(audit)} == {server.url.removeprefix("http://")}
    assert "c4nary" not in audit.read_text(encoding="utf-8")


def test_the_proxy_of_a_connection_that_is_used_again_is_told(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    audit = tmp_path / "egress.jsonl"
    services = {"pubchem": "http://far.test", "uniprot": "http://further.test"}
    with Transport(None, services=services, audit=audit) as transport:
        for service, path in (("pubchem", "a"), ("pubchem", "b"), ("uniprot", "c"), ("uniprot", "d")):
            transport.get(service, path, discloses="name", log_line=path)
    assert [entry["via"] for entry in noted(audit)] == [server.url.removeprefix("http://")] * 4


def test_what_goes_straight_to_a_host_elsewhere_is_told_without_a_proxy(
    astray: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", astray.url.removeprefix("http://").partition(":")[0])
    audit = tmp_path / "egress.jsonl"
    assert HostClient(astray.url, egress="public", audit=audit).stamp.name == "m"
    (entry,) = noted(audit)
    assert "via" not in entry


@pytest.mark.parametrize("policy", ["names-only", "nothing"])
def test_a_host_elsewhere_is_refused_before_anything_connects(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, policy: EgressPolicy
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://{listener.address}")
    with recording() as left, pytest.raises(BiomedAgentError, match="egress policy"):
        HostClient("http://model-host.test", egress=policy).generate(MESSAGES)
    assert not (listener.received or left)
