"""The way to the services as the environment sets it: proxies, certificates, packed bodies; no secret left behind."""

from __future__ import annotations

import gzip
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.deadline import Deadline, running
from biomed_agent.core.errors import BiomedAgentError, Cancelled, Unavailable
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.remote import HostClient
from biomed_agent.sources.http import connection
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

OK = Said.json({"ok": True})
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *(name.upper() for name in PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(OK)) as server:
        yield server


def ask(url: str, clock: Any = None, cache: Path | None = None, **options: Any) -> Reply:
    with Transport(cache, clock=clock or FakeClock(), services={"pubchem": url}, **options) as transport:
        return transport.get("pubchem", "compound/name/x", discloses="name", log_line="name x")


# -- proxies


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, server.url)
    assert ask("http://far.test").json() == {"ok": True}
    assert [asked.headers["host"] for asked in server.asked] == ["far.test"]


def test_no_proxy_goes_around_it(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "far.invalid,elsewhere.test")
    with pytest.raises(Unavailable, match="ConnectError"):  # there is no such host, so it was looked for directly
        ask("http://far.invalid")
    assert not server.asked
    assert ask("http://far.test").json() == {"ok": True}


def test_the_password_of_a_proxy_shows_nowhere(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    audit = tmp_path / "egress.jsonl"
    texts: list[str] = []
    for url in (server.url, "http://127.0.0.1:9"):
        monkeypatch.setenv("HTTP_PROXY", url.replace("//", "//me:pa55word@"))
        try:
            texts.append(repr(ask("http://far.test", cache=tmp_path / url[-4:], audit=audit)))
        except Unavailable as error:
            texts.append(str(error))
    monkeypatch.setenv("HTTP_PROXY", "gopher://me:pa55word@far.test")
    with pytest.raises(Unavailable) as caught:
        ask("http://far.test")
    assert server.asked[0].headers["proxy-authorization"].startswith("Basic ")
    texts += [str(caught.value), caplog.text]
    texts += [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()]
    assert len(texts) > 5
    assert not [text for text in texts if "pa55word" in text or "me:pa" in text]


# -- certificates


class Tunnel:
    """A proxy that opens tunnels (CONNECT), whatever host is asked for, to one port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            self.asked.append(near.recv(65536).decode().splitlines()[0])
            far = socket.create_connection(("127.0.0.1", self.port))
            near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for source, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, other), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, other: socket.socket) -> None:
        with closing(other):
            try:
                while data := source.recv(65536):
                    other.sendall(data)
            except OSError:
                pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate authority of our own and a certificate of it for far.test and 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the command openssl")
    folder = tmp_path_factory.mktemp("ca")
    (folder / "names").write_text("subjectAltName=DNS:far.test,IP:127.0.0.1\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for command in (
        f"req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Test-CA",
        f"req {key} -keyout host.key -out host.csr -subj /CN=far.test",
        "x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out host.pem -days 2 -extfile names",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", "ca.pem"], cwd=folder, check=True, capture_output=True, text=True
    )
    (folder / "dir").mkdir()
    shutil.copy(folder / "ca.pem", folder / "dir" / f"{hashed.stdout.strip()}.0")
    return folder


@pytest.fixture
def secure(server: LocalServer, authority: Path) -> str:
    """The local server over TLS, with the certificate of our own authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "host.pem", authority / "host.key")
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    return server.url.replace("http:", "https:")


def test_a_certificate_of_an_unknown_authority_is_refused(secure: str) -> None:
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        ask(secure)


@pytest.mark.parametrize(("variable", "file"), [("SSL_CERT_FILE", "ca.pem"), ("SSL_CERT_DIR", "dir")])
def test_an_authority_of_the_environment_is_trusted(
    secure: str, authority: Path, monkeypatch: pytest.MonkeyPatch, variable: str, file: str
) -> None:
    monkeypatch.setenv(variable, str(authority / file))
    assert ask(secure).json() == {"ok": True}


def test_tls_goes_through_the_tunnel_of_a_proxy(
    secure: str, server: LocalServer, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunnel = Tunnel(int(secure.rpartition(":")[2]))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
    reply = ask("https://far.test")
    tunnel.close()
    assert reply.json() == {"ok": True}
    assert tunnel.asked == ["CONNECT far.test:443 HTTP/1.1"]
    assert server.asked[0].headers["host"] == "far.test"


@pytest.mark.parametrize("tunnelled", [False, True])
def test_a_request_over_tls_is_dropped_when_its_call_is_cancelled(
    secure: str, server: LocalServer, authority: Path, monkeypatch: pytest.MonkeyPatch, tunnelled: bool
) -> None:
    tunnel = Tunnel(int(secure.rpartition(":")[2]))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    if tunnelled:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
    call, dropped = Deadline(), threading.Event()

    def play(asked: Asked) -> Said:
        threading.Timer(0.05, call.cancel).start()
        assert dropped.wait(10)
        return OK

    server.play = play
    with running(call), pytest.raises(Cancelled):
        ask("https://far.test" if tunnelled else secure)
    dropped.set()
    tunnel.close()
    assert len(server.asked) == 1


def test_a_certificate_file_that_is_missing_is_named(secure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(Unavailable, match="SSL_CERT_FILE"):
        ask(secure)


# -- packed bodies


def test_a_packed_body_is_read(server: LocalServer) -> None:
    server.play = script(Said(gzip.compress(b'{"packed": 1}'), 200, {"Content-Encoding": "gzip"}))
    assert ask(server.url).json() == {"packed": 1}


def test_a_bomb_is_refused_by_its_unpacked_size(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_BODY_BYTES", 1 << 20)
    bomb = gzip.compress(b" " * (8 << 20))
    assert len(bomb) < 1 << 15
    server.play = script(Said(bomb, 200, {"Content-Encoding": "gzip"}))
    with pytest.raises(Unavailable, match="more than 1 MB"):
        ask(server.url)
    assert len(server.asked) == 1


def test_a_body_packed_wrongly_is_no_answer(server: LocalServer, tmp_path: Path) -> None:
    cut = gzip.compress(b'{"packed": "' + b"xyz" * 1000 + b'"}')
    server.play = script(Said(b"\x1f\x8b" + b"nonsense" * 4, 200, {"Content-Encoding": "gzip"}), OK)
    assert ask(server.url, cache=tmp_path).json() == {"ok": True}
    assert len(server.asked) == 2
    assert len(cut) < 3000


# -- the key of the model host


def test_the_key_of_a_model_host_shows_nowhere(
    server: LocalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("http_proxy", server.url)
    audit = tmp_path / "egress.jsonl"
    client = HostClient("http://far.test", egress="public", api_key="s3cret-token", audit=audit)
    echoed = Said.json({"error": {"message": "no such key: s3cret-token"}}, status=401)
    texts = []
    for answer in (Said.json({"data": [{"id": "m"}]}), echoed, Said(b"<html>s3cret-token", 500), Said(b"s3cret-token")):
        server.play = script(answer)
        try:
            texts.append(repr(client.stamp))
            client.generate([user_message("What?")])
        except BiomedAgentError as error:
            texts.append(str(error))
    assert server.asked[0].headers["authorization"] == "Bearer s3cret-token"
    texts += [caplog.text, audit.read_text(encoding="utf-8"), repr(client)]
    assert not [text for text in texts if "s3cret-token" in text]
    assert any("no such key: ***" in text for text in texts)
