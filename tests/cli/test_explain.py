"""``ask --explain``: the reading comes first, and the answer as usual."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomed_agent.cli import main

OFFLINE = ("--offline", "--model", "none", "--quiet")


def test_the_reading_comes_before_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "How heavy is caffeine?", "--explain", *OFFLINE]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "How the question was read"
    assert lines.index("  Read as a value: molecular weight of caffeine.") < lines.index(
        "Caffeine: molecular weight 194.19 g/mol [1]."
    )
    assert err == ""


def test_without_it_nothing_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "How heavy is caffeine?", *OFFLINE]) == 0
    assert capsys.readouterr().out.startswith("Caffeine: molecular weight")
    assert main(["ask", "How heavy is caffeine?", "--json", *OFFLINE]) == 0
    assert "reading" not in json.loads(capsys.readouterr().out)


def test_the_reading_goes_to_standard_output_where_nothing_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "Does metformin cause weight gain?", "--explain", *OFFLINE]) == 7
    out, err = capsys.readouterr()
    assert out.count("NOT READ") == 2
    assert "194" not in out
    assert err.startswith("biomed-agent: inapplicable: ")


def test_json_holds_it_under_a_key_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["ask", "Does it bind?", "--molecule", "imatinib", "--protein", "ABL1", "--explain", "--json", *OFFLINE])
        == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "answered"
    (clause,) = answer["reading"]["clauses"]
    assert clause["query"]["frame"] == "relation"
    assert [piece["text"] for piece in clause["pieces"]] == ["Does", "it", "bind"]
    assert clause["pieces"][1]["value"] == ["imatinib", "ABL1"]


def test_a_question_that_is_none_is_refused_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "\x07", "--explain", *OFFLINE]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "control characters" in err


@pytest.mark.parametrize("more", [["--input", "questions.txt"], ["--query", "metformin"]])
def test_what_it_does_not_go_with(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "How heavy is caffeine?", "--explain", *more, *OFFLINE]) == 2
    assert "--explain" in capsys.readouterr().err
