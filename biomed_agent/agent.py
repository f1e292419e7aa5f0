"""The path: a question is classified, its entities resolved, facts retrieved, the model asked, its words checked.

``BioMedAgent.ask`` is the whole product in one call; every door (command line, LangChain tools) calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import compose
from .errors import Ambiguous, BiomedAgentError, Inapplicable, InvalidInput, NotFound
from .question import PROTEIN_KINDS, Kind, Question, classify
from .types import Answer, Candidate, EgressPolicy, Fact, ModelStatement, Molecule, Protein, Resolved

if TYPE_CHECKING:
    from .generator import Generator
    from .resolve import EntityKind, Policy, Resolver
    from .retrieve import Retriever
    from .settings import Settings
    from .sources.local import LocalIndex
    from .transport import Transport

MAX_QUESTION = 20_000
"""characters; a longer text is not a question"""
SMALLEST_MODEL_HINT = "A model would add an answer in words: pip install 'biomed-agent[model]' for the small one, or set BIOMED_AGENT_HOST."


@dataclass(slots=True)
class Draft:
    """What is known so far about one question; becomes an :class:`~biomed_agent.types.Answer`."""

    question: str
    kind: Kind = "other"
    molecules: list[Resolved] = field(default_factory=list)
    proteins: list[Resolved] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    model: ModelStatement | None = None
    warnings: list[str] = field(default_factory=list)
    not_looked_up: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)
    sources: compose.Sources = field(default_factory=compose.Sources)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def entities(self) -> list[Resolved]:
        """Molecules, then proteins."""
        return [*self.molecules, *self.proteins]

    def answer(self, status: Any, text: str) -> Answer:
        """Close the draft."""
        for fact in self.facts:
            self.sources.cite(fact.provenance)
        return Answer(
            question=self.question, status=status, text=text.strip(), kind=self.kind, entities=tuple(self.entities),
            facts=tuple(self.facts), model=self.model, sources=tuple(self.sources.list),
            warnings=tuple(dict.fromkeys(self.warnings)), not_looked_up=tuple(self.not_looked_up),
            next_steps=tuple(self.next_steps), **self.extra,
        )  # fmt: skip


class BioMedAgent:
    """Answers questions about molecules, proteins and the literature, with sources.

    Args:
        host: Base URL of a model host; wins over ``model``.
        model: Checkpoint folder, or ``"none"``; default is the embedded demonstration model.
        index: Further SQLite indexes, searched before the shipped one.
        offline: Ask no database.
        egress: What may leave this machine: ``public``, ``names-only`` (default) or ``nothing``.
        settings: Everything else; read from the environment when not given. Arguments win.
        files: Whether ``file:`` in an entity may read local files.
    """

    def __init__(
        self,
        host: str | None = None,
        model: str | Path | None = None,
        index: str | Path | Sequence[str | Path] | None = None,
        offline: bool | None = None,
        egress: EgressPolicy | None = None,
        *,
        settings: Settings | None = None,
        files: bool = True,
    ) -> None:
        from .settings import read_settings

        flags: dict[str, Any] = {"host": host, "model": str(model) if model else None, "egress": egress}
        flags |= {"offline": offline, "index": [index] if isinstance(index, str | Path) else index}
        flags = {name: value for name, value in flags.items() if value is not None}
        self.settings = read_settings(**flags) if settings is None else settings.model_copy(update=flags)
        self.files = files
        self._rooms: _Rooms | None = None

    # -- what users call -----------------------------------------------------------------------

    def ask(
        self,
        question: str,
        molecule: str | None = None,
        protein: str | None = None,
        policy: Policy = "ask",
        *,
        query: str | None = None,
    ) -> Answer:
        """Answer one question.

        Args:
            question: In plain words. Names in quotes, identifiers and known names are found in it.
            molecule: Name, identifier, SMILES, InChI or MOL block; wins over molecules named in the question.
            protein: Name, gene, accession or sequence (FASTA); wins over proteins named in the question.
            policy: What happens when a name means several things: ``ask`` (the default) answers with the
                candidates, ``best`` takes the first and says so, ``strict`` also refuses defaults.
            query: Search string for PubMed; only for literature questions, sent as it is.

        Returns:
            An answer whatever happened: look at ``status``.
        """
        return self._run(question, lambda draft: self._ask(draft, molecule, protein, policy, query))

    async def aask(
        self,
        question: str,
        molecule: str | None = None,
        protein: str | None = None,
        policy: Policy = "ask",
        *,
        query: str | None = None,
    ) -> Answer:
        """Like :meth:`ask`, in a worker thread."""
        import asyncio

        return await asyncio.to_thread(self.ask, question, molecule, protein, policy, query=query)

    def check(
        self, statement: str, molecule: str | None = None, protein: str | None = None, policy: Policy = "ask"
    ) -> Answer:
        """Check a statement about a molecule or protein against its structure and records.

        Args:
            statement: One or more sentences.
            molecule: See :meth:`ask`.
            protein: See :meth:`ask`.
            policy: See :meth:`ask`.
        """
        return self._run(statement, lambda draft: self._check(draft, molecule, protein, policy))

    def find(self, kind: Literal["molecule", "protein", "literature"], name: str, limit: int = 10) -> Answer:
        """Look one name up and say what it is, without asking the model.

        Args:
            kind: What to look for.
            name: A name, identifier or structure; for literature the search string.
            limit: Most articles shown.
        """
        return self._run(name, lambda draft: self._find(draft, kind, limit))

    def chat(self) -> Chat:
        """Return a conversation that remembers which molecule and protein it is about."""
        return Chat(self)

    def warm_up(self) -> None:
        """Load what the first question would load, the model included."""
        generator = self.rooms.generator
        load = getattr(generator, "load", None)
        if load is not None:
            load()

    @property
    def rooms(self) -> _Rooms:
        """The parts the path is made of, built at the first question."""
        if self._rooms is None:
            self._rooms = _Rooms.furnish(self.settings, self.files)
        return self._rooms

    # -- the path ------------------------------------------------------------------------------

    def _run(self, question: str, path: Callable[[Draft], Answer]) -> Answer:
        """Run ``path``; turn a deliberate error into an answer; add what left and how long it took."""
        started = time.monotonic()
        draft = Draft(question=question if isinstance(question, str) else repr(question))
        left: list[str] = []
        try:
            check_question(question)
            with self.rooms.transport.recording() as left:
                answer = path(draft)
        except BiomedAgentError as error:
            answer = _failure(draft, error)
        shown = answer.question if len(answer.question) <= MAX_QUESTION else answer.question[:200] + "..."
        return replace(answer, question=shown, egress=tuple(left), seconds=round(time.monotonic() - started, 3))

    def _ask(
        self, draft: Draft, molecule: str | None, protein: str | None, policy: Policy, query: str | None
    ) -> Answer:
        rest = self._read_entities(draft, molecule, protein, policy)
        question = classify(rest, molecule=bool(draft.molecules), protein=bool(draft.proteins))
        if query:
            question = Question(rest, "literature")
        draft.kind = question.kind
        if question.kind == "literature":
            return self._literature(draft, query)
        if not draft.entities:
            raise self._nothing_named(draft.question)
        if question.kind == "activity":
            return self._activity(draft)
        if question.kind in PROTEIN_KINDS and not draft.proteins:
            raise Inapplicable(
                f"{question.kind} is asked of a protein, and the question names only a molecule.",
                "Name the protein by gene, accession or sequence.",
            )
        answers: dict[Kind, Callable[[Draft, Question], str]] = {
            "identity": self._identity,
            "computed": self._computed,
            "stored": self._stored,
            "description": self._description,
            "name": self._protein_words,
            "function": self._protein_words,
            "family": self._protein_words,
            "location": self._protein_words,
        }
        if question.kind not in answers:
            return self._other(draft)
        return self._close(draft, answers[question.kind](draft, question))

    def _close(self, draft: Draft, said: str) -> Answer:
        if said:
            return draft.answer("answered", said)
        if draft.model is not None:
            return draft.answer("model_only", f"No record here answers this. {compose.model_sentence(draft.model)}")
        subject = compose.name_of(draft.entities[0].entity)
        where = "; ".join(draft.warnings)
        return draft.answer("not_found", f"No record here states that for {subject}. {where}")

    # -- entities ------------------------------------------------------------------------------

    def _read_entities(self, draft: Draft, molecule: str | None, protein: str | None, policy: Policy) -> str:
        """Resolve what is given and what the question names; return the question without the names."""
        from .mentions import check_whole, find_mentions, organism_of

        resolver, index, notes = self.rooms.resolver, self.rooms.index, draft.warnings
        organism = organism_of(draft.question)
        for kind, text, found in (("molecule", molecule, draft.molecules), ("protein", protein, draft.proteins)):
            if text is not None:
                wanted: EntityKind = "molecule" if kind == "molecule" else "protein"
                found.append(resolver.resolve(text, wanted, policy=policy, organism=organism, notes=notes))
        rest = draft.question
        mentions = find_mentions(draft.question, index)
        for mention in reversed(mentions):
            rest = f"{rest[: mention.start]} it {rest[mention.end :]}"
        first = classify(rest, molecule=bool(draft.molecules) or bool(mentions), protein=bool(draft.proteins))
        if first.kind == "literature":
            draft.extra["mentions"] = tuple(mention.text for mention in mentions)
            return rest
        for mention in mentions:
            if molecule is not None and protein is not None:
                break
            expected: EntityKind | None = None
            if (molecule is not None) != (protein is not None):
                if first.kind != "activity":
                    break  # the entity is given; a name in the question is about it
                expected = "protein" if molecule is not None else "molecule"
            elif first.kind in PROTEIN_KINDS:
                expected = "protein"
            check_whole(draft.question, mention, index)
            try:
                found_one = resolver.resolve(mention.text, expected, policy=policy, organism=organism, notes=notes)
            except InvalidInput:
                if expected is None or mention.how != "lexicon":
                    raise
                continue  # a known molecule in a question about a protein, or the reverse
            _add(draft, found_one)
        return rest

    def _nothing_named(self, question: str) -> NotFound:
        from .mentions import misspelled

        hits = misspelled(question, self.rooms.index)
        candidates = [candidate for _, alike in hits for candidate in alike][:6]
        if hits:
            words = ", ".join(repr(word) for word, _ in hits)
            return NotFound(
                f"No name in this question is known here, and {words} is spelled almost like one.",
                "Did you mean one of the names below? Nothing was corrected.",
                candidates=candidates,
            )
        return NotFound(
            "No molecule, protein or paper is named in this question that is known here.",
            'Put a name in "quotes" to have it looked up, or pass it with --molecule or --protein.',
        )

    # -- one method a kind ---------------------------------------------------------------------

    def _identity(self, draft: Draft, question: Question) -> str:
        from .retrieve import matching

        said = []
        for resolved in draft.entities:
            facts = self.rooms.retriever.identity(resolved)
            if question.predicates:
                wanted = matching(facts, question.predicates)
                draft.facts += wanted
                said.append(compose.facts_sentence(resolved.entity, wanted, draft.sources))
                continue
            said.append(compose.identity_sentence(resolved.entity, draft.sources))
            stored = self.rooms.index.facts(resolved.entity)
            draft.facts += [fact for fact in facts if fact.predicate != "sequence"] + stored
            lead = matching(stored, ("chebi class", "chebi role", "protein family", "EC number"))
            said.append(compose.facts_sentence(resolved.entity, lead, draft.sources))
        return " ".join(part for part in said if part)

    def _computed(self, draft: Draft, question: Question) -> str:
        from .retrieve import matching

        said = []
        for resolved in draft.entities:
            facts = matching(self.rooms.retriever.computed(resolved.entity), question.predicates)
            draft.facts += facts
            said.append(compose.facts_sentence(resolved.entity, facts, draft.sources))
        return " ".join(part for part in said if part)

    def _stored(self, draft: Draft, question: Question) -> str:
        from .retrieve import matching

        said = []
        for resolved in draft.entities:
            facts = matching(self.rooms.retriever.identity(resolved), question.predicates)
            facts += self.rooms.retriever.stored(resolved.entity, question.predicates, draft.warnings)
            draft.facts += facts
            said.append(compose.facts_sentence(resolved.entity, facts, draft.sources))
        return " ".join(part for part in said if part)

    def _description(self, draft: Draft, question: Question) -> str:
        """Records first; the model beside them, for the first entity only."""
        from . import chemistry
        from .retrieve import matching

        first = draft.entities[0]
        entity = first.entity
        if isinstance(entity, Protein):
            return self._protein_words(draft, replace(question, kind="function"))
        stored = self.rooms.retriever.stored(entity, ("ChEBI class", "ChEBI role", "description"), draft.warnings)
        shape = ("molecular formula", "molecular weight", "rings", "aromatic rings", "stereocentres", "logP")
        computed = matching(chemistry.computed_facts(entity), shape)
        draft.facts += stored + computed
        self._ask_model(draft, "description", first, stored)
        said = [compose.facts_sentence(entity, stored, draft.sources)] if stored else []
        parts = sorted(chemistry.skeletons(entity)) + sorted(chemistry.functional_groups(entity))
        said.append(
            f"Its structure: {entity.formula or 'open positions'}"
            + (f"; contains {', '.join(parts[:8])}" if parts else "")
            + f" {draft.sources.cite(chemistry.RDKIT)}."
        )
        return " ".join(said)

    def _protein_words(self, draft: Draft, question: Question) -> str:
        """Function, family, location and names of a protein: the record, and the model beside it."""
        first = draft.proteins[0]
        predicates = {
            "name": ("name", "synonym"),
            "family": ("protein family",),
            "location": ("subcellular location",),
            "function": ("function", "catalytic activity", "EC number", "protein family", "keyword"),
        }[question.kind]
        from .retrieve import matching

        facts = matching(self.rooms.retriever.identity(first), predicates) if question.kind == "name" else []
        if question.kind != "name":
            facts += self.rooms.retriever.stored(first.entity, predicates, draft.warnings)
        draft.facts += facts
        self._ask_model(draft, question.kind, first, facts)
        return compose.facts_sentence(first.entity, facts, draft.sources)

    def _activity(self, draft: Draft) -> Answer:
        if not (draft.molecules and draft.proteins):
            entity = draft.entities[0].entity
            facts = self.rooms.index.activities_of(entity)
            draft.facts += facts
            if facts:
                return draft.answer("answered", compose.targets_sentence(entity, facts, draft.sources))
            return draft.answer(
                "not_found", f"The local records hold no measured affinity of {compose.name_of(entity)}."
            )
        molecule, protein = draft.molecules[0].entity, draft.proteins[0].entity
        assert isinstance(molecule, Molecule) and isinstance(protein, Protein)  # noqa: S101 - narrows the types
        facts = self.rooms.retriever.activities(molecule, protein)
        for parent in [] if facts else self.rooms.retriever.parents(molecule):
            if facts := self.rooms.retriever.activities(parent, protein):
                draft.warnings.append(f"The measurement is of the parent, {compose.name_of(parent)}.")
        draft.facts += facts
        if facts:
            return draft.answer("answered", compose.activity_sentence(molecule, protein, facts, draft.sources))
        self._ask_model(draft, "activity", draft.molecules[0], [])
        draft.next_steps.append("Ask the literature about the pair.")
        pair = f"{compose.name_of(molecule)} and {compose.name_of(protein)}"
        if draft.model is not None:
            return draft.answer("model_only", compose.model_sentence(draft.model))
        note = f" Records of the wild type do not speak for {protein.variant}." if protein.variant else ""
        return draft.answer("not_found", f"The local records hold no measured affinity of {pair}.{note}")

    def _literature(self, draft: Draft, query: str | None) -> Answer:
        from .mentions import find_mentions
        from .retrieve import words_of

        mentioned = draft.extra.pop("mentions", None)
        names = mentioned or [one.text for one in find_mentions(draft.question, self.rooms.index)]
        sent = query
        if not sent and self.settings.egress == "public":
            sent = " ".join(dict.fromkeys(words_of(draft.question)))
        if not sent and names:
            sent = " AND ".join(f'"{name}"' for name in dict.fromkeys(names))
            draft.warnings.append(
                "Only known names and quoted words of the question were sent; give the search words as a query, "
                "or use egress public, to send more."
            )
        if not sent:
            raise NotFound(
                "No known name is in this literature question, and its free words may not leave this machine.",
                'Put the search words in "quotes", pass --query "...", or use --egress public.',
            )
        draft.kind = "literature"
        evidence = self.rooms.retriever.literature(sent, draft.question, draft.warnings)
        if not evidence:
            return draft.answer(
                "not_found", "Articles were found, but no sentence of their abstracts fits the question."
            )
        text = compose.evidence_text(evidence, draft.sources)
        generator = self.rooms.generator
        if generator is not None and "literature" in generator.stamp.kinds:
            from .prompt import literature_messages

            evidence = [replace(one, shown_to_model=True) for one in evidence]
            said = generator.generate(literature_messages(draft.question, evidence))
            draft.model = ModelStatement(said.text, generator.stamp, saw="the numbered passages")
        draft.extra["evidence"] = tuple(evidence)
        return draft.answer("answered", text)

    def _other(self, draft: Draft) -> Answer:
        draft.next_steps += [
            "Ask for its identity, a computed property, its class or role, a description, or what papers say."
        ]
        names = " and ".join(compose.name_of(one.entity) for one in draft.entities)
        return draft.answer(
            "inapplicable", f"{names} is known, but no record or computation here answers this question."
        )

    def _ask_model(self, draft: Draft, kind: str, about: Resolved, facts: Sequence[Fact]) -> None:
        """Ask the model what it was trained for, and check what it says; a failure is a warning."""
        from .check import check_text
        from .prompt import QUESTIONS, user_message

        generator = self.rooms.generator
        if generator is None:
            draft.warnings.append(SMALLEST_MODEL_HINT)
            return
        try:
            stamp = generator.stamp
            if kind not in stamp.kinds:
                draft.not_looked_up.append(f"{stamp.name}, which was not trained to answer {kind}")
                return
            entity = about.entity
            if isinstance(entity, Molecule):
                message = user_message(QUESTIONS[kind], smiles=[entity.smiles])
            else:
                message = user_message(QUESTIONS[kind], sequences=[entity.sequence])
            said = generator.generate([message])
        except BiomedAgentError as error:
            draft.warnings.append(f"The model did not answer: {error}")
            return
        known = [*self.rooms.index.facts(entity), *self.rooms.retriever.computed(entity), *facts]
        claims = check_text(said.text, entity, known)
        if said.truncated:
            draft.warnings.append(said.truncated)
        if said.text:
            draft.model = ModelStatement(said.text, stamp, tuple(claims), truncated=said.truncated)

    # -- the other doors -----------------------------------------------------------------------

    def _check(self, draft: Draft, molecule: str | None, protein: str | None, policy: Policy) -> Answer:
        from .check import check_text

        draft.kind = "claim"
        if molecule is None and protein is None:
            raise InvalidInput(
                "a statement can only be checked against a given molecule or protein.",
                "Pass --molecule or --protein.",
            )
        kind: EntityKind = "molecule" if molecule is not None else "protein"
        resolved = self.rooms.resolver.resolve(molecule or protein or "", kind, policy=policy, notes=draft.warnings)
        _add(draft, resolved)
        known = [*self.rooms.index.facts(resolved.entity), *self.rooms.retriever.computed(resolved.entity)]
        claims = tuple(check_text(draft.question, resolved.entity, known))
        for claim in claims:
            draft.sources.cite(claim.provenance)
        draft.extra["claims"] = claims
        verdicts = [claim.verdict for claim in claims]
        if "contradicted" in verdicts:
            wrong = next(claim for claim in claims if claim.verdict == "contradicted")
            return draft.answer("answered", f'Contradicted: "{wrong.text}" {wrong.why}')
        if "supported" in verdicts:
            right = next(claim for claim in claims if claim.verdict == "supported")
            return draft.answer("answered", f'Supported: "{right.text}" {right.why}')
        return draft.answer("inapplicable", "Unverified: no rule or record here decides the statement.")

    def _find(self, draft: Draft, kind: Literal["molecule", "protein", "literature"], limit: int) -> Answer:
        if kind == "literature":
            draft.kind = "literature"
            evidence = self.rooms.retriever.literature(draft.question, draft.question, draft.warnings)[:limit]
            draft.extra["evidence"] = tuple(evidence)
            if not evidence:
                return draft.answer("not_found", "Articles were found, but none has an abstract with these words.")
            return draft.answer("answered", compose.evidence_text(evidence, draft.sources))
        draft.kind = "identity"
        _add(draft, self.rooms.resolver.resolve(draft.question, kind, notes=draft.warnings))
        return draft.answer("answered", self._identity(draft, Question(draft.question, "identity")))


class Chat:
    """A conversation: a question that names nothing is about what was last named.

    Args:
        agent: Who answers.
    """

    def __init__(self, agent: BioMedAgent) -> None:
        self.agent = agent
        self.molecule: str | None = None
        self.protein: str | None = None

    def ask(self, question: str, molecule: str | None = None, protein: str | None = None) -> Answer:
        """Answer ``question``; see :meth:`BioMedAgent.ask`."""
        from .mentions import find_mentions

        if molecule is None and protein is None and not find_mentions(question, self.agent.rooms.index):
            molecule, protein = self.molecule, self.protein
        answer = self.agent.ask(question, molecule, protein)
        if answer.entities:
            self.molecule = next((one.entity.handle for one in answer.entities if one.kind == "molecule"), None)
            self.protein = next((_again(one) for one in answer.entities if one.kind == "protein"), None)
        return answer


@dataclass(slots=True)
class _Rooms:
    """The parts of the path, opened once."""

    transport: Transport
    index: LocalIndex
    resolver: Resolver
    retriever: Retriever
    generator: Generator | None

    @classmethod
    def furnish(cls, settings: Settings, files: bool) -> _Rooms:
        from .generator import connect
        from .resolve import Resolver
        from .retrieve import Retriever
        from .sources.local import LocalIndex
        from .sources.pubchem import PubChem
        from .sources.pubmed import PubMed
        from .sources.uniprot import UniProt
        from .transport import Transport

        transport = Transport(
            settings.cache_dir, egress=settings.egress, offline=settings.offline, email=settings.email,
            api_key=settings.ncbi_api_key.get_secret_value(), timeout=settings.timeout,
        )  # fmt: skip
        index = LocalIndex.open(settings.cache_dir, settings.index)
        online = not settings.offline
        pubchem, uniprot, pubmed = (
            (PubChem(transport), UniProt(transport), PubMed(transport)) if online else (None, None, None)
        )
        return cls(
            transport, index, Resolver(index, pubchem, uniprot, files=files),
            Retriever(index, pubchem, uniprot, pubmed),
            connect(settings.host, settings.model, egress=settings.egress, api_key=settings.api_key.get_secret_value()),
        )  # fmt: skip


def check_question(question: object) -> None:
    """Raise :class:`InvalidInput` unless ``question`` is a readable text of reasonable length."""
    if not isinstance(question, str) or not question.strip():
        raise InvalidInput("the question is empty.", 'Ask something like: What is the molecular weight of "aspirin"?')
    if len(question) > MAX_QUESTION:
        raise InvalidInput(
            f"the question has {len(question):,} characters; expected at most {MAX_QUESTION:,}.",
            "Pass a long structure or sequence with --molecule @file or --protein @file.",
        )
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in question):
        raise InvalidInput("the question holds control characters; it looks like a binary file.", "Expected text.")


def _failure(draft: Draft, error: BiomedAgentError) -> Answer:
    candidates: Sequence[Candidate] = error.candidates if isinstance(error, Ambiguous | NotFound) else ()
    draft.extra.pop("mentions", None)
    draft.extra["candidates"] = tuple(candidates)
    answer = draft.answer(error.status, error.message)
    return replace(answer, next_steps=(error.hint,) if error.hint else ())


def _add(draft: Draft, resolved: Resolved) -> None:
    """Add an entity once."""
    found = draft.molecules if resolved.kind == "molecule" else draft.proteins
    if all(one.entity.handle != resolved.entity.handle for one in found):
        found.append(resolved)


def _again(resolved: Resolved) -> str:
    """Return the string that names a protein again, its variant included."""
    protein = resolved.entity
    variant = protein.variant if isinstance(protein, Protein) else ""
    return f"{protein.handle} {variant}".strip() if not variant else f"seq:{protein.sequence}"  # type: ignore[union-attr]
