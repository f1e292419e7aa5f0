"""``find protein`` at the command line: one, many, a FASTA file, sections; and how many requests many cost."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.cli import main
from biomed_agent.cli.tables import read_rows
from biomed_agent.core.settings import Settings
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.uniprot import UniProt
from tests.helpers.agents import with_parts
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

OFFLINE = ("--offline", "--model", "none", "--quiet")


def test_one_protein_with_sections_and_organism(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OFFLINE, "find", "protein", "EGFR", "--about", "family,EC", "--json"]) == 2
    assert "section 'EC' is unknown" in capsys.readouterr().err
    assert main([*OFFLINE, "find", "protein", "SYK", "--organism", "mouse", "--about", "function", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["entities"][0]["entity"]["handle"] == "UNIPROT:P48025"
    assert main([*OFFLINE, "find", "molecule", "aspirin", "--about", "function"]) == 2
    capsys.readouterr()
    assert main([*OFFLINE, "find", "protein", "EC 2.7.10.1", "--json"]) == 5
    assert "UNIPROT:P00533" in capsys.readouterr().out


def test_a_fasta_file_is_read_record_by_record(
    tmp_path: Path, cache_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))._components.index
    protein = index.protein_by_accession("P00533")
    assert protein is not None
    file, out = tmp_path / "some.fasta", tmp_path / "out.csv"
    file.write_text(f">known\n{protein.sequence}\n>own\nMKTAYIAKQRQISFVKSHFSRQ\n>bad\nMK-TA\n>empty\n")
    assert [bool(row.problem) for row in read_rows(file, "name")] == [False, False, True, True]
    assert main([*OFFLINE, "find", "protein", "--input", str(file), "--output", str(out)]) == 0
    rows = list({row["row"]: row for row in csv.DictReader(out.open(newline=""))}.values())
    assert [(row["input_title"], row["status"]) for row in rows] == [
        ("known", "answered"),
        ("own", "answered"),
        ("bad", "invalid"),
        ("empty", "invalid"),
    ]
    assert [row["entity"] for row in rows[:2]] == ["UNIPROT:P00533", "seq:MKTAYIAKQRQISFVKSHFSRQ"]
    capsys.readouterr()
    assert main([*OFFLINE, "find", "protein", f"@{file}", "--json"]) == 5
    assert capsys.readouterr().out.count("cannot be read") == 2, "the others can be named all the same"
    file.write_text(f">known\n{protein.sequence}\n>own\nMKTAYIAKQRQISFVKSHFSRQ\n")
    capsys.readouterr()
    assert main([*OFFLINE, "find", "protein", f"@{file}", "--json"]) == 5
    assert "some.fasta#2" in capsys.readouterr().out
    assert main([*OFFLINE, "find", "protein", f"@{file}#1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entities"][0]["entity"]["handle"] == "UNIPROT:P00533"


def play(asked: Asked) -> Said:
    """Every accession exists but those that end in 7 (unknown) and in 3 (merged into the one that ends in 4)."""

    def entry(accession: str) -> dict[str, object]:
        if accession.endswith("3"):
            reason = {"inactiveReasonType": "MERGED", "mergeDemergeTo": [f"{accession[:-1]}4"]}
            return {"entryType": "Inactive", "primaryAccession": accession, "inactiveReason": reason}
        return {"entryType": "UniProtKB reviewed", "primaryAccession": accession, "sequence": {"value": "MK"}}

    if asked.path != "/uniprotkb/accessions":
        return Said(b"", 404)
    wanted = asked.query["accessions"].split(",")
    return Said.json({"results": [entry(accession) for accession in wanted if not accession.endswith("7")]})


@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_thousand_accessions_take_three_requests_at_most(cache_dir: Path, tmp_path: Path, count: int) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none"))
    names = [f"Q{number // 100 % 10}ZZ{number // 10 % 10}{number % 10}" for number in range(count)]
    with (
        LocalServer(play) as server,
        Transport(tmp_path, clock=FakeClock(), services={"uniprot": server.url}) as transport,
    ):
        resolver = Resolver(agent._components.index, None, UniProt(transport))
        agent = with_parts(agent, transport=transport, resolver=resolver)
        answers = list(agent.find_many("protein", names))
        assert {asked.path for asked in server.asked} == {"/uniprotkb/accessions"}
        assert len(server.asked) <= 3
    assert [answer.question for answer in answers] == names
    assert {answer.status for answer in answers} == {"answered", "not_found"}
    assert sum(answer.status == "not_found" for answer in answers) == count // 10
    merged = answers[3].entities[0]
    assert (merged.entity.handle, merged.why) == ("UNIPROT:Q0ZZ04", "Q0ZZ03 was merged into Q0ZZ04")


def test_names_of_several_organisms_say_how_the_human_ones_are_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    base = ["find", "protein", "PTEN", "ALB", "--offline", "--model", "none"]
    out = tmp_path / "out.jsonl"
    assert main([*base, "--json", "--output", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["status"] for row in rows] == ["ambiguous", "ambiguous"]
    assert all("--organism human" in row["next_steps"][0] for row in rows)
    human = tmp_path / "human.jsonl"
    assert main([*base, "--organism", "human", "--json", "--output", str(human)]) == 0
    rows = [json.loads(line) for line in human.read_text(encoding="utf-8").splitlines()]
    assert [row["entities"][0]["entity"]["handle"] for row in rows] == ["UNIPROT:P60484", "UNIPROT:P02768"]
