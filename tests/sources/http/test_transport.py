import contextvars
import json
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.privacy.egress import is_loopback, record_egress, recording
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.reply_cache import SingleFlight
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

OK = Said.json({"ok": True})
BUSY = Said.json({"Fault": {"Code": "PUGREST.ServerBusy"}}, status=503)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(OK)) as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def far(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A host that is not this machine, played by the local server in the role of a proxy."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    return "http://far.test"


def local(server: LocalServer, clock: FakeClock, cache_dir: Path | None = None, **options: Any) -> Transport:
    return Transport(cache_dir, clock=clock, services=dict.fromkeys(SERVICES, server.url), **options)


def ask(transport: Transport, service: str = "pubchem", path: str = "compound/cid/2244/JSON", **options: Any) -> Reply:
    return transport.get(service, path, **({"discloses": "identifier", "log_line": "CID 2244"} | options))


# -- retries and the time budget


def test_503_then_200(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(BUSY, OK)
    with local(server, clock) as transport:
        assert ask(transport).json() == {"ok": True}
    assert len(server.asked) == 2
    assert 0.25 <= clock.slept[0] <= 0.5


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_obeyed(server: LocalServer, clock: FakeClock, as_date: bool) -> None:
    after = formatdate(clock.now + 7, usegmt=True) if as_date else "7"
    server.play = script(Said(b"", 429, {"Retry-After": after}), OK)
    began = clock.now
    with local(server, clock) as transport:
        ask(transport)
    assert clock.now - began == pytest.approx(7, abs=0.01)


def test_retry_after_beyond_the_budget_gives_up_at_once(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"", 503, {"Retry-After": "120"}), OK)
    with local(server, clock) as transport:
        with pytest.raises(Unavailable, match=r"PubChem gave no answer for CID 2244: status 503 \(tries: 1"):
            ask(transport)
        with pytest.raises(Unavailable, match="it asked for a pause"):  # and leaves the service in peace
            ask(transport)
    assert len(server.asked) == 1
    assert clock.slept == []


def test_gives_up_after_four_tries_and_says_what_to_do(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(BUSY)
    with local(server, clock) as transport, pytest.raises(Unavailable) as caught:
        ask(transport)
    assert len(server.asked) == 4
    assert "BIOMED_AGENT_OFFLINE" in caught.value.hint
    assert "HTTPS_PROXY" in caught.value.hint


def test_404_is_returned_and_not_tried_again(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said.json({"Fault": {"Code": "PUGREST.NotFound"}}, status=404))
    with local(server, clock) as transport:
        assert ask(transport).status == 404
    assert len(server.asked) == 1


def test_a_truncated_body_is_no_answer(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b'{"ok": true}', cut=4), OK)
    with local(server, clock) as transport:
        assert ask(transport).json() == {"ok": True}
    assert len(server.asked) == 2


def test_a_slow_body_ends_with_the_budget(server: LocalServer) -> None:
    server.play = script(Said(b"x" * 100, drip=0.05))
    with (
        Transport(timeout=2, services={"pubchem": server.url}) as transport,
        pytest.raises(Unavailable, match="did not end in time"),
    ):
        ask(transport)
    assert len(server.asked) == 1


def test_an_unreachable_service_is_named(clock: FakeClock) -> None:
    with (
        Transport(clock=clock, services={"uniprot": "http://127.0.0.1:9"}) as transport,
        pytest.raises(Unavailable, match="UniProt gave no answer for accession P1: ConnectError"),
    ):
        ask(transport, "uniprot", "x", log_line="accession P1")


def test_a_body_without_end_is_refused(server: LocalServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.http.connection.MAX_BODY_BYTES", 1000)
    server.play = script(Said(b"x" * 2000))
    with local(server, clock) as transport, pytest.raises(Unavailable, match="more than"):
        ask(transport)
    assert len(server.asked) == 1


def test_html_where_json_was_expected(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"<html>gateway</html>"))
    with local(server, clock) as transport, pytest.raises(Unavailable, match="PubChem answered an HTML page"):
        ask(transport).json()


def test_a_broken_proxy_setting_is_explained(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    monkeypatch.setenv("http_proxy", "nonsense://x")
    with Transport(clock=clock, egress="public") as transport, pytest.raises(Unavailable, match="HTTPS_PROXY"):
        ask(transport)


# -- redirects


def test_a_redirect_on_the_same_host_is_followed(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"old", 303, {"Location": "/uniprotkb/P23141?from=Q00015"}), OK)
    with local(server, clock) as transport:
        reply = ask(transport, "uniprot", "uniprotkb/Q00015.json")
    assert reply.provenance.url == f"{server.url}/uniprotkb/P23141?from=Q00015"
    assert server.asked[1].query == {"from": "Q00015"}


def test_a_redirect_to_another_host_is_not_followed(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"", 302, {"Location": "http://localhost:9/login"}))
    with local(server, clock) as transport, pytest.raises(Unavailable, match="another host, localhost"):
        ask(transport)
    assert len(server.asked) == 1


