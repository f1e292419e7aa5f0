"""The LangChain tools: schemas, results, what a calling model is told when something is wrong."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from pydantic import ValidationError

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Answer, Candidate
from biomed_agent.tools import (
    AgentFactory,
    BioMedTool,
    BioMedToolkit,
    LiteratureQATool,
    MoleculeQATool,
    ProteinQATool,
    PubMedRetriever,
)
from tests.helpers.tool_calls import OFFLINE, QUESTIONS, call

AMBIGUOUS = Answer(
    "?", "ambiguous", "COX can mean 2 things.", candidates=(Candidate("UNIPROT:P23219", "COX-1", "gene"),)
)


class Scripted:
    """Stands in for the agent: returns one answer and remembers what it was asked."""

    def __init__(self, answer: Answer = AMBIGUOUS, error: Exception | None = None) -> None:
        self.answer = answer
        self.error = error
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def ask(self, **arguments: Any) -> Answer:
        return self._reply("ask", arguments)

    async def aask(self, **arguments: Any) -> Answer:
        return self._reply("aask", arguments)

    def _reply(self, method: str, arguments: dict[str, Any]) -> Answer:
        self.calls.append((method, arguments))
        if self.error:
            raise self.error
        return self.answer


@pytest.mark.parametrize("tool_class", QUESTIONS)
def test_arguments_reach_the_agent_under_their_own_names(tool_class: Callable[..., BioMedTool]) -> None:
    agent = Scripted()
    tool_class(agent=agent).invoke(QUESTIONS[tool_class])
    assert agent.calls == [("ask", QUESTIONS[tool_class])]


def test_the_literature_tool_asks_the_literature_whatever_the_question_sounds_like() -> None:
    message = call(LiteratureQATool(agent=OFFLINE), question="What is aspirin?")
    assert message.artifact["kind"] == "literature"
    assert message.text.startswith("STATUS refused")


async def test_an_asynchronous_call_awaits_the_agent() -> None:
    agent = Scripted()
    content = await MoleculeQATool(agent=agent).ainvoke(QUESTIONS[MoleculeQATool])
    assert agent.calls[0][0] == "aask"
    assert content.startswith("STATUS ambiguous; nothing was answered")


def test_an_unanswered_call_reaches_the_model_with_candidates_and_keeps_its_artifact() -> None:
    message = call(ProteinQATool(agent=Scripted()), **QUESTIONS[ProteinQATool])
    assert message.status == "success"
    assert message.text.splitlines()[0] == "STATUS ambiguous; nothing was answered"
    assert '"UNIPROT:P23219"' in message.text
    assert message.artifact == AMBIGUOUS.to_dict()
    json.dumps(message.artifact)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"question": "What is it?"}, "molecule is missing; expected a string."),
        ({"question": "?", "molecule": 2244}, "molecule: got 2244; input should be a valid string."),
        ({"question": " ", "molecule": "x"}, "question: got ' '; string should have at least 1 character."),
        ({"question": "?", "molecule": "x", "smiles": "C"}, "smiles is not an argument of this tool; leave it out."),
    ],
)
def test_wrong_arguments_are_named_with_what_was_got_and_expected(arguments: dict[str, Any], said: str) -> None:
    agent = Scripted()
    message = call(MoleculeQATool(agent=agent), **arguments)
    assert message.text.splitlines() == ["STATUS invalid; nothing was answered", f"REASON {said}"]
    assert message.status == "error"
    assert agent.calls == []


def test_unusable_settings_are_an_error_message_and_a_bug_propagates() -> None:
    broken = MoleculeQATool(agent=Scripted(error=InvalidInput("host 'x' is not a URL.", "Set BIOMED_AGENT_HOST.")))
    message = call(broken, **QUESTIONS[MoleculeQATool])
    assert message.status == "error"
    assert message.text == "STATUS invalid; nothing was answered\nREASON host 'x' is not a URL. Set BIOMED_AGENT_HOST."
    with pytest.raises(ZeroDivisionError):
        call(MoleculeQATool(agent=Scripted(error=ZeroDivisionError())), **QUESTIONS[MoleculeQATool])


def test_progress_is_told_inside_a_run_and_missed_outside_one() -> None:
    class Listener(BaseCallbackHandler):
        def __init__(self) -> None:
            self.events: list[Any] = []

        def on_custom_event(self, name: str, data: Any, **more: Any) -> None:
            self.events.append((name, data))

    listener = Listener()
    tool = MoleculeQATool(agent=Scripted())
    tool.invoke(QUESTIONS[MoleculeQATool], config={"callbacks": [listener]})
    assert listener.events == [
        ("biomed_agent_progress", {"tool": "molecule_qa", "stage": "asking"}),
        (
            "biomed_agent_progress",
            {"tool": "molecule_qa", "stage": "answered", "status": "ambiguous", "seconds": 0.0},
        ),
    ]
    content, artifact = tool._run(**QUESTIONS[MoleculeQATool])
    assert content.startswith("STATUS ambiguous")
    assert artifact["status"] == "ambiguous"


def test_every_argument_is_described_and_no_other_is_accepted() -> None:
    for tool in BioMedToolkit(agent=Scripted()).get_tools():
        schema = tool.get_input_jsonschema()
        assert schema["additionalProperties"] is False
        assert all(len(one["description"]) > 20 for one in schema["properties"].values())
        assert len(tool.description) > 100


def test_a_toolkit_hands_out_four_tools_then_look_ups_that_share_one_agent() -> None:
    four = ["molecule_qa", "protein_qa", "literature_qa", "molecule_protein_qa"]
    assert [tool.name for tool in BioMedToolkit(agent=Scripted(), look_ups=False).get_tools()] == four
    tools = BioMedToolkit(offline=True, model="none").get_tools()
    names = [tool.name for tool in tools]
    assert names[:4] == four
    assert {"find_molecule", "similar_molecules", "molecule_properties"} <= {*names[4:]}
    assert len({*names}) == len(names)
    assert len({id(tool.agent) for tool in tools if isinstance(tool, BioMedTool)}) == 1
    given = Scripted()
    assert all(tool.agent is given for tool in BioMedToolkit(agent=given).get_tools() if isinstance(tool, BioMedTool))


def test_an_agent_is_made_once_keeps_files_closed_and_can_be_copied() -> None:
    make = AgentFactory(offline=True, model="none")
    assert make() is make()
    assert make().files is False
    assert pickle.loads(pickle.dumps(make))().settings.offline is True
    assert copy.deepcopy(MoleculeQATool(agent=make)).agent is not make


def test_importing_the_tools_loads_no_model_library_and_no_chemistry() -> None:
    program = (
        "import sys; from biomed_agent.tools import BioMedToolkit; BioMedToolkit().get_tools(); "
        "print([name for name in ('torch', 'transformers', 'rdkit', 'langchain', 'langgraph', 'esm') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("made", [BioMedToolkit, MoleculeQATool, PubMedRetriever])
def test_a_setting_that_does_not_exist_is_refused(made: type) -> None:
    """A misspelled ``offline`` that is ignored would let things leave."""
    with pytest.raises(ValidationError, match="ofline"):
        made(ofline=True)
