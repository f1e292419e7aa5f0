"""A host that hangs: a call that is cancelled or out of time ends at once, and its connection with it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from biomed_agent.core.deadline import Deadline, current, running
from biomed_agent.core.errors import BiomedAgentError, Cancelled, TimedOut, Unavailable
from biomed_agent.core.privacy.egress import recording
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.remote import HostClient
from tests.helpers.server import LocalServer, Said, script

MESSAGES = [user_message("Please describe this molecule.", smiles=["CCO"])]
AT_ONCE = 5.0
"""seconds within which a call must end that would hang for minutes; generous, for a busy machine"""
MANIFEST = b'{"data": [{"id": "tiny"}]}'
FIRST_PIECE = b'data: {"choices": [{"delta": {"content": "An "}}]}\n\n'


class HangingHost:
    """Says who it is, reads prompts, and never finishes an answer."""

    def __init__(self, beginning: bytes = b"", manifest: bool = True) -> None:
        self.beginning, self.manifest = beginning, manifest
        self.asked, self.closed = threading.Event(), threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = connection.recv(65536)
            if request.startswith(b"GET") and self.manifest:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(MANIFEST), MANIFEST))
                return
            if self.beginning:
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + self.beginning)
            self.asked.set()
            try:
                while connection.recv(65536):
                    pass
            except ConnectionError:
                pass
            self.closed.set()

    def stop(self) -> None:
        self._socket.close()


@pytest.fixture
def host() -> Iterator[HangingHost]:
    host = HangingHost()
    yield host
    host.stop()


async def collected(client: HostClient) -> list[str]:
    return [piece async for piece in client.astream(MESSAGES)]


CALLS: dict[str, Callable[[HostClient], object]] = {
    "generate": lambda client: client.generate(MESSAGES),
    "samples": lambda client: client.samples(MESSAGES, Options(temperature=1.0), 2),
    "stream": lambda client: list(client.stream(MESSAGES)),
    "agenerate": lambda client: asyncio.run(client.agenerate(MESSAGES)),
    "astream": lambda client: asyncio.run(collected(client)),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_whose_time_is_up_ends_and_closes_its_connection(host: HangingHost, call: str) -> None:
    client = HostClient(host.url)
    started = time.monotonic()
    with running(Deadline(0.2)), pytest.raises(TimedOut, match=r"longer than its timeout of 0\.2 s"):
        CALLS[call](client)
    assert 0.2 <= time.monotonic() - started < AT_ONCE
    assert host.closed.wait(AT_ONCE)


@pytest.mark.parametrize("beginning", [b"", FIRST_PIECE])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_is_cancelled_ends_and_closes_its_connection(call: str, beginning: bytes) -> None:
    host = HangingHost(beginning)
    client, deadline = HostClient(host.url), Deadline()

    def ask() -> None:
        with running(deadline):
            CALLS[call](client)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        assert host.asked.wait(AT_ONCE)
        assert not host.closed.is_set()
        deadline.cancel()
        with pytest.raises(Cancelled):
            asking.result(AT_ONCE)
    assert host.closed.wait(AT_ONCE)
    host.stop()


def test_a_host_that_hangs_over_its_manifest_is_left_too() -> None:
    host = HangingHost(manifest=False)
    with running(Deadline(0.2)), pytest.raises(TimedOut):
        _ = HostClient(host.url).stamp
    assert host.closed.wait(AT_ONCE)
    host.stop()


def test_a_call_that_is_over_before_it_starts_asks_nothing() -> None:
    deadline = Deadline()
    deadline.cancel()
    with LocalServer(script(Said(MANIFEST))) as server, running(deadline):
        for call in CALLS.values():
            with pytest.raises(Cancelled):
                call(HostClient(server.url))
    assert server.asked == []


def test_without_a_deadline_the_timeout_of_the_client_holds(host: HangingHost) -> None:
    with pytest.raises(Unavailable, match="gave no answer") as caught:
        HostClient(host.url, timeout=0.2).generate(MESSAGES)
    assert type(caught.value) is Unavailable
    with running(Deadline(60)), pytest.raises(Unavailable, match="gave no answer") as caught:
        HostClient(host.url, timeout=0.2).generate(MESSAGES)
    assert type(caught.value) is Unavailable


async def test_a_cancelled_task_stays_cancelled_and_closes_its_connection(host: HangingHost) -> None:
    client = HostClient(host.url)
    for answer in (client.agenerate(MESSAGES), collected(client)):
        host.asked.clear()
        host.closed.clear()
        task = asyncio.create_task(answer)
        await asyncio.wait_for(wait_until(host.asked), AT_ONCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(wait_until(host.closed), AT_ONCE)


async def wait_until(event: threading.Event) -> None:
    while not event.is_set():
        await asyncio.sleep(0.01)


def test_a_reader_who_leaves_closes_the_connection() -> None:
    host = HangingHost(FIRST_PIECE)
    pieces = HostClient(host.url).stream(MESSAGES)
    assert next(pieces) == "An "
    pieces.close()  # type: ignore[attr-defined]
    assert host.closed.wait(AT_ONCE)
    host.stop()


def test_the_deadline_of_a_stream_is_that_of_the_call_and_not_of_its_reader() -> None:
    host = HangingHost(FIRST_PIECE)
    client = HostClient(host.url)
    with running(Deadline(0.5)):
        pieces = client.stream(MESSAGES)
    assert next(pieces) == "An "
    assert current().remaining is None
    with pytest.raises(TimedOut):
        next(pieces)
    host.stop()


def test_closing_ends_the_thread_and_what_waits_and_a_later_call_starts_anew(host: HangingHost) -> None:
    client = HostClient(host.url)
    assert client.stamp.name == "tiny"
    threads = threads_of_clients()
    assert threads
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(client.generate, MESSAGES)
        assert host.asked.wait(AT_ONCE)
        client.close()
        with pytest.raises(Cancelled):
            asking.result(AT_ONCE)
    client.close()
    asyncio.run(client.aclose())
    assert host.closed.wait(AT_ONCE)
    assert len(threads_of_clients()) < len(threads)
    with running(Deadline(0.2)), pytest.raises(TimedOut):
        client.generate(MESSAGES)
    asyncio.run(client.aclose())


def threads_of_clients() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "biomed-agent-host"]


def test_asynchronous_calls_leave_the_default_executor_alone() -> None:
    answer: dict[str, Any] = {"choices": [{"message": {"content": "A"}, "delta": {"content": "A"}}]}
    event = f"data: {json.dumps(answer)}\n\n".encode()

    def play(asked: Any) -> Said:
        return Said(
            MANIFEST if asked.method == "GET" else event if b'"stream"' in asked.body else json.dumps(answer).encode()
        )

    class Forbidden(ThreadPoolExecutor):
        def submit(self, *_args: Any, **_options: Any) -> Any:
            raise AssertionError("the default executor was used")

    async def ask(url: str) -> tuple[str, list[str]]:
        asyncio.get_running_loop().set_default_executor(Forbidden())
        return (await HostClient(url).agenerate(MESSAGES)).text, await collected(HostClient(url))

    with LocalServer(play) as server:
        assert asyncio.run(ask(server.url)) == ("A", ["A"])


def test_what_leaves_is_recorded_in_the_block_of_the_caller() -> None:
    answer: dict[str, Any] = {"choices": [{"message": {"content": "A"}}]}

    def play(asked: Any) -> Said:
        return Said(MANIFEST if asked.method == "GET" else json.dumps(answer).encode())

    with LocalServer(play) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setenv("http_proxy", proxy.url)
        patch.setenv("no_proxy", "")
        client = HostClient("http://far.test", egress="public")
        with recording() as before:
            pass
        for name, call in CALLS.items():
            with recording() as entries:
                call(client)
            manifest = ["model host http://far.test: its manifest"] if name == "generate" else []
            assert entries == [*manifest, "model host http://far.test: a prompt with its structures"], name
    assert before == []


def test_an_error_of_the_package_is_all_that_escapes(host: HangingHost) -> None:
    deadline = Deadline(0.05)
    for call in CALLS.values():
        with running(deadline), pytest.raises(BiomedAgentError):
            call(HostClient(host.url))
