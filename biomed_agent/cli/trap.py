"""``doctor --egress``: proof on this machine of what the egress policy lets out.

A trap takes the place of the world: a server on this machine to which the proxy settings of a child process lead. The
child opens every door with a structure, a sequence and a free text that exist nowhere else, and an audit hook of the
interpreter stops every other connection and every look-up of a host name. What arrives in the trap is what would have
left.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote_plus

from .screen import Screen

STRUCTURE = "O=C(Nc1ccc(Br)cc1)C1CCN(CC1)S(C)(=O)=O"
SEQUENCE = "MKWVTFAQLLFRGSSWYSRGVFHRDAPKSEVAHRFNDLGEENYKALVLIAFWQYLQQCPF"
OTHER_NOTATIONS = (
    "HAEGTWTSDVQSYLRGQAAK", "GIVEQWCTSICRLYQLENYCN", "mktwvaqklyhrndgfeqpcv", "H-Tyr-Gly-Trp-Phe-Met-OH",
    "PEPTIDE1{A.W.C.D}$$$$", "1S/C7H7BrO/c1-9-7-4-2-6(8)3-5-7/h2-5H,1H3", "CCCCCC", "ClCCl", "FC(Br)CCl",
)  # fmt: skip
"""structures and sequences as people write them without a prefix; none may leave as a name"""
TEXT = "quietly glowing badgers"
UNKNOWN = "nonexistumab-17"
QUESTION = f'Is "{UNKNOWN}" one of the {TEXT} of {STRUCTURE}?'
SAMPLES: dict[str, tuple[Any, ...]] = {
    "question": ("Describe it.", f"What do papers say about aspirin and {TEXT}?", QUESTION),
    "statement": (f"It contains a ring of {TEXT}.",),
    "molecule": (STRUCTURE, f"name:{UNKNOWN}", None),
    "protein": (None, SEQUENCE, f"gene:{UNKNOWN}"),
    "name": (STRUCTURE, UNKNOWN, SEQUENCE),
    "part": (STRUCTURE,),
    "query": ("aspirin AND cancer", STRUCTURE, SEQUENCE),
    "names": ((STRUCTURE, UNKNOWN, "aspirin"), (SEQUENCE,)),
    "kind": ("molecule", "protein", "literature"),
}
"""values of the arguments of a door, by name; the n-th call takes the n-th of each"""
HOST = "http://model-host.test:8000"
TRIES = 3
"""calls of each door"""
LEFT_OUT = frozenset(("chat", "warm_up", "aask"))
"""methods of the agent that ask nothing, or what another one asks"""


def prove(arguments: argparse.Namespace, screen: Screen) -> int:
    """Open every door under the policies ``nothing`` and ``names-only``; 0 when both hold, else 1."""
    report: dict[str, Any] = {"policies": {}}
    for policy in ("nothing", "names-only"):
        screen.progress(f"trying every door under {policy} ...")
        report["policies"][policy] = _try_policy(policy)
    screen.progress("")
    report["passed"] = all(one["passed"] for one in report["policies"].values())
    screen.show(json.dumps(report, indent=2, ensure_ascii=False) if arguments.json else _text(report))
    return 0 if report["passed"] else 1


# -- the trap


class Trap:
    """Takes every connection, keeps what is sent, and answers that it knows nothing."""

    def __init__(self) -> None:
        self.caught: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

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
                self.caught.append((request or body).decode("utf-8", errors="replace"))
                connection.sendall(_nothing(body))
            except OSError:
                self.caught.append(body.decode("utf-8", errors="replace"))


def _nothing(request: bytes) -> bytes:
    """Return a reply that says that nothing was found, so that nobody asks again."""
    address = request.partition(b"\r\n")[0]
    found = b"404 Not Found", b"{}"
    if b"esearch" in address:
        found = b"200 OK", b'{"esearchresult": {"count": "0", "idlist": []}}'
    elif b"europepmc" in address:
        found = b"200 OK", b'{"hitCount": 0, "resultList": {"result": []}}'
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (found[0], len(found[1])) + found[1]


def _whole(body: bytes) -> bytes | None:
    """Return a request when all of it has come, else None."""
    head, end, rest = body.partition(b"\r\n\r\n")
    if not end:
        return None
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    return body if len(rest) >= int(lengths[0] if lengths else 0) else None


# -- what came of it


def _try_policy(policy: str) -> dict[str, Any]:
    """Return what a child process that opened every door let out under ``policy``."""
    with Trap() as trap, tempfile.TemporaryDirectory() as folder:
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        without = ("no_proxy", "NO_PROXY")
        environment = {name: value for name, value in os.environ.items() if name not in without}
        environment = {name: value for name, value in environment.items() if not name.startswith("BIOMED_AGENT_")}
        environment |= dict.fromkeys(names, trap.url) | {"BIOMED_AGENT_CONFIG": f"{folder}/none.toml"}
        done = subprocess.run(
            [sys.executable, "-m", "biomed_agent.cli.trap", policy, folder, trap.url],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return {"passed": False, "problems": [f"the trial ended with {done.stderr.strip()[-500:]}"], "doors": [],
                    "requests": [], "hosts": []}  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        return _judged(policy, found, trap.caught)


def _judged(policy: str, found: dict[str, Any], caught: list[str]) -> dict[str, Any]:
    requests = [unquote_plus(one) for one in caught if one]
    problems = [f"{event} {what}" for event, what in found["stopped"]]
    problems += [f"door not tried: {name}" for name in found["not_tried"]]
    if policy == "nothing":
        problems += [f"left: {one.splitlines()[0][:120] if one else 'a connection'}" for one in caught]
    for secret, of in confidential():
        problems += [f"{of} left in: {one.splitlines()[0][:120]}" for one in requests if secret in one]
    sent = [entry for entry in found["audit"] if entry["event"] == "sent"]
    if len(sent) != len(requests):
        problems.append(f"the audit log holds {len(sent)} requests, and {len(requests)} left")
    shown = [f"{entry['service']}: {entry['what']} ({entry['kind']})" for entry in sent]
    return {
        "passed": not problems,
        "problems": list(dict.fromkeys(problems)),
        "doors": found["doors"],
        "connections": len(caught),
        "requests": list(dict.fromkeys(shown)),
        "blocked": sum(entry["event"] == "blocked" for entry in found["audit"]),
        "hosts": sorted({one.split(" ")[1].split("/")[2] for one in requests if one.count("/") > 2}),
    }


def confidential() -> Iterator[tuple[str, str]]:
    """Yield what must not leave under ``names-only``, and what it is part of."""
    from biomed_agent.chemistry import inchi, molecule_from_smiles

    molecule = molecule_from_smiles(STRUCTURE)
    for text in (STRUCTURE, molecule.smiles, inchi(molecule).partition("=")[2]):
        yield from ((text[start : start + 12], "the structure") for start in range(len(text) - 11))
    yield from ((SEQUENCE[start : start + 10], "the sequence") for start in range(len(SEQUENCE) - 9))
    yield from ((text, "a structure or sequence") for text in OTHER_NOTATIONS)
    yield from ((word, "the free text") for word in TEXT.split())


def _text(report: dict[str, Any]) -> str:
    lines = [
        "A structure, a sequence and a free text went through every door of this package. Nothing leads outside:",
        "a trap on this machine took what would have left.",
        "",
    ]
    for policy, one in report["policies"].items():
        lines.append(f"Policy {policy}: {'holds' if one['passed'] else 'DOES NOT HOLD'}")
        lines.append(f"  {len(one['doors'])} calls, {one.get('connections', 0)} connections, "
                     f"{one.get('blocked', 0)} requests refused")  # fmt: skip
        lines += [f"  problem: {problem}" for problem in one["problems"]]
        if one["requests"]:
            lines.append(
                "  what left, and nothing else (names, identifiers and hashes; no structure, sequence or text):"
            )
            lines += [f"    {request}" for request in one["requests"]]
        for door in one["doors"]:
            lines.append(f"    {door['status']:12} {door['door']}")
    lines.append("Passed." if report["passed"] else "Failed: please report it.")
    return "\n".join(lines)


# -- the child


def _doors(policy: str, cache_dir: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every door with what opens it: methods of the agent, tools, retriever, conversation and model host."""
    from biomed_agent import BioMedAgent
    from biomed_agent.generator import HostClient
    from biomed_agent.prompt import user_message
    from biomed_agent.settings import Settings
    from biomed_agent.tools import BioMedToolkit, PubMedRetriever

    settings = Settings(cache_dir=cache_dir, model="none", egress=policy, timeout=4)  # type: ignore[arg-type]
    agent = BioMedAgent(settings=settings)
    for name, method in inspect.getmembers(BioMedAgent, inspect.isfunction):
        if not name.startswith("_") and name not in LEFT_OUT:
            taken = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
            wanted = {one.name for one in taken if one.default is one.empty}
            optional = {one.name for one in taken} & set(SAMPLES)
            yield from _calls(f"agent.{name}", getattr(agent, name), wanted, optional)
    for tool in BioMedToolkit(agent=agent).get_tools():
        schema: Any = tool.args_schema
        fields = schema.model_fields
        wanted = {name for name, field in fields.items() if field.is_required()}

        def invoke(tool: Any = tool, **given: Any) -> object:
            return tool.invoke({"name": tool.name, "args": given, "id": "1", "type": "tool_call"})

        yield from _calls(f"tool {tool.name}", invoke, wanted, set(fields) & set(SAMPLES))
    yield "retriever", lambda: PubMedRetriever(agent=agent).invoke("aspirin AND cancer")
    yield "conversation", lambda: agent.chat().ask(QUESTION)
    for number, text in enumerate(OTHER_NOTATIONS, 1):
        opened = [
            *(partial(agent.find, kind, text) for kind in ("molecule", "protein", "literature")),
            partial(agent.ask, f'What is "{text}"?', molecule=text),
            partial(agent.ask, f'What is "{text}"?', protein=text),
            partial(agent.ask, f'What do papers say about "{text}"?'),
        ]
        yield from ((f"notation {number}, {place}", enter) for place, enter in enumerate(opened, 1))
    message = user_message("Please describe this molecule.", smiles=[STRUCTURE])
    yield "model host", lambda: HostClient(HOST, egress=policy, timeout=4).generate([message])  # type: ignore[arg-type]


