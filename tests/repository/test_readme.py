"""The README's transcript is what the program prints, and its six lines of Python are real."""

from __future__ import annotations

import contextlib
import io
import re
import shlex

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.cli import main
from biomed_agent.tools import BioMedToolkit
from tests.helpers.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TRANSCRIPT = next(block for block in README.split("```")[1::2] if ">>> print(tools" in block)
COMMANDS = re.findall(r"^\$ biomed-agent (.*)\n((?:(?!^\$ |^```).*\n?)*)", TRANSCRIPT, re.M)


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


def test_the_tool_call_of_the_transcript_returns_what_stands_there() -> None:
    call = re.search(r">>> print\(tools\[(\d)\]\.invoke\((\{.*?\})\)\)\n(.*?)\n\n", TRANSCRIPT, re.S)
    assert call is not None
    arguments = dict(re.findall(r'"(\w+)": "([^"]*)"', call[2]))
    tools = BioMedToolkit(offline=True, model="none").get_tools()
    assert tools[int(call[1])].invoke(arguments).strip() == call[3].strip()


def test_every_setting_of_the_readme_exists() -> None:
    from biomed_agent.core.settings import Settings

    named = {name.lower() for name in re.findall(r"`BIOMED_AGENT_(\w+)`", README)}
    assert named <= set(Settings.model_fields)


def test_there_is_no_hole_left() -> None:
    assert "@@" not in README
    assert len(COMMANDS) >= 2