def test_a_redirect_in_circles_ends(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"", 302, {"Location": "/again"}))
    with local(server, clock) as transport, pytest.raises(Unavailable, match="PubChem redirected more than 5 times"):
        ask(transport)


def test_a_page_link_on_another_host_is_not_asked(server: LocalServer, clock: FakeClock) -> None:
    with local(server, clock) as transport:
        assert ask(transport, path=f"{server.url}/next?cursor=a%2Fb").status == 200
        with pytest.raises(Unavailable, match=r"another host, evil\.test"):
            ask(transport, path="http://evil.test/next")
    assert [asked.query for asked in server.asked] == [{"cursor": "a/b"}]


# -- cache


def test_a_cache_hit_asks_nobody_and_keeps_the_provenance(
    server: LocalServer, clock: FakeClock, tmp_path: Path
) -> None:
    server.play = script(Said.json({"n": 1}, X_UniProt_Release="2026_01"), Said.json({"n": 2}))
    with local(server, clock, tmp_path) as transport:
        first = ask(transport, "uniprot")
        clock.now += 3600
        again = ask(transport, "uniprot")
    assert len(server.asked) == 1
    assert (first.from_cache, again.from_cache) == (False, True)
    assert again.json() == {"n": 1}
    assert again.provenance == first.provenance
    assert first.provenance.release == "2026_01"
    assert first.provenance.retrieved.startswith("2027-01-15T")
    with local(server, clock, tmp_path, offline=True) as poll_path:
        assert ask(poll_path, "uniprot").json() == {"n": 1}


def test_a_reply_gets_stale(server: LocalServer, clock: FakeClock, tmp_path: Path) -> None:
    with local(server, clock, tmp_path) as transport:
        ask(transport, ttl=60)
        clock.now += 61
        ask(transport, ttl=60)
        ask(transport, path="other", ttl=0)
        ask(transport, path="other", ttl=0)
    assert len(server.asked) == 4


def test_posts_are_cached_by_their_form(server: LocalServer, clock: FakeClock, tmp_path: Path) -> None:
    with local(server, clock, tmp_path) as transport:
        for name in ("aspirin", "aspirin", "ibuprofen"):
            transport.post(
                "pubchem", "compound/name/JSON", form={"name": name}, discloses="name", log_line=f"name {name}"
            )
    assert [asked.form["name"] for asked in server.asked] == ["aspirin", "ibuprofen"]


