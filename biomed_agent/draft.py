"""What is known so far about one question, and the parts of the path that are asked for more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import compose
from .errors import Ambiguous, BiomedAgentError, NotFound
from .question import Kind
from .types import Answer, Candidate, Claim, Evidence, Fact, ModelStatement, Resolved, Status

if TYPE_CHECKING:
    from .generator import Generator
    from .resolve import Resolver
    from .retrieve import Retriever
    from .sources.fingerprints import StructureSearch
    from .sources.local import LocalIndex
    from .transport import Transport


@dataclass(frozen=True, slots=True)
class Rooms:
    """The parts of the path, opened once by the agent."""

    transport: Transport
    index: LocalIndex
    resolver: Resolver
    retriever: Retriever
    structures: StructureSearch
    generator: Generator | None
    model_off: bool = False
    """whether there is no generator because the settings say so"""


@dataclass(slots=True)
class Draft:
    """What is known so far about one question."""

    question: str
    kind: Kind = "other"
    molecules: list[Resolved] = field(default_factory=list)
    proteins: list[Resolved] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    model: ModelStatement | None = None
    warnings: list[str] = field(default_factory=list)
    not_looked_up: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)
    unread: list[BiomedAgentError] = field(default_factory=list)
    """why live records that might have stated more were not read"""
    sources: compose.Sources = field(default_factory=compose.Sources)

    @property
    def entities(self) -> list[Resolved]:
        """Molecules, then proteins."""
        return [*self.molecules, *self.proteins]

    def add(self, resolved: Resolved) -> None:
        """Add an entity once."""
        found = self.molecules if resolved.kind == "molecule" else self.proteins
        if all(one.entity.handle != resolved.entity.handle for one in found):
            found.append(resolved)

    def close(self, status: Status, text: str) -> Answer:
        """Return the answer."""
        for fact in self.facts:
            self.sources.cite(fact.provenance)
        for resolved in self.entities:
            self.sources.cite(resolved.entity.provenance)
        return Answer(
            question=self.question,
            status=status,
            text=text.strip(),
            kind=self.kind,
            entities=tuple(self.entities),
            candidates=tuple(self.candidates),
            facts=tuple(self.facts),
            evidence=tuple(self.evidence),
            claims=tuple(self.claims),
            model=self.model,
            sources=tuple(self.sources.list),
            warnings=tuple(dict.fromkeys(self.warnings)),
            not_looked_up=tuple(self.not_looked_up),
            next_steps=tuple(self.next_steps),
        )

    def close_empty(self, unstated: str, unread: str) -> Answer:
        """Return the answer that nothing was found, or that it could not be looked up.

        Args:
            unstated: A sentence for when every record that might state it was read.
            unread: One for when some record was not, without its full stop; the reason follows it.
        """
        if not self.unread:
            return self.close("not_found", unstated)
        # A service that is down now may answer later; what is switched off or forbidden will not.
        error = next((one for one in self.unread if one.status == "unavailable"), self.unread[0])
        self.warnings = [warning for warning in self.warnings if error.message.rstrip(".") not in warning]
        self.next_steps += [error.hint] if error.hint else []
        return self.close(error.status, f"{unread}. {error.message}")

    def fail(self, error: BiomedAgentError) -> Answer:
        """Return the answer that says what went wrong and what to do."""
        self.candidates = list(error.candidates) if isinstance(error, Ambiguous | NotFound) else []
        self.next_steps = [error.hint] if error.hint else []
        return self.close(error.status, error.message)
