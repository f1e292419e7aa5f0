"""What a query that was filled in may ask of its frame: a part that its handler would pass over is refused or told.

An answer that leaves a filter, a subject or an order out would be one about something else.
"""

from __future__ import annotations

from collections.abc import Mapping

from biomed_agent.answering.context import AnswerContext
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import MAX_NAME, ORGANISMS
from biomed_agent.core.predicates import SECTIONS, predicate_row
from biomed_agent.core.query import Aggregate, Frame, Query

_AGGREGATES: Mapping[Frame, tuple[Aggregate, ...]] = {
    "papers": ("list",), "is_a": ("yes_no",), "compare": ("compare", "yes_no"), "list": ("list",),
}  # fmt: skip
_OF_ONE: tuple[Frame, ...] = ("is_a", "similar", "contains", "list", "locate")
_LIMITED: tuple[Frame, ...] = ("papers", "similar", "contains", "list")


def check_rules(query: Query) -> None:
    """Return if the handler of a query's frame would use every part of it.

    Raises:
        InvalidInput: It would pass one over, or lacks one; it is named.
    """
    frame = query.frame
    if query.aggregate and query.aggregate not in _AGGREGATES.get(frame, ()):
        raise InvalidInput(
            f"the aggregate {query.aggregate!r} cannot be made by a query of frame {frame!r}.", "Leave it out."
        )
    if query.order:
        raise InvalidInput("no order but the usual one is made here.", "Leave the order of the query out.")
    if query.limit is not None and frame not in _LIMITED:
        raise InvalidInput(f"a query of frame {frame!r} has no limit.", f"Limits are of {', '.join(_LIMITED)}.")
    if frame == "is_a" and not query.object.strip():
        raise InvalidInput("the query holds no statement to check.", "Give the statement as its object.")
    if frame == "papers":
        _check_papers(query)
    if frame == "compare" and len(query.subjects) < 2:
        raise InvalidInput("a comparison is of two names or more.", "Give both as subjects of the query.")
    _check_filters(query)


def _check_papers(query: Query) -> None:
    named = any(subject.text.strip() for subject in query.subjects)
    if query.aggregate == "list" and not query.object.strip():
        raise InvalidInput("a list of articles needs a search string.", "Give it as the object of the query.")
    if not (named or query.object.strip() or query.text.strip()):
        raise InvalidInput(
            "the query says nothing to search articles for.", "Give a search string as its object, or a subject."
        )


def _check_filters(query: Query) -> None:
    """Raise :class:`InvalidInput` for a filter that the handler does not apply; those of a list it checks itself."""
    for condition in query.filters:
        if condition.field == "organism":
            value = condition.value
            if condition.relation != "=" or not isinstance(value, str) or len(value) > MAX_NAME:
                raise InvalidInput(
                    "the filter on the organism cannot be applied.",
                    f"Expected = and a name of at most {MAX_NAME} characters.",
                )
        elif condition.field == "similarity" and query.frame == "similar":
            least = condition.value
            if condition.relation != ">=" or not (isinstance(least, int | float) and 0 < least <= 1):
                raise InvalidInput(
                    f"the filter {str(condition)[:80]} cannot be applied.",
                    "Expected >= and a similarity above 0 and up to 1, such as 0.8.",
                )
        elif query.frame != "list":
            raise InvalidInput(
                f"the filter {str(condition)[:80]} cannot be applied to a query of frame {query.frame!r}.",
                "Leave it out.",
            )


def organism_filter(query: Query) -> str:
    """Return the organism that a query asks for, as UniProt writes it; empty where it names none."""
    named = next((str(condition.value) for condition in query.filters if condition.field == "organism"), "").strip()
    return ORGANISMS.get(named.lower(), named)


def check_subjects(context: AnswerContext, query: Query) -> None:
    """Return if the handler of a query's frame answers about all that was resolved; tell what it leaves out.

    Raises:
        InvalidInput: It would pass a subject over.
    """
    draft, frame = context.draft, query.frame
    count = len(draft.entities)
    if count > 1 and (frame in _OF_ONE or (frame == "describe" and query.kind != "identity")):
        raise InvalidInput(
            f"a query of frame {frame!r} is about one thing, and {count} are named.", "Ask about each alone."
        )
    if frame == "relation" and count > 1 and not (draft.molecules and draft.proteins):
        raise InvalidInput("a relation is between a molecule and a protein.", "Name one of each.")
    measures = [name for name in query.predicates if _is_measure(name)]
    if frame == "list" and measures:
        raise InvalidInput(
            f"the predicate {measures[0]!r} cannot be applied to a list.", "Put a limit on it, as a filter."
        )
    if frame in ("value", "relation", "list"):
        return
    whole = [name for names in SECTIONS.values() if set(names) <= set(query.predicates) for name in names]
    used = whole if frame == "locate" and draft.proteins else []
    context.leave_out([name for name in query.predicates if name not in used])


def _is_measure(name: str) -> bool:
    row = predicate_row(name)
    return row is not None and row.of == "pair"
