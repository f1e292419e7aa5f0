"""What is asked, with every part in its place: the narrow waist between doors and handlers.

The reader of plain words fills a :class:`Query`, and so may a tool, a workflow file or a caller in Python; one handler
for each frame consumes it (:mod:`biomed_agent.answering.handlers`).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from biomed_agent.core.errors import InvalidInput

Frame: TypeAlias = Literal[
    "value", "describe", "is_a", "contains", "relation", "compare", "count", "list", "similar", "locate", "papers",
    "convert", "unknown",
]  # fmt: skip
"""What is wanted: values of predicates; a description; whether a statement holds; molecules that hold a part; what was
measured of a pair; whether two names name one thing; a number; what binds; molecules that are alike; which entity a
name names; passages of articles; another notation of an identifier; ``unknown``: the words were not understood."""
Kind: TypeAlias = Literal[
    "identity", "computed", "stored", "description", "name", "function", "family", "location", "activity", "literature",
    "claim", "search", "other",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
"""``name`` to ``location`` are a protein's, ``activity`` is a pair's, ``claim`` checks a statement,
``search`` looks for molecules by structure."""
FilterRelation: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "between", "in", "has", "lacks"]
Aggregate: TypeAlias = Literal["", "count", "compare", "list", "yes_no"]
EntityKind: TypeAlias = Literal["molecule", "protein"]
OTHERS = "partner"
"""field of a filter that leaves partners out, by their handles: ``Filter(OTHERS, "!=", ("CID:5291",))``"""
MAX_LISTED = 100
"""things that a query lists at most"""
MAX_SHOWN_CHARACTERS = 120
"""of a wrong value that an error shows"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about, before it is resolved.

    Args:
        text: Name, identifier, structure or sequence.
        kind: What it is; None where the words do not tell.
    """

    text: str
    kind: EntityKind | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What must hold of each thing of a list.

    Args:
        field: A predicate, such as ``Kd``; ``affinity`` for any measured concentration.
        relation: How the field lies to the value.
        value: What it is compared with; two numbers for ``between``, several for ``in``.
        unit: Of the value.
        words: As the question writes it; empty where it was filled in.
    """

    field: str
    relation: FilterRelation
    value: str | float | tuple[str | float, ...]
    unit: str = ""
    words: str = ""

    def __str__(self) -> str:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        shown = " to ".join(value if isinstance(value, str) else f"{value:g}" for value in values)
        return self.words or f"{self.field} {self.relation} {shown} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Query:
    """One question, read; :meth:`biomed_agent.BioMedAgent.ask` answers it, or refuses a part that its frame cannot use.

    >>> query = Query.from_dict({"frame": "value", "subjects": ["caffeine"], "predicates": ["logP", "TPSA"]})
    >>> query.subjects[0].text
    'caffeine'

    Args:
        frame: What is wanted, such as ``value`` (of predicates), ``describe``, ``relation`` (what was measured of a
            molecule and a protein), ``list`` (what binds), ``similar`` and ``contains`` (molecules by structure),
            ``is_a`` (whether a statement holds) or ``papers``; see :data:`Frame`. ``count`` and ``convert`` are
            refused so far.
        subjects: What it is about; none for ``papers``. The order of those of a ``relation`` says which go together:
            see :func:`pairs_of`.
        predicates: The values that are asked for: names of :data:`biomed_agent.core.predicates.PREDICATES`.
        object: The statement that ``is_a`` checks, or the search string of ``papers``.
        filters: What must hold: of each thing listed, of the organism of a protein, of the least similarity.
        order: Predicate by which a list is ordered; empty for the usual order. No frame takes it so far.
        limit: Most things listed, up to :data:`MAX_LISTED`; None for the usual number.
        aggregate: What is made of what is found; ``list`` makes ``papers`` list articles.
        unread: Words of the question that were not understood.
        text: The question's words, with ``it`` for every name; empty where the query was filled in.
        kind: Kind of question, by which a model is asked.
    """

    frame: Frame
    subjects: tuple[Subject, ...] = ()
    predicates: tuple[str, ...] = ()
    object: str = ""
    filters: tuple[Filter, ...] = ()
    order: str = ""
    limit: int | None = None
    aggregate: Aggregate = ""
    unread: tuple[str, ...] = ()
    text: str = ""
    kind: Kind = "other"

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Query:
        """Return the query that plain JSON values describe; subjects may be strings.

        Raises:
            InvalidInput: A field is unknown, or has a value that it cannot have.
        """
        if not isinstance(plain, Mapping):
            raise InvalidInput(f"a query is {_shown(plain)}.", "Expected a mapping with the names of its fields.")
        names = [field.name for field in fields(cls)]
        if unknown := [name for name in plain if name not in names]:
            raise InvalidInput(f"a query has no field {_shown(unknown[0])}.", f"Expected some of {', '.join(names)}.")
        if "frame" not in plain:
            raise InvalidInput("a query needs its frame.", f"Expected one of {', '.join(get_args(Frame))}.")
        values = dict(plain)
        try:
            if "subjects" in values:
                values["subjects"] = tuple(_read(Subject, subject) for subject in _several(values["subjects"]))
            if "filters" in values:
                values["filters"] = tuple(_read(Filter, condition) for condition in _several(values["filters"]))
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"subjects or filters of a query cannot be read: {error}.") from None
        for name in ("predicates", "unread"):
            if name in values:
                values[name] = _several(values[name])
        return check_query(cls(**values))


