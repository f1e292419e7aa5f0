"""Molecule, protein and literature question answering with BioMedGPT for LangChain agents and plain Python.

::

    with BioMedAgent(offline=True, model="none") as agent:
        answer = agent.ask("How heavy is caffeine?")

``BioMedAgent`` answers, ``Answer`` is what its verbs return, ``Query`` is a question whose parts are filled in, and
``BiomedAgentError`` is the base of every error that is raised on purpose. ``biomed_agent.tools`` holds the same as
LangChain tools. Importing this package costs nothing: each name is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from biomed_agent.core.version import __version__

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.core.errors import BiomedAgentError
    from biomed_agent.core.query import Query
    from biomed_agent.core.types import Answer

__all__ = ["Answer", "BioMedAgent", "BiomedAgentError", "Query", "__version__"]

_HOME = {
    "Answer": "core.types",
    "BioMedAgent": "answering.agent",
    "BiomedAgentError": "core.errors",
    "Query": "core.query",
}


def __getattr__(name: str) -> Any:
    # as core.lazy does; written out, since importing this package loads nothing but the version
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