def _calls(
    door: str, call: Callable[..., object], wanted: set[str], optional: set[str]
) -> Iterator[tuple[str, Callable[[], object]]]:
    if unknown := wanted - set(SAMPLES):
        yield f"{door} ({', '.join(sorted(unknown))})", _Untried
        return
    seen = []
    for number in range(TRIES):
        given = {name: SAMPLES[name][number % len(SAMPLES[name])] for name in sorted(wanted | optional)}
        given = {name: value for name, value in given.items() if value is not None}
        if wanted <= set(given) and given not in seen:
            seen.append(given)
            yield f"{door} {number + 1}", lambda given=given: call(**given)  # type: ignore[misc]


class _Untried(Exception):
    """A door that takes an argument of which there is no sample."""


def _guard(trap: str, stopped: list[tuple[str, str]]) -> None:
    """Stop every connection but those to the trap, every look-up of a host name, and every other process."""
    port = int(trap.rpartition(":")[2])

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event == "socket.connect" and details[1] == ("127.0.0.1", port):
            return
        if event == "socket.getaddrinfo" and details[0] in ("127.0.0.1", b"127.0.0.1"):
            return
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
                     "socket.gethostbyaddr", "subprocess.Popen", "os.system"):  # fmt: skip
            stopped.append((event, str(details[1] if event == "socket.connect" else details[0])[:200]))
            raise OSError(f"{event} was stopped by the egress check")

    sys.addaudithook(hook)


