"""The agent: verbs that return an answer whatever happens, each with an asynchronous twin; one returns articles.

Every door (command line, LangChain tools) calls it; :mod:`biomed_agent.answering.pipeline` holds the steps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, get_args
from weakref import WeakSet

from biomed_agent.answering.answer_table import Answers, numbered
from biomed_agent.answering.calls import MAX_WORKERS, DaemonThreads, async_answers_twin, async_twin
from biomed_agent.answering.many import Asked, ask_each
from biomed_agent.answering.old_spellings import FindKind, OldSpellings
from biomed_agent.core.deadline import CURRENT, NEVER, ChildDeadline, Deadline, running
from biomed_agent.core.errors import BiomedAgentError, InvalidInput, Unavailable
from biomed_agent.core.privacy.egress import recording
from biomed_agent.core.query import Query, Subject
from biomed_agent.core.types import Answer, Article, EgressPolicy, ModelUse, set_renderers

if TYPE_CHECKING:
    from biomed_agent.answering.chat import Chat
    from biomed_agent.answering.components import Components
    from biomed_agent.answering.context import AnswerContext, Where
    from biomed_agent.answering.reading.follow_up import Memory
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


class BioMedAgent(OldSpellings):
    """Answers questions about molecules, proteins and the literature, with sources.

    ::

        with BioMedAgent(offline=True, model="none") as agent:
            answer = agent.ask("How heavy is caffeine?")
            print(answer.status, answer.text, answer.sources)

    :meth:`ask` takes any question, :meth:`check` a statement, and the verbs that begin with ``find_``, ``search_`` or
    the name of what they return look one thing up without asking the model. Each returns an
    :class:`~biomed_agent.core.types.Answer`, also where nothing could be answered: its ``status`` says so. Only
    :meth:`articles` returns records, and raises.

    Every verb that answers takes ``policy``, what happens when a name means several things: ``ask`` (the default)
    answers with the candidates, ``best`` takes the first and says so, ``strict`` also refuses defaults; and
    ``timeout``, the seconds after which the call ends: with what was found by then, else as ``unavailable``. Every verb
    has a twin for event loops (``aask`` of ``ask``) that runs in threads of the agent's own and stops, its requests
    dropped, when its task is cancelled. An agent may be used by several threads; it is closed by :meth:`close`, or by
    leaving a ``with`` block.

    Args:
        host: Base URL of a model host; wins over ``model``.
        model: Checkpoint folder, ``"none"``, or ``"embedded"`` for the demonstration model, which is also the default.
        index: Further SQLite indexes, searched before the shipped one.
        offline: Ask no database.
        egress: What may leave this machine: ``public``, ``names-only`` (default) or ``nothing``.
        settings: Everything else; read from the environment when not given. Arguments win.
        files: Whether ``file:`` in a molecule, a protein or a name that is passed may read a structure or sequence
            from a local file. The words of a question, the names of :meth:`find_many` and the tools never do.
        components: Opened parts to use instead of what the settings say.
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
        components: Components | None = None,
    ) -> None:
        flags: dict[str, Any] = {"host": host, "model": str(model) if model else None, "egress": egress}
        flags |= {"offline": offline, "index": [index] if isinstance(index, str | Path) else index}
        flags = {name: value for name, value in flags.items() if value is not None}
        if settings is None:
            from biomed_agent.core.settings import read_settings

            self.settings = read_settings(**flags)
        else:
            self.settings = settings.model_copy(update=flags)
        self.files = files
        self._opened, self._own_parts = components, components is None
        self._lock, self._opening = threading.Lock(), threading.Lock()
        self._closed = False
        self._users = 0
        self._executor = DaemonThreads(MAX_WORKERS, "biomed-agent")
        self._life = Deadline()
        """cancelled when this agent is closed"""
        self._calls: WeakSet[Deadline] = WeakSet((self._life,))

    # -- verbs ---------------------------------------------------------------------------------

    def ask(
        self,
        question: str | Query,
        molecule: str | None = None,
        protein: str | None = None,
        policy: Policy = "ask",
        *,
        query: str | None = None,
        full_text: bool = False,
        model: ModelUse = "auto",
        show_undecided: bool = False,
        timeout: float | None = None,
    ) -> Answer:
        """Answer one question.

        Args:
            question: In plain words: names in quotes, identifiers and known names are found in it. Or a query whose
                parts are filled in.
            molecule: Name, identifier, SMILES, InChI or MOL block; wins over molecules named in the question.
            protein: Name, gene, accession or sequence (FASTA); wins over proteins named in the question.
            policy: See :class:`BioMedAgent`.
            query: Search string for PubMed, sent as it is; makes it a literature question. An empty one searches
                for the words of the question that may be sent.
            full_text: Whether open-access full texts are read for a literature question; without it they are only
                where no abstract fits.
            model: ``auto`` asks the model where no record answers and it is offered for the kind of question,
                ``always`` also beside records and for kinds it is not offered for, ``never`` not at all.
            show_undecided: Show all that the model said, each sentence with its verdict. Without it contradicted
                sentences are withheld, and of a demonstration model also those that nothing decides; the answer counts
                them.
            timeout: See :class:`BioMedAgent`.

        Returns:
            An answer whatever happened: look at ``status``.
        """
        options = {"model": model, "show_undecided": show_undecided, "full_text": full_text}
        return self._ask(question, molecule, protein, policy, query, timeout, options)

    def check(
        self,
        statement: str,
        molecule: str | None = None,
        protein: str | None = None,
        policy: Policy = "ask",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """Check a statement about a molecule or protein against its structure and records.

        Args:
            statement: One or more sentences.
            molecule: See :meth:`ask`.
            protein: See :meth:`ask`.
            policy: See :class:`BioMedAgent`.
            timeout: See :class:`BioMedAgent`.
        """
        from biomed_agent.answering.pipeline import statement_query

        return self._fill(statement, lambda: statement_query(statement, molecule, protein), policy, timeout)

    def find_molecule(self, name: str, policy: Policy = "ask", *, timeout: float | None = None) -> Answer:
        """Say which molecule a name, identifier or structure names, without asking the model.

        Args:
            name: See ``molecule`` of :meth:`ask`.
            policy: See :class:`BioMedAgent`.
            timeout: See :class:`BioMedAgent`.
        """
        return self._find("molecule", name, policy, timeout)

    def find_protein(
        self, name: str, organism: str = "", policy: Policy = "ask", *, timeout: float | None = None
    ) -> Answer:
        """Say which protein a name names, without asking the model; see :meth:`protein_card`."""
        return self.protein_card(name, organism, (), policy, timeout=timeout)

    def protein_card(
        self,
        name: str,
        organism: str = "",
        about: Sequence[str] = (),
        policy: Policy = "ask",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """Say which protein a name names, and what the sections asked for of its record state.

        Args:
            name: Gene, name, accession, isoform, entry name, EC number, variant or sequence.
            organism: Scientific name, or a word such as ``mouse``; human by default.
            about: Keys of :data:`biomed_agent.core.predicates.SECTIONS`, such as ``diseases``.
            policy: See :class:`BioMedAgent`.
            timeout: See :class:`BioMedAgent`.
        """
        from biomed_agent.answering.pipeline import protein_query

        return self._fill(name, lambda: protein_query(name, organism, about), policy, timeout)

    def search_literature(
        self, query: str, limit: int = 10, policy: Policy = "ask", *, timeout: float | None = None
    ) -> Answer:
        """List the articles of a search, the most relevant first, each with the passage that fits best.

        Args:
            query: Search string in PubMed's syntax, sent as it is, or PMIDs.
            limit: Most articles, up to 100.
            policy: Has no effect on articles.
            timeout: See :class:`BioMedAgent`.
        """
        return self._find("literature", query, policy, timeout, limit)

    def similar_molecules(
        self,
        molecule: str,
        threshold: float | None = None,
        limit: int = 10,
        where: Where = "auto",
        policy: Policy = "ask",
        *,
        timeout: float | None = None,
    ) -> Answer:
        """Find molecules like one, most alike first.

        Args:
            molecule: Name, identifier or structure. PubChem is told its CID, or its structure if it has none, which
                the egress policy must allow.
            threshold: Least similarity, 0 to 1: of PubChem's keys (0.9 when not given) or, in the local index, of
                Morgan fingerprints (0.4).
            limit: Most hits, up to 100; the answer says how many more there are.
            where: ``pubchem``, ``local``, or ``auto``: PubChem, and the local index when it may not or cannot answer.
            policy: See :class:`BioMedAgent`.
            timeout: See :class:`BioMedAgent`.
        """
        from biomed_agent.answering.pipeline import structure_query

        return self._fill(
            molecule, lambda: structure_query("similar", molecule, limit, threshold), policy, timeout, where=where
        )

    def substructure_matches(
        self, part: str, limit: int = 10, where: Where = "auto", policy: Policy = "ask", *, timeout: float | None = None
    ) -> Answer:
        """Find molecules that hold a structure as a part, the smallest first; see :meth:`similar_molecules`."""
        from biomed_agent.answering.pipeline import structure_query

        return self._fill(part, lambda: structure_query("contains", part, limit), policy, timeout, where=where)

    def molecule_properties(self, molecule: str, policy: Policy = "ask", *, timeout: float | None = None) -> Answer:
        """Compute descriptors, drug-likeness rules with every value, and structural alerts; only names leave.

        Args:
            molecule: Name, identifier or structure.
            policy: See :class:`BioMedAgent`.
            timeout: See :class:`BioMedAgent`.
        """
        query = Query("value", (Subject(molecule, "molecule"),), kind="computed")
        return self._fill(molecule, lambda: query, policy, timeout)

    def find_many(
        self,
        kind: FindKind,
        names: Sequence[str],
        limit: int = 10,
        policy: Policy = "strict",
        *,
        timeout: float | None = None,
    ) -> Answers:
        """Look many names up: an iterator of one answer for each, in order, with ``to_frame()`` for a table of values.

        PubChem is asked for 200 identifiers with one request and for names several at a time, UniProt for 500
        accessions with one; the first answer of a part tells what left for all of it.

        Args:
            kind: What to look for.
            names: See :meth:`find_molecule`, :meth:`find_protein`, :meth:`search_literature`; none opens a file.
            limit: Most articles of one search.
            policy: See :class:`BioMedAgent`; ``strict`` unless told otherwise, because nobody looks at each answer.
            timeout: Of each answer; see :class:`BioMedAgent`.
        """
        return Answers(numbered(self._find_each(kind, names, limit, policy, timeout)))

    def _find_each(
        self, kind: FindKind, names: Sequence[str], limit: int, policy: Policy, timeout: float | None
    ) -> Iterator[Answer]:
        from biomed_agent.answering.resolving.input_files import files_closed
        from biomed_agent.answering.resolving.prefetch import BATCH_SIZE, prefetch

        if kind not in BATCH_SIZE:
            raise InvalidInput(f"the kind is {kind!r}.", f"Expected one of {', '.join(BATCH_SIZE)}.")
        if isinstance(names, str):
            raise InvalidInput("the names are one string.", "Pass a list of names.")
        for start in range(0, len(names), BATCH_SIZE[kind]):
            part = names[start : start + BATCH_SIZE[kind]]
            readable = [name for name in part if isinstance(name, str)]
            missing: dict[str, BiomedAgentError] = {}
            left: list[str] = []
            components: Components | None = None
            with suppress(Unavailable), self._using() as opened, recording() as sent:  # closed, each answer says so
                left = sent
                components = prefetch(opened, readable) if kind == "molecule" else opened
                if kind == "protein":
                    missing = opened.resolver.fetch_together(readable)
            for name in part:
                with files_closed("Of many names none opens a file; look it up alone."):
                    answer = self._find(kind, name, policy, timeout, limit, components, missing.get(name))
                yield replace(answer, egress=(*left, *answer.egress))
                left = []

    def ask_many(
        self,
        questions: Iterable[Asked],
        policy: Policy = "strict",
        *,
        model: ModelUse = "auto",
        show_undecided: bool = False,
        timeout: float | None = None,
    ) -> Answers:
        """Answer many questions: an iterator of one answer for each, in order, with ``to_frame()`` for a table.

        Questions are read as answers are taken. Where databases or a model host are asked, several are under way at
        the same time. An error of one, a bug of ours among them, is the status of its answer and costs no other.

        Args:
            questions: Each in plain words, a query whose parts are filled in, or a mapping: ``question``, and beside
                it ``molecule`` or ``smiles``, ``protein`` or ``sequence``, ``query`` (a search string), and ``id``,
                which stands in the table. No cell opens a file.
            policy: See :class:`BioMedAgent`; ``strict`` unless told otherwise, because nobody looks at each answer.
            model: See :meth:`ask`.
            show_undecided: See :meth:`ask`.
            timeout: Of each answer; see :class:`BioMedAgent`.
        """
        options = {"policy": policy, "model": model, "show_undecided": show_undecided, "timeout": timeout}
        life = ChildDeadline(CURRENT.get())
        self._register(life)
        return Answers(ask_each(self.ask, questions, options, self._waits_for_others, life))

    def _waits_for_others(self) -> bool:
        """Whether answers wait for databases or a model host, so that several at a time are sooner done."""
        with suppress(Unavailable), self._using() as components:  # closed, each answer says so
            return components.transport is not None or bool(self.settings.host)
        return False

    def articles(self, query: str, limit: int = 10, *, timeout: float | None = None) -> list[Article]:
        """Return the articles of a literature query as records, the most relevant first.

        Args:
            query: Search string in PubMed's syntax, sent as it is; Europe PMC answers when PubMed cannot.
            limit: Most articles. Retracted ones are among them, and marked.
            timeout: Seconds after which :class:`~biomed_agent.core.errors.TimedOut` is raised.

        Raises:
            BiomedAgentError: The look-up was refused or failed, or PubMed would ignore a word of the query.
        """
        with self._within(timeout), self._using() as components:
            return components.retriever.articles(query, limit, [])

    aask = async_twin(ask)
    acheck = async_twin(check)
    afind_molecule = async_twin(find_molecule)
    afind_protein = async_twin(find_protein)
    aprotein_card = async_twin(protein_card)
    asearch_literature = async_twin(search_literature)
    asimilar_molecules = async_twin(similar_molecules)
    asubstructure_matches = async_twin(substructure_matches)
    amolecule_properties = async_twin(molecule_properties)
    afind_many = async_answers_twin(find_many)
    aask_many = async_answers_twin(ask_many)
    aarticles = async_twin(articles)

    # -- life ----------------------------------------------------------------------------------

    def chat(self) -> Chat:
        """Return a conversation that remembers which molecule and protein it is about."""
        from biomed_agent.answering.chat import Chat

        return Chat(self)

    def warm_up(self) -> None:
        """Load what the first question would load, the model included."""
        with self._using() as components:
            load = getattr(components.generator, "load", None)
            if load is not None:
                load()

    def close(self) -> None:
        """Cancel the calls that run; give back connections, files, threads and the model. Harmless when repeated."""
        with self._lock:
            self._closed = True
            calls = list(self._calls)
        for deadline in calls:
            deadline.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._close_unused()

    async def aclose(self) -> None:
        """Like :meth:`close`."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        """Copy as settings: the copy opens parts of its own."""
        if not self._own_parts:
            raise TypeError("an agent that was given its components cannot be copied")
        return type(self)(settings=self.settings, files=self.files)

    @contextmanager
    def _using(self) -> Iterator[Components]:
        """Use the components within the block; they are not closed before every call that uses them has ended."""
        with self._lock:
            self._users += 1
        try:
            yield self._components
        finally:
            with self._lock:
                self._users -= 1
            self._close_unused()

    def _close_unused(self) -> None:
        """Close the components of a closed agent once nothing uses them: a database in use must not be closed."""
        with self._lock:
            if not self._closed or self._users:
                return
            components, self._opened = self._opened, None
        if components is not None:
            components.close()

    @property
    def _components(self) -> Components:
        """The parts answers are made with, opened at the first call; closing does not wait for that."""
        if (opened := self._opened_already()) is not None:
            return opened
        with self._opening:
            if (opened := self._opened_already()) is not None:
                return opened
            from biomed_agent.answering.components import open_components

            opened = open_components(self.settings, files=self.files)
            with self._lock:
                if not self._closed:
                    self._opened = opened
                    return opened
        opened.close()
        raise _closed()

    def _opened_already(self) -> Components | None:
        with self._lock:
            if self._closed:
                raise _closed()
            return self._opened

    def _register(self, deadline: Deadline) -> None:
        """Have :meth:`close` cancel a deadline."""
        with self._lock:
            self._calls.add(deadline)

    # -- how a verb is run ---------------------------------------------------------------------

    def _ask(
        self,
        question: str | Query,
        molecule: str | None,
        protein: str | None,
        policy: Policy,
        search: str | None,
        timeout: float | None,
        options: dict[str, Any],
        memory: Memory | None = None,
    ) -> Answer:
        """Answer a question; what it takes over from those before it stands in ``memory``, which takes it in."""

        def path(context: AnswerContext) -> Answer:
            if isinstance(question, Query):
                from biomed_agent.answering.pipeline import answer_query

                return answer_query(context, question)
            from biomed_agent.answering.plain_words import answer_words

            return answer_words(context, question, molecule, protein, search, memory)

        words = question if not isinstance(question, Query) else _words_of(question)
        return self._run(words, policy, path, timeout=timeout, **options)

    def _find(
        self,
        kind: FindKind,
        name: str,
        policy: Policy,
        timeout: float | None,
        limit: int = 10,
        components: Components | None = None,
        error: BiomedAgentError | None = None,
    ) -> Answer:
        """Look one name up; ``error`` says that it is known already why it cannot be."""

        def make() -> Query:
            from biomed_agent.answering.pipeline import protein_query

            if error is not None:
                raise error
            if kind == "literature":
                return Query("papers", object=name, limit=limit, aggregate="list", kind="literature")
            return protein_query(name) if kind == "protein" else Query("locate", (Subject(name, "molecule"),))

        return self._fill(name, make, policy, timeout, components=components)

    def _fill(
        self,
        words: str,
        make: Callable[[], Query],
        policy: Policy,
        timeout: float | None,
        *,
        components: Components | None = None,
        **options: Any,
    ) -> Answer:
        """Answer a query that ``make`` fills in, within the call, so that what it raises becomes the answer."""

        def path(context: AnswerContext) -> Answer:
            from biomed_agent.answering.pipeline import answer_query

            return answer_query(context, make(), no_file="")

        return self._run(words, policy, path, components, timeout=timeout, **options)

    def _run(
        self,
        question: str,
        policy: Policy,
        path: Callable[[AnswerContext], Answer],
        components: Components | None = None,
        *,
        timeout: float | None = None,
        **options: Any,
    ) -> Answer:
        """Run ``path``; turn a deliberate error into an answer; add what left and how long it took."""
        from biomed_agent.answering.context import AnswerContext, Draft

        started = time.monotonic()
        draft = Draft(question if isinstance(question, str) else repr(question))
        left: list[str] = []
        try:
            check_question(question)
            _check_options(policy, **options)
            with self._within(timeout), self._using() as opened:
                parts = components or opened
                # Where all answers are here, nothing can leave.
                here = parts.transport is None and parts.generator is None
                with nullcontext(left) if here else recording() as left:
                    answer = path(AnswerContext(parts, draft, policy, self.settings.egress, **options))
        except BiomedAgentError as error:
            answer = draft.fail(error)
        shown = answer.question if len(answer.question) <= MAX_QUESTION else f"{answer.question[:200]}..."
        return replace(answer, question=shown, egress=tuple(left), seconds=round(time.monotonic() - started, 3))

    @contextmanager
    def _within(self, timeout: float | None) -> Iterator[None]:
        """Work within a deadline of this call, which ends with that of the call it is a part of, and with the agent."""
        parent = CURRENT.get()
        self._opened_already()  # a closed agent says so first
        if timeout is None and parent is NEVER:  # only the end of the agent ends it
            token = CURRENT.set(self._life)
            try:
                yield
            finally:
                CURRENT.reset(token)
            return
        parent.check()
        deadline = ChildDeadline(parent, timeout)
        self._register(deadline)
        with nullcontext() if parent is NEVER else parent.on_cancel(deadline.cancel), running(deadline):
            yield


def _closed() -> Unavailable:
    return Unavailable("this agent was closed.", "Make another.")


def _words_of(query: Query) -> str:
    """Return what stands for the question of a query that was filled in, whatever was filled in."""
    parts = (part for part in (query.text, query.object, query.frame) if isinstance(part, str) and part.strip())
    return next(parts, "a query")


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


def _check_options(
    policy: object,
    model: object = "auto",
    show_undecided: object = False,
    full_text: object = False,
    where: object = "auto",
) -> None:
    """Raise :class:`InvalidInput` for a value that an option cannot have, such as the word "no" for False."""
    uses = get_args(ModelUse)
    if policy not in ("ask", "best", "strict"):
        raise InvalidInput(f"policy is {policy!r}.", "Expected ask, best or strict.")
    if model not in uses:
        raise InvalidInput(f"model is {model!r}.", f"Expected {', '.join(uses[:-1])} or {uses[-1]}.")
    for name, switch in (("show_undecided", show_undecided), ("full_text", full_text)):
        if not isinstance(switch, bool):
            raise InvalidInput(f"{name} is {switch!r}.", "Expected True or False.")
    if where not in ("auto", "pubchem", "local"):
        raise InvalidInput(f"where is {where!r}.", "Expected auto, pubchem or local.")
