"""What is known so far about one question, and the parts of the path that are asked for more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from biomed_agent.answering.gaps import Gap, decisive
from biomed_agent.answering.reading.question import Kind
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import Ambiguous, BiomedAgentError, NotFound
from biomed_agent.core.types import Answer, Candidate, Claim, Entity, Evidence, Fact, ModelStatement, Resolved, Status

if TYPE_CHECKING:
    from biomed_agent.answering.evidence import Retriever
    from biomed_agent.answering.resolving.resolver import Resolver
    from biomed_agent.model.contract.generation import Generator
    from biomed_agent.sources.http.transport import Transport
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.local.structure_search import StructureSearch


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
    model_error: BiomedAgentError | None = None
    """why the model, which was asked, gave no answer about an entity"""
    warnings: list[str] = field(default_factory=list)
    not_looked_up: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    """what was asked of records and nothing states, and whose silence that is"""
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

    def call_gaps(self, entity: Entity, predicates: Sequence[str], name: str) -> None:
        """Call the gaps of several predicates by the one thing that was asked."""
        self.gaps = [
            replace(gap, asked=name) if gap.entity is entity and gap.asked in predicates else gap for gap in self.gaps
        ]

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
            not_looked_up=tuple(dict.fromkeys([*self.not_looked_up, *compose.gaps_listed(self.gaps)])),
            next_steps=tuple(self.next_steps),
        )

    def close_empty(self, unstated: str = "", after: str = "", gaps: Sequence[Gap] | None = None) -> Answer:
        """Return the answer that nothing is stated: ``not_found``, or the status of why a source was not read.

        Args:
            unstated: What is not on record, where that is no gap: a pair that was not measured.
            after: A sentence that follows in either case.
            gaps: Those that get a sentence; all by default.
        """
        sentences = compose.gap_sentences(self.gaps if gaps is None else gaps)
        text = " ".join(part for part in (unstated, *sentences, after) if part)
        self.drop_notes(self.gaps)
        error = decisive(self.gaps)
        if error is None:
            return self.close("not_found", text)
        self.next_steps += [error.hint] if error.hint else []
        return self.close(error.status, text)

    def drop_notes(self, gaps: Iterable[Gap]) -> None:
        """Drop the warnings that a source was not read, of which the sentences of these gaps tell."""
        told = [gap.error.message.rstrip(".") for gap in gaps if gap.error is not None]
        self.warnings = [warning for warning in self.warnings if not any(message in warning for message in told)]

    def fail(self, error: BiomedAgentError) -> Answer:
        """Return the answer that says what went wrong and what to do."""
        self.candidates = list(error.candidates) if isinstance(error, Ambiguous | NotFound) else []
        self.next_steps = [error.hint] if error.hint else []
        return self.close(error.status, error.message)
