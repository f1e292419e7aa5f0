"""``doctor --egress``: proof on this machine of what the egress policy lets out.

Sinkholes take the place of the world: servers on this machine to which the proxy settings of a child process lead. The
child (:mod:`.egress_trials`) opens every door with a structure, a sequence, a free text, files and passwords that exist
nowhere else, and an audit hook of its interpreter stops every other connection and every look-up of a host name. What
arrives in a sinkhole is what would have left.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from typing import Any, Self
from urllib.parse import unquote_plus

from biomed_agent.cli.egress_trials import (
    FILE_MARKER,
    HOST,
    OTHER_NOTATIONS,
    PASSWORDS,
    SEQUENCE,
    STRUCTURE,
    TEXT,
    Trial,
)
from biomed_agent.cli.terminal import PROGRAM, Screen
from biomed_agent.core.errors import BiomedAgentError

POLICIES = ("nothing", "names-only")
PROXY_SETTINGS = (("HTTP_PROXY",), ("HTTPS_PROXY",), ("ALL_PROXY",), ("http_proxy", "https_proxy", "all_proxy"))
NO_PROXY: tuple[dict[str, str], ...] = ({}, {"NO_PROXY": "example.org"}, {"NO_PROXY": "localhost,127.0.0.1"})
EVERY_PROXY = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
TLS = b"\x16"
"""first byte of a connection over TLS"""
_NO_ROWS = json.dumps(
    {"chembl_db_version": "ChEMBL_0", "page_meta": {"total_count": 0, "next": None}}
    | {key: [] for key in ("molecules", "targets", "activities", "mechanisms", "drug_indications", "documents")}
).encode()
"""ChEMBL's release and each of its lists, without a row"""
MAX_PROBLEMS = 5
"""problems told without ``--verbose``"""


