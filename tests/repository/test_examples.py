"""The examples do what they say."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from biomed_agent.tools import BioMedToolkit
from tests.helpers.places import ROOT
from tests.helpers.scripted_chat import ScriptedChat

EXAMPLES = ROOT / "examples"


def test_a_langchain_agent_calls_a_tool_and_reads_its_result() -> None:
    pytest.importorskip("langchain")
    build_agent: Callable[..., Any] = runpy.run_path(str(EXAMPLES / "langchain_agent.py"))["build_agent"]
    chat = ScriptedChat(tool="molecule_qa", arguments={"question": "What is its mass?", "molecule": "smiles:CCO"})
    agent = build_agent(chat, BioMedToolkit(offline=True, model="none"))
    messages = agent.invoke({"messages": [{"role": "user", "content": "What does ethanol weigh?"}]})["messages"]

    assert chat.bound[:4] == ["molecule_qa", "protein_qa", "literature_qa", "molecule_protein_qa"]
    result = next(message for message in messages if isinstance(message, ToolMessage))
    assert result.status == "success"
    assert result.text.startswith("STATUS answered")
    assert "46.07 g/mol" in result.text
    assert result.artifact["status"] == "answered"
    assert messages[-1].text == f"The tool said: {result.text}"


def test_the_langchain_example_says_what_is_missing() -> None:
    pytest.importorskip("langchain")
    environment = {name: value for name, value in os.environ.items() if name != "BIOMED_AGENT_CHAT_MODEL"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "langchain_agent.py")], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 2
    assert "Set BIOMED_AGENT_CHAT_MODEL" in done.stderr
    assert done.stdout == ""


def test_one_question_in_plain_python() -> None:
    environment = {**os.environ, "BIOMED_AGENT_MODEL": "none"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "ask_one_question.py")],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert "180.16" in done.stdout
    assert "answered\n" in done.stdout
    assert "from RDKit" in done.stdout
