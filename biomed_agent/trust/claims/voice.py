"""Turns sentences in which the thing is the object, such as *Erlotinib binds it*, so that it is their subject."""

from __future__ import annotations

import re

_PASSIVE = {"binds": "bound", "inhibits": "inhibited", "blocks": "blocked", "targets": "targeted", "hits": "hit"}
_ACTIVE = {passive: active for active, passive in _PASSIVE.items()}
_VERB = re.compile(
    rf"^(?P<other>[^,;]+?) (?P<denied>does not |doesn't )?"
    rf"(?P<verb>{'|'.join(f'{verb[:-1]}s?' for verb in _PASSIVE)})(?: to)? "
    r"(?P<own>[^,;]+?)[.!]?$",
    re.IGNORECASE,
)
_BY = re.compile(
    rf"^(?P<other>[^,;]+?) is (?P<denied>not )?(?P<verb>{'|'.join(_ACTIVE)}) by (?P<own>[^,;]+?)[.!]?$", re.IGNORECASE
)


def turned(plain: str, pattern: str) -> str:
    """Return a normalised sentence with the thing as its subject; unchanged where it is not the object.

    Args:
        plain: The sentence.
        pattern: Matches the thing in lower case, see :attr:`.statement.Subject.pattern`.
    """
    for shape in (_VERB, _BY):
        match = shape.match(plain)
        if (
            match
            and re.fullmatch(pattern, match["own"].lower())
            and not re.match(rf"{pattern}\b", match["other"].lower())
        ):
            if shape is _VERB:
                verb = next(passive for active, passive in _PASSIVE.items() if active[:-1] in match["verb"].lower())
                return f"It is {'not ' if match['denied'] else ''}{verb} by {match['other']}"
            active = _ACTIVE[match["verb"].lower()]
            return f"It {f'does not {active[:-1]}' if match['denied'] else active} {match['other']}"
    return plain