def pairs_of(subjects: Sequence[Subject]) -> list[tuple[Subject, Subject]]:
    """Return which molecule and which protein go together: each run of one kind goes with the next run of the other.

    >>> one, other, first, second = [Subject(name, "molecule") for name in "ab"] + [Subject(n, "protein") for n in "cd"]
    >>> [(left.text, right.text) for left, right in pairs_of([one, other, first, second])]
    [('a', 'c'), ('a', 'd'), ('b', 'c'), ('b', 'd')]
    >>> [(left.text, right.text) for left, right in pairs_of([one, first, other, second])]
    [('a', 'c'), ('b', 'd')]

    Args:
        subjects: Of a query of frame ``relation``; a last run without another goes with none.
    """
    runs = [list(run) for _, run in itertools.groupby(subjects, key=lambda subject: subject.kind)]
    if any(subject.kind is None for subject in subjects):
        return []
    pairs: list[tuple[Subject, Subject]] = []
    for one, other in zip(runs[::2], runs[1::2], strict=False):
        molecules, proteins = (one, other) if one[0].kind == "molecule" else (other, one)
        pairs += itertools.product(molecules, proteins)
    return pairs


def check_query(query: Query) -> Query:
    """Return a query whose parts have values that they can have.

    Raises:
        InvalidInput: One has not; it is named.
    """
    _check_types(query)
    choices: tuple[tuple[str, object, tuple[Any, ...]], ...] = (
        ("frame", query.frame, get_args(Frame)),
        ("kind", query.kind, KINDS),
        ("aggregate", query.aggregate, get_args(Aggregate)),
        *(("kind of a subject", subject.kind, (None, *get_args(EntityKind))) for subject in query.subjects),
        *(("relation of a filter", condition.relation, get_args(FilterRelation)) for condition in query.filters),
    )
    for name, value, known in choices:
        if value not in known:
            expected = ", ".join(str(choice) for choice in known if choice)
            raise InvalidInput(f"the {name} of the query is {_shown(value)}.", f"Expected one of {expected}.")
    limit = query.limit
    if limit is not None and not (type(limit) is int and 1 <= limit <= MAX_LISTED):
        raise InvalidInput(f"the limit is {_shown(limit)}; expected 1 to {MAX_LISTED}.")
    return query


def _check_types(query: Query) -> None:
    """Raise :class:`InvalidInput` where a part of a query is of another type than it says."""
    texts: list[tuple[str, object]] = [(name, getattr(query, name)) for name in ("object", "order", "text")]
    lists: tuple[tuple[str, object, type], ...] = (
        ("subjects", query.subjects, Subject),
        ("predicates", query.predicates, str),
        ("filters", query.filters, Filter),
        ("unread", query.unread, str),
    )
    for name, parts, kind in lists:
        if not isinstance(parts, list | tuple) or not all(isinstance(part, kind) for part in parts):
            what = "strings" if kind is str else f"{kind.__name__} objects"
            raise InvalidInput(f"the {name} of the query are {_shown(parts)}.", f"Expected a tuple of {what}.")
    texts += [("name of a subject", subject.text) for subject in query.subjects]
    for condition in query.filters:
        texts += [("unit of a filter", condition.unit), ("words of a filter", condition.words)]
        texts += [("field of a filter", condition.field)]
        if not (isinstance(condition.field, str) and condition.field.strip()):
            raise InvalidInput(f"the field of a filter of the query is {_shown(condition.field)}.", "Name a predicate.")
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        if not values or not all(_is_value(value) for value in values):
            raise InvalidInput(
                f"the value of a filter of the query is {_shown(condition.value)}.", "Expected a number or a string."
            )
    for name, text in texts:
        if not isinstance(text, str):
            raise InvalidInput(f"the {name} of the query is {_shown(text)}.", "Expected a string.")


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _shown(value: object) -> str:
    """Write a value for an error, however long it is."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return f"a huge {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}..."


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _read(part: Any, value: Any) -> Any:
    """Return a part of a query from a mapping, from the string that is its first field, or as it is."""
    if isinstance(value, part):
        return value
    if isinstance(value, str):
        return part(value)
    given = dict(value)
    if isinstance(given.get("value"), list):
        given["value"] = tuple(given["value"])
    return part(**given)
