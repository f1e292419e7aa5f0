"""``file:``: what may stand in a file, who may open one, and that nothing else of it is sent or shown."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.resolving.input_files import files_closed, read_entity_file
from biomed_agent.cli import main
from biomed_agent.core.errors import Ambiguous, InvalidInput
from biomed_agent.core.identifiers import names_a_file
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Answer, Molecule, Protein
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.tools import BioMedToolkit, PubMedRetriever
from tests.core.chemistry.test_molfile import mol_block
from tests.helpers.server import Asked, LocalServer, Said
from tests.helpers.starter import link_starter

CANARY = "kx-41v-Quagga"
SECRET = f"api {CANARY}\n"
MOTIF = "MKTAYIAKQRQISFVKSHFSRQ"


def nothing_known(asked: Asked) -> Said:
    if "esearch" in asked.path:
        return Said.json({"esearchresult": {"count": "0", "idlist": []}})
    if "search" in asked.path and "rest/pug" not in asked.path:
        return Said.json({"hitCount": 0, "resultList": {"result": []}, "results": []})
    return Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, 404)


@pytest.fixture
def world() -> Iterator[LocalServer]:
    with LocalServer(nothing_known) as server:
        yield server


@pytest.fixture
def agent(world: LocalServer, cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BioMedAgent:
    """An agent that opens files and asks a server on this machine, to which every policy lets everything go."""
    folder = link_starter(cache_dir, tmp_path / "cache")
    for key, service in SERVICES.items():
        place = f"{world.url}/rest/pug" if key == "pubchem" else world.url
        monkeypatch.setitem(SERVICES, key, replace(service, url=place, per_second=1000))
    monkeypatch.setenv("BIOMED_AGENT_CACHE_DIR", str(folder))
    monkeypatch.setenv("BIOMED_AGENT_MODEL", "none")
    return BioMedAgent(settings=Settings(cache_dir=folder, model="none", timeout=5, audit_log=tmp_path / "audit.jsonl"))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "api.key"
    path.write_text(SECRET)
    return path


def kept_secret(world: LocalServer, tmp_path: Path, *told: object) -> None:
    """Assert that nothing of the file was told, sent or noted."""
    audit = tmp_path / "audit.jsonl"
    everything = [*map(str, told), *map(str, world.asked), audit.read_text() if audit.exists() else ""]
    for part in (CANARY, CANARY.lower(), "Quagga", "QUAGGA"):
        assert not any(part in text for text in everything)


def whole(error: BaseException) -> str:
    """Everything an exception carries, what it came from too."""
    parts: list[str] = []
    at: BaseException | None = error
    while at is not None:
        parts += [repr(at), str(at), str(vars(at))]
        at = at.__cause__ or at.__context__
    return " ".join(parts)


# -- what may stand in a file


@pytest.mark.parametrize(
    ("name", "text", "kind", "found"),
    [
        ("a.smi", "CC(=O)Oc1ccccc1C(=O)O aspirin of mine\n", "molecule", "CC(=O)Oc1ccccc1C(=O)O"),
        ("a.smi", "CCO\tspirit\n", "molecule", "CCO"),
        ("a.txt", "CCO", None, "CCO"),
        ("a.txt", "CC(=O)Oc1ccccc1C(=O)O note", "molecule", "CC(=O)Oc1ccccc1C(=O)O"),
        ("a.inchi", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "molecule", "CCO"),
        ("a.mol", mol_block("CCO", title="spirit"), "molecule", "CCO"),
        ("a.mol", mol_block("CCO", title="spirit"), None, "CCO"),
        ("a.fasta", f">mine\n{MOTIF}\n", "protein", MOTIF),
        ("a.fasta", ">short\nKLV\n", "protein", "KLV"),
        ("a.fasta", f">mine\n{MOTIF}\n", None, MOTIF),
        ("a.txt", f"{MOTIF}\n{MOTIF.lower()}\n", "protein", MOTIF * 2),
        ("a.txt", f"        1 {MOTIF[:10].lower()} {MOTIF[10:].lower()}\n", "protein", MOTIF),
        ("a.txt", MOTIF, None, MOTIF),
    ],
)
def test_structures_and_sequences_are_read(tmp_path: Path, name: str, text: str, kind: Any, found: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    entity = read_entity_file(str(path), kind).entity
    assert (entity.smiles if isinstance(entity, Molecule) else entity.sequence) == found


def test_a_title_of_a_smiles_file_names_the_molecule(tmp_path: Path) -> None:
    path = tmp_path / "a.smi"
    path.write_text("CCCCC(CC)CO my  alcohol\n")
    assert read_entity_file(str(path), "molecule").entity.name == "my alcohol"
    path.write_text("C[C@H](O)C(=O)O |&1:1| racemate\n")
    with pytest.raises(InvalidInput, match="holds no structure"):  # its marks of a racemate would be lost
        read_entity_file(str(path), "molecule")


def test_a_smiles_file_of_several_lines_asks_back(tmp_path: Path) -> None:
    path = tmp_path / "two.smi"
    path.write_text("CCO spirit\nCCC\n")
    with pytest.raises(Ambiguous, match="holds 2 records") as caught:
        read_entity_file(str(path), "molecule")
    assert [(one.handle, one.label) for one in caught.value.candidates] == [
        (f"file:{path}#1", "spirit"),
        (f"file:{path}#2", "unnamed record"),
    ]
    second = read_entity_file(f"{path}#2", "molecule").entity
    assert isinstance(second, Molecule)
    assert second.smiles == "CCC"
    with pytest.raises(InvalidInput, match="no record 3; it holds 2"):
        read_entity_file(f"{path}#3", "molecule")


OTHERS = (
    "aspirin", "imatinib mesylate", "EGFR", "BRCA1", "P04637", "EGFR_HUMAN", "CID:2244", "2244", "50-78-2", "CHEMBL25",
    "name:aspirin", "cid:2244", "gene:EGFR", "uniprot:P04637", "inchikey:BSYNRYMUTXBXSQ-UHFFFAOYSA-N",
    "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "ec:3.4.21.5", "EC 3.4.21.5",
    "BRAF V600E", "mouse EGFR", "correct horse battery staple", "hunter hunter hunter", "phenylalanine",
    "I have a secret", "NO ENTRY", "password=hunter2", '{"api_key": "abc"}', "[default]\nkey = abc", "ABC1DEF2GHI3JKL4",
    "MYSECRETPASSPHRASE", "@another", "",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["molecule", "protein", None])
@pytest.mark.parametrize("text", OTHERS)
def test_nothing_else_is_taken_from_a_file(tmp_path: Path, text: str, kind: Any) -> None:
    path = tmp_path / "given.txt"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"given\.txt holds no") as caught:
        read_entity_file(str(path), kind)
    assert "Expected one" in caught.value.hint
    if len(text) > 4:
        assert text not in whole(caught.value)


def test_a_file_that_names_another_file_opens_none(tmp_path: Path) -> None:
    (tmp_path / "inner.smi").write_text("CCO")
    path = tmp_path / "outer.smi"
    path.write_text(f"file:{tmp_path}/inner.smi")
    with pytest.raises(InvalidInput, match=r"outer\.smi holds no"):
        read_entity_file(str(path), "molecule")


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (f">p1\nMKT{CANARY}\n", "protein", "has at position 6 what is no amino acid code"),
        (f">p1 {CANARY}\n", "protein", "holds no residues"),
        (f">p1 {CANARY}\n1234\n>p2 {CANARY}\n9\n", "protein", "holds 2 records"),
        (">p1\nATGGCCAAGTTGACCAGTGCC\n", "protein", "holds nucleotides"),
        (f"{CANARY}\n\n\n  9  9  0  0  0 V2000\nM  END\n", "molecule", "cannot be read"),
        (f"{CANARY}\nM  END\n$$$$\n{CANARY}\nM  END\n$$$$\n", "molecule", "holds 2 records"),
        (f'{{"primaryAccession": "{CANARY}"}}', "protein", "holds no sequence"),
        (f"ID   {CANARY} Reviewed; 3 AA.\n", "protein", "holds no sequence"),
        (f"<uniprot>{CANARY}", "protein", "holds no sequence"),
        (f'{{"primaryAccession": "{CANARY}", "results": 5}}', "protein", "holds no sequence"),
        ('{"primaryAccession": ' + "[" * 100_000 + CANARY, "protein", "holds no sequence"),
        (f"C(({CANARY}", "molecule", "holds no structure"),
        (f"InChI=1S/{CANARY}", "molecule", "holds no structure"),
        (f">p1\n{MOTIF}\n", "molecule", "holds no structure"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_without_its_words(
    tmp_path: Path, text: str, kind: Any, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given.txt"
    path.write_text(text)
    with pytest.raises((InvalidInput, Ambiguous), match=says) as caught:
        read_entity_file(str(path), kind)
    assert str(path) in str(caught.value)
    told = whole(caught.value) + "".join(capfd.readouterr())
    assert CANARY not in told
    assert "Quagga" not in told


def test_a_query_in_a_mol_file_is_named_as_one_without_its_title(tmp_path: Path) -> None:
    path = tmp_path / "q.mol"
    path.write_text(mol_block("CCO", title=CANARY).replace(" O   0", " Q   0"))
    with pytest.raises(InvalidInput, match="is a query: its atom 3 stands for several") as caught:
        read_entity_file(str(path), "molecule")
    assert CANARY not in whole(caught.value)


@pytest.mark.parametrize(
    "place", ["/dev/zero", "/dev/tty", "pipe", "folder", "none", "a\0b", "a\0b#2", "n" * 5000 + "#2", "pipe#1"]
)
def test_only_regular_files_are_opened(tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    path = place if place.startswith("/") else str(tmp_path / place)
    with pytest.raises(InvalidInput):
        read_entity_file(path, "molecule")


# -- what the databases learn


@pytest.mark.parametrize("kind", ["molecule", "protein"])
def test_a_file_of_something_else_is_neither_sent_nor_shown(
    agent: BioMedAgent, secret: Path, world: LocalServer, tmp_path: Path, kind: Any
) -> None:
    given: dict[str, Any] = {kind: f"file:{secret}"}
    answers = [
        agent.ask("What is it?", **given),
        agent.check("It is red.", **given),
        getattr(agent, f"find_{kind}")(f"file:{secret}"),
        agent.molecule_properties(f"file:{secret}"),
        agent.similar_molecules(f"file:{secret}"),
        agent.substructure_matches(f"file:{secret}"),
        agent.protein_card(f"file:{secret}"),
        agent.ask("What do papers say about it?", **given),
    ]
    assert [one.status for one in answers[:-1]] == ["invalid"] * 7
    assert all("api.key holds no" in one.text for one in answers[:-1])
    kept_secret(world, tmp_path, *(one.to_json() for one in answers))
    assert world.asked == []


def test_a_structure_in_a_file_is_known_by_its_hash_alone(
    agent: BioMedAgent, tmp_path: Path, world: LocalServer
) -> None:
    path = tmp_path / "own.smi"
    path.write_text(f"O=C(Nc1ccc(Br)cc1)C1CCN(CC1)S(C)(=O)=O {CANARY}\n")
    answer = agent.ask("What is its molecular weight?", molecule=f"file:{path}")
    assert (answer.status, answer.entities[0].asked) == ("answered", f"file:{path}")
    assert world.asked, "its InChIKey was looked up"
    assert not any(CANARY in str(one) or "Nc1ccc" in str(one) for one in world.asked)


# -- who may open one

HIDDEN = (
    "file:{0}", " FILE:{0}", "\u200bfile:{0}", "fi\u200ble:{0}", '"file:{0}"', "'file:{0}'", "name:file:{0}",
    "name: 'file:{0}'", "smiles:file:{0}", "seq:file:{0}", "file :{0}", "ｆile:{0}", "file\uff1a{0}", "[file:{0}]",
    "(file:{0})", "<file:{0}>", "file:file:{0}", "cid:name:file:{0}", "file:{0} V600E", "mouse file:{0}",
    "«file:{0}»", "file://{0}", "@{0}", " '@@{0}'", "file\u2236{0}", "FILE\ua789{0}", "\u200b" * 100_001 + "file:{0}",
)  # fmt: skip


NAMES = [f"{name[:20]!r}, {len(name)}" for name in HIDDEN]


@pytest.mark.parametrize("text", HIDDEN, ids=NAMES)
def test_a_file_is_seen_behind_what_hides_it(text: str) -> None:
    assert names_a_file(text.format("/some/path"))


@pytest.mark.parametrize(
    "text", ["profile:1", "filein", "aspirin", "cid:2244", "name:filein: x", "file", ">my file: a\nMKT", "a_profile: 2"]
)
def test_other_names_are_no_files(text: str) -> None:
    assert not names_a_file(text)


def structure_file(tmp_path: Path) -> Path:
    """A file that could be read, if only it were opened: formula C7H14BrF tells that it was."""
    path = tmp_path / "readable.smi"
    path.write_text("FCCCC(Br)CCC")
    return path


@pytest.mark.parametrize("hidden", HIDDEN, ids=NAMES)
def test_words_of_a_question_open_no_file(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer, hidden: str
) -> None:
    told = []
    for path in (secret, structure_file(tmp_path)):
        name = hidden.format(path)
        for question in (f'What is "{name}"?', f"What is {name}?", name, f"Weigh “{name}”."):
            answer = agent.ask(question)
            assert answer.status not in ("answered", "model_only"), question
            told.append(answer.to_json())
    told.append(agent.chat().ask(f"Weigh '{name}'.").to_json())
    assert "C7H14BrF" not in str(told)
    kept_secret(world, tmp_path, *told)


def test_a_question_says_where_a_file_is_passed(agent: BioMedAgent, secret: Path) -> None:
    answer = agent.ask(f'What is "file:{secret}"?')
    assert answer.status == "invalid"
    assert "--molecule @FILE" in " ".join((answer.text, *answer.next_steps))


class Plain:
    """Any object that answers; it asks an agent that opens files in a thread which inherits nothing."""

    def __init__(self, inner: BioMedAgent) -> None:
        self.inner, self.pool = inner, ThreadPoolExecutor(1)

    def ask(self, question: str, molecule: str | None = None, protein: str | None = None, **more: Any) -> Answer:
        return self.pool.submit(self.inner.ask, question, molecule, protein, **more).result()

    async def aask(self, question: str, molecule: str | None = None, protein: str | None = None, **more: Any) -> Answer:
        return await asyncio.wrap_future(self.pool.submit(self.inner.ask, question, molecule, protein, **more))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        return lambda *args, **more: self.pool.submit(method, *args, **more).result()


class Subclass(BioMedAgent):
    """An agent of somebody's own."""


