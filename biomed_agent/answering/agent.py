"""The path in one call: ``BioMedAgent.ask`` reads a question and returns an answer, whatever happens.

Every door (command line, LangChain tools) calls it; :mod:`biomed_agent.answering.pipeline` holds the steps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from biomed_agent.core.errors import BiomedAgentError, InvalidInput
from biomed_agent.core.types import Answer, Article, EgressPolicy, ModelUse, Protein, Resolved, set_renderers

if TYPE_CHECKING:
    from biomed_agent.answering.draft import Rooms
    from biomed_agent.answering.handlers.molecules import Where
    from biomed_agent.answering.pipeline import Answering
    from biomed_agent.answering.resolving.ranking import Policy
    from biomed_agent.core.settings import Settings


def _to_text(answer: Answer) -> str:
    from biomed_agent.answering.wording import to_text

    return to_text(answer)


def _to_html(answer: Answer) -> str:
    from biomed_agent.answering.wording import to_html

    return to_html(answer)


set_renderers(text=_to_text, html=_to_html)

MAX_QUESTION = 20_000
"""characters; a longer text is not a question"""


class BioMedAgent:
    """Answers questions about molecules, proteins and the literature, with sources.

    Args:
        host: Base URL of a model host; wins over ``model``.
        model: Checkpoint folder, ``"none"``, or ``"embedded"`` for the demonstration model, which is also the default.
        index: Further SQLite indexes, searched before the shipped one.
        offline: Ask no database.
        egress: What may leave this machine: ``public``, ``names-only`` (default) or ``nothing``.
        settings: Everything else; read from the environment when not given. Arguments win.
        files: Whether ``file:`` in a molecule, a protein or a name that is passed may read a structure or sequence
            from a local file. The words of a question, the names of :meth:`find_all` and the tools never do.
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
        from biomed_agent.core.settings import read_settings

        flags: dict[str, Any] = {"host": host, "model": str(model) if model else None, "egress": egress}
        flags |= {"offline": offline, "index": [index] if isinstance(index, str | Path) else index}
        flags = {name: value for name, value in flags.items() if value is not None}
        self.settings = read_settings(**flags) if settings is None else settings.model_copy(update=flags)
        self.files = files
        self._rooms: Rooms | None = None
        self._furnishing = threading.Lock()

    # -- what users call -----------------------------------------------------------------------

    def ask(
        self,
        question: str,
        molecule: str | None = None,
        protein: str | None = None,
        policy: Policy = "ask",
        *,
        query: str | None = None,
        full_text: bool = False,
        model: ModelUse = "auto",
        show_undecided: bool = False,
    ) -> Answer:
        """Answer one question.

        Args:
            question: In plain words. Names in quotes, identifiers and known names are found in it.
            molecule: Name, identifier, SMILES, InChI or MOL block; wins over molecules named in the question.
            protein: Name, gene, accession or sequence (FASTA); wins over proteins named in the question.
            policy: What happens when a name means several things: ``ask`` (the default) answers with the
                candidates, ``best`` takes the first and says so, ``strict`` also refuses defaults.
            query: Search string for PubMed, sent as it is; makes it a literature question. An empty one searches
                for the words of the question that may be sent.
            full_text: Whether open-access full texts are read for a literature question; without it they are only
                where no abstract fits.
            model: ``auto`` asks the model where no record answers and it is offered for the kind of question,
                ``always`` also beside records and for kinds it is not offered for, ``never`` not at all.
            show_undecided: Show all that the model said, each sentence with its verdict. Without it contradicted
                sentences are withheld, and of a demonstration model also those that nothing decides; the answer counts
                them.

        Returns:
            An answer whatever happened: look at ``status``.
        """
        return self._run(
            question,
            policy,
            lambda answering: answering.ask(molecule, protein, query, full_text),
            model=model,
            show_undecided=show_undecided,
        )

    async def aask(
        self,
        question: str,
        molecule: str | None = None,
        protein: str | None = None,
        policy: Policy = "ask",
        *,
        query: str | None = None,
        full_text: bool = False,
        model: ModelUse = "auto",
        show_undecided: bool = False,
    ) -> Answer:
        """Like :meth:`ask`, in a worker thread."""
        import asyncio

        return await asyncio.to_thread(
            self.ask,
            question,
            molecule,
            protein,
            policy,
            query=query,
            full_text=full_text,
            model=model,
            show_undecided=show_undecided,
        )

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
        return self._run(statement, policy, lambda answering: answering.check(molecule, protein))

    def find(
        self, kind: Literal["molecule", "protein", "literature"], name: str, limit: int = 10, policy: Policy = "ask"
    ) -> Answer:
        """Look one name up and say what it is, without asking the model.

        Args:
            kind: What to look for.
            name: A name, identifier or structure; for literature the search string.
            limit: Most articles.
            policy: See :meth:`ask`.
        """
        return self._run(name, policy, lambda answering: answering.find(kind, limit))

    def find_all(
        self,
        kind: Literal["molecule", "protein", "literature"],
        names: Sequence[str],
        limit: int = 10,
        policy: Policy = "strict",
    ) -> Iterator[Answer]:
        """Look many names up; yields one answer for each, in order.

        PubChem is asked for 200 identifiers with one request and for names several at a time, UniProt for 500
        accessions with one; the first answer of a part tells what left for all of it.

        Args:
            kind: See :meth:`find`.
            names: See :meth:`find`; none of them opens a file.
            limit: See :meth:`find`.
            policy: See :meth:`ask`; ``strict`` unless told otherwise, because nobody looks at each answer.
        """
        from biomed_agent.answering.resolving.input_files import files_closed
        from biomed_agent.answering.resolving.prefetch import TOGETHER, fetched_ahead

        for start in range(0, len(names), TOGETHER[kind]):
            part = names[start : start + TOGETHER[kind]]
            missing: dict[str, BiomedAgentError] = {}
            with self.rooms.transport.recording() as left:
                rooms = fetched_ahead(self.rooms, part) if kind == "molecule" else self.rooms
                if kind == "protein":
                    missing = rooms.resolver.fetch_together(part)

            def path(answering: Answering, missing: Mapping[str, BiomedAgentError] = missing) -> Answer:
                if answering.draft.question in missing:
                    raise missing[answering.draft.question]
                return answering.find(kind, limit)

            for name in part:
                with files_closed("Of many names none opens a file; look it up alone."):
                    answer = self._run(name, policy, path, rooms)
                yield replace(answer, egress=(*left, *answer.egress))
                left = []

    def similar(
        self,
        molecule: str,
        threshold: float | None = None,
        limit: int = 10,
        where: Where = "auto",
        policy: Policy = "ask",
    ) -> Answer:
        """Find molecules like one, most alike first.

        Args:
            molecule: Name, identifier or structure. PubChem is told its CID, or its structure if it has none, which
                the egress policy must allow.
            threshold: Least similarity, 0 to 1: of PubChem's keys (0.9 when not given) or, in the local index, of
                Morgan fingerprints (0.4).
            limit: Most hits, up to 100; the answer says how many more there are.
            where: ``pubchem``, ``local``, or ``auto``: PubChem, and the local index when it may not or cannot answer.
            policy: See :meth:`ask`.
        """
        from biomed_agent.answering.handlers import molecules

        return self._run(
            molecule, policy, lambda answering: molecules.similar(answering, molecule, threshold, limit, where)
        )

    def containing(self, part: str, limit: int = 10, where: Where = "auto", policy: Policy = "ask") -> Answer:
        """Find molecules that hold a structure as a part, the smallest first; see :meth:`similar`."""
        from biomed_agent.answering.handlers import molecules

        return self._run(part, policy, lambda answering: molecules.containing(answering, part, limit, where))

    def properties(self, molecule: str, policy: Policy = "ask") -> Answer:
        """Compute descriptors, drug-likeness rules with every value, and structural alerts; nothing but names leaves.

        Args:
            molecule: Name, identifier or structure.
            policy: See :meth:`ask`.
        """
        from biomed_agent.answering.handlers import molecules

        return self._run(molecule, policy, lambda answering: molecules.properties(answering, molecule))

    def protein(self, name: str, organism: str = "", about: Sequence[str] = (), policy: Policy = "ask") -> Answer:
        """Say which protein a name names, and what the sections asked for of its record state.

        Args:
            name: Gene, name, accession, isoform, entry name, EC number, variant or sequence.
            organism: Scientific name, or a word such as ``mouse``; human by default.
            about: Keys of :data:`biomed_agent.answering.handlers.proteins.SECTIONS`, such as ``diseases``.
            policy: See :meth:`ask`.
        """
        from biomed_agent.answering.handlers import proteins

        return self._run(name, policy, lambda answering: proteins.card(answering, name, organism, about))

    def articles(self, query: str, limit: int = 10) -> list[Article]:
        """Return the articles of a literature query as records, the most relevant first.

        Args:
            query: Search string in PubMed's syntax, sent as it is; Europe PMC answers when PubMed cannot.
            limit: Most articles. Retracted ones are among them, and marked.

        Raises:
            BiomedAgentError: The look-up was refused or failed, or PubMed would ignore a word of the query.
        """
        return self.rooms.retriever.articles(query, limit, [])

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
    def rooms(self) -> Rooms:
        """The parts the path is made of, built at the first question."""
        with self._furnishing:
            if self._rooms is None:
                self._rooms = _furnish(self.settings, self.files)
            return self._rooms

    def _run(
        self,
        question: str,
        policy: Policy,
        path: Callable[[Answering], Answer],
        rooms: Rooms | None = None,
        *,
        model: ModelUse = "auto",
        show_undecided: bool = False,
    ) -> Answer:
        """Run ``path``; turn a deliberate error into an answer; add what left and how long it took."""
        from biomed_agent.answering.draft import Draft
        from biomed_agent.answering.pipeline import Answering

        started = time.monotonic()
        draft = Draft(question if isinstance(question, str) else repr(question))
        left: list[str] = []
        try:
            check_question(question)
            rooms = rooms or self.rooms
            with rooms.transport.recording() as left:
                answer = path(
                    Answering(rooms, draft, policy, self.settings.egress, model=model, show_undecided=show_undecided)
                )
        except BiomedAgentError as error:
            answer = draft.fail(error)
        shown = answer.question if len(answer.question) <= MAX_QUESTION else f"{answer.question[:200]}..."
        return replace(answer, question=shown, egress=tuple(left), seconds=round(time.monotonic() - started, 3))