def test_what_the_check_rejects_is_not_kept(server: LocalServer, clock: FakeClock, tmp_path: Path) -> None:
    def check(reply: Reply) -> None:
        if "Fault" in reply.json():
            raise InvalidInput("no such question.")

    server.play = script(Said.json({"Fault": {"Code": "PUGREST.BadRequest"}}), OK)
    with local(server, clock, tmp_path) as transport:
        with pytest.raises(InvalidInput):
            ask(transport, check=check)
        assert ask(transport, check=check).json() == {"ok": True}
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", [{"Fault": "busy"}, {"messages": [None]}, ["x"], "x", None, 5])
def test_a_check_that_fails_over_a_reply_says_that_it_is_malformed(
    server: LocalServer, clock: FakeClock, tmp_path: Path, body: Any
) -> None:
    """Whatever a check raises over a strange reply, it is no answer: said so, asked for again and never kept."""

    def check(reply: Reply) -> None:
        len(reply.json()["Fault"]["Code"]), [message.get("text") for message in reply.json()["messages"]]

    server.play = script(Said.json(body))
    with local(server, clock, tmp_path) as transport:
        with pytest.raises(Unavailable, match=r"PubChem's reply is malformed .*Error") as caught:
            ask(transport, check=check)
        assert "may have changed its format" in caught.value.hint
        assert len(server.asked) == 4
        server.play = script(Said.json({"Fault": {"Code": "x"}, "messages": []}))
        assert ask(transport, check=check).from_cache is False
        assert ask(transport, check=check).from_cache is True


def test_a_bug_of_a_check_is_no_way_out_either(server: LocalServer, clock: FakeClock) -> None:
    def check(reply: Reply) -> None:
        raise RuntimeError("never seen before")

    with local(server, clock) as transport, pytest.raises(Unavailable, match=r"malformed .RuntimeError: never seen"):
        ask(transport, check=check)


def test_json_nested_beyond_reading_is_no_answer(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"[" * 200_000))
    with local(server, clock) as transport:
        reply = ask(transport)
        with pytest.raises(Unavailable, match="where JSON was expected"):
            reply.json()


def test_what_the_check_calls_unavailable_is_tried_again(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"<html>"), OK)
    with local(server, clock) as transport:
        assert ask(transport, check=lambda reply: reply.json()).json() == {"ok": True}
        server.play = script(Said(b"<html>"))
        with pytest.raises(Unavailable, match=r"HTML page .*\(tries: 4"):
            ask(transport, path="other", check=lambda reply: reply.json())


@pytest.mark.parametrize("status", [202, 404])
def test_only_200_is_kept(server: LocalServer, clock: FakeClock, tmp_path: Path, status: int) -> None:
    server.play = script(Said.json({}, status=status))
    with local(server, clock, tmp_path) as transport:
        ask(transport)
        ask(transport)
    assert len(server.asked) == 2


def test_a_broken_cache_file_never_breaks_an_answer(server: LocalServer, clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "replies.sqlite").write_bytes(b"this is no database" * 100)
    with local(server, clock, tmp_path) as transport:
        assert ask(transport).status == 200
    (tmp_path / "file").write_text("not a folder")
    with local(server, clock, tmp_path / "file" / "cache") as transport:
        assert ask(transport).status == 200


def test_a_damaged_or_deleted_entry_is_fetched_again(server: LocalServer, clock: FakeClock, tmp_path: Path) -> None:
    with local(server, clock, tmp_path) as transport:
        ask(transport)
        with closing(sqlite3.connect(tmp_path / "replies.sqlite")) as db, db:
            db.execute("UPDATE reply SET body = 'x'")
        assert ask(transport).json() == {"ok": True}
        for file in tmp_path.glob("replies.sqlite*"):
            file.unlink()
        assert ask(transport).json() == {"ok": True}
        assert ask(transport).status == 200
    assert len(server.asked) >= 3


# -- egress


