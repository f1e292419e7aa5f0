"""The command line: what goes to standard output, what to standard error, and the exit codes."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from biomed_agent.cli import main
from biomed_agent.cli.ask import deliver
from biomed_agent.cli.batch import answer_rows
from biomed_agent.cli.tables import read_rows
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.types import EXIT_CODES, Answer, Candidate, Fact, Provenance
from tests.conftest import logger_as_it_was

OFFLINE = ("--offline", "--model", "none")
ANSWER = Answer(
    "?", "answered", "It weighs 46.07 g/mol [1].",
    facts=(Fact("x", "molecular weight", 46.07, "g/mol", "computed", Provenance("RDKit")),),
    sources=(Provenance("RDKit"),),
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _index(cache_dir: Path) -> None:
    """Build the starter index, which would say so in whichever test comes first."""
    with logger_as_it_was():
        assert main(["index", "info", "--quiet", "--cache-dir", str(cache_dir)]) == 0


def run(*arguments: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, as a shell would."""
    command = [sys.executable, "-m", "biomed_agent", *arguments]
    return subprocess.run(command, input=given, capture_output=True, env={**os.environ, **more}, timeout=120)


def namespace(**values: object) -> argparse.Namespace:
    return argparse.Namespace(**{"json": False, "html": None} | values)


def test_an_answer_goes_to_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "What is the molecular weight?", "--molecule", "smiles:CCO", *OFFLINE]) == 0
    out, err = capsys.readouterr()
    assert "46.07 g/mol" in out.splitlines()[0]
    assert out.splitlines()[-1].startswith("Nothing left this machine.")
    assert "\x1b" not in out
    assert err == ""


def test_json_is_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OFFLINE, "ask", "What is the molecular weight?", "--molecule", "smiles:CCO", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "answered"
    assert answer["entities"][0]["entity"]["formula"] == "C2H6O"


@pytest.mark.parametrize("status", [status for status, code in EXIT_CODES.items() if code])
def test_what_is_no_answer_is_one_line_on_standard_error(status: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = replace(ANSWER, status=status, text="It did\nnot work.", facts=(), sources=(), next_steps=("Try again.",))  # type: ignore[arg-type]
    assert deliver(answer, namespace(), Screen()) == EXIT_CODES[status]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"biomed-agent: {status.replace('_', ' ')}: It did not work. Try again.\n"


def test_candidates_follow_the_error_line_and_json_still_goes_to_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ambiguous = Answer("?", "ambiguous", "Two things.", candidates=(Candidate("UNIPROT:P23219", "COX-1", "gene"),))
    assert deliver(ambiguous, namespace(), Screen()) == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "biomed-agent: ambiguous: Two things."
    assert '"UNIPROT:P23219"' in err
    assert deliver(ambiguous, namespace(json=True), Screen(quiet=True)) == 5
    out, err = capsys.readouterr()
    assert json.loads(out)["candidates"][0]["handle"] == "UNIPROT:P23219"
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "COMMAND"),
        (("ask",), 2, "the question is missing"),
        (("ask", ""), 2, "the question is empty"),
        (("ask", "x", "--policy", "guess"), 2, "invalid choice: 'guess'"),
        (("ask", "x", "--output", "y.csv"), 2, "belong to --input"),
        (("ask", "x", "--input", "y.csv"), 2, "y.csv cannot be read"),
        (("ask", "x", "--input", "y.csv", "--html", "z.html"), 2, "--html is for one answer"),
        (("ask", "What is its mass?", "--molecule", "C1CC"), 2, "C1CC"),
        (("ask", "What is its mass?", "--molecule", "@missing.smi"), 2, "missing.smi cannot be read"),
        (("ask", "What is its mass?", "--molecule", "@."), 2, "is a folder"),
        (("ask", "What is its mass?", "--molecule", "name:no such thing"), 3, "no such thing"),
        (("ask", "How long is it?", "--protein", "seq:" + "MKT" * 13_334), 2, "40,002 residues"),
        (("ask", "\udcff"), 2, "not UTF-8"),
        (("find", "molecule", "aspirin", "--limit", "0"), 2, "--limit is 0"),
        (("--timeout", "-1", "config", "show"), 2, "timeout is -1"),
        (("--host", "nowhere", "ask", "x"), 2, "'nowhere' is not a URL"),
        (("--host", "http://example.org", "ask", "x"), 6, "http://example.org"),
        (("ask", "--input", "missing.csv"), 2, "missing.csv cannot be read"),
        (("ask", "--input", "."), 2, "is a folder"),
        (("ask", "--input", "x.doc"), 2, "expected a name that ends in .csv"),
    ],
)
def test_a_mistake_is_one_clear_line_and_its_exit_code(
    arguments: Sequence[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = OFFLINE if arguments and arguments[0] in ("ask", "find") else ()
    assert main([*settings, *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("biomed-agent: ")
    assert said in err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", b"the question is empty"),
        (b"a" * 10_000_000, b"larger than 100,000 bytes"),
        (b"\xff\xfe\x00binary", b"not UTF-8 text"),
    ],
)
def test_standard_input_is_read_within_limits(given: bytes, said: bytes) -> None:
    done = run("ask", "-", *OFFLINE, given=given)
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_a_question_comes_from_standard_input_and_entities_from_files(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("smiles:CCO\n")
    done = run("ask", "-", "--molecule", f"@{tmp_path / 'a.smi'}", *OFFLINE, given="\ufeffWhat is the mass?".encode())
    assert done.returncode == 0
    assert b"46.07" in done.stdout


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m biomed_agent --offline --model none ask 'What is the mass?' --molecule smiles:CCO"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | true"], capture_output=True, env=os.environ, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "biomed_agent", "config", "show", "--quiet"], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"biomed-agent: the answer cannot be written")
    assert len(done.stderr.splitlines()) == 1


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert deliver(ANSWER, namespace(html=str(page)), Screen()) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    capsys.readouterr()
    assert main([*OFFLINE, "ask", "mass", "--molecule", "smiles:CCO", "--html", str(tmp_path / "no" / "x.html")]) == 2
    out, err = capsys.readouterr()
    assert "46.07" in out  # the answer is not lost
    assert "cannot be written" in err


