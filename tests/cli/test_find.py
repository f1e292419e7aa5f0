"""``find`` with one name and with many, and files of structures: offline, and against a local PubChem."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.answering.agent import BioMedAgent
from biomed_agent.answering.components import Components
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.cli import main
from biomed_agent.cli.row_formats import Row
from biomed_agent.cli.tables import read_rows
from biomed_agent.cli.value_files import journal_of
from biomed_agent.core.settings import Settings, read_settings
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.structure_search import StructureSearch
from biomed_agent.sources.pubchem import PubChem
from tests.core.chemistry.test_molfile import mol_block
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

OFFLINE = ("--offline", "--model", "none", "--quiet")


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(newline="")))


def test_one_name_is_shown_and_several_become_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OFFLINE, "find", "molecule", "aspirin", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entities"][0]["entity"]["handle"] == "CID:2244"
    out = tmp_path / "out.csv"
    assert main([*OFFLINE, "find", "molecule", "Gleevec", "PCP", "ibuprofin", "C((", "--output", str(out)]) == 0
    rows = {row["input_name"]: row for row in reversed(table(out))}
    assert [rows[name]["status"] for name in ("Gleevec", "PCP", "ibuprofin", "C((")] == [
        "answered",
        "ambiguous",
        "not_found",
        "invalid",
    ]
    gleevec = {(row["predicate"], row["target_name"]): row for row in table(out) if row["entity"] == "CID:123596"}
    weights = [gleevec["molecular weight", parent]["value"] for parent in ("", "imatinib")]
    assert weights == ["589.72", "493.62"]
    assert "homonym" in rows["PCP"]["candidates"]
    assert "ibuprofen" in rows["ibuprofin"]["candidates"]


def test_the_other_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OFFLINE, "find", "similar", "caffeine", "--limit", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [fact["predicate"] for fact in found["facts"]] == ["similar molecule"] * 2
    assert main([*OFFLINE, "find", "substructure", "smiles:*c1ccc(S(N)(=O)=O)cc1", "--limit", "1"]) == 0
    assert "sulfanilamide" in capsys.readouterr().out
    assert main([*OFFLINE, "find", "properties", "smiles:CCO"]) == 0
    assert "rule of five" in capsys.readouterr().out
    assert main([*OFFLINE, "find", "similar", "caffeine", "--where", "pubchem"]) == 6
    assert main([*OFFLINE, "find", "similar", "caffeine", "--threshold", "2"]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("find", "molecule"), "the name is missing"),
        (("find", "molecule", "aspirin", "--output", "x.csv"), "belong to several names"),
        (("find", "molecule", "a", "b", "--html", "x.html"), "--html is for one answer"),
        (("find", "molecule", "a", "b", "--resume"), "--resume belongs to --output"),
        (("find", "molecule", "a", "--input", "x.txt"), "leave out the others"),
        (("find", "literature", "--input", "x.txt"), "one query at a time"),
    ],
)
def test_what_does_not_go_together(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OFFLINE, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_question_is_asked_of_every_record_of_a_structure_file(tmp_path: Path) -> None:
    source, out = tmp_path / "in.sdf", tmp_path / "out.csv"
    blocks = [mol_block("CCO", title="ethanol"), mol_block("C", title="bad").replace(" C ", " Xq"), mol_block("CCN")]
    source.write_text("$$$$\n".join(blocks) + "$$$$\n")
    asked = "What is the molecular weight?"
    assert main([*OFFLINE, "ask", asked, "--input", str(source), "--output", str(out)]) == 0
    rows = table(out)
    assert [(row["input_title"], row["status"]) for row in rows] == [
        ("ethanol", "answered"),
        ("bad", "invalid"),
        ("", "answered"),
    ]
    assert (rows[0]["value"], rows[0]["unit"]) == ("46.07", "g/mol")
    assert rows[1]["reason"].startswith("record 2 'bad'")
    (tmp_path / "in.smi").write_text("CCO ethanol\nCCN\n")
    assert [row.columns for row in read_rows(tmp_path / "in.smi", "question")] == [
        {"title": "ethanol", "molecule": "smiles:CCO"},
        {"title": "", "molecule": "smiles:CCN"},
    ]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "whole answers"])
@pytest.mark.parametrize("cut", [0, 5])
def test_an_interrupted_run_goes_on_after_its_last_whole_row(tmp_path: Path, suffix: str, cut: int) -> None:
    source = tmp_path / "names.txt"
    source.write_text("aspirin\ncaffeine\nibuprofen\n")
    more = ["--json"] if suffix == "whole answers" else []
    suffix = "jsonl" if more else suffix
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    command = [*OFFLINE, "find", "molecule", "--input", str(source), *more, "--output"]
    assert main([*command, str(whole)]) == 0
    lines = whole.read_text().splitlines() if more else [line.strip() for line in journal_of(whole)]
    mark = lines[1].replace("caffeine", "CAFFEINE").replace('{"name": "CAFFEINE"}', '{"name": "caffeine"}')
    assert mark != lines[1]
    partial = tmp_path / f"out.{suffix}.partial"
    partial.write_text(f"{lines[0]}\n{mark}\n{lines[2][:cut]}")
    assert main([*command, str(out), "--resume"]) == 0
    again = out.read_text().splitlines() if more else [line.strip() for line in journal_of(out)]
    assert again[1] == mark, "what was written stays as it was"
    assert len(again) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["names.txt", whole.name, out.name])


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_a_finished_output_is_left_alone_and_rows_added_later_are_appended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    source, out = tmp_path / "names.txt", tmp_path / f"out.{suffix}"
    source.write_text("aspirin\r\n\r\ncaffeine\r\n")
    command = ["--offline", "--model", "none", "find", "molecule", "--input", str(source), "--output", str(out)]
    assert main([*command, "--resume"]) == 0, "what was never begun is begun"
    before, written = out.read_bytes(), out.stat().st_mtime_ns
    capsys.readouterr()
    assert main([*command, "--resume"]) == 0
    assert capsys.readouterr().err == f"nothing is left to do: {out} holds all 2 rows\n"
    assert (out.read_bytes(), out.stat().st_mtime_ns) == (before, written)
    source.write_text("aspirin\ncaffeine\nibuprofen\n")
    assert main([*command, "--resume"]) == 0
    assert "3 rows (2 of them before)" in capsys.readouterr().err
    if suffix != "parquet":
        assert out.read_bytes().startswith(before)
    assert [json.loads(line)["input"]["name"] for line in journal_of(out)] == ["aspirin", "caffeine", "ibuprofen"]
    source.write_text("caffeine\n")
    assert main([*command, "--resume"]) == 2
    assert f"row 1 of {out} belongs to another input" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["names.txt", f"out.{suffix}"]


@pytest.mark.parametrize(
    "body",
    [
        '\ufeffName,Dose\r\naspirin,5\r\n\r\n"caffeine",6'.encode(),
        b"Name;Dose\naspirin;5\ncaffeine;6\n",
        "NAME,Dose\r\naspirin,5\r\ncaffeine,6\r\n".encode("utf-16"),
        b"Dose, name \r5,aspirin\r6,caffeine\r",
    ],
    ids=["BOM, CRLF and an empty line", "semicolons", "UTF-16", "CR and padding"],
)
def test_tables_as_spreadsheets_write_them(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "in.csv").write_bytes(body)
    rows = read_rows(tmp_path / "in.csv", "name", ("name",))
    assert [row.columns for row in rows] == [{"name": "aspirin", "Dose": "5"}, {"name": "caffeine", "Dose": "6"}]


@pytest.mark.parametrize("body", [b"", b"Compound,Dose\naspirin,5\n", b'"na\nme'])
def test_a_table_without_a_column_of_names_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: bytes
) -> None:
    (tmp_path / "in.csv").write_bytes(body)
    assert main([*OFFLINE, "find", "molecule", "--input", str(tmp_path / "in.csv")]) == 2
    err = capsys.readouterr().err
    assert "expected a column called name or molecule or protein" in err or "the first line cannot be read" in err
    assert len(err.splitlines()) == 1


def test_a_person_gets_a_listing_and_a_pipe_lines_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*OFFLINE, "find", "molecule", "aspirin", "PCP", "ibuprofin"]
    assert main(asked) == 0
    piped = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["status"] for row in piped] == ["answered", "ambiguous", "not_found"]
    monkeypatch.setattr("biomed_agent.cli.terminal._is_terminal", lambda stream: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main([*asked, "--json"]) == 0
    assert [json.loads(line)["row"] for line in capsys.readouterr().out.splitlines()] == [1, 2, 3]
    assert main(asked) == 0
    first, second, third = capsys.readouterr().out.rstrip().split("\n\n")
    assert first.startswith("aspirin\n  Acetylsalicylic acid is C9H8O4, 180.16 g/mol")
    assert "[1]  PubChem CID 2244, https://pubchem.ncbi.nlm.nih.gov/compound/2244" in first
    assert second.startswith("PCP\n  Ambiguous. PCP means 2 things")
    assert '"CID:992"   pentachlorophenol' in second
    assert third.startswith("ibuprofin\n  Not found. ")
    assert "ibuprofen" in third


@pytest.mark.parametrize(
    ("output", "partial"),
    [
        ("out.jsonl", '{"row": 1, "input": {"name": "caffeine"}}\n'),
        ("out.csv", "name,status\ncaffeine,answered\n"),
        ("out.csv", "molecule,status\naspirin,answered\n"),
    ],
)
def test_a_partial_of_another_input_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, partial: str
) -> None:
    (tmp_path / "names.txt").write_text("aspirin\n")
    (tmp_path / f"{output}.partial").write_text(partial)
    given = ["--input", str(tmp_path / "names.txt"), "--output", str(tmp_path / output), "--resume"]
    assert main([*OFFLINE, "find", "molecule", *given]) == 2
    assert "belongs to another input" in capsys.readouterr().err


# -- many names against a local PubChem


def play(asked: Asked) -> Said:
    """Know every name ``compound N`` and CID N, but those that 5 divides."""
    if "/name/" in asked.path:
        cids = [int(asked.form["name"].removeprefix("compound "))]
    elif "/cid/" in asked.path:
        cids = [int(cid) for cid in asked.form["cid"].split(",")]
    else:
        return Said.json({"PropertyTable": {"Properties": []}})
    rows = [{"CID": cid, "Title": f"compound {cid}", "SMILES": "C" * 30 + "N" * (cid % 9)} for cid in cids if cid % 5]
    if not rows:
        return Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, 404)
    return Said.json({"PropertyTable": {"Properties": rows}})


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(play) as server:
        yield server


@pytest.fixture
def online(server: LocalServer, tmp_path: Path) -> Iterator[BioMedAgent]:
    shipped = read_settings().cache_dir
    agent = BioMedAgent(settings=Settings(cache_dir=tmp_path, model="none"))
    with (
        Transport(tmp_path, services={"pubchem": server.url}, clock=FakeClock()) as transport,
        LocalIndex.open(shipped) as index,
    ):
        pubchem = PubChem(transport)
        components = Components(
            transport=transport,
            index=index,
            resolver=Resolver(index, pubchem, None),
            retriever=Retriever(index, pubchem, None, None),
            structures=StructureSearch(index, None),
            generator=None,
        )
        yield BioMedAgent(settings=agent.settings, components=components)


def test_identifiers_share_requests_and_names_have_one_each(online: BioMedAgent, server: LocalServer) -> None:
    asked = (
        [f"CID:{9_000_000 + number}" for number in range(1, 31)] + [f"compound {n}" for n in (7, 10, 8)] + ["aspirin"]
    )
    answers = list(online.find_many("molecule", asked))
    assert [answer.question for answer in answers] == asked
    statuses = ["not_found" if number % 5 == 0 else "answered" for number in range(1, 31)]
    assert [answer.status for answer in answers] == [*statuses, "answered", "not_found", "answered", "answered"]
    assert answers[0].entities[0].entity.handle == "CID:9000001"
    assert sorted("/name/" in request.path for request in server.asked) == [False, True, True, True]
    again = list(online.find_many("molecule", asked))
    assert [answer.status for answer in again] == [answer.status for answer in answers]
    assert len(server.asked) == 4, "a repetition asks nobody"


def test_what_the_index_knows_or_nobody_can_read_is_not_asked_for(online: BioMedAgent, server: LocalServer) -> None:
    names: list[Any] = ["aspirin", "CID:2244", "PCP", "C((", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "smiles:CCO", "x" * 400]
    answers = list(online.find_many("molecule", names))
    assert [answer.status for answer in answers] == [
        "answered", "answered", "ambiguous", "invalid", "answered", "answered", "invalid",
    ]  # fmt: skip
    assert server.asked == []
    assert Row(1).columns == {}


def test_an_output_of_unknown_kind_is_refused_and_candidates_are_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "questions.csv"
    source.write_text("question\nWhat is PCP?\n")
    given = [*OFFLINE, "ask", "--input", str(source), "--output"]
    assert main([*given, str(tmp_path / "out.xlsx")]) == 2
    assert "expected a name that ends in .csv, .tsv, .jsonl or .parquet" in capsys.readouterr().err
    assert main([*given, str(tmp_path / "out.csv")]) == 0
    assert "CID:992 (pentachlorophenol" in (tmp_path / "out.csv").read_text()
