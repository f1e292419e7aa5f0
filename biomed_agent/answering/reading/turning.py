"""Statements with a question mark, turned into the questions they are: "Procaine is an ester, right?".

The frames of yes-or-no questions begin with the verb. A clause that names a thing first, and says or asks of it
whether it holds, is put into that order; the words stay where they stand in the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.answering.reading.phrases import Meaning, Role
from biomed_agent.answering.reading.tagging import Piece

_VERBS: tuple[Role, ...] = ("contain", "bind", "obey")
"""what is asked with "does" before the thing"""
_BE = frozenset({"is", "are", "was", "were", "has", "have", "isn't", "aren't", "doesn't"})
_ASKS: tuple[Role, ...] = ("wh", "count", "imperative", "value", "measure", "compare", "describe", "structural", "same")
"""what asks something else than whether it holds"""


def as_question(pieces: Sequence[Piece], ends: str = "") -> list[Piece]:
    """Return the pieces of a clause, its verb first where it states something of a thing and asks whether it holds.

    Args:
        pieces: Those of the clause.
        ends: The mark that ends the clause.
    """
    kept = list(pieces)
    tail = len(kept)
    while tail and (kept[tail - 1].mark or kept[tail - 1].says("tag")):
        tail -= 1
    tagged = any(piece.says("tag") for piece in kept[tail:])
    if kept and kept[0].value("aux") == ("that",):
        kept, tail, tagged = kept[1:], tail - 1, True
    if tagged and not any(piece.says("tag") and not piece.says("filler") for piece in kept[tail:]):
        tagged = any(piece.mark for piece in kept[tail:])  # "is it right" ends with no tag, ", right" does
    if tagged:
        kept = kept[:tail]
    first = next((n for n, piece in enumerate(kept) if not piece.mark and not _idle(piece)), None)
    if first is not None and kept[first].says("contain") and kept[first].says("abroad"):
        at = kept[first].start  # "Enthält Imatinib ..."
        return [Piece("does", at, at, (Meaning("aux"),)), *kept[first + 1 :], *kept[:first], kept[first]]
    if first is None or kept[first].thing is None or not (tagged or ends == "?"):
        return kept if tagged else list(pieces)
    if any(piece.says("wh") for piece in kept[first + 1 :]):
        return kept  # "Viagra is which substance?"
    verb = next((n for n in range(first + 1, len(kept)) if not kept[n].mark and not _article(kept[n])), None)
    if verb is None:
        return kept
    start = kept[first].start
    if kept[verb].text.lower() in _BE and kept[verb].says("aux"):
        return [*kept[:first], kept[verb], *kept[first:verb], *kept[verb + 1 :]]
    if kept[verb].says(*_VERBS) and (tagged or _goes_on(kept[verb:])):
        return [*kept[:first], Piece("does", start, start, (Meaning("aux"),)), *kept[first:]]
    if tagged and not any(piece.says(*_ASKS) for piece in kept[first + 1 :]):
        return [*kept[:first], Piece("is", start, start, (Meaning("aux"),)), *kept[first:]]
    return kept


def _idle(piece: Piece) -> bool:
    if piece.is_foreign_filler:
        return True
    return piece.thing is None and bool(piece.meanings) and all(one.role in ("filler", "tag") for one in piece.meanings)


def _article(piece: Piece) -> bool:
    """Whether a piece may stand between a thing and its verb: "imatinib does bind", "it also binds"."""
    if piece.is_foreign_filler:
        return True
    return piece.thing is None and piece.text.lower() in ("also", "really", "actually", "indeed", "still")


def _goes_on(pieces: Sequence[Piece]) -> bool:
    """Whether words follow a verb."""
    return any(not piece.mark for piece in pieces[1:])
