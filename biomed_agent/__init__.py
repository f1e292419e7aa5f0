"""Molecule, protein and literature question answering with BioMedGPT for LangChain agents and plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Answer", "BioMedAgent", "__version__"]

if TYPE_CHECKING:
    from .agent import BioMedAgent
    from .types import Answer


def __getattr__(name: str) -> Any:
    if name == "BioMedAgent":
        from .agent import BioMedAgent

        return BioMedAgent
    if name == "Answer":
        from .types import Answer

        return Answer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
