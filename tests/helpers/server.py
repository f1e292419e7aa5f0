"""A local HTTP server that plays the databases, and a clock that need not be waited for."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Said:
    """What to answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    """bytes of the announced body that are never sent"""
    drip: float = 0.0
    """seconds between the bytes of the body"""

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Said:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(json.dumps(value).encode(), status, {"content-type": "application/json"} | named)


class LocalServer:
    """Answers with what ``play`` returns; ``asked`` lists the requests in order.

    It also answers as an HTTP proxy, so that a test can ask ``http://far.test`` without leaving the machine.
    """

    def __init__(self, play: Callable[[Asked], Said], address: str = "127.0.0.1") -> None:
        self.play = play
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # a body that waits for the headers' receipt costs 40 ms

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                form = dict(parse_qsl(body.decode(), keep_blank_values=True))
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                asked = Asked(self.command, unquote(parts.path), query, form, headers, body)
                outer.asked.append(asked)
                self.answer(outer.play(asked))

            do_POST = do_GET

            def answer(self, reply: Said) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                try:
                    if reply.drip:
                        for byte in reply.body:
                            self.wfile.write(bytes([byte]))
                            time.sleep(reply.drip)
                    else:
                        self.wfile.write(reply.body[: len(reply.body) - reply.cut])
                except ConnectionError:
                    self.close_connection = True
                if reply.cut:
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Server((address, 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://[{address}]:{self.port}" if ":" in address else f"http://{address}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def script(*answers: Said) -> Callable[[Asked], Said]:
    """Play ``answers`` one after the other; the last one is repeated."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += seconds