@pytest.mark.parametrize(
    ("egress", "allowed"),
    [
        ("public", {"name", "identifier", "query", "structure", "text"}),
        ("names-only", {"name", "identifier", "query"}),
        ("nothing", set()),
    ],
)
def test_the_policy_decides_by_what_is_revealed(
    server: LocalServer, clock: FakeClock, far: str, egress: Any, allowed: set[str]
) -> None:
    passed = set()
    with Transport(egress=egress, clock=clock, services={"pubchem": far}) as transport:
        for discloses in ("name", "identifier", "query", "structure", "text"):
            try:
                ask(transport, discloses=discloses)
                passed.add(discloses)
            except Refused as refused:
                assert f"egress policy is {egress}" in refused.message
                assert "BIOMED_AGENT_EGRESS" in refused.hint
        assert passed == allowed
        assert len(transport.log) == len(server.asked) == len(allowed)


def test_offline_refuses_with_its_own_words(server: LocalServer, clock: FakeClock, far: str) -> None:
    with (
        Transport(egress="public", offline=True, clock=clock, services={"pubchem": far}) as transport,
        pytest.raises(Refused, match="PubChem was not asked: offline is on") as caught,
    ):
        ask(transport)
    assert "BIOMED_AGENT_OFFLINE" in caught.value.hint
    assert server.asked == []


def test_this_machine_is_exempt_and_not_logged(server: LocalServer, clock: FakeClock) -> None:
    with local(server, clock, egress="nothing", offline=True) as transport, transport.recording() as left:
        assert ask(transport, discloses="structure").status == 200
    assert left == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://localhost", True),
        ("http://[::1]:8080", True),
        ("http://127.0.0.1.evil.test", False),
        ("http://localhost.evil.test", False),
        ("https://rest.uniprot.org", False),
        ("http://192.168.0.1", False),
    ],
)
def test_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_a_recording_holds_what_left_in_its_block(
    server: LocalServer, clock: FakeClock, far: str, tmp_path: Path
) -> None:
    with Transport(tmp_path, clock=clock, services={"pubchem": far}) as transport:
        ask(transport, log_line="before")
        with transport.recording() as outer:
            ask(transport, path="a", log_line="name aspirin")
            with recording() as inner:
                ask(transport, path="b", log_line="CID 1")
                ask(transport, path="a", log_line="name aspirin")  # from the cache: nothing left
                record_egress("host: question")
            with ThreadPoolExecutor() as pool:
                pool.submit(ask, transport, path="c", log_line="somebody else's").result()
                inherited = contextvars.copy_context()
                pool.submit(inherited.run, ask, transport, path="d", log_line="ours").result()
    assert inner == ["PubChem: CID 1", "host: question"]
    assert outer == ["PubChem: name aspirin", "PubChem: CID 1", "host: question", "PubChem: ours"]
    assert transport.log[0] == "PubChem: before"
    assert "PubChem: somebody else's" in transport.log


# -- identity and secrets