AGENTS: dict[str, Callable[[BioMedAgent], Any]] = {
    "the agent": lambda agent: agent,
    "a subclass": lambda agent: Subclass(settings=agent.settings, files=True),
    "an object": Plain,
}


@pytest.mark.parametrize("whose", AGENTS)
@pytest.mark.parametrize(
    "hidden",
    ["file:{0}", " FI\u200bLE:{0}", '"file:{0}"', "name:file:{0}", "file:{0} V600E", "@{0}", HIDDEN[-1]],
    ids=lambda text: text[:20],
)
def test_no_tool_opens_a_file_whichever_agent_is_given(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer, whose: str, hidden: str
) -> None:
    told: list[object] = []
    for path in (secret, structure_file(tmp_path)):
        text = hidden.format(path)
        for tool in BioMedToolkit(agent=AGENTS[whose](agent)).get_tools():
            schema: Any = tool.args_schema
            named = set(schema.model_fields) & {"molecule", "protein", "name"}
            arguments = dict.fromkeys(named, text)
            if "question" in schema.model_fields:
                arguments["question"] = f'What is "{text}"?'
            if "query" in schema.model_fields:
                arguments["query"] = text
            call: Any = {"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"}
            for message in (tool.invoke(call), asyncio.run(tool.ainvoke(call))):
                told += [message.content, message.artifact]
    assert "C7H14BrF" not in str(told)
    kept_secret(world, tmp_path, *told)


