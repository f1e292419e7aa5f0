"""Molecule, protein and literature question answering with BioMedGPT for LangChain agents and plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biomed_agent.core.version import __version__

__all__ = ["Answer", "BioMedAgent", "__version__"]

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.core.types import Answer


def __getattr__(name: str) -> Any:
    if name == "BioMedAgent":
        from biomed_agent.answering.agent import BioMedAgent

        return BioMedAgent
    if name == "Answer":
        from biomed_agent.core.types import Answer

        return Answer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
