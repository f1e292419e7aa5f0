"""What a question in a conversation takes over from the ones before: a slot of the last query is changed.

A pronoun is read by the frames themselves, from what was last named; here stand the questions that leave out more than
a name: "and for nilotinib?", "what about KIT?", "and below 1 nM?", "which is stronger?", "the first one".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from biomed_agent.answering.reading import lists
from biomed_agent.answering.reading.phrases import Role
from biomed_agent.answering.reading.slots import Slots
from biomed_agent.answering.reading.tagging import Piece, Thing, subjects_of
from biomed_agent.core.predicates import COMPUTED
from biomed_agent.core.query import OTHERS, Filter, Query, Subject
from biomed_agent.core.types import Candidate

MAX_REMEMBERED = 6
"""things that a conversation remembers, the last named first"""


@dataclass(slots=True)
class Memory:
    """What a conversation was about.

    Args:
        query: The last question that was read whole.
        things: What was named, the last first; subjects before objects.
        candidates: What an ambiguous name of the last question can mean.
        ambiguous: That name.
        together: What the last question was about.
        series: The last questions about affinities, as far as they follow each other.
        told: Handles of what the last list named.
    """

    query: Query | None = None
    things: tuple[Thing, ...] = ()
    candidates: tuple[Candidate, ...] = field(default=())
    ambiguous: str = ""
    together: tuple[Thing, ...] = ()
    series: tuple[Query, ...] = ()
    told: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> list[Thing]:
        """Return what of a kind was named, the last first."""
        return [thing for thing in self.things if kind in thing.kinds]

    def remember(self, things: Sequence[Thing]) -> None:
        """Put things in front of what is remembered."""
        seen = {thing.text: thing for thing in (*things, *self.things)}
        self.things = tuple(seen.values())[:MAX_REMEMBERED]

    def forget(self) -> None:
        """Forget everything: a name that failed is not the old one."""
        self.query, self.things, self.candidates, self.ambiguous = None, (), (), ""
        self.together, self.series, self.told = (), (), ()


def follow(
    memory: Memory, query: Query | None, unread: Sequence[str], pieces: Sequence[Piece], text: str
) -> Query | None:
    """Return the query that a clause makes of the last one; None where it stands by itself.

    Args:
        memory: What the conversation was about.
        query: What the clause was read as by itself.
        unread: Words of it that were not read.
        pieces: What it was cut into.
        text: The question it is a part of.
    """
    if memory.candidates and (chosen := _chosen(memory, pieces)) is not None:
        return chosen
    last = memory.query
    if last is None:
        return None
    named = [piece.thing for piece in pieces if piece.thing is not None]
    if memory.candidates and named and _asks_again(pieces):
        meant = subjects_of(named[:1])[0]
        return replace(last, subjects=tuple(meant if each.text == memory.ambiguous else each for each in last.subjects))
    if (
        not named and last.frame == "compare" and last.aggregate == "compare" and query is not None and not unread
        and query.frame == "value" and set(query.predicates) <= set(COMPUTED)
        and not any(piece.says("pronoun") for piece in pieces)
    ):  # fmt: skip
        return replace(last, predicates=query.predicates, object="", order="")
    if not named and last.frame == "compare" and last.predicates and any(p.says("difference") for p in pieces):
        return replace(last, object="difference", order="", aggregate="compare")
    if not named and any("else" in piece.text.lower().split() for piece in pieces):
        return _others(memory, last, query, unread, pieces)
    if not named:
        return _ranked(memory, last, pieces) or _narrowed(last, text, pieces)
    if last.frame == "list" and _asks_again(pieces):
        return _about_others(last, named, pieces)
    if query is not None and query.frame == "compare" and not query.predicates and not query.object and not unread:
        return _compared(memory, last, named)
    if _asks_again(pieces):
        return _about_others(last, named, pieces)
    return None


def _chosen(memory: Memory, pieces: Sequence[Piece]) -> Query | None:
    """Return the last query about the candidate that is chosen: "the first one", "the second", "number 2", "2"."""
    if memory.query is None or any(piece.thing is not None for piece in pieces):
        return None
    places = [piece.value("ordinal")[0] for piece in pieces if piece.says("ordinal")]
    numbers = [str(int(piece.number)) for piece in pieces if piece.number is not None]
    if len(places) + len(numbers) != 1 or any(_says_more(piece) for piece in pieces):
        return None
    place = int((places or numbers)[0])
    place = len(memory.candidates) if place < 0 else place
    if not 1 <= place <= len(memory.candidates):
        return None
    candidate = memory.candidates[place - 1]
    kind = candidate.kind if candidate.kind in ("molecule", "protein") else None
    subjects = tuple(
        Subject(candidate.handle, kind) if subject.text == memory.ambiguous else subject
        for subject in memory.query.subjects
    )
    return replace(memory.query, subjects=subjects)


def _says_more(piece: Piece) -> bool:
    return not piece.mark and not piece.says("ordinal", "number", "cardinal", "filler", "pronoun", "imperative", "top")


def _asks_again(pieces: Sequence[Piece]) -> bool:
    """Whether a clause only names other things: "and for nilotinib?", "what about KIT and BRAF?"."""
    return all(
        piece.thing is not None
        or piece.mark
        or piece.text.lower() == "or"
        or piece.says("again", "and", "filler", "organism", "kind", "class")
        for piece in pieces
    )


def _about_others(last: Query, named: Sequence[Thing], pieces: Sequence[Piece]) -> Query | None:
    """Return the last query with subjects of a kind exchanged for others of that kind."""
    kinds = {subject.kind for subject in last.subjects}
    if any(piece.text.lower() in ("gene", "genes") for piece in pieces) and set(last.predicates) & set(COMPUTED):
        return None  # no record here states a length of a gene
    fitting = next((kind for kind in ("molecule", "protein") if all(kind in t.kinds for t in named)), None)
    if fitting is None:
        return None
    others = subjects_of(named, fitting)  # type: ignore[arg-type]
    if last.frame == "compare" and fitting in kinds and not last.filters and len(last.subjects) > len(others):
        kept = last.subjects[: -len(others)] if last.aggregate == "yes_no" else last.subjects
        return replace(last, subjects=(*kept, *others))  # yes or no of the first and this one; else this one besides
    if fitting in kinds or None in kinds:
        kept = tuple(subject for subject in last.subjects if subject.kind not in (fitting, None))
        molecules = [s for s in (*kept, *others) if s.kind == "molecule"]
        return replace(last, subjects=(*molecules, *(s for s in (*kept, *others) if s.kind != "molecule")))
    if last.frame == "list" and last.subjects:  # partners of one thing, and now one of them
        pair = sorted((*last.subjects, *others), key=lambda subject: subject.kind != "molecule")
        return Query("relation", tuple(pair), last.predicates, filters=last.filters, kind="activity")
    if last.frame in ("value", "describe"):
        return replace(last, subjects=others)
    return None


def _narrowed(last: Query, text: str, pieces: Sequence[Piece]) -> Query | None:
    """Return the last list with other limits: "and below 1 nM?", "only the top 3", "how many?"."""
    if last.frame != "list" or not last.subjects:
        return None
    s = Slots(text, pieces)
    measure = next((condition.field for condition in last.filters if condition.field != "protein class"), "")
    unit = next((condition.unit for condition in last.filters if condition.unit), "")
    conditions = s.filters(affinities=True, usual=measure, usual_unit=unit)
    classes = [Filter("protein class", "has", p.value("class")[0], words=p.text) for p in s.take("class")]
    conditions += classes if last.object == "protein" else []
    counted = bool(s.take("count"))
    strongest, weakest = s.take("strongest", "top"), s.take("weakest")
    limit = lists.limit_of(s)
    s.take("only", "imperative", "kind", "partner", "again", "bind", "contain", "rank", "unit", "than", "pronoun")
    if last.aggregate == "count" and not s.unread() and any(piece.says("wh") for piece in pieces):
        return replace(last, aggregate="list")  # "Which ones?"
    if s.unread() or not (conditions or counted or strongest or weakest or limit):
        return None
    replaced = any(condition.field != "protein class" for condition in conditions)
    kept = [f for f in last.filters if not replaced or f.field == "protein class"]
    one = 1 if (strongest or weakest) and limit is None and not counted else None
    return replace(
        last,
        filters=(*kept, *conditions),
        limit=limit or one or (None if counted or conditions else last.limit),
        order="weakest" if weakest else last.order,
        aggregate="count" if counted or (last.aggregate == "count" and conditions and not one) else "list",
    )


_RANKING: tuple[Role, ...] = (
    "more", "less", "strongest", "weakest", "wh", "partner", "bind", "kind", "class", "than", "measure", "filler",
    "aux", "and", "again", "pronoun", "compare",
)  # fmt: skip
"""what the words of "which one binds more strongly?" may say"""


def _ranked(memory: Memory, last: Query, pieces: Sequence[Piece]) -> Query | None:
    """Return which of those that were asked about one after the other binds more strongly: "which is stronger?"."""
    if any(not piece.mark and piece.thing is None and not piece.says(*_RANKING) for piece in pieces):
        return None
    stronger = any(("affinity",) in piece.values("more") or piece.says("strongest") for piece in pieces)
    weaker = any(("affinity",) in piece.values("less") or piece.says("weakest") for piece in pieces)
    if last.frame not in ("relation", "compare") or not (stronger or weaker):
        return None
    molecules, proteins = _asked_in_turn(memory.series)
    if not molecules or not proteins or len(molecules) + len(proteins) < 3:
        return None
    if any(word in ("two", "both") for piece in pieces for word in piece.text.lower().split()):
        molecules, proteins = molecules[-2:], proteins[-2:]
    return Query(
        "compare", (*molecules, *proteins), last.predicates or ("affinity",), order="most" if stronger else "least",
        aggregate="compare", kind="activity",
    )  # fmt: skip


def _asked_in_turn(series: Sequence[Query]) -> tuple[list[Subject], list[Subject]]:
    """Return the molecules and proteins of the last questions of a series, as far back as one of the two is one."""
    molecules: dict[str, Subject] = {}
    proteins: dict[str, Subject] = {}
    for query in reversed(series):
        more = {s.text: s for s in query.subjects if s.kind == "molecule"} | molecules
        others = {s.text: s for s in query.subjects if s.kind == "protein"} | proteins
        if molecules and len(more) > 1 and len(others) > 1:
            break
        molecules, proteins = more, others
    return [*molecules.values()], [*proteins.values()]


def _others(
    memory: Memory, last: Query, query: Query | None, unread: Sequence[str], pieces: Sequence[Piece]
) -> Query | None:
    """Return a list without what was named before: "anything else?", "what else does it bind?"."""
    if query is not None and query.frame == "list" and not unread:
        wanted = query
    elif last.frame == "list" and last.aggregate == "list" and all(_only_asks(piece) for piece in pieces):
        wanted = replace(last, limit=None, filters=tuple(f for f in last.filters if f.field != OTHERS))
    else:
        return None
    if not memory.told or not {each.text for each in wanted.subjects} <= {each.text for each in last.subjects}:
        return None
    return replace(wanted, filters=(*wanted.filters, Filter(OTHERS, "!=", memory.told, words="not named before")))


def _only_asks(piece: Piece) -> bool:
    return piece.mark or piece.says("filler", "wh", "everything", "pronoun", "aux", "and") or piece.text == "else"


def _compared(memory: Memory, last: Query, named: Sequence[Thing]) -> Query | None:
    """Return the last values compared with those of another thing: "how does that compare with imatinib?"."""
    kinds = {kind for thing in named for kind in thing.kinds}
    same = [subject for subject in last.subjects if subject.kind in kinds]
    if not same:
        return None
    if last.frame == "relation":
        others = [subject for subject in last.subjects if subject not in same]
        subjects = (*same, *subjects_of(named), *others)
        ordered = tuple(sorted(subjects, key=lambda subject: subject.kind != "molecule"))
        return Query("compare", ordered, last.predicates or ("affinity",), order="most", aggregate="compare",
                     kind="activity")  # fmt: skip
    predicates = tuple(name for name in last.predicates if name in COMPUTED)
    if not predicates:
        return None
    return Query("compare", (*same, *subjects_of(named)), predicates, aggregate="compare", kind="computed")