def test_secrets_show_nowhere(
    server: LocalServer, clock: FakeClock, far: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(asked: Asked) -> Said:
        return Said.json({"error": "API rate limit exceeded", "api-key": asked.form["api_key"]})

    def check(reply: Reply) -> None:
        if len(server.asked) > 1:
            raise Unavailable(f"NCBI says {reply.text}.")

    server.play = echo
    caplog.set_level(logging.DEBUG)
    options: dict[str, Any] = {"email": "me@example.org", "api_key": "s3cret-key"}
    with Transport(tmp_path, clock=clock, services={"pubmed": far}, **options) as transport:
        reply = ask(transport, "pubmed", "esearch.fcgi", params={"db": "pubmed", "term": "x y"}, log_line="search x y")
        with pytest.raises(Unavailable) as caught:
            ask(transport, "pubmed", "other.fcgi", check=check)
    assert server.asked[0].form == {
        "db": "pubmed", "term": "x y", "tool": "biomed-agent", "email": "me@example.org", "api_key": "s3cret-key",
    }  # fmt: skip
    assert reply.provenance.request == f"GET {far}/esearch.fcgi?db=pubmed&term=x+y"
    shown = [reply.text, repr(reply), str(caught.value), caplog.text, *transport.log]
    shown += [file.read_bytes().decode("latin-1") for file in tmp_path.iterdir()]
    assert not [text for text in shown if "s3cret-key" in text]
    with Transport(tmp_path, clock=clock, services={"pubmed": far}) as keyless:
        assert ask(keyless, "pubmed", "esearch.fcgi", params={"db": "pubmed", "term": "x y"}).from_cache


def test_who_asks_is_said(server: LocalServer, clock: FakeClock) -> None:
    with local(server, clock, email="me@example.org") as transport:
        ask(transport)
        reply = ask(transport, "pubmed", params={"id": "1"})
    assert "me@" not in repr(reply)
    assert server.asked[0].headers["user-agent"].startswith("biomed-agent/")
    assert server.asked[0].headers["user-agent"].endswith("(mailto:me@example.org)")
    assert server.asked[0].query == {}
    assert server.asked[1].query == {"id": "1", "tool": "biomed-agent", "email": "me@example.org"}


def test_no_cookie_is_kept(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said.json({}, Set_Cookie="ncbi_sid=1; path=/"))
    with local(server, clock) as transport:
        ask(transport)
        ask(transport)
    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize(
    "options",
    [{"egress": "some"}, {"email": "a b@c"}, {"email": "a@c\nX-Evil: 1"}, {"services": {"pubcem": "http://x"}}],
)
def test_settings_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Transport(**options)


# -- pace


def test_starts_keep_their_distance(server: LocalServer, clock: FakeClock) -> None:
    with local(server, clock) as transport:
        began = clock.now
        for _ in range(6):
            ask(transport)
        assert clock.now - began == pytest.approx(1.025)  # PubChem: 5 per second
        began = clock.now
        for _ in range(4):
            ask(transport, "pubmed")
        assert clock.now - began == pytest.approx(1.025)  # NCBI: 3 per second
    with local(server, clock, api_key="k") as transport:
        began = clock.now
        for _ in range(11):
            ask(transport, "pubmed")
        assert clock.now - began == pytest.approx(1.025)  # NCBI with a key: 10 per second


def test_the_pace_holds_between_threads(server: LocalServer) -> None:
    began = time.monotonic()
    with Transport(services={"pubchem": server.url}) as transport, ThreadPoolExecutor(4) as pool:
        for answered in [pool.submit(ask, transport, path=str(number)) for number in range(4)]:
            assert answered.result().status == 200
    assert time.monotonic() - began >= 0.6


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("Request Count status: Green (0%), Request Time status: Green (0%), Service status: Green (20%)", 0.205),
        ("Request Count status: Green (9%), Request Time status: Yellow (60%), Service status: Green (20%)", 1.0),
        ("request count STATUS: red", 5.0),
        ("nonsense", 0.205),
    ],
)
def test_pubchem_slows_us_down(server: LocalServer, clock: FakeClock, header: str, pause: float) -> None:
    server.play = script(Said.json({}, X_Throttling_Control=header))
    with local(server, clock) as transport:
        ask(transport)
        ask(transport)
    assert clock.slept == [pytest.approx(pause)]


def test_black_stops_us(server: LocalServer, clock: FakeClock) -> None:
    header = "Request Count status: Black (100%), Service status: Green (1%), too many requests per second"
    server.play = script(Said.json({}, X_Throttling_Control=header))
    with local(server, clock) as transport:
        ask(transport)
        for _ in range(3):  # asking meanwhile does not make the pause longer
            with pytest.raises(Unavailable, match="asked for a pause"):
                ask(transport)
            clock.now += 15
        clock.now += 15
        assert ask(transport).status == 200
    assert len(server.asked) == 2


def test_who_shares_the_cache_folder_shares_the_pace_and_the_pauses(
    server: LocalServer, clock: FakeClock, tmp_path: Path
) -> None:
    with local(server, clock, tmp_path) as mine, local(server, clock, tmp_path) as other:
        began = clock.now
        for number in range(3):
            ask(mine, path=f"a{number}")
            ask(other, path=f"b{number}")
        assert clock.now - began == pytest.approx(1.025)
        server.play = script(Said.json({}, X_Throttling_Control="Request Count status: Black (100%)"))
        ask(mine, path="last")
        with pytest.raises(Unavailable, match=r"PubChem gave no answer for CID 2244: it asked for a pause.*in 60 s"):
            ask(other, path="refused")
        assert ask(other, "uniprot", "at once").status == 200


