"""What a look-up waits for ends with the call it is made for: in time, and at once when nobody wants the answer."""

from __future__ import annotations

import contextvars
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.deadline import Deadline, running
from biomed_agent.core.errors import Cancelled, NotFound, TimedOut, Unavailable
from biomed_agent.sources.http.circuit_breaker import MAX_FAILURES
from biomed_agent.sources.http.rate_limit import RateLimiter, SharedSlots, SystemClock
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.reply_cache import ReplyCache, SingleFlight
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

OK = Said.json({"ok": True})
SOON = 5.0
"""seconds within which a wait has ended that would have lasted much longer"""


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(OK)) as server:
        yield server


def local(server: LocalServer, cache_dir: Path | None = None, **options: Any) -> Transport:
    return Transport(cache_dir, services=dict.fromkeys(SERVICES, server.url), **options)


def ask(transport: Transport, path: str = "compound/cid/2244/JSON", **options: Any) -> Reply:
    return transport.get("pubchem", path, **({"discloses": "identifier", "log_line": "CID 2244"} | options))


@contextmanager
def ends_soon() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


@contextmanager
def cancelled(when: Callable[[], bool] = lambda: True) -> Iterator[Deadline]:
    """Cancel the call of the block a moment after ``when`` holds."""
    deadline = Deadline()

    def cancel() -> None:
        wait_for(when)
        time.sleep(0.05)
        deadline.cancel()

    with ThreadPoolExecutor(1) as pool, running(deadline), ends_soon():
        pool.submit(cancel)
        yield deadline


@contextmanager
def timed_out(when: Callable[[], bool] = lambda: True) -> Iterator[Deadline]:
    """Give the call of the block a second, in which ``when`` has come to hold."""
    with running(Deadline(1.0)) as deadline, ends_soon():
        yield deadline
    assert when()


def wait_for(when: Callable[[], object]) -> None:
    until = time.monotonic() + SOON
    while not when() and time.monotonic() < until:
        time.sleep(0.005)


ENDS = [pytest.param(cancelled, Cancelled, id="cancelled"), pytest.param(timed_out, TimedOut, id="timeout")]
WHEN_IT_ENDS = pytest.mark.parametrize(("ending", "error"), ENDS)
Ending = Callable[..., Any]


# -- what waits


@WHEN_IT_ENDS
def test_a_wait_for_a_start_ends(ending: Ending, error: type[Exception]) -> None:
    clock = SystemClock()
    pace = RateLimiter("pubchem", 0.2, clock, SharedSlots(None))
    pace.hold(30)
    with ending(), pytest.raises(error):
        pace.approach(clock.monotonic() + 60)


def test_a_wait_before_another_try_ends(server: LocalServer) -> None:
    server.play = script(Said(b"", 503, {"Retry-After": "20"}))
    with local(server) as transport, cancelled(lambda: bool(server.asked)), pytest.raises(Cancelled):
        ask(transport)
    assert len(server.asked) == 1


def test_a_pause_that_is_longer_than_the_call_is_not_waited_for(server: LocalServer) -> None:
    server.play = script(Said(b"", 503, {"Retry-After": "20"}))
    with local(server) as transport, timed_out(), pytest.raises(TimedOut, match="status 503") as caught:
        ask(transport)
    assert "of 1" in caught.value.message
    assert len(server.asked) == 1


def test_a_wait_for_a_queued_answer_ends(server: LocalServer) -> None:
    server.play = script(Said.json({"key": 7}, status=202))
    with local(server) as transport, cancelled(lambda: bool(server.asked)), pytest.raises(Cancelled):
        ask(transport, poll_path=lambda reply: "list/7")
    assert len(server.asked) == 1


def test_a_queue_that_is_longer_than_the_call_is_left(server: LocalServer) -> None:
    clock = FakeClock()
    server.play = script(Said.json({"key": 7}, status=202))
    with (
        Transport(clock=clock, services={"pubchem": server.url}) as transport,
        running(Deadline(5, clock.monotonic)),
        pytest.raises(TimedOut, match="put CID 2244 in a queue"),
    ):
        ask(transport, poll_path=lambda reply: "list/7")


@WHEN_IT_ENDS
def test_a_wait_for_another_process_ends(tmp_path: Path, ending: Ending, error: type[Exception]) -> None:
    mine, theirs = (ReplyCache(tmp_path, SystemClock()) for _ in range(2))
    with theirs.fetching("key") as reply:
        assert reply is None
        with ending(), pytest.raises(error), mine.fetching("key"):
            pass
    with mine.fetching("key") as reply:
        assert reply is None


# -- a request under way


class HangingServer:
    """Takes a request and never answers it; ``closed`` is set when the client's connection ends.

    Args:
        answered: How many requests of a connection are answered before.
    """

    def __init__(self, answered: int = 0) -> None:
        self.answered = answered
        self.connections = 0
        self.hangs, self.closed = threading.Event(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> HangingServer:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._hang, args=(connection,), daemon=True).start()

    def _hang(self, connection: socket.socket) -> None:
        with closing(connection):
            requests = 0
            while connection.recv(65536):
                requests += 1
                if requests <= self.answered:
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                else:
                    self.hangs.set()
            self.closed.set()


