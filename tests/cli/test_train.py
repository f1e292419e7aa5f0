"""The commands about training: bad input is told in a line, and progress does not flood a file."""

import pytest

from biomed_agent.cli import main
from biomed_agent.cli.terminal import Screen
from biomed_agent.cli.train import Report
from biomed_agent.core.progress import StepLine


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["align", "nope", "--data", "pairs.tsv"], "there is no recipe nope. Give a JSON file, or one of: align-full"),
        (["align", "align", "--data", "pairs.tsv"], "neither a start nor a model"),
        (["align", "align", "--start", "missing", "--data", "pairs.tsv"], "missing/manifest.json cannot be read"),
        (["align", "mini", "--data", "missing.tsv"], "missing.tsv"),
        (["pretrain", "nope", "--data", "papers.jsonl"], "there is no recipe nope"),
        (["align", "align"], "--data"),
        (["merge", "missing"], "missing/manifest.json cannot be read"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments, "--output", "out"]) in (2, 4)
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err.splitlines()[-1]
    assert "Traceback" not in told.err


def test_a_wrong_recipe_names_its_key(tmp_path, capsys):
    (tmp_path / "recipe.json").write_text('{"name": "a", "revision": "1", "stages": [], "batch": 1}', encoding="utf-8")
    arguments = ["train", "align", str(tmp_path / "recipe.json"), "--data", "x", "--output", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "batch: Unexpected keyword argument" in capsys.readouterr().err


def test_steps_are_told_now_and_then_where_nobody_watches(capsys):
    report = Report(Screen())
    steps = [StepLine(f"step {number} of 100") for number in (20, 40)]
    for text in ("stage 1 of 1", *steps, "step by step", "the checkpoint folder is x"):
        report(text)
    lines = ["stage 1 of 1", "step 20 of 100", "step by step", "the checkpoint folder is x"]
    assert capsys.readouterr().err.splitlines() == lines


def test_one_of_several_processes_speaks(capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    Report(Screen())("stage 1 of 1")
    assert capsys.readouterr().err == ""
