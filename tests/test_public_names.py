"""What can be imported from the package itself, and that importing it loads nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

import biomed_agent
from biomed_agent.answering.agent import BioMedAgent
from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer


def test_names_are_those_of_their_modules() -> None:
    public = {name: getattr(biomed_agent, name) for name in biomed_agent.__all__}
    version = public.pop("__version__")
    assert version[0].isdigit()
    assert public == {
        "Answer": Answer, "BioMedAgent": BioMedAgent, "BiomedAgentError": BiomedAgentError, "Query": Query,
    }  # fmt: skip
    assert {*biomed_agent.__all__} <= {*dir(biomed_agent)}
    with pytest.raises(AttributeError, match="no attribute 'Agent'"):
        biomed_agent.Agent  # noqa: B018


def test_importing_the_package_loads_nothing_else() -> None:
    program = (
        "import sys\nbefore = {*sys.modules}\nimport biomed_agent\n"
        "print(*sorted(name for name in {*sys.modules} - before if name.startswith('biomed_agent')))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert loaded == ["biomed_agent", "biomed_agent.core", "biomed_agent.core.version"]
