"""``doctor --egress``, the side that tries to let something out: every door of the package, in a process of its own.

A trial is a policy with an environment. It opens doors with a structure, a sequence, a free text, files and passwords
that exist nowhere else, and tells what came back; what was sent is recorded by the sinkholes of :mod:`.egress_proof`.
An audit hook of the interpreter stops every connection but those to the sinkholes, every look-up of a host name and
every other process. One process makes all trials, because to import the package and to build its index takes most of
the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import inspect
import io
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent

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
FILE_MARKER = "tamandua-9kx"
"""stands in two files: one that holds nothing else, and one that can be read as a structure with a title"""
PASSWORDS = {
    "host": "zorilla-4tb", "proxy": "numbat-7qh", "api_key": "quokka-2vm", "ncbi_api_key": "fossa-6dw",
}  # fmt: skip
"""secrets of the settings, by where they stand"""
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
    "questions": ((QUESTION, f"What is {STRUCTURE}?"), (f"What is {SEQUENCE}?",)),
}
"""values of the arguments of a door, by name; the n-th call takes the n-th of each. An argument without one that may
be left out is left out, one that may not makes the door one that was not tried."""
HOST = "http://model-host.test:8000"
MAX_CALLS = 3
"""calls of each door"""
UNTRIED_METHODS = frozenset(("chat", "warm_up", "close", "aclose"))
"""methods of the agent that ask nothing, or after which nothing is asked"""
FILE_REFERENCES = ("file:{}", " FI\u200bLE:{}", '"file:{}"', "name:file:{}")
"""how a file may be named where none may be opened"""
COPIED_FILES = ("starter-", "fingerprints-")
"""how the files of a cache folder begin that hold nothing but what the package ships"""
CLEARED_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ncbi_api_key")
"""variables of the environment that each trial sets for itself, besides our own"""

Door: TypeAlias = tuple[str, Callable[[], object] | None]
"""a name and what opens it; None for one that cannot be tried"""


@dataclass(frozen=True, slots=True)
class Trial:
    """Which doors are opened under which policy and environment."""

    name: str
    policy: str
    doors: str
    """``every`` one, those to a model host and a database on this machine (``home``), or those with ``secrets``"""
    environment: Mapping[str, str]
    ports: Sequence[int]
    """ports of this machine to which connections are let through"""
    homes: Sequence[str] = ()
    """addresses of this machine at which a model host and the databases are asked"""


@dataclass(slots=True)
class Outcome:
    """What came of a trial on this side."""

    doors: list[dict[str, str]] = field(default_factory=list)
    """each with its name and the status of its answer"""
    not_tried: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """doors that met a bug"""
    stopped: list[tuple[str, str]] = field(default_factory=list)
    """events that the guard stopped, and where they would have led"""
    shown: list[tuple[str, str]] = field(default_factory=list)
    """secrets that came back, by door and what they are of"""
    audit: list[dict[str, Any]] = field(default_factory=list)


def secrets() -> dict[str, str]:
    """Return what must not come back in any text, with what it is of."""
    return {FILE_MARKER: "the file", **{word: f"the password of {where}" for where, word in PASSWORDS.items()}}


# -- every door


def _every_door(agent: BioMedAgent, folder: Path) -> Iterator[Door]:
    """Yield every door: methods of the agent, tools, retriever, conversation, notations, files, tables, model host."""
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.model.contract.prompt import user_message
    from biomed_agent.model.remote import HostClient
    from biomed_agent.tools import BioMedToolkit, PubMedRetriever

    for name, method in inspect.getmembers(BioMedAgent, inspect.isfunction):
        if not name.startswith("_") and name not in UNTRIED_METHODS:
            taken = [
                parameter for parameter in inspect.signature(method).parameters.values() if parameter.name != "self"
            ]
            wanted = {parameter.name for parameter in taken if parameter.default is parameter.empty}
            optional = {parameter.name for parameter in taken} & set(SAMPLES)
            yield from _calls(f"agent.{name}", getattr(agent, name), wanted, optional)
    for tool in BioMedToolkit(agent=agent).get_tools():
        schema: Any = tool.args_schema
        wanted = {name for name, argument in schema.model_fields.items() if argument.is_required()}
        yield from _calls(f"tool {tool.name}", partial(_invoke, tool), wanted, set(schema.model_fields) & set(SAMPLES))
    yield "retriever", lambda: PubMedRetriever(agent=agent).invoke("aspirin AND cancer")
    yield "conversation", lambda: agent.chat().ask(QUESTION)
    for number, text in enumerate(OTHER_NOTATIONS, 1):
        opened = [
            *(partial(find, text) for find in (agent.find_molecule, agent.find_protein, agent.search_literature)),
            partial(agent.ask, f'What is "{text}"?', molecule=text),
            partial(agent.ask, f'What is "{text}"?', protein=text),
            partial(agent.ask, f'What do papers say about "{text}"?'),
        ]
        yield from ((f"notation {number}, {place}", enter) for place, enter in enumerate(opened, 1))
    yield from _chembl(agent, folder)
    yield from _files(agent, folder)
    yield from _tables(folder)
    message = user_message("Please describe this molecule.", smiles=[STRUCTURE])
    client = partial(HostClient, HOST, egress=agent.settings.egress, timeout=4, audit=agent.settings.audit_path)
    yield "model host", lambda: client().generate([message])


def _chembl(agent: BioMedAgent, folder: Path) -> Iterator[Door]:
    """Yield the doors to ChEMBL: by questions, and by each question that its client puts."""
    from biomed_agent.core.chemistry.structures import molecule_from_smiles
    from biomed_agent.core.types import Protein
    from biomed_agent.sources.chembl import ChEMBL
    from biomed_agent.sources.http.transport import Transport

    for question in ("Does it bind BRAF?", "What binds it?", "Is it approved?", "What is its mechanism of action?"):
        yield f"ChEMBL by {question!r}", partial(agent.ask, question, molecule=STRUCTURE)
    yield "ChEMBL by a sequence", partial(agent.ask, "Which approved drugs bind it?", protein=SEQUENCE)
    transport = Transport(folder, egress=agent.settings.egress, timeout=4, audit=agent.settings.audit_path)
    chembl, molecule = ChEMBL(transport), molecule_from_smiles(STRUCTURE)
    for number, text in enumerate((UNKNOWN, STRUCTURE, SEQUENCE, *OTHER_NOTATIONS), 1):
        yield f"ChEMBL name {number}", partial(chembl.by_name, text)
    for protein in (Protein(SEQUENCE), Protein(SEQUENCE, "P00533")):
        yield f"ChEMBL pair {protein.accession}", partial(chembl.activities, molecule, protein)
        yield f"ChEMBL partners {protein.accession}", partial(chembl.activities_of, protein)
    yield "ChEMBL partners of a molecule", partial(chembl.activities_of, molecule)
    yield "ChEMBL drug", partial(chembl.drug_facts, molecule)


def _calls(door: str, call: Callable[..., object], wanted: set[str], optional: set[str]) -> Iterator[Door]:
    if unknown := wanted - set(SAMPLES):
        yield f"{door} ({', '.join(sorted(unknown))})", None
        return
    seen = []
    for number in range(MAX_CALLS):
        given = {name: SAMPLES[name][number % len(SAMPLES[name])] for name in sorted(wanted | optional)}
        given = {name: value for name, value in given.items() if value is not None}
        if wanted <= set(given) and given not in seen:
            seen.append(given)
            yield f"{door} {number + 1}", partial(call, **given)


def _invoke(tool: Any, **given: Any) -> object:
    return tool.invoke({"name": tool.name, "args": given, "id": "1", "type": "tool_call"})


def _ainvoke(tool: Any, **given: Any) -> object:
    return asyncio.run(tool.ainvoke({"name": tool.name, "args": given, "id": "1", "type": "tool_call"}))


class _Plain:
    """Any object that answers, which asks an agent that opens files in a thread that inherits nothing."""

    def __init__(self, agent: BioMedAgent) -> None:
        self._agent, self._pool = agent, ThreadPoolExecutor(1)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._agent, name.removeprefix("a") if name == "aask" else name)
        if name == "aask":
            return lambda *given, **more: asyncio.wrap_future(self._pool.submit(method, *given, **more))
        return lambda *given, **more: self._pool.submit(method, *given, **more).result()


def _files(agent: BioMedAgent, folder: Path) -> Iterator[Door]:
    """Yield the doors by which a file may be named: where a user passes one, in words, and in tools."""
    from biomed_agent.tools import BioMedToolkit

    (secret := folder / "api.key").write_text(f"api {FILE_MARKER}\n", encoding="ascii")
    (readable := folder / "own.smi").write_text(f"FCCCC(Br)CCC {FILE_MARKER}\n", encoding="ascii")
    name = f"file:{secret}"
    for kind in ("molecule", "protein"):
        yield f"file as {kind}", partial(agent.ask, "What do papers say about it?", **{kind: name})  # type: ignore[arg-type]
        yield f"file as {kind} described", partial(agent.ask, "Describe it.", **{kind: name})  # type: ignore[arg-type]
        yield f"file found as {kind}", partial(getattr(agent, f"find_{kind}"), name)
    yield "file as part", partial(agent.substructure_matches, name)
    yield "files among many", partial(agent.find_many, "molecule", [name, f"file:{readable}"])
    for number, hidden in enumerate(FILE_REFERENCES, 1):
        for path in (secret, readable):
            text = hidden.format(path)
            yield f"file in a question {number}, {path.suffix}", partial(agent.ask, f"What is '{text}'?")
    agents = {"the agent": agent, "an object": _Plain(agent)}
    for whose, owner in agents.items():
        for tool in BioMedToolkit(agent=owner).get_tools():
            schema: Any = tool.args_schema
            words = [word for word, argument in schema.model_fields.items() if argument.annotation is str]
            for number, hidden in enumerate(FILE_REFERENCES, 1):
                given = dict.fromkeys(words, hidden.format(readable if number % 2 else secret))
                call = _ainvoke if number > 2 else _invoke
                yield f"file in tool {tool.name} of {whose} {number}", partial(call, tool, **given)


def _tables(folder: Path) -> Iterator[Door]:
    """Yield the doors of the command line that read a table; its settings come from the environment."""
    paths = [folder / name for name in ("api.key", "own.smi")]
    cells = [hidden.format(path) for hidden in FILE_REFERENCES for path in paths]
    cells += [STRUCTURE, UNKNOWN, f"seq:{SEQUENCE}", *OTHER_NOTATIONS[:3]]
    table = folder / "cells.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("question", "molecule", "name"))
        writer.writerows((f'What is "{cell}"?', cell if row % 2 else "", cell) for row, cell in enumerate(cells))
    yield "table of questions", partial(_command, "ask", "--input", str(table))
    yield "table of molecules", partial(_command, "find", "molecule", "--input", str(table))
    yield "table of proteins", partial(_command, "find", "protein", "--about", "function", "--input", str(table))


def _command(*words: str) -> str:
    """Return what a command writes."""
    from biomed_agent.cli import main

    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        main(["--quiet", *words])
    return output.getvalue()


# -- what is on this machine, and secrets of the settings


def _home_doors(folder: Path, homes: Sequence[str]) -> Iterator[Door]:
    """Yield the doors to a model host and to a database on this machine."""
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.model.contract.prompt import user_message
    from biomed_agent.model.remote import HostClient
    from biomed_agent.sources.http.transport import Transport

    message = user_message("Please describe this molecule.", smiles=[STRUCTURE])

    async def streamed(client: HostClient) -> list[str]:
        return [piece async for piece in client.astream([message])]

    def asked(home: str) -> object:
        with Transport(folder, egress="names-only", timeout=4, services={"uniprot": home}) as transport:
            return transport.get(
                "uniprot", "asked", discloses="structure", log_line="it", params={"q": STRUCTURE}, ttl=0
            )

    for home in homes:
        client = HostClient(home, timeout=4)
        yield f"{home} generate", lambda client=client: client.generate([message])  # type: ignore[misc]
        yield f"{home} stream", lambda client=client: list(client.stream([message]))  # type: ignore[misc]
        yield f"{home} agenerate", lambda client=client: asyncio.run(client.agenerate([message]))  # type: ignore[misc]
        yield f"{home} astream", lambda client=client: asyncio.run(streamed(client))  # type: ignore[misc]
        yield f"{home} database", partial(asked, home)
    # Nothing answers at these two, and what asks them must not go another way.
    for other in (homes[0].replace("http:", "https:"), homes[0].replace("127.0.0.1", "[::1]")):
        yield f"{other} generate", lambda url=other: HostClient(url, timeout=4).generate([message])  # type: ignore[misc]
    agent = BioMedAgent(host=homes[0])
    yield "agent", partial(agent.ask, "Describe it.", STRUCTURE)


def _secret_doors() -> Iterator[Door]:
    """Yield the doors that handle passwords and keys of the settings, which are read from the environment."""
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.core.settings import read_settings
    from biomed_agent.model.contract.prompt import user_message
    from biomed_agent.model.remote import HostClient
    from biomed_agent.tools import BioMedToolkit, PubMedRetriever

    settings = read_settings()
    message = user_message("Please describe this molecule.", smiles=[STRUCTURE])
    url, key = str(settings.host), settings.api_key.get_secret_value()
    client = partial(HostClient, url, egress=settings.egress, api_key=key, timeout=4, audit=settings.audit_path)
    yield "model host", lambda: client().generate([message])
    yield "model host, manifest", lambda: client().stamp
    yield "model host, shown", lambda: repr(vars(client())["url"]) + repr(client())
    yield "config show", partial(_command, "config", "show")
    yield "config show --json", partial(_command, "config", "show", "--json")
    yield "ask", partial(_command, "ask", "Describe it.", "--molecule", STRUCTURE, "--json")
    yield "host that is no URL", partial(_command, "--host", f"//me:{PASSWORDS['host']}@x", "ask", "What is aspirin?")
    for proxy in ("", "ftp://me:{}@127.0.0.1:9", "socks5://me:{}@127.0.0.1:9"):
        if proxy:  # one that cannot be used, which a message may quote
            os.environ |= dict.fromkeys(("http_proxy", "HTTP_PROXY"), proxy.format(PASSWORDS["proxy"]))
        agent = BioMedAgent(settings=settings)
        yield f"agent {proxy[:4]}", partial(agent.ask, "Describe it.", UNKNOWN)
        yield f"agent, structure {proxy[:4]}", partial(agent.ask, "Describe it.", STRUCTURE)
        yield f"papers {proxy[:4]}", partial(agent.ask, "What do papers say?", query="aspirin AND cancer")
        yield f"retriever {proxy[:4]}", partial(PubMedRetriever(agent=agent).invoke, "aspirin AND heart")
        for tool in BioMedToolkit(agent=agent).get_tools()[:2]:
            given = {"molecule": STRUCTURE} if tool.name == "molecule_qa" else {"protein": SEQUENCE}
            yield f"tool {tool.name} {proxy[:4]}", partial(_invoke, tool, question="Describe it.", **given)


# -- a trial


def _try(trial: Trial, folder: Path) -> Outcome:
    """Open the doors of a trial."""
    from biomed_agent.core.errors import BiomedAgentError
    from biomed_agent.core.privacy.egress import AuditLog

    outcome = Outcome()
    for door, enter in _doors_of(trial, folder):
        if enter is None:
            outcome.not_tried.append(door)
            continue
        with _logged() as log:
            try:
                result = _finished(enter())
                status, text = _status(result), _text(result)
            except BiomedAgentError as error:
                status, text = error.status, _chain(error)
            except Exception as error:  # a bug is told, and costs no other door its turn
                status, text = type(error).__name__, _chain(error)
                if trial.doors != "secrets":  # there the settings are broken on purpose, and only the words count
                    outcome.failed.append(f"{door} ended with {status}")
        outcome.doors.append({"door": door, "status": status})
        output = f"{text} {log.getvalue()}".lower()
        outcome.shown += [(door, of) for word, of in secrets().items() if word in output]
    audit = AuditLog(folder / "egress.jsonl")
    outcome.audit = list(audit.entries())
    noted = json.dumps(outcome.audit).lower()
    outcome.shown += [("the audit log", of) for word, of in secrets().items() if word in noted]
    return outcome


def _finished(result: Any) -> Any:
    """Return what a call gives, awaited or read to its end where it gives something that is still to be."""
    if inspect.isgenerator(result):
        return list(result)
    if inspect.iscoroutine(result):
        return asyncio.run(result)
    if inspect.isasyncgen(result):

        async def read() -> list[object]:
            return [element async for element in result]

        return asyncio.run(read())
    return result


def _doors_of(trial: Trial, folder: Path) -> Iterator[Door]:
    if trial.doors == "home":
        return _home_doors(folder, trial.homes)
    if trial.doors == "secrets":
        return _secret_doors()
    from biomed_agent.answering.agent import BioMedAgent

    return _every_door(BioMedAgent(), folder)


@contextlib.contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Collect what is logged within the block, by the libraries below as well."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _status(result: Any) -> str:
    """Return the status of an answer, of a tool's message, or of a list."""
    artifact = getattr(result, "artifact", None)
    if isinstance(artifact, dict):
        return str(artifact["status"])
    return str(getattr(result, "status", "returned"))


