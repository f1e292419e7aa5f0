"""The proof of what leaves: the sinkhole catches, the guard stops, and a leak is told."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.cli import egress_trials, main
from biomed_agent.cli.egress_proof import Sinkhole, _judged, _text, _trials, _whole
from biomed_agent.cli.egress_trials import FILE_MARKER, PASSWORDS, SEQUENCE, STRUCTURE, TEXT, _calls, secrets
from biomed_agent.core.settings import Settings
from biomed_agent.sources.local import LocalIndex


def found(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {name: [] for name in ("stopped", "not_tried", "failed", "shown", "audit")}
    return {**empty, "doors": [{"door": "x", "status": "refused"}], **more}


SENT = {"event": "sent", "service": "PubChem", "what": "name x", "kind": "names"}


def test_the_trap_keeps_what_is_sent() -> None:
    with Sinkhole() as sinkhole:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": sinkhole.url}))
        with pytest.raises(urllib.error.HTTPError):
            opener.open("http://far.test/compound/name/aspirin", data=b"name=aspirin", timeout=5)
        assert opener.open("http://far.test/esearch.fcgi", timeout=5).status == 200
    assert [request.splitlines()[0] for request in sinkhole.caught] == [
        "POST http://far.test/compound/name/aspirin HTTP/1.1",
        "GET http://far.test/esearch.fcgi HTTP/1.1",
    ]
    assert sinkhole.caught[0].endswith("name=aspirin")


def test_a_bare_connection_is_caught_too() -> None:
    with Sinkhole() as sinkhole:
        host, port = sinkhole.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)
    assert sinkhole.caught == [""]
    assert _judged("nothing", found(), sinkhole.caught)["problems"] == ["left: a connection"]


def test_a_request_is_whole_with_its_body() -> None:
    assert _whole(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab") is None
    assert _whole(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab")
    assert _whole(b"GET / HTTP/1.1\r\nHost: x\r\n") is None


def test_names_may_leave_under_names_only() -> None:
    one = _judged("names-only", found(audit=[SENT]), ["GET http://far.test/name/x HTTP/1.1\r\n\r\n"])
    assert one["passed"]
    assert (one["requests"], one["hosts"]) == (["PubChem: name x (names)"], ["far.test"])


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (f"smiles={STRUCTURE.replace('(', '%28')}", "the structure left"),
        (f"q={SEQUENCE[20:40]}", "the sequence left"),
        (f"term={TEXT.replace(' ', '+')}", "the free text left"),
    ],
)
def test_a_leak_is_told(sent: str, problem: str) -> None:
    one = _judged("names-only", found(audit=[SENT]), [f"GET http://far.test/?{sent} HTTP/1.1\r\n\r\n"])
    assert not one["passed"]
    assert any(problem in text for text in one["problems"])


@pytest.mark.parametrize(
    ("more", "caught", "problem"),
    [
        ({"stopped": [("socket.getaddrinfo", "far.test")]}, [], "socket.getaddrinfo far.test"),
        ({"not_tried": ["agent.new"]}, [], "door not tried: agent.new"),
        ({"failed": ["agent.new ended with KeyError"]}, [], "agent.new ended with KeyError"),
        ({"shown": [("tool x", "the file")]}, [], "the file came back at: tool x"),
        ({"audit": [SENT]}, [], "the audit log holds 1 requests, and 0 left"),
        ({}, ["GET http://far.test/ HTTP/1.1"], "left: GET http://far.test/ HTTP/1.1"),
        (
            {},
            [f"POST http://far.test/ HTTP/1.1\r\n\r\nname={FILE_MARKER}"],
            "the file left in: POST http://far.test/ HTTP/1.1",
        ),
    ],
)
def test_what_does_not_hold_is_told(more: dict[str, Any], caught: list[str], problem: str) -> None:
    assert problem in _judged("nothing", found(**more), caught)["problems"]


def test_a_door_with_an_argument_of_which_there_is_no_sample() -> None:
    def opened(**given: Any) -> dict[str, Any]:
        return given

    assert list(_calls("agent.new", opened, {"planet"}, set())) == [("agent.new (planet)", None)]
    doors = dict(_calls("agent.ask", opened, {"question"}, {"molecule"}))
    enter = doors["agent.ask 1"]
    assert enter is not None
    assert enter() == {"question": "Describe it.", "molecule": STRUCTURE}


def test_a_connection_over_tls_is_caught_and_keeps_nobody_waiting() -> None:
    with Sinkhole() as sinkhole:
        began = time.monotonic()
        context = ssl.create_default_context()
        with (
            pytest.raises(ssl.SSLError),
            socket.create_connection(("127.0.0.1", sinkhole.port), timeout=5) as connection,
        ):
            context.wrap_socket(connection, server_hostname="127.0.0.1")
        assert time.monotonic() - began < 3
    assert len(sinkhole.caught) == 1


LEAKS = """
import json, sys
from pathlib import Path
from biomed_agent.cli import egress_trials as doors
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Answer

def raised():
    try:
        raise ValueError("holds SECRET")
    except ValueError as error:
        raise InvalidInput("cannot be read") from error

def logged():
    import logging
    logging.getLogger("elsewhere").info("asking http://me:SECRET@far.test")

def listed():
    yield Answer("?", "answered", "It is SECRET.")

def broken():
    raise KeyError("SECRET")