@WHEN_IT_ENDS
def test_a_request_under_way_is_dropped(ending: Ending, error: type[Exception]) -> None:
    with HangingServer() as hanging, Transport(services={"pubchem": hanging.url}) as transport:
        with ending(hanging.hangs.is_set), pytest.raises(error):
            ask(transport)
        assert hanging.closed.wait(SOON)


@WHEN_IT_ENDS
def test_a_request_on_a_connection_that_was_kept_is_dropped(
    monkeypatch: pytest.MonkeyPatch, ending: Ending, error: type[Exception]
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with HangingServer(answered=2) as hanging:
        monkeypatch.setenv("http_proxy", hanging.url)
        with Transport(services={"pubchem": "http://far.test"}) as transport:
            for path in "ab":
                assert ask(transport, path).status == 200
            with ending(hanging.hangs.is_set), pytest.raises(error):
                ask(transport, "c")
            assert hanging.connections == 1
            assert hanging.closed.wait(SOON)


@WHEN_IT_ENDS
def test_a_body_without_end_is_dropped(server: LocalServer, ending: Ending, error: type[Exception]) -> None:
    server.play = script(Said(b"x" * 100, drip=0.1))
    with local(server) as transport, ending(lambda: bool(server.asked)), pytest.raises(error):
        ask(transport)


def test_a_call_that_is_over_asks_nobody(server: LocalServer) -> None:
    with local(server) as transport, running(Deadline()) as deadline:
        deadline.cancel()
        with pytest.raises(Cancelled):
            ask(transport)
    assert not server.asked


# -- what follows from it


@pytest.mark.parametrize("seconds", [None, 0.3])
def test_who_gives_up_does_not_make_the_service_count_as_down(seconds: float | None) -> None:
    with HangingServer() as hanging, Transport(services={"pubchem": hanging.url}) as transport:
        for number in range(MAX_FAILURES + 1):
            with running(Deadline(seconds)) as deadline:
                if seconds is None:
                    threading.Timer(0.05, deadline.cancel).start()
                with pytest.raises(Cancelled if seconds is None else TimedOut):
                    ask(transport, path=str(number))
        assert transport._breakers["pubchem"].refusal() == 0


def test_a_call_that_ended_leaves_nothing_in_the_cache(server: LocalServer, tmp_path: Path) -> None:
    deadline = Deadline()

    def play(asked: Asked) -> Said:
        deadline.cancel()
        time.sleep(0.1)
        return OK

    server.play = play
    with local(server, tmp_path) as transport:
        with running(deadline), pytest.raises(Cancelled):
            ask(transport)
        server.play = script(OK)
        assert not ask(transport).from_cache
        assert ask(transport).from_cache
    assert len(server.asked) == 2, "and it was not tried again"


# -- shared look-ups


def in_call(pool: ThreadPoolExecutor, deadline: Deadline, work: Callable[..., Any], *given: Any) -> Future[Any]:
    with running(deadline):
        return pool.submit(contextvars.copy_context().run, work, *given)


def test_who_shares_a_look_up_still_gets_its_answer_when_the_first_gives_up(server: LocalServer) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def play(asked: Asked) -> Said:
        if not arrived.is_set():
            arrived.set()
            go_on.wait(5)
        return OK

    server.play = play
    first = Deadline()
    with local(server) as transport, ThreadPoolExecutor(3) as pool:
        given_up = in_call(pool, first, ask, transport)
        assert arrived.wait(5)
        patient = [in_call(pool, Deadline(20), ask, transport), pool.submit(ask, transport)]
        time.sleep(0.1)
        first.cancel()
        assert [answer.result(5).json() for answer in patient] == [{"ok": True}] * 2
        with pytest.raises(Cancelled):
            given_up.result(5)
        go_on.set()
    assert len(server.asked) == 2, "one asks for the two who still wait"


@pytest.mark.parametrize(("seconds", "error"), [(None, Cancelled), (0.2, TimedOut)])
def test_who_waits_for_the_look_up_of_another_may_give_up(seconds: float | None, error: type[Exception]) -> None:
    flights: SingleFlight[int] = SingleFlight()
    flying, land, waiting = threading.Event(), threading.Event(), Deadline(seconds)

    def fetch() -> int:
        flying.set()
        land.wait(5)
        return 1

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.share, "key", fetch)
        assert flying.wait(5)
        second = in_call(pool, waiting, flights.share, "key", lambda: 2)
        if seconds is None:
            time.sleep(0.05)
            waiting.cancel()
        with pytest.raises(error):
            second.result(SOON)
        land.set()
        assert first.result(5) == 1


@pytest.mark.parametrize("error", [NotFound, Unavailable])
def test_any_other_error_is_shared(error: type[NotFound] | type[Unavailable]) -> None:
    flights: SingleFlight[int] = SingleFlight()
    flying, land = threading.Event(), threading.Event()

    def fetch() -> int:
        flying.set()
        land.wait(5)
        raise error("no answer.")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.share, "key", fetch)
        assert flying.wait(5)
        second = in_call(pool, Deadline(20), flights.share, "key", lambda: 2)
        time.sleep(0.05)
        land.set()
        for answer in (first, second):
            with pytest.raises(error):
                answer.result(5)
