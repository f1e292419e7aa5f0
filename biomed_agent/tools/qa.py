"""The four question-answering tools, and the toolkit that hands them out behind one agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from langchain_core.tools import BaseTool, BaseToolkit
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from biomed_agent.core.types import EgressPolicy
from biomed_agent.tools.base import AgentFactory, Arguments, BioMedTool
from biomed_agent.tools.handles import Handles, read_structure
from biomed_agent.tools.molecules import FindMoleculeTool, MoleculePropertiesTool, SimilarMoleculesTool
from biomed_agent.tools.papers import SearchLiteratureTool
from biomed_agent.tools.proteins import FindProteinTool

_NAMES_A_MOLECULE = (
    'One molecule: a name ("imatinib"), an identifier ("CID:2244", "CHEBI:15365", "CHEMBL25", "50-78-2", an '
    'InChIKey) or a structure (SMILES or InChI). A prefix forces the reading: "name:", "cid:", "smiles:", "cas:".'
)
_NAMES_A_PROTEIN = (
    'One protein: a gene or name ("EGFR", human unless the question names an organism), a UniProt accession or entry '
    'name ("P00533", "EGFR_HUMAN"), a variant ("EGFR T790M") or a sequence of one-letter residues. A prefix forces '
    'the reading: "gene:", "uniprot:", "seq:".'
)
_WHEN_AMBIGUOUS = (
    ' When the status is "ambiguous" nothing was answered: call again with the string that stands in front of the '
    "candidate that is meant."
)


class MoleculeArguments(Arguments):
    """What :class:`MoleculeQATool` takes."""

    molecule: str = Field(min_length=1, description=_NAMES_A_MOLECULE)


class ProteinArguments(Arguments):
    """What :class:`ProteinQATool` takes."""

    protein: str = Field(min_length=1, description=_NAMES_A_PROTEIN)


class LiteratureArguments(Arguments):
    """What :class:`LiteratureQATool` takes."""

    query: str = Field(
        "",
        description="Search string in PubMed's syntax, sent exactly as given to PubMed, and to Europe PMC when PubMed "
        "does not answer; put nothing confidential in it. Without it only known names and quoted words of the question "
        "are searched for.",
    )
    full_text: bool = Field(
        False, description="Also read open-access full texts; without it only where no abstract fits the question."
    )


class MoleculeProteinArguments(MoleculeArguments, ProteinArguments):
    """What :class:`MoleculeProteinQATool` takes."""


class MoleculeQATool(BioMedTool):
    """Answers a question about one molecule."""

    name: str = "molecule_qa"
    description: str = (
        "Answer a question about one small molecule: what it is, its structure, identifiers, chemical class and role, "
        "computed properties (mass, formula, logP, TPSA, rule of five), measured targets, or a description. Records "
        "and computation answer with numbered sources; sentences under MODEL are a language model's that saw the "
        "structure, each marked supported or undecided, contradicted ones withheld and counted." + _WHEN_AMBIGUOUS
    )
    args_schema: type[BaseModel] = MoleculeArguments


class ProteinQATool(BioMedTool):
    """Answers a question about one protein."""

    name: str = "protein_qa"
    description: str = (
        "Answer a question about one protein: its names, function, family, subcellular location, EC number, length, "
        "sequence, domains, sites, modifications, pathways, diseases or known drugs. Records answer with numbered "
        "sources; sentences under MODEL are a language model's that saw the sequence, each marked supported or "
        "undecided, contradicted ones withheld and counted." + _WHEN_AMBIGUOUS
    )
    args_schema: type[BaseModel] = ProteinArguments


class LiteratureQATool(BioMedTool):
    """Answers a question from abstracts of articles."""

    name: str = "literature_qa"
    description: str = (
        "Answer a question from published biomedical papers: returns verbatim passages of abstracts, and of "
        "open-access full texts where those do not suffice or full_text is set, with their PMIDs, "
        "retracted papers left out, corrections and preprints marked. Use it for effects, trials, mechanisms and "
        "anything newer than a record. Cite by PMID."
    )
    args_schema: type[BaseModel] = LiteratureArguments


class MoleculeProteinQATool(BioMedTool):
    """Answers a question about a molecule and a protein together."""

    name: str = "molecule_protein_qa"
    description: str = (
        "Answer a question about one molecule together with one protein: does it bind or inhibit it, and how strongly. "
        "Measured affinities come from records with sources; that no measurement is found does not mean that there is "
        "no activity." + _WHEN_AMBIGUOUS
    )
    args_schema: type[BaseModel] = MoleculeProteinArguments


LOOK_UPS: tuple[Callable[..., BioMedTool], ...] = (
    FindMoleculeTool,
    SimilarMoleculesTool,
    MoleculePropertiesTool,
    FindProteinTool,
    SearchLiteratureTool,
)
"""Tools that look something up instead of answering a question."""


class BioMedToolkit(BaseToolkit):
    """All tools, behind one agent that is made at the first question.

    Args:
        host: Base URL of a model host.
        model: Checkpoint folder; ``"embedded"`` for the demonstration model, which is not asked unless named here or in
            the settings; ``"none"``.
        index: Further SQLite indexes.
        offline: Ask no database.
        egress: What may leave this machine: ``public``, ``names-only`` or ``nothing``.
        look_ups: Whether the look-up tools are handed out after the four that answer questions.
        agent: A :class:`biomed_agent.BioMedAgent` to use instead of making one.

    Arguments left out are read from the environment (``BIOMED_AGENT_HOST`` and so on).
    """

    # A misspelled "offline" that is ignored would let things leave; a host may hold a password.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    host: str | None = Field(default=None, repr=False)
    model: str | Path | None = None
    index: str | Path | Sequence[str | Path] | None = None
    offline: bool | None = None
    egress: EgressPolicy | None = None
    look_ups: bool = True
    agent: Any = Field(default=None, exclude=True, repr=False)
    _tools: list[BaseTool] = PrivateAttr(default_factory=list)
    _handles: Handles = PrivateAttr(default_factory=Handles)

    def model_post_init(self, context: Any, /) -> None:
        """Hand one agent to all tools."""
        options = {name: getattr(self, name) for name in ("host", "model", "index", "offline", "egress")}
        agent = self.agent or AgentFactory(**{name: value for name, value in options.items() if value is not None})
        offered: list[Callable[..., BioMedTool]] = [
            MoleculeQATool,
            ProteinQATool,
            LiteratureQATool,
            MoleculeProteinQATool,
            *(LOOK_UPS if self.look_ups else ()),
        ]
        self._tools = [tool(agent=agent, handles=self._handles) for tool in offered]

    def handle(self, kind: Literal["molecule", "protein"], structure: str) -> str:
        """Return a short name for a structure or sequence that the calling model need not see.

        The tools take the name in its place, and name the structure by it in what they tell the model.

        Args:
            kind: What it is.
            structure: A SMILES or InChI, with or without prefix, or a sequence of residues.

        Raises:
            InvalidInput: It cannot be read.
        """
        return self._handles.give(kind, read_structure(kind, structure))

    def get_tools(self) -> list[BaseTool]:
        """Return the tools; the same ones at every call."""
        return list(self._tools)
