"""The tools as a calling model meets them: one example of each, and a call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool

from biomed_agent.answering.wording.tool_text import TOOL_TOKENS, estimate_tokens
from biomed_agent.tools import (
    AgentFactory,
    BioMedTool,
    FindMoleculeTool,
    FindProteinTool,
    LiteratureQATool,
    MoleculePropertiesTool,
    MoleculeProteinQATool,
    MoleculeQATool,
    ProteinQATool,
    SearchLiteratureTool,
    SimilarMoleculesTool,
)

OFFLINE = AgentFactory(offline=True, model="none")
SEQUENCE = "seq:MKTAYIAKQRQISFVKSHFSRQ"
QUESTIONS: dict[Callable[..., BioMedTool], dict[str, Any]] = {
    MoleculeQATool: {"question": "What is the molecular weight?", "molecule": "smiles:CCO"},
    ProteinQATool: {"question": "How long is it?", "protein": SEQUENCE},
    LiteratureQATool: {"question": 'Do papers say that "aspirin" helps?', "query": "aspirin", "full_text": False},
    MoleculeProteinQATool: {"question": "Does it bind?", "molecule": "smiles:CCO", "protein": SEQUENCE},
}
LOOK_UPS: dict[Callable[..., BioMedTool], dict[str, Any]] = {
    FindMoleculeTool: {"name": "aspirin"},
    SimilarMoleculesTool: {"molecule": "aspirin", "limit": 2},
    MoleculePropertiesTool: {"molecule": "smiles:CCO"},
    FindProteinTool: {"name": "EGFR", "about": ["family"]},
    SearchLiteratureTool: {"query": "aspirin", "limit": 3},
}


def call(tool: BaseTool, /, **arguments: Any) -> ToolMessage:
    """Call a tool as a model does; what it is told is short, and the artifact is JSON."""
    message: ToolMessage = tool.invoke(ToolCall(name=tool.name, args=arguments, id="1", type="tool_call"))
    assert estimate_tokens(message.text) <= TOOL_TOKENS
    json.dumps(message.artifact)
    return message
