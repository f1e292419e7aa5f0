"""A LangChain agent that asks the biomedical tools, on any chat model that can call tools.

pip install 'biomed-agent[agent]' langchain-openai    # or the package of another provider
BIOMED_AGENT_CHAT_MODEL=openai:gpt-5-mini python examples/langchain_agent.py "Does imatinib inhibit ABL1?"
"""

from __future__ import annotations

import os
import sys
from typing import Any

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel

from biomed_agent.tools import BioMedToolkit

SYSTEM_PROMPT = (
    "Answer from the tools. Cite their numbered sources. Sentences under MODEL are another model's: repeat them only "
    "when they are marked supported, and say whose they are. When a status is ambiguous, choose a candidate the "
    "question clearly means and call again with its string, or ask the user."
)


def build_agent(chat_model: BaseChatModel, toolkit: BioMedToolkit | None = None) -> Any:
    """Return an agent that can call all biomedical tools."""
    return create_agent(chat_model, (toolkit or BioMedToolkit()).get_tools(), system_prompt=SYSTEM_PROMPT)


def main() -> int:
    """Ask the question given on the command line; show the calls and the answer."""
    name = os.environ.get("BIOMED_AGENT_CHAT_MODEL")
    if not name:
        print(
            "Set BIOMED_AGENT_CHAT_MODEL to a chat model that can call tools, as provider:model, "
            "such as openai:gpt-5-mini or ollama:qwen3, and install its LangChain package.",
            file=sys.stderr,
        )
        return 2
    question = " ".join(sys.argv[1:]) or "What is the mass of aspirin, and what does it bind?"
    agent = build_agent(init_chat_model(name))
    for message in agent.invoke({"messages": [{"role": "user", "content": question}]})["messages"]:
        message.pretty_print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