def test_without_a_folder_for_it_the_pace_holds_within_the_process(
    server: LocalServer, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with local(server, clock, tmp_path / "file" / "cache") as transport:
        began = clock.now
        for number in range(6):
            ask(transport, path=str(number))
        assert clock.now - began == pytest.approx(1.025)
    assert [record.message for record in caplog.records if "limits hold for this process only" in record.message]


# -- a service that is down


def test_a_service_that_is_down_is_left_alone_and_tried_again(
    server: LocalServer, clock: FakeClock, tmp_path: Path
) -> None:
    with local(server, clock, tmp_path) as transport:
        ask(transport, path="known")
        server.play = script(Said(b"", 500))
        with pytest.raises(Unavailable, match="status 500"):
            ask(transport, path="a")
        with pytest.raises(Unavailable, match=r"PubChem is not asked for CID 2244: it failed 5 times in a row, last"):
            ask(transport, path="b")
        asked = len(server.asked)
        assert asked == 1 + 5
        with pytest.raises(Unavailable, match=r"with status 500; it is tried again in \d+ s") as caught:
            ask(transport, path="c")
        assert "BIOMED_AGENT_INDEX" in caught.value.hint
        assert ask(transport, path="known").from_cache
        assert len(server.asked) == asked, "nobody was asked meanwhile"
        server.play = script(OK)
        assert ask(transport, "uniprot", "another service").status == 200
        clock.now += 30
        assert ask(transport, path="c").status == 200
        assert ask(transport, path="d").status == 200


def test_a_failed_trial_means_another_rest(server: LocalServer, clock: FakeClock) -> None:
    server.play = script(Said(b"", 502))
    with local(server, clock) as transport:
        for path in "ab":
            with pytest.raises(Unavailable):
                ask(transport, path=path)
        clock.now += 30
        with pytest.raises(Unavailable, match="is not asked"):
            ask(transport, path="c")
    assert len(server.asked) == 5 + 1


def test_a_service_that_cannot_be_reached_is_left_alone(clock: FakeClock) -> None:
    with Transport(clock=clock, services={"uniprot": "http://127.0.0.1:9"}) as transport:
        for reason in ("gave no answer for CID 2244: ConnectError", "it failed 5 times in a row, last with ConnectE"):
            with pytest.raises(Unavailable, match=reason):
                ask(transport, "uniprot")


@pytest.mark.parametrize("status", [400, 404, 429])
def test_errors_of_the_caller_are_no_failures(server: LocalServer, clock: FakeClock, status: int) -> None:
    server.play = script(*[Said(b"", 500)] * 3, *[Said(b"", status)] * 4, *[Said(b"", 500)] * 3, OK)
    with local(server, clock) as transport:
        for path in "abcd":
            try:
                ask(transport, path=path)
            except Unavailable as error:
                assert "is not asked" not in error.message
        assert ask(transport, path="e").status == 200


# -- one fetch in flight


def test_threads_that_ask_for_the_same_share_one_fetch(server: LocalServer) -> None:
    asked_once, go_on = threading.Event(), threading.Event()

    def play(asked: Asked) -> Said:
        asked_once.set()
        go_on.wait(5)
        return OK

    server.play = play
    with Transport(services={"pubchem": server.url}) as transport, ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask, transport) for _ in range(4)]
        assert asked_once.wait(5)
        time.sleep(0.05)
        go_on.set()
        assert [answer.result().json() for answer in answers] == [{"ok": True}] * 4
    assert len(server.asked) == 1


