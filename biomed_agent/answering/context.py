"""What is known so far about one question, and what its handlers need to find out more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from biomed_agent.answering.gaps import Gap, decisive
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import Ambiguous, BiomedAgentError, NotFound
from biomed_agent.core.query import EntityKind, Kind, Query
from biomed_agent.core.types import (
    Answer,
    Candidate,
    Claim,
    EgressPolicy,
    Entity,
    Evidence,
    Fact,
    ModelStatement,
    ModelUse,
    Molecule,
    Protein,
    Resolved,
    Status,
)

if TYPE_CHECKING:
    from biomed_agent.answering.components import Components
    from biomed_agent.answering.resolving.ranking import Policy

Where: TypeAlias = Literal["auto", "pubchem", "local"]
"""in PubChem, in the local index, or in PubChem with the index in its place"""
MAX_NAMED = 3
"""values a question asks for that are named when nobody states them"""


@dataclass(slots=True)
class Draft:
    """What is known so far about one question."""

    question: str
    kind: Kind = "other"
    read_as: str = ""
    unread: tuple[str, ...] = ()
    named: dict[str, Resolved] = field(default_factory=dict)
    """what each name of the question was resolved to, also where two mean one thing"""
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
        entities = self.molecules if resolved.kind == "molecule" else self.proteins
        known = next((one for one in entities if not _told_apart(one.entity, resolved.entity)), None)
        if known is None:
            entities.append(resolved)
        self.named[resolved.asked] = known or resolved

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
            read_as=self.read_as,
            unread=self.unread,
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
        of_gaps = {id(gap.error) for gap in gaps if gap.error is not None}
        self.warnings = [note for note in self.warnings if id(getattr(note, "error", None)) not in of_gaps]

    def fail(self, error: BiomedAgentError) -> Answer:
        """Return the answer that says what went wrong and what to do."""
        self.candidates = list(error.candidates) if isinstance(error, Ambiguous | NotFound) else []
        self.next_steps = [error.hint] if error.hint else []
        read_as = self.read_as if self.unread else ""
        sentences = compose.unread_sentence(self.unread, error.message), compose.without_sentence(self.unread, read_as)
        return self.close(error.status, " ".join(filter(None, (error.message, *sentences))))


@dataclass(slots=True)
class AnswerContext:
    """One call: its draft, the parts it may use, and how the caller wants it answered."""

    components: Components
    draft: Draft
    policy: Policy = "ask"
    """what to do when a name means several things"""
    egress: EgressPolicy = "names-only"
    """decides which words of a literature question may be sent"""
    model: ModelUse = "auto"
    """when the model is asked"""
    show_undecided: bool = False
    """whether what the model said is shown whatever the checks say of it"""
    full_text: bool = False
    """whether open-access full texts are read even where abstracts fit a literature question"""
    where: Where = "auto"
    """where a structure is searched for"""

    def resolve(self, text: str, kind: EntityKind | None, *, organism: str = "", no_file: str = "") -> Resolved:
        """Find what ``text`` names and add it to the draft.

        Args:
            text: See :meth:`biomed_agent.answering.resolving.resolver.Resolver.resolve`.
            kind: What is expected; None when either would do.
            organism: Scientific name a protein must have; empty means human by default.
            no_file: For words that open no file whatever the settings allow: what to pass in its place.
        """
        resolved = self.components.resolver.resolve(
            text, kind, policy=self.policy, organism=organism, notes=self.draft.warnings, no_file=no_file
        )
        self.draft.add(resolved)
        return resolved

    def resolve_name(self, name: str, kind: EntityKind | None, *, organism: str = "") -> Resolved:
        """Find what a known name names, which is read as nothing else, and add it to the draft; see :meth:`resolve`."""
        resolved = self.components.resolver.resolve_name(
            name, kind, policy=self.policy, organism=organism, notes=self.draft.warnings
        )
        self.draft.add(resolved)
        return resolved

    def records_named(self, name: str, kind: EntityKind) -> list[Molecule] | list[Protein]:
        """Return the records of one kind that the local index has under a name."""
        index = self.components.index
        if kind == "molecule":
            return [molecule for molecule, _ in index.molecules_named(name)]
        return [protein for protein, _ in index.proteins_named(name)]

    def stored(self, entity: Entity, predicates: Sequence[str]) -> list[Fact]:
        """Return stored facts of an entity; what nothing states becomes a gap of the draft."""
        return self.components.retriever.stored(entity, predicates, self.draft.warnings, self.draft.gaps)

    def leave_out(self, predicates: Sequence[str]) -> None:
        """Warn that values the question names stay unanswered beside the others."""
        if predicates:
            self.draft.warnings.append(f"Left unanswered: {', '.join(predicates)}. Ask for that on its own.")

    def checker(self, entity: Entity) -> Callable[[str], tuple[Claim, ...]]:
        """Return what checks the sentences of a text about an entity: structure, facts at hand and the local index."""
        from functools import partial

        from biomed_agent.trust.claims import check_text
        from biomed_agent.trust.claims.records import Records

        components = self.components
        facts = [*components.index.facts(entity), *components.retriever.computed(entity), *self.draft.facts]
        if isinstance(entity, Protein):
            from biomed_agent.sources.local.protein_classes import class_facts

            facts += class_facts(facts)
        return partial(check_text, entity=entity, facts=facts, records=Records(components.index))

    def close_stated(self, query: Query, sentences: Sequence[str]) -> Answer:
        """Close with the sentences that state something; where none does, say what is asked for and nothing states."""
        subject = compose.name_of(self.draft.entities[0].entity)
        wanted = [compose.label_of(predicate) for predicate in query.predicates] or [query.kind]
        what = " or ".join(wanted if len(wanted) <= MAX_NAMED else [*wanted[:MAX_NAMED], "the like"])
        unstated = "" if self.draft.gaps else f"Nothing here states the {what} of {subject}."
        return self.close(" ".join(filter(None, sentences)), unstated)

    def close(self, stated: str, unstated: str) -> Answer:
        """Close with what records say, else with what the model says, else as :meth:`Draft.close_empty`."""
        draft, error = self.draft, self.draft.model_error
        if error is not None and not stated and error.status == "unavailable":  # it is down now and may answer later
            empty = draft.close_empty(unstated)
            return replace(
                empty,
                status=error.status,
                text=f"{empty.text} {compose.NO_ANSWER}: {error.message}",
                next_steps=tuple(dict.fromkeys([*empty.next_steps, error.hint] if error.hint else empty.next_steps)),
            )
        if error is not None:
            draft.warnings.append(f"{compose.NO_ANSWER}: {error}")
        if stated:
            return draft.close("answered", stated)
        empty = draft.close_empty(unstated)
        statement = draft.model
        if statement is None:
            return empty
        words = f"{empty.text} {compose.model_sentence(statement)}"
        if statement.claims:
            return replace(empty, status="model_only", text=words)
        # What a service could not tell now it may tell later; else only the model could have answered.
        return empty if empty.status == "unavailable" else replace(empty, status="inapplicable", text=words)


def _told_apart(one: Entity, other: Entity) -> bool:
    """Whether two entities differ: by what they are, or by the variant that is meant."""
    return one.handle != other.handle or getattr(one, "variant", "") != getattr(other, "variant", "")