def prove(arguments: argparse.Namespace, screen: Screen) -> int:
    """Open every door under ``nothing`` and ``names-only``, with proxies and passwords; 0 when all holds, else 1."""
    screen.progress("trying every door ...")
    with ExitStack() as stack:
        trials = _trials(stack)
        report = _report(trials, *_outcomes([trial for trial, _, _ in trials], _built(arguments)))
    screen.progress("")
    if arguments.json:
        screen.show(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        screen.show(_text(report, verbose=arguments.verbose))
    return 0 if report["passed"] else 1


def _trials(stack: ExitStack) -> list[tuple[Trial, Sinkhole, list[Sinkhole]]]:
    """Return every trial with the sinkhole that is the world, and those that are servers of this machine."""
    trials: list[tuple[Trial, Sinkhole, list[Sinkhole]]] = []

    def add(
        name: str, policy: str, doors: str, environment: dict[str, str], world: Sinkhole, homes: Sequence[str] = ()
    ) -> None:
        home = [stack.enter_context(Sinkhole()) for _ in homes]
        places = [f"http://{host}:{sinkhole.port}" for host, sinkhole in zip(homes, home, strict=True)]
        ports = [world.port, *(sinkhole.port for sinkhole in home)]
        trials.append((Trial(name, policy, doors, environment, ports, places), world, home))

    for policy in POLICIES:
        world = stack.enter_context(Sinkhole())
        add(policy, policy, "every", dict.fromkeys(EVERY_PROXY, world.url) | {"BIOMED_AGENT_MODEL": "none"}, world)
    for names, excepted in itertools.product(PROXY_SETTINGS, NO_PROXY):
        world = stack.enter_context(Sinkhole())
        variables = " ".join((*names, *(f"NO_PROXY={text}" for text in excepted.values())))
        add(
            variables,
            "names-only",
            "home",
            dict.fromkeys(names, world.url) | excepted | {"BIOMED_AGENT_OFFLINE": "1"},
            world,
            ("127.0.0.1", "localhost"),
        )
    for policy in ("names-only", "public"):
        world = stack.enter_context(Sinkhole())
        proxy = world.url.replace("//", f"//me:{PASSWORDS['proxy']}@")
        environment = dict.fromkeys(EVERY_PROXY, proxy) | {
            "BIOMED_AGENT_HOST": HOST.replace("//", f"//me:{PASSWORDS['host']}@"),
            "BIOMED_AGENT_API_KEY": PASSWORDS["api_key"],
            "NCBI_API_KEY": PASSWORDS["ncbi_api_key"],
        }
        add(f"passwords under {policy}", policy, "secrets", environment, world)
    return trials


# -- the sinkhole


class Sinkhole:
    """Takes every connection, keeps what is sent, and answers that it knows nothing."""

    def __init__(self) -> None:
        self.caught: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        with closing(connection):
            connection.settimeout(5)
            body = b""
            try:
                while (request := _whole(body)) is None:
                    if not (more := connection.recv(1 << 16)):
                        break
                    body += more
                    if body[:1] == TLS:  # nobody here can answer it
                        break
                self.caught.append((request or body).decode("utf-8", errors="replace"))
                connection.sendall(_nothing(body))
            except OSError:
                self.caught.append(body.decode("utf-8", errors="replace"))


def _nothing(request: bytes) -> bytes:
    """Return a reply that says that nothing was found, so that nobody asks again."""
    address = request.partition(b"\r\n")[0]
    reply = b"404 Not Found", b'{"Fault": {"Code": "PUGREST.NotFound", "Message": "nothing is known here"}}'
    if b"esearch" in address:
        reply = b"200 OK", b'{"esearchresult": {"count": "0", "idlist": []}}'
    elif b"europepmc" in address:
        reply = b"200 OK", b'{"hitCount": 0, "resultList": {"result": []}}'
    elif b"chembl/api" in address:
        reply = b"200 OK", _NO_ROWS
    elif b"/v1/models" in address:
        reply = b"200 OK", b'{"data": [{"id": "trap"}]}'
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (reply[0], len(reply[1])) + reply[1]


def _whole(body: bytes) -> bytes | None:
    """Return a request when all of it has come, else None."""
    head, end, rest = body.partition(b"\r\n\r\n")
    if not end:
        return None
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    return body if len(rest) >= int(lengths[0] if lengths else 0) else None


# -- what came of it


def _built(arguments: argparse.Namespace) -> str:
    """Return the caller's cache folder; empty when the settings cannot be read."""
    from biomed_agent.core.settings import read_settings

    with suppress(BiomedAgentError):
        return str(read_settings(cache_dir=getattr(arguments, "cache_dir", None)).cache_dir.expanduser())
    return ""


def _outcomes(trials: Sequence[Trial], built: str) -> tuple[list[dict[str, Any]], str]:
    """Return what a child process that made the trials tells, and why it tells nothing."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "biomed_agent.cli.egress_trials"],
            input=json.dumps({"folder": folder, "built": built, "trials": [asdict(trial) for trial in trials]}),
            env={name: value for name, value in os.environ.items() if name != "NCBI_API_KEY"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        return [], f"the trials ended with {done.stderr.strip()[-500:]}"
    outcomes: list[dict[str, Any]] = json.loads(done.stdout)
    return outcomes, ""


def _report(
    trials: Sequence[tuple[Trial, Sinkhole, list[Sinkhole]]], outcomes: list[dict[str, Any]], failure: str
) -> dict[str, Any]:
    """Judge every trial."""
    report: dict[str, Any] = {"passed": False, "policies": {}, "proxies": {}, "passwords": {}}
    if failure:
        return {**report, "problems": [failure]}
    for (trial, world, homes), outcome in zip(trials, outcomes, strict=True):
        judged = _judged(trial.policy, outcome, world.caught)
        if trial.doors == "home":
            lost = [place for place, home in zip(trial.homes, homes, strict=True) if not home.caught]
            judged["problems"] += [f"left through the proxy: {_first_line(request)}" for request in world.caught]
            judged["problems"] += [f"{place} of this machine was not reached" for place in lost]
            judged["passed"] = not judged["problems"]
            judged["direct"] = sum(len(home.caught) for home in homes)
        of = {"every": "policies", "home": "proxies", "secrets": "passwords"}[trial.doors]
        report[of][trial.name] = judged
    groups = [group for of in ("policies", "proxies", "passwords") for group in report[of].values()]
    report["problems"] = list(dict.fromkeys(problem for group in groups for problem in group["problems"]))
    report["passed"] = not report["problems"]
    return report


def _judged(policy: str, outcome: dict[str, Any], caught: list[str]) -> dict[str, Any]:
    requests = [unquote_plus(request) for request in caught if request]
    problems = [f"{event} {what}" for event, what in outcome["stopped"]]
    problems += [f"door not tried: {name}" for name in outcome["not_tried"]]
    problems += outcome["failed"]
    problems += [f"{of} came back at: {door}" for door, of in outcome["shown"]]
    if policy == "nothing":
        problems += [f"left: {_first_line(request)}" for request in caught]
    hidden = [(FILE_MARKER, "the file"), *(confidential() if policy == "names-only" else ())]
    for secret, of in hidden:
        problems += [f"{of} left in: {_first_line(request)}" for request in requests if secret in request]
    sent = [entry for entry in outcome["audit"] if entry["event"] == "sent"]
    if len(sent) != len(requests):
        problems.append(f"the audit log holds {len(sent)} requests, and {len(requests)} left")
    departures = [f"{entry['service']}: {entry['what']} ({entry['kind']})" for entry in sent]
    return {
        "passed": not problems,
        "problems": list(dict.fromkeys(problems)),
        "doors": outcome["doors"],
        "connections": len(caught),
        "requests": list(dict.fromkeys(departures)),
        "kinds": dict(Counter(entry["kind"] for entry in sent)),
        "blocked": sum(entry["event"] == "blocked" for entry in outcome["audit"]),
        "hosts": sorted({request.split(" ")[1].split("/")[2] for request in requests if request.count("/") > 2}),
    }


def _first_line(request: str) -> str:
    return request.splitlines()[0][:120] if request else "a connection"


def confidential() -> Iterator[tuple[str, str]]:
    """Yield what must not leave under ``names-only``, and what it is part of."""
    from biomed_agent.core.chemistry.structures import inchi, molecule_from_smiles

    molecule = molecule_from_smiles(STRUCTURE)
    for text in (STRUCTURE, molecule.smiles, inchi(molecule).partition("=")[2]):
        yield from ((text[start : start + 12], "the structure") for start in range(len(text) - 11))
    yield from ((SEQUENCE[start : start + 10], "the sequence") for start in range(len(SEQUENCE) - 9))
    yield from ((text, "a structure or sequence") for text in OTHER_NOTATIONS)
    yield from ((word, "the free text") for word in TEXT.split())


def _text(report: dict[str, Any], verbose: bool = False) -> str:
    """Return the verdict, what it rests on, and the first problems; with ``verbose`` every call and request."""
    lines = ["Passed: nothing left that may not leave." if report["passed"] else "Failed: please report it."]
    for policy, result in report["policies"].items():
        kinds = ", ".join(f"{count} {kind}" for kind, count in result["kinds"].items())
        lines.append(
            f"  {policy:12} {_verdict([result])}: {len(result['doors'])} calls, {result['connections']} requests left"
            f"{kinds and f' ({kinds})'}, {result['blocked']} refused"
        )
    for of, what in (("proxies", "{0} settings of proxies; a host and a database here were asked {1} times directly"),
                     ("passwords", "{2} calls; no password or key came back or was noted")):  # fmt: skip
        if results := list(report[of].values()):
            counts = (
                len(results),
                sum(result.get("direct", 0) for result in results),
                sum(len(result["doors"]) for result in results),
            )
            lines.append(
                f"  {of:12} {_verdict(results)}: {what.format(*counts) if _verdict(results) == 'holds' else ''}".rstrip(
                    ": "
                )
            )
    problems = report["problems"] if verbose else report["problems"][:MAX_PROBLEMS]
    lines += [f"  problem: {problem}" for problem in problems]
    if more := len(report["problems"]) - len(problems):
        lines.append(f"  and {more} more problems")
    if not verbose:
        return "\n".join(
            [
                *lines,
                f"Servers on this machine took the place of the world; {PROGRAM} doctor --egress --verbose shows all.",
            ]
        )
    for name, result in (
        (name, result) for of in ("policies", "proxies", "passwords") for name, result in report[of].items()
    ):
        lines += [f"{name}: {_verdict([result])}", *(f"  problem: {problem}" for problem in result["problems"])]
        lines += [f"  left: {request}" for request in result["requests"]]
        lines += [f"  {door['status']:12} {door['door']}" for door in result["doors"]]
    return "\n".join(lines)


def _verdict(results: Sequence[dict[str, Any]]) -> str:
    return "holds" if all(result["passed"] for result in results) else "DOES NOT HOLD"
