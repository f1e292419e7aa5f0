"""LangChain's own tests of a tool, on every tool the toolkit hands out."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from biomed_agent.tools import BioMedToolkit
from tests.helpers.tool_calls import LOOK_UPS, OFFLINE, QUESTIONS

EXAMPLES = QUESTIONS | LOOK_UPS


def test_no_tool_is_left_out() -> None:
    assert [type(tool) for tool in BioMedToolkit(agent=OFFLINE).get_tools()] == [*EXAMPLES]


class EveryTool:
    """Gives LangChain's tests each tool in turn."""

    tested: Any

    @pytest.fixture(params=EXAMPLES, autouse=True)
    def _each(self, request: pytest.FixtureRequest) -> None:
        self.tested = request.param

    @property
    def tool_constructor(self) -> type[BaseTool]:
        found: type[BaseTool] = self.tested
        return found

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"agent": OFFLINE}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return EXAMPLES[self.tested]


class TestUnit(EveryTool, ToolsUnitTests):
    pass


class TestIntegration(EveryTool, ToolsIntegrationTests):
    pass
