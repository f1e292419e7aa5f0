"""The words of a clause that a refusal names: all that restrict or change what is asked and that no frame read.

Where a frame nearly fits, they are the pieces that it left; where none does, every word that says more than that
something is asked. A refusal that named only the first of them, or only those that stand in no table, would tell of a
word that does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.answering.reading.phrases import Role
from biomed_agent.answering.reading.slots import NEUTRAL, Slots
from biomed_agent.answering.reading.tagging import Piece, whole_word
from biomed_agent.core.query import Frame

_MECHANICS: tuple[Role, ...] = ("wh", "imperative", "count", "kind", "class", "talk", "known", "than", "relation")
"""roles that only say that something is asked, and of what kind of thing"""
_ASKING: tuple[Role, ...] = (*_MECHANICS, "value", "adjective", "measure", "bind", "partner", "contain", "identify",
                             "describe", "compare", "name", "where", "family", "function")  # fmt: skip
"""roles that frames read; they decide nothing beside a word that none reads"""
_ALONGSIDE = ("together", "along")
"""how phrases begin that join two names and say that they are taken at once"""


def left_over(slots: Slots, frame: Frame | None) -> list[Piece]:
    """Return the pieces that a frame left, and those that it may pass over only where it left nothing.

    A statement is read whole or not at all: where it left a piece, no rule knows what the others say.
    """
    left = slots.unread()
    if not left:
        return left
    if frame == "is_a":
        left = sorted({*left, *of_no_frame(slots.fresh())}, key=lambda piece: piece.start)
    passed = [piece for piece in slots.pieces if piece.says("and") and piece.text.lower().startswith(_ALONGSIDE)]
    return sorted({*left, *passed, *_measured_out(slots.pieces, left)}, key=lambda piece: piece.start)


def of_no_frame(blank: Slots) -> list[Piece]:
    """Return the pieces of a clause that no frame fits which say more than that something is asked."""
    measured = _measured_out(blank.pieces, blank.unread())
    words = [piece for piece in left_over(blank, None) if piece.thing is None or piece in measured]
    for roles in (_ASKING, _MECHANICS):
        if telling := [piece for piece in words if piece.thing or not piece.says(*roles)]:
            return telling
    return words


def searched_for(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a clause that a search of articles is about."""
    return [piece for piece in pieces if not piece.mark and not piece.says(*NEUTRAL, *_MECHANICS)]


def _measured_out(pieces: Sequence[Piece], left: Sequence[Piece]) -> list[Piece]:
    """Return the names that stand right behind an amount that was not read, as ATP does in "1 mM ATP"."""
    return [
        piece
        for amount, unit, piece in zip(pieces, pieces[1:], pieces[2:], strict=False)
        if piece.thing is not None and amount.number is not None and unit in left and unit.end + 1 == piece.start
    ]


def shown(text: str, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """Return the words of the question that pieces are part of, each once."""
    return tuple(dict.fromkeys(word_of(text, piece) for piece in pieces if not piece.mark))


def word_of(text: str, piece: Piece) -> str:
    """Return the word of the question that a piece is part of; a phrase or a name as it stands."""
    return piece.text if " " in piece.text or piece.thing else whole_word(text, piece.start, piece.end)