def test_colour_only_on_a_terminal_and_never_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert Screen().color is False
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Screen().color is True
    assert Screen(no_color=True).color is False
    monkeypatch.setenv("NO_COLOR", "1")
    assert Screen().color is False


def test_a_bug_is_one_line_unless_asked_for_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("biomed_agent.cli._handler", lambda run: lambda arguments, screen: 1 // 0)
    assert main(["config", "show"]) == 1
    assert capsys.readouterr().err.startswith("biomed-agent: internal error, ZeroDivisionError: ")
    monkeypatch.setenv("BIOMED_AGENT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["config", "show"])


def test_check_and_find_share_the_ways_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OFFLINE, "check", "The molecular weight is 99 g/mol.", "--molecule", "smiles:CCO"]) == 0
    assert "✗ contradicted" in capsys.readouterr().out
    assert main([*OFFLINE, "find", "molecule", "smiles:CCO", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entities"][0]["entity"]["formula"] == "C2H6O"


def test_a_chat_remembers_and_ends_at_exit_or_at_the_end_of_input() -> None:
    lines = b"What is smiles:CCO\n\nWhat is its molecular weight?\nexit\nnever asked\n"
    done = run("chat", *OFFLINE, given=lines)
    assert done.returncode == 0
    assert done.stdout.count(b"not medical advice") == 2
    assert b"46.07 g/mol [1]" in done.stdout
    assert run("chat", *OFFLINE, given=b"").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_an_interruption_is_one_line_and_130() -> None:
    chat = subprocess.Popen(
        [sys.executable, "-m", "biomed_agent", "chat", *OFFLINE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert chat.stdin is not None
    assert chat.stdout is not None
    chat.stdin.write(b"What is smiles:CCO\n")
    chat.stdin.flush()
    chat.stdout.readline()  # it has answered, so it is up and waits for the next question
    time.sleep(0.2)
    chat.send_signal(signal.SIGINT)
    _, err = chat.communicate(timeout=60)
    assert (chat.returncode, err) == (130, b"biomed-agent: interrupted.\n")


ROWS = "id,question,molecule\na,What is the mass?,smiles:CCO\nb,,smiles:CCO\nc,What is the mass?,C1CC\nd,x,y,surplus\n"


def test_one_bad_row_stops_none_of_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_bytes(ROWS.encode() + b"e,M\xff,smiles:CCO\n")
    assert main([*OFFLINE, "ask", "--input", str(source), "--output", str(output), "--json"]) == 0
    written = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["status"] for row in written] == ["answered", "invalid", "invalid", "invalid", "invalid"]
    assert written[0]["input"] == {"id": "a", "question": "What is the mass?", "molecule": "smiles:CCO"}
    assert "more fields than the header" in written[3]["text"]
    assert "not UTF-8" in written[4]["text"]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("5 rows in ")
    assert "4 invalid, 1 answered" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.jsonl"]


def test_a_table_keeps_its_columns(tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.tsv"
    source.write_text(ROWS)
    assert main([*OFFLINE, "ask", "--input", str(source), "--output", str(output), "--quiet"]) == 0
    rows = list(csv.DictReader(output.open(newline=""), delimiter="\t"))
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert rows[0]["status"] == "answered"
    assert (rows[0]["value"], rows[0]["unit"], rows[0]["input_molecule"]) == ("46.07", "g/mol", "smiles:CCO")


def test_lines_of_json_and_of_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text('{"question": "mass?", "molecule": "smiles:CCO", "protein": null}\nno\n\n[1]\n')
    rows = read_rows(tmp_path / "a.jsonl", "question")
    assert rows[0].columns == {"question": "mass?", "molecule": "smiles:CCO", "protein": ""}
    assert [bool(row.problem) for row in rows] == [False, True, True]
    (tmp_path / "b.txt").write_text("one?\n\n two? \n")
    assert [row.columns["question"] for row in read_rows(tmp_path / "b.txt", "question")] == ["one?", "two?"]
    (tmp_path / "c.txt").write_text("What is the molecular weight?\n")
    assert main([*OFFLINE, "ask", "--input", str(tmp_path / "c.txt"), "--molecule", "smiles:CCO"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "answered"


@pytest.mark.parametrize(
    ("body", "said"), [(b"a,b\n1,2\n", "expected a column called question"), (b"\0\1\2", "not a text file")]
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, body: bytes, said: str, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "x.csv"
    path.write_bytes(body)
    assert main(["ask", "--input", str(path)]) == 2
    assert said in capsys.readouterr().err


def test_an_interrupted_batch_keeps_what_was_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient:
        def ask(self, question: str, *arguments: object, **more: object) -> Answer:
            if question == "second?":
                raise KeyboardInterrupt
            return ANSWER

    monkeypatch.setattr("biomed_agent.cli.batch.make_agent", lambda arguments: Impatient())
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("first?\nsecond?\n")
    given = namespace(input=str(source), output=str(output), molecule=None, protein=None, policy="ask", query=None)
    given.question, given.resume, given.json = [], False, False
    with pytest.raises(KeyboardInterrupt):
        answer_rows(given, Screen())
    assert not output.exists()
    assert len((tmp_path / "out.jsonl.partial").read_text().splitlines()) == 1


def test_settings_are_shown_with_their_origin_and_secrets_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text('egress = "public"\ntimeout = 7\n')
    monkeypatch.setenv("BIOMED_AGENT_API_KEY", "hush")
    monkeypatch.setenv("BIOMED_AGENT_HOST", "http://user:hush@127.0.0.1:1")
    assert main(["config", "show", "--timeout", "9", "--json"]) == 0
    out = capsys.readouterr().out
    shown = json.loads(out)
    assert "hush" not in out
    assert shown["timeout"] == {"value": "9.0", "from": "flag --timeout"}
    assert shown["api_key"] == {"value": "********", "from": "environment BIOMED_AGENT_API_KEY"}
    assert shown["egress"] == {"value": "public", "from": f"file {tmp_path / 'config.toml'}"}
    assert shown["offline"]["from"] == "default"
    assert shown["host"]["value"] == "http://***@127.0.0.1:1"


def test_the_cache_is_cleared_of_our_own_files_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("replies.sqlite", "replies.sqlite-wal", "starter-v1-0.sqlite", "thesis.doc"):
        (tmp_path / name).write_bytes(b"0" * 500_000)
    assert main(["cache", "clear", "--cache-dir", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]
    assert capsys.readouterr().out == f"Freed 1.5 MB (3 files) in {tmp_path}.\n"


def test_index_info_counts_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["molecule"] > 100


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from biomed_agent.cli import main; main(['--help']); "
        "print([name for name in ('pydantic', 'httpx', 'rdkit', 'numpy', 'langchain_core', 'torch', 'rich') "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "exit codes: 0 answered" in done.stdout


@pytest.mark.parametrize("arguments", [["--version"], ["ask", "--help"], ["cache", "clear", "--help"]])
def test_help_and_version_answer_on_standard_output(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", ["two.smi", "two.sdf", "two.fasta", "two.jsonl"])
def test_rows_without_any_question_are_refused_once(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rdkit import Chem

    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")) + "$$$$\n"
    bodies = {
        "two.smi": "CCO ethanol\nCO methanol\n",
        "two.sdf": block * 2,
        "two.fasta": ">a\nMKTAYIAKQR\n>b\nMKTAYIAKQL\n",
        "two.jsonl": '{"molecule": "aspirin"}\n{"molecule": "ibuprofen"}\n',
    }
    source = tmp_path / name
    source.write_text(bodies[name], encoding="utf-8")
    assert main(["ask", "--input", str(source), "--offline", "--model", "none"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("the question is missing") == 1
    assert "--input" in shown.err
