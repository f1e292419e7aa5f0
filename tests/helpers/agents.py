"""Agents some of whose parts a test has opened itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from biomed_agent import BioMedAgent


def with_parts(agent: BioMedAgent, **parts: Any) -> BioMedAgent:
    """Return an agent like another, some of whose components are others."""
    return BioMedAgent(settings=agent.settings, files=agent.files, components=replace(agent._components, **parts))
