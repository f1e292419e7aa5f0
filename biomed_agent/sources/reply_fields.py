"""Whether a reply holds a field, said by its path: for checks that name what is gone, not for reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.markup import parse_reply

_FAULTS = ("Fault", "error", "errMsg", "messages")
"""keys under which a service says, in JSON, that it does not answer"""


def is_refusal(reply: Reply) -> bool:
    """Whether a reply is no answer: another status than 200, the page of a gateway, or a fault in JSON."""
    start = reply.text.lstrip()[:200].lower()
    if reply.status != 200 or start.startswith(("<!doctype html", "<html")):
        return True
    body = _json(reply)
    return isinstance(body, Mapping) and any(key in body for key in _FAULTS)


def lacks(reply: Reply, field: str) -> bool:
    """Whether a reply is without a field.

    Args:
        reply: JSON, XML or text.
        field: Of JSON the keys from the outside in, parted by dots: ``results[].sequence.value``; ``[]`` stands for
            any element of a list, ``=`` ends a path with what the value must be (``urn.label=InChIKey``). Several
            conditions of one element stand in its brackets: ``props[urn.label=Log P].value``. Of XML a path from
            ``/`` on: ``/PubmedArticle/MedlineCitation/PMID``. ``text:`` and what the text must hold. ``header:`` and
            the name of a header.
    """
    if field.startswith("header:"):
        return field.removeprefix("header:") not in reply.headers
    if field.startswith("text:"):
        return field.removeprefix("text:") not in reply.text
    if field.startswith("/"):
        try:
            root = parse_reply(reply.text, "", "")
        except BiomedAgentError:
            return True
        return root.tag != field.strip("/") and root.find(f"./{field}") is None
    body = _json(reply)
    return body is None or not _holds(body, field)


def _json(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _holds(value: Any, path: str) -> bool:
    """Whether there is a value at the end of a path, in any element of the lists on the way; an empty one is none."""
    if not path:
        return value not in (None, "", [], {})
    if path.startswith("="):
        return str(value) == path[1:]
    if path.startswith("["):
        condition, _, rest = path[1:].partition("]")
        inside = [one for one in value if not condition or _holds(one, condition)] if isinstance(value, list) else []
        return any(_holds(one, rest.removeprefix(".")) for one in inside)
    end = min((place for sign in ".[=" if (place := path.find(sign)) >= 0), default=len(path))
    key, rest = path[:end], path[end:].removeprefix(".")
    return isinstance(value, Mapping) and key in value and _holds(value[key], rest)