def _child(policy: str, folder: str, trap: str) -> None:
    """Open every door and write what came of it to standard output, as JSON."""
    from biomed_agent import services
    from biomed_agent.egress import AuditLog
    from biomed_agent.errors import BiomedAgentError

    for key, service in services.SERVICES.items():  # without TLS the trap can read what is sent
        services.SERVICES[key] = replace(service, url=service.url.replace("https://", "http://"), per_second=1000)
    stopped: list[tuple[str, str]] = []
    _guard(trap, stopped)
    doors, untried = [], []
    for door, enter in _doors(policy, Path(folder)):
        if enter is _Untried:
            untried.append(door)
            continue
        try:
            status = _status(enter())
        except BiomedAgentError as error:
            status = error.status
        doors.append({"door": door, "status": status})
    audit = list(AuditLog(Path(folder) / "egress.jsonl").entries())
    print(json.dumps({"doors": doors, "not_tried": untried, "stopped": stopped, "audit": audit}))


def _status(result: Any) -> str:
    """Return the status of an answer, of a tool's message, or of a list."""
    content = getattr(result, "content", None)
    if isinstance(content, str):
        return content.partition(" ")[2].split(";")[0].split(" ")[0].split("\n")[0] or "told"
    return str(getattr(result, "status", "returned"))


if __name__ == "__main__":
    _child(*sys.argv[1:])
