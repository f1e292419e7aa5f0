"""What the README and the pages beside it show is what the program prints."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.cli import main
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import EXIT_CODES
from biomed_agent.tools import BioMedToolkit
from tests.helpers.places import ROOT
from tests.helpers.scripted_chat import ScriptedChat

README = (ROOT / "README.md").read_text(encoding="utf-8")
ANSWERS = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
BLOCKS = README.split("```")[1::2]
TRANSCRIPT = next(block for block in BLOCKS if "$ biomed-agent" in block)
COMMANDS = re.findall(r"^\$ biomed-agent (.*)\n((?:(?!^\$ |^```).*\n?)*)", TRANSCRIPT, re.M)
ARGUMENTS = {"question": "Does it bind?", "molecule": "Gleevec", "protein": "ABL1"}
WITHOUT_A_KEY, IN_AN_AGENT = (block.removeprefix("python\n") for block in BLOCKS if block.startswith("python\n"))


@pytest.mark.parametrize(("command", "printed"), COMMANDS, ids=lambda text: text[:40])
def test_a_command_of_the_transcript_prints_what_stands_there(
    command: str, printed: str, agent: BioMedAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.ask("aspirin")  # builds the index, which would be said
    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        main(["--offline", "--model", "none", *shlex.split(command)])
    assert out.getvalue().startswith(printed.strip())


@pytest.mark.skipif(not hasattr(BioMedAgent, "__enter__"), reason="the agent is no context manager yet")
def test_the_lines_without_a_key_print_what_their_comments_say(capsys: pytest.CaptureFixture[str]) -> None:
    exec(WITHOUT_A_KEY, {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"  # (.*)$", WITHOUT_A_KEY, re.MULTILINE)
    assert len(WITHOUT_A_KEY.split("\n\n")[1].splitlines()) == 4


def test_the_lines_of_an_agent_call_a_tool_and_print_its_result(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("langchain")
    monkeypatch.setenv("BIOMED_AGENT_OFFLINE", "1")
    monkeypatch.setenv("BIOMED_AGENT_MODEL", "none")
    chat = ScriptedChat(tool="molecule_protein_qa", arguments=ARGUMENTS)
    lines, replaced = re.subn(r'"anthropic:[^"]*"', "chat", IN_AN_AGENT)
    assert replaced == 1
    exec(lines, {"chat": chat})
    assert "Kd 1.1 nM" in capsys.readouterr().out
    named = re.findall(r"`(\w+_\w+)`", README.partition("The tools are")[2].partition(";")[0])
    assert sorted(named) == sorted(chat.bound)


def test_the_picture_shows_what_is_answered_now() -> None:
    drawing = runpy.run_path(str(ROOT / "scripts" / "draw_answer.py"))
    picture = (ROOT / "docs" / "answer.svg").read_text(encoding="utf-8")
    assert drawing["draw"]() == picture, "run python scripts/draw_answer.py"


def test_a_tool_call_returns_what_stands_there() -> None:
    call = re.search(r">>> print\(tools\[(\d)\]\.invoke\((\{.*?\})\)\)\n(.*?)\n```", ANSWERS, re.S)
    assert call is not None
    arguments = dict(re.findall(r'"(\w+)": "([^"]*)"', call[2]))
    tools = BioMedToolkit(offline=True, model="none").get_tools()
    assert tools[int(call[1])].invoke(arguments).strip() == call[3].strip()


def test_every_setting_of_the_pages_exists_and_every_setting_is_there() -> None:
    named = {name.lower() for name in re.findall(r"`BIOMED_AGENT_(\w+)`", README + SETTINGS)}
    assert named | {"ncbi_api_key"} == set(Settings.model_fields)
    assert "`NCBI_API_KEY`" in SETTINGS


def test_every_status_and_exit_code_is_there() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d) \|", ANSWERS, re.MULTILINE)
    assert dict(rows) == {status: str(code) for status, code in EXIT_CODES.items()}


def test_there_is_no_hole_left() -> None:
    assert "@@" not in README
    assert len(COMMANDS) == 3
    assert "Research output, not medical advice" in README
    assert README.count("medical advice") == 1
