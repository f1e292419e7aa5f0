"""A stand-in for a chat model that calls tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field


class ScriptedChat(BaseChatModel):
    """A chat model that calls one tool, then repeats what the tool said."""

    tool: str
    arguments: dict[str, str]
    bound: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> ScriptedChat:
        self.bound[:] = [tool.name for tool in tools]
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **more: Any) -> ChatResult:
        if isinstance(messages[-1], ToolMessage):
            reply = AIMessage(f"The tool said: {messages[-1].text}")
        else:
            reply = AIMessage("", tool_calls=[{"name": self.tool, "args": self.arguments, "id": "call-1"}])
        return ChatResult(generations=[ChatGeneration(message=reply)])