def test_an_error_is_shared_and_then_forgotten() -> None:
    flights: SingleFlight[int] = SingleFlight()
    waiting, go_on = threading.Event(), threading.Event()

    def fail() -> int:
        waiting.set()
        go_on.wait(5)
        raise NotFound("no such compound.")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.share, "key", fail)
        assert waiting.wait(5)
        second = pool.submit(flights.share, "key", lambda: 1)
        time.sleep(0.05)
        go_on.set()
        for answer in (first, second):
            with pytest.raises(NotFound):
                answer.result()
    assert flights.share("key", lambda: 2) == 2


ASKER = """
import sys, time
from biomed_agent.sources.http.transport import Transport
with Transport(sys.argv[2], services={"pubchem": sys.argv[1]}) as transport:
    transport.get("pubchem", "warm/" + sys.argv[4], discloses="identifier", log_line="warm up")
    time.sleep(max(0.0, float(sys.argv[3]) - time.monotonic()))
    print(transport.get("pubchem", "same", discloses="identifier", log_line="the same").text)
"""


def test_processes_that_ask_for_the_same_share_one_fetch(server: LocalServer, tmp_path: Path) -> None:
    def play(asked: Asked) -> Said:
        time.sleep(0.5 if asked.path == "/same" else 0.0)
        return OK

    server.play = play
    together = str(time.monotonic() + 2.0)
    arguments = [sys.executable, "-c", ASKER, server.url, str(tmp_path), together]
    askers = [subprocess.Popen([*arguments, str(number)], stdout=subprocess.PIPE) for number in range(3)]
    assert [json.loads(asker.communicate(timeout=30)[0]) for asker in askers] == [{"ok": True}] * 3
    assert sum(asked.path == "/same" for asked in server.asked) == 1


def test_a_process_that_died_over_a_fetch_is_not_waited_for_long(
    server: LocalServer, clock: FakeClock, tmp_path: Path
) -> None:
    with local(server, clock, tmp_path) as transport:
        ask(transport, path="other")
        with transport._cache.fetching("forgotten"), closing(sqlite3.connect(tmp_path / "replies.sqlite")) as db, db:
            assert db.execute("UPDATE flight SET key = (SELECT key FROM reply)").rowcount == 1
            db.execute("DELETE FROM reply")
        began = clock.now
        assert ask(transport, path="other").status == 200
        assert 4.9 <= clock.now - began <= 5.5
        assert ask(transport, path="other").from_cache
    assert len(server.asked) == 2


# -- answers that are being prepared


def waiting_at(reply: Reply) -> str | None:
    return f"list/{reply.json()['key']}" if "key" in reply.json() else None


def test_a_queued_answer_is_fetched_where_it_will_lie(server: LocalServer, clock: FakeClock, tmp_path: Path) -> None:
    queued = Said.json({"key": 7}, status=202)
    server.play = script(queued, queued, queued, OK)
    began = clock.now
    with local(server, clock, tmp_path) as transport:
        reply = ask(transport, poll_path=waiting_at)
        assert reply.json() == {"ok": True}
        assert reply.provenance.url == f"{server.url}/compound/cid/2244/JSON"
        assert [asked.path for asked in server.asked] == ["/compound/cid/2244/JSON", *["/list/7"] * 3]
        assert clock.now - began == pytest.approx(2 + 4 + 8)
        assert ask(transport, poll_path=waiting_at).from_cache, "the answer is kept under the question"


@pytest.mark.parametrize("status", [200, 202])
def test_a_queue_is_left_when_the_time_is_over_and_never_kept(
    server: LocalServer, clock: FakeClock, tmp_path: Path, status: int
) -> None:
    server.play = script(Said.json({"key": 7}, status=status))
    with local(server, clock, tmp_path) as transport:
        with pytest.raises(Unavailable, match="PubChem put CID 2244 in a queue and has not answered within 14 s"):
            ask(transport, poll_path=waiting_at)
        server.play = script(OK)
        assert ask(transport, poll_path=waiting_at).json() == {"ok": True}