def _text(result: Any) -> str:
    """Return all words of what came back."""
    if isinstance(result, list):
        return " ".join(map(_text, result))
    if hasattr(result, "to_json"):
        return str(result.to_json())
    return f"{getattr(result, 'content', '')} {getattr(result, 'artifact', '')} {result}"


def _chain(error: BaseException | None) -> str:
    """Return all words of an error and of what it came from."""
    return "" if error is None else f"{error!r} {error} {_chain(error.__cause__ or error.__context__)}"


def guard(ports: set[int], stopped: list[tuple[str, str]]) -> None:
    """Stop every connection but those to ``ports`` of this machine, look-ups of host names, and other processes.

    Args:
        ports: Read at every event, so that they may be changed.
        stopped: Receives what was stopped.
    """
    here = ("127.0.0.1", "::1", "localhost")
    names = (*here, *(name.encode() for name in here))
    closed = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
              "socket.gethostbyaddr", "subprocess.Popen", "os.system")  # fmt: skip

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(details[1], tuple):
            if details[1][0] in here and details[1][1] in ports:
                return
        elif event == "socket.getaddrinfo" and details[0] in names:
            return
        if event in closed:
            stopped.append((event, str(details[1] if event == "socket.connect" else details[0])[:200]))
            raise OSError(f"{event} was stopped by the egress check")

    sys.addaudithook(hook)