@pytest.mark.parametrize("whose", AGENTS)
def test_a_tool_says_the_same_of_a_file_that_is_there_and_of_one_that_is_not(
    agent: BioMedAgent, secret: Path, whose: str
) -> None:
    for tool in BioMedToolkit(agent=AGENTS[whose](agent)).get_tools():
        schema: Any = tool.args_schema
        if not (named := set(schema.model_fields) & {"molecule", "protein", "name"}):
            continue
        told = []
        for path in (secret, secret.with_name("none.key"), secret.parent):
            arguments = dict.fromkeys(named, f"file:{path}")
            if "question" in schema.model_fields:
                arguments["question"] = "What is it?"
            told.append(tool.invoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"}).content)
        assert len(set(told)) == 1
        assert "file: is not allowed here. A tool opens no file: pass a name" in told[0]


def test_lists_handles_and_the_retriever_open_no_file(
    agent: BioMedAgent, secret: Path, world: LocalServer, tmp_path: Path
) -> None:
    toolkit = BioMedToolkit(agent=agent)
    with pytest.raises(InvalidInput) as refused:
        toolkit.handle("molecule", f"file:{secret}")
    kept_secret(world, tmp_path, whole(refused.value))
    tools = {tool.name: tool for tool in toolkit.get_tools()}
    handle = toolkit._handles.give("molecule", f"file:{secret}")
    told: list[object] = []
    for tool, arguments in (
        ("molecule_qa", {"question": "What is it?", "molecule": handle}),
        ("molecule_properties", {"molecule": handle}),
        ("molecule_qa", {"question": f"What is {handle}?", "molecule": "aspirin"}),
        ("find_protein", {"name": "EGFR", "about": [f"file:{secret}"]}),
        ("find_protein", {"name": "EGFR", "organism": f"file:{secret}"}),
    ):
        message = tools[tool].invoke({"name": tool, "args": arguments, "id": "1", "type": "tool_call"})
        told += [message.content, message.artifact]
    told += PubMedRetriever(agent=agent).invoke(f'"file:{secret}"')
    kept_secret(world, tmp_path, *told)


def test_files_are_closed_in_threads_that_inherit_the_context_and_open_again(tmp_path: Path) -> None:
    path = str(structure_file(tmp_path))

    async def in_a_thread() -> None:
        with files_closed():
            await asyncio.to_thread(read_entity_file, path)

    with pytest.raises(InvalidInput, match="not allowed"):
        asyncio.run(in_a_thread())
    assert read_entity_file(path).entity


# -- tables


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("command", ["ask", "find"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "txt"])
def test_no_cell_of_a_table_opens_a_file(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer, command: str, kind: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    table, out = tmp_path / f"rows.{kind}", tmp_path / "out.jsonl"
    cells = [hidden.format(path) for hidden in HIDDEN for path in (secret, structure_file(tmp_path))]
    column = "molecule" if command == "ask" else "name"
    if kind == "txt":
        lines = cells if command == "find" else [f'What is "{cell}"?' for cell in cells]
    elif kind == "jsonl":
        lines = [json.dumps({column: cell, "protein": cell}) for cell in cells]
    else:
        mark = "," if kind == "csv" else "\t"
        lines = [mark.join((column, "note")), *('"' + cell.replace('"', '""') + f'"{mark}x' for cell in cells)]
    table.write_text("\n".join(lines))
    question = ["What is its formula?"] if command == "ask" and kind != "txt" else []
    words = ["ask", *question] if command == "ask" else ["find", "molecule"]
    assert main(["--quiet", *words, "--input", str(table), "--output", str(out), "--json"]) in (0, 2)
    rows = rows_of(out)
    assert len(rows) == len(cells)
    assert not any(row["status"] == "answered" or "C7H14BrF" in str(row) for row in rows)
    kept_secret(world, tmp_path, rows, *capfd.readouterr())
    if kind != "txt" or command == "find":
        assert all("file: is not allowed here" in row["text"] for row in rows)


@pytest.mark.parametrize("command", [["ask", "What is it?"], ["find", "molecule"], ["find", "properties"]])
def test_a_cell_that_is_no_text_is_no_name(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer, command: list[str]
) -> None:
    table, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    cells: list[Any] = [[f"file:{secret}"], {"file": str(secret)}, {"smiles": "CCO"}, [["aspirin"]]]
    table.write_text("\n".join(json.dumps({"molecule": cell, "note": cell}) for cell in cells))
    assert main(["--quiet", *command, "--input", str(table), "--output", str(out), "--json"]) in (0, 2)
    assert [row["status"] for row in rows_of(out)] == ["invalid"] * 4
    assert world.asked == []


@pytest.mark.parametrize("words", [("similar",), ("properties",), ("protein", "--about", "function")])
def test_no_cell_opens_a_file_for_the_other_look_ups(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer, words: tuple[str, ...]
) -> None:
    table, out = tmp_path / "rows.csv", tmp_path / "out.jsonl"
    table.write_text(f"name\nfile:{secret}\nfile:{structure_file(tmp_path)}\n")
    main(["--quiet", "find", words[0], "--input", str(table), *words[1:], "--output", str(out), "--json"])
    assert [row["status"] for row in rows_of(out)] == ["invalid", "invalid"]
    kept_secret(world, tmp_path, rows_of(out))


def test_many_names_of_the_library_open_no_file(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer
) -> None:
    path = structure_file(tmp_path)
    names = [hidden.format(one) for hidden in HIDDEN for one in (secret, path)]
    answers = [*agent.find_many("molecule", names), *agent.find_many("protein", names)]
    assert {one.status for one in answers} == {"invalid"}
    kept_secret(world, tmp_path, *(one.to_json() for one in answers))
    assert agent.find_molecule(f"file:{path}").status == "answered", "one that is looked up alone is opened"


def test_what_the_caller_passes_for_all_rows_is_opened(
    agent: BioMedAgent, secret: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, table, out = structure_file(tmp_path), tmp_path / "rows.csv", tmp_path / "out.jsonl"
    table.write_text(
        f'question,protein\nWhat is its formula?,\nWhat is its formula?,file:{path}\nWeigh "file:{path}".,\n'
    )
    main(["--quiet", "ask", "--input", str(table), "--molecule", f"@{path}", "--output", str(out), "--json"])
    rows = rows_of(out)
    assert [row["status"] for row in rows[:2]] == ["answered", "invalid"]
    assert "C7H14BrF" in rows[0]["text"]
    assert main(["--quiet", "find", "molecule", f"@{path}", f"file:{path}", "--json"]) == 0
    assert capsys.readouterr().out.count('"answered"') == 2


@pytest.mark.parametrize("flag", ["--molecule", "--protein"])
@pytest.mark.parametrize("text", ["@{0}", "file:{0}"])
def test_a_file_given_on_the_command_line_is_refused_without_its_words(
    agent: BioMedAgent, secret: Path, tmp_path: Path, world: LocalServer, flag: str, text: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(["ask", "What is it?", flag, text.format(secret)]) == 2
    said = capfd.readouterr()
    assert str(secret) in said.err
    kept_secret(world, tmp_path, *said)
    assert world.asked == []


def test_a_protein_of_a_file_is_read_as_residues(agent: BioMedAgent, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text(MOTIF)
    answer = agent.ask("How many residues has it?", protein=f"file:{path}")
    assert answer.status == "answered"
    entity = answer.entities[0].entity
    assert isinstance(entity, Protein)
    assert entity.length == len(MOTIF)
