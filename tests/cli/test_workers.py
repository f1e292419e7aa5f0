"""Several processes write what one writes, in the same order, and none outlives the command."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biomed_agent.cli import main, workers
from biomed_agent.cli.row_formats import Answerer
from biomed_agent.cli.terminal import Screen
from biomed_agent.cli.value_files import journal_of
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.plain_settings import PlainSettings

NAMES = ["aspirin", "PCP", "ibuprofin", "C((", "Gleevec", "é\tx", "caffeine", "smiles:CCO", "nothing like it", "EGFR"]
OFFLINE = ("--offline", "--model", "none", "--quiet")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CHUNK_ROWS", 3)


def names_file(folder: Path, names: list[str]) -> Path:
    path = folder / "names.csv"
    path.write_text("number,name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names)))
    return path


def without_time(text: str) -> list[dict[str, object]]:
    return [{**json.loads(line), "seconds": 0} for line in text.splitlines()]


@pytest.mark.parametrize("kind", ["molecule", "protein"])
def test_rows_are_those_of_one_process(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["find", kind, "--input", str(names_file(tmp_path, NAMES)), *OFFLINE]
    for end in ("tsv", "jsonl") if kind == "molecule" else ("csv",):
        for count in ("1", "2"):
            assert main([*command, "--output", str(tmp_path / f"{count}.{end}"), "--workers", count]) == 0
        one, two = ((tmp_path / f"{count}.{end}").read_bytes() for count in ("1", "2"))
        assert (without_time(one.decode()) == without_time(two.decode())) if end == "jsonl" else one == two
    capsys.readouterr()
    written = []
    for count in ("1", "2"):
        assert main([*command, "--workers", count]) == 0
        written.append(without_time(capsys.readouterr().out))
    assert written[0] == written[1] and len(written[0]) == len(NAMES)


def test_questions_are_those_of_one_process(tmp_path: Path) -> None:
    source = tmp_path / "asked.csv"
    questions = ["What is the weight of aspirin?", "Is caffeine an ester?", "What is it?", ""]
    source.write_text("question,molecule\n" + "".join(f"{question},\n" for question in questions) + "What?,CCO\n")
    for count in ("1", "2"):
        given = ["--input", str(source), "--output", str(tmp_path / f"{count}.csv"), "--workers", count]
        assert main(["ask", *given, *OFFLINE]) == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_a_cut_output_is_gone_on_with_by_workers(tmp_path: Path) -> None:
    command = ["find", "molecule", "--input", str(names_file(tmp_path, NAMES)), *OFFLINE, "--output"]
    assert main([*command, str(tmp_path / "whole.csv")]) == 0
    whole = (tmp_path / "whole.csv").read_bytes()
    journal = "".join(journal_of(tmp_path / "whole.csv"))
    (tmp_path / "cut.csv.partial").write_text(journal[: len(journal) // 2])
    assert main([*command, str(tmp_path / "cut.csv"), "--resume", "--workers", "2"]) == 0
    assert (tmp_path / "cut.csv").read_bytes() == whole


def answerer(asks_model: bool = False, **settings: object) -> Answerer:
    agent = argparse.Namespace(settings=PlainSettings(**settings))  # type: ignore[arg-type]
    return Answerer(lambda rows: (), agent, asks_model)  # type: ignore[arg-type]


def count(asked: int | None, rows: int, of: Answerer) -> int:
    return workers.worker_count(argparse.Namespace(workers=asked), Screen(quiet=True), of, rows)


def test_workers_are_started_where_they_pay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "_cores", lambda: 4)
    here = answerer(offline=True)
    assert [count(None, rows, here) for rows in (0, 1_999, 2_000, 3_500, 100_000)] == [1, 1, 2, 3, 4]
    assert [count(asked, 5, here) for asked in (1, 3, 8)] == [1, 3, 5]
    assert count(None, 100_000, answerer()) == 1, "databases are asked"
    assert count(8, 100, answerer()) == 1
    model_free = answerer(True, offline=True, model="none")
    assert count(8, 100, model_free) == 8
    assert count(8, 100, answerer(True, offline=True)) == 1, "the embedded model is asked"
    assert count(8, 100, answerer(True, offline=True, model="none", host="http://localhost:1")) == 1
    for wrong in (0, -1, 65):
        with pytest.raises(InvalidInput, match="--workers"):
            count(wrong, 10, here)


@pytest.mark.parametrize("words", [["find", "molecule", "aspirin"], ["ask", "What is aspirin?"]])
def test_one_thing_has_no_workers(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, *OFFLINE, "--workers", "2"]) == 2
    assert "--workers belong to" in capsys.readouterr().err


def test_rows_of_a_dead_worker_are_answered_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = names_file(tmp_path, NAMES)
    code = f"""
import os, sys
from biomed_agent.cli import main, workers
workers._start_worker = os.abort
sys.exit(main(["find", "molecule", "--input", {str(names)!r}, "--output", sys.argv[1], *sys.argv[2:]]))
"""
    out = [str(tmp_path / "out.csv"), "--offline", "--model", "none"]
    done = subprocess.run([sys.executable, "-c", code, *out, "--workers", "2"], capture_output=True, text=True)
    assert done.returncode == 0 and "ended early" in done.stderr
    assert main(["find", "molecule", "--input", str(names), "--output", str(tmp_path / "one.csv"), *OFFLINE]) == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def children(of: int) -> set[int]:
    """Return the processes that a process has started, and those started by them."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    grown = {of}
    while more := {process for process, parent in parents.items() if parent in grown} - grown:
        grown |= more
    return grown - {of}


def wait_for(condition: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", ["group", "killed"])
def test_no_worker_outlives_the_command_and_it_can_go_on(tmp_path: Path, how: str) -> None:
    names = names_file(tmp_path, NAMES * 60)
    out, partial = tmp_path / "out.csv", tmp_path / "out.csv.partial"
    command = [sys.executable, "-m", "biomed_agent", "find", "molecule", "--input", str(names), "--output", str(out)]
    command += ["--offline", "--model", "none", "--workers", "2"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: partial.is_file() and partial.read_bytes().count(b"\n") > 60)
    started = children(running.pid)
    assert len(started) >= 2
    if how == "group":
        os.killpg(running.pid, signal.SIGINT)  # as a terminal sends Ctrl-C
    else:
        running.kill()
    _, errors = running.communicate(timeout=60)
    wait_for(lambda: not any(Path(f"/proc/{process}").exists() for process in started))
    if how == "group":
        assert running.returncode == 130
        assert "Traceback" not in errors and "--resume goes on" in errors
    assert main([*command[3:], "--resume", "--quiet"]) == 0
    rows = [json.loads(line) for line in journal_of(out)]
    assert [row["input"]["number"] for row in rows] == [str(number) for number in range(len(NAMES) * 60)]