opened = [("raised", raised), ("logged", logged), ("listed", listed), ("broken", broken), ("clean", lambda: "x")]
opened = [*opened, ("shown", lambda: Answer("?", "answered", "It is secret.".replace("secret", "SECRET")))]
doors._doors_of = lambda trial, folder: iter([*opened, ("agent.new (planet)", None)])
outcome = doors._try(doors.Trial("x", "nothing", "every", {}, []), Path(sys.argv[1]))
print(json.dumps([[door for door, of in outcome.shown], outcome.failed, outcome.not_tried]))
"""


def test_a_secret_in_anything_that_comes_back_is_told(tmp_path: Path) -> None:
    program = LEAKS.replace("SECRET", FILE_MARKER)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    shown, failed, untried = json.loads(done.stdout)
    assert shown == ["raised", "logged", "listed", "broken", "shown"]
    assert (failed, untried) == (["broken ended with KeyError"], ["agent.new (planet)"])


def test_the_trials_set_every_proxy_and_every_password() -> None:
    with ExitStack() as stack:
        trials = [trial for trial, _, _ in _trials(stack)]
    homes = [trial for trial in trials if trial.doors == "home"]
    assert {name for trial in homes for name in trial.environment if "proxy" in name.lower()} == {
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "NO_PROXY",
    }  # fmt: skip
    assert sum("NO_PROXY" not in trial.environment for trial in homes) == 4
    secret = [str(trial.environment) for trial in trials if trial.doors == "secrets"]
    assert len(secret) == 2
    assert all(word in text for word in PASSWORDS.values() for text in secret)
    assert set(secrets()) == {FILE_MARKER, *PASSWORDS.values()}


def test_the_verdict_comes_first_and_is_short() -> None:
    good = _judged("names-only", found(), [])
    bad = _judged("nothing", found(not_tried=[f"door {number}" for number in range(40)]), [])
    problems = bad["problems"]
    report = {"passed": False, "policies": {"names-only": good, "nothing": bad}, "problems": problems}
    report |= {"proxies": {"HTTP_PROXY": good | {"direct": 13}}, "passwords": {"x": good}}
    lines = _text(report).splitlines()
    assert lines[0] == "Failed: please report it."
    assert len(lines) <= 12
    assert any(line.strip() == "and 35 more problems" for line in lines)
    assert "door 39" not in "\n".join(lines)
    assert "problem: door not tried: door 39" in _text(report, verbose=True)
    assert _text(report | {"passed": True, "problems": []}).startswith("Passed")


GUARDED = """
import socket, subprocess, sys
from biomed_agent.cli.egress_trials import guard
stopped = []
host, port = sys.argv[1].split("//")[1].split(":")
guard({int(port)}, stopped)
for enter in (lambda: socket.getaddrinfo("far.test", 80), lambda: socket.socket().connect(("10.0.0.1", 80)),
              lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.0.0.1", 53)),
              lambda: subprocess.run(["true"]), lambda: socket.gethostbyname("far.test"),
              lambda: socket.socket().connect(("127.0.0.1", int(port) % 65535 + 1))):
    try:
        enter()
    except OSError:
        pass
socket.create_connection((host, int(port)), timeout=5).close()
print([event for event, _ in stopped])
"""


def test_the_guard_stops_every_other_way_out() -> None:
    with Sinkhole() as sinkhole:
        done = subprocess.run([sys.executable, "-c", GUARDED, sinkhole.url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(
        ["socket.getaddrinfo", "socket.connect", "socket.sendto", "subprocess.Popen", "socket.gethostbyname",
         "socket.connect"]
    )  # fmt: skip


@pytest.mark.slow
def test_everything_holds_at_every_door(capsys: pytest.CaptureFixture[str], cache_dir: Path) -> None:
    LocalIndex.open(cache_dir).close()
    code = main(["doctor", "--egress", "--json"])
    report = json.loads(capsys.readouterr().out)
    nothing, names = report["policies"]["nothing"], report["policies"]["names-only"]
    assert (nothing["connections"], nothing["requests"]) == (0, [])
    assert len(nothing["doors"]) == len(names["doors"]) > 150
    assert any("hashes" in request for request in names["requests"])
    assert len(names["hosts"]) == 4
    assert len(report["proxies"]) == 12
    assert (code, report["passed"]) == (0, True), report["problems"]


def test_every_verb_and_its_twin_is_a_door_and_none_of_them_closes_the_agent(tmp_path: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=tmp_path, offline=True, model="none"))
    doors = [door for door, enter in egress_trials._every_door(agent, tmp_path) if enter is not None]
    tried = {door.split()[0].removeprefix("agent.") for door in doors if door.startswith("agent.")}
    verbs = "ask check find_molecule protein_card search_literature similar_molecules find_many ask_many".split()
    assert {name for verb in verbs for name in (verb, f"a{verb}")} <= tried
    assert not tried & {"close", "aclose"}


async def _async_text() -> str:
    return "awaited"


async def _async_texts() -> AsyncIterator[str]:
    yield "read"


@pytest.mark.parametrize(
    ("result", "finished"),
    [("plain", "plain"), (iter(["a"]), None), ((text for text in "ab"), ["a", "b"])],
)
def test_what_a_call_gives_is_read_to_its_end(result: Any, finished: Any) -> None:
    assert egress_trials._finished(result) == (result if finished is None else finished)


def test_what_is_still_to_be_is_awaited() -> None:
    assert egress_trials._finished(_async_text()) == "awaited"
    assert egress_trials._finished(_async_texts()) == ["read"]
