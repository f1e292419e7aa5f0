"""How a question is read, word by word: what each piece was taken for, and the query that its clause became."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from biomed_agent.answering.reading.phrases import Meaning, Role
from biomed_agent.answering.reading.reader import Clause, Reading
from biomed_agent.answering.reading.slots import NEUTRAL, Given, Slots
from biomed_agent.answering.reading.tagging import Piece, Thing
from biomed_agent.answering.reading.unread import left_over, shown, word_of
from biomed_agent.answering.wording import compose
from biomed_agent.answering.wording.explained import ClauseWords, reading_text, taken_for
from biomed_agent.core.plain_values import plain_values
from biomed_agent.core.query import EntityKind, Filter, Frame, Query

if TYPE_CHECKING:
    from biomed_agent.answering.components import Components

_KINDS: tuple[EntityKind, ...] = ("molecule", "protein")
_BY_FRAME: dict[Frame, str] = {"papers": "search word", "is_a": "statement", "count": "counted", "list": "condition"}
"""what the pieces are that a frame reads whatever the table says of them"""


class Agent(Protocol):
    """Whose names are known: a :class:`biomed_agent.BioMedAgent`."""

    def _using(self) -> AbstractContextManager[Components]: ...


@dataclass(frozen=True, slots=True)
class ReadPiece:
    """A piece of a question and what it was taken for.

    Args:
        text: As it stands in the question.
        start: Its first character.
        end: One past its last.
        role: What it does: a role of the table of phrases, ``thing`` for a name, or ``unread``.
        value: What it says in this role.
        taken_for: The same in plain words.
    """

    text: str
    start: int
    end: int
    role: str
    value: tuple[str, ...]
    taken_for: str

    @property
    def read(self) -> bool:
        """Whether it was read; a question with a piece that was not is not answered."""
        return self.role != "unread"


@dataclass(frozen=True, slots=True)
class ReadClause:
    """One thing that a question asks, and how that was found out.

    Args:
        text: Its words.
        pieces: What it was cut into; punctuation is left out.
        query: What it became, without the words that were not read; None where no frame fits.
        read_as: The query in one line, with the names as the question has them.
        unread: Words of it that were not read.
    """

    text: str
    pieces: tuple[ReadPiece, ...]
    query: Query | None
    read_as: str
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question was read; ``str()`` writes it for a person.

    Args:
        question: As it was asked.
        clauses: What it asks, in order.
    """

    question: str
    clauses: tuple[ReadClause, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        plain: dict[str, Any] = plain_values(self)
        return plain

    def to_text(self, width: int = 88, color: bool = False) -> str:
        """Return it for a person, wrapped at ``width`` columns."""
        clauses = [
            ClauseWords(
                clause.text,
                [(piece.text, piece.taken_for) for piece in clause.pieces],
                clause.read_as,
                clause.query.frame if clause.query is not None else None,
                clause.unread,
            )
            for clause in self.clauses
        ]
        return reading_text(clauses, width, color)

    def __str__(self) -> str:
        return self.to_text()


def explain(agent: Agent, question: str, molecule: str | None = None, protein: str | None = None) -> Explanation:
    """Say how a question is read; nothing is resolved, looked up or answered.

    ::

        with BioMedAgent(offline=True, model="none") as agent:
            print(explain(agent, "How heavy is caffeine?"))

    Args:
        agent: Whose index holds the names.
        question: See :meth:`biomed_agent.BioMedAgent.ask`.
        molecule: See :meth:`biomed_agent.BioMedAgent.ask`.
        protein: See :meth:`biomed_agent.BioMedAgent.ask`.

    Raises:
        InvalidInput: The question is empty, too long, or no text.
    """
    from biomed_agent.answering.agent import check_question

    check_question(question)
    pairs = zip(_KINDS, (molecule, protein), strict=True)
    given = tuple(Thing(None, text, frozenset({kind})) for kind, text in pairs if text is not None)
    with agent._using() as components:
        return explain_reading(Reading(question, components.index, Given(given)))


def explain_reading(reading: Reading) -> Explanation:
    """Say how a question was read."""
    clauses: list[ReadClause] = []
    given = reading.given
    for clause in reading.clauses():
        clauses.append(_explained(reading, clause, given))
        if named := [piece.thing for piece in clause.pieces if piece.thing is not None]:
            given = Given(given.things, (*named, *given.last), tuple(named))
    return Explanation(reading.text, tuple(clauses))


@dataclass(slots=True)
class _Noted(Slots):
    """Slots that note in which role each piece is read."""

    roles: dict[int, Role] = field(default_factory=dict)
    limits: dict[int, Filter] = field(default_factory=dict)

    def take(self, *roles: Role) -> list[Piece]:
        before = set(self.used)
        taken = Slots.take(self, *roles)
        for number in self.used - before:
            self.roles[number] = next(one.role for one in self.pieces[number].meanings if one.role in roles)
        return taken

    def take_value(self, role: Role, *values: str) -> list[Piece]:
        before = set(self.used)
        taken = Slots.take_value(self, role, *values)
        self.roles.update(dict.fromkeys(self.used - before, role))
        return taken

    def _filter(self, affinities: bool) -> Filter | None:
        before = set(self.used)
        found = Slots._filter(self, affinities)
        if found is not None:
            self.limits.update(dict.fromkeys(self.used - before, found))
        return found


def _explained(reading: Reading, clause: Clause, given: Given) -> ReadClause:
    query = clause.query
    slots = _filled(reading, clause, given)
    pieces = tuple(_read_piece(slots, clause, number) for number, piece in enumerate(clause.pieces) if not piece.mark)
    names = [subject.text.removeprefix("smiles:") for subject in query.subjects] if query is not None else []
    read_as = compose.read_as(query, names) if query is not None else ""
    return ReadClause(" ".join(clause.text.split()), pieces, query, read_as, clause.unread)


def _filled(reading: Reading, clause: Clause, given: Given) -> _Noted:
    """Return the slots as the frame that made the query of a clause leaves them; untouched where none did."""
    if clause.query is not None:
        for frame in reading._frames():
            slots = _Noted(reading.text, clause.pieces, given)
            if frame(slots) == clause.query and {*shown(slots.text, left_over(slots, clause.query.frame))} == {
                *clause.unread
            }:
                return slots
    return _Noted(reading.text, clause.pieces, given)


def _read_piece(slots: _Noted, clause: Clause, number: int) -> ReadPiece:
    piece = clause.pieces[number]
    role, value = _taken(slots, clause, number)
    return ReadPiece(piece.text, piece.start, piece.end, role, value, taken_for(role, value))


def _taken(slots: _Noted, clause: Clause, number: int) -> tuple[str, tuple[str, ...]]:
    """Return the role in which a piece was read, and what it says in it."""
    piece, query = clause.pieces[number], clause.query
    if (
        piece in left_over(slots, query.frame if query is not None else None)
        and word_of(slots.text, piece) in clause.unread
    ):
        return "unread", ()
    if piece.thing is not None:
        return _named(slots, query, piece.thing)
    if (limit := slots.limits.get(number)) is not None:
        return "condition", (str(limit),)
    if query is not None and query.frame == "list" and query.limit is not None and piece.number == query.limit:
        return "limited", ()
    if number in slots.roles and number in slots.used:
        return _said(slots, query, piece, slots.roles[number])
    if query is None or number not in slots.used:
        return _beside(slots, query, piece)
    if query.frame in _BY_FRAME and not (query.frame == "list" and piece.says("kind", "class")):
        named = [str(condition) for condition in query.filters if piece.text in condition.words]
        return _BY_FRAME[query.frame], tuple(named[:1]) or (piece.text,)
    if piece.text == "*":
        return "dummy", ()
    return _said(slots, query, piece, piece.meanings[0].role) if piece.meanings else ("other", ())


def _named(slots: _Noted, query: Query | None, thing: Thing) -> tuple[str, tuple[str, ...]]:
    """Say what a name was taken for: what the question is about, a part of something, or nothing."""
    kinds = thing.kinds
    if query is not None and all(subject.text != thing.text for subject in query.subjects):
        if slots.is_covered(thing):
            return "passed over", ()
        if query.frame in _BY_FRAME:
            return _BY_FRAME[query.frame], (thing.text,)
    kind = next((one.kind for one in query.subjects if one.text == thing.text), None) if query is not None else None
    known = [kind] if kind is not None else [one for one in _KINDS if one in kinds]
    return "thing", (" or ".join(f"a {one}" for one in known),)


def _said(slots: _Noted, query: Query | None, piece: Piece, role: Role) -> tuple[str, tuple[str, ...]]:
    """Return a role with what a piece says in it: of several values the one that the query asks for."""
    values = piece.values(role)
    wanted = {name.lower() for name in (*query.predicates, query.order, query.object)} if query is not None else set()
    value = next((one for one in values if {name.lower() for name in one} & wanted), values[0] if values else ())
    if role == "pronoun":
        return _beside(slots, query, piece)
    return role, value


def _beside(slots: _Noted, query: Query | None, piece: Piece) -> tuple[str, tuple[str, ...]]:
    """Return what a piece does that no frame reads: it changes nothing, or stands for what was named before."""
    if piece is slots.opens_with and slots.asks_yes_or_no and query is not None and query.aggregate == "yes_no":
        return "yes or no", ()
    if piece.says("pronoun") and query is not None:
        named = {one.thing.text for one in slots.pieces if one.thing is not None}
        if meant := tuple(subject.text for subject in query.subjects if subject.text not in named):
            return "stands for", meant
    neutral = next((one for one in piece.meanings if one.role in NEUTRAL), None)
    first = neutral or next(iter(piece.meanings), Meaning("other"))
    if neutral is None and query is None:
        return "unused", ()
    return cast(str, first.role), first.value
