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
    "relation": "activity.handle",
    "list": "lists.handle",
    "count": "counts.handle",
    "locate": "lookup.handle",
    "similar": "structure_search.handle_similar",
    "contains": "structure_search.handle_containing",
    "papers": "papers.handle",
    "is_a": "statements.handle",
    "compare": "comparisons.handle",
    "unknown": "statements.handle_unknown",
}
"""which function of this folder answers which frame; its module is imported when it is first asked for, so that a
question loads what it needs and no more"""