class Chat:
    """A conversation: a question that names nothing is about what was last named.

    Args:
        agent: Who answers.
    """

    def __init__(self, agent: BioMedAgent) -> None:
        self.agent = agent
        self.molecule: str | None = None
        self.protein: str | None = None

    def ask(
        self,
        question: str,
        molecule: str | None = None,
        protein: str | None = None,
        *,
        model: ModelUse = "auto",
        show_undecided: bool = False,
    ) -> Answer:
        """Answer ``question``; see :meth:`BioMedAgent.ask`."""
        from biomed_agent.answering.reading.mentions import find_mentions, refers_back, unknown_words
        from biomed_agent.answering.reading.question import classify

        named = molecule is not None or protein is not None or find_mentions(question, self.agent.rooms.index)
        asked = classify(question, molecule=self.molecule is not None, protein=self.protein is not None)
        # Without an "it", a word nobody knows may be a name, and a question that asks for nothing is no follow-up.
        asks_on = not unknown_words(question) and (asked.kind not in ("identity", "other") or asked.predicates)
        if not named and (refers_back(question) or asks_on):
            molecule, protein = self.molecule, self.protein
        answer = self.agent.ask(question, molecule, protein, model=model, show_undecided=show_undecided)
        if answer.entities or answer.status in (
            "ambiguous",
            "not_found",
            "invalid",
        ):  # a failed name is not the old one
            self.molecule = next((one.entity.handle for one in answer.entities if one.kind == "molecule"), None)
            self.protein = next((_again(one) for one in answer.entities if one.kind == "protein"), None)
        return answer


