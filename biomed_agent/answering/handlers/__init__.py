"""One file for each kind of thing that is asked; every handler is ``handle(context, query) -> Answer``.

The pipeline has resolved the subjects of the query into the draft of the context; a handler finds what is stated,
computed or measured of them and closes the draft.
"""

from __future__ import annotations

from collections.abc import Mapping

from biomed_agent.core.query import Frame

HANDLERS: Mapping[Frame, str] = {
    "value": "values.handle",
    "describe": "described.handle",
    "relation": "activity.handle_pair",
    "list": "activity.handle_partners",
    "locate": "lookup.handle",
    "similar": "structure_search.handle_similar",
    "contains": "structure_search.handle_containing",
    "papers": "papers.handle",
    "is_a": "statements.handle",
    "compare": "statements.handle_comparison",
    "unknown": "statements.handle_unknown",
}
"""which function of this folder answers which frame; its module is imported when it is first asked for, so that a
question loads what it needs and no more"""
PARTS: Mapping[Frame, tuple[str, ...]] = {
    "value": ("predicates",),
    "relation": ("predicates",),
    "list": ("predicates", "filters"),
    "locate": ("predicates",),
    "similar": ("filters", "limit"),
    "contains": ("limit",),
    "papers": ("object", "limit", "aggregate"),
    "is_a": ("object", "aggregate"),
    "compare": ("aggregate",),
}
"""which parts of a query a handler reads beside its subjects and the organism of a protein; a query that was filled in
with another part is refused, for its answer would be to another question"""