def _share_built(folder: Path, trial: Path) -> None:
    """Give a trial what was built before of the shipped data alone."""
    for built in folder.glob("*/*"):
        if built.name.startswith(COPIED_FILES) and not (trial / built.name).exists():
            try:
                os.link(built, trial / built.name)
            except OSError:  # a file system without links
                shutil.copyfile(built, trial / built.name)


def _copy_built(cache: Path, folder: Path) -> None:
    """Copy what the caller's cache folder holds of the shipped data; without it the first trial builds it anew."""
    folder.mkdir()
    for built in cache.glob("*"):
        if built.name.startswith(COPIED_FILES) and built.suffix in (".sqlite", ".npz"):
            with contextlib.suppress(OSError):
                shutil.copyfile(built, folder / built.name)


def _few_authorities(folder: Path) -> None:
    """Let TLS know one authority only: to read all of them for every client takes most of the time, and none is met."""
    import certifi

    end = "-----END CERTIFICATE-----\n"
    whole = Path(certifi.where()).read_text(encoding="utf-8")
    (file := folder / "authority.pem").write_text(whole[: whole.index(end) + len(end)], encoding="utf-8")
    os.environ["SSL_CERT_FILE"] = str(file)


def main() -> None:
    """Make the trials that standard input describes; write what came of them to standard output, as JSON."""
    from biomed_agent.sources.http import services

    plan = json.load(sys.stdin)
    for key, service in services.SERVICES.items():  # without TLS the sinkhole can read what is sent
        services.SERVICES[key] = replace(service, url=service.url.replace("https://", "http://"), per_second=1000)
    _few_authorities(Path(plan["folder"]))
    if plan["built"]:
        _copy_built(Path(plan["built"]), Path(plan["folder"]) / "built")
    ports: set[int] = set()
    stopped: list[tuple[str, str]] = []
    guard(ports, stopped)
    outcomes = []
    for number, described in enumerate(plan["trials"]):
        trial = Trial(**described)
        folder = Path(plan["folder"]) / str(number)
        folder.mkdir()
        _share_built(Path(plan["folder"]), folder)
        for name in [
            name for name in os.environ if name.lower() in CLEARED_VARIABLES or name.startswith("BIOMED_AGENT_")
        ]:
            del os.environ[name]
        os.environ |= {"BIOMED_AGENT_CACHE_DIR": str(folder), "BIOMED_AGENT_CONFIG": str(folder / "none.toml")}
        os.environ |= {"BIOMED_AGENT_EGRESS": trial.policy, "BIOMED_AGENT_TIMEOUT": "4"} | dict(trial.environment)
        ports.clear()
        ports.update(trial.ports)
        stopped.clear()
        outcome = _try(trial, folder)
        outcome.stopped = stopped[:]
        outcomes.append(asdict(outcome))
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