def _furnish(settings: Settings, files: bool) -> Rooms:
    """Open the parts of the path."""
    from biomed_agent.answering.draft import Rooms
    from biomed_agent.answering.evidence import Retriever
    from biomed_agent.answering.resolving.resolver import Resolver
    from biomed_agent.model.connect import connect
    from biomed_agent.sources.http.transport import Transport
    from biomed_agent.sources.literature.europepmc import EuropePMC
    from biomed_agent.sources.literature.library import Shelves
    from biomed_agent.sources.literature.pubmed import PubMed
    from biomed_agent.sources.literature.search import Literature
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.local.structure_search import StructureSearch
    from biomed_agent.sources.pubchem import PubChem
    from biomed_agent.sources.uniprot import UniProt

    transport = Transport(
        settings.cache_dir,
        egress=settings.egress,
        offline=settings.offline,
        email=settings.email,
        api_key=settings.ncbi_api_key.get_secret_value(),
        timeout=settings.timeout,
        audit=settings.audit_path,
    )
    index = LocalIndex.open(settings.cache_dir, settings.index)
    pubchem, uniprot, library = (
        (None, None, None)
        if settings.offline
        else (PubChem(transport), UniProt(transport), Literature(PubMed(transport), EuropePMC(transport)))
    )
    key = settings.api_key.get_secret_value()
    return Rooms(
        transport=transport,
        index=index,
        resolver=Resolver(index, pubchem, uniprot, files=files),
        retriever=Retriever(index, pubchem, uniprot, Shelves(index, library, settings.egress == "nothing")),
        structures=StructureSearch(index, settings.cache_dir),
        generator=connect(
            settings.host,
            settings.model,
            egress=settings.egress,
            api_key=key,
            load_in=settings.load_in,
            audit=settings.audit_path,
        ),
        model_off=not settings.host and (settings.model or "").lower() == "none",
    )


def check_question(question: object) -> None:
    """Raise :class:`InvalidInput` unless ``question`` is a readable text of reasonable length."""
    if not isinstance(question, str) or not question.strip():
        raise InvalidInput("the question is empty.", 'Ask something like: What is the molecular weight of "aspirin"?')
    if len(question) > MAX_QUESTION:
        raise InvalidInput(
            f"the question has {len(question):,} characters; expected at most {MAX_QUESTION:,}.",
            "Pass a long structure or sequence with --molecule @file or --protein @file.",
        )
    if any((ord(letter) < 32 and letter not in "\t\n\r") or "\ud800" <= letter <= "\udfff" for letter in question):
        raise InvalidInput("the question holds control characters; it looks like a binary file.", "Expected text.")


def _again(resolved: Resolved) -> str:
    """Return the string that names a protein again, its variant included."""
    protein = resolved.entity
    if isinstance(protein, Protein) and protein.variant:
        return f"seq:{protein.sequence}"
    return protein.handle
