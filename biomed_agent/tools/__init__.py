"""LangChain tools: question answering about molecules, proteins and papers, look-ups, and a PubMed retriever.

They translate between a calling model and :class:`biomed_agent.BioMedAgent`, nothing else. A call returns
``(content, artifact)``: a short text in a fixed order (:func:`biomed_agent.answering.wording.to_tool_text`) for the
calling model, and the whole answer as plain JSON values for the program.

What happens when something is wrong:

- Whatever becomes of the question (an ambiguous name, a structure that does not parse, a database that does
  not reply, a request the egress policy forbids) is an answer with a status. It reaches the calling model as
  text, with the strings that name each candidate, and keeps its artifact.
- Arguments that do not fit the schema come back as one sentence for each field.
- Settings that cannot be used (a host that is no URL) come back as an error message without an artifact.
- Anything else is a bug and propagates.
"""

from __future__ import annotations

from typing import Any

from biomed_agent.core.deprecated import warn_deprecated
from biomed_agent.tools.base import AgentFactory, BioMedTool
from biomed_agent.tools.molecules import FindMoleculeTool, MoleculePropertiesTool, SimilarMoleculesTool
from biomed_agent.tools.papers import SearchLiteratureTool
from biomed_agent.tools.proteins import FindProteinTool
from biomed_agent.tools.qa import BioMedToolkit, LiteratureQATool, MoleculeProteinQATool, MoleculeQATool, ProteinQATool
from biomed_agent.tools.retriever import PubMedRetriever

__all__ = [
    "AgentFactory",
    "BioMedTool",
    "BioMedToolkit",
    "FindMoleculeTool",
    "FindProteinTool",
    "LiteratureQATool",
    "MoleculePropertiesTool",
    "MoleculeProteinQATool",
    "MoleculeQATool",
    "ProteinQATool",
    "PubMedRetriever",
    "SearchLiteratureTool",
    "SimilarMoleculesTool",
]


def __getattr__(name: str) -> Any:
    if name in ("LazyAgent", "LookUpTool"):
        new = {"LazyAgent": AgentFactory, "LookUpTool": BioMedTool}[name]
        warn_deprecated(f"{__name__}.{name}", f"{__name__}.{new.__name__}")
        return new
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
