"""``biomed-agent evaluate`` from the outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from biomed_agent.cli import evaluate, main
from biomed_agent.model.evaluation.models_under_test import ANSWERS
from biomed_agent.model.evaluation.report import FILES
from biomed_agent.model.evaluation.tasks import SETTINGS, TASKS
from tests.helpers.server import LocalServer, Said

MODELS = {"data": [{"id": "far", "biomed_agent": {"name": "far", "revision": "3", "digest": "00"}}]}
COMPLETION = {"choices": [{"message": {"content": "The molecule is an alcohol."}, "finish_reason": "stop"}]}


@pytest.fixture
def data(tmp_path):
    rows = [f"{n}\t{'C' * n}O\tThe molecule is an alcohol." for n in range(1, 31)]
    path = tmp_path / "test.txt"
    path.write_text("\n".join(["CID\tSMILES\tdescription", *rows]) + "\n", encoding="utf-8")
    return path


def command(data, output, *more):
    words = ["evaluate", "molecule-captioning", "--data", str(data), "--output", str(output)]
    return [*words, "--max-new-tokens", "12", *map(str, more)]


def test_the_parser_knows_every_task_and_setting():
    assert tuple(TASKS) == evaluate.TASKS
    assert SETTINGS == evaluate.SETTINGS


def test_one_command_writes_the_whole_report(tiny_folder, data, tmp_path, capsys):
    output = tmp_path / "out"
    options = ("--model", tiny_folder, "--train", data, "--controls", "--limit", 6)
    assert main(command(data, output, *options)) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("# Molecule captioning: tiny 1\n")
    assert "30 examples; tiny 1 answers" in shown.err
    assert "warning: 6 of these examples (6 different structure groups) also occur in the training data" in shown.err
    assert {path.name for path in output.iterdir()} == {ANSWERS, *FILES}
    report = json.loads((output / "report.json").read_text("utf-8"))
    assert report["data"]["examples"] == 6
    assert report["settings"]["retrieval"] == "off"
    neighbour = report["sections"][0]["systems"][3]
    assert neighbour["name"] == "nearest neighbour"
    assert neighbour["scores"]["ROUGE-L"]["value"] == 1.0
    assert main(command(data, output, *options)) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(command(data, output, *options, "--resume", "--json")) == 0
    assert json.loads(capsys.readouterr().out) == report


def test_bad_rows_are_named_on_the_screen_and_in_the_folder(tiny_folder, tmp_path, capsys):
    data, output = tmp_path / "own.csv", tmp_path / "out"
    rows = ["CCO,What is it?,An alcohol.", "CCN,What is it?,", "odd,What is it?,A base.", *["CC,What is it?,"] * 5]
    data.write_text("\n".join(["smiles,question,answer", *rows]) + "\n", encoding="utf-8")
    words = ["evaluate", "molecule-qa", "--data", str(data), "--output", str(output), "--max-new-tokens", "3"]
    assert main([*words, "--model", str(tiny_folder)]) == 0
    shown = capsys.readouterr()
    assert f"bad row: {data}:3: column answer: the answer is empty\n" in shown.err
    assert "and 2 more\n" in shown.err
    assert f"all bad rows are in {output / 'bad-rows-own.csv.tsv'}\n" in shown.err
    assert "(6: the answer is empty, own.csv:3, own.csv:5, own.csv:6 ...)" in shown.out
    lines = [line.split("\t") for line in (output / "bad-rows-own.csv.tsv").read_text("utf-8").splitlines()]
    assert [line[1] for line in lines] == ["3", "5", "6", "7", "8", "9", "4"]
    assert "stays in, to be charged as a miss" in lines[-1][3]
    found = json.loads((output / "report.json").read_text("utf-8"))["data"]["bad_rows"]
    assert found[0] == {
        "file": "own.csv",
        "line": 3,
        "where": "column answer",
        "reason": "the answer is empty",
        "got": "",
    }
    data.write_text("smiles,question,answer\nCCN,What is it?,\n", encoding="utf-8")
    assert main([*words, "--model", str(tiny_folder)]) == 2
    assert f"no row can be scored ({data}:2: column answer: the answer is empty)" in capsys.readouterr().err


def test_a_host_is_asked_by_its_address(data, tmp_path, capsys):
    with LocalServer(lambda asked: Said.json(MODELS if asked.path == "/v1/models" else COMPLETION)) as server:
        assert main(command(data, tmp_path / "out", "--model", server.url, "--controls", "--json")) == 0
        assert sum(asked.path == "/v1/chat/completions" for asked in server.asked) == 60
    report = json.loads(capsys.readouterr().out)
    assert report["model"]["name"] == "far"
    assert report["sections"][0]["systems"][0]["scores"]["ROUGE-L"]["value"] == 1.0
    assert [system["name"] for system in report["sections"][0]["systems"]] == ["model", "structures exchanged"]
    assert "cannot be zeroed" in report["notes"][-1]


def test_a_host_is_not_loaded_several_times(data, tmp_path, capsys):
    assert main(command(data, tmp_path / "out", "--model", "http://127.0.0.1:9", "--processes", 2)) == 2
    assert "--processes loads a local model" in capsys.readouterr().err


def test_a_host_that_fails_is_unavailable_and_what_it_said_is_kept(data, tmp_path, capsys):
    answered = []

    def play(asked):
        if asked.path == "/v1/models":
            return Said.json(MODELS)
        answered.append(asked)
        return Said.json(COMPLETION) if len(answered) <= 9 else Said(b"broken", 500)

    with LocalServer(play) as server:
        assert main(command(data, tmp_path / "out", "--host", server.url, "--batch", 1)) == 4
    assert "--resume goes on" in capsys.readouterr().err
    assert len((tmp_path / "out" / ANSWERS).read_text("utf-8").splitlines()) == 1 + 9


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--limit", "0"], "--limit is 0"),
        (["--processes", "0"], "--processes is 0"),
        (["--ids", "ids.txt"], "--ids chooses questions"),
        (["--model", "none"], "no model to evaluate"),
        (["--scibert-vocab", "nowhere.txt"], r"nowhere.txt cannot be read"),
        (["--data", "nowhere.txt"], "nowhere.txt"),
        (["--setting", "half"], "half"),
        (["--benchmark", "my own"], "is none of the data sets that scores of molecule-captioning are published for"),
        (["--setting", "question-only"], "--setting says what PubMedQA shows"),
    ],
)
def test_bad_input_is_said_in_one_line(data, tmp_path, capsys, tiny_folder, more, says):
    model = [] if "--model" in more else ["--model", tiny_folder]
    assert main(command(data, tmp_path / "out", *model, *more)) in (2, 7)
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith("biomed-agent: ")
    assert says in line


def test_an_interrupted_run_goes_on(tiny_folder, data, tmp_path):
    output = tmp_path / "out"
    words = [*command(data, output, "--model", tiny_folder), "--batch", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    running = subprocess.Popen(
        [sys.executable, "-m", "biomed_agent", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    signal.signal(signal.SIGINT, before)
    answers = output / ANSWERS
    try:
        while not (answers.exists() and answers.read_bytes().count(b"\n") >= 3):
            assert running.poll() is None, running.communicate()
            time.sleep(0.005)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=300)
    finally:
        running.kill()
    assert running.returncode == 130
    assert b"--resume goes on" in errors
    assert b"Traceback" not in errors
    assert 3 <= answers.read_bytes().count(b"\n") < 31
    assert main([*words, "--resume"]) == 0
    assert answers.read_bytes().count(b"\n") == 31
