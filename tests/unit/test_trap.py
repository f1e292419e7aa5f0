"""The proof of what leaves: the trap catches, the guard stops, and a leak is told."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest

from biomed_agent.cli import main
from biomed_agent.cli.trap import SEQUENCE, STRUCTURE, TEXT, Trap, _judged, _whole


def found(**more: Any) -> dict[str, Any]:
    return {"stopped": [], "not_tried": [], "doors": [{"door": "x", "status": "refused"}], "audit": [], **more}


SENT = {"event": "sent", "service": "PubChem", "what": "name x", "kind": "names"}


def test_the_trap_keeps_what_is_sent() -> None:
    with Trap() as trap:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": trap.url}))
        with pytest.raises(urllib.error.HTTPError):
            opener.open("http://far.test/compound/name/aspirin", data=b"name=aspirin", timeout=5)
        assert opener.open("http://far.test/esearch.fcgi", timeout=5).status == 200
    assert [one.splitlines()[0] for one in trap.caught] == [
        "POST http://far.test/compound/name/aspirin HTTP/1.1",
        "GET http://far.test/esearch.fcgi HTTP/1.1",
    ]
    assert trap.caught[0].endswith("name=aspirin")


def test_a_bare_connection_is_caught_too() -> None:
    with Trap() as trap:
        host, port = trap.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)
    assert trap.caught == [""]
    assert _judged("nothing", found(), trap.caught)["problems"] == ["left: a connection"]


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
        ({"audit": [SENT]}, [], "the audit log holds 1 requests, and 0 left"),
        ({}, ["GET http://far.test/ HTTP/1.1"], "left: GET http://far.test/ HTTP/1.1"),
    ],
)
def test_what_does_not_hold_is_told(more: dict[str, Any], caught: list[str], problem: str) -> None:
    assert problem in _judged("nothing", found(**more), caught)["problems"]


GUARDED = """
import socket, subprocess, sys
from biomed_agent.cli.trap import _guard
stopped = []
_guard(sys.argv[1], stopped)
for enter in (lambda: socket.getaddrinfo("far.test", 80), lambda: socket.socket().connect(("10.0.0.1", 80)),
              lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.0.0.1", 53)),
              lambda: subprocess.run(["true"]), lambda: socket.gethostbyname("far.test")):
    try:
        enter()
    except OSError:
        pass
host, port = sys.argv[1].split("//")[1].split(":")
socket.create_connection((host, int(port)), timeout=5).close()
print([event for event, _ in stopped])
"""


def test_the_guard_stops_every_other_way_out() -> None:
    with Trap() as trap:
        done = subprocess.run([sys.executable, "-c", GUARDED, trap.url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(
        ["socket.getaddrinfo", "socket.connect", "socket.sendto", "subprocess.Popen", "socket.gethostbyname"]
    )


@pytest.mark.slow
def test_the_policies_hold_at_every_door(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "--egress", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["passed"]) == (0, True), report
    nothing, names = report["policies"]["nothing"], report["policies"]["names-only"]
    assert (nothing["connections"], nothing["requests"]) == (0, [])
    assert len(nothing["doors"]) == len(names["doors"]) > 30
    assert any("hashes" in request for request in names["requests"])
    assert len(names["hosts"]) == 4
